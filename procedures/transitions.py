"""The transition table of the CSO assessment as data: TR-1 to TR-21, each row with its guards."""

from dataclasses import dataclass
from enum import StrEnum

from procedures import evidence


class AssessmentCode(StrEnum):
    """Assessment outcome; a P marks a pending one (P1.N4). There is no D3P (DEF-8)."""

    D1P = "D1P"
    D2P = "D2P"
    D1 = "D1"
    D2 = "D2"
    D3 = "D3"

    @property
    def pending(self) -> bool:
        """True for D1P and D2P."""
        return self in (AssessmentCode.D1P, AssessmentCode.D2P)

    @property
    def cso(self) -> bool:
        """Under a current order, confirmed or pending (DEF-1)."""
        return self in (AssessmentCode.D1, AssessmentCode.D1P)

    @property
    def nso(self) -> bool:
        """Not under a current order, confirmed or pending (DEF-2)."""
        return self in (AssessmentCode.D2, AssessmentCode.D2P)


class AssessmentStatus(StrEnum):
    """Pending, current, closed."""

    PEN = "PEN"
    CUR = "CUR"
    CLO = "CLO"


class Trigger(StrEnum):
    """What happened: a report entry, Corrections' word, answered questions with their calculation, or an event."""

    NEW_CSO_ENTRY = "new_cso_entry"
    EXIT_NSO_ENTRY = "exit_nso_entry"
    SAID_CSO = "said_cso"
    SAID_NSO = "said_nso"
    SAID_NEITHER = "said_neither"
    NSO_QUESTIONS = "nso_questions"
    INVALID_QUESTIONS = "invalid_questions"
    FINAL_QUESTIONS = "final_questions"
    CASE_QUESTIONS = "case_questions"
    VACATED = "vacated"
    ORDER_ENDED_AFTER_VACATING = "order_ended_after_vacating"
    LINKED_TO_WRONG_PERSON = "linked_to_wrong_person"
    DELETION = "deletion"


class Which(StrEnum):
    """Whether a change stays in the assessment or begins another."""

    SAME = "same"
    NEW = "new"


Pair = tuple[AssessmentCode, AssessmentStatus]
State = Pair | None

_C, _S = AssessmentCode, AssessmentStatus
D1P: Pair = (_C.D1P, _S.PEN)
D2P: Pair = (_C.D2P, _S.PEN)
D1: Pair = (_C.D1, _S.CUR)
D2: Pair = (_C.D2, _S.CUR)
D3: Pair = (_C.D3, _S.CUR)
OPEN: tuple[Pair, ...] = (D1P, D2P, D1, D2, D3)
CLOSED: tuple[Pair, ...] = tuple((code, _S.CLO) for code in AssessmentCode)
LEGAL_PAIRS: frozenset[Pair] = frozenset(OPEN + CLOSED)
STATES: tuple[State, ...] = (None, *OPEN, *CLOSED)


@dataclass(frozen=True)
class Row:
    """One line of the table; a row with `live` set applies only to that answer of step 6."""

    rule: str
    start: State
    trigger: Trigger
    guards: tuple[evidence.Guard, ...]
    end: Pair
    which: Which = Which.SAME
    live: bool | None = None
    closes_old: bool = False


_T = Trigger

TABLE: tuple[Row, ...] = (
    Row("TR-1", None, _T.NEW_CSO_ENTRY, (evidence.PERSON_FILE,), D1P, Which.NEW),
    *(Row("TR-2", closed, _T.NEW_CSO_ENTRY, (), D1P, Which.NEW) for closed in CLOSED),
    *(Row("TR-3", start, _T.EXIT_NSO_ENTRY, (), D2P, Which.NEW) for start in (None, *CLOSED)),
    *(Row("TR-4", start, _T.SAID_CSO, (evidence.SAID_CSO,), D1P) for start in (D1P, D2P)),
    *(Row("TR-5", start, _T.SAID_NSO, (evidence.SAID_NSO,), D2P) for start in (D1P, D2P)),
    Row("TR-6", D2P, _T.NSO_QUESTIONS, (evidence.SPOKEN_NSO,), D2),
    *(Row("TR-7", start, _T.SAID_NEITHER, (evidence.SAID_NEITHER,), start) for start in (D1P, D2P)),
    *(Row("TR-7", start, _T.INVALID_QUESTIONS, (evidence.SPOKEN_NEITHER,), D3) for start in (D1P, D2P)),
    Row(
        "TR-8",
        D1P,
        _T.FINAL_QUESTIONS,
        (evidence.LIVE_CHECKED, evidence.SPOKEN_CSO, evidence.T441_COMPLETE),
        D1,
        live=True,
    ),
    Row("TR-9", D1P, _T.FINAL_QUESTIONS, (evidence.LIVE_CHECKED, evidence.SPOKEN_CSO), D1, live=False),
    Row("TR-10", D1, _T.SAID_CSO, (evidence.SAID_CSO,), D1P),
    Row("TR-11", D1, _T.SAID_NSO, (evidence.NOT_VACATED, evidence.SAID_NSO), D2P),
    Row("TR-12", D1, _T.SAID_NEITHER, (evidence.SAID_NEITHER,), D1P),
    Row("TR-12", D2, _T.SAID_NEITHER, (evidence.SAID_NEITHER,), D2P),
    *(Row("TR-13", start, _T.SAID_CSO, (evidence.SAID_CSO,), D1P) for start in (D2, D3)),
    Row(
        "TR-14",
        D1,
        _T.ORDER_ENDED_AFTER_VACATING,
        (evidence.VACATED, evidence.SPOKEN_NSO),
        D2,
        Which.NEW,
        closes_old=True,
    ),
    *(
        Row(
            "TR-15",
            start,
            _T.LINKED_TO_WRONG_PERSON,
            (evidence.APPROVED, evidence.spoken_word, evidence.RIGHT_PERSON),
            (start[0], _S.CLO),
        )
        for start in OPEN + CLOSED
    ),
    Row("TR-16", D1, _T.CASE_QUESTIONS, (evidence.CASE_OPEN,), D1),
    Row("TR-16", D1P, _T.CASE_QUESTIONS, (evidence.MATCH_OPEN,), D1P),
    Row("TR-17", D2, _T.VACATED, (), D2),
    Row("TR-18", D1, _T.VACATED, (), D1),
    *(Row("AMB-P1-21", start, _T.VACATED, (), start) for start in (D1P, D2P)),
    Row("TR-19", D3, _T.SAID_NSO, (evidence.SAID_NSO,), D2P),
    Row("TR-20", D2, _T.SAID_NSO, (evidence.SAID_NSO,), D2P),
    Row("TR-21", D3, _T.SAID_NEITHER, (evidence.SPOKEN_NEITHER,), D3),
)
"""TR-10 to TR-13, TR-19 and TR-20 pass through the pending code and go on by TR-6, TR-7, TR-8 or TR-9."""
