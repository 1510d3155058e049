"""The standing duty as pure rules: how long it lasts, who is under 16, what a comparison of the register raises."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from procedures import changes
from procedures.disclose_change import (
    ApproveRiskDisclosure,
    DiscloseChangeState,
    ProposeRiskDisclosure,
    SendT442,
    check_answer,
    check_change,
    mail_fields,
)
from procedures.form_exchange import SendFailed
from procedures.identify_state import LinkedPerson
from procedures.local_time import instant_at
from procedures.refusals import Refused
from procedures.terms import Occupancy, Procedure, RecordState, Role
from procedures.transitions import AssessmentCode
from procedures.watch import (
    DutyKind,
    HomeSeen,
    ReportedEvent,
    became_live,
    changes_found,
    duty_lasts,
    has_a_new_home,
    is_under_16,
)

TODAY = date(2026, 12, 9)
NOON = instant_at(TODAY, time(12))
ADULT, CHILD = "1990-01-01", "2015-01-01"
HOME = HomeSeen(
    live=True,
    occupancy="tenant",
    lives_in_a_home=True,
    property_ref="H-1",
    address="1 Made Up Road",
    others=(("P-2", ADULT),),
)


def duty(kind: DutyKind = DutyKind.HOUSEHOLD_CHANGE, **changed: Any) -> DiscloseChangeState:
    """A duty that waits to be fulfilled."""
    return DiscloseChangeState(
        case_id="D00000001",
        procedure=Procedure.DISCLOSE_CHANGE,
        edition="CT-PRO-301 v6",
        region="harbourview",
        step="A",
        person=LinkedPerson(
            primary="P-1",
            records=(),
            record_state=RecordState.LIVE,
            occupancy=Occupancy.TENANT,
            property_ref="H-1",
            region="harbourview",
        ),
        kind=kind,
        facts="A second adult has moved in.",
        aware_on=TODAY,
        **changed,
    )


def rule_of(check: Any) -> str:
    """The rule that refuses."""
    with pytest.raises(Refused) as refused:
        check()
    return refused.value.rule


def years_before(day: date, years: int, days: int = 0) -> date:
    """Born so many years before the day, `days` later."""
    return day.replace(year=day.year - years) + timedelta(days=days)


@pytest.mark.req("P2.F2", "P4.F2", "AMB-P2-16")
@pytest.mark.parametrize(
    ("born", "young"),
    [
        (years_before(TODAY, 16, 1), True),  # 15 years and 364 days on the day of the request
        (years_before(TODAY, 16), False),
        (years_before(TODAY, 16, -1), False),
        (years_before(TODAY, 1), True),
        (TODAY + timedelta(days=90), True),  # unborn
        (None, True),
    ],
)
def test_2_5_age_is_that_on_the_day_of_the_request(born: date | None, young: bool) -> None:
    assert is_under_16(born, TODAY) is young


def test_2_5_somebody_born_on_a_leap_day_is_16_on_the_first_of_march() -> None:
    assert is_under_16(date(2008, 2, 29), date(2024, 2, 28))
    assert not is_under_16(date(2008, 2, 29), date(2024, 2, 29))
    assert is_under_16(date(2008, 2, 29), date(2023, 3, 1))
    assert not is_under_16(date(2004, 2, 29), date(2021, 3, 1))


@pytest.mark.req("AMB-P2-14")
@pytest.mark.parametrize("code", list(AssessmentCode))
@pytest.mark.parametrize("confirmed", [True, False])
@pytest.mark.parametrize("lives", [True, False])
def test_2_5_the_duty_lasts_while_an_order_is_confirmed_and_the_person_lives_in_a_home(
    code: AssessmentCode, confirmed: bool, lives: bool
) -> None:
    wanted = lives and (code is AssessmentCode.D1 or (code is AssessmentCode.D1P and confirmed))
    assert duty_lasts(code, order_confirmed=confirmed, lives_in_a_home=lives) == wanted


@pytest.mark.req("P2.F1", "P2.F2", "P4.F1", "P4.F2")
def test_2_5_a_changed_household_is_found_once_for_everybody_and_again_for_the_young() -> None:
    adult = HOME.model_copy(update={"others": (("P-2", ADULT), ("P-3", ADULT))})
    child = HOME.model_copy(update={"others": (("P-2", ADULT), ("P-3", CHILD))})
    unknown = HOME.model_copy(update={"others": (("P-2", ADULT), ("P-3", None))})
    gone = HOME.model_copy(update={"others": ()})
    both = [DutyKind.HOUSEHOLD_CHANGE, DutyKind.UNDER_16_REQUEST]
    assert [found.kind for found in changes_found(HOME, adult, TODAY)] == both[:1]
    assert [found.kind for found in changes_found(HOME, child, TODAY)] == both
    assert [found.kind for found in changes_found(HOME, unknown, TODAY)] == both
    assert [found.kind for found in changes_found(HOME, gone, TODAY)] == both[:1]
    assert changes_found(HOME, HOME, TODAY) == ()


@pytest.mark.req("P2.F4", "P4.F4")
@pytest.mark.parametrize(
    "changed",
    [
        {"lives_in_a_home": False, "occupancy": "none", "live": False},
        {"property_ref": "H-2", "address": "2 Made Up Road"},
        {"address": "1A Made Up Road"},
    ],
    ids=["left", "moved", "address"],
)
def test_2_5_a_changed_accommodation_is_found(changed: dict[str, Any]) -> None:
    [found] = changes_found(HOME, HOME.model_copy(update=changed), TODAY)
    assert found.kind is DutyKind.ACCOMMODATION_CHANGE
    assert not any(word in found.facts for word in ("P-1", "P-2", "Made Up"))


@pytest.mark.req("AMB-P2-14")
def test_2_5_nothing_is_found_about_somebody_who_lives_in_no_home() -> None:
    elsewhere = HOME.model_copy(update={"lives_in_a_home": False, "property_ref": None})
    assert changes_found(elsewhere, HOME, TODAY) == ()
    assert has_a_new_home(elsewhere, HOME)
    assert not has_a_new_home(HOME, HOME)


@pytest.mark.req("AMB-P1-15")
def test_1_6_a_record_becomes_live_and_nothing_else_does() -> None:
    historic = HOME.model_copy(update={"live": False, "lives_in_a_home": False, "occupancy": "none"})
    applies = historic.model_copy(update={"live": True, "occupancy": "applicant"})
    assert became_live(historic, applies)
    assert became_live(historic, HOME)
    assert not became_live(HOME, historic)
    assert not became_live(applies, HOME)


@pytest.mark.req("P2.F5", "P4.F5")
def test_2_5_the_duty_is_closed_by_nothing_but_a_sent_t442() -> None:
    state = duty()
    assert rule_of(lambda: check_change(state, changes.Withdraw(reason="no need"), NOON)) == "P2.F5"
    given_up = SendFailed(action="do_not_send", note="no need")
    assert rule_of(lambda: check_answer(state, given_up, {})) == "P2.F5"


@pytest.mark.req("P2.F3", "P4.F3", "PRV-14")
def test_2_5_a_changed_risk_is_not_told_without_the_privacy_check() -> None:
    answer = SendT442(contact_id="contact-1", contact_version=1, recipient_confirmed=True)
    facts = {"contact_unchanged": True}
    assert rule_of(lambda: check_answer(duty(DutyKind.RISK_CHANGE), answer, facts)) == "PRV-14"
    check_answer(duty(DutyKind.RISK_CHANGE, privacy_check="D00000001-2"), answer, facts)
    check_answer(duty(), answer, facts)


@pytest.mark.req("AMB-P2-15")
def test_2_5_the_manager_alone_decides_the_privacy_check() -> None:
    assert ApproveRiskDisclosure.roles() == {Role.MANAGER_HOUSING_WELLBEING_SUPPORT}
    assert ProposeRiskDisclosure.role is Role.ADVISOR_WELLBEING_SUPPORT
    assert ApproveRiskDisclosure.model_fields["reason"].is_required()


@pytest.mark.req("P2.F4")
def test_2_5_leaving_does_not_end_the_duty_to_tell_of_it() -> None:
    left = changes.Vacated(reason="gone", still_considered=False)
    leaving = duty(DutyKind.ACCOMMODATION_CHANGE)
    assert rule_of(lambda: check_change(leaving, left, NOON)) == "P2.F4"
    check_change(duty(), left, NOON)


@pytest.mark.req("P2.F5")
@pytest.mark.parametrize("kind", list(DutyKind))
def test_2_5_the_form_says_which_kind_of_change_it_is(kind: DutyKind) -> None:
    fields = mail_fields(duty(kind, privacy_check="D00000001-2"))
    assert fields["disclosure"] == kind.disclosure.value
    assert fields["aware_on"] == "2026-12-09"
    assert fields["privacy_check"] == "D00000001-2"
    assert len({other.disclosure for other in DutyKind}) == len(DutyKind)


def test_2_5_an_event_is_about_a_home_or_a_person() -> None:
    given: dict[str, Any] = {"kind": "household_change", "facts": "x", "aware_on": TODAY}
    for about in ({}, {"property_ref": "H-1", "person_ref": "P-1"}):
        with pytest.raises(ValueError, match="not both"):
            ReportedEvent.model_validate(given | about)
