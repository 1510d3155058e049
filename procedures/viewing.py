"""The viewing with Corrections and the form T-438: 48 elapsed hours, in person at the property, signed before any offer."""

from datetime import datetime, timedelta
from typing import Literal

from procedures.clocks import viewing_window
from procedures.editions import parameters_for
from procedures.match_void_answers import BookViewing
from procedures.match_void_outcome_answers import RecordPartB, RecordViewing, ScanFacts
from procedures.match_void_state import AgreedCall, Approval, BookedViewing
from procedures.parameters import Parameters
from procedures.refusals import Refused
from procedures.returned_parts import Suitability, missing_fields
from procedures.steps import step
from procedures.terms import Form

_TOLERANCE = timedelta(minutes=5)
"""Clocks of desks differ."""
_EARLY, _LATE = timedelta(hours=1), timedelta(hours=12)
"""A viewing further from its appointment is another one, and needs an appointment of its own (P3.S4.a3)."""


@step("3.4")
def agreed_call(call_id: str, ended_at: datetime, edition: str) -> AgreedCall:
    """The window of 48 elapsed hours from the end of the call (P3.S4.a3, AMB-P3-4)."""
    window = viewing_window(ended_at, parameters_for(edition))
    return AgreedCall(call_id=call_id, ended_at=window.call_ended_at, closes_at=window.closes_at)


@step("3.4")
def check_booking(agreed: AgreedCall | None, answer: BookViewing, edition: str) -> None:
    """The appointment's start lies within the window; later is refused (P3.S4.a3). Raises Refused."""
    if agreed is None:
        raise Refused("P3.S4.a", "there is no viewing without a call in which Corrections agreed")
    if answer.starts_at:
        viewing_window(agreed.ended_at, parameters_for(edition)).check_appointment(answer.starts_at)


@step("3.5")
def check_viewing(viewing: BookedViewing | None, answer: RecordViewing, now: datetime) -> None:
    """Met in person at the property, both of us, at or after the appointed time (P3.S5.1). Raises Refused."""
    if answer.missed_because:
        return
    assert answer.held_at is not None
    if not (answer.corrections_present and answer.in_person_at_the_property):
        raise Refused("P3.S5.1", "the viewing is in person, at the property, with Corrections present")
    if viewing is None or not -_EARLY <= answer.held_at - viewing.starts_at <= _LATE:
        raise Refused("P3.S5.1", "this is not the appointment: correct the time, or say that it was missed")
    if answer.held_at > now + _TOLERANCE:
        raise Refused("P3.S5.1", "the viewing lies in the future: record it after it took place")


@step("3.4")
def after_failure(failures: int, parameters: Parameters) -> Literal["call_again", "decide"]:
    """A viewing that failed means a new call and new 48 hours; after two a person decides (AMB-P3-5)."""
    return "decide" if failures >= parameters.viewing_failures_before_manager else "call_again"


@step("3.6")
def check_part_b(answer: RecordPartB, facts: ScanFacts) -> None:
    """Suitable: signed, returned and stored. Not suitable: reasons. Raises Refused (P3.S5.2, P3.S6.a1, a2 and b)."""
    if answer.suitability is Suitability.SUITABLE:
        if answer.by_phone or not answer.signed:
            raise Refused("P3.S5.2", "Corrections must sign Part B: a spoken yes never counts (AMB-P3-7)")
        if not answer.returned_on:
            raise Refused("P3.S6.a1", "say returned_on: when the signed T-438 came back")
        if not answer.document_id:
            raise Refused(
                "P3.S6.a2",
                "store the signed T-438 in the person's secure folder first, then give document_id",
            )
    elif not answer.reasons:
        raise Refused("P3.S6.b", "not suitable needs the reasons given on the T-438 (AMB-P3-8)")
    elif not (answer.by_phone or answer.document_id):
        raise Refused("P3.S6.b", "name the T-438 with the reasons, or say that it was said by phone")
    if answer.document_id:
        _check_scan(answer, facts)


def _check_scan(answer: RecordPartB, facts: ScanFacts) -> None:
    if facts.form != Form.T_438.value or not facts.of_this_case:
        raise Refused("AMB-P4-6", "this document is not a T-438 of this case: name the right one")
    if not facts.in_person_file:
        raise Refused("P3.S6.a2", "the document is not in the person's secure folder: file it first")
    on_paper = {
        "suitability": answer.suitability.value,
        "reasons": answer.reasons,
        "signed": answer.signed,
        "signed_by": answer.signed_by,
        "signed_on": answer.signed_on,
    }
    missing = missing_fields(Form.T_438, {key: value for key, value in on_paper.items() if value is not None})
    if missing and answer.suitability is Suitability.SUITABLE:
        raise Refused("P3.S5.2", f"Part B is not complete: {', '.join(missing)}")


@step("4.2")
def check_gate(approval: Approval | None, person_ref: str, property_ref: str) -> None:
    """Before the offer: a signed T-438, for this person and property, suitable, stored. Raises Refused (P4.N1, AMB-P4-6)."""
    if approval is None or not approval.stored:
        raise Refused(
            "P4.N1", "no signed T-438 is in the person's secure folder: there is no offer without it"
        )
    if approval.person_ref != person_ref:
        raise Refused("AMB-P4-6", "the T-438 is about another person")
    if approval.property_ref != property_ref:
        raise Refused("AMB-P4-6", "the T-438 is about another property")
    if not approval.signed:
        raise Refused("P4.N1", "Corrections has not signed Part B of the T-438")
    if approval.suitability != "suitable":
        raise Refused("P4.W1", "Corrections has not found the property suitable to offer")
    if approval.withdrawn:
        raise Refused("AMB-P4-5", "Corrections has withdrawn its approval")
