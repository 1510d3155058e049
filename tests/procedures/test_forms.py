"""Forms: what they are, what they may disclose, and when what came back is fully completed."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from procedures import EDITION, letters
from procedures.editions import parameters_for
from procedures.forms import (
    FORMS,
    INTERNAL_FORMS,
    ChaserRound,
    Direction,
    Letter17030Fields,
    PersonDetails,
    T439Fields,
    T441Fields,
    WhyWeAsk,
    disclosed_fields,
)
from procedures.refusals import Refused
from procedures.returned_parts import RETURNED, how_to_enter, missing_fields
from procedures.terms import ContactKind, Form, Occupancy

HEAD: dict[str, Any] = {
    "our_reference": "7F3K-22Q9",
    "prepared_on": date(2026, 4, 24),
    "reply_address": "returns@agency.example",
}
PERSON = PersonDetails(name="Tamati Ōkere", date_of_birth=date(1971, 8, 8), corrections_reference=None)
POLICY = parameters_for(EDITION)
CHASER: dict[str, Any] = HEAD | {
    "addressee": ContactKind.CONTACT,
    "office": "Kōwhai Valley",
    "corrections_reference": "PRN 00412",
    "missing_form": Form.T_441,
    "sent_on": date(2026, 4, 24),
    "due_on": date(2026, 5, 4),
}

T441_RETURNED: dict[str, object] = {
    "order_status": "CSO",
    "match_circumstances": "none",
    "locality_information": "none",
    "risk_rating_information": "none",
    "completed_by": "Duty officer, Kōwhai Valley",
    "completed_on": "2026-04-29",
}
T439_RETURNED: dict[str, object] = {
    "suitability": "suitable",
    "completed_by": "Duty officer, Kōwhai Valley",
    "completed_on": date(2026, 4, 29),
}
T438_RETURNED: dict[str, object] = {
    "suitability": "suitable",
    "signed": True,
    "signed_by": "Duty officer, Kōwhai Valley",
    "signed_on": "2026-04-29",
}


@pytest.mark.req("SUP-4")
def test_forms_exist_with_the_documents_own_titles() -> None:
    titles = {form: spec.title for form, spec in FORMS.items()}
    assert titles[Form.T_438] == "Property pre-approval"
    assert titles[Form.T_439] == "Accommodation approval – Offender living in a Kāinga Ora tenancy"
    assert titles[Form.T_441] == "Disclosure of information by the Department of Corrections to Kāinga Ora"
    assert titles[Form.T_442] == "Disclosure of information by Kāinga Ora to the Department of Corrections"
    assert INTERNAL_FORMS == {"SS-FRM-010": "Safe Work Plan and Corporate Care Request"}
    assert FORMS[Form.T_442].direction is Direction.TOLD_TO_CORRECTIONS


@pytest.mark.req("SUP-5")
def test_letter_17_030_exists_with_its_title() -> None:
    assert FORMS[Form.L_17_030].title == "Request for information from Department of Corrections"
    assert FORMS[Form.L_17_030].direction is Direction.ASKED_OF_CORRECTIONS


def test_every_form_has_fields_of_its_own_and_returned_parts() -> None:
    assert set(FORMS) == set(Form) == set(RETURNED)
    assert all(spec.fields.form is form for form, spec in FORMS.items())


HEAD_NAMES = ("our_reference", "prepared_on", "reply_address")
PERSON_NAMES = ("person.name", "person.date_of_birth", "person.corrections_reference")


@pytest.mark.parametrize(
    ("form", "allowed"),
    [
        (Form.T_441, (*PERSON_NAMES, "reason", "home_address")),
        (Form.T_439, (*PERSON_NAMES, "home_address", "occupancy")),
        (Form.T_442, (*PERSON_NAMES, "home_address", "kind", "facts", "aware_on")),
        (Form.T_438, (*PERSON_NAMES, "property_address", "viewing_on", "advisor", "corrections_contact")),
        (
            Form.L_17_030,
            (
                "addressee",
                "office",
                "corrections_reference",
                "missing_form",
                "sent_on",
                "due_on",
                "missing_parts",
                "round",
            ),
        ),
    ],
)
def test_what_each_form_discloses_is_a_closed_list(form: Form, allowed: tuple[str, ...]) -> None:
    assert disclosed_fields(form) == (*HEAD_NAMES, *allowed)


def test_a_field_outside_the_list_is_refused() -> None:
    right = HEAD | {"person": PERSON, "reason": WhyWeAsk.LIVES_IN_A_HOME}
    T441Fields.model_validate(right)
    with pytest.raises(ValidationError, match="Extra inputs"):
        T441Fields.model_validate(right | {"gender": "F"})
    with pytest.raises(ValidationError, match="Extra inputs"):
        PersonDetails.model_validate(PERSON.model_dump() | {"other_names": "Tam"})


@pytest.mark.parametrize(
    "text", ["", "  ", "two\nlines", "bell\x07", "right-to-left \u202e override", "x" * 201]
)
def test_text_that_cannot_stand_on_one_printed_line_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        PersonDetails(name=text, date_of_birth=None, corrections_reference=None)


@pytest.mark.parametrize("reference", ["7F3", "Ōkere-1971", "../../etc", "A B C D"])
def test_our_reference_is_opaque(reference: str) -> None:
    with pytest.raises(ValidationError):
        Letter17030Fields.model_validate(CHASER | {"our_reference": reference})


@pytest.mark.parametrize("occupancy", list(Occupancy))
def test_2_1_t_439_is_about_one_of_the_five_kinds_of_living_there(occupancy: Occupancy) -> None:
    fields = HEAD | {"person": PERSON, "home_address": "3 Tūī Lane", "occupancy": occupancy}
    if occupancy in (Occupancy.APPLICANT, Occupancy.NONE):
        with pytest.raises(ValidationError, match="five kinds"):
            T439Fields.model_validate(fields)
    else:
        assert T439Fields.model_validate(fields).occupancy is occupancy


def test_17_030_is_refused_for_a_form_nobody_waits_for_or_impossible_days() -> None:
    for wrong in (
        {"missing_form": Form.T_442},
        {"due_on": date(2026, 4, 24)},
        {"missing_parts": ("suitability",)},
        {"missing_form": Form.T_439, "addressee": ContactKind.FALLBACK},
    ):
        with pytest.raises(ValidationError):
            Letter17030Fields.model_validate(CHASER | wrong)


def test_1_6_the_letter_says_whether_nothing_or_too_little_came() -> None:
    nothing = Letter17030Fields.model_validate(CHASER)
    assert letters.paragraphs(nothing, POLICY)[-1] == "We have not received it."
    assert letters.closing(nothing, POLICY)[0].startswith(
        "Please complete the form and return it by secure mail"
    )
    assert "Monday 4 May 2026" in letters.paragraphs(nothing, POLICY)[0]
    little = Letter17030Fields.model_validate(
        CHASER | {"missing_parts": ("completed_on", "locality_information")}
    )
    assert "information is still missing" in letters.paragraphs(little, POLICY)[-1]
    assert letters.missing_part_labels(little) == (
        "Information about the locality that we need to know",
        "Date",
    )
    second = Letter17030Fields.model_validate(
        CHASER | {"round": ChaserRound.SECOND, "addressee": ContactKind.SERVICE_MANAGER}
    )
    assert letters.closing(second, POLICY)[0].startswith("This is our second request.")


def test_the_letters_promise_the_days_that_the_procedure_gives() -> None:
    words = {5: "five working days"}
    given_days = POLICY
    assert words[given_days.return_days] in letters.answer_time(POLICY.return_days)
    assert any(
        words[given_days.letter_answer_days] in text
        for text in letters.closing(Letter17030Fields(**CHASER), POLICY)
    )


def test_no_fixed_text_speaks_of_an_offence_a_victim_or_ethnicity() -> None:
    texts = [part.label + str(part.choices) for parts in RETURNED.values() for part in parts]
    texts += [reason.value for reason in WhyWeAsk] + [
        letters.HANDLING,
        letters.answer_time(POLICY.return_days),
    ]
    texts += letters.closing(Letter17030Fields(**CHASER), POLICY)
    texts += letters.paragraphs(Letter17030Fields(**CHASER), POLICY)
    texts += letters.paragraphs(T441Fields(**HEAD, person=PERSON, reason=WhyWeAsk.LIVES_IN_A_HOME), POLICY)
    for word in ("offen", "victim", "ethnic", "convict", "crime"):
        assert not [text for text in texts if word in text.lower()]


def test_1_6_a_t_441_is_fully_completed_only_with_every_part() -> None:
    assert missing_fields(Form.T_441, T441_RETURNED) == []
    for key in T441_RETURNED:
        assert missing_fields(Form.T_441, {k: v for k, v in T441_RETURNED.items() if k != key})
        assert key in missing_fields(Form.T_441, T441_RETURNED | {key: " "})
    assert missing_fields(Form.T_441, {}) == ["order_status", "completed_by", "completed_on"]


@pytest.mark.parametrize("status", ["NSO", "neither"])
def test_1_6_corrections_need_not_disclose_about_a_person_without_an_order(status: str) -> None:
    short = {"order_status": status, "completed_by": "Duty officer", "completed_on": "2026-04-29"}
    assert missing_fields(Form.T_441, short) == []
    assert len(missing_fields(Form.T_441, short | {"order_status": "CSO"})) == 3


def test_2_3_a_t_439_needs_one_of_two_answers_a_name_and_a_date() -> None:
    assert missing_fields(Form.T_439, T439_RETURNED) == []
    assert missing_fields(Form.T_439, T439_RETURNED | {"suitability": "with conditions"}) == ["suitability"]
    assert missing_fields(Form.T_439, {"comment": "a long comment"}) == [
        "suitability",
        "completed_by",
        "completed_on",
    ]


def test_3_6_a_t_438_needs_reasons_when_not_suitable_and_always_a_signature() -> None:
    assert missing_fields(Form.T_438, T438_RETURNED) == []
    refused = T438_RETURNED | {"suitability": "not_suitable"}
    assert missing_fields(Form.T_438, refused) == ["reasons"]
    assert missing_fields(Form.T_438, refused | {"reasons": "The park next door."}) == []
    assert missing_fields(Form.T_438, T438_RETURNED | {"signed": False}) == ["signed"]
    assert missing_fields(Form.T_438, T438_RETURNED | {"signed": "yes"}) == ["signed"]


def test_a_part_the_form_does_not_have_is_refused_without_repeating_it() -> None:
    with pytest.raises(Refused) as refused:
        missing_fields(Form.T_441, T441_RETURNED | {"Tamati Ōkere": "x"})
    assert "Tamati" not in str(refused.value)


@given(
    st.sampled_from([Form.T_441, Form.T_439, Form.T_438]),
    st.data(),
)
def test_filling_in_one_more_part_never_adds_a_missing_one_but_its_dependants(
    form: Form, data: st.DataObject
) -> None:
    full = {Form.T_441: T441_RETURNED, Form.T_439: T439_RETURNED, Form.T_438: T438_RETURNED}[form]
    kept = data.draw(st.sets(st.sampled_from(sorted(full))))
    returned = {key: full[key] for key in kept}
    added = data.draw(st.sampled_from(sorted(full)))
    dependants = {part.key for part in RETURNED[form] if part.only_when and part.only_when[0] == added}
    before = set(missing_fields(form, returned))
    after = set(missing_fields(form, returned | {added: full[added]}))
    assert after <= (before - {added}) | dependants


def test_1_6_a_missing_part_says_how_it_is_entered() -> None:
    assert how_to_enter(Form.T_439, "suitability") == "suitability (suitable or not_suitable)"
    assert how_to_enter(Form.T_439, "completed_on") == "completed_on (a date such as 2026-03-06)"
    assert how_to_enter(Form.T_439, "completed_by") == "completed_by"
    assert how_to_enter(Form.T_438, "signed") == "signed (true when it is on the paper)"
