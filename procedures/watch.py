"""What goes on after procedure 2: the duty to tell Corrections of changes, and the watch over a home not suitable."""

from datetime import date
from enum import StrEnum

from pydantic import Field, model_validator

from procedures.forms import Disclosure
from procedures.tasks import Frozen
from procedures.transitions import AssessmentCode


class DutyKind(StrEnum):
    """What Corrections must be told of (P2.F1 to F4, P4.F1 to F4)."""

    HOUSEHOLD_CHANGE = "household_change"
    UNDER_16_REQUEST = "under_16_request"
    RISK_CHANGE = "risk_change"
    ACCOMMODATION_CHANGE = "accommodation_change"

    @property
    def disclosure(self) -> Disclosure:
        """The same on the T-442."""
        return {
            DutyKind.HOUSEHOLD_CHANGE: Disclosure.HOUSEHOLD_CHANGE,
            DutyKind.UNDER_16_REQUEST: Disclosure.UNDER_16_REQUEST,
            DutyKind.RISK_CHANGE: Disclosure.RISK_CHANGE,
            DutyKind.ACCOMMODATION_CHANGE: Disclosure.ACCOMMODATION_CHANGE,
        }[self]


_FULL_AGE = 16


def duty_lasts(code: AssessmentCode, *, order_confirmed: bool, lives_in_a_home: bool) -> bool:
    """D1, or D1P with an order that Corrections has confirmed, while the person lives in one of our homes (AMB-P2-14)."""
    under_an_order = code is AssessmentCode.D1 or (code is AssessmentCode.D1P and order_confirmed)
    return under_an_order and lives_in_a_home


def is_under_16(born: date | None, on: date) -> bool:
    """On the day of the request; someone unborn or of unknown age counts as under 16 (P2.F2, AMB-P2-16)."""
    if born is None:
        return True
    birthday = (born.month, born.day)
    years = on.year - born.year - ((on.month, on.day) < birthday)
    return years < _FULL_AGE


class ReportedEvent(Frozen):
    """Something that any staff member became aware of; whether it concerns anybody, the record knows (AMB-P2-19)."""

    kind: DutyKind
    property_ref: str | None = Field(default=None, description="The home it is about, or")
    person_ref: str | None = Field(default=None, description="the person it is about")
    facts: str = Field(min_length=1, max_length=4000, description="What happened, as Corrections may read it")
    aware_on: date = Field(description="The day you became aware of it")
    born: date | None = Field(
        default=None,
        description="For a request: date of birth of the additional occupant; empty if not known",
    )
    requested_on: date | None = Field(default=None, description="For a request: the day it was made")
    tell: str = Field(
        default="corrections", description="Corrections and nobody else: the community is never told"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "ReportedEvent":
        if (self.property_ref is None) == (self.person_ref is None):
            raise ValueError("name the home (property_ref) or the person (person_ref), not both")
        return self


class HomeSeen(Frozen):
    """What the register shows of a person's home; two of them are compared."""

    live: bool
    occupancy: str
    lives_in_a_home: bool
    property_ref: str | None
    address: str | None
    others: tuple[tuple[str, str | None], ...] = ()
    """Reference and date of birth (ISO) of everybody else in the home, sorted."""


class Found(Frozen):
    """A duty that a comparison of the register raises."""

    kind: DutyKind
    facts: str
    about: str
    """The same change found twice has the same words here."""


def became_live(before: HomeSeen, now: HomeSeen) -> bool:
    """A historic record is live: the person applies or moves in, and procedure 1 goes on at 6.b (AMB-P1-15)."""
    return now.live and not before.live


def has_a_new_home(before: HomeSeen, now: HomeSeen) -> bool:
    """The person lives in a home of ours in which they did not live before (AMB-P2-11, AMB-P2-12)."""
    return now.lives_in_a_home and (not before.lives_in_a_home or now.property_ref != before.property_ref)


def changes_found(before: HomeSeen, now: HomeSeen, today: date) -> tuple[Found, ...]:
    """What Corrections must be told when the register shows something else than before; nothing while not in a home."""
    if not before.lives_in_a_home:
        return ()
    if not now.lives_in_a_home:
        return (
            left_home(before.property_ref, "The register shows that the person no longer lives in the home."),
        )
    if now.property_ref != before.property_ref:
        return (
            left_home(
                before.property_ref, "The register shows that the person has moved to another of our homes."
            ),
        )
    found = []
    if now.address != before.address:
        found.append(
            Found(
                kind=DutyKind.ACCOMMODATION_CHANGE,
                facts="The register shows another address for the home.",
                about=f"address/{now.property_ref}",
            )
        )
    return (*found, *_household(before, now, today))


def left_home(property_ref: str | None, facts: str) -> Found:
    """The leaving of a home is one change, whoever finds it."""
    return Found(kind=DutyKind.ACCOMMODATION_CHANGE, facts=facts, about=f"left/{property_ref}")


def _household(before: HomeSeen, now: HomeSeen, today: date) -> list[Found]:
    there, known = dict(now.others), dict(before.others)
    joined, gone = sorted(there.keys() - known), sorted(known.keys() - there)
    if not joined and not gone:
        return []
    counted = f"{len(joined)} joined, {len(gone)} left"
    found = [
        Found(
            kind=DutyKind.HOUSEHOLD_CHANGE,
            facts=f"The register shows a change in the household: {counted}.",
            about=f"household/+{','.join(joined)}/-{','.join(gone)}",
        )
    ]
    young = [one for one in joined if is_under_16(_date(there[one]), today)]
    if young:
        found.append(
            Found(
                kind=DutyKind.UNDER_16_REQUEST,
                facts=f"The register shows {len(young)} additional occupant(s) under 16 years of age or of unknown age.",
                about=f"under16/{','.join(young)}",
            )
        )
    return found


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
