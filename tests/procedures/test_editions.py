"""Editions of the document: which one a case begins under, and that every number and question comes from its own."""

from datetime import UTC, date, datetime, timedelta

import pytest

from procedures import EDITION, letters
from procedures.editions import EDITIONS, Edition, edition_in_force, parameters_for, question_set
from procedures.forms import FORMS, PersonDetails, T441Fields, WhyWeAsk
from procedures.identify import AnswerFirstQuestion, check_answer
from procedures.identify_state import IdentifyState
from procedures.parameters import Parameters
from procedures.question_sets import QUESTION_SETS, Asks, QuestionItem
from procedures.refusals import Refused
from procedures.terms import Procedure, ReportGroup

NEXT = "CT-PRO-301 of the test"
MIDNIGHT = datetime(2026, 12, 9, 11, 0, tzinfo=UTC)
"""The beginning of Thursday 10 December 2026 in New Zealand."""
READ_TWICE = QuestionItem(key="read_twice", text="Was the row read twice?", asks=Asks.YES_NO)


@pytest.fixture
def following(monkeypatch: pytest.MonkeyPatch) -> Edition:
    """A later edition: four working days, and one question more in the first set."""
    first = QUESTION_SETS["identification"]
    asked = first.model_copy(update={"version": 2, "items": (*first.items, READ_TWICE)})
    later = Edition(
        NEXT,
        in_force_from=date(2026, 12, 10),
        parameters=Parameters(return_days=4),
        question_sets=QUESTION_SETS | {"identification": asked},
    )
    monkeypatch.setitem(EDITIONS, NEXT, later)
    return later


def beginning(under: str) -> IdentifyState:
    """A case of procedure 1 that began under this edition."""
    return IdentifyState(
        case_id="C000000001",
        procedure=Procedure.IDENTIFY,
        edition=under,
        region="R01",
        step="1.3",
        entry_id=None,
        group=ReportGroup.NEW_CSO,
        friday=date(2026, 12, 4),
    )


@pytest.mark.req("AMB-X-11")
@pytest.mark.usefixtures("following")
def test_a_case_begins_under_the_edition_of_its_own_local_day() -> None:
    assert edition_in_force(MIDNIGHT - timedelta(seconds=1)).name == EDITION
    assert edition_in_force(MIDNIGHT).name == NEXT
    with pytest.raises(LookupError, match="no edition"):
        edition_in_force(datetime(2021, 1, 1, tzinfo=UTC))


@pytest.mark.req("AMB-X-11")
@pytest.mark.usefixtures("following")
def test_numbers_and_questions_come_from_the_edition_that_is_named() -> None:
    assert parameters_for(EDITION).return_days == 5
    assert parameters_for(NEXT).return_days == 4
    assert question_set("identification", EDITION).identity == "identification/1"
    assert question_set("identification", NEXT).identity == "identification/2"
    assert question_set("location", NEXT) is question_set("location", EDITION)


@pytest.mark.req("AMB-X-11")
@pytest.mark.usefixtures("following")
def test_an_answer_is_checked_against_the_questions_of_the_case() -> None:
    without = AnswerFirstQuestion(answers={"reported_status": "CSO"})
    having = AnswerFirstQuestion(answers={"reported_status": "CSO", "read_twice": True})
    check_answer(beginning(EDITION), without, {}, MIDNIGHT)
    check_answer(beginning(NEXT), having, {}, MIDNIGHT)
    for under, answer in ((EDITION, having), (NEXT, without)):
        with pytest.raises(Refused, match="read_twice"):
            check_answer(beginning(under), answer, {}, MIDNIGHT)


def test_a_form_promises_the_days_of_the_edition(following: Edition) -> None:
    fields = T441Fields(
        our_reference="C000000001",
        prepared_on=date(2026, 12, 10),
        reply_address="wellbeing@placement.test",
        person=PersonDetails(name="Lee Sample", date_of_birth=None, corrections_reference=None),
        reason=WhyWeAsk.LIVES_IN_A_HOME,
    )
    assert "within four working days" in letters.paragraphs(fields, following.parameters)[-1]
    assert letters.working_days(1) == "one working day"
    assert letters.working_days(12) == "12 working days"


@pytest.mark.parametrize("name", EDITIONS)
def test_every_edition_is_complete(name: str) -> None:
    assert EDITIONS[name].name == name
    assert EDITIONS[name].templates.keys() == FORMS.keys()
    assert EDITIONS[name].question_sets.keys() >= QUESTION_SETS.keys()
