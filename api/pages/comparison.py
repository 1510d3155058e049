"""What the report says beside what the register says, field by field, with every difference in words."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from api.known import Candidate, PersonOnRegister
from api.pages.rendering import shown
from models.queries.people import DuplicateLink
from models.queries.reports import EntryRecord
from models.queries.web import Housemate


class Verdict(StrEnum):
    """How two values compare."""

    SAME = "same"
    NEARLY = "nearly the same"
    DIFFERS = "differs"
    ONE_SIDED = "one side only"


@dataclass(frozen=True)
class Row:
    """One field on both sides. `evidence` is what the register's own search says of it."""

    label: str
    report: str
    register: str
    verdict: Verdict
    evidence: str = ""


@dataclass(frozen=True)
class CandidateView:
    """A candidate beside the report's row, with whom they live with and what is known of duplicates."""

    candidate: Candidate
    person: PersonOnRegister | None
    rows: list[Row]
    household: list[Housemate]
    duplicates: list[DuplicateLink]


def compare(entry: EntryRecord, person: PersonOnRegister, reasons: dict[str, str] | None = None) -> list[Row]:
    """The fields that both sides have a place for."""
    reasons = reasons or {}
    born: object = entry.date_of_birth or (f"{entry.birth_year} (year only)" if entry.birth_year else None)
    address = ", ".join(filter(None, (person.address, person.suburb, person.town, person.postcode)))
    rows = [
        _row("Surname", entry.surname, person.surname, reasons.get("name", "")),
        _row("Given names", entry.given_names, person.given_names),
        _row("Date of birth", born, person.date_of_birth, reasons.get("date_of_birth", "")),
        _row("Gender", entry.gender, person.gender),
        _row("Address", entry.full_address, address, reasons.get("address", "")),
    ]
    if person.other_names:
        rows.append(Row("Other names", "–", "; ".join(person.other_names), Verdict.ONE_SIDED))
    if person.former_addresses:
        rows.append(Row("Former addresses", "–", "; ".join(person.former_addresses), Verdict.ONE_SIDED))
    return rows


def _row(label: str, report: object, register: object, evidence: str = "") -> Row:
    left, right = shown(report), shown(register)
    return Row(label, left, right, _verdict(left, right, evidence), evidence)


def _verdict(left: str, right: str, evidence: str) -> Verdict:
    if left == "–" and right == "–":
        return Verdict.SAME
    if "–" in (left, right):
        return Verdict.ONE_SIDED
    if left.casefold() == right.casefold():  # the report writes surnames in capitals
        return Verdict.SAME
    ours, theirs = _bare(left), _bare(right)
    alike = ours <= theirs or theirs <= ours or evidence.endswith("exact")
    return Verdict.NEARLY if alike else Verdict.DIFFERS


def _bare(text: str) -> frozenset[str]:
    """Words without marks, case and punctuation, in any order: for the eye of the reader, never for a decision."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return frozenset("".join(c if c.isalnum() else " " for c in plain).split())


def age_on(born: date | None, today: date) -> str:
    """The age in whole years, or nothing."""
    if born is None:
        return ""
    return str(today.year - born.year - ((today.month, today.day) < (born.month, born.day)))
