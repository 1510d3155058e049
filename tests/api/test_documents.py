"""Documents: listed with their case, read one at a time and audited, uploaded when they came by another way."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from adapters.forms_pdf import render
from models.tables.mail import Document, PersonFile, PersonFileName, ReceivedMail
from procedures import EDITION
from procedures.editions import edition
from procedures.forms import PersonDetails, T441Fields, WhyWeAsk
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, MANAGER, NOW, Office, fresh_state

CONTENT = b"%PDF-1.7 invented"


async def file_one(office: Office, document_id: str, case_id: str, **more: Any) -> str:
    """A document in the record, its content in the store."""
    values: dict[str, Any] = {
        "form": "T-441",
        "direction": "in",
        "media_type": "application/pdf",
        "storage_reference": await office.resources.documents.put(CONTENT),
        "digest": "d",
        "missing": [],
        "stored_at": NOW,
        "stored_by": "system",
    }
    await office.put(Document, **{**values, "document_id": document_id, "case_id": case_id, **more})
    return document_id


async def person_file(office: Office, file_id: str, person_ref: str, *, invalid_match: bool = False) -> None:
    """A green file of this person."""
    await office.put(
        PersonFile,
        file_id=file_id,
        title=b"sealed",
        characteristics={},
        created_at=NOW,
        created_by="u-1",
        invalid_match=invalid_match,
    )
    await office.put(PersonFileName, person_ref=person_ref, file_id=file_id)


def blank_form(reference: str) -> bytes:
    """The T-441 that carries this reference."""
    fields = T441Fields(
        our_reference=reference,
        prepared_on=NOW.date(),
        reply_address="wellbeing@placement.test",
        person=PersonDetails(name="Tom Tester", date_of_birth=None, corrections_reference="CR-1"),
        reason=WhyWeAsk.CONSIDERED_FOR_A_HOME,
        home_address=None,
    )
    return render(fields, NOW, edition(EDITION))


async def upload(client: httpx.AsyncClient, case_id: str, content: bytes, **data: str) -> httpx.Response:
    """Upload a PDF to a case."""
    return await client.post(
        f"/api/cases/{case_id}/documents",
        files={"file": ("Tom Tester T-441.pdf", content, "application/pdf")},
        data=data,
        headers={"Idempotency-Key": "key-upload-1"},
    )


@pytest.mark.req("PRV-18")
async def test_a_document_is_read_by_one_reader_and_the_read_is_on_record(office: Office) -> None:
    """Content as stored, never cached, under an opaque name; who, when and why stand in the audit."""
    await office.case("C1", person_ref="P-1")
    await file_one(office, "D-1", "C1")
    answer = await office.client(AWS).get("/api/documents/D-1", params={"why": "review_return"})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'inline; filename="D-1.pdf"'
    (read,) = await office.audited("read document")
    assert (read.subject, read.case_id, read.actor, read.detail) == (
        "D-1",
        "C1",
        f"u-{AWS.value}",
        {"why": "review_return"},
    )


@pytest.mark.req("PRV-9", "A-B2")
async def test_documents_are_for_those_who_see_a_case_of_the_person(office: Office) -> None:
    """Unknown and hidden look the same, and a hidden read is recorded as refused."""
    await office.case("C1", person_ref="P-1")
    await person_file(office, "F-1", "P-1")
    await file_one(office, "D-1", "C1", file_id="F-1")
    await office.case("C2", person_ref="P-2", region="R02")
    await file_one(office, "D-2", "C2")
    hidden = await office.client(AP).get("/api/documents/D-1")
    unknown = await office.client(AP).get("/api/documents/D-NONE")
    assert (hidden.status_code, hidden.json()) == (404, unknown.json())
    assert (await office.client(AWS).get("/api/documents/D-2")).status_code == 404
    assert (await office.client(AP).get("/api/cases/C1/documents")).status_code == 404
    assert [event.subject for event in await office.audited("refused: read document")] == ["D-1", "D-2"]
    assert await office.audited("read document") == []
    await office.case("C3", "match_void", person_ref="P-1")
    assert (await office.client(AP).get("/api/documents/D-1")).status_code == 200
    file = (await office.client(AP).get("/api/cases/C3/documents", params={"scope": "file"})).json()
    assert [one["id"] for one in file["items"]] == ["D-1"]
    assert (await office.client(AP).get("/api/cases/C3/documents")).json()["items"] == []
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.HOUSING_SUPPORT_MANAGER, Role.COORDINATOR_PLACEMENT):
        assert (await office.client(role).get("/api/documents/D-1")).status_code == 403


async def test_an_unsorted_mail_is_read_by_those_who_sort_mail(office: Office) -> None:
    """Its documents belong to no case yet; the case of its sorting says who sees them."""
    await office.case("M-R1", "sort_mail", "national", step="B")
    await file_one(office, "R1-message", "", message_id="R1", media_type="text/plain", form="message")
    assert (await office.client(AP).get("/api/documents/R1-message")).status_code == 404
    answer = await office.client(AWS, regions=("R07",)).get("/api/documents/R1-message")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")


@pytest.mark.req("A-B1")
async def test_1_6_an_uploaded_form_is_one_return_and_its_case_hears_of_it(office: Office) -> None:
    """The same file twice is one return; it is told to the running case; the file's name is kept nowhere."""
    mail_id = await form_out(office, "CUP000001")
    assert await office.resources.cases.start("identify", "CUP000001")
    client, form = office.client(AWS), blank_form(mail_id)
    first = await upload(client, "CUP000001", form, received_at="2026-11-27T09:00:00+13:00")
    assert first.status_code == 201, first.text
    again = await upload(client, "CUP000001", form)
    assert again.json() == first.json()
    assert await office.count(ReceivedMail) == 1
    async with office.databases.owner.transaction() as session:
        row = await session.get_one(ReceivedMail, first.json()["id"])
    assert (row.mail_id, row.case_id, row.told_at) == (mail_id, "CUP000001", NOW)
    assert row.received_at.isoformat() == "2026-11-26T20:00:00+00:00"
    listed = (await client.get("/api/cases/CUP000001/documents")).json()["items"]
    assert [(one["form"], one["direction"]) for one in listed] == [("T-441", "in")]
    assert "Tester" not in str(listed)
    assert (await client.get(f"/api/documents/{listed[0]['id']}")).content == form


