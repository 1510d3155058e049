"""What a mistake in something sent asks, what it refuses, and which corrections are mistakes at all (AMB-X-6)."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from procedures import EDITION, changes
from procedures.changes import CHANGES, Change
from procedures.correct_sent import (
    TOLD,
    CorrectSentState,
    Mistake,
    SentItem,
    TellOfMistake,
    check_answer,
    check_change,
    mail_fields,
    mistake_in,
    particulars,
)
from procedures.form_exchange import PrivacyIncident
from procedures.identify_state import LinkedPerson
from procedures.mail_guard import is_opaque, secure_subject
from procedures.refusals import Refused
from procedures.terms import Occupancy, Procedure, RecordState

AT = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
CONTACT = {"contact_id": "K-1", "contact_version": 3, "recipient_confirmed": True}
FACTS = {"contact_unchanged": True, "refusals": []}
SAID = {"said_by": "Sam Contact", "office": "Harbourview", "said_at": AT, "note": "Called back."}
REPORTED: dict[str, dict[str, Any]] = {
    "withdraw": {"reason": "x"},
    "corrections_says": SAID | {"said": "NSO"},
    "correct_link": {k: v for k, v in SAID.items() if k != "note"}
    | {"reason": "x", "asked_by": "A", "no_person_reason": "x"},
    "vacated": {"reason": "x", "still_considered": False},
    "died": {"note": "x"},
    "wrong_recipient": {"mail_id": "C1-1", "note": "x"},
    "extend_deadline": {"working_days": 7, "reason": "x"},
    "recalculate_deadline": {"reason": "x"},
    "moved_home": {"reason": "x"},
    "linked_in_error": {"reason": "x"},
    "go_back": {"to_step": "2.2", "asked_by": "A", "reason": "x"},
    "property_gone": {"what": "let", "note": "x"},
    "match_withdrawn": {"reason": "x"},
    "application_withdrawn": {"reason": "x"},
    "approval_taken_back": {"said_by": "Sam", "reason": "x"},
    "step_back": {"to_step": "3.3", "asked_by": "A", "reason": "x"},
    "considered_for_void": {"note": "x"},
}
MISTAKES = {
    "correct_link": Mistake.WRONG_PERSON,
    "linked_in_error": Mistake.WRONG_PERSON,
    "go_back": Mistake.WRONG_BRANCH,
    "step_back": Mistake.WRONG_BRANCH,
    "wrong_recipient": Mistake.WRONG_RECIPIENT,
}


def item(number: int = 1, **changed: Any) -> SentItem:
    """Something that went to a contact."""
    given = {
        "item_id": f"C1-{number}",
        "case_id": "C1",
        "kind": "T-441",
        "reference": f"C1-{number}",
        "contact_id": "K-1",
        "went_at": AT,
    }
    return SentItem(**given | changed)


def state(*items: SentItem) -> CorrectSentState:
    """A follow-up that lists these."""
    return CorrectSentState(
        case_id="X1",
        procedure=Procedure.CORRECT_SENT,
        edition=EDITION,
        region="R01",
        step="A",
        person=LinkedPerson(
            primary="P-1",
            records=(),
            record_state=RecordState.LIVE,
            occupancy=Occupancy.TENANT,
            property_ref=None,
            region="R01",
        ),
        about_case_id="C1",
        mistake=Mistake.WRONG_PERSON,
        reason="x",
        items=items,
    )


def tell(**changed: Any) -> TellOfMistake:
    """An answer that tells Corrections."""
    return TellOfMistake(**{"tell_corrections": True} | CONTACT | changed)


def rule_of(held: CorrectSentState, answer: TellOfMistake, facts: dict[str, Any] = FACTS) -> str | None:
    """Which rule refuses the answer."""
    try:
        check_answer(held, answer, facts)
    except Refused as refused:
        return refused.rule
    return None


@pytest.mark.req("AMB-X-6", "AMB-P1-22")
@pytest.mark.parametrize("kind", CHANGES)
def test_a_which_changes_say_that_something_was_wrong_all_along(kind: str) -> None:
    change = CHANGES[kind].model_validate(REPORTED[kind])
    assert mistake_in(change) == MISTAKES.get(kind)


@pytest.mark.req("AMB-P1-22", "PRV-13")
@pytest.mark.parametrize(
    ("said", "taken_back", "mistake"),
    [
        ("CSO", False, None),
        ("NSO", False, None),
        ("neither", False, Mistake.WRONG_PERSON),
        ("CSO", True, Mistake.STATUS_REVERSED),
        ("NSO", True, Mistake.STATUS_REVERSED),
        ("neither", True, Mistake.WRONG_PERSON),
    ],
)
def test_1_5_an_order_that_ended_is_no_mistake(said: str, taken_back: bool, mistake: Mistake | None) -> None:
    given = SAID | {"said": said, "taken_back": taken_back}
    assert mistake_in(changes.CorrectionsSays.model_validate(given)) == mistake


@pytest.mark.req("AMB-X-7", "AMB-X-6")
@pytest.mark.parametrize("mistake", Mistake)
def test_a_every_mistake_has_fixed_words_and_two_are_privacy_incidents(mistake: Mistake) -> None:
    assert TOLD[mistake].endswith(".")
    named = mistake in (Mistake.WRONG_PERSON, Mistake.WRONG_RECIPIENT)
    assert mistake.is_a_privacy_incident == named


@pytest.mark.req("AMB-X-6", "PRV-16")
def test_a_the_notice_names_references_forms_and_days_and_nobody() -> None:
    lines = particulars([("C1-1", "T-441", AT), ("C1-17030-1", "17-030", AT)], Mistake.WRONG_PERSON)
    assert lines == {
        "Earlier reference": (
            "C1-1 (T-441 of Friday 20 November 2026); C1-17030-1 (17-030 of Friday 20 November 2026)"
        ),
        "What was wrong": "It named the wrong person.",
    }
    assert particulars([], Mistake.WRONG_PERSON) == {}
    assert is_opaque(secure_subject("X1A2B3C4D5E6F-2-1"))


@pytest.mark.req("AMB-X-6")
def test_a_an_answer_tells_or_says_why_not() -> None:
    for wrong in (
        {"tell_corrections": True},
        {"tell_corrections": True, **CONTACT, "no_contact_known": True},
        {"tell_corrections": True, **CONTACT, "recipient_confirmed": False},
        {"tell_corrections": True, **CONTACT, "not_told_because": "x"},
        {"tell_corrections": False},
        {**CONTACT},
    ):
        with pytest.raises(ValidationError):
            TellOfMistake.model_validate(wrong)
    assert TellOfMistake(tell_corrections=False, not_told_because="It was right.").contact_id is None
    assert TellOfMistake(tell_corrections=True, no_contact_known=True).as_sent().no_contact_known


@pytest.mark.req("AMB-X-6", "PRV-6", "A-A4")
def test_a_only_what_corrections_has_is_taken_back_and_the_recipient_is_confirmed() -> None:
    staff = item(3, contact_id=None, to_staff=True)
    both = state(item(1), item(2, kind="17-030"), staff)
    assert rule_of(both, tell()) is None
    assert rule_of(both, tell(corrects=("C1-2",))) is None
    assert rule_of(both, tell(corrects=("C1-9",))) == "AMB-X-6"
    assert rule_of(both, tell(corrects=("C1-3",))) == "AMB-X-6"
    assert rule_of(state(staff), tell()) == "AMB-X-6"
    assert rule_of(both, tell(), FACTS | {"contact_unchanged": False}) == "PRV-6"
    assert rule_of(both, tell(), FACTS | {"refusals": [["A-A4", "not valid today"]]}) == "A-A4"
    untold = TellOfMistake(tell_corrections=False, not_told_because="Staff only.")
    assert rule_of(state(staff), untold) is None
    check_answer(both, PrivacyIncident(actions_taken="Reported."), {})


@pytest.mark.req("AMB-X-6")
def test_a_the_mail_says_what_was_answered_else_what_was_reported() -> None:
    held = state(item(1), item(2), item(3, to_staff=True, contact_id=None))
    assert mail_fields(held) == {"corrects": ["C1-1", "C1-2"], "mistake": "wrong_person"}
    answered = tell(corrects=("C1-2",), mistake="wrong_fact")
    assert mail_fields(held, answered) == {"corrects": ["C1-2"], "mistake": "wrong_fact"}


@pytest.mark.req("AMB-X-6", "AMB-X-7")
def test_a_a_follow_up_knows_no_change_but_a_wrong_recipient() -> None:
    held = state(item())
    held.exchange = held.exchange.model_copy(update={"mail_id": "X1-1"})
    for kind, given in REPORTED.items():
        change: Change = CHANGES[kind].model_validate(given)
        with pytest.raises(Refused) as refused:
            check_change(held, change)
        assert refused.value.rule == ("AMB-X-7" if kind == "wrong_recipient" else "AMB-X-6")
    check_change(held, changes.WrongRecipient(mail_id="X1-1", note="Other office."))
