"""Entries by hand: what is shown to copy, and which differences are refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from adapters.calendar_file import Appointment, calendar_file
from adapters.settings import SettingsError, read_settings
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.by_hand import (
    CalculatedVersion,
    EnteredByHand,
    EnterInCalendar,
    EnterInDocumentStore,
    EnterInRegister,
    EntryFacts,
    appointment_subject,
    appointment_values,
    assessment_values,
    check_entry,
    expected,
    file_values,
    titles_agree,
)
from procedures.match_void_record import CaseQuestionsAnswered, ViewingBooked
from procedures.outside_entry import OutsideSystem
from procedures.person_file import FILE_CHARACTERISTICS, file_title
from procedures.record import AssessmentCalculated, Effect, NoteWritten, PersonFileCreated
from procedures.refusals import Refused

TITLE = "BLOGGS – Joe – 1960AUG08 – 12345 – Ellerslie"
AT = datetime(2026, 11, 30, 21, 0, tzinfo=UTC)
FILE: dict[str, Any] = {
    "file_number": "fF-77",
    "title_seen": TITLE,
    "parent_seen": "CSO Management",
    "file_type_seen": "HNZC File",
    "creation_state_seen": "Create Virtual File",
    "repository_seen": "Housing New Zealand Corporation",
    "displayed": True,
}
REGISTER: dict[str, Any] = {"number": "K-1", "code_seen": "D1", "status_seen": "CUR"}
D1 = {"code": "D1", "status": "CUR"}


def refused(answer: EnteredByHand, **facts: Any) -> str | None:
    """The rule that refuses this answer, if one does."""
    try:
        check_entry(answer, EntryFacts(**facts).model_dump(mode="json"))
    except Refused as error:
        return error.rule
    return None


def file(**changed: Any) -> EnterInDocumentStore:
    """What somebody sees of the file, with these differences."""
    return EnterInDocumentStore(**{**FILE, **changed})


@pytest.mark.req("P1.S7.2", "P1.N4")
@pytest.mark.parametrize(
    ("seen", "expected_code", "rule"),
    [
        ({}, ("D1", "CUR"), None),
        ({"code_seen": "D2"}, ("D1", "CUR"), "P1.S7.2"),
        ({"code_seen": "D1P"}, ("D1", "CUR"), "P1.S7.2"),
        ({"status_seen": "PEN"}, ("D1", "CUR"), "P1.S7.2"),
        ({"code_seen": "D1P", "status_seen": "PEN"}, ("D1P", "PEN"), None),
        ({"code_seen": "D1", "status_seen": "PEN"}, ("D1P", "PEN"), "P1.N4"),
        ({"code_seen": "D2", "status_seen": "PEN"}, ("D2P", "PEN"), "P1.N4"),
        ({"code_seen": "D2"}, ("D3", "CUR"), "P1.N4"),
    ],
)
def test_1_7_key_details_must_show_what_the_record_has(
    seen: dict[str, str], expected_code: tuple[str, str], rule: str | None
) -> None:
    code, status = expected_code
    assert refused(EnterInRegister(**{**REGISTER, **seen}), code=code, status=status) == rule


def test_1_7_an_entry_that_the_record_does_not_expect_is_refused() -> None:
    assert refused(EnterInRegister(**REGISTER)) == "P1.N4"


@pytest.mark.req("AMB-P1-20")
def test_1_7_an_assessment_keeps_its_number_there() -> None:
    answer = EnterInRegister(**REGISTER)
    assert refused(answer, **D1, known_number="K-1") is None
    assert refused(answer, **D1, known_number="K-9") == "AMB-P1-20"


@pytest.mark.req("P1.S2.N1")
def test_1_2_two_assessments_do_not_have_one_number() -> None:
    assert refused(EnterInRegister(**REGISTER), **D1, number_of_another=True) == "P1.S2.N1"


@pytest.mark.req("A-B4")
def test_b_a_file_keeps_its_number_and_two_people_have_two_files() -> None:
    assert refused(file(), title_agrees=True, known_number="fF-77") is None
    assert refused(file(), title_agrees=True, known_number="fF-1") == "A-B4"
    assert refused(file(), title_agrees=True, number_of_another=True) == "A-B4"


@pytest.mark.req("A-B7", "A-B8", "A-B9", "A-B11", "A-B12", "A-B13", "A-B14")
@pytest.mark.parametrize(
    ("seen", "rule"),
    [
        ({}, None),
        ({"title_seen": "Joe Bloggs"}, "A-B7"),
        ({"title_seen": TITLE.replace("12345", "12346")}, "A-B7"),
        ({"title_seen": TITLE.replace("BLOGGS", "Bloggs")}, "A-B8"),
        ({"title_seen": TITLE.replace("1960AUG08", "1960AUG32")}, "A-B8"),
        ({"parent_seen": "My Files"}, "A-B9"),
        ({"file_type_seen": "Folder"}, "A-B11"),
        ({"creation_state_seen": "Create Paper File"}, "A-B12"),
        ({"repository_seen": "Elsewhere"}, "A-B13"),
        ({"displayed": False}, "A-B14"),
    ],
)
def test_b_what_is_seen_of_the_file_must_be_as_prescribed(seen: dict[str, Any], rule: str | None) -> None:
    answer = file(**seen)
    assert refused(answer, title_agrees=titles_agree(answer.title_seen, TITLE)) == rule


@pytest.mark.req("AMB-A-1")
def test_b_a_hyphen_before_the_area_office_is_the_same_name() -> None:
    assert titles_agree(TITLE.replace("– Ellerslie", "- Ellerslie"), TITLE)
    assert not titles_agree(TITLE.replace("Ellerslie", "Elsewhere"), TITLE)
    assert not titles_agree("", "")


@pytest.mark.req("A-B7", "A-B9", "A-B11", "A-B12", "A-B13")
def test_b_the_file_is_shown_ready_to_copy() -> None:
    title = file_title(
        surname="Bloggs",
        given_names="Joe",
        date_of_birth=datetime(1960, 8, 8, tzinfo=UTC).date(),
        person_ref="12345",
        area_office="Ellerslie",
    )
    assert file_values(title, known_number=None) == {
        "Name": TITLE,
        "Folder": "CSO Management",
        "How": "New > New Folder > Add File",
        "File Type": "HNZC File",
        "Creation State": "Create Virtual File",
        "Repository": "Housing New Zealand Corporation",
    }
    assert "fF-77" in file_values(title, known_number="fF-77")["File number"]
    assert FILE_CHARACTERISTICS.parent == "CSO Management"


def test_1_7_the_assessment_is_shown_in_the_order_of_its_screens() -> None:
    version = CalculatedVersion(
        person_ref="P-1",
        code=AssessmentCode.D1,
        status=AssessmentStatus.CUR,
        question_set="after_t441",
        answers={"order_current": True, "confirmed_how": "by phone"},
        comment="Duplicate person reference: P-2.",
    )
    values = assessment_values(version, known_number=None, viewing_at=None)
    assert list(values) == [
        "Person reference",
        "Assessment type",
        "Assessment number",
        "Does Corrections confirm a current community supervision order?",
        "How was the status confirmed (call, form, dates)?",
        "Comments",
        "Key Details must then show",
        "Status must then be",
    ]
    assert values["Assessment type"] == "CSO"
    assert values["Does Corrections confirm a current community supervision order?"] == "yes"
    assert values["Key Details must then show"] == "D1"
    known = assessment_values(version, known_number="K-1", viewing_at=AT)
    assert known["Assessment number"] == "K-1"
    assert "Tuesday 1 December 2026" in known["Application record, initial viewing"]


@pytest.mark.req("P3.S4.a2", "PRV-16")
def test_3_4_the_diary_entry_is_the_appointment_and_names_nobody() -> None:
    values = appointment_values("C00000001", starts_at=AT, minutes=45, place="H-9")
    assert (
        values["Subject"]
        == appointment_subject("C00000001")
        == "IN-CONFIDENCE - Property viewing - Ref C00000001"
    )
    appointment = Appointment(
        uid="C00000001-A1", reference="C00000001", starts_at=AT, lasts=timedelta(minutes=45), place="H-9",
        written_at=AT,
    )  # fmt: skip
    [event] = Calendar.from_ical(calendar_file(appointment)).walk("VEVENT")
    assert event["summary"] == values["Subject"]
    facts = {"subject": values["Subject"], "starts_at": AT}

    def diaried(subject: str = values["Subject"], starts_at: datetime = AT) -> str | None:
        return refused(EnterInCalendar(subject_seen=subject, starts_at_seen=starts_at), **facts)

    assert diaried() is None
    assert diaried(subject="Viewing with Joe Bloggs") == "PRV-16"
    assert diaried(starts_at=AT + timedelta(hours=1)) == "P3.S4.a2"


def _effects() -> list[tuple[Effect, OutsideSystem | None]]:
    calculated = AssessmentCalculated(
        number="A-1",
        person_ref="P-1",
        version=1,
        code=AssessmentCode.D1P,
        status=AssessmentStatus.PEN,
        rule="TR-1",
    )
    viewing = ViewingBooked(
        viewing_id="C1-A1", property_ref="H-9", applicant_ref="P-1", call_id="C1-L1", call_ended_at=AT,
        starts_at=AT, minutes=45, with_corrections="Sam Contact",
    )  # fmt: skip
    answered = CaseQuestionsAnswered(number="A-1", rule="TR-16", question_set="viewing", comment="")
    return [
        (calculated, OutsideSystem.PERSON_REGISTER),
        (answered, OutsideSystem.PERSON_REGISTER),
        (PersonFileCreated(entry_id="E1", person_refs=["P-1"]), OutsideSystem.DOCUMENT_STORE),
        (viewing, OutsideSystem.CALENDAR),
        (PersonFileCreated(entry_id="E1", person_refs=["P-1"], invalid_match=True), None),
        (NoteWritten(note_id="N1", text="noted"), None),
    ]


@pytest.mark.parametrize(("effect", "system"), _effects())
def test_what_happens_here_says_where_it_is_entered(effect: Effect, system: OutsideSystem | None) -> None:
    found = expected(effect, file_of=None)
    assert (found[0] if found else None) is system


@pytest.mark.req("A-B6")
@pytest.mark.parametrize(("file_of", "again"), [(None, True), ("P-1", False), ("P-2", False), ("P-9", True)])
def test_b_one_file_is_asked_for_once(file_of: str | None, again: bool) -> None:
    """A duplicate lies in the file of its primary; somebody else linked by mistake had another one."""
    effect = PersonFileCreated(entry_id="E1", person_refs=["P-1", "P-2"])
    assert (expected(effect, file_of=file_of) is not None) == again


def test_b_a_file_without_a_reference_becomes_the_persons() -> None:
    assert expected(PersonFileCreated(entry_id="E1", person_refs=["P-1"]), file_of="") is None


def test_the_setting_names_systems() -> None:
    assert read_settings({}).by_hand == frozenset()
    named = read_settings({"PLACEMENT_BY_HAND": "person_register, document_store"}).by_hand
    assert named == {OutsideSystem.PERSON_REGISTER, OutsideSystem.DOCUMENT_STORE}
    with pytest.raises(SettingsError, match="PLACEMENT_BY_HAND must name systems of person_register"):
        read_settings({"PLACEMENT_BY_HAND": "kotahi"})
