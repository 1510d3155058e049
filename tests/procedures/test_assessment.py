"""The assessment: every pair of state and trigger, every guard, and every forbidden change."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from pydantic import ValidationError

from procedures.assessment import (
    RULE_OF,
    Change,
    Forbidden,
    Held,
    LastConfirmed,
    Readiness,
    check_one_open,
    check_same_code,
    entry_trigger,
    key_details,
    ready_for_d1_current,
    transition,
)
from procedures.evidence import Confirmation, Evidence, known, ruling
from procedures.refusals import Refused
from procedures.terms import Channel, Procedure, ReportGroup, StatusSaid
from procedures.transitions import (
    CLOSED,
    D1,
    D1P,
    D2,
    D2P,
    D3,
    LEGAL_PAIRS,
    OPEN,
    STATES,
    TABLE,
    AssessmentCode,
    AssessmentStatus,
    Pair,
    State,
    Trigger,
    Which,
)

T = Trigger
MONDAY = datetime(2026, 6, 14, 22, 0, tzinfo=UTC)
SAID_OF = {
    T.SAID_CSO: StatusSaid.CSO,
    T.FINAL_QUESTIONS: StatusSaid.CSO,
    T.SAID_NSO: StatusSaid.NSO,
    T.NSO_QUESTIONS: StatusSaid.NSO,
    T.ORDER_ENDED_AFTER_VACATING: StatusSaid.NSO,
    T.SAID_NEITHER: StatusSaid.NEITHER,
    T.INVALID_QUESTIONS: StatusSaid.NEITHER,
    T.LINKED_TO_WRONG_PERSON: StatusSaid.NEITHER,
}


def held(state: State, number: str = "A-1", version: int = 4) -> Held | None:
    return None if state is None else Held(number=number, code=state[0], status=state[1], version=version)


def says(said: StatusSaid, channel: Channel = Channel.VERBAL, hours: int = 0) -> Confirmation:
    return Confirmation(said=said, channel=channel, said_at=MONDAY + timedelta(hours=hours))


def best(trigger: Trigger, **changes: Any) -> Evidence:
    """The evidence that satisfies every guard of a trigger; single facts can be taken away."""
    said = SAID_OF.get(trigger)
    facts: dict[str, Any] = {
        "confirmations": (says(said),) if said else (),
        "person_file": True,
        "live": True,
        "t441_complete": True,
        "vacated": trigger is T.ORDER_ENDED_AFTER_VACATING,
        "case_open": Procedure.MATCH_VOID,
        "manager_approval": True,
        "right_person_linked": True,
    }
    return Evidence(**{**facts, **changes})


def make(state: State, trigger: Trigger, **changes: Any) -> Change:
    return transition(held(state), trigger, best(trigger, **changes))


def refused(state: State, trigger: Trigger, **changes: Any) -> str:
    with pytest.raises(Refused) as caught:
        make(state, trigger, **changes)
    return caught.value.rule


ALLOWED: dict[tuple[State, Trigger], tuple[str, Pair]] = {
    (None, T.NEW_CSO_ENTRY): ("TR-1", D1P),
    **{(closed, T.NEW_CSO_ENTRY): ("TR-2", D1P) for closed in CLOSED},
    **{(state, T.EXIT_NSO_ENTRY): ("TR-3", D2P) for state in (None, *CLOSED)},
    (D1P, T.SAID_CSO): ("TR-4", D1P),
    (D2P, T.SAID_CSO): ("TR-4", D1P),
    (D1P, T.SAID_NSO): ("TR-5", D2P),
    (D2P, T.SAID_NSO): ("TR-5", D2P),
    (D2P, T.NSO_QUESTIONS): ("TR-6", D2),
    (D1P, T.SAID_NEITHER): ("TR-7", D1P),
    (D2P, T.SAID_NEITHER): ("TR-7", D2P),
    (D1P, T.INVALID_QUESTIONS): ("TR-7", D3),
    (D2P, T.INVALID_QUESTIONS): ("TR-7", D3),
    (D1P, T.FINAL_QUESTIONS): ("TR-8", D1),
    (D1, T.SAID_CSO): ("TR-10", D1P),
    (D1, T.SAID_NSO): ("TR-11", D2P),
    (D1, T.SAID_NEITHER): ("TR-12", D1P),
    (D2, T.SAID_NEITHER): ("TR-12", D2P),
    (D2, T.SAID_CSO): ("TR-13", D1P),
    (D3, T.SAID_CSO): ("TR-13", D1P),
    (D1, T.ORDER_ENDED_AFTER_VACATING): ("TR-14", D2),
    **{
        (state, T.LINKED_TO_WRONG_PERSON): ("TR-15", (state[0], AssessmentStatus.CLO))
        for state in (*OPEN, *CLOSED)
    },
    (D1, T.CASE_QUESTIONS): ("TR-16", D1),
    (D1P, T.CASE_QUESTIONS): ("TR-16", D1P),
    (D2, T.VACATED): ("TR-17", D2),
    (D1, T.VACATED): ("TR-18", D1),
    (D1P, T.VACATED): ("AMB-P1-21", D1P),
    (D2P, T.VACATED): ("AMB-P1-21", D2P),
    (D3, T.SAID_NSO): ("TR-19", D2P),
    (D2, T.SAID_NSO): ("TR-20", D2P),
    (D3, T.SAID_NEITHER): ("TR-21", D3),
}
"""The transition table of the catalogue, written down a second time."""

ROWS = [f"TR-{n}" for n in (*range(1, 9), *range(10, 22))]


@pytest.mark.req(*ROWS, "AMB-P1-21", "P1.S5.1")
@pytest.mark.parametrize(("state", "trigger"), list(product(STATES, Trigger)))
def test_exactly_the_tables_changes_are_possible(state: State, trigger: Trigger) -> None:
    if (state, trigger) not in ALLOWED:
        assert refused(state, trigger) != ""
        return
    rule, end = ALLOWED[state, trigger]
    change = make(state, trigger)
    assert (change.rule, (change.code, change.status)) == (rule, end)
    began_new = trigger in (T.NEW_CSO_ENTRY, T.EXIT_NSO_ENTRY, T.ORDER_ENDED_AFTER_VACATING)
    assert change.which is (Which.NEW if began_new else Which.SAME)


def test_every_change_ends_in_a_legal_pair_and_no_row_is_doubled() -> None:
    assert {row.end for row in TABLE} <= LEGAL_PAIRS
    keys = [(row.start, row.trigger, row.live) for row in TABLE]
    assert len(keys) == len(set(keys))


# -- pairs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "status"), list(product(AssessmentCode, AssessmentStatus)))
def test_a_pending_code_goes_with_pen_and_a_final_one_with_cur(
    code: AssessmentCode, status: AssessmentStatus
) -> None:
    legal = status is AssessmentStatus.CLO or code.pending == (status is AssessmentStatus.PEN)
    if legal:
        assert Held(number="A-1", code=code, status=status, version=1).pair == (code, status)
    else:
        with pytest.raises(ValidationError, match="never goes with"):
            Held(number="A-1", code=code, status=status, version=1)


@pytest.mark.req("DEF-8", "DEF-1", "DEF-2", "P1.N4")
def test_codes_and_their_classes() -> None:
    assert {code.value for code in AssessmentCode} == {"D1P", "D2P", "D1", "D2", "D3"}
    with pytest.raises(ValueError, match="D3P"):
        AssessmentCode("D3P")
    assert {code for code in AssessmentCode if code.cso} == {AssessmentCode.D1, AssessmentCode.D1P}
    assert {code for code in AssessmentCode if code.nso} == {AssessmentCode.D2, AssessmentCode.D2P}
    assert all(code.pending == code.value.endswith("P") for code in AssessmentCode)


# -- creation ---------------------------------------------------------------------------------------------


@pytest.mark.req("P1.S3.a2", "AMB-P1-5")
def test_1_3_the_first_question_records_the_group_of_the_report() -> None:
    assert make(None, entry_trigger(ReportGroup.NEW_CSO)).code is AssessmentCode.D1P
    assert make(None, entry_trigger(ReportGroup.EXIT_NSO)).code is AssessmentCode.D2P


@pytest.mark.req("TR-1")
def test_1_3_the_person_file_comes_first() -> None:
    assert refused(None, T.NEW_CSO_ENTRY, person_file=False) == "P1.S3.1"
    assert make(None, T.NEW_CSO_ENTRY).version == 1


@pytest.mark.req("AMB-P1-5")
def test_1_7_an_exit_entry_never_becomes_d1_without_corrections() -> None:
    change = make(None, entry_trigger(ReportGroup.EXIT_NSO))
    assert refused((change.code, change.status), T.FINAL_QUESTIONS) == "P1.S6.N1"


# -- Corrections' word --------------------------------------------------------------------------------------

FINAL = [
    (D1P, T.FINAL_QUESTIONS, "P1.S4.N1"),
    (D2P, T.NSO_QUESTIONS, "P1.S4.N1"),
    (D1P, T.INVALID_QUESTIONS, "DEF-6"),
    (D2P, T.INVALID_QUESTIONS, "DEF-6"),
    (D1, T.ORDER_ENDED_AFTER_VACATING, "P1.S4.N1"),
    (D3, T.SAID_NEITHER, "DEF-6"),
]
"""Every change that makes or renews a final code on Corrections' word."""


