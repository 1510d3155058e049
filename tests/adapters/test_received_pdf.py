"""Received PDFs: what is taken, what is refused with a way out, and what is read from them."""

import contextlib
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, String

from adapters import received_pdf
from adapters.forms_pdf import render
from adapters.received_pdf import check_pdf
from procedures import EDITION
from procedures.editions import edition
from procedures.forms import PersonDetails, T441Fields, WhyWeAsk
from procedures.refusals import Refused
from procedures.returned_parts import missing_fields
from procedures.terms import Form

OURS = re.compile(r"\b[0-9A-HJ-NP-Z]{4}-[0-9A-HJ-NP-Z]{4}\b")
FORM = render(
    T441Fields(
        our_reference="7F3K-22Q9",
        prepared_on=date(2026, 4, 24),
        reply_address="returns@agency.example",
        person=PersonDetails(name="Tamati Ōkere", date_of_birth=None, corrections_reference=None),
        reason=WhyWeAsk.CONSIDERED_FOR_A_HOME,
    ),
    datetime(2026, 4, 24, tzinfo=UTC),
    edition(EDITION),
)


def saved(pdf: Pdf, **options: object) -> bytes:
    output = BytesIO()
    pdf.save(output, **options)  # type: ignore[arg-type]
    return output.getvalue()


def changed(change: Callable[[Pdf], object], content: bytes = FORM) -> bytes:
    with pikepdf.open(BytesIO(content)) as pdf:
        change(pdf)
        return saved(pdf)


def scan(pages: int = 1) -> bytes:
    """Pages without text, as a scanner makes them."""
    pdf = Pdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    return saved(pdf)


def test_our_own_form_is_taken_and_recognised_by_its_reference() -> None:
    found = check_pdf(FORM, our_reference=OURS)
    assert found.pages == 2
    assert found.sha256 == hashlib.sha256(FORM).hexdigest()
    assert found.our_reference == "7F3K-22Q9"
    assert found.filled_in == {}


def test_the_same_text_saved_again_has_the_same_text_digest() -> None:
    first = check_pdf(FORM, our_reference=OURS)
    again = check_pdf(changed(lambda pdf: pdf.docinfo.update({"/Subject": "again"})), our_reference=OURS)
    assert again.sha256 != first.sha256
    assert again.text_sha256 == first.text_sha256 is not None


def test_1_6_parts_filled_in_on_screen_are_read_back() -> None:
    def fill(pdf: Pdf) -> None:
        for field in pdf.Root.AcroForm.Fields:
            if str(field.T) == "order_status":
                field.V = Name.CSO
            elif str(field.T) != "completed_on":
                field.V = String("Kōwhai\rnone ")

    found = check_pdf(changed(fill), our_reference=OURS)
    assert found.filled_in["order_status"] == "CSO"
    assert found.filled_in["locality_information"] == "Kōwhai\nnone"
    assert missing_fields(Form.T_441, found.filled_in) == ["completed_on"]
    assert found.text_sha256 != check_pdf(FORM, our_reference=OURS).text_sha256


def test_a_scan_is_taken_without_text_or_reference() -> None:
    found = check_pdf(scan(3), our_reference=OURS)
    assert (found.pages, found.text_sha256, found.our_reference, found.filled_in) == (3, None, None, {})


def test_two_references_in_one_file_are_left_to_a_person() -> None:
    found = check_pdf(FORM, our_reference=re.compile(r"7F3K-22Q9|T-441"))
    assert found.our_reference is None


@pytest.mark.parametrize(
    ("content", "way_out"),
    [
        (b"", "save it as PDF"),
        (b"PK\x03\x04 a word document", "save it as PDF"),
        (b"MZ" + b"\0" * 2000 + b"%PDF-1.7", "save it as PDF"),
        (b"%PDF-1.7\nnothing follows", "damaged"),
        (FORM + b"\0" * received_pdf.SIZE_LIMIT, "larger than 20 MB"),
        (scan(received_pdf.PAGE_LIMIT + 1), "send between 1 and 100"),
    ],
)
def test_what_is_no_usable_pdf_is_refused_with_a_way_out(content: bytes, way_out: str) -> None:
    with pytest.raises(Refused, match=way_out):
        check_pdf(content, our_reference=OURS)


@pytest.mark.parametrize("user", ["", "secret"])
def test_a_protected_pdf_is_refused(user: str) -> None:
    with pikepdf.open(BytesIO(FORM)) as pdf:
        content = saved(pdf, encryption=pikepdf.Encryption(owner="owner", user=user))
    with pytest.raises(Refused, match=r"password|encrypted"):
        check_pdf(content, our_reference=OURS)


def open_action(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def hidden_script(pdf: Pdf) -> None:
    kind = pdf.make_indirect(Name.JavaScript)
    pdf.pages[0].AA = Dictionary(O=pdf.make_indirect(Dictionary(S=kind)))


def named_script(pdf: Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array()))


def launch(pdf: Pdf) -> None:
    link = Dictionary(
        Type=Name.Annot, Subtype=Name.Link, Rect=[0, 0, 9, 9], A=Dictionary(S=Name.Launch, F=String("x"))
    )
    pdf.pages[0].Annots = Array([link])


def attached_program(pdf: Pdf) -> None:
    pdf.attachments["readme.exe"] = b"MZ"


def attached_to_page(pdf: Pdf) -> None:
    pdf.pages[0].Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=[0, 0, 9, 9])])


def nested_deeply(pdf: Pdf) -> None:
    inner = Dictionary(S=Name.JavaScript)
    for _ in range(20):
        inner = Dictionary(Next=Array([inner]))
    pdf.Root.OpenAction = inner


def xfa(pdf: Pdf) -> None:
    pdf.Root.AcroForm.XFA = String("<xdp/>")


@pytest.mark.parametrize(
    "harm",
    [
        open_action,
        hidden_script,
        named_script,
        launch,
        attached_program,
        attached_to_page,
        nested_deeply,
        xfa,
    ],
)
def test_active_content_is_refused_with_a_way_out(harm: Callable[[Pdf], None]) -> None:
    with pytest.raises(Refused, match="print it to a new PDF"):
        check_pdf(changed(harm), our_reference=OURS)


def test_a_document_that_opens_at_a_page_or_names_a_web_page_is_taken() -> None:
    def harmless(pdf: Pdf) -> None:
        pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.Fit])
        pdf.pages[0].Annots.append(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Link,
                Rect=[0, 0, 9, 9],
                A=Dictionary(S=Name.URI, URI=String("x")),
            )
        )

    assert check_pdf(changed(harmless), our_reference=OURS).pages == 2


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(FORM) - 1), st.binary(min_size=1, max_size=40), st.integers(0, 200))
def test_a_damaged_file_is_taken_or_refused_but_never_breaks_the_caller(
    at: int, noise: bytes, cut: int
) -> None:
    content = FORM[:at] + noise + FORM[at + cut :]
    with contextlib.suppress(Refused):
        assert check_pdf(content, our_reference=OURS).pages > 0
