"""The viewing and the T-438: 48 elapsed hours, in person at the property, signed and stored before any offer."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from procedures import EDITION
from procedures.match_void_answers import BookViewing
from procedures.match_void_outcome_answers import RecordPartB, RecordViewing, ScanFacts
from procedures.match_void_state import Approval, BookedViewing
from procedures.parameters import Parameters
from procedures.refusals import Refused
from procedures.viewing import (
    after_failure,
    agreed_call,
    check_booking,
    check_gate,
    check_part_b,
    check_viewing,
)

# Friday 25 September 2026, 16:00 NZST; daylight saving begins on the Sunday.
CALL_END = datetime(2026, 9, 25, 4, 0, tzinfo=UTC)
LATEST = datetime(2026, 9, 27, 4, 0, tzinfo=UTC)
AGREED = agreed_call("L1", CALL_END, EDITION)
VIEWING = BookedViewing(viewing_id="A1", starts_at=CALL_END, minutes=60, with_corrections="Sam Contact")
SCAN = ScanFacts(form="T-438", of_this_case=True, in_person_file=True)


def booking(**changed: Any) -> BookViewing:
    given = {"starts_at": LATEST, "with_corrections": "Sam Contact", "diaried": True, "note": "At the gate."}
    return BookViewing(**(given | changed))


def part_b(**changed: Any) -> RecordPartB:
    signed = {"signed": True, "signed_by": "Sam Contact", "signed_on": date(2026, 9, 26)}
    given = {"suitability": "suitable", "returned_on": date(2026, 9, 26), "document_id": "D1", "note": "n"}
    return RecordPartB(**(given | signed | changed))


def viewed(**changed: Any) -> RecordViewing:
    given = {
        "held_at": CALL_END,
        "corrections_present": "Sam Contact",
        "in_person_at_the_property": True,
        "note": "n",
    }
    return RecordViewing(**(given | changed))


def approval(**changed: Any) -> Approval:
    given = {
        "approval_id": "B1",
        "person_ref": "P-1",
        "property_ref": "V-1",
        "suitability": "suitable",
        "signed": True,
        "stored": True,
    }
    return Approval(**(given | changed))


@pytest.mark.req("P3.S4.a3", "CLK-48H-VIEW", "AMB-P3-4", "AMB-P3-6")
@pytest.mark.parametrize(
    ("starts_at", "refused"),
    [
        (CALL_END, False),
        (LATEST, False),
        (LATEST + timedelta(minutes=1), True),
        (LATEST + timedelta(seconds=1), True),
        (CALL_END - timedelta(seconds=1), True),
    ],
)
def test_3_4_the_appointment_starts_within_48_elapsed_hours(starts_at: datetime, refused: bool) -> None:
    assert AGREED.closes_at == LATEST
    if not refused:
        check_booking(AGREED, booking(starts_at=starts_at), EDITION)
        return
    with pytest.raises(Refused) as caught:
        check_booking(AGREED, booking(starts_at=starts_at), EDITION)
    assert caught.value.rule == "P3.S4.a3"


@pytest.mark.req("P3.S4.a", "P3.S4.b")
def test_3_4_there_is_no_viewing_without_a_call_in_which_corrections_agreed() -> None:
    with pytest.raises(Refused) as caught:
        check_booking(None, booking(), EDITION)
    assert caught.value.rule == "P3.S4.a"


@pytest.mark.req("P3.S4.a1", "P3.S4.a2")
@pytest.mark.parametrize("lacking", ["starts_at", "with_corrections", "diaried"])
def test_3_4_an_appointment_names_corrections_and_is_in_the_calendar(lacking: str) -> None:
    with pytest.raises(ValidationError):
        booking(**{lacking: None if lacking != "diaried" else False})
    assert booking(starts_at=None, with_corrections=None, diaried=False, no_slot_because="Away.")


@pytest.mark.req("AMB-P3-5")
def test_3_4_after_two_failures_a_person_decides() -> None:
    assert [after_failure(number, Parameters()) for number in (1, 2, 3)] == ["call_again", "decide", "decide"]


@pytest.mark.req("P3.S5.1")
@pytest.mark.parametrize(
    "wrong",
    [
        {"corrections_present": None},
        {"in_person_at_the_property": False},
        {"held_at": CALL_END - timedelta(hours=2)},
        {"held_at": CALL_END + timedelta(hours=13)},
        {"held_at": CALL_END + timedelta(minutes=30)},
    ],
    ids=["corrections_absent", "not_there", "before", "another_day", "future"],
)
def test_3_5_both_meet_in_person_at_the_property(wrong: dict[str, Any]) -> None:
    check_viewing(VIEWING, viewed(), CALL_END)
    with pytest.raises(Refused) as caught:
        check_viewing(VIEWING, viewed(**wrong), CALL_END)
    assert caught.value.rule == "P3.S5.1"


@pytest.mark.req("P3.S5.1")
def test_3_5_a_missed_viewing_needs_only_its_reason() -> None:
    missed = RecordViewing(missed_because="Nobody came.", note="n")
    check_viewing(None, missed, CALL_END)
    with pytest.raises(ValidationError):
        viewed(missed_because="Both.")


@pytest.mark.req("P3.S5.2", "P3.S6.a", "P3.S6.a1", "P3.S6.a2", "AMB-P3-7", "AMB-P3-8", "AMB-P4-6")
@pytest.mark.parametrize(
    ("changed", "facts", "rule"),
    [
        ({}, SCAN, None),
        ({"signed": False}, SCAN, "P3.S5.2"),
        ({"by_phone": True}, SCAN, "P3.S5.2"),
        ({"signed_by": None}, SCAN, "P3.S5.2"),
        ({"signed_on": None}, SCAN, "P3.S5.2"),
        ({"returned_on": None}, SCAN, "P3.S6.a1"),
        ({"document_id": None}, SCAN, "P3.S6.a2"),
        ({}, SCAN.model_copy(update={"in_person_file": False}), "P3.S6.a2"),
        ({}, SCAN.model_copy(update={"form": "T-441"}), "AMB-P4-6"),
        ({}, SCAN.model_copy(update={"of_this_case": False}), "AMB-P4-6"),
        ({}, ScanFacts(), "AMB-P4-6"),
    ],
)
def test_3_6_suitable_is_signed_returned_and_stored(
    changed: dict[str, Any], facts: ScanFacts, rule: str | None
) -> None:
    if rule is None:
        check_part_b(part_b(**changed), facts)
        return
    with pytest.raises(Refused) as caught:
        check_part_b(part_b(**changed), facts)
    assert caught.value.rule == rule


@pytest.mark.req("P3.S6.b", "AMB-P3-8")
def test_3_6_not_suitable_needs_reasons_and_may_be_said_by_phone() -> None:
    unsigned: dict[str, Any] = {"signed": False, "signed_by": None, "signed_on": None, "document_id": None}
    said = part_b(suitability="not_suitable", reasons="A school.", by_phone=True, **unsigned)
    check_part_b(said, ScanFacts())
    check_part_b(part_b(suitability="not_suitable", reasons="A school.", signed=False), SCAN)
    for wrong in ({"reasons": None, "by_phone": True}, {"reasons": "A school."}):
        with pytest.raises(Refused) as caught:
            check_part_b(part_b(suitability="not_suitable", **unsigned, **wrong), ScanFacts())
        assert caught.value.rule == "P3.S6.b"


@pytest.mark.req("P4.N1", "P4.W1", "AMB-P4-5", "AMB-P4-6")
@pytest.mark.parametrize(
    ("held", "rule"),
    [
        (approval(), None),
        (None, "P4.N1"),
        (approval(stored=False), "P4.N1"),
        (approval(signed=False), "P4.N1"),
        (approval(person_ref="P-2"), "AMB-P4-6"),
        (approval(property_ref="V-2"), "AMB-P4-6"),
        (approval(suitability="not_suitable"), "P4.W1"),
        (approval(withdrawn=True), "AMB-P4-5"),
    ],
    ids=["right", "none", "not_stored", "unsigned", "person", "property", "not_suitable", "withdrawn"],
)
def test_4_2_the_gate_of_the_offer(held: Approval | None, rule: str | None) -> None:
    if rule is None:
        check_gate(held, "P-1", "V-1")
        return
    with pytest.raises(Refused) as caught:
        check_gate(held, "P-1", "V-1")
    assert caught.value.rule == rule
