"""The guard of secure mail as a truth table: one message that may leave, and every way in which it may not."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from procedures.assessment import AssessmentCode
from procedures.forms import Disclosure
from procedures.mail_guard import (
    KEY_MESSAGES,
    KEY_MESSAGES_DIGEST,
    digest,
    ensure_may_leave,
    is_opaque,
    key_messages_of,
    refusals_of,
    secure_subject,
    with_key_messages,
)
from procedures.proposed_mail import (
    Classification,
    Contact,
    Notice,
    PersonAtSending,
    ProposedMail,
    RecipientConfirmation,
    RecipientKind,
    Standing,
)
from procedures.refusals import Refused
from procedures.terms import ContactKind, Form, Occupancy, RecordState, Role

NOW = datetime(2026, 6, 11, 21, 0, tzinfo=UTC)  # Friday 12 June 2026, 09:00 in Auckland
ADDRESS = "probation.kowhai@corrections.example"
CONTACT = Contact(
    contact_id="K-1",
    version=3,
    kind=ContactKind.CONTACT,
    secure_address=ADDRESS,
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 6, 12),
)
MANAGER = CONTACT.model_copy(update={"contact_id": "K-2", "kind": ContactKind.SERVICE_MANAGER})
FALLBACK = CONTACT.model_copy(update={"kind": ContactKind.FALLBACK})
CONFIRMATION = RecipientConfirmation(
    confirmed_by="u-17",
    role=Role.ADVISOR_WELLBEING_SUPPORT,
    confirmed_at=NOW - timedelta(minutes=5),
    contact_id="K-1",
    contact_version=3,
    mail_id="M-1",
    forms=(Form.T_441,),
)
PERSON = PersonAtSending(code=AssessmentCode.D1P, record_state=RecordState.LIVE, occupancy=Occupancy.BOARDER)
T441: dict[str, Any] = {
    "mail_id": "M-1",
    "now": NOW,
    "recipient": RecipientKind.CORRECTIONS,
    "addresses": (ADDRESS,),
    "subject": "[SEEMAIL] IN-CONFIDENCE - Ref 7F3K-22Q9",
    "text": with_key_messages("Please see the attached form."),
    "classification": Classification.SEEMAIL,
    "forms": (Form.T_441,),
    "person": PERSON,
    "contact": CONTACT,
    "confirmation": CONFIRMATION,
    "corrections_domains": frozenset({"corrections.example"}),
    "staff_domains": frozenset({"agency.example"}),
    "personal_words": ("Whetu", "Larsen", "8 August 1971", "14 Rata Lane"),
}
NOTICE: dict[str, Any] = {
    **T441,
    "recipient": RecipientKind.STAFF,
    "addresses": ("advisor.north@agency.example",),
    "subject": "IN-CONFIDENCE - Ref 7F3K-22Q9",
    "text": "Something waits for you in Safe Placement.",
    "classification": None,
    "forms": (),
    "notice": Notice.SECURE_NOTICE,
    "contact": None,
    "confirmation": None,
}


def rules(base: dict[str, Any] = T441, **changes: Any) -> list[str]:
    return [refusal.rule for refusal in refusals_of(ProposedMail(**{**base, **changes}))]


def person(**changes: Any) -> PersonAtSending:
    return PersonAtSending(**{**PERSON.model_dump(), **changes})


def contact(**changes: Any) -> Contact:
    return CONTACT.model_copy(update=changes)


def test_a_a_complete_message_may_leave() -> None:
    assert rules() == []
    assert rules(NOTICE) == []
    ensure_may_leave(ProposedMail(**T441))


# -- the person ----------------------------------------------------------------------------------------


@pytest.mark.req("PRV-13", "DEF-3")
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    ("code", "rule"),
    [(AssessmentCode.D2, "DEF-3"), (AssessmentCode.D2P, "DEF-3"), (AssessmentCode.D3, "PRV-13")],
)
def test_a_no_form_goes_out_for_nso_or_an_invalid_match(form: Form, code: AssessmentCode, rule: str) -> None:
    assert rules(forms=(form,), disclosure=Disclosure.INITIAL, person=person(code=code)) == [rule]
    for allowed in (AssessmentCode.D1, AssessmentCode.D1P):
        assert rules(forms=(form,), disclosure=Disclosure.INITIAL, person=person(code=allowed)) == []


@pytest.mark.req("PRV-12", "P1.N7")
@pytest.mark.parametrize("form", list(Form))
def test_1_6_no_form_goes_out_for_a_historic_person(form: Form) -> None:
    historic = person(record_state=RecordState.HISTORIC)
    assert rules(forms=(form,), disclosure=Disclosure.INITIAL, person=historic) == ["P1.N7"]


@pytest.mark.req("PRV-11", "P1.N5")
@pytest.mark.parametrize("occupancy", list(Occupancy))
def test_1_6_only_for_a_person_living_in_or_considered_for_a_home(occupancy: Occupancy) -> None:
    considered = occupancy is not Occupancy.NONE
    assert rules(person=person(occupancy=occupancy)) == ([] if considered else ["P1.N5"])
    assert rules(person=person(occupancy=occupancy, considered_for_void=True)) == []


@pytest.mark.req("P1.N5")
def test_1_6_no_disclosure_without_an_assessment() -> None:
    assert rules(person=None) == ["P1.N5"]
    assert rules(person=person(code=None)) == ["P1.N5"]


@pytest.mark.req("PRV-13", "AMB-X-4")
@pytest.mark.parametrize("code", list(AssessmentCode))
def test_a_a_correction_notice_is_allowed_at_any_code(code: AssessmentCode) -> None:
    about = person(code=code, record_state=RecordState.HISTORIC, occupancy=Occupancy.NONE)
    notice = {**T441, "forms": (), "notice": Notice.CORRECTION, "person": about, "corrects": ("C1-1",)}
    for standing in Standing:
        assert rules(notice, standing=standing) == []
        assert rules(notice, standing=standing, person=None) == []
        assert rules(notice, standing=standing, corrects=()) == ["AMB-X-6"]
    assert rules(notice, confirmation=None) == ["PRV-6"]


@pytest.mark.req("AMB-P2-14")
def test_2_the_last_t442_tells_of_the_leaving_itself_and_nothing_else_goes() -> None:
    left = person(
        record_state=RecordState.HISTORIC,
        occupancy=Occupancy.NONE,
        left_with_this_event=True,
        code=AssessmentCode.D1,
    )
    leaving: dict[str, Any] = {"forms": (Form.T_442,), "disclosure": Disclosure.ACCOMMODATION_CHANGE}
    assert rules(person=left, **leaving) == []
    assert rules(person=left) == ["P1.N5"]
    assert rules(person=left, **{**leaving, "disclosure": Disclosure.HOUSEHOLD_CHANGE}) == ["P1.N5"]
    assert rules(person=left.model_copy(update={"code": AssessmentCode.D2}), **leaving) == ["DEF-3"]


@pytest.mark.req("AMB-X-4")
@pytest.mark.parametrize("form", list(Form))
def test_a_nothing_more_is_disclosed_once_the_order_has_ended(form: Form) -> None:
    ended = Standing.CEASED_NSO
    assert rules(forms=(form,), disclosure=Disclosure.HOUSEHOLD_CHANGE, standing=ended) == ["AMB-X-4"]
    reminder: dict[str, Any] = {"forms": (), "notice": Notice.SIGNATURE_REMINDER}
    assert rules(**reminder) == []
    assert rules(**reminder, standing=ended) == ["AMB-X-4"]


@pytest.mark.req("AMB-X-5")
@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("disclosure", list(Disclosure))
def test_a_while_paused_only_the_future_duties_go_on(form: Form, disclosure: Disclosure) -> None:
    duty = form is Form.T_442 and disclosure is not Disclosure.INITIAL
    found = rules(
        forms=(form,),
        disclosure=disclosure,
        privacy_check_passed=True,
        standing=Standing.PAUSED_FOR_CONFIRMATION,
    )
    assert found == ([] if duty else ["AMB-X-5"])


@pytest.mark.req("PRV-14", "P2.F3")
@pytest.mark.parametrize("disclosure", list(Disclosure))
def test_2_a_change_of_risk_needs_the_privacy_check(disclosure: Disclosure) -> None:
    t442: dict[str, Any] = {"forms": (Form.T_442,), "disclosure": disclosure}
    assert rules(**t442) == (["PRV-14"] if disclosure is Disclosure.RISK_CHANGE else [])
    assert rules(**t442, privacy_check_passed=True) == []


# -- the recipient ---------------------------------------------------------------------------------------


@pytest.mark.req("PRV-10", "P2.X3")
@pytest.mark.parametrize("base", [T441, NOTICE])
def test_a_the_public_is_never_written_to(base: dict[str, Any]) -> None:
    assert "PRV-10" in rules(base, recipient=RecipientKind.PUBLIC)


@pytest.mark.req("PRV-10")
def test_a_free_text_to_an_address_outside_the_agencies_is_refused() -> None:
    assert rules(NOTICE, addresses=("neighbour@mail.example",)) == ["PRV-10"]
    assert rules(NOTICE, addresses=("advisor.north@agency.example", "neighbour@mail.example")) == ["PRV-10"]
    assert rules(NOTICE, addresses=()) == ["PRV-10"]


def test_a_forms_and_notices_go_only_to_whom_they_are_for() -> None:
    assert rules({**T441, **{key: NOTICE[key] for key in ("recipient", "addresses", "text", "subject")}}) == [
        "PRV-9"
    ]
    assert rules({**T441, "forms": (), "notice": Notice.SECURE_NOTICE}) == ["PRV-8"]


@pytest.mark.req("AMB-P1-8", "P1.S6.b4")
def test_1_6_without_a_contact_or_a_configured_fallback_nothing_is_sent() -> None:
    assert rules(contact=FALLBACK) == []
    assert "AMB-P1-8" in rules(contact=None)
    assert "AMB-P1-8" in rules(contact=FALLBACK.model_copy(update={"secure_address": None}))


@pytest.mark.req("A-A4")
@pytest.mark.parametrize(
    "changes",
    [
        {"contact": contact(valid_from=date(2026, 6, 13))},
        {"contact": contact(valid_to=date(2026, 6, 11))},
        {"contact": contact(secure_address=None)},
        {"contact": contact(secure_address="another@corrections.example")},
        {"contact": contact(kind=ContactKind.SERVICE_MANAGER)},
        {"addresses": (ADDRESS, "second@corrections.example")},
    ],
)
def test_a_the_address_is_the_valid_contacts_own_and_no_other(changes: dict[str, Any]) -> None:
    assert rules(**changes) == ["A-A4"]


@pytest.mark.req("A-A4")
def test_a_a_contact_is_valid_on_its_last_local_day() -> None:
    assert rules(now=datetime(2026, 6, 12, 11, 59, tzinfo=UTC)) == []
    assert rules(now=datetime(2026, 6, 12, 12, 0, tzinfo=UTC)) == ["A-A4"]


@pytest.mark.req("A-A1")
def test_a_the_agency_must_take_part() -> None:
    elsewhere = "probation@elsewhere.example"
    assert rules(addresses=(elsewhere,), contact=contact(secure_address=elsewhere)) == ["A-A1"]
    assert rules(corrections_domains=frozenset()) == ["A-A1"]


@pytest.mark.req("PRV-6", "A-A4")
@pytest.mark.parametrize(
    "given",
    [
        None,
        CONFIRMATION.model_copy(update={"role": Role.MACHINE}),
        CONFIRMATION.model_copy(update={"confirmed_by": ""}),
        CONFIRMATION.model_copy(update={"confirmed_at": NOW + timedelta(seconds=1)}),
        CONFIRMATION.model_copy(update={"contact_id": "K-9"}),
        CONFIRMATION.model_copy(update={"contact_version": 2}),
        CONFIRMATION.model_copy(update={"mail_id": "M-0"}),
    ],
)
def test_a_a_person_confirms_this_contact_for_this_message(given: RecipientConfirmation | None) -> None:
    assert rules(confirmation=given) == ["PRV-6"]


@pytest.mark.req("PRV-6")
@pytest.mark.parametrize("asked", list(Form))
def test_1_6_the_confirmation_of_the_request_covers_the_letter_to_the_same_contact(asked: Form) -> None:
    earlier = CONFIRMATION.model_copy(update={"mail_id": "M-0", "forms": (asked,)})
    letter: dict[str, Any] = {"forms": (Form.L_17_030,), "confirmation": earlier}
    covered = asked in (Form.T_441, Form.T_439)
    assert rules(**letter) == ([] if covered else ["PRV-6"])
    assert rules(**letter, contact=contact(version=4)) == ["PRV-6"]
    assert rules(**letter, contact=MANAGER) == ["PRV-6"]


@pytest.mark.req("PRV-6")
def test_2_2_a_letter_to_the_service_manager_may_go_with_a_confirmation_of_its_own() -> None:
    own = CONFIRMATION.model_copy(update={"contact_id": "K-2", "forms": (Form.L_17_030,)})
    assert rules(forms=(Form.L_17_030,), contact=MANAGER, confirmation=own) == []


# -- the envelope ----------------------------------------------------------------------------------------


@pytest.mark.req("PRV-5", "A-A5", "A-A6")
def test_a_mail_to_corrections_is_classified_and_marked() -> None:
    assert rules(subject="IN-CONFIDENCE - Ref 7F3K-22Q9") == ["A-A6"]
    assert rules(classification=None) == ["A-A5"]
    assert secure_subject("7F3K-22Q9") == "[SEEMAIL] IN-CONFIDENCE - Ref 7F3K-22Q9"


@pytest.mark.req("PRV-16")
@pytest.mark.parametrize(
    "subject",
    [
        "[SEEMAIL] IN-CONFIDENCE - Ref 7F3K-22Q9 about a person",
        "[SEEMAIL] T-441 for Whetu Larsen",
        "[SEEMAIL] IN-CONFIDENCE - Ref LARSEN",
        "[SEEMAIL] IN-CONFIDENCE - Ref LARSEN-1971",
        "[SEEMAIL] IN-CONFIDENCE - Ref 7F3K-22Q9\nBcc: x@mail.example",
        "[SEEMAIL]",
        "",
    ],
)
def test_a_a_subject_holds_the_marking_and_a_number(subject: str) -> None:
    assert "PRV-16" in rules(subject=subject)


@pytest.mark.req("PRV-16")
@pytest.mark.parametrize("reference", ["Whetu Larsen", "LARSEN", "", "7F3K/22Q9", "A1"])
def test_a_a_reference_that_is_not_opaque_makes_no_subject(reference: str) -> None:
    with pytest.raises(Refused) as refused:
        secure_subject(reference)
    assert refused.value.rule == "PRV-16"


def test_a_a_reference_may_be_any_number_of_ours() -> None:
    for reference in ("7F3K-22Q9", "C-2026-000123", "f-0192"):
        assert is_opaque(secure_subject(reference))


@pytest.mark.req("PRV-7", "A-A3")
@pytest.mark.parametrize(
    "text",
    [
        "Please see the attached form.",
        with_key_messages("x").replace("correct contact", "right contact"),
        with_key_messages("x").replace("End of key messages", "And more"),
        with_key_messages("x").replace("\nEnd of", "\nAn addition.\nEnd of"),
    ],
)
def test_a_key_messages_are_not_altered_in_any_way(text: str) -> None:
    assert rules(text=text) == ["PRV-7"]


@pytest.mark.req("PRV-7", "A-A3")
def test_a_key_messages_have_a_digest_and_survive_line_ends() -> None:
    text = with_key_messages("Please see the attached form.").replace("\n", "\r\n")
    assert rules(text=text) == []
    block = key_messages_of(text)
    assert block is not None
    assert digest(block) == KEY_MESSAGES_DIGEST == digest(KEY_MESSAGES)
    assert "SEEMail does not check the recipient details" in KEY_MESSAGES


@pytest.mark.req("PRV-8")
@pytest.mark.parametrize(
    "text",
    [
        "Please look at Larsen.",
        "A person at 14 rata lane.",
        "Born 8 August 1971.",
        "A CSO lives there.",
        "About an offender.",
        "The code is D1P.",
    ],
)
def test_1_7_a_plain_notice_holds_no_name_address_or_offence_word(text: str) -> None:
    assert rules(NOTICE, text=text) == ["PRV-8"]


@pytest.mark.req("PRV-15")
def test_1_1_the_report_missing_mail_holds_no_personal_data() -> None:
    missing = {**NOTICE, "notice": Notice.REPORT_MISSING}
    said = "The weekly notification report is not available. A fault is logged, reference 4711."
    assert rules(missing, text=said) == []
    assert rules(missing, text=f"{said} Last week: Larsen.") == ["PRV-15"]


# -- the whole -------------------------------------------------------------------------------------------


def test_a_every_reason_is_given_and_none_holds_personal_data() -> None:
    bad = ProposedMail(
        **{
            **T441,
            "person": person(
                code=AssessmentCode.D2, record_state=RecordState.HISTORIC, occupancy=Occupancy.NONE
            ),
            "subject": "Whetu Larsen",
            "confirmation": None,
            "classification": None,
        }
    )
    assert [refusal.rule for refusal in refusals_of(bad)] == [
        "DEF-3",
        "P1.N7",
        "P1.N5",
        "PRV-6",
        "PRV-16",
        "A-A6",
        "A-A5",
    ]
    with pytest.raises(Refused) as refused:
        ensure_may_leave(bad)
    assert refused.value.rule == "DEF-3"
    assert not any(word in str(refused.value) for word in bad.personal_words)


def test_a_a_message_says_something_and_a_t442_says_why() -> None:
    with pytest.raises(ValidationError, match="at least one form"):
        rules(forms=())
    with pytest.raises(ValidationError, match="why the T-442"):
        rules(forms=(Form.T_442,))
