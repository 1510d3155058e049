"""Step 1 and Appendix C: the Friday run, what is asked about it, and when it may close."""

from datetime import date, datetime
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from procedures.case_state import CaseState
from procedures.local_time import local_date
from procedures.outside_entry import OutsideSystem
from procedures.refusals import Refused
from procedures.report_week import check_may_close
from procedures.steps import StepRef
from procedures.tasks import Answer, Facts
from procedures.terms import ReportGroup, Role

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
_COVER = frozenset({_MANAGER})


class IntakeState(CaseState):
    """The Friday run between two waits."""

    run_id: str
    friday: date
    opens_at: datetime
    review_due_at: datetime
    alarm_from: datetime
    received: bool = False
    missing_asked: bool = False
    started: bool = False
    cover_asked: bool = False
    unreadable: tuple[str, ...] = ()
    no_report: bool = False
    """Corrections says that there is no report this week: the run is closed, and looks on to the end of its week."""
    ask_again_at: datetime | None = None
    """When Corrections is asked again about a late report."""
    sending: dict[str, datetime] = Field(default_factory=dict)
    """Mails to the other advisors that the gateway has not settled yet, with when they were written."""


class ReviewReport(Answer):
    """The report is reviewed: this records who started the Friday (P1.N2)."""

    kind: ClassVar = "review_report"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Start this Friday's process and review the report"
    guidance: ClassVar = (
        "Check both groups for potential matches. Do not share, save or delete the report. "
        "If you are away, a regional colleague or the manager starts the process for you."
    )
    policy: ClassVar = "P1.N2 P1.N3 P1.S1.2 P1.S1.3 A-C2 A-C3"

    cover_for: str | None = Field(default=None, description="If you cover for somebody: whose absence")


class ConfirmMissing(Answer):
    """The report is not there at 12:00: one urgent call and one mail to every other advisor, once per run."""

    kind: ClassVar = "confirm_missing"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "The report is not available: log an urgent call with the Service Desk"
    guidance: ClassVar = (
        "Look into the secure inbox once more. If the report is not there, say so: the urgent call is logged and every "
        "other advisor is told by mail. Where the Service Desk is worked by hand, or you have called already, give the "
        "number of the call. The mailbox is read again every 15 minutes."
    )
    policy: ClassVar = "P1.S1.N6 P1.S1.N7 AMB-P1-4"

    not_available: Literal[True]
    service_desk_reference: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="If the Service Desk is worked by hand, or you have called already",
    )


class AdvisorNotTold(Answer):
    """A mail that tells another advisor of the missing report did not leave."""

    kind: ClassVar = "advisor_not_told"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "The mail about the missing report did not leave: tell that advisor otherwise"
    guidance: ClassVar = "Send it again once the cause is removed, or phone the advisor and say so."
    policy: ClassVar = "P1.S1.N7 AMB-X-8"

    action: Literal["send_again", "told_otherwise"]
    note: str = Field(min_length=1)


class AskForReport(Answer):
    """A report that is missing never comes by itself: Corrections says whether there is one, and when (AMB-P1-4)."""

    kind: ClassVar = "ask_for_report"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _MANAGER
    title: ClassVar = "The report has not come: ask Corrections whether there is one this week"
    guidance: ClassVar = (
        "If Corrections confirms that there is no report this week, the Friday is closed with what they said. If it is "
        "late, name the day: you are asked again when that day is over. Until the end of the week the mailbox is read on; "
        "a report that comes after all opens the Friday again."
    )
    policy: ClassVar = "AMB-P1-4 P1.N2"

    outcome: Literal["no_report", "late"]
    said_by: str = Field(min_length=1, max_length=128, description="Who at Corrections said so?")
    reason: str = Field(min_length=1, max_length=1000, description="What did they say?")
    expected_on: date | None = Field(
        default=None, description="If it is late: on which day is the late report to come?"
    )

    @model_validator(mode="after")
    def _day_of_a_late_one(self) -> "AskForReport":
        if (self.outcome == "late") != (self.expected_on is not None):
            raise ValueError("expected_on is the day of a late report, and of no other")
        return self