def other_than(said: StatusSaid) -> StatusSaid:
    return StatusSaid.NSO if said is not StatusSaid.NSO else StatusSaid.CSO


@pytest.mark.req("P1.S4.N1", "A-C4", "A-C5", "AMB-P1-6", "DEF-6")
@pytest.mark.parametrize(("state", "trigger", "rule"), FINAL)
def test_1_5_a_final_code_needs_corrections_spoken_word(state: Pair, trigger: Trigger, rule: str) -> None:
    said = SAID_OF[trigger]
    assert refused(state, trigger, confirmations=()) == "A-C4"
    assert refused(state, trigger, confirmations=(says(other_than(said)),)) == rule
    for channel in (Channel.T_441, Channel.T_439, Channel.LETTER):
        assert refused(state, trigger, confirmations=(says(said, channel),)) == "A-C5"
        spoken_and_written = (says(said), says(said, channel, hours=1))
        assert make(state, trigger, confirmations=spoken_and_written).code.pending is False
    spoke_otherwise = (says(other_than(said)), says(said, Channel.LETTER, hours=1))
    assert refused(state, trigger, confirmations=spoke_otherwise) == "A-C5"


@pytest.mark.req("P1.S4.N1")
@pytest.mark.parametrize("row", [row for row in TABLE if row.trigger in SAID_OF])
def test_1_5_no_code_changes_on_our_own_word(row: Any) -> None:
    with pytest.raises(Refused):
        transition(held(row.start), row.trigger, best(row.trigger, confirmations=()))


