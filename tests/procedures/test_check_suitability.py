"""Procedure 2 as pure rules: who is checked, which answers are refused, how a case ends."""

from datetime import date, time
from typing import Any

import pytest

from procedures import changes
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.check_suitability import (
    ANSWERS,
    Alternative,
    CheckSuitabilityState,
    SendT439,
    SupportMove,
    after_answer,
    ceased_as,
    check_answer,
    check_change,
    following_number,
    may_take_transfer_application,
    opening,
)
from procedures.identify_state import IdentifyState, LinkedPerson, RecordHeld
from procedures.local_time import instant_at
from procedures.mail_texts import SHAPES, MailKind
from procedures.refusals import Refused
from procedures.returned_parts import Suitability
from procedures.terms import Form, Occupancy, Procedure, RecordState, ReportGroup, Role, StatusSaid

NOON = instant_at(date(2026, 12, 9), time(12))
LIVES = [kind for kind in Occupancy if kind.lives_in_a_home]


def identified(occupancy: Occupancy = Occupancy.TENANT, entry_id: str | None = "entry-1") -> IdentifyState:
    """A case of procedure 1 about to end with D1."""
    return IdentifyState(
        case_id="C123456789",
        procedure=Procedure.IDENTIFY,
        edition="CT-PRO-301 v6",
        region="harbourview",
        step="1.7",
        entry_id=entry_id,
        group=ReportGroup.NEW_CSO,
        friday=date(2026, 12, 4),
        person=LinkedPerson(
            primary="P-1",
            records=(
                RecordHeld(
                    person_ref="P-1",
                    number="A-1",
                    code=AssessmentCode.D1.value,
                    status=AssessmentStatus.CUR.value,
                    version=2,
                ),
            ),
            record_state=RecordState.LIVE,
            occupancy=occupancy,
            property_ref="H-1",
            region="harbourview",
        ),
    )


def support(**changed: Any) -> SupportMove:
    """An answer with all three consents."""
    given: dict[str, Any] = {
        "support": "Met Corrections.",
        "options": [Alternative.MSD],
        "person_happy": True,
        "household_happy": "yes",
        "corrections_supports": True,
        "transfer_application": True,
    }
    return SupportMove.model_validate(given | changed)


def rule_of(check: Any) -> str:
    """The rule that refuses."""
    with pytest.raises(Refused) as refused:
        check()
    return refused.value.rule


@pytest.mark.req("P2.W1")
@pytest.mark.parametrize("occupancy", LIVES)
def test_2_1_each_of_the_five_kinds_opens_a_case(occupancy: Occupancy) -> None:
    state = opening(identified(occupancy))
    assert (state.step, state.case_id, state.person.occupancy) == ("2.1", "C123456789-S1", occupancy)
    assert state.exchange.form is Form.T_439


@pytest.mark.req("P2.W1")
@pytest.mark.parametrize("occupancy", [Occupancy.APPLICANT, Occupancy.NONE])
def test_2_1_nobody_else_does(occupancy: Occupancy) -> None:
    assert rule_of(lambda: opening(identified(occupancy))) == "P2.W1"


@pytest.mark.req("P2.W2", "AMB-P2-17")
def test_2_1_without_any_report_entry_there_is_no_case() -> None:
    assert rule_of(lambda: opening(identified(entry_id=None))) == "P2.W2"
    assert opening(identified(entry_id=None), found_by="entry-of-last-year").entry_id == "entry-of-last-year"


@pytest.mark.req("P2.R1")
def test_2_1_every_task_is_the_advisors_or_its_covers() -> None:
    advisor, manager = Role.ADVISOR_WELLBEING_SUPPORT, Role.MANAGER_HOUSING_WELLBEING_SUPPORT
    assert {answer.kind: answer.roles() for answer in ANSWERS} == {
        answer.kind: frozenset({advisor, manager}) for answer in ANSWERS
    }
    assert {answer.role for answer in ANSWERS} == {advisor}


@pytest.mark.req("P2.N1")
def test_2_1_the_steps_in_the_register_name_the_user_guide() -> None:
    assert [answer.kind for answer in ANSWERS if "CT-USG-103" in answer.guidance] == [
        "send_t439",
        "location_outcome",
    ]


