"""The CSO assessment: what may become of a code and a status, and what never may."""

from collections.abc import Iterable, Sequence
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from procedures.evidence import Confirmation, Evidence, ruling
from procedures.local_time import local_date, say_date
from procedures.refusals import Refused
from procedures.steps import step
from procedures.terms import ReportGroup
from procedures.transitions import (
    LEGAL_PAIRS,
    TABLE,
    AssessmentCode,
    AssessmentStatus,
    Pair,
    Row,
    State,
    Trigger,
    Which,
)

__all__ = [
    "AssessmentCode",
    "AssessmentStatus",
    "Change",
    "Confirmation",
    "Evidence",
    "Forbidden",
    "Held",
    "LastConfirmed",
    "Readiness",
    "Trigger",
    "Which",
    "check_one_open",
    "check_same_code",
    "entry_trigger",
    "key_details",
    "ready_for_d1_current",
    "ruling",
    "transition",
]

RECORDED_IN_ERROR = "recorded in error"


class Forbidden(StrEnum):
    """The changes that are always refused, each with the rule that refuses it in `RULE_OF`."""

    D1_WITHOUT_CONFIRMATION = "any code to D1 without Corrections' confirmation"
    D1_WITHOUT_T441 = "D1P to D1 for a live person without a complete T-441"
    D2_WITHOUT_D2P = "to D2 without passing D2P"
    D2P_TO_D1 = "D2P to D1 directly"
    D3_WITHOUT_VERIFICATION = "any code to D3 without Corrections' verification"
    VACATING_ALONE = "any change of code on vacating alone"
    DELETION = "any deletion"
    REPORT_ALONE = "a final code from the report alone"
    TWO_OPEN = "two open CSO assessments on one record"
    DIFFERENT_CODES = "different codes on primary and duplicate"
    REOPENING = "closed to current: a new assessment is created instead"


RULE_OF: dict[Forbidden, str] = {
    Forbidden.D1_WITHOUT_CONFIRMATION: "P1.S4.N1",
    Forbidden.D1_WITHOUT_T441: "P1.S6.b6",
    Forbidden.D2_WITHOUT_D2P: "P1.S5.b",
    Forbidden.D2P_TO_D1: "P1.S6.N1",
    Forbidden.D3_WITHOUT_VERIFICATION: "DEF-6",
    Forbidden.VACATING_ALONE: "P1.S6.N3",
    Forbidden.DELETION: "AMB-X-6",
    Forbidden.REPORT_ALONE: "A-C4",
    Forbidden.TWO_OPEN: "P1.S3.b",
    Forbidden.DIFFERENT_CODES: "P1.S2.N4",
    Forbidden.REOPENING: "TR-2",
}


class Held(BaseModel):
    """The assessment a record holds: number, code, status and version; an illegal pair is refused."""

    model_config = ConfigDict(frozen=True)

    number: str
    code: AssessmentCode
    status: AssessmentStatus
    version: int

    @model_validator(mode="after")
    def _legal(self) -> "Held":
        if self.pair not in LEGAL_PAIRS:
            raise ValueError(f"{self.code} never goes with status {self.status}.")
        return self

    @property
    def pair(self) -> Pair:
        """Code and status."""
        return self.code, self.status

    @property
    def open(self) -> bool:
        """True while pending or current."""
        return self.status is not AssessmentStatus.CLO


class Change(BaseModel):
    """What a transition makes of the assessment; nothing is overwritten, each change is a version."""

    model_config = ConfigDict(frozen=True)

    rule: str
    code: AssessmentCode
    status: AssessmentStatus
    which: Which
    version: int
    closes: str | None = None
    """Number of the assessment that closes because a new one takes its place (TR-14)."""
    close_reason: str | None = None


def entry_trigger(group: ReportGroup) -> Trigger:
    """The first question records what the report says: under an order or no longer (AMB-P1-5)."""
    match group:
        case ReportGroup.NEW_CSO:
            return Trigger.NEW_CSO_ENTRY
        case ReportGroup.EXIT_NSO:
            return Trigger.EXIT_NSO_ENTRY


@step("1.5")
def transition(held: Held | None, trigger: Trigger, evidence: Evidence) -> Change:
    """The change that `trigger` makes, by section 6.2 of the catalogue.

    Raises Refused with the rule that forbids it or whose evidence is missing. A refusal changes nothing.
    """
    state = held.pair if held else None
    rows = [row for row in TABLE if row.start == state and row.trigger is trigger]
    if not rows:
        forbidden = _forbidden(state, trigger)
        raise (
            Refused(RULE_OF[forbidden], f"Refused: {forbidden.value}.")
            if forbidden
            else _unknown(state, trigger)
        )
    row = next((row for row in rows if row.live is None or row.live is evidence.live), rows[0])
    for guard in row.guards:
        guard(evidence)
    return _change(row, held)