@pytest.mark.req("AMB-P1-7")
@pytest.mark.parametrize("channel", list(Channel))
def test_1_5_neither_by_call_form_or_letter_opens_the_way_to_d3(channel: Channel) -> None:
    word = says(StatusSaid.NEITHER, channel)
    for state in (D1P, D1):
        assert make(state, T.SAID_NEITHER, confirmations=(word,)).status is AssessmentStatus.PEN


@pytest.mark.req("AMB-P1-22")
def test_1_5_an_older_statement_never_overrides_a_newer_one() -> None:
    newer, older = says(StatusSaid.CSO, hours=5), says(StatusSaid.NSO, hours=1)
    for entered in ((newer, older), (older, newer)):
        assert refused(D1P, T.SAID_NSO, confirmations=entered) == "AMB-P1-22"
        assert refused(D2P, T.NSO_QUESTIONS, confirmations=entered) == "AMB-P1-22"
        assert make(D1P, T.SAID_CSO, confirmations=entered).code is AssessmentCode.D1P
        assert ruling(entered) == newer


@pytest.mark.req("AMB-P1-22")
def test_1_5_two_statements_of_one_time_that_contradict_each_other_carry_nothing() -> None:
    both = (says(StatusSaid.CSO), says(StatusSaid.NSO))
    assert refused(D1P, T.SAID_CSO, confirmations=both) == "AMB-P1-22"
    assert known(both) is None
    assert known((*both, later := says(StatusSaid.NSO, hours=1))) == later
    assert ruling(()) is known(()) is None


