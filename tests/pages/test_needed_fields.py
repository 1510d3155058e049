"""What an answer needs is said before it is sent: it is required, or its field says when; and where an error leads."""

import re
from typing import Any

import pytest

from api.pages.answer_fields import FieldKind, FormField, fields_of
from api.pages.answer_form import form_of
from api.pages.answer_reading import about_all, read_answer
from api.tasks import answer_schema
from models.queries.cases import case
from procedures import EDITION
from procedures.answers import ALL
from procedures.changes import CHANGES
from tests.api.office import AWS, Office
from tests.pages.desk import desk, words
from tests.pages.test_task_pages import form_at
from tests.workflows.people import LEE, import_people

LEFT_TO_THE_READER = {
    "resolve_row": {
        "given_names", "date_of_birth", "gender", "address", "suburb", "town", "postcode", "corrections_reference",
        "corrections_office",
    },
    "close_run": {"note"},
    "send_t439": {"t442_facts"},
    "send_t442": {"facts"},
    "location_outcome": {"answers.conditions"},
    "book_viewing": {"minutes"},
    "print_t438": {"copies"},
    "review_return": {"note"},
    "tell_of_mistake": {"corrects", "mistake"},
    "first_question": {"comment"},
    "nso_questions": {"comment"},
    "invalid_questions": {"comment"},
    "before_t441_questions": {"comment"},
    "final_questions": {"comment"},
}  # fmt: skip
"""Fields that no rule ever asks for, by kind; they alone are called optional without a word of when they are needed."""
_SHOWN_OTHERWISE = (FieldKind.TICK, FieldKind.CARRIED, FieldKind.CONTACT)


def fields(kind: str) -> list[FormField]:
    """The fields of a kind of task or change, in order."""
    schema = CHANGES[kind].model_json_schema() if kind in CHANGES else answer_schema(ALL[kind], EDITION)
    return fields_of(schema)


@pytest.mark.parametrize("kind", sorted({**ALL, **CHANGES}))
def test_a_field_is_required_or_says_when_it_is_needed(kind: str) -> None:
    """A new field that is neither fails here until somebody has said which it is."""
    plain = {
        one.name
        for one in fields(kind)
        if one.kind not in _SHOWN_OTHERWISE
        and not one.required
        and not one.needed_with
        and not one.hint.startswith("If ")
    }
    assert plain == LEFT_TO_THE_READER.get(kind, set())


def missing(kind: str, **typed: str) -> set[str]:
    """The fields that the form asks for after this was typed."""
    values = {name.replace("__", "."): [text] for name, text in typed.items()}
    return {error.name for error in read_answer(fields(kind), values).errors}


@pytest.mark.req("P2.S1.5", "P2.S4.2")
def test_2_1_comments_that_a_rule_wants_are_required_by_the_form() -> None:
    """And by the description of the answer; the questions of procedure 1 leave them to the advisor."""
    assert "comment" in missing("location_outcome", answers__corrections_answer="suitable")
    assert "comment" in answer_schema(ALL["location_outcome"], EDITION)["required"]
    assert "comment" not in missing("first_question", answers__reported_status="CSO")


@pytest.mark.req("P2.S1.5", "AMB-P1-8")
def test_2_1_what_goes_with_the_forms_is_needed_only_when_somebody_is_there_to_get_them() -> None:
    needed = {"occupancy", "answers.lives_there", "answers.household", "comment"}
    assert missing("send_t439", contact_id="K1@1", recipient_confirmed="yes") == needed
    assert missing("send_t439", no_contact_known="yes") == set()
    schema = answer_schema(ALL["send_t439"], EDITION)
    assert schema["dependentRequired"] == {"contact_id": ["occupancy", "answers", "comment"]}


async def test_2_1_an_empty_comment_is_said_beside_its_field_before_anything_is_checked(
    office: Office,
) -> None:
    await office.case("C1", "check_suitability", person_ref=LEE.ref, step="2.1")
    await import_people(office.databases.loader)
    await office.task("C1-1", "C1", "send_t439", step="2.1")
    visitor = await desk(office, AWS)
    page = await visitor.get("/tasks/C1-1")
    assert "Comment (optional)" not in words(page)
    typed: dict[str, Any] = {"contact_id": "K1@1", "recipient_confirmed": "yes", "occupancy": "tenant"}
    answers = {"answers.lives_there": "yes", "answers.household": "Nobody & no one."}
    shown = await form_at(visitor, "/tasks/C1-1")
    sent = await visitor.post("/tasks/C1-1", **shown, **typed, more=answers)
    assert sent.status_code == 422
    assert '<a href="#field-comment">Answer this: Comment</a>' in sent.text
    assert "Nobody &amp; no one." in sent.text
    alone = await visitor.post("/tasks/C1-1", **shown, no_contact_known="yes")
    assert alone.headers["location"] == "/tasks/C1-1/check"


@pytest.mark.req("AMB-P1-9")
async def test_1_6_parts_of_a_returned_form_say_when_they_are_filled_in(office: Office) -> None:
    await office.case("C1", state={"exchange": {"form": "T-441"}})
    held = await case(office.databases.api, "C1")
    found = {one.path[-1]: one for one in form_of(ALL["review_return"], held, None).fields}
    current = "If the form says: The person is currently under a community supervision order"
    assert found["locality_information"].hint == current
    assert found["locality_information"].label == "Information about the locality that we need to know"
    assert found["completed_by"].hint == ""


def test_a_question_of_one_case_is_asked_as_a_question() -> None:
    found = {one.name: one for one in fields("phone_about_property")}["property_may_suit"]
    assert found.label == "Does Corrections agree that the property is potentially suitable?"
    assert (found.hint, found.kind) == ("If the order is current", FieldKind.YES_NO)


LEADS_TO = [
    ("resolve_row", "an entry needs at least group and surname", "#field-group"),
    ("location_outcome", "record detailed comments with the answers", "#field-comment"),
    ("review_return", "say what is missing, or record the form as complete", "#field-missing"),
    ("match_entry", "duplicates: name each one once", "#field-duplicates"),
    ("ask_for_report", "expected_on is the day of a late report, and of no other", "#field-expected_on-day"),
    ("phone_corrections", "an answered call needs spoke_with, office and said", "#field-spoke_with"),
    ("send_t441", "the directory has changed: look again", ""),
]


@pytest.mark.parametrize(("kind", "text", "href"), LEADS_TO)
def test_what_a_rule_says_leads_to_the_first_field_that_it_names(kind: str, text: str, href: str) -> None:
    assert about_all(text, fields(kind)).href == href


async def test_an_error_leads_to_something_on_the_page(office: Office) -> None:
    """Where people are picked, too: the duplicates are among the candidates."""
    await import_people(office.databases.loader)
    await office.searched_entry("C1", surname=LEE.surname, given_names=LEE.given, address=LEE.address)
    await office.task("C1-1", "C1")
    visitor = await desk(office, AWS)
    typed = {"outcome": "potential_match", "person_ref": LEE.ref, "duplicates": LEE.ref, "note": "x"}
    page = await visitor.post("/tasks/C1-1", **await form_at(visitor, "/tasks/C1-1"), **typed)
    assert page.status_code == 422
    (href,) = re.findall(r'<a href="#([^"]+)">Duplicates are other records', page.text)
    assert page.text.count(f'id="{href}"') == 1
    assert f'value="{LEE.ref}" checked' in page.text