class ArrangeCover(Answer):
    """Nobody is there to start the Friday by 12:00 (AMB-P1-18)."""

    kind: ClassVar = "arrange_cover"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _MANAGER
    title: ClassVar = "Nobody has started this Friday's process: arrange cover, or start it yourself"
    guidance: ClassVar = "A regional colleague first, then you. Cover must at least start the process."
    policy: ClassVar = "P1.N3 A-C3 AMB-P1-18"

    arranged: str = Field(min_length=1, description="Who starts the process, and when")


class ResolveRow(Answer):
    """A row of the report could not be taken: correct it, or set it aside with a reason (AMB-P1-30)."""

    kind: ClassVar = "resolve_row"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Resolve a row of the report that could not be read"
    guidance: ClassVar = (
        "Ask Corrections for what is missing and enter the row, or set it aside with the reason."
    )
    policy: ClassVar = "AMB-P1-30"

    action: Literal["enter", "set_aside"]
    reason: str = Field(min_length=1, description="What Corrections said, or why the row is no entry")
    group: ReportGroup | None = Field(default=None, description="If the row is entered")
    surname: str | None = Field(default=None, min_length=1, description="If the row is entered")
    given_names: str = ""
    date_of_birth: date | None = None
    gender: str | None = None
    address: str = ""
    suburb: str = ""
    town: str = ""
    postcode: str = ""
    corrections_reference: str | None = None
    corrections_office: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> "ResolveRow":
        if self.action == "enter" and not (self.group and self.surname):
            raise ValueError("an entry needs at least group and surname")
        return self

    def values(self) -> dict[str, Any]:
        """The row's fields as entered."""
        return self.model_dump(mode="json", exclude={"action", "reason"})


class ReportUnreadable(Answer):
    """The file itself could not be read: Corrections is asked to send it again; the run stays open."""

    kind: ClassVar = "report_unreadable"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "The report's file could not be read: ask Corrections to send it again"
    guidance: ClassVar = "The file stays in the mailbox, untouched. The mailbox is read again by itself."
    policy: ClassVar = "P1.S1.N4 AMB-P1-4"

    asked: str = Field(min_length=1, description="Whom you asked, and what they said")


class RunFacts(Facts):
    """How far the rows of a run are."""

    read: int
    resolved: int
    open_prints: int = 0


class CloseRun(Answer):
    """The week's report is worked."""

    kind: ClassVar = "close_run"
    step: ClassVar[StepRef] = "1.1"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Close this Friday's run"
    guidance: ClassVar = (
        "Every row must be resolved: matched, closed as no match, joined, or set aside with a reason."
    )
    policy: ClassVar = "AMB-P1-30 PRV-4"

    note: str = ""


ANSWERS: tuple[type[Answer], ...] = (
    ReviewReport,
    ConfirmMissing,
    AdvisorNotTold,
    AskForReport,
    ArrangeCover,
    ResolveRow,
    ReportUnreadable,
    CloseRun,
)


def check_answer(state: IntakeState, answer: Answer, facts: dict[str, Any], now: datetime) -> None:
    """Refuse what the procedure forbids. Raises Refused naming the rule."""
    match answer:
        case CloseRun():
            counted = RunFacts.model_validate(facts)
            if not state.received:
                raise Refused(
                    "AMB-P1-4", "the report has not come yet: the run stays open until it is worked"
                )
            check_may_close(read=counted.read, resolved=counted.resolved, open_prints=counted.open_prints)
        case AskForReport():
            _check_report(state, answer, now)
        case ConfirmMissing() if state.received:
            raise Refused("AMB-P1-4", "the report has come in the meantime: nothing is missing")
        case ConfirmMissing(service_desk_reference=None) if (
            OutsideSystem.SERVICE_DESK in state.by_hand.systems
        ):
            raise Refused(
                "P1.S1.N6", "log an urgent call with the Service Desk and give its service_desk_reference"
            )
        case _:
            pass


def _check_report(state: IntakeState, answer: AskForReport, now: datetime) -> None:
    if state.received:
        raise Refused("AMB-P1-4", "the report has come in the meantime: nothing is missing")
    if answer.outcome == "no_report" and state.unreadable:
        raise Refused("AMB-P1-4", "a file has come that could not be read: ask Corrections to send it again")
    if answer.expected_on is not None and answer.expected_on < local_date(now):
        raise Refused("AMB-P1-4", "that day is over: name the day on which the report is to come")