@pytest.mark.req("AMB-P1-6")
def test_1_3_a_statement_from_before_this_report_week_is_not_enough() -> None:
    assert refused(D1P, T.FINAL_QUESTIONS, confirmed_since=MONDAY + timedelta(seconds=1)) == "AMB-P1-6"
    assert make(D1P, T.FINAL_QUESTIONS, confirmed_since=MONDAY).code is AssessmentCode.D1
    renewed_in_writing = (says(StatusSaid.CSO), says(StatusSaid.CSO, Channel.T_441, hours=2))
    since = MONDAY + timedelta(hours=1)
    assert refused(D1P, T.FINAL_QUESTIONS, confirmations=renewed_in_writing, confirmed_since=since) == "A-C5"


# -- S5: in place, by way of the pending code ------------------------------------------------------------------


@pytest.mark.req("P1.S5.b1", "P1.S5.b2", "P1.S5.b3", "AMB-P1-20")
@pytest.mark.parametrize("state", [D1P, D2P, D1, D2, D3])
def test_1_5_nso_leads_to_d2_by_way_of_d2p_in_the_same_assessment(state: Pair) -> None:
    pending = make(state, T.SAID_NSO)
    assert (pending.code, pending.status, pending.which, pending.version) == (*D2P, Which.SAME, 5)
    final = make((pending.code, pending.status), T.NSO_QUESTIONS)
    assert (final.code, final.status, final.which, final.closes) == (*D2, Which.SAME, None)


@pytest.mark.req("P1.S5.c1", "P1.S5.c2")
@pytest.mark.parametrize("state", [D1P, D2P, D1, D2])
def test_1_5_neither_leads_to_d3_by_way_of_a_pending_code_in_the_same_assessment(state: Pair) -> None:
    pending = make(state, T.SAID_NEITHER)
    assert pending.status is AssessmentStatus.PEN
    final = make((pending.code, pending.status), T.INVALID_QUESTIONS)
    assert (final.code, final.status, final.which) == (*D3, Which.SAME)


@pytest.mark.req("AMB-P1-22")
@pytest.mark.parametrize("state", [D1P, D2P, D1, D2, D3])
def test_1_5_cso_leads_to_d1p_and_from_there_to_d1(state: Pair) -> None:
    pending = make(state, T.SAID_CSO)
    assert (pending.code, pending.status, pending.which) == (*D1P, Which.SAME)
    assert make((pending.code, pending.status), T.FINAL_QUESTIONS).code is AssessmentCode.D1


# -- S6 and S7 ---------------------------------------------------------------------------------------------------


@pytest.mark.req("TR-8", "P1.S6.b6", "P1.S6.N1")
def test_1_7_a_live_person_needs_a_complete_t441() -> None:
    assert refused(D1P, T.FINAL_QUESTIONS, t441_complete=False) == "P1.S6.b6"
    assert refused(D1P, T.FINAL_QUESTIONS, live=None) == "P1.S6.1"
    change = make(D1P, T.FINAL_QUESTIONS)
    assert (change.rule, change.code, change.status, change.version) == ("TR-8", *D1, 5)


@pytest.mark.req("TR-9", "P1.N6", "AMB-P1-14")
def test_1_7_a_historic_person_needs_the_spoken_word_and_no_t441() -> None:
    change = make(D1P, T.FINAL_QUESTIONS, live=False, t441_complete=False)
    assert (change.rule, change.code, change.status) == ("TR-9", *D1)
    written = (says(StatusSaid.CSO, Channel.LETTER),)
    assert refused(D1P, T.FINAL_QUESTIONS, live=False, confirmations=written) == "A-C5"
    assert make(D2P, T.NSO_QUESTIONS, live=False, t441_complete=False).code is AssessmentCode.D2
    assert make(D1P, T.INVALID_QUESTIONS, live=False, t441_complete=False).code is AssessmentCode.D3


@pytest.mark.req("P1.S6.N2", "P1.S6.N3", "TR-17", "TR-18")
@pytest.mark.parametrize("state", [D1, D2, D1P, D2P])
def test_1_6_vacating_alone_changes_nothing(state: Pair) -> None:
    change = make(state, T.VACATED, vacated=True)
    assert ((change.code, change.status), change.version, change.closes) == (state, 4, None)


