"""Appendix A: a message leaves once, only past the guard, whatever dies on the way; and the record says so."""

import asyncio
from datetime import date, timedelta
from email.message import EmailMessage
from io import BytesIO

import pikepdf
import pypdf
import pytest
from sqlalchemy import insert

from activities.contacts import FALLBACK_ID, Fallback, replace_contact
from adapters.ports import Transient
from models.tables.assessment import Confirmation
from models.tables.mail import SecureMessage
from procedures.letters import LEGAL_BASIS
from procedures.tasks import SYSTEM
from tests.activities.mail_office import ADVISOR, CONTACT, DESK, NOW, MailOffice
from tests.mail_fixtures import GATEWAY_TIME
from tests.workflows.people import KIM, LEE, TOM, Person
from tests.workflows.running import eventually
from workers.embedded.mail_gateway import Fault


def pdf_of(mail: EmailMessage, number: int = 0) -> bytes:
    attached = list(mail.iter_attachments())[number]
    content = attached.get_content()
    assert isinstance(content, bytes)
    return content


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


async def confirmed_as(office: MailOffice, case_id: str, person: Person, said: str) -> None:
    """Corrections' newest word about the person."""
    async with office.databases.worker.transaction() as session:
        await session.execute(
            insert(Confirmation).values(
                confirmation_id=f"S-{case_id}", case_id=case_id, person_ref=person.ref, said_by="Sam Contact",
                office="Harbourview", channel="verbal", status_said=said, said_at=NOW, note="Call.",
                recorded_by="advisor-1", recorded_at=NOW,
            )
        )  # fmt: skip


