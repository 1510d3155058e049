"""The Friday report's own words as types: its columns, a row as read, a row accepted, refused or repeated."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

from procedures.birth_dates import UNKNOWN_WORDS
from procedures.terms import ReportGroup

_NO_ADDRESS = UNKNOWN_WORDS | {"nfa", "no fixed abode", "no fixed address", "no address", "not supplied"}


SHIFTED = "cells_without_heading"
"""Code of a row with more cells than headings: no cell can be trusted to stand under its own."""


class Column(StrEnum):
    """The headings of the report, as the house writes them."""

    GROUP = "Group"
    SURNAME = "Surname"
    GIVEN_NAMES = "Given names"
    DATE_OF_BIRTH = "Date of birth"
    GENDER = "Gender"
    ADDRESS = "Address"
    SUBURB = "Suburb"
    TOWN = "Town"
    POSTCODE = "Postcode"
    ORDER_STATUS = "Order status"
    CORRECTIONS_REFERENCE = "Corrections reference"
    CORRECTIONS_OFFICE = "Corrections office"


def in_report_order(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells of a row by heading, as the report has them side by side; headings that it does not know come last."""
    known = {column.value: cells[column] for column in Column if column in cells}
    return known | {heading: text for heading, text in cells.items() if heading not in known}


class OrderStatus(StrEnum):
    """Status of the community supervision order as reported; both are worked (P1.S1.3)."""

    CURRENT = "current"
    NOT_CURRENT = "not current"


class RowNote(StrEnum):
    """What the person who works the row must know; the row is accepted."""

    DATE_OF_BIRTH_UNKNOWN = "date_of_birth_unknown"
    BIRTH_YEAR_ONLY = "birth_year_only"
    VERY_YOUNG = "very_young"
    """The date of birth makes the person younger than twelve: probably a slip of the keyboard."""
    VERY_OLD = "very_old"
    """The date of birth makes the person older than a hundred and ten: probably a slip of the keyboard."""
    GIVEN_NAMES_MISSING = "given_names_missing"
    CHARACTERS_LOST = "characters_lost"
    """A letter, probably with a macron, was lost before the file reached us: search with %."""
    GROUP_AND_STATUS_DISAGREE = "group_and_status_disagree"
    IN_BOTH_GROUPS = "in_both_groups"
    """The same person stands under New CSO and Exit NSO: call Corrections, no automatic code (AMB-P1-16)."""


@dataclass(frozen=True)
class RawRow:
    """One line of the report as read: text by heading, nothing interpreted."""

    number: int
    """Line in the file, as a person counts it (from 1)."""
    cells: Mapping[str, str] = field(repr=False)
    section: str | None = None
    """Text of the last `Group: …` line above the row."""
    surplus: int = 0
    """Filled cells that stand under no heading."""


class RowError(BaseModel):
    """Why a row cannot be taken, and what to do; never the cell's value."""

    model_config = ConfigDict(frozen=True)
    code: str
    column: str | None
    message: str


class ReportRow(BaseModel):
    """One accepted row. Its repr shows the row number alone."""

    model_config = ConfigDict(frozen=True)
    row_number: int
    group: ReportGroup
    surname: str
    given_names: str = ""
    date_of_birth: date | None = None
    birth_year: int | None = None
    gender: str | None = None
    address: str = ""
    suburb: str = ""
    town: str = ""
    postcode: str = ""
    order_status: OrderStatus | None = None
    corrections_reference: str | None = None
    corrections_office: str | None = None
    notes: tuple[RowNote, ...] = ()

    @property
    def content(self) -> tuple[object, ...]:
        """Every field the report gave, to compare rows; not the row's place and not our notes."""
        return tuple(value for name, value in self if name not in ("row_number", "notes"))

    @property
    def not_searchable(self) -> tuple[Literal["address", "date_of_birth"], ...]:
        """Searches the row gives nothing for; each closes as *not searchable* with its reason (P1.S2.2)."""
        absent: list[Literal["address", "date_of_birth"]] = []
        if self.address.lower() in _NO_ADDRESS:
            absent.append("address")
        if self.date_of_birth is None:
            absent.append("date_of_birth")
        return tuple(absent)

    @property
    def contradictory(self) -> bool:
        """True when the report says two things of one person: call Corrections, no automatic code (AMB-P1-16)."""
        return RowNote.IN_BOTH_GROUPS in self.notes or RowNote.GROUP_AND_STATUS_DISAGREE in self.notes

    def noted(self, note: RowNote) -> "ReportRow":
        """The row with one note more."""
        return self if note in self.notes else self.model_copy(update={"notes": (*self.notes, note)})

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        return [("row_number", self.row_number)]

    def __str__(self) -> str:
        return repr(self)


@dataclass(frozen=True)
class RejectedRow:
    """A row that becomes a task; the run cannot close before it is resolved (AMB-P1-30)."""

    row_number: int
    cells: Mapping[str, str] = field(repr=False)
    errors: tuple[RowError, ...]


@dataclass(frozen=True)
class RepeatedRow:
    """A row that says nothing new: identical in every field to an earlier one that identifies a person (AMB-P1-16)."""

    row_number: int
    repeats: int
    """Row number of the first."""


@dataclass(frozen=True)
class RowsRead:
    """Every row of one report, accounted for: read = accepted + rejected + repeated."""

    accepted: tuple[ReportRow, ...]
    rejected: tuple[RejectedRow, ...]
    repeated: tuple[RepeatedRow, ...]

    @property
    def read(self) -> int:
        """Number of rows in the report."""
        return len(self.accepted) + len(self.rejected) + len(self.repeated)


def clean(text: str) -> str:
    """Text in NFC with single spaces, without control, zero-width and direction characters; macrons stay."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return " ".join(text.split())


def folded(text: str) -> str:
    """Text to compare by: letters and digits alone, without case, macrons, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text.casefold()))