async def test_what_may_not_be_kept_is_refused(office: Office) -> None:
    """No PDF, a form of another case, a case that asked for nothing, a time to come."""
    mail_id = await form_out(office, "CUP000002")
    other = await form_out(office, "CUP000003")
    await office.case("CUP000004", state=fresh_state("CUP000004"))
    client = office.client(MANAGER)
    refusals = [
        (await upload(client, "CUP000002", b"MZ program")).json()["rule"],
        (await upload(client, "CUP000002", blank_form(other))).json()["rule"],
        (await upload(client, "CUP000004", blank_form(mail_id))).json()["rule"],
    ]
    assert refusals == ["A-B1", "AMB-X-9", "AMB-X-9"]
    later = await upload(client, "CUP000002", blank_form(mail_id), received_at="2026-11-28T00:00:00Z")
    assert later.status_code == 422
    assert (await upload(client, "CUP000002", CONTENT, paper="T-999")).status_code == 422
    nothing = await client.post("/api/cases/CUP000002/documents", headers={"Idempotency-Key": "key-upload-2"})
    assert nothing.status_code == 422
    assert await office.count(Document) == 0


async def test_3_6_a_scanned_paper_is_filed_once_and_told_to_nobody(office: Office) -> None:
    """The signed T-438 goes into the person's file; record_part_b names it."""
    await office.case("CUP000005", "match_void", person_ref="P-5")
    await person_file(office, "F-5", "P-5")
    client, scan = office.client(AP), blank_form("CUP000005-1")
    first = await upload(client, "CUP000005", scan, paper="T-438")
    assert first.status_code == 201, first.text
    assert (await upload(client, "CUP000005", scan, paper="T-438")).json() == first.json()
    (filed,) = first.json()["documents"]
    assert (filed["form"], filed["file_id"], filed["case_id"]) == ("T-438", "F-5", "CUP000005")
    assert await office.count(ReceivedMail) == 0


async def test_the_task_shows_what_came_and_whom_to_write_to(office: Office) -> None:
    """A mail to sort with its documents; a recipient to confirm among the office's contacts and the set fallback."""
    await office.case("M-R9", "sort_mail", "national", step="B")
    await office.task("M-R9-1", "M-R9", kind="sort_mail", region="national", context={"received_id": "R9"})
    await office.put(
        ReceivedMail,
        received_id="R9",
        message_key="k9",
        uid=9,
        received_at=NOW,
        kind="unmatched",
        held_case_ids=[],
        document_ids=["R9-1"],
        taken_at=NOW,
    )
    await file_one(office, "R9-message", "", message_id="R9", form="message")
    await file_one(office, "R9-1", "", message_id="R9", form="attachment")
    known = (await office.client(AWS).get("/api/tasks/M-R9-1")).json()["known"]
    assert [one["document_id"] for one in known["documents"]] == ["R9-1", "R9-message"]
    assert [event.subject for event in await office.audited("read received mail")] == ["R9"]
    mail = replace(office.resources.settings.mail, corrections_fallback="intake@corrections.test")
    office.resources = replace(office.resources, settings=replace(office.resources.settings, mail=mail))
    await form_out(office, "CUP000006")
    await office.task("CUP000006-1", "CUP000006", kind="confirm_letter_recipient", step="1.6")
    known = (await office.client(AWS).get("/api/tasks/CUP000006-1")).json()["known"]
    assert [one["contact_id"] for one in known["contacts"]] == ["fallback"]
    entry = (await office.client(AWS).get("/api/contacts/fallback")).json()
    assert (entry["version"], entry["kind"]) == (known["contacts"][0]["version"], "fallback")


@pytest.mark.req("AMB-A-4")
async def test_the_file_of_an_invalid_match_is_kept_for_those_of_procedure_1(office: Office) -> None:
    await office.case("C1", person_ref="P-1")
    await office.case("C3", "match_void", person_ref="P-1")
    await person_file(office, "F-1", "P-1", invalid_match=True)
    await file_one(office, "D-1", "C1", file_id="F-1")
    for role, status in ((AWS, 200), (Role.MANAGER_HOUSING_WELLBEING_SUPPORT, 200), (AP, 404)):
        assert (await office.client(role).get("/api/documents/D-1")).status_code == status, role
