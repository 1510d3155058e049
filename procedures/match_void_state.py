"""What a case of procedure 3 remembers between two waits, and what it shares with the offer that follows."""

from datetime import date, datetime
from typing import Literal

from dateutil.relativedelta import relativedelta

from procedures.check_suitability_state import FollowingState, Pause
from procedures.evidence import known
from procedures.identify_state import CallingState, Statement
from procedures.local_time import local_date
from procedures.match_void_endings import Ending
from procedures.tasks import Frozen
from procedures.terms import StatusSaid
from procedures.transitions import AssessmentCode, AssessmentStatus


class HeldT441(Frozen):
    """A T-441 that Corrections fully completed for this person, in whichever case."""

    case_id: str
    completed_at: datetime
    """When a person found it fully completed (UTC)."""
    order_status: StatusSaid
    document_ids: tuple[str, ...] = ()


class Disclosed(Frozen):
    """What the record knows of disclosures by Corrections about a person."""

    t441s: tuple[HeldT441, ...] = ()
    order_ended_at: datetime | None = None
    """When Corrections last said that there is no order, or that it is not the person; a T-441 before it is of an earlier
    order (AMB-P3-11)."""


class AgreedCall(Frozen):
    """The call in which Corrections agreed that the property is potentially suitable (UTC)."""

    call_id: str
    ended_at: datetime
    closes_at: datetime


class BookedViewing(Frozen):
    """The appointment with Corrections (UTC)."""

    viewing_id: str
    starts_at: datetime
    minutes: int
    with_corrections: str
    held_at: datetime | None = None


class Approval(Frozen):
    """Part B of a T-438 as recorded: what the gate of the offer looks at (AMB-P4-6)."""

    approval_id: str
    person_ref: str
    property_ref: str
    suitability: Literal["suitable", "not_suitable"]
    signed: bool
    stored: bool
    """The signed form is in the person's secure folder."""
    withdrawn: bool = False


class PlacingState(FollowingState):
    """What match and offer have in common."""

    applicant_ref: str | None = None
    property_ref: str | None = None
    entered_by: str | None = None
    """Subject of the Coordinator Placement who made the match."""
    said: tuple[Statement, ...] = ()
    """What Corrections said of the person in this case."""
    calling: CallingState = CallingState()
    calls: int = 0
    done: tuple[str, ...] = ()
    """Kinds of task answered in the present step: what a restart need not ask again."""
    agreed: AgreedCall | None = None
    """Corrections agreed in a call: from then on it is told when the match ends."""
    papers: tuple[str, ...] = ()
    """Printed forms that are neither stored nor destroyed yet."""
    approval: Approval | None = None
    ending: Ending | None = None
    ends_as: str | None = None
    """The outcome that an ending leads to, once everything it asks is done."""
    paused: Pause | None = None
    """An Exit entry names the person: nothing new is disclosed until Corrections has confirmed (AMB-X-5)."""

    @property
    def newest(self) -> StatusSaid | None:
        """Corrections' newest word that this case knows of."""
        latest = known(self.said)
        return latest.said if latest else None

    @property
    def code(self) -> AssessmentCode | None:
        """The code of the person as this case last read it."""
        held = self.person.held.code
        return AssessmentCode(held) if held else None

    @property
    def confirmed_cso(self) -> bool:
        """D1 and current: what an offer needs (P3.W1)."""
        held = self.person.held
        return (held.code, held.status) == (AssessmentCode.D1, AssessmentStatus.CUR)


class MatchState(PlacingState):
    """Procedure 3 between two waits."""

    match_id: str | None = None
    match_date: date | None = None
    disclosed: Disclosed = Disclosed()
    ko_view: Literal["suitable", "unsuitable"] | None = None
    holds_property: bool = False
    viewing: BookedViewing | None = None
    viewings: int = 0
    failures: int = 0
    """Viewings that could not be arranged or did not take place (AMB-P3-5)."""
    manager_told: bool = False
    reminders: tuple[datetime, ...] = ()
    """When the missing signature is chased next: after 2, 5 and 10 working days (AMB-P3-7)."""
    reminded: int = 0

    @property
    def waiting_for(self) -> str:
        """Without a property the Coordinator Placement's match is waited for, and behind another case its end."""
        if self.step == "3.3" and not self.holds_property and not self.tasks:
            return "the property"
        return super().waiting_for

    def t441_of_this_order(self, at: datetime, months: int) -> HeldT441 | None:
        """The newest completed T-441 of the current order, not older than that many months (AMB-P3-11)."""
        if self.code is not AssessmentCode.D1:
            return None  # a pending code has no completed T-441 of its own order yet (P3.W1)
        fresh = [
            one
            for one in self.disclosed.t441s
            if one.order_status is StatusSaid.CSO
            and not (self.disclosed.order_ended_at and one.completed_at <= self.disclosed.order_ended_at)
            and local_date(at) <= local_date(one.completed_at) + relativedelta(months=months)
        ]
        return max(fresh, key=lambda one: one.completed_at, default=None)
