"""Procedure 3 as pure rules: branches of step 2, what follows the call, and what is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from procedures import EDITION, changes, form_exchange, match_void, offer
from procedures.case_state import END
from procedures.changes import CHANGES
from procedures.check_suitability_state import Pause
from procedures.identify_state import LinkedPerson, RecordHeld, Statement
from procedures.match_void import after_call, branch_of, check_answer, request_of
from procedures.match_void_answers import (
    BookViewing,
    ConsiderMatch,
    PhoneAboutProperty,
    PrintT438,
    SendVoidRequest,
    WeighMatch,
)
from procedures.match_void_changes import check_change, closing_tasks, ending_of, overrides
from procedures.match_void_endings import CLOSINGS, Ending
from procedures.match_void_outcome_answers import EnterWithdrawn, RemindSignature
from procedures.match_void_state import AgreedCall, Disclosed, HeldT441, MatchState
from procedures.question_sets import QUESTION_SETS
from procedures.refusals import Refused
from procedures.terms import Channel, Form, Occupancy, Procedure, RecordState, Role, StatusSaid
from procedures.visibility import OWN_TASKS_ONLY, PROCEDURES_OF

NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
CALL: dict[str, Any] = {
    "outcome": "answered",
    "started_at": NOW - timedelta(minutes=9),
    "ended_at": NOW - timedelta(minutes=2),
    "spoke_with": "Sam Contact",
    "office": "Harbourview",
    "said": "CSO",
    "property_may_suit": True,
    "note": "n",
}
PAUSE = Pause(since=NOW, service_manager_at=NOW + timedelta(days=4), manager_at=NOW + timedelta(days=5))


def state(*, code: str = "D1", **changed: Any) -> MatchState:
    status = "PEN" if code.endswith("P") else "CUR"
    person = LinkedPerson(
        primary="P-1",
        records=(RecordHeld(person_ref="P-1", number="A-1", code=code, status=status, version=3),),
        record_state=RecordState.LIVE,
        occupancy=Occupancy.APPLICANT,
        property_ref=None,
        region="harbourview",
    )
    given = {
        "case_id": "C1",
        "procedure": Procedure.MATCH_VOID,
        "edition": EDITION,
        "region": "harbourview",
        "step": "3.2",
        "property_ref": "V-1",
        "person": person,
    }
    return MatchState(**(given | changed))


def held(days_ago: int = 30, said: StatusSaid = StatusSaid.CSO) -> HeldT441:
    return HeldT441(case_id="C0", completed_at=NOW - timedelta(days=days_ago), order_status=said)


@pytest.mark.req("P3.R1", "P4.R1")
def test_3_only_the_owning_roles_answer() -> None:
    """The other advisor has no part in it; the coordinator only enters, and sees neither case nor code."""
    allowed = {
        Role.ADVISOR_PLACEMENT,
        Role.COORDINATOR_PLACEMENT,
        Role.MANAGER_HOUSING_WELLBEING_SUPPORT,
    }
    asked = (*match_void.ANSWERS, *offer.ANSWERS)
    assert {role for one in asked for role in one.roles()} == allowed
    by_coordinator = {one.kind for one in asked if Role.COORDINATOR_PLACEMENT in one.roles()}
    assert by_coordinator == {"enter_withdrawn", "prepare_sign_up", "enter_offer_outcome"}
    by_manager = {one.kind for one in asked if Role.MANAGER_HOUSING_WELLBEING_SUPPORT in one.roles()}
    assert by_manager == {"signature_overdue", "sign_up_held"}
    placing = {Procedure.MATCH_VOID, Procedure.OFFER}
    assert not PROCEDURES_OF[Role.ADVISOR_WELLBEING_SUPPORT] & placing
    assert Role.COORDINATOR_PLACEMENT in OWN_TASKS_ONLY
    assert Role.COORDINATOR_PLACEMENT not in PROCEDURES_OF


@pytest.mark.req("P3.S2.c2", "P3.R1")
def test_3_2_the_tasks_of_a_request_are_the_advisor_placements() -> None:
    placement = {one.kind for one in form_exchange.ANSWERS if Role.ADVISOR_PLACEMENT in one.roles()}
    assert placement == {"confirm_letter_recipient", "review_return", "send_failed", "mail_waiting"}


@pytest.mark.req("P3.N1", "P4.N2")
def test_3_and_4_name_the_user_guide_where_the_register_is_worked() -> None:
    asked = {one.kind: one.guidance for one in (*match_void.ANSWERS, *offer.ANSWERS)}
    assert all("CT-USG-103" in asked[kind] for kind in ("consider_match", "book_viewing", "make_offer"))


@pytest.mark.req("P3.S2.a", "P3.S2.b", "P3.S2.c", "AMB-P3-11", "P3.W1")
@pytest.mark.parametrize(
    ("disclosed", "code", "view", "branch"),
    [
        (Disclosed(t441s=(held(),)), "D1", None, "a"),
        (Disclosed(t441s=(held(),)), "D1", "unsuitable", "b"),
        (Disclosed(), "D1", None, "c"),
        (Disclosed(t441s=(held(),)), "D1P", None, "c"),
        (Disclosed(t441s=(held(365),)), "D1", None, "a"),
        (Disclosed(t441s=(held(366),)), "D1", None, "c"),
        (Disclosed(t441s=(held(30, StatusSaid.NSO),)), "D1", None, "c"),
        (Disclosed(t441s=(held(30),), order_ended_at=NOW - timedelta(days=10)), "D1", None, "c"),
        (Disclosed(t441s=(held(30),), order_ended_at=NOW - timedelta(days=40)), "D1", None, "a"),
        (Disclosed(t441s=(held(400), held(3))), "D1", None, "a"),
    ],
    ids=[
        "held", "held_unsuitable", "none", "pending", "twelve_months", "older", "of_no_order", "earlier_order",
        "order_of_before", "newest",
    ],
)  # fmt: skip
def test_3_2_a_completed_t441_of_the_current_order_and_not_older_than_twelve_months(
    disclosed: Disclosed, code: str, view: Any, branch: str
) -> None:
    assert branch_of(state(code=code, disclosed=disclosed, ko_view=view), NOW) == branch


@pytest.mark.req("AMB-P3-1", "P3.S2.c1")
@pytest.mark.parametrize(
    ("lives", "literal", "expected"),
    [
        (False, False, (Form.T_441, "T-441+T-442")),
        (True, False, (Form.T_441, "T-439+T-441+T-442")),
        (False, True, (Form.T_439, "T-439+T-442")),
        (True, True, (Form.T_439, "T-439+T-442")),
    ],
)
def test_3_2_the_t439_goes_along_only_for_a_person_in_a_home(
    lives: bool, literal: bool, expected: tuple[Form, str]
) -> None:
    assert request_of(lives_in_a_home=lives, literal=literal) == expected


@pytest.mark.req("P3.S4.a", "P3.S4.b", "AMB-P3-9", "AMB-P3-10")
@pytest.mark.parametrize(
    ("said", "suits", "following"),
    [
        (StatusSaid.CSO, True, "3.4"),
        (StatusSaid.CSO, False, "3.7"),
        (StatusSaid.NSO, None, "order_ended"),
        (StatusSaid.NEITHER, None, "order_ended"),
    ],
)
def test_3_4_what_follows_the_call(said: StatusSaid, suits: bool | None, following: str) -> None:
    assert after_call(said, suits) == following


@pytest.mark.req("P3.S3.1", "P3.S3.2", "AMB-P3-17")
@pytest.mark.parametrize(
    "wrong",
    [
        {"said": None},
        {"property_may_suit": None},
        {"spoke_with": None},
        {"outcome": "voicemail"},
        {"said": "NSO"},
        {"ended_at": NOW - timedelta(minutes=20)},
    ],
)
def test_3_3_the_call_answers_both_questions(wrong: dict[str, Any]) -> None:
    assert PhoneAboutProperty(**CALL)
    with pytest.raises(ValidationError):
        PhoneAboutProperty(**(CALL | wrong))


@pytest.mark.req("P3.S3.1", "AMB-P1-22")
def test_3_3_a_call_lies_in_the_past_and_is_not_older_than_the_last_word() -> None:
    later = CALL | {"ended_at": NOW + timedelta(minutes=6)}
    with pytest.raises(Refused) as caught:
        check_answer(state(), PhoneAboutProperty(**later), {}, NOW)
    assert caught.value.rule == "P3.S3.1"
    newer = Statement(confirmation_id="S1", said=StatusSaid.CSO, channel=Channel.VERBAL, said_at=NOW)
    with pytest.raises(Refused) as caught:
        check_answer(state(said=(newer,)), PhoneAboutProperty(**CALL), {}, NOW)
    assert caught.value.rule == "AMB-P1-22"


@pytest.mark.req("P3.S7.1")
def test_3_7_declined_is_refused() -> None:
    check_answer(state(), EnterWithdrawn(outcome="withdrawn"), {}, NOW)
    with pytest.raises(Refused) as caught:
        check_answer(state(), EnterWithdrawn(outcome="declined"), {}, NOW)
    assert caught.value.rule == "P3.S7.1"


@pytest.mark.req("P3.S1.1", "P3.S1.2")
def test_3_1_a_match_names_its_property_and_its_t365_is_read() -> None:
    read = ConsiderMatch(t365_read=True, note="n")
    check_answer(state(), read, {}, NOW)
    with pytest.raises(Refused) as caught:
        check_answer(state(property_ref=None), read, {}, NOW)
    assert caught.value.rule == "P3.S1.1"
    with pytest.raises(ValidationError):
        ConsiderMatch.model_validate({"t365_read": False, "note": "n"})


@pytest.mark.req("P3.S2.c3", "P3.S2.c4", "AMB-P3-2")
@pytest.mark.parametrize("view", ["suitable", "unsuitable"])
def test_3_2_either_decision_needs_its_reasons(view: str) -> None:
    assert WeighMatch.model_validate({"view": view, "reasons": "r"})
    with pytest.raises(ValidationError):
        WeighMatch.model_validate({"view": view, "reasons": " "})


@pytest.mark.req("AMB-X-5")
def test_3_while_paused_nothing_new_is_disclosed_and_the_call_goes_on() -> None:
    agreed = AgreedCall(call_id="L1", ended_at=NOW, closes_at=NOW + timedelta(hours=48))
    paused = state(paused=PAUSE, agreed=agreed)
    confirmed: dict[str, Any] = {"contact_id": "c", "contact_version": 1, "recipient_confirmed": True}
    booked = BookViewing(starts_at=NOW, with_corrections="Sam Contact", diaried=True, note="n")
    waits = (SendVoidRequest(**confirmed), booked, PrintT438(), RemindSignature(**confirmed))
    assert {type(one) for one in waits} == set(match_void.WAITS_WHILE_PAUSED)
    for answer in waits:
        with pytest.raises(Refused) as caught:
            check_answer(paused, answer, {"contact_unchanged": True}, NOW)
        assert caught.value.rule == "AMB-X-5"
        check_answer(state(agreed=agreed), answer, {"contact_unchanged": True}, NOW)
    check_answer(paused, PhoneAboutProperty(**CALL), {}, NOW)


@pytest.mark.req("P3.S4.a5", "P3.S6.a3", "P3.S7.2")
@pytest.mark.parametrize("name", ["viewing", "pre_approval", "withdrawal"])
def test_3_the_questions_are_versioned_sets_and_must_be_answered(name: str) -> None:
    asked = next(one for one in match_void.ANSWERS if one.question_set == name)
    assert QUESTION_SETS[name].identity == f"{name}/1"
    empty = asked.model_validate({"answers": {}, "comment": "n"})
    with pytest.raises(Refused):
        check_answer(state(), empty, {}, NOW)


@pytest.mark.req("P3.S4.a7", "P3.S7.3")
def test_3_the_comment_of_the_questions_is_the_detailed_note() -> None:
    for asked in (*match_void.ANSWERS, *offer.ANSWERS):
        if asked.question_set is not None:
            with pytest.raises(ValidationError):
                asked.model_validate({"answers": {}, "comment": " "})


@pytest.mark.req("AMB-P3-15", "AMB-P3-16", "AMB-X-4", "AMB-X-13")
@pytest.mark.parametrize(
    ("change", "ending"),
    [
        (changes.PropertyGone(what="let", note="n"), Ending.PROPERTY_GONE),
        (changes.MatchWithdrawn(reason="r"), Ending.MATCH_WITHDRAWN),
        (changes.ApplicationWithdrawn(reason="r"), Ending.NO_LONGER_APPLICANT),
        (changes.Vacated(reason="r", still_considered=False), Ending.NO_LONGER_APPLICANT),
        (changes.Vacated(reason="r", still_considered=True), None),
        (changes.Died(note="n"), Ending.DIED),
        (changes.Withdraw(reason="r"), Ending.IN_ERROR),
        (changes.ApprovalTakenBack(said_by="s", reason="r"), Ending.APPROVAL_WITHDRAWN),
    ],
)
def test_3_how_each_change_ends_a_match(change: changes.Change, ending: Ending | None) -> None:
    assert ending_of(change) is ending


@pytest.mark.req("P3.S7.1", "P3.S7.2", "AMB-P3-3", "AMB-P3-15", "AMB-P3-16")
@pytest.mark.parametrize("ending", list(Ending))
def test_3_7_what_each_ending_asks(ending: Ending) -> None:
    agreed = AgreedCall(call_id="L1", ended_at=NOW, closes_at=NOW)
    plain = {one.kind for one in closing_tasks(state(ending=ending), may_calculate=True)}
    full = {
        one.kind
        for one in closing_tasks(state(ending=ending, agreed=agreed, papers=("T",)), may_calculate=True)
    }
    final = ending in (Ending.ORDER_ENDED, Ending.DIED)
    assert ("enter_withdrawn" in full) is not final
    assert "tell_corrections" not in plain
    told_before = (Ending.UNSUITABLE, Ending.CORRECTIONS_DISAGREES, Ending.NOT_SUITABLE)
    assert ("tell_corrections" in full) is not (final or ending in told_before)
    assert "settle_paper" in full - plain
    untouched = (Ending.NO_LONGER_APPLICANT, Ending.IN_ERROR)
    assert ("withdrawal_questions" in plain) is not (final or ending in untouched)
    assert "withdrawal_questions" not in {
        one.kind for one in closing_tasks(state(ending=ending), may_calculate=False)
    }
    assert set(CLOSINGS) == set(Ending)


@pytest.mark.req("AMB-X-4")
def test_3_7_only_the_end_of_the_order_or_a_death_overtakes_an_ending() -> None:
    for ending in Ending:
        final = ending in (Ending.ORDER_ENDED, Ending.DIED)
        assert overrides(state(), ending)
        assert overrides(state(ending=Ending.UNSUITABLE), ending) is final
        assert not overrides(state(ending=Ending.DIED), ending)


@pytest.mark.req("AMB-X-6", "AMB-X-7", "NFR-4", "AMB-P4-5")
@pytest.mark.parametrize(
    ("kind", "given", "rule"),
    [
        ("step_back", {"to_step": "3.6"}, "AMB-X-6"),
        ("step_back", {"to_step": "4.2"}, "AMB-X-6"),
        ("step_back", {"to_step": "3.3"}, "AMB-X-6"),
        ("wrong_recipient", {"mail_id": "C9-1", "note": "n"}, "AMB-X-7"),
        ("extend_deadline", {"working_days": 7}, "NFR-4"),
        ("recalculate_deadline", {}, "NFR-4"),
        ("approval_taken_back", {"said_by": "s"}, "AMB-P4-5"),
        ("moved_home", {}, "AMB-X-6"),
        ("go_back", {"to_step": "2.2", "asked_by": "a"}, "AMB-X-6"),
    ],
)
def test_3_changes_that_do_not_fit_are_refused(kind: str, given: dict[str, Any], rule: str) -> None:
    asked = CHANGES[kind]
    wanted = {"reason": "r", "asked_by": "a"} | given
    change = asked.model_validate({name: wanted[name] for name in asked.model_fields if name in wanted})
    with pytest.raises(Refused) as caught:
        check_change(state(), change, NOW)
    assert caught.value.rule == rule


def test_3_a_match_says_whom_it_waits_for() -> None:
    assert state(step="3.3").waiting_for == "the property"
    assert state(step=END).waiting_for == "nobody"
