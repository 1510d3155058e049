"""The invented people a situation can be about, by the words a situation calls them."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import StringIO
from typing import Literal

OFFICE = "Lanternvale Community Corrections"
CONTACT, SERVICE_MANAGER = "lanternvale-contact", "lanternvale-service-manager"
VOID_PROPERTY = "PR-7090"
VOID_ADDRESS = "5 Empty Row, Upper Wick, Lanternvale 0001"
_SUBURB, _TOWN, _POSTCODE, _AREA = "Upper Wick", "Lanternvale", "0001", "Lanternvale"


@dataclass(frozen=True)
class OnRegister:
    """One record of the register."""

    ref: str
    surname: str
    given: str
    born: str
    address: str
    record_state: Literal["live", "historic"] = "live"
    occupancy: str = "tenant"
    property_ref: str = ""
    household_ref: str = ""

    @property
    def line(self) -> str:
        """As the register's file has it; after the area office come state, occupancy, home and household."""
        cells = (
            self.ref, self.surname, self.given, self.born, "M", self.address, _SUBURB, _TOWN, _POSTCODE, _AREA,
            self.record_state, self.occupancy, self.property_ref, self.household_ref, "", "", "",
        )  # fmt: skip
        return _csv(cells)


@dataclass(frozen=True)
class Person:
    """Who a situation is about: what the report says, what the register has, and what the advisor then finds."""

    surname: str
    given: str
    born: str
    address: str
    records: tuple[OnRegister, ...]
    """Register records of the person, or of whoever is taken for them; the primary first."""
    others: tuple[OnRegister, ...] = ()
    """Others in the home."""
    outcome: Literal["potential_match", "no_match", "address_only"] = "potential_match"
    really: Literal["the person", "somebody else"] = "the person"
    """Whether the record is the reported person's at all."""
    entered_later: tuple[OnRegister, ...] = ()
    """The record that staff create after Corrections was phoned."""

    def row(self, group: str) -> str:
        """A line of the report about the person."""
        status = "current" if group == "New CSO" else "not current"
        cells = (
            group, self.surname, self.given, self.born, "M", self.address, _SUBURB, _TOWN, _POSTCODE, status,
            "CR-590100", OFFICE,
        )  # fmt: skip
        return _csv(cells)

    @property
    def lines(self) -> tuple[str, ...]:
        """Everybody of the story on the register."""
        return tuple(record.line for record in (*self.records, *self.others))

    @property
    def primary(self) -> OnRegister | None:
        """The record a match would name, also one that is created later; None for a person who has none."""
        return next(iter((*self.records, *self.entered_later)), None)

    def entered(self) -> "Person":
        """The person once staff have created the record."""
        return replace(self, records=(*self.records, *self.entered_later), entered_later=())

    def left_home(self) -> "Person":
        """The person once the register shows that they have left the home."""
        gone = (
            replace(one, record_state="historic", occupancy="none", property_ref="", household_ref="")
            for one in self.records
        )
        return replace(self, records=tuple(gone))


def _csv(cells: Iterable[str]) -> str:
    written = StringIO()
    csv.writer(written, lineterminator="\n").writerow(cells)
    return written.getvalue()


_TENANT = OnRegister(
    "49001",
    "Brandreth",
    "Tavita",
    "1975-05-06",
    "8 Candlewick Row",
    property_ref="PR-7081",
    household_ref="HH-9081",
)
_ALONE = Person("Brandreth", "Tavita", "1975-05-06", "8 Candlewick Row", (_TENANT,))
_BEFORE = OnRegister(
    "49002",
    "Okonjo",
    "Ansel",
    "1980-01-02",
    "19 Bellwether Street",
    record_state="historic",
    occupancy="none",
)
_WAITING = OnRegister(
    "49003", "Arrowsmith", "Yusuf", "1990-07-08", "33 Otherwise Road", occupancy="applicant"
)
_FATHER = OnRegister(
    "49004",
    "Delacourt",
    "Rupert",
    "1961-09-10",
    "2 Tinderbox Close",
    property_ref="PR-7082",
    household_ref="HH-9082",
)
_HOST = OnRegister(
    "49005",
    "Halloran",
    "Mei",
    "1969-12-01",
    "11 Tinderbox Close",
    property_ref="PR-7083",
    household_ref="HH-9083",
)
_GUEST = replace(
    _HOST, ref="49006", surname="Sarkany", given="Imre", born="1984-04-03", occupancy="household_member"
)
_FIRST = OnRegister(
    "49007", "Vaipulu", "Dominic Sione", "1970-03-04", "4 Wickerwork Lane",
    property_ref="PR-7084", household_ref="HH-9084",
)  # fmt: skip
_SECOND = replace(_FIRST, ref="49008", given="Dominic S", occupancy="household_member")

PEOPLE: dict[str, Person] = {
    "lives in one of our homes": _ALONE,
    "was our tenant before": Person("Okonjo", "Ansel", "1980-01-02", "19 Bellwether Street", (_BEFORE,)),
    "waits for one of our homes": Person(
        "Arrowsmith", "Yusuf", "1990-07-08", "33 Otherwise Road", (_WAITING,)
    ),
    "is taken for a relative": Person(
        "Delacourt", "Rupert", "1988-09-10", "2 Tinderbox Close", (_FATHER,), really="somebody else"
    ),
    "lives undeclared in one of our homes": Person(
        "Sarkany",
        "Imre",
        "1984-04-03",
        "11 Tinderbox Close",
        (),
        (_HOST,),
        "address_only",
        entered_later=(_GUEST,),
    ),
    "has two records": Person(
        "Vaipulu", "Dominic Sione", "1970-03-04", "4 Wickerwork Lane", (_FIRST, _SECOND)
    ),
    "is unknown to us": Person(
        "Penhaligon", "Arjun", "1977-02-28", "70 Faraway Street", (), outcome="no_match"
    ),
}
"""By the words after `person:`; one person in each story."""
