"""Forms made from answer types: every kind has one, and what is typed comes back as the answer it means."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from api.pages.answer_fields import FieldKind, FormField, fields_of
from api.pages.answer_form import first_values, form_of, said
from api.pages.answer_reading import plain_words, read_answer
from api.pages.due import DueWords, Urgency
from api.pages.words import label_of, role_words, sentence
from api.tasks import answer_schema
from procedures import EDITION
from procedures.answers import ALL
from procedures.local_time import local_date
from procedures.working_days import Calendar
from tests.api.office import NOW


def fields(kind: str) -> dict[str, FormField]:
    """The fields of a kind of task by name."""
    return {one.name: one for one in fields_of(answer_schema(ALL[kind], EDITION))}


@pytest.mark.parametrize("kind", sorted(ALL))
def test_every_kind_of_task_has_a_form_of_its_own_type(kind: str) -> None:
    """Every property of the answer is a field, or carried by one; every field has a label and a way to be read."""
    found = fields(kind)
    names = {one.path[0] for one in found.values()}
    assert names | {"returned"} >= set(ALL[kind].model_fields)
    for one in found.values():
        assert one.label
        assert "_" not in one.label
    assert read_answer(list(found.values()), {}).body.keys() <= {"answers"}
    assert form_of(ALL[kind], None, None).grouped


def read(kind: str, **typed: Any) -> dict[str, Any]:
    """The answer that these texts mean; dots in names are written as two underscores."""
    values = {
        name.replace("__", "."): given if isinstance(given, list) else [given]
        for name, given in typed.items()
    }
    reading = read_answer(list(fields(kind).values()), values)
    assert reading.errors == []
    return reading.body


def test_1_2_a_match_as_it_is_picked_among_candidates() -> None:
    assert read(
        "match_entry",
        outcome="potential_match",
        person_ref="P-1",
        duplicates=["P-2", "P-3", "P-2"],
        note=" Same\r\nperson ",
    ) == {
        "outcome": "potential_match",
        "person_ref": "P-1",
        "duplicates": ["P-2", "P-3"],
        "note": "Same\nperson",
    }
    typed = read(
        "match_entry", outcome="no_match", note="Nobody", person_ref="", **{"person_ref-typed": "P-9"}
    )
    assert typed["person_ref"] == "P-9"


def test_1_2_a_posted_match_is_read_as_it_was_picked() -> None:
    """The form that reads a post knows nothing of what was shown: every ticked duplicate counts, and a typed reference."""
    asked = form_of(ALL["match_entry"], None, None)
    picked: dict[str, list[str]] = {
        "outcome": ["potential_match"], "person_ref": ["P-1"], "duplicates": ["P-2", "P-3"], "note": ["x"],
    }  # fmt: skip
    assert read_answer(asked.fields, picked).body["duplicates"] == ["P-2", "P-3"]
    typed = {"outcome": ["potential_match"], "person_ref": [""], "person_ref-typed": ["P-9"], "note": ["x"]}
    assert read_answer(asked.fields, typed).body["person_ref"] == "P-9"


def test_1_3_answers_of_a_question_set_are_grouped() -> None:
    found = fields("first_question")
    assert found["answers.reported_status"].label == "What does the report say of the person?"
    assert read("first_question", answers__reported_status="NSO") == {"answers": {"reported_status": "NSO"}}


def test_1_6_a_picked_contact_brings_the_version_that_was_seen() -> None:
    """What is confirmed is this version of the entry (PRV-6)."""
    body = read("send_t441", contact_id="harbour-contact@3", recipient_confirmed="yes")
    assert body == {"contact_id": "harbour-contact", "contact_version": 3, "recipient_confirmed": True}
    ALL["send_t441"].model_validate(body)


def test_a_local_time_becomes_an_instant() -> None:
    """Pacific/Auckland on the page, UTC in the answer, on both sides of daylight saving."""
    summer = {
        "started_at-day": "27",
        "started_at-month": "11",
        "started_at-year": "2026",
        "started_at-time": "9:05",
    }
    winter = {"ended_at-day": "1", "ended_at-month": "7", "ended_at-year": "2026", "ended_at-time": "14.30"}
    body = read("phone_corrections", outcome="no_answer", note="Nobody", **summer, **winter)
    assert body["started_at"] == "2026-11-26T20:05:00Z"
    assert body["ended_at"] == "2026-07-01T02:30:00Z"


def _errors(kind: str, **typed: str) -> dict[str, str]:
    found = read_answer(list(fields(kind).values()), {name: [given] for name, given in typed.items()})
    return {error.name: error.text for error in found.errors}


@pytest.mark.req("CAL-NZ-10")
def test_a_time_that_occurs_twice_is_asked_for_by_name() -> None:
    """The end of daylight saving: first or second; its beginning: a time that does not exist is refused."""
    night = {"shown_at-day": "5", "shown_at-month": "4", "shown_at-year": "2026", "shown_at-time": "02:30"}
    assert "occurs twice" in _errors("show_property", note="x", **night)["shown_at"]
    both = [
        read("show_property", note="x", **night, **{"shown_at-repeated": which})["shown_at"]
        for which in ("first", "second")
    ]
    assert both == ["2026-04-04T13:30:00Z", "2026-04-04T14:30:00Z"]
    jump = {"shown_at-day": "27", "shown_at-month": "9", "shown_at-year": "2026", "shown_at-time": "02:30"}
    assert "does not exist" in _errors("show_property", note="x", **jump)["shown_at"]


@pytest.mark.parametrize(
    ("kind", "typed", "name", "text"),
    [
        ("match_entry", {"note": "x"}, "outcome", "Choose an answer: Outcome"),
        ("match_entry", {"outcome": "maybe", "note": "x"}, "outcome", "choose one of the answers shown"),
        ("match_entry", {"outcome": "no_match", "note": "  "}, "note", "Answer this: Notes"),
        ("confirm_missing", {"service_desk_reference": "1"}, "not_available", "Tick to confirm"),
        ("confirm_missing", {"not_available": "yes", "service_desk_reference": "9" * 65}, "service_desk_reference", "64"),
        ("print_t438", {"copies": "two"}, "copies", "whole number"),
        ("resolve_row", {"action": "enter", "reason": "x", "date_of_birth-day": "31", "date_of_birth-month": "2",
                         "date_of_birth-year": "2026"}, "date_of_birth", "a real date"),
        ("make_offer", {"note": "x", "offered_at-time": "10:00"}, "offered_at", "the date and the time"),
        ("support_move", {"support": "x"}, "options", "Choose at least one"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_beside_its_field(
    kind: str, typed: dict[str, str], name: str, text: str
) -> None:
    found = read_answer(list(fields(kind).values()), {key: [given] for key, given in typed.items()}).errors
    by_name = {error.name: error for error in found}
    assert text in by_name[name].text
    assert by_name[name].href == f"#{fields(kind)[name].focus_id}"


def test_a_field_left_empty_stays_out_of_the_answer() -> None:
    """The type's own default counts, never an empty text."""
    assert read("close_run", note="") == {}
    assert read("resolve_row", action="set_aside", reason="No entry", surname="") == {
        "action": "set_aside",
        "reason": "No entry",
    }


