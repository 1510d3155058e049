"""Rendered forms: what is printed, what is not, the marking on each page, and the tags a screen reader needs."""

import os
import re
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader

from adapters.forms_pdf import TEMPLATES, render
from adapters.ports import Permanent
from procedures import EDITION, letters
from procedures.editions import edition
from procedures.forms import (
    FORMS,
    ChaserRound,
    Disclosure,
    FormFields,
    Letter17030Fields,
    PersonDetails,
    T438Fields,
    T439Fields,
    T441Fields,
    T442Fields,
    WhyWeAsk,
)
from procedures.returned_parts import RETURNED
from procedures.terms import ContactKind, Form, Occupancy

GOLDEN = Path(__file__).parent / "golden"
CREATED = datetime(2026, 4, 24, 4, 55, tzinfo=UTC)
V6 = edition(EDITION)
HEAD: dict[str, Any] = {
    "our_reference": "7F3K-22Q9",
    "prepared_on": date(2026, 4, 24),
    "reply_address": "placement.returns@agency.example",
}
PERSON = PersonDetails(
    name="Tamati Rāwiri Ōkere", date_of_birth=date(1971, 8, 8), corrections_reference="PRN 00412"
)
HOME = "14A Pūriri Rise, Kōwhai Valley 9999"
CHASER: dict[str, Any] = HEAD | {
    "office": "Kōwhai Valley",
    "missing_form": Form.T_441,
    "sent_on": date(2026, 4, 24),
    "due_on": date(2026, 5, 4),
}

SAMPLES: dict[str, FormFields] = {
    "t-441-lives-there": T441Fields(
        **HEAD, person=PERSON, reason=WhyWeAsk.LIVES_IN_A_HOME, home_address=HOME
    ),
    "t-441-considered": T441Fields(
        **HEAD,
        person=PersonDetails(name="Ōkere", date_of_birth=None, corrections_reference=None),
        reason=WhyWeAsk.CONSIDERED_FOR_A_HOME,
    ),
    "t-439": T439Fields(**HEAD, person=PERSON, home_address=HOME, occupancy=Occupancy.HOUSEHOLD_MEMBER),
    "t-442": T442Fields(
        **HEAD,
        person=PERSON,
        home_address=HOME,
        kind=Disclosure.HOUSEHOLD_CHANGE,
        facts="Another adult has moved in.\nThe household is now three people.",
        aware_on=date(2026, 4, 23),
    ),
    "t-438": T438Fields(
        **HEAD,
        person=PERSON,
        property_address="3 Tūī Lane, Kōwhai Valley 9999",
        viewing_on=date(2026, 4, 26),
        advisor="Merewyn Tran, Advisor Placement",
        corrections_contact="Ioane Petrov, Kōwhai Valley office",
    ),
    "17-030-nothing-came": Letter17030Fields(
        **CHASER, addressee=ContactKind.CONTACT, corrections_reference="PRN 00412"
    ),
    "17-030-second-incomplete": Letter17030Fields(
        **CHASER,
        addressee=ContactKind.SERVICE_MANAGER,
        corrections_reference=None,
        missing_parts=("locality_information", "completed_on"),
        round=ChaserRound.SECOND,
    ),
}
by_sample = pytest.mark.parametrize("name", SAMPLES)


def page_texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]+", text))