def _change(row: Row, held: Held | None) -> Change:
    code, status = row.end
    unchanged = row.trigger is Trigger.VACATED
    version = 1 if held is None or row.which is Which.NEW else held.version + (0 if unchanged else 1)
    return Change(
        rule=row.rule,
        code=code,
        status=status,
        which=row.which,
        version=version,
        closes=held.number if held and row.closes_old else None,
        close_reason=RECORDED_IN_ERROR if row.trigger is Trigger.LINKED_TO_WRONG_PERSON else None,
    )


_ENTRIES = (Trigger.NEW_CSO_ENTRY, Trigger.EXIT_NSO_ENTRY)
_BY_TRIGGER = {
    Trigger.DELETION: Forbidden.DELETION,
    Trigger.VACATED: Forbidden.VACATING_ALONE,
    Trigger.NSO_QUESTIONS: Forbidden.D2_WITHOUT_D2P,
    Trigger.INVALID_QUESTIONS: Forbidden.D3_WITHOUT_VERIFICATION,
    Trigger.FINAL_QUESTIONS: Forbidden.D1_WITHOUT_CONFIRMATION,
}


def _forbidden(state: State, trigger: Trigger) -> Forbidden | None:
    """The forbidden change that an absent row stands for, if it is one of the list."""
    if trigger in (Trigger.DELETION, Trigger.VACATED):
        return _BY_TRIGGER[trigger]
    if state is not None and state[1] is AssessmentStatus.CLO:
        return Forbidden.REOPENING
    if state is not None and trigger in _ENTRIES:
        return Forbidden.TWO_OPEN
    if trigger is Trigger.FINAL_QUESTIONS and state is not None and state[0] is AssessmentCode.D2P:
        return Forbidden.D2P_TO_D1
    return _BY_TRIGGER.get(trigger)


_REFUSED_ELSEWHERE = {
    Trigger.CASE_QUESTIONS: ("TR-16", "The questions of a case need the code D1 with status CUR."),
    Trigger.ORDER_ENDED_AFTER_VACATING: ("TR-14", "Only a current D1 is followed by a new NSO assessment."),
}


def _unknown(state: State, trigger: Trigger) -> Refused:
    there_is = "no CSO assessment" if state is None else f"{state[0]} with status {state[1]}"
    rule, reason = _REFUSED_ELSEWHERE.get(trigger, ("P1.S3.a1", "Create the CSO assessment first."))
    return Refused(rule, f"{reason} The record has {there_is}.")


def check_same_code(primary: Held, duplicates: Iterable[Held]) -> None:
    """Raises Refused("P1.S2.N4") when a duplicate record shows another code or status than the primary."""
    if any(duplicate.pair != primary.pair for duplicate in duplicates):
        raise Refused(
            RULE_OF[Forbidden.DIFFERENT_CODES], "Write the primary's code to every duplicate record."
        )


def check_one_open(assessments: Sequence[Held]) -> None:
    """Raises Refused("P1.S3.b") when one record would have two open (PEN, CUR) CSO assessments."""
    if sum(one.open for one in assessments) > 1:
        raise Refused(RULE_OF[Forbidden.TWO_OPEN], "Work on the open assessment instead of creating another.")


class Readiness(StrEnum):
    """Whether step 2.4 may be completed now."""

    READY = "ready"
    WAIT = "wait"


@step("2.4")
def ready_for_d1_current(held: Held | None, *, reverification_open: bool) -> Readiness:
    """D1 and CUR are shown: ready. While the person is verified anew: wait (TR-16). Raises Refused("P2.S4.4") else."""
    if held and held.pair == (AssessmentCode.D1, AssessmentStatus.CUR):
        return Readiness.READY
    if held and reverification_open and held.status is AssessmentStatus.PEN:
        return Readiness.WAIT
    shown = f"{held.code} {held.status}" if held else "no assessment"
    raise Refused("P2.S4.4", f"The outcome must be D1 with status CUR; the record shows {shown}.")


class LastConfirmed(BaseModel):
    """The last final code before the present pending one, and when it was confirmed."""

    model_config = ConfigDict(frozen=True)

    code: AssessmentCode
    confirmed_at: AwareDatetime


def key_details(held: Held | None, last_confirmed: LastConfirmed | None = None) -> str:
    """What Key Details shows: the code; a pending code with the last confirmed one and its local date beside it."""
    if held is None or not held.open:
        return "no current CSO assessment"
    if held.code.pending and last_confirmed:
        day = say_date(local_date(last_confirmed.confirmed_at))
        return f"{held.code}, pending; last confirmed {last_confirmed.code} on {day}"
    return held.code.value
