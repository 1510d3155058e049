"""What can happen to a case at any waiting point: reported by a person, never deleting anything."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field, model_validator

from procedures.identify import IdentifyState, MatchFacts, check_newest
from procedures.refusals import Refused
from procedures.tasks import Frozen
from procedures.terms import Role, StatusSaid

_AWS_AND_MANAGER = frozenset({Role.ADVISOR_WELLBEING_SUPPORT, Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
_MANAGER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})


class Change(Frozen):
    """An interruption. Each kind names who may report it and the rule it comes from."""

    kind: ClassVar[str]
    roles: ClassVar[frozenset[Role]]
    title: ClassVar[str]
    policy: ClassVar[str]


class Withdraw(Change):
    """The case ends without a decision: it should not have been opened. Assessments stay as they are."""

    kind: ClassVar = "withdraw"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Withdraw the case"
    policy: ClassVar = "AMB-X-6"

    reason: str = Field(min_length=1)


class CorrectionsSays(Change):
    """Corrections states the status anew, or reverses what it said (OV-2, AMB-P1-22)."""

    kind: ClassVar = "corrections_says"
    roles: ClassVar = _AWS_AND_MANAGER
    title: ClassVar = "Record what Corrections now says"
    policy: ClassVar = "OV-2 AMB-P1-22 AMB-P1-7"

    said: StatusSaid
    said_by: str = Field(min_length=1)
    office: str = Field(min_length=1)
    said_at: AwareDatetime
    note: str = Field(min_length=1)


class CorrectLink(Change):
    """The wrong person was linked: the assessment is closed as recorded in error (TR-15)."""

    kind: ClassVar = "correct_link"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Correct a wrong link"
    policy: ClassVar = "TR-15 AMB-X-6"

    reason: str = Field(min_length=1)
    asked_by: str = Field(
        min_length=1, description="Who found the mistake; the manager who records it approves it"
    )
    said_by: str = Field(min_length=1, description="Who at Corrections confirmed it by phone")
    office: str = Field(min_length=1)
    said_at: AwareDatetime
    person_ref: str | None = Field(default=None, description="The right person")
    duplicates: tuple[str, ...] = ()
    no_person_reason: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_two(self) -> "CorrectLink":
        if (self.person_ref is None) == (self.no_person_reason is None):
            raise ValueError("give the right person_ref, or no_person_reason, not both")
        return self


class Vacated(Change):
    """The person has left the home (deceased tenant, stock transfer, general vacated): the code does not move."""

    kind: ClassVar = "vacated"
    roles: ClassVar = _AWS_AND_MANAGER
    title: ClassVar = "Record that the person has left the home"
    policy: ClassVar = "P1.S6.N2 P1.S6.N3 AMB-P1-21"

    reason: str = Field(min_length=1)
    still_considered: bool = Field(
        description="Is the person still an applicant, or considered for another home?"
    )


class Died(Change):
    """The person on the report has died: tasks close, the assessment stays until Corrections' notice (AMB-X-13)."""

    kind: ClassVar = "died"
    roles: ClassVar = _AWS_AND_MANAGER
    title: ClassVar = "Record that the person has died"
    policy: ClassVar = "AMB-X-13"

    note: str = Field(min_length=1)


class WrongRecipient(Change):
    """A mail went to the wrong recipient: privacy incident, the clock is void, sending again starts a new one."""

    kind: ClassVar = "wrong_recipient"
    roles: ClassVar = _AWS_AND_MANAGER
    title: ClassVar = "Report a mail that went to the wrong recipient"
    policy: ClassVar = "AMB-X-7"

    mail_id: str = Field(min_length=1)
    note: str = Field(min_length=1)


class ExtendDeadline(Change):
    """The manager gives Corrections more time, with a reason; the old clock stays readable."""

    kind: ClassVar = "extend_deadline"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Extend the deadline of the form"
    policy: ClassVar = "NFR-4 CAL-NZ-11"

    working_days: int = Field(ge=1, le=60, description="Working days from day 0, more than now")
    reason: str = Field(min_length=1)


class RecalculateDeadline(Change):
    """The calendar has changed: the running clock is counted again from its own day 0, with a reason."""

    kind: ClassVar = "recalculate_deadline"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Count the running deadline again with today's calendar"
    policy: ClassVar = "CAL-NZ-11 NFR-4"

    reason: str = Field(min_length=1)


CHANGES: dict[str, type[Change]] = {
    c.kind: c
    for c in (
        Withdraw,
        CorrectionsSays,
        CorrectLink,
        Vacated,
        Died,
        WrongRecipient,
        ExtendDeadline,
        RecalculateDeadline,
    )
}


def check_change(state: IdentifyState, change: Change, facts: dict[str, Any], now: datetime) -> None:
    """Refuse an interruption that does not fit where the case stands. Raises Refused naming the rule."""
    match change:
        case CorrectionsSays():
            _check_statement(state, change.said_at, now)
            if state.person is None:
                raise Refused("P1.S2.1", "match the entry to a register person first")
        case CorrectLink():
            _check_statement(None, change.said_at, now)
            _check_link(state, change, MatchFacts.model_validate(facts))
        case WrongRecipient() if change.mail_id not in (state.exchange.mail_id, *state.exchange.letters):
            raise Refused("AMB-X-7", "this case has sent no such mail in the present cycle")
        case ExtendDeadline() | RecalculateDeadline() if state.exchange.clock is None:
            raise Refused("NFR-4", "no clock runs in this case")
        case Vacated() if state.person is None:
            raise Refused("P1.S2.1", "match the entry to a register person first")
        case _:
            pass


def _check_link(state: IdentifyState, change: CorrectLink, facts: MatchFacts) -> None:
    if state.person is None:
        raise Refused("TR-15", "no person is linked yet: answer the search task instead")
    if facts.unknown_refs:
        raise Refused("TR-15", "the register has no person with this reference")
    if change.person_ref == state.person.primary:
        raise Refused("TR-15", "this is the person already linked: name the right one")


def _check_statement(state: IdentifyState | None, said_at: datetime, now: datetime) -> None:
    if said_at > now:
        raise Refused("AMB-P1-22", "Corrections' statement lies in the future: record it after it was made")
    if state:
        check_newest(state, said_at)