def strings_in(value: object) -> list[str]:
    """Every string and date of a value, as it would be printed."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings_in(inner)]
    if isinstance(value, tuple | list):
        return [text for inner in value for text in strings_in(inner)]
    return [letters.long_date(value)] if isinstance(value, date) else [str(value)]


@by_sample
def test_each_page_reads_as_agreed(name: str) -> None:
    """A wanted change of wording: run once with PLACEMENT_WRITE_GOLDEN=1 and review the difference."""
    read = "\n\n---- next page ----\n\n".join(page_texts(render(SAMPLES[name], CREATED, V6))) + "\n"
    agreed = GOLDEN / f"{name}.txt"
    if os.environ.get("PLACEMENT_WRITE_GOLDEN"):
        agreed.write_text(read, encoding="utf-8")
    assert read == agreed.read_text(encoding="utf-8")


@by_sample
def test_no_word_is_printed_but_the_template_and_the_allowed_fields(name: str) -> None:
    fields = SAMPLES[name]
    allowed = set().union(
        *(words((TEMPLATES / file).read_text()) for file in ("layout.typ", f"{fields.form.lower()}-1.0.typ")),
        *(words(text) for text in strings_in(fields.model_dump())),
        *(words(text) for text in letters.paragraphs(fields, V6.parameters)),
        *(words(part.label + str(part.choices)) for part in RETURNED[fields.form]),
        words(" ".join((FORMS[fields.form].title, fields.form, letters.AGENCY, EDITION, letters.MARKING))),
        words(" ".join((letters.SECURE_MAIL_TAG, letters.LEGAL_BASIS, letters.HANDLING, "1 2 of 1.0"))),
    )
    if isinstance(fields, Letter17030Fields):
        allowed |= words(
            " ".join((*letters.closing(fields, V6.parameters), *letters.missing_part_labels(fields)))
        )
        allowed |= words(f"{letters.addressee_line(fields.addressee)} {fields.round.lower()}")
    printed = words("\n".join(page_texts(render(fields, CREATED, V6))))
    assert {word for word in printed if word.lower() not in {a.lower() for a in allowed}} == set()


@pytest.mark.parametrize("form", list(Form))
def test_templates_ask_for_no_field_outside_the_list(form: Form) -> None:
    asked = set(re.findall(r"known\.(\w+)", (TEMPLATES / f"{form.lower()}-1.0.typ").read_text()))
    assert asked == set(FORMS[form].fields.model_fields) - {
        "our_reference",
        "prepared_on",
        "reply_address",
        *(("sent_on", "due_on") if form is Form.L_17_030 else ()),  # said in the letter's sentences
    }


@by_sample
def test_the_letter_about_a_missing_form_names_no_person(name: str) -> None:
    named = "Ōkere" in "".join(page_texts(render(SAMPLES[name], CREATED, V6)))
    assert named is not name.startswith("17-030")


@by_sample
def test_marking_reference_and_page_number_stand_on_every_page_top_and_bottom(name: str) -> None:
    pages = page_texts(render(SAMPLES[name], CREATED, V6))
    for number, text in enumerate(pages, start=1):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert lines[0] == "IN-CONFIDENCE [SEEMAIL]"
        foot = " ".join(lines[-5:])
        assert "IN-CONFIDENCE [SEEMAIL]" in foot
        assert "Our reference 7F3K-22Q9" in foot
        assert f"Page {number} of {len(pages)}" in foot
        assert f"template {FORMS[SAMPLES[name].form].template_version}" in foot
        assert EDITION in foot


def test_a_long_statement_of_facts_keeps_the_marking_on_its_second_page() -> None:
    long = T442Fields.model_validate(SAMPLES["t-442"].model_dump() | {"facts": "A new fact. " * 330})
    pages = page_texts(render(long, CREATED, V6))
    assert len(pages) > 1
    assert all(text.count("IN-CONFIDENCE [SEEMAIL]") == 2 for text in pages)


@pytest.mark.req("SUP-1", "OV-4")
@by_sample
def test_every_document_to_corrections_names_its_legal_basis(name: str) -> None:
    text = " ".join(" ".join(page_texts(render(SAMPLES[name], CREATED, V6))).split())
    for basis in ("Agreement for Sharing Information", "Privacy Act 2020", "Corrections Act 2004"):
        assert basis in text


@by_sample
def test_pages_are_tagged_titled_and_in_a_language(name: str) -> None:
    with pikepdf.open(BytesIO(render(SAMPLES[name], CREATED, V6))) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en-NZ"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        form = SAMPLES[name].form
        assert str(pdf.docinfo.Title) == f"{form} {FORMS[form].title}"
        assert b"pdfuaid:part>1<" in pdf.Root.Metadata.read_bytes()
        assert all(str(page.MediaBox[2]).startswith("595") for page in pdf.pages)


@pytest.mark.parametrize("name", ["t-441-lives-there", "t-439"])
def test_parts_for_corrections_can_be_filled_in_on_screen_and_have_names(name: str) -> None:
    with pikepdf.open(BytesIO(render(SAMPLES[name], CREATED, V6))) as pdf:
        fields = {str(field.T): field for field in pdf.Root.AcroForm.Fields}
        parts = RETURNED[SAMPLES[name].form]
        assert set(fields) == {part.key for part in parts}
        for part in parts:
            assert str(fields[part.key].TU) == part.label
            offered = {key for kid in fields[part.key].get("/Kids", []) for key in dict(kid.AP.N)} - {"/Off"}
            assert offered == {f"/{value}" for value, _ in part.choices}
        numbers = pdf.Root.StructTreeRoot.ParentTree.Nums
        roles = {
            int(numbers[i]): str(numbers[i + 1].S)
            for i in range(0, len(numbers), 2)
            if isinstance(numbers[i + 1], pikepdf.Dictionary)
        }
        widgets = [widget for page in pdf.pages for widget in page.get("/Annots", [])]
        assert {roles[int(widget.StructParent)] for widget in widgets} == {"/Form"}
        assert {str(widget.Subtype) for widget in widgets} == {"/Widget"}
        assert b"field:" not in pdf.Root.Metadata.read_bytes()


def test_3_4_the_form_signed_at_the_viewing_is_one_sheet_of_paper_with_boxes() -> None:
    with pikepdf.open(BytesIO(render(SAMPLES["t-438"], CREATED, V6))) as pdf:
        assert len(pdf.pages) == 1
        assert "/AcroForm" not in pdf.Root


@by_sample
def test_the_same_fields_give_the_same_bytes(name: str) -> None:
    first = render(SAMPLES[name], CREATED, V6)
    assert first == render(SAMPLES[name], CREATED, V6)
    assert first != render(SAMPLES[name], CREATED.replace(hour=5), V6)


@pytest.mark.parametrize(
    "text",
    [
        '#panic("x")',
        '"); #read("/etc/passwd") //',
        "*bold* _it_ `raw` $x^2$ <label> @ref = == \\ [x] {y} ~ --- /* */",
        '{"form": "T-442"}',
        "#sys.inputs.data",
        "O'Néill-Ōkere & Sons <b>",
    ],
)
def test_text_of_a_case_is_never_read_as_markup(text: str) -> None:
    fields = T441Fields.model_validate(
        SAMPLES["t-441-lives-there"].model_dump() | {"person": PERSON.model_dump() | {"name": text}}
    )
    printed = " ".join("".join(page_texts(render(fields, CREATED, V6))).split())
    assert " ".join(text.split()) in printed


def test_a_name_the_fonts_cannot_print_is_refused_without_repeating_it() -> None:
    unprintable = PersonDetails(name="漢字", date_of_birth=None, corrections_reference=None)
    with pytest.raises(Permanent, match="Latin letters") as refused:
        render(T441Fields(**HEAD, person=unprintable, reason=WhyWeAsk.LIVES_IN_A_HOME), CREATED, V6)
    assert "漢" not in str(refused.value)
    assert refused.value.__cause__ is None