@pytest.mark.req("P1.S6.b3", "A-A6", "A-A7", "PRV-5", "PRV-16")
async def test_1_6_t441_leaves_by_seemail_and_reads_as_composed(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    mail_id = await office.prepare(case_id)
    delivered = await office.deliver(mail_id)

    assert (delivered.state, delivered.accepted_at) == ("accepted", GATEWAY_TIME)
    (sent,) = office.journal(mail_id)
    assert sent["To"] == DESK
    assert sent["Subject"] == f"[SEEMAIL] IN-CONFIDENCE - Ref {mail_id}"
    body = sent.get_body()
    assert body is not None
    said = body.get_content()
    assert all(line in said for line in ("Advisor Wellbeing Support", "Freephone: 0800 301 501", "PO Box 0"))
    form = text_of(pdf_of(sent))
    assert "Lee Sample" in form
    assert "PRN-P-LIVE" in form
    assert f"Our reference {mail_id}" in form
    envelope = f"{sent['Subject']} {sent['Message-ID']} {[a.get_filename() for a in sent.iter_attachments()]}"
    assert "Sample" not in envelope + said


@pytest.mark.req("SUP-1", "OV-4")
async def test_a_acceptance_is_a_disclosure_record_that_names_its_basis(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    delivered = await office.deliver(mail_id)
    row = await office.row(mail_id)
    (event,) = await office.events(mail_id, "mail accepted by the gateway")

    assert (row.state, row.recipients, row.attempt) == ("accepted", [DESK], 1)
    assert row.queue_id == delivered.queue_id
    assert event.detail["legal_basis"] == LEGAL_BASIS
    assert "Agreement for Sharing Information about Child Sex Offenders" in event.detail["legal_basis"]
    assert "person.date_of_birth" in event.detail["disclosed"]["T-441"]
    assert (event.detail["contact_id"], event.detail["confirmed_by"]) == ("desk", "advisor-1")
    assert "Sample" not in str(event.detail)


@pytest.mark.req("A-B1", "A-B5")
async def test_b_form_and_mail_are_kept_in_the_persons_file(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    mail_id = await office.prepare(case_id)
    await office.deliver(mail_id)
    kept = await office.documents(mail_id)
    (sent,) = office.journal(mail_id)

    assert set(kept) == {"T-441", "message"}
    assert {document.file_id for document in kept.values()} == {f"F-{case_id}"}
    assert await office.store.get(kept["T-441"].storage_reference) == pdf_of(sent)
    assert b"Freephone" in await office.store.get(kept["message"].storage_reference)


async def test_a_second_delivery_finds_it_accepted_and_sends_nothing(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    first = await office.deliver(mail_id)
    assert await office.deliver(mail_id, NOW + timedelta(days=1)) == first
    assert len(office.journal(mail_id)) == 1


# -- the guard, over the record ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "held", "rule"),
    [
        pytest.param(TOM, "D1P/PEN", "P1.N7", marks=pytest.mark.req("P1.N7", "PRV-12"), id="historic"),
        pytest.param(LEE, "D2/CUR", "DEF-3", marks=pytest.mark.req("DEF-3", "PRV-13"), id="D2"),
        pytest.param(LEE, "D2P/PEN", "DEF-3", marks=pytest.mark.req("DEF-3", "PRV-13"), id="D2P"),
        pytest.param(LEE, "D3/CUR", "PRV-13", marks=pytest.mark.req("PRV-13"), id="D3"),
        pytest.param(LEE, None, "P1.N5", id="no assessment"),
    ],
)
async def test_a_person_about_whom_nothing_is_disclosed(
    office: MailOffice, person: Person, held: str | None, rule: str
) -> None:
    mail_id = await office.prepare(await office.case(person, held))
    await refused(office, mail_id, rule)


async def refused(office: MailOffice, mail_id: str, rule: str) -> None:
    """A refusal is a row, an audit event and nothing else."""
    delivered = await office.deliver(mail_id)
    row = await office.row(mail_id)
    (event,) = await office.events(mail_id, "mail refused")
    assert (delivered.state, delivered.rule) == ("refused", rule)
    assert row.state == "refused"
    assert row.problem is not None
    assert rule in row.problem
    assert (event.refused, event.rule) == (True, rule)
    assert office.journal(mail_id) == []
    assert await office.documents(mail_id) == {}


@pytest.mark.req("PRV-11", "P1.N5")
async def test_1_6_an_applicant_counts_as_considered_and_who_has_left_does_not(office: MailOffice) -> None:
    applicant = await office.prepare(await office.case(KIM))
    assert (await office.deliver(applicant)).state == "accepted"
    assert "being considered" in text_of(pdf_of(office.journal(applicant)[0]))
    gone = await office.prepare(await office.case(LEE, vacated=True))
    await refused(office, gone, "P1.N5")


@pytest.mark.req("PRV-6", "A-A4")
async def test_a_contact_that_changed_since_the_confirmation_gets_nothing(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    moved = CONTACT.model_copy(update={"secure_address": "other@corrections.example"})
    await replace_contact(office.databases.api, "desk", moved, seen_version=1, by=ADVISOR, at=NOW)
    await refused(office, mail_id, "PRV-6")


@pytest.mark.req("PRV-6")
@pytest.mark.parametrize("by", [SYSTEM, None], ids=["a machine", "nobody"])
async def test_a_recipient_that_no_person_confirmed(office: MailOffice, by: object) -> None:
    case_id = await office.case(LEE)
    mail_id = await office.prepare(case_id, confirmed=None)
    if by is SYSTEM:
        await confirm(office, mail_id, "system")
    await refused(office, mail_id, "PRV-6")


async def confirm(office: MailOffice, mail_id: str, subject: str) -> None:
    async with office.databases.worker.transaction() as session:
        row = await session.get_one(SecureMessage, mail_id)
        row.recipient_confirmed_by, row.recipient_confirmed_at = subject, NOW


@pytest.mark.req("PRV-6")
async def test_1_6_the_confirmation_covers_the_letter_and_no_other_mail(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    assert (await office.deliver(await office.prepare(case_id))).state == "accepted"
    letter = await office.prepare(
        case_id,
        "17-030",
        key="1-17030-1",
        by=SYSTEM,
        sent_on="2026-11-20",
        due_on="2026-11-27",
        missing_form="T-441",
    )
    assert (await office.deliver(letter)).state == "accepted"
    assert "We have not received it" in text_of(pdf_of(office.journal(letter)[0]))
    back = await office.prepare(case_id, "T-441 incomplete", key="back-1", missing_parts=["completed_by"])
    await refused(office, back, "PRV-6")


@pytest.mark.req("A-A1")
async def test_a_address_outside_the_list_of_agencies(office: MailOffice) -> None:
    elsewhere = CONTACT.model_copy(update={"secure_address": "desk@elsewhere.example"})
    await replace_contact(office.databases.api, "desk", elsewhere, seen_version=1, by=ADVISOR, at=NOW)
    mail_id = await office.prepare(await office.case(LEE), version=2)
    await refused(office, mail_id, "A-A1")


@pytest.mark.req("A-A4")
async def test_a_contact_that_is_no_longer_valid(office: MailOffice) -> None:
    over = CONTACT.model_copy(update={"valid_to": date(2026, 11, 19)})
    await replace_contact(office.databases.api, "desk", over, seen_version=1, by=ADVISOR, at=NOW)
    mail_id = await office.prepare(await office.case(LEE), version=2)
    await refused(office, mail_id, "A-A4")


@pytest.mark.req("P1.S6.b4", "AMB-P1-8")
async def test_1_6_without_a_fallback_address_sending_is_blocked(office: MailOffice) -> None:
    fallback = Fallback("intake@corrections.example")
    entry = fallback.entry()
    assert entry is not None
    case_id = await office.case(LEE)
    mail_id = await office.prepare(case_id, contact_id=FALLBACK_ID, version=entry.version)
    await refused(office, mail_id, "AMB-P1-8")
    office.with_fallback("intake@corrections.example")
    assert (await office.deliver(mail_id)).state == "accepted"
    assert office.journal(mail_id)[0]["To"] == "intake@corrections.example"


@pytest.mark.req("AMB-X-5")
async def test_an_exit_entry_pauses_disclosure_until_corrections_confirms(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    await office.exit_entry(case_id, LEE)
    mail_id = await office.prepare(case_id)
    await refused(office, mail_id, "AMB-X-5")
    await confirmed_as(office, case_id, LEE, "CSO")
    assert (await office.deliver(mail_id)).state == "accepted"


@pytest.mark.req("AMB-X-4")
async def test_corrections_word_ends_disclosure_before_the_code_is_calculated(office: MailOffice) -> None:
    case_id = await office.case(LEE, "D1/CUR")
    await confirmed_as(office, case_id, LEE, "NSO")
    await refused(office, await office.prepare(case_id), "AMB-X-4")


# -- what can go wrong on the way ----------------------------------------------------------------------------


async def until_settled(office: MailOffice, mail_id: str) -> str:
    """Deliver as Temporal does: again after Transient; answers the final state."""
    for _ in range(20):
        try:
            return (await office.deliver(mail_id)).state
        except Transient:
            continue
    raise AssertionError("the mail never settled")


@pytest.mark.req("AMB-X-8")
@pytest.mark.parametrize(
    ("fault", "attempts"),
    [
        (Fault.TRY_LATER, 2),
        (Fault.CUT_BEFORE_ACCEPTING, 2),
        (Fault.CUT_BEFORE_ANSWERING, 1),
        (Fault.CUT_AFTER_ANSWERING, 1),
    ],
)
async def test_a_broken_line_neither_loses_nor_doubles_a_letter(
    office: MailOffice, fault: Fault, attempts: int
) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    office.lab.faults.add(fault)
    assert await until_settled(office, mail_id) == "accepted"
    row = await office.row(mail_id)
    assert (len(office.journal(mail_id)), row.attempt) == (1, attempts)
    assert row.accepted_at == GATEWAY_TIME
    assert len(await office.events(mail_id, "mail sent again")) == attempts - 1


@pytest.mark.req("AMB-X-8")
@pytest.mark.parametrize("fault", [None, Fault.CUT_BEFORE_ACCEPTING, Fault.CUT_BEFORE_ANSWERING])
async def test_an_attempt_killed_at_any_moment_is_finished_by_the_next(
    office: MailOffice, fault: Fault | None
) -> None:
    case_id = await office.case(LEE)
    for number in range(6):
        mail_id = await office.prepare(case_id, key=str(number), fresh=number)
        if fault:
            office.lab.faults.add(fault)
        attempt = asyncio.create_task(office.deliver(mail_id))
        for _ in range(number * 7):
            await asyncio.sleep(0)
        if number % 2:
            await reserved(office, mail_id)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        while office.lab.faults.next():
            pass
        assert await until_settled(office, mail_id) == "accepted"
        assert len(office.journal(mail_id)) == 1


async def reserved(office: MailOffice, mail_id: str) -> None:
    """Wait until the attempt is on record: whatever dies from now on may have left."""

    async def look() -> bool | None:
        return True if (await office.row(mail_id)).state != "waiting" else None

    await eventually(look, "the attempt never began")


async def test_two_attempts_at_once_send_one_letter(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    outcomes = await asyncio.gather(*(office.deliver(mail_id) for _ in range(3)), return_exceptions=True)
    assert all(isinstance(o, Transient) or getattr(o, "state", "") == "accepted" for o in outcomes)
    assert await until_settled(office, mail_id) == "accepted"
    assert len(office.journal(mail_id)) == 1


@pytest.mark.req("AMB-X-8")
async def test_a_refusing_gateway_fails_the_letter_and_no_clock_can_start(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    office.lab.faults.add(Fault.REFUSE)
    delivered = await office.deliver(mail_id)
    assert (delivered.state, delivered.accepted_at) == ("failed", None)
    assert (await office.row(mail_id)).state == "failed"
    (event,) = await office.events(mail_id, "mail failed")
    assert event.refused
    assert (await office.deliver(mail_id)).state == "accepted"
    assert len(office.journal(mail_id)) == 1


@pytest.mark.req("AMB-P1-11")
async def test_1_6_a_cancelled_letter_never_leaves(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    waiting = await office.prepare(case_id)
    await office.cancel(case_id, waiting)
    assert (await office.deliver(waiting)).state == "cancelled"
    under_way = await office.prepare(case_id, key="2", fresh=2)
    office.lab.faults.add(Fault.TRY_LATER)
    with pytest.raises(Transient):
        await office.deliver(under_way)
    await office.cancel(case_id, under_way)
    assert (await office.deliver(under_way)).state == "cancelled"
    assert (await office.row(under_way)).state == "cancelled"
    assert [*office.journal(waiting), *office.journal(under_way)] == []


@pytest.mark.req("AMB-P1-11")
async def test_1_6_a_letter_that_had_left_when_it_was_cancelled_stays_listed(office: MailOffice) -> None:
    case_id = await office.case(LEE)
    mail_id = await office.prepare(case_id)
    office.lab.faults.add(Fault.CUT_BEFORE_ANSWERING)
    with pytest.raises(Transient):
        await office.deliver(mail_id)
    await office.cancel(case_id, mail_id)
    assert (await office.deliver(mail_id)).state == "accepted"
    assert len(office.journal(mail_id)) == 1


async def test_a_letter_sent_again_carries_the_documents_of_its_first_attempt(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    office.lab.faults.add(Fault.TRY_LATER)
    with pytest.raises(Transient):
        await office.deliver(mail_id)
    kept = (await office.documents(mail_id))["T-441"]
    await office.deliver(mail_id, NOW + timedelta(days=3))
    (sent,) = office.journal(mail_id)
    assert pdf_of(sent) == await office.store.get(kept.storage_reference)
    with pikepdf.open(BytesIO(pdf_of(sent))) as pdf:
        assert len(pdf.pages) == 2