@pytest.mark.req("P1.S6.N4", "TR-14", "AMB-P1-20")
def test_1_6_order_ended_after_vacating_begins_a_new_assessment_and_closes_the_old() -> None:
    change = make(D1, T.ORDER_ENDED_AFTER_VACATING)
    assert (change.code, change.status, change.which, change.version) == (*D2, Which.NEW, 1)
    assert change.closes == "A-1"
    assert refused(D1, T.ORDER_ENDED_AFTER_VACATING, vacated=False) == "AMB-P1-20"
    assert refused(D1, T.SAID_NSO, vacated=True) == "P1.S6.N4"


# -- corrections and cases ----------------------------------------------------------------------------------------


@pytest.mark.req("TR-15", "AMB-X-6")
def test_a_wrong_link_closes_only_with_word_approval_and_the_right_person_or_a_reason() -> None:
    change = make(D1, T.LINKED_TO_WRONG_PERSON)
    assert (change.status, change.close_reason) == (AssessmentStatus.CLO, "recorded in error")
    wrong = T.LINKED_TO_WRONG_PERSON
    assert refused(D1, wrong, manager_approval=False) == "AMB-X-6"
    assert refused(D1, wrong, confirmations=()) == "AMB-X-6"
    assert refused(D1, wrong, confirmations=(says(StatusSaid.NEITHER, Channel.LETTER),)) == "A-C5"
    assert refused(D1, wrong, right_person_linked=False) == "AMB-X-6"
    assert refused(D1, wrong, right_person_linked=False, no_right_person_reason=" ") == "AMB-X-6"
    reasoned = make(D1, wrong, right_person_linked=False, no_right_person_reason="nobody of ours")
    assert reasoned.status is AssessmentStatus.CLO


@pytest.mark.req("TR-16")
@pytest.mark.parametrize("case", [None, *Procedure])
def test_2_4_questions_of_an_open_case_make_a_version(case: Procedure | None) -> None:
    if case in (Procedure.CHECK_SUITABILITY, Procedure.MATCH_VOID, Procedure.OFFER):
        assert make(D1, T.CASE_QUESTIONS, case_open=case).version == 5
    else:
        assert refused(D1, T.CASE_QUESTIONS, case_open=case) == "TR-16"
    if case is Procedure.MATCH_VOID:
        assert make(D1P, T.CASE_QUESTIONS, case_open=case).code is AssessmentCode.D1P
    else:
        assert refused(D1P, T.CASE_QUESTIONS, case_open=case) == "TR-16"


@pytest.mark.req("TR-16", "P2.S4.4")
def test_2_4_waits_while_the_person_is_verified_anew_and_refuses_any_other_pair() -> None:
    assert ready_for_d1_current(held(D1), reverification_open=False) is Readiness.READY
    assert ready_for_d1_current(held(D1P), reverification_open=True) is Readiness.WAIT
    for state, reverifying in ((D1P, False), (D2, True), (D3, True), (CLOSED[0], True), (None, True)):
        with pytest.raises(Refused) as caught:
            ready_for_d1_current(held(state), reverification_open=reverifying)
        assert caught.value.rule == "P2.S4.4"


# -- the forbidden list ------------------------------------------------------------------------------------------

