"""What can happen to a case at any waiting point: reported by a person, never deleting anything."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, Field, model_validator

from procedures.editions import parameters_for
from procedures.exchange_state import ExchangingState
from procedures.identify import IdentifyState, MatchFacts, check_newest
from procedures.refusals import Refused
from procedures.tasks import Frozen
from procedures.terms import Procedure, Role, StatusSaid

_AWS_AND_MANAGER = frozenset({Role.ADVISOR_WELLBEING_SUPPORT, Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
_ADVISORS_AND_MANAGER = _AWS_AND_MANAGER | {Role.ADVISOR_PLACEMENT}
"""Each reports in the cases it sees: the Advisor Placement in matches and offers, the other advisor elsewhere."""
_PLACEMENT = frozenset({Role.ADVISOR_PLACEMENT, Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
_MANAGER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
_PLACING = frozenset({Procedure.MATCH_VOID, Procedure.OFFER})


class Change(Frozen):
    """An interruption. Each kind names who may report it and the rule it comes from."""

    kind: ClassVar[str]
    roles: ClassVar[frozenset[Role]]
    title: ClassVar[str]
    policy: ClassVar[str]
    known_to: ClassVar[frozenset[Procedure]] = frozenset(Procedure) - {Procedure.CORRECT_SENT}
    """The procedures that know what to do with it."""


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
    roles: ClassVar = _ADVISORS_AND_MANAGER
    title: ClassVar = "Record what Corrections now says"
    policy: ClassVar = "OV-2 AMB-P1-22 AMB-P1-7"

    said: StatusSaid
    said_by: str = Field(min_length=1)
    office: str = Field(min_length=1)
    said_at: AwareDatetime
    note: str = Field(min_length=1)
    taken_back: bool = Field(
        default=False, description="Corrections takes back what it said before: it was wrong from the start"
    )


class CorrectLink(Change):
    """The wrong person was linked: the assessment closes as recorded in error, unless it was confirmed before (TR-15)."""

    kind: ClassVar = "correct_link"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Correct a wrong link"
    policy: ClassVar = "TR-15 AMB-X-6"
    known_to: ClassVar = frozenset({Procedure.IDENTIFY})

    reason: str = Field(min_length=1)
    asked_by: str = Field(
        min_length=1, description="Who found the mistake; the manager who records it approves it"
    )
    said_by: str = Field(min_length=1, description="Who at Corrections confirmed it by phone")
    office: str = Field(min_length=1)
    said_at: AwareDatetime
    person_ref: str | None = Field(default=None, description="If the right person is on the register")
    duplicates: tuple[str, ...] = Field(
        default=(), description="If two records are one person: the other records"
    )
    no_person_reason: str | None = Field(
        default=None, min_length=1, description="If nobody on the register is the right person"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> "CorrectLink":
        if (self.person_ref is None) == (self.no_person_reason is None):
            raise ValueError("give the right person_ref, or no_person_reason, not both")
        return self


class Vacated(Change):
    """The person has left the home (deceased tenant, stock transfer, general vacated): the code does not move."""

    kind: ClassVar = "vacated"
    roles: ClassVar = _ADVISORS_AND_MANAGER
    title: ClassVar = "Record that the person has left the home"
    policy: ClassVar = "P1.S6.N2 P1.S6.N3 AMB-P1-21"

    reason: str = Field(min_length=1)
    still_considered: bool = Field(
        description="Is the person still an applicant, or considered for another home?"
    )


class Died(Change):
    """The person on the report has died: tasks close, the assessment stays until Corrections' notice (AMB-X-13)."""

    kind: ClassVar = "died"
    roles: ClassVar = _ADVISORS_AND_MANAGER
    title: ClassVar = "Record that the person has died"
    policy: ClassVar = "AMB-X-13"

    note: str = Field(min_length=1)


class WrongRecipient(Change):
    """A mail went to the wrong recipient: privacy incident, the clock is void, sending again starts a new one."""

    kind: ClassVar = "wrong_recipient"
    roles: ClassVar = _ADVISORS_AND_MANAGER
    title: ClassVar = "Report a mail that went to the wrong recipient"
    policy: ClassVar = "AMB-X-7"
    known_to: ClassVar = frozenset(Procedure)

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


class MovedHome(Change):
    """The person has moved to another home of ours: Corrections is told, and the new home is checked (AMB-P2-12)."""

    kind: ClassVar = "moved_home"
    roles: ClassVar = _AWS_AND_MANAGER
    title: ClassVar = "Record that the person has moved to another of our homes"
    policy: ClassVar = "AMB-P2-12 P2.F4"
    known_to: ClassVar = frozenset({Procedure.CHECK_SUITABILITY})

    reason: str = Field(min_length=1)


class ConsideredForVoid(Change):
    """The person is considered for a void property while the home is checked: procedure 3 begins beside it (P2.X4)."""

    kind: ClassVar = "considered_for_void"
    roles: ClassVar = _AWS_AND_MANAGER
    title: ClassVar = "Record that the person is considered for a void property"
    policy: ClassVar = "P2.X4 P1.X2"
    known_to: ClassVar = frozenset({Procedure.CHECK_SUITABILITY})

    note: str = Field(min_length=1)


class LinkedInError(Change):
    """The case is about the wrong person: it stops here, and procedure 1 corrects the link with Corrections (TR-15)."""

    kind: ClassVar = "linked_in_error"
    roles: ClassVar = _ADVISORS_AND_MANAGER
    title: ClassVar = "Report that the wrong person was linked"
    policy: ClassVar = "AMB-X-6 TR-15"
    known_to: ClassVar = frozenset({Procedure.CHECK_SUITABILITY, Procedure.DISCLOSE_CHANGE}) | _PLACING

    reason: str = Field(min_length=1)


