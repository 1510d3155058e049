"""Procedure 4 as pure rules: rating before meeting, gate before offer, offer before showing, withdrawn or declined."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from procedures import EDITION, offer
from procedures.changes import ApprovalTakenBack, StepBack
from procedures.check_suitability_state import Pause
from procedures.identify_state import LinkedPerson, RecordHeld
from procedures.mail_guard import refusals_of
from procedures.mail_texts import SHAPES, MailKind, Signature, mail_text
from procedures.match_void_endings import Ending
from procedures.match_void_state import Approval, MatchState
from procedures.offer import check_answer, check_change, closing_tasks, opening
from procedures.offer_answers import (
    ActOnRiskRating,
    AnswerOfferQuestions,
    CheckRiskRating,
    DecideNoAnswer,
    EnterOfferOutcome,
    MakeOffer,
    PrepareSignUp,
    RecordPersonsAnswer,
    ShowProperty,
)
from procedures.offer_state import OfferState, RatingCheck
from procedures.parameters import Parameters
from procedures.proposed_mail import Notice, ProposedMail, RecipientKind
from procedures.refusals import Refused
from procedures.terms import Occupancy, Procedure, RecordState, Role

NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
PERSON = LinkedPerson(
    primary="P-1",
    records=(RecordHeld(person_ref="P-1", number="A-1", code="D1", status="CUR", version=3),),
    record_state=RecordState.LIVE,
    occupancy=Occupancy.APPLICANT,
    property_ref=None,
    region="harbourview",
)
APPROVAL = Approval(
    approval_id="B1", person_ref="P-1", property_ref="V-1", suitability="suitable", signed=True, stored=True
)
CHECKED = RatingCheck(rating_id="R1", action="none", done=True)
REFUSED: dict[str, Any] = {
    "accepted": False,
    "outcome": "declined",
    "reason_kind": "own_refusal",
    "reason": "Too far from family.",
    "policy_reference": "CT-GDL-006",
    "note": "n",
}


def state(**changed: Any) -> OfferState:
    given = {
        "case_id": "C1-O1",
        "procedure": Procedure.OFFER,
        "edition": EDITION,
        "region": "harbourview",
        "step": "4.3",
        "person": PERSON,
        "property_ref": "V-1",
        "match_case_id": "C1",
        "approval": APPROVAL,
        "rating": CHECKED,
        "offered_at": NOW - timedelta(days=1),
    }
    return OfferState(**(given | changed))


def match(**changed: Any) -> MatchState:
    given = {
        "case_id": "C1",
        "procedure": Procedure.MATCH_VOID,
        "edition": EDITION,
        "region": "harbourview",
        "step": "3.6",
        "person": PERSON,
        "property_ref": "V-1",
        "ko_view": "suitable",
        "approval": APPROVAL,
    }
    return MatchState(**(given | changed))


def refused_by(held: OfferState, answer: Any, **facts: Any) -> str | None:
    try:
        check_answer(held, answer, facts, NOW)
    except Refused as refused:
        return refused.rule
    return None


@pytest.mark.req("P3.X1", "P4.W1", "AMB-P3-9", "P3.S6.a5")
@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({}, None),
        ({"ko_view": "unsuitable"}, "P3.X1"),
        ({"ko_view": None}, "P3.X1"),
        ({"ending": Ending.WE_DISAGREE}, "P3.X1"),
        ({"approval": None}, "P4.N1"),
        ({"approval": APPROVAL.model_copy(update={"signed": False})}, "P4.N1"),
        ({"approval": APPROVAL.model_copy(update={"suitability": "not_suitable"})}, "P4.W1"),
    ],
)
def test_4_opens_only_when_both_parties_agree(changed: dict[str, Any], rule: str | None) -> None:
    if rule is None:
        following = opening(match(), NOW)
        assert (following.case_id, following.match_case_id, following.step) == ("C1-O1", "C1", "4.1")
        return
    with pytest.raises(Refused) as caught:
        opening(match(**changed), NOW)
    assert caught.value.rule == rule


@pytest.mark.req("P4.S1.1", "P4.S1.a")
@pytest.mark.parametrize("rating", [None, RatingCheck(rating_id="R1", action="update", done=False)])
def test_4_1_no_offer_and_no_meeting_before_the_rating_is_checked_and_acted_on(
    rating: RatingCheck | None,
) -> None:
    for answer in (MakeOffer(offered_at=NOW, note="n"), ShowProperty(shown_at=NOW, note="n")):
        assert refused_by(state(rating=rating), answer) == "P4.S1.1"
        assert refused_by(state(), answer) is None


@pytest.mark.req("P4.S1.a", "P4.S1.N2", "AMB-P4-8")
@pytest.mark.parametrize(
    "wrong",
    [
        {"safe_work_plan": True},
        {"safe_work_plan_document": "D9"},
        {"action": "update", "basis": "T-441 of C0"},
        {"rating": "high", "action": "new", "basis": "T-441 of C0"},
        {"rating": "high", "action": "update"},
        {"basis": "T-441 of C0"},
        {"rating": "high", "action": "update", "basis": "x" * 81},
    ],
)
def test_4_1_a_check_says_what_is_to_be_done_and_on_what_basis(wrong: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"action": "none", "safe_work_plan": False, "note": "n"}
    assert CheckRiskRating(**plain)
    assert CheckRiskRating(**plain | {"rating": "high", "action": "update", "basis": "T-441 of C0"})
    with pytest.raises(ValidationError):
        CheckRiskRating(**plain | wrong)


@pytest.mark.req("P4.S1.a", "P4.S1.N1", "P4.S1.N2", "P4.S3.b2")
def test_4_the_references_are_shown_where_they_are_needed() -> None:
    check, act = CheckRiskRating.guidance, ActOnRiskRating.guidance
    assert all(name in check for name in ("SS-GDL-110", "CT-PRO-300", "SS-FRM-010"))
    assert all(name in act for name in ("SS-GDL-110", "CT-PRO-300"))
    assert "CT-GDL-006" in RecordPersonsAnswer.guidance
    assert "rating of its own" in check


@pytest.mark.req("P4.N1", "AMB-P4-6", "P4.S2.1")
@pytest.mark.parametrize(
    ("approval", "rule"),
    [
        (None, "P4.N1"),
        (APPROVAL.model_copy(update={"stored": False}), "P4.N1"),
        (APPROVAL.model_copy(update={"signed": False}), "P4.N1"),
        (APPROVAL.model_copy(update={"person_ref": "P-2"}), "AMB-P4-6"),
        (APPROVAL.model_copy(update={"property_ref": "V-2"}), "AMB-P4-6"),
        (APPROVAL.model_copy(update={"withdrawn": True}), "AMB-P4-5"),
        (APPROVAL, None),
    ],
)
def test_4_2_the_offer_is_refused_without_the_right_t438(approval: Approval | None, rule: str | None) -> None:
    assert refused_by(state(approval=approval), MakeOffer(offered_at=NOW, note="n")) == rule


@pytest.mark.req("P4.S2.1", "P4.S2.2")
def test_4_2_shown_after_it_was_offered_and_neither_in_the_future() -> None:
    later = NOW + timedelta(minutes=6)
    assert refused_by(state(), MakeOffer(offered_at=later, note="n")) == "P4.S2.1"
    assert refused_by(state(), ShowProperty(shown_at=later, note="n")) == "P4.S2.2"
    before = NOW - timedelta(days=1, seconds=1)
    assert refused_by(state(), ShowProperty(shown_at=before, note="n")) == "P4.S2.2"
    assert refused_by(state(offered_at=None), ShowProperty(shown_at=NOW, note="n")) == "P4.S2.2"


@pytest.mark.req("AMB-P4-1", "P4.S3.b1")
@pytest.mark.parametrize(
    ("kind", "outcome", "allowed"),
    [
        ("own_refusal", "declined", True),
        ("own_refusal", "withdrawn", False),
        *(
            (kind, "withdrawn", True)
            for kind in ("policy_accepted_reason", "agency", "corrections", "property")
        ),
        *(
            (kind, "declined", False)
            for kind in ("policy_accepted_reason", "agency", "corrections", "property")
        ),
    ],
)
def test_4_3_declined_is_the_persons_own_refusal(kind: str, outcome: str, allowed: bool) -> None:
    answer = RecordPersonsAnswer(**REFUSED | {"reason_kind": kind, "outcome": outcome})
    assert refused_by(state(), answer) == (None if allowed else "AMB-P4-1")


@pytest.mark.req("AMB-P4-1", "P4.S3.b2", "AMB-P4-2", "P4.S3.a3")
@pytest.mark.parametrize("lacking", ["outcome", "reason_kind", "reason", "policy_reference", "note"])
def test_4_3_there_is_no_default_and_notes_on_both_answers(lacking: str) -> None:
    with pytest.raises(ValidationError):
        RecordPersonsAnswer(**{k: v for k, v in REFUSED.items() if k != lacking})
    with pytest.raises(ValidationError):
        RecordPersonsAnswer.model_validate({"accepted": True})
    with pytest.raises(ValidationError):
        RecordPersonsAnswer(**REFUSED | {"accepted": True})


@pytest.mark.req("AMB-P4-4")
def test_4_3_a_withdrawal_without_answer_names_its_reference() -> None:
    assert DecideNoAnswer(decision="wait", reason="r")
    for wrong in ({"decision": "withdraw"}, {"decision": "wait", "policy_reference": "CT-GDL-006"}):
        with pytest.raises(ValidationError):
            DecideNoAnswer.model_validate({"reason": "r"} | wrong)


@pytest.mark.req("P4.S3.b1")
def test_4_3_the_coordinator_enters_what_the_advisor_has_chosen() -> None:
    chosen = state(kotahi_outcome="declined", ending=Ending.NOT_ACCEPTED)
    assert refused_by(chosen, EnterOfferOutcome(outcome="withdrawn")) == "P4.S3.b1"
    assert refused_by(chosen, EnterOfferOutcome(outcome="declined")) is None


@pytest.mark.req("AMB-P4-5")
def test_4_3_a_withdrawn_approval_holds_the_sign_up() -> None:
    taken_back = state(accepted=True, ending=Ending.APPROVAL_WITHDRAWN, kotahi_outcome="withdrawn")
    assert refused_by(taken_back, PrepareSignUp(prepared=True)) == "AMB-P4-5"
    kinds = [one.kind for one in closing_tasks(taken_back)]
    assert kinds == ["enter_offer_outcome", "tell_corrections", "sign_up_held"]
    assert "sign_up_held" not in [one.kind for one in closing_tasks(state(ending=Ending.APPROVAL_WITHDRAWN))]


@pytest.mark.req("P4.S3.b3", "P4.S3.b4", "AMB-P4-7")
@pytest.mark.parametrize("ending", list(Ending))
def test_4_3_what_each_ending_asks(ending: Ending) -> None:
    kinds = {one.kind for one in closing_tasks(state(ending=ending))}
    final = ending in (Ending.ORDER_ENDED, Ending.DIED)
    assert ("enter_offer_outcome" in kinds) is not final
    if ending is Ending.NOT_ACCEPTED:
        assert kinds == {"enter_offer_outcome", "tell_corrections"}
    if final:
        assert kinds == set()


@pytest.mark.req("P4.S4.1")
def test_4_4_the_questions_say_what_became_of_the_offer() -> None:
    answers = {"offer_outcome": "accepted", "corrections_told": "Sam Contact"}
    given = AnswerOfferQuestions(answers=answers, comment="n")
    assert refused_by(state(kotahi_outcome="declined"), given, code="D1", status="CUR") == "P4.S4.1"
    assert refused_by(state(kotahi_outcome="accepted"), given, code="D1", status="CUR") is None


@pytest.mark.req("TR-16", "P4.S4.1")
@pytest.mark.parametrize(("code", "status"), [("D1P", "PEN"), ("D2P", "PEN"), ("D2", "CUR"), (None, None)])
def test_4_4_while_the_code_is_not_d1_the_questions_wait(code: str | None, status: str | None) -> None:
    answers = {"offer_outcome": "accepted", "corrections_told": "Sam Contact"}
    given = AnswerOfferQuestions(answers=answers, comment="n")
    assert refused_by(state(kotahi_outcome="accepted"), given, code=code, status=status) == "TR-16"


@pytest.mark.req("AMB-X-5")
def test_4_while_paused_the_offer_does_not_go_on() -> None:
    pause = Pause(since=NOW, service_manager_at=NOW, manager_at=NOW)
    for answer in (MakeOffer(offered_at=NOW, note="n"), RecordPersonsAnswer(**REFUSED)):
        assert refused_by(state(paused=pause), answer) == "AMB-X-5"


@pytest.mark.req("AMB-P4-5", "AMB-X-6", "AMB-P4-11")
def test_4_changes_that_do_not_fit_are_refused() -> None:
    back = StepBack(to_step="4.3", asked_by="a", reason="r")
    wrong = [
        (state(approval=None), ApprovalTakenBack(said_by="s", reason="r"), "AMB-P4-5"),
        (state(step="4.2"), back, "AMB-X-6"),
        (state(), StepBack(to_step="3.2", asked_by="a", reason="r"), "AMB-X-6"),
    ]
    for held, change, rule in wrong:
        with pytest.raises(Refused) as caught:
            check_change(held, change, NOW)
        assert caught.value.rule == rule
    check_change(state(shown_at=NOW), back, NOW)


@pytest.mark.req("AMB-P4-3", "PRV-8", "PRV-21", "AMB-P4-10")
def test_4_3_the_message_about_an_accepted_offer_names_no_person_and_no_status() -> None:
    shape = SHAPES[MailKind.OFFER_ACCEPTED]
    text = mail_text(
        MailKind.OFFER_ACCEPTED,
        sender=Role.ADVISOR_PLACEMENT,
        signature=Signature("021", "a@placement.test", "0800", "04", "PO Box 1"),
        missing=(),
        about={"Our reference": "C1-O1-accepted", "Property": "V-1"},
        policy=Parameters(),
        edition=EDITION,
    )
    assert f"Procedure {EDITION}" in text
    mail: dict[str, Any] = {
        "mail_id": "C1-O1-accepted",
        "now": NOW,
        "addresses": ("h@placement.test",),
        "subject": "IN-CONFIDENCE - Ref C1-O1-accepted",
        "text": text,
        "classification": None,
        "notice": shape.notice,
        "staff_domains": frozenset({"placement.test"}),
    }
    assert refusals_of(ProposedMail(recipient=shape.recipient, **mail)) == ()
    assert refusals_of(
        ProposedMail(recipient=shape.recipient, **mail | {"text": f"{text} The CSO moves in."})
    )


@pytest.mark.req("P4.X1", "PRV-10")
def test_4_the_community_is_never_informed() -> None:
    told = refusals_of(
        ProposedMail(
            mail_id="C1-O1-accepted",
            now=NOW,
            recipient=RecipientKind.PUBLIC,
            addresses=("neighbour@elsewhere.example",),
            subject="IN-CONFIDENCE - Ref C1-O1-accepted",
            text="Somebody moves in.",
            classification=None,
            notice=Notice.OFFER_ACCEPTED,
            staff_domains=frozenset({"placement.test"}),
        )
    )
    assert "PRV-10" in {refusal.rule for refusal in told}
    assert all("neighbour" not in one.guidance.lower() for one in offer.ANSWERS)
