"""Appendix B: everything about a person is kept in their one file, and each read of it is on record."""

from datetime import timedelta

import pytest

from activities.filing import (
    NewDocument,
    NoSuchDocument,
    file_document,
    file_later,
    file_of_case,
    read_document,
    store_document,
)
from models.tables.mail import Document
from procedures.record import PersonFileCreated
from tests.activities.mail_office import ADVISOR, NOW, MailOffice
from tests.workflows.people import DEE, DEE_AGAIN, LEE, SON

PAPER = NewDocument("D-1", "attachment", "in", "application/pdf", b"%PDF-content", pages=3)


async def keep(office: MailOffice, document: NewDocument, case_id: str) -> None:
    """Store and file."""
    stored, _ = await store_document(office.databases.worker, office.store, document)
    async with office.databases.worker.transaction() as session:
        await file_document(session, stored, case_id=case_id, travelled_with=None, by=ADVISOR, at=NOW)


async def row(office: MailOffice, document_id: str = "D-1") -> Document:
    """The document's row."""
    async with office.databases.worker.transaction() as session:
        return await session.get_one(Document, document_id)


@pytest.mark.req("A-B5")
async def test_b_a_later_case_of_the_person_uses_the_same_file(office: MailOffice) -> None:
    first = await office.case(LEE)
    second = await office.case(LEE, None, procedure="check_suitability")
    other = await office.case(SON)
    async with office.databases.worker.transaction() as session:
        assert await file_of_case(session, first) == await file_of_case(session, second) == f"F-{first}"
        assert await file_of_case(session, other) == f"F-{other}"


@pytest.mark.req("A-B6")
async def test_b_documents_of_both_records_of_a_duplicate_go_into_one_file(office: MailOffice) -> None:
    first = await office.case(DEE)
    await office.turn(first, PersonFileCreated(entry_id=None, person_refs=[DEE.ref, DEE_AGAIN.ref]))
    second = await office.case(DEE_AGAIN, None)
    await keep(office, PAPER, second)
    assert (await row(office)).file_id == f"F-{first}"


@pytest.mark.req("A-B1", "PRV-17")
async def test_b_a_document_is_stored_once_and_only_encrypted(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    await keep(office, PAPER, case_id)
    before = await row(office)
    await keep(office, PAPER, case_id)
    assert (await row(office)).storage_reference == before.storage_reference
    assert (before.pages, before.direction, before.complete) == (3, "in", None)
    folder = office.folder / "documents"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 1
    assert b"content" not in files[0].read_bytes()


@pytest.mark.req("PRV-18")
async def test_each_read_of_a_document_is_audited_before_it_is_given_out(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    await keep(office, PAPER, case_id)
    at = NOW + timedelta(hours=1)
    read = await read_document(
        office.databases.api, office.store, "D-1", by=ADVISOR, at=at, why="reading the return"
    )
    assert (read.content, read.media_type, read.case_id) == (b"%PDF-content", "application/pdf", case_id)
    (event,) = await office.events("D-1", "read document")
    assert (event.actor, event.at, event.detail) == ("advisor-1", at, {"why": "reading the return"})


async def test_a_document_that_is_not_there(office: MailOffice) -> None:
    with pytest.raises(NoSuchDocument):
        await read_document(office.databases.api, office.store, "D-9", by=ADVISOR, at=NOW, why=None)


@pytest.mark.req("AMB-X-9")
async def test_what_fits_no_case_lies_in_no_file_until_a_person_gives_it_to_one(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    await keep(office, PAPER, "")
    assert (await row(office)).file_id is None
    for given in (case_id, await office.case(SON)):
        async with office.databases.worker.transaction() as session:
            await file_later(session, ["D-1"], case_id=given, by=ADVISOR, at=NOW)
    kept = await row(office)
    assert (kept.case_id, kept.file_id) == (case_id, f"F-{case_id}")
    assert len(await office.events("D-1", "document filed")) == 2