class GoBack(Change):
    """Something was recorded wrongly: the case goes back to the named step; what was recorded stays (AMB-X-6)."""

    kind: ClassVar = "go_back"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Correct a mistake: go back to an earlier step"
    policy: ClassVar = "AMB-X-6"
    known_to: ClassVar = frozenset({Procedure.CHECK_SUITABILITY})

    to_step: Literal["2.2", "2.3"] = Field(
        description="2.2: read the returned T-439 again; 2.3: act on Corrections' answer again"
    )
    asked_by: str = Field(
        min_length=1, description="Who found the mistake; the manager who records it approves it"
    )
    reason: str = Field(min_length=1)


class PropertyGone(Change):
    """The void property is let to another or withdrawn: the match ends as withdrawn (AMB-P3-15)."""

    kind: ClassVar = "property_gone"
    roles: ClassVar = _PLACEMENT
    title: ClassVar = "Record that the property is no longer void"
    policy: ClassVar = "AMB-P3-15"
    known_to: ClassVar = _PLACING

    what: Literal["let", "withdrawn"]
    note: str = Field(min_length=1)


class MatchWithdrawn(Change):
    """The Coordinator Placement, or the agency, takes the match back."""

    kind: ClassVar = "match_withdrawn"
    roles: ClassVar = _PLACEMENT
    title: ClassVar = "Record that the match is withdrawn"
    policy: ClassVar = "P3.X2 AMB-P4-1"
    known_to: ClassVar = _PLACING

    reason: str = Field(min_length=1)


class ApplicationWithdrawn(Change):
    """The person has withdrawn the application or gone to prison: no longer an applicant (AMB-P3-16)."""

    kind: ClassVar = "application_withdrawn"
    roles: ClassVar = _PLACEMENT
    title: ClassVar = "Record that the person is no longer an applicant"
    policy: ClassVar = "AMB-P3-16"
    known_to: ClassVar = _PLACING

    reason: str = Field(min_length=1)


class ApprovalTakenBack(Change):
    """Corrections withdraws the signed T-438 (AMB-P4-5)."""

    kind: ClassVar = "approval_taken_back"
    roles: ClassVar = _PLACEMENT
    title: ClassVar = "Record that Corrections has withdrawn its pre-approval"
    policy: ClassVar = "AMB-P4-5"
    known_to: ClassVar = _PLACING

    said_by: str = Field(min_length=1)
    reason: str = Field(min_length=1)


class StepBack(Change):
    """Something was recorded wrongly in a match or an offer: back to the named step; what was recorded stays (AMB-X-6)."""

    kind: ClassVar = "step_back"
    roles: ClassVar = _MANAGER
    title: ClassVar = "Correct a mistake in a match or an offer: go back to an earlier step"
    policy: ClassVar = "AMB-X-6 AMB-P4-11"
    known_to: ClassVar = _PLACING

    to_step: Literal["3.2", "3.3", "3.6", "4.1", "4.2", "4.3"]
    asked_by: str = Field(
        min_length=1, description="Who found the mistake; the manager who records it approves it"
    )
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
        MovedHome,
        ConsideredForVoid,
        LinkedInError,
        GoBack,
        PropertyGone,
        MatchWithdrawn,
        ApplicationWithdrawn,
        ApprovalTakenBack,
        StepBack,
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
            _check_statement(state, change.said_at, now)
            _check_link(state, change, MatchFacts.model_validate(facts))
        case WrongRecipient() if change.mail_id not in (state.exchange.mail_id, *state.exchange.letters):
            raise Refused("AMB-X-7", "this case has sent no such mail in the present cycle")
        case ExtendDeadline() | RecalculateDeadline():
            check_deadline(state, change)
        case Vacated() if state.person is None:
            raise Refused("P1.S2.1", "match the entry to a register person first")
        case _:
            check_known(change, Procedure.IDENTIFY)


def check_deadline(state: ExchangingState, change: ExtendDeadline | RecalculateDeadline) -> None:
    """A clock must run, and more time is more: an extension never shortens it. Raises Refused("NFR-4")."""
    clock = state.exchange.clock
    if clock is None:
        raise Refused("NFR-4", "no clock runs in this case")
    days = clock.days or parameters_for(state.edition).return_days
    if isinstance(change, ExtendDeadline) and change.working_days <= days:
        raise Refused("NFR-4", f"the clock counts {days} working days already: give more, counted from day 0")


def check_known(change: Change, procedure: Procedure) -> None:
    """Refuse a change that means nothing in this procedure. Raises Refused("AMB-X-6")."""
    if procedure not in change.known_to:
        raise Refused("AMB-X-6", f"a case of {procedure.value} does not know this change")


def check_said_before(said_at: datetime, now: datetime) -> None:
    """A statement is recorded after it was made. Raises Refused("AMB-P1-22")."""
    if said_at > now:
        raise Refused("AMB-P1-22", "Corrections' statement lies in the future: record it after it was made")


def _check_link(state: IdentifyState, change: CorrectLink, facts: MatchFacts) -> None:
    if state.person is None:
        raise Refused("TR-15", "no person is linked yet: answer the search task instead")
    if facts.unknown_refs:
        raise Refused("TR-15", "the register has no person with this reference")
    if change.person_ref == state.person.primary:
        raise Refused("TR-15", "this is the person already linked: name the right one")


def _check_statement(state: IdentifyState, said_at: datetime, now: datetime) -> None:
    check_said_before(said_at, now)
    check_newest(state, said_at)