SITUATIONS: list[tuple[Forbidden, State, Trigger, dict[str, Any]]] = [
    (Forbidden.D1_WITHOUT_CONFIRMATION, D1P, T.FINAL_QUESTIONS, {"confirmations": (says(StatusSaid.NSO),)}),
    (Forbidden.D1_WITHOUT_CONFIRMATION, D3, T.FINAL_QUESTIONS, {}),
    (Forbidden.D1_WITHOUT_CONFIRMATION, D2, T.FINAL_QUESTIONS, {}),
    (Forbidden.D1_WITHOUT_T441, D1P, T.FINAL_QUESTIONS, {"t441_complete": False}),
    (Forbidden.D2_WITHOUT_D2P, D1P, T.NSO_QUESTIONS, {}),
    (Forbidden.D2_WITHOUT_D2P, D1, T.NSO_QUESTIONS, {}),
    (Forbidden.D2P_TO_D1, D2P, T.FINAL_QUESTIONS, {}),
    (Forbidden.D3_WITHOUT_VERIFICATION, D1P, T.INVALID_QUESTIONS, {"confirmations": (says(StatusSaid.CSO),)}),
    (Forbidden.D3_WITHOUT_VERIFICATION, D1, T.INVALID_QUESTIONS, {}),
    (Forbidden.VACATING_ALONE, D3, T.VACATED, {}),
    *((Forbidden.DELETION, state, T.DELETION, {}) for state in STATES),
    (Forbidden.REPORT_ALONE, D1P, T.FINAL_QUESTIONS, {"confirmations": ()}),
    (Forbidden.REPORT_ALONE, D2P, T.NSO_QUESTIONS, {"confirmations": ()}),
    (Forbidden.REPORT_ALONE, D1P, T.INVALID_QUESTIONS, {"confirmations": ()}),
    *((Forbidden.TWO_OPEN, state, T.NEW_CSO_ENTRY, {}) for state in OPEN),
    *((Forbidden.TWO_OPEN, state, T.EXIT_NSO_ENTRY, {}) for state in OPEN),
    *((Forbidden.REOPENING, state, T.SAID_CSO, {}) for state in CLOSED),
    *((Forbidden.REOPENING, state, T.FINAL_QUESTIONS, {}) for state in CLOSED),
]


@pytest.mark.parametrize(("forbidden", "state", "trigger", "changes"), SITUATIONS)
def test_a_forbidden_change_is_refused_with_its_rule(
    forbidden: Forbidden, state: State, trigger: Trigger, changes: dict[str, Any]
) -> None:
    assert refused(state, trigger, **changes) == RULE_OF[forbidden]


def test_every_forbidden_change_has_a_rule_and_a_situation() -> None:
    assert set(RULE_OF) == set(Forbidden)
    checked_elsewhere = {Forbidden.DIFFERENT_CODES}
    assert {situation[0] for situation in SITUATIONS} == set(Forbidden) - checked_elsewhere


@pytest.mark.req("P1.S2.N4")
def test_1_2_primary_and_duplicates_show_the_same_code() -> None:
    primary, duplicate = held(D1, "A-1"), held(D1, "A-2", version=1)
    assert primary is not None
    assert duplicate is not None
    check_same_code(primary, [duplicate])
    with pytest.raises(Refused) as caught:
        check_same_code(primary, [duplicate, duplicate.model_copy(update={"code": AssessmentCode.D2})])
    assert caught.value.rule == RULE_OF[Forbidden.DIFFERENT_CODES] == "P1.S2.N4"


def test_1_3_one_record_has_at_most_one_open_assessment() -> None:
    opened, closed = held(D1), held(CLOSED[2])
    assert opened is not None
    assert closed is not None
    check_one_open([closed, opened, closed])
    with pytest.raises(Refused) as caught:
        check_one_open([opened, opened])
    assert caught.value.rule == RULE_OF[Forbidden.TWO_OPEN]


# -- Key Details ---------------------------------------------------------------------------------------------------


@pytest.mark.req("P1.N4", "P1.S7.2")
@pytest.mark.parametrize("state", STATES)
def test_key_details_show_exactly_the_code_of_the_current_assessment(state: State) -> None:
    expected = state[0].value if state in OPEN and state else "no current CSO assessment"
    assert key_details(held(state)) == expected


@pytest.mark.req("TR-10")
def test_key_details_keep_the_warning_while_a_person_is_verified_anew() -> None:
    confirmed = LastConfirmed(code=AssessmentCode.D1, confirmed_at=MONDAY)
    assert key_details(held(D1P), confirmed) == "D1P, pending; last confirmed D1 on Monday 15 June 2026"
    assert key_details(held(D1), confirmed) == "D1"


def test_values_survive_storage() -> None:
    for value in (make(D1, T.ORDER_ENDED_AFTER_VACATING), best(T.FINAL_QUESTIONS), held(D1)):
        assert value is not None
        assert type(value).model_validate_json(value.model_dump_json()) == value
