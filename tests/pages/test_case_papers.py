"""Documents and mail of a case: opened in place, filed with checks, and shown before they leave."""

import re
from typing import Any

import httpx
import pytest

from adapters.received_pdf import SIZE_LIMIT
from models.tables.mail import Document, ReceivedMail, SecureMessage
from procedures.mail_texts import SHAPES
from procedures.proposed_mail import RecipientKind
from procedures.terms import Role
from tests.adapters.test_photographs import photograph
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, NOW, Office, fresh_state
from tests.api.test_documents import CONTENT, blank_form, file_one, person_file
from tests.api.test_mail import contact, lee
from tests.pages.desk import Desk, desk, words


async def upload(
    visitor: Desk, case_id: str, content: bytes | None, what: str = "returned", **fields: str
) -> httpx.Response:
    """Choose a file and send the form."""
    file: dict[str, Any] = {"file": ("Tom Tester T-441.pdf", content or b"", "application/pdf")}
    data = {"csrf": visitor.csrf, "what": what, **fields}
    return await visitor.client.post(f"/cases/{case_id}/documents", files=file, data=data)


@pytest.mark.req("PRV-18")
async def test_documents_are_listed_and_opened_in_place_for_one_reader(office: Office) -> None:
    await office.case("CD1", person_ref="P-1")
    await person_file(office, "F-1", "P-1")
    await file_one(office, "D-1", "CD1", file_id="F-1", complete=False, missing=["signed"], pages=2)
    await file_one(office, "D-2", "CD-OTHER", file_id="F-1", form="T-439")
    visitor = await desk(office, AWS)
    page = await visitor.get("/cases/CD1/documents")
    assert page.status_code == 200, page.text
    assert 'href="/documents/D-1"' in page.text
    assert "Not complete" in page.text
    assert "D-2" not in page.text
    assert [event.subject for event in await office.audited("read list of documents")] == ["CD1"]
    assert 'href="/documents/D-2"' in (await visitor.get("/cases/CD1/documents?scope=file")).text
    opened = await visitor.get("/documents/D-1")
    assert (opened.content, opened.headers["cache-control"]) == (CONTENT, "no-store")
    assert opened.headers["content-disposition"] == 'inline; filename="D-1.pdf"'
    assert [event.subject for event in await office.audited("read document")] == ["D-1"]


async def test_1_6_a_form_that_came_by_another_way_is_filed_and_told(office: Office) -> None:
    """Once, whatever it was called; the case says that a task asks to read it."""
    mail_id = await form_out(office, "CD2")
    assert await office.resources.cases.start("identify", "CD2")
    visitor, form = await desk(office, AWS), blank_form(mail_id)
    for _ in range(2):
        done = await upload(visitor, "CD2", form)
        assert (done.status_code, done.headers["location"]) == (303, "/cases/CD2?said=returned"), done.text
    assert await office.count(ReceivedMail) == 1
    page = await visitor.get("/cases/CD2/documents")
    assert "T-441" in page.text
    assert "Tester" not in page.text
    assert "A task of this case asks to read it" in (await visitor.get("/cases/CD2?said=returned")).text


async def test_3_6_a_scanned_paper_is_filed_with_its_day(office: Office) -> None:
    await office.case("CD3", "match_void", step="3.6", person_ref="P-3")
    await person_file(office, "F-3", "P-3")
    visitor = await desk(office, AP)
    assert "came back from Corrections" not in (await visitor.get("/cases/CD3/documents")).text
    done = await upload(visitor, "CD3", blank_form("CD3-1"), what="T-438")
    assert (done.status_code, done.headers["location"]) == (303, "/cases/CD3?said=filed"), done.text
    assert "T-438" in (await visitor.get("/cases/CD3/documents")).text


async def test_what_cannot_be_filed_is_said_at_the_top_and_beside_its_field(office: Office) -> None:
    mail_id = await form_out(office, "CD4")
    other = await form_out(office, "CD5")
    visitor = await desk(office, AWS)
    for content, more, status, text, href in (
        (None, {}, 422, "Choose the PDF to file", "#field-file"),
        (b"MZ program", {}, 409, "Rule A-B1", "#field-file"),
        (blank_form(other), {}, 409, "Rule AMB-X-9", "#field-file"),
        (blank_form(mail_id), {"what": "T-999"}, 422, "choose one of the answers", "#field-what"),
        (blank_form(mail_id), _day("30"), 422, "lies in the future", "#field-received_at-day"),
        (b"x" * (SIZE_LIMIT + 1), {}, 413, "at most 20 MB", "#field-file"),
    ):
        page = await upload(visitor, "CD4", content, **more)
        assert page.status_code == status, page.text
        assert text in words(page)
        assert f'href="{href}"' in page.text
        assert "<title>Error: Documents, case CD4" in page.text
    assert await office.count(Document) == 0


def _day(day: str) -> dict[str, str]:
    given = {"day": day, "month": "11", "year": "2026", "time": "10:00"}
    return {f"received_at-{part}": value for part, value in given.items()}


async def test_a_file_from_a_form_of_another_session_is_not_taken(office: Office) -> None:
    mail_id = await form_out(office, "CD6")
    visitor = await desk(office, AWS)
    visitor.csrf = "of-somebody-else"
    assert (await upload(visitor, "CD6", blank_form(mail_id))).status_code == 403
    assert await office.count(Document) == 0
    await office.case("CD7", region="R09")
    visitor = await desk(office, AWS, subject="u-7")
    assert (await upload(visitor, "CD7", blank_form(mail_id), what="T-438")).status_code == 404
    auditor = await desk(office, Role.AUDITOR)
    assert (await upload(auditor, "CD6", blank_form(mail_id))).status_code == 403