@pytest.mark.req("P2.S1.3", "AMB-P2-1")
def test_2_1_both_forms_are_one_message_and_there_is_no_message_with_the_t439_alone() -> None:
    assert SHAPES[MailKind.T_439_T_442].forms == (Form.T_439, Form.T_442)
    first = [kind for kind, shape in SHAPES.items() if Form.T_439 in shape.forms and "incomplete" not in kind]
    assert all(Form.T_442 in SHAPES[kind].forms for kind in first)


@pytest.mark.req("AMB-X-5")
def test_2_1_nothing_is_sent_while_the_case_is_paused() -> None:
    state = opening(identified())
    state = CheckSuitabilityState.model_validate(
        state.model_dump()
        | {"paused": {"since": NOON, "service_manager_at": NOON, "manager_at": NOON, "told": 0}}
    )
    answer = SendT439(contact_id="contact-1", contact_version=1, recipient_confirmed=True)
    assert rule_of(lambda: check_answer(state, answer, {})) == "AMB-X-5"


@pytest.mark.req("P2.S3.a", "P2.S3.b", "AMB-P2-8")
def test_2_3_there_are_two_answers_and_no_third() -> None:
    assert {said: after_answer(said) for said in Suitability} == {
        Suitability.SUITABLE: "2.4",
        Suitability.NOT_SUITABLE: "support",
    }


@pytest.mark.req("P2.S3.b3")
@pytest.mark.parametrize("person", [True, False])
@pytest.mark.parametrize("household", ["yes", "no", "not_applicable"])
@pytest.mark.parametrize("corrections", [True, False])
@pytest.mark.parametrize("alone", [True, False])
def test_2_3_an_application_needs_all_three_and_is_never_automatic(
    person: bool, household: str, corrections: bool, alone: bool
) -> None:
    answer = support(person_happy=person, household_happy=household, corrections_supports=corrections)
    state, facts = opening(identified()), {"lives_alone": alone}
    allowed = person and corrections and (household == "yes" or (household == "not_applicable" and alone))
    if allowed:
        check_answer(state, answer, facts)
    else:
        assert rule_of(lambda: check_answer(state, answer, facts)) == "P2.S3.b3"
    assert may_take_transfer_application(answer) == (person and corrections and household != "no")
    assert SupportMove.model_fields["transfer_application"].default is False


@pytest.mark.req("P2.S3.b2")
def test_2_3_three_kinds_of_options_can_be_recorded() -> None:
    assert len(Alternative) == 3
    assert support(options=list(Alternative)).options == tuple(Alternative)
    with pytest.raises(ValueError, match="options"):
        support(options=[])


@pytest.mark.req("P2.S3.b1", "AMB-P2-5")
def test_2_3_there_is_no_notice_to_quit_and_no_forced_move() -> None:
    words = ("evict", "terminate", "notice to")
    kinds = [answer.kind for answer in ANSWERS] + list(changes.CHANGES)
    assert not [kind for kind in kinds if any(word in kind for word in words)]
    assert "support" in SupportMove.model_fields
    assert SupportMove.model_fields["support"].is_required()


@pytest.mark.parametrize(
    ("said", "outcome"),
    [(StatusSaid.NSO, "ceased_nso"), (StatusSaid.NEITHER, "ceased_not_this_person")],
)
def test_2_2_the_end_names_what_corrections_said(said: StatusSaid, outcome: str) -> None:
    assert ceased_as(said) == outcome


@pytest.mark.req("AMB-X-6")
def test_2_3_a_mistake_goes_back_only_to_what_was_decided() -> None:
    state = opening(identified())
    back = changes.GoBack(to_step="2.2", asked_by="Aroha Example", reason="read wrongly")
    assert rule_of(lambda: check_change(state, back, NOON)) == "AMB-X-6"
    wrong_case = changes.CorrectLink(
        reason="x", asked_by="x", said_by="x", office="x", said_at=NOON, no_person_reason="x"
    )
    assert rule_of(lambda: check_change(state, wrong_case, NOON)) == "AMB-X-6"
    moved = changes.MovedHome(reason="x")
    assert rule_of(lambda: changes.check_change(identified(), moved, {}, NOON)) == "AMB-X-6"


def test_2_1_numbers_of_following_cases_never_repeat() -> None:
    assert following_number("C123", "S") == "C123-S1"
    assert following_number("C123-S1", "S") == "C123-S2"
    assert following_number("C123-S1-R1", "S") == "C123-S1-R1-S1"
    assert following_number("C123-S1", "D") == "C123-S1-D1"