def test_yes_and_no_are_asked_and_never_assumed() -> None:
    """A required question, and one that is worded as a question, has no answer until it is given one."""
    assert fields("live_record")["live"].kind is FieldKind.YES_NO
    asked = fields("final_questions")["considered_for_void"]
    assert (asked.kind, asked.required) == (FieldKind.YES_NO, True)
    assert fields("send_t441")["no_contact_known"].kind is FieldKind.TICK


def test_only_what_calculates_sends_or_ends_is_checked_first() -> None:
    consequences = {kind: form_of(asked, None, None).consequences for kind, asked in ALL.items()}
    assert len(consequences["first_question"]) == 1
    assert "SEEMail" in consequences["send_t441"][0]
    assert "case may end" in consequences["match_entry"][0]
    for kind in ("phone_corrections", "why_pending", "review_report", "mail_waiting"):
        assert consequences[kind] == ()


def test_messages_use_the_words_of_the_page() -> None:
    form = list(fields("match_entry").values())
    said_so = plain_words("Value error, name person_ref for a potential match, and only then", form)
    assert said_so == "Name “The matching person (the primary record)” for a potential match, and only then"
    viewing = list(fields("book_viewing").values())
    with pytest.raises(ValidationError) as out:
        ALL["book_viewing"].model_validate({"minutes": 5, "note": ""})
    advice = [
        plain_words(error["msg"], viewing) for error in out.value.errors() if error["type"] != "missing"
    ]
    assert advice == ["Enter 15 or more", "Fill this in"]
    assert sentence("service_desk_reference") == "Service desk reference"
    assert sentence("t442_facts") == "T-442 facts"
    assert label_of("live") == "Does the person have a live record?"
    assert role_words("manager-housing-wellbeing-support") == "Manager Housing Wellbeing Support"


def test_an_answer_is_shown_in_the_words_it_was_offered_in() -> None:
    form = form_of(ALL["match_entry"], None, None)
    rows = {row["label"]: row["value"] for row in said(form, {"outcome": "no_match", "note": "Nobody"})}
    assert rows["Outcome"] == "No match"
    assert rows["Other records of the same person (duplicates)"] == "Not given"


def test_an_instant_that_must_be_given_begins_with_today() -> None:
    """The time is left for the person to give."""
    today = local_date(NOW)
    values = first_values(form_of(ALL["phone_corrections"], None, None), NOW)
    assert values["started_at-day"] == [str(today.day)]
    assert "started_at-time" not in values


@pytest.mark.parametrize(
    ("due", "words", "urgency"),
    [
        (datetime(2026, 11, 27, 4, 0, tzinfo=UTC), "due today, 17:00", Urgency.TODAY),
        (datetime(2026, 11, 27, 0, 30, tzinfo=UTC), "overdue since 13:30 today", Urgency.OVERDUE),
        (datetime(2026, 11, 26, 4, 0, tzinfo=UTC), "overdue by 1 working day", Urgency.OVERDUE),
        (datetime(2026, 11, 20, 4, 0, tzinfo=UTC), "overdue by 5 working days", Urgency.OVERDUE),
        (datetime(2026, 11, 28, 4, 0, tzinfo=UTC), "due before the next working day", Urgency.SOON),
        (datetime(2026, 11, 30, 4, 0, tzinfo=UTC), "1 working day left", Urgency.SOON),
        (datetime(2026, 12, 4, 4, 0, tzinfo=UTC), "5 working days left", Urgency.LATER),
        (datetime(2026, 12, 29, 4, 0, tzinfo=UTC), "20 working days left", Urgency.LATER),
        (None, "no due date", Urgency.NONE),
    ],
)
def test_due_instants_are_said_in_working_days(due: datetime | None, words: str, urgency: Urgency) -> None:
    """As of Friday 27 November 2026, 14:00; Christmas and Boxing Day do not count."""
    said_so = DueWords(Calendar(), NOW).say(due)
    assert (said_so.words, said_so.urgency) == (words, urgency)