async def test_1_6_mail_says_where_each_message_stands(office: Office) -> None:
    await contact(office)
    mail_id = await form_out(office, "CD8")
    await office.put(
        SecureMessage,
        mail_id="CD8-L1",
        business_key="CD8-L1",
        case_id="CD8",
        kind="17-030",
        reference="CD8-1-17030-1",
        message_id="<CD8-L1@placement.test>",
        recipients=["harbourview@corrections.test"],
        copies=[],
        fields={},
        state="failed",
        problem="the gateway does not answer",
        attempt=3,
        created_at=NOW,
    )
    await office.put(
        ReceivedMail,
        received_id="R8",
        message_key="k8",
        uid=8,
        received_at=NOW,
        kind="form",
        mail_id=mail_id,
        case_id="CD8",
        held_case_ids=[],
        document_ids=["R8-1"],
        taken_at=NOW,
    )
    page = await (await desk(office, AWS)).get("/cases/CD8/mail")
    assert page.status_code == 200, page.text
    said = words(page)
    assert "Accepted by the gateway , Monday 23 November 2026, 14:30" in said
    assert "Sam Contact, Harbourview harbourview@corrections.test" in said
    assert "Could not be handed over , attempt 3: the gateway does not answer" in said
    assert "Not read yet: no letter leaves before it is." in said
    assert 'href="/documents/R8-1"' in page.text


async def test_1_6_the_preview_is_all_that_the_recipient_would_learn(office: Office) -> None:
    """Address, subject, text and each form; nothing is stored but that somebody looked."""
    await lee(office, "CD9")
    visitor = await desk(office, AWS)
    before = [await office.count(table) for table in (SecureMessage, Document)]
    page = await visitor.get("/cases/CD9/mail/preview?kind=T-441&contact_id=harbourview-1")
    assert page.status_code == 200, page.text
    said = words(page)
    assert "harbourview@corrections.test" in said
    assert "[SEEMAIL]" in said
    assert "Please complete the attached form T-441" in said
    link = "/cases/CD9/mail/preview.pdf?kind=T-441&amp;contact_id=harbourview-1&amp;form=T-441"
    assert link in page.text
    pdf = await visitor.get(link.replace("&amp;", "&"))
    assert (pdf.status_code, pdf.headers["cache-control"]) == (200, "no-store")
    assert pdf.content.startswith(b"%PDF")
    assert [await office.count(table) for table in (SecureMessage, Document)] == before
    assert len(await office.audited("read mail preview")) == 2


async def test_1_6_the_preview_says_why_it_would_not_leave(office: Office) -> None:
    await lee(office, "CD10", code="D2P")
    page = await (await desk(office, AWS)).get("/cases/CD10/mail/preview?kind=T-441&contact_id=harbourview-1")
    assert "It would not leave" in page.text
    assert "rule DEF-3" in page.text


async def test_every_kind_of_message_has_a_preview_or_its_reason(office: Office) -> None:
    """Also kinds that this case has no use for, and a case that knows nobody on the register."""
    await lee(office, "CD11")
    await office.case("CD12", state=fresh_state("CD12"))
    visitor = await desk(office, AWS)
    kinds = [kind for kind, shape in SHAPES.items() if shape.recipient is RecipientKind.CORRECTIONS]
    for case_id in ("CD11", "CD12"):
        for kind in kinds:
            path = f"/cases/{case_id}/mail/preview"
            page = await visitor.client.get(path, params={"kind": kind.value, "contact_id": "harbourview-1"})
            assert page.status_code == 200, (kind, page.text)


async def test_the_question_for_a_preview_says_what_is_missing(office: Office) -> None:
    await lee(office, "CD13")
    page = await (await desk(office, AWS)).get("/cases/CD13/mail/preview?kind=report_missing&contact_id=x")
    assert page.status_code == 422
    assert 'href="#preview-kind"' in page.text
    assert 'href="#preview-contact"' in page.text


async def test_3_6_photographs_of_the_signed_paper_become_one_document(office: Office) -> None:
    """A phone's camera or chosen pictures, one for each page; the same again is the same document."""
    await office.case("CD9", "match_void", step="3.6", person_ref="P-3")
    await person_file(office, "F-3", "P-3")
    visitor = await desk(office, AP)
    form = await visitor.get("/cases/CD9/documents?what=T-438")
    assert form.headers["cache-control"] == "no-store"
    assert re.search(r'name="photo" accept="image/jpeg,image/png" capture="environment"', form.text)
    assert re.search(r'value="T-438" checked', form.text)
    pages = [
        ("photo", ("IMG_1.jpg", photograph(), "image/jpeg")),
        ("photo", ("", b"", "application/octet-stream")),
    ]
    pages.insert(0, ("file", ("IMG_0.png", photograph(kind="PNG"), "image/png")))
    data = {"csrf": visitor.csrf, "what": "T-438"}
    for _ in range(2):
        done = await visitor.client.post("/cases/CD9/documents", files=pages, data=data)
        assert (done.status_code, done.headers["location"]) == (303, "/cases/CD9?said=filed"), done.text
    assert await office.count(Document) == 1
    page = await visitor.get("/cases/CD9/documents")
    assert "2 pages" in words(page)
    assert "IMG_" not in page.text
    mixed = [*pages, ("file", ("a.pdf", blank_form("CD9-1"), "application/pdf"))]
    refused = await visitor.client.post("/cases/CD9/documents", files=mixed, data=data)
    assert refused.status_code == 409
    assert "File one paper at a time" in words(refused)
