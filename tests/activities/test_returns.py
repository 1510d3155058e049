"""What comes back is taken once, told to its case by our reference, or left to a person; never matched by name."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from activities import returns
from activities.returns import upload_return
from models.tables.mail import Document
from procedures.refusals import Refused
from tests.activities.mail_office import ADVISOR, DESK, NOW, MailOffice, open_office, running_lab
from tests.activities.return_desk import ReturnDesk, answer, programmed, scan
from tests.conftest import Databases
from tests.mail_fixtures import GATEWAY_TIME
from tests.workflows.people import KIM, LEE
from workers.embedded.mail_gateway import Fault
from workers.embedded.mail_store import Account

FILLED = {"completed_by": "Sam Contact, Harbourview", "completed_on": "2026-11-24"}


@pytest.fixture
async def desk(databases: Databases, tmp_path: Path, temporal: Client) -> AsyncIterator[ReturnDesk]:
    """An office whose mailboxes are empty."""
    async with running_lab(tmp_path / "mail") as lab:
        yield ReturnDesk(await open_office(databases, lab, tmp_path), temporal)


def case_of(mail_id: str) -> str:
    return mail_id.rsplit("-", 1)[0]


async def document(office: MailOffice, document_id: str) -> Document:
    async with office.databases.worker.transaction() as session:
        return await session.get_one(Document, document_id)


@pytest.mark.req("A-B1", "A-B5")
async def test_1_6_a_returned_t441_is_filed_and_its_case_is_told(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    desk.post(answer(f"RE: [SEEMAIL] IN-CONFIDENCE - Ref {mail_id}", desk.form(mail_id, FILLED)))
    (row,) = await desk.taken()

    assert (row.kind, row.mail_id, row.case_id, row.problem) == ("form", mail_id, case_of(mail_id), None)
    assert row.told_at == NOW
    assert await desk.heard(case_of(mail_id)) == [
        {
            "returned": row.received_id,
            "mail_id": mail_id,
            "documents": row.document_ids,
            "received_at": GATEWAY_TIME.replace(microsecond=0).isoformat(),
        }
    ]
    kept = await document(desk.office, row.document_ids[0])
    assert (kept.form, kept.direction, kept.file_id) == ("T-441", "in", f"F-{case_of(mail_id)}")
    assert kept.complete is None, "only a person says that a form is complete"
    assert kept.missing == ["order_status"]
    letter = await document(desk.office, f"{row.received_id}-message")
    assert letter.file_id == kept.file_id


@pytest.mark.req("AMB-X-9")
@pytest.mark.parametrize("way", ["In_Reply_To", "References", "the form"])
async def test_a_return_is_matched_by_its_thread_or_by_its_form(desk: ReturnDesk, way: str) -> None:
    mail_id = await desk.exchange()
    message_id = f"<{mail_id}@placement.test>"
    if way == "the form":
        desk.post(answer("the form you asked for", desk.form(mail_id)))
    else:
        desk.post(answer("the form you asked for", scan(), **{way: message_id}))
    (row,) = await desk.taken()
    assert (row.kind, row.mail_id) == ("form", mail_id)


@pytest.mark.req("AMB-X-9")
async def test_two_references_go_to_a_person_and_no_letter_leaves_over_them(desk: ReturnDesk) -> None:
    first, second = await desk.exchange(LEE), await desk.exchange(KIM)
    desk.post(answer(f"Ref {first} and Ref {second}", scan()))
    (row,) = await desk.taken()
    assert (row.kind, row.case_id, row.suggested_case_id) == ("ambiguous", None, None)
    queue = await desk.queued(row.received_id)
    assert queue.procedure == "sort_mail"
    for case_id in (case_of(first), case_of(second)):
        assert await desk.heard(case_id) == [{"unread_reply": row.received_id, "mail_id": None}]


@pytest.mark.req("AMB-X-9")
async def test_a_subject_and_a_form_of_different_cases_are_a_contradiction(desk: ReturnDesk) -> None:
    first, second = await desk.exchange(LEE), await desk.exchange(KIM)
    desk.post(answer(f"RE: Ref {first}", desk.form(second)))
    (row,) = await desk.taken()
    assert (row.kind, row.case_id) == ("ambiguous", None)


@pytest.mark.req("AMB-X-9", "AMB-P1-29")
async def test_no_reference_is_never_matched_by_name_and_holds_the_senders_only_exchange(
    desk: ReturnDesk,
) -> None:
    mail_id = await desk.exchange()
    desk.post(answer("Lee Sample, born 6 May 1975", scan(), sender=DESK.replace("desk", "Desk")))
    (row,) = await desk.taken()
    assert (row.kind, row.mail_id, row.case_id) == ("unmatched", None, None)
    assert row.suggested_case_id == case_of(mail_id)
    assert (await desk.queued(row.received_id)).region == "R01"
    assert await desk.heard(case_of(mail_id)) == [{"unread_reply": row.received_id, "mail_id": None}]
    assert (await document(desk.office, row.document_ids[0])).file_id is None


@pytest.mark.req("AMB-X-9")
async def test_of_two_open_exchanges_none_is_suggested(desk: ReturnDesk) -> None:
    await desk.exchange(LEE)
    await desk.exchange(KIM)
    desk.post(answer("about the form", scan()))
    (row,) = await desk.taken()
    assert (row.kind, row.suggested_case_id, row.held_case_ids) == ("unmatched", None, [])


@pytest.mark.req("AMB-X-9")
@pytest.mark.parametrize(
    ("sender", "headers", "kind"),
    [
        ("someone@elsewhere.example", {}, "stranger"),
        ("desk@corrections.example.evil.example", {}, "stranger"),
        (DESK, {"Auto_Submitted": "auto-replied"}, "auto_reply"),
    ],
)
async def test_our_reference_alone_is_not_enough(
    desk: ReturnDesk, sender: str, headers: dict[str, str], kind: str
) -> None:
    mail_id = await desk.exchange()
    desk.post(answer(f"RE: Ref {mail_id}", desk.form(mail_id), sender=sender, **headers))
    (row,) = await desk.taken()
    assert (row.kind, row.case_id, row.suggested_case_id) == (kind, None, case_of(mail_id))
    await desk.queued(row.received_id)
    assert "returned" not in str(await desk.heard(case_of(mail_id)))


@pytest.mark.req("AMB-P1-29")
async def test_1_6_a_reply_without_a_form_is_something_unread_in_its_case(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    desk.post(answer(f"RE: Ref {mail_id}"))
    (row,) = await desk.taken()
    assert (row.kind, row.case_id) == ("reply", case_of(mail_id))
    assert await desk.heard(case_of(mail_id)) == [{"unread_reply": row.received_id, "mail_id": mail_id}]


async def test_a_pdf_that_must_not_be_kept_is_left_to_a_person_with_the_reason(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    desk.post(answer(f"RE: Ref {mail_id}", programmed()))
    (row,) = await desk.taken()
    assert (row.kind, row.document_ids) == ("unfit", [])
    assert row.problem is not None
    assert "holds a program" in row.problem
    assert row.suggested_case_id == case_of(mail_id)
    await desk.queued(row.received_id)


@pytest.mark.req("AMB-X-8")
async def test_a_bounce_reaches_its_case_and_a_forged_one_changes_nothing(desk: ReturnDesk) -> None:
    case_id = await desk.office.case(LEE)
    await desk.start(case_id)
    mail_id = await desk.office.prepare(case_id)
    desk.office.lab.faults.add(Fault.BOUNCE)
    await desk.office.deliver(mail_id)
    (row,) = await desk.taken()
    assert (row.kind, row.mail_id) == ("bounce", mail_id)
    assert await desk.heard(case_id) == [{"bounced": mail_id, "received_id": row.received_id}]

    report = desk.office.lab.store.message(Account.RETURNS, 1).content
    forged = report.replace(b"gateway.placement.test", b"gateway.elsewhere.example")
    desk.office.lab.store.deliver(Account.RETURNS, forged, received_at=GATEWAY_TIME)
    *_, second = await desk.taken()
    assert (second.kind, second.case_id) == ("bounce", None)
    await desk.queued(second.received_id)
    assert [told for told in await desk.heard(case_id) if "bounced" in told][1:] == []


async def test_the_same_message_twice_is_taken_once_and_the_mailbox_keeps_both(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    message = answer(f"RE: Ref {mail_id}", desk.form(mail_id))
    desk.post(message)
    assert await desk.returns.take_new(NOW) == 1
    desk.post(message)
    assert await desk.returns.take_new(NOW) == 0
    assert await desk.returns.take_new(NOW) == 0
    assert len(await desk.heard(case_of(mail_id))) == 1
    assert desk.office.lab.store.count(Account.RETURNS) == 2


async def test_a_message_id_used_again_for_another_content_is_another_message(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    first = answer("hello")
    second = answer(f"RE: Ref {mail_id}", desk.form(mail_id))
    second.replace_header("Message-ID", first["Message-ID"])
    desk.post(first)
    desk.post(second)
    assert [row.kind for row in await desk.taken()] == ["unmatched", "form"]


@pytest.mark.req("AMB-X-4")
async def test_a_form_for_a_case_that_has_ended_is_filed_and_left_to_a_person(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    await desk.client.get_workflow_handle(case_of(mail_id)).terminate()
    desk.post(answer(f"RE: Ref {mail_id}", desk.form(mail_id)))
    (row,) = await desk.taken()
    assert (row.kind, row.problem) == ("form", "the case had ended when this came")
    assert (await document(desk.office, row.document_ids[0])).file_id == f"F-{case_of(mail_id)}"
    await desk.queued(row.received_id)


async def test_what_was_put_on_record_and_not_told_is_told_by_the_next_reading(
    desk: ReturnDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail_id = await desk.exchange()
    desk.post(answer(f"RE: Ref {mail_id}", desk.form(mail_id)))
    desk.post(answer("no reference"))

    async def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(returns, "tell", die)
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await desk.returns.take_new(NOW)
    assert [row.told_at for row in await desk.record()] == [None]
    rows = await desk.taken()
    assert [row.told_at for row in rows] == [NOW, NOW]
    assert (await desk.heard(case_of(mail_id)))[0]["returned"] == rows[0].received_id


async def test_a_mailbox_that_numbers_its_messages_anew_is_read_again(
    desk: ReturnDesk, tmp_path: Path
) -> None:
    mail_id = await desk.exchange()
    form = desk.form(mail_id)
    for number in range(3):
        desk.post(answer(f"message {number}"))
    assert await desk.returns.take_new(NOW) == 3
    async with running_lab(tmp_path / "moved") as moved:
        desk.office.lab = moved
        desk.post(answer(f"RE: Ref {mail_id}", form))
        assert [row.kind for row in await desk.taken()].count("form") == 1


# -- uploads and sorting -------------------------------------------------------------------------------------


async def upload(desk: ReturnDesk, case_id: str, content: bytes) -> str:
    """As the API does it, with the API's rights."""
    return await upload_return(
        desk.office.databases.api,
        desk.office.store,
        desk.cases,
        case_id=case_id,
        content=content,
        file_name="Lee Sample.pdf",
        received_at=GATEWAY_TIME,
        by=ADVISOR,
        at=NOW,
    )


async def test_1_6_an_upload_is_checked_filed_and_told_like_a_mail(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    form = desk.form(mail_id)
    received_id = await upload(desk, case_of(mail_id), form)
    assert await upload(desk, case_of(mail_id), form) == received_id
    (row,) = await desk.record()
    assert (row.kind, row.mail_id, row.told_at) == ("form", mail_id, NOW)
    assert [told["returned"] for told in await desk.heard(case_of(mail_id))] == [received_id]
    assert (await document(desk.office, row.document_ids[0])).stored_by == ADVISOR.subject


async def test_an_upload_that_must_not_be_kept_or_is_another_cases_form_is_refused(desk: ReturnDesk) -> None:
    mail_id, other = await desk.exchange(LEE), await desk.exchange(KIM)
    with pytest.raises(Refused, match="program"):
        await upload(desk, case_of(mail_id), programmed())
    with pytest.raises(Refused, match="another case"):
        await upload(desk, case_of(mail_id), desk.form(other))
    assert await desk.record() == []


@pytest.mark.req("AMB-X-9", "A-B5")
async def test_sorted_mail_is_filed_with_its_person_and_its_case_is_told(desk: ReturnDesk) -> None:
    held, meant = await desk.exchange(KIM), await desk.exchange(LEE)
    desk.post(answer(f"Ref {held} Ref {meant}", scan()))
    (row,) = await desk.taken()
    for _ in range(2):
        done = await desk.returns.sort_return(row.received_id, case_of(meant), NOW, ADVISOR)
        assert done.told
    (row,) = await desk.record()
    assert (row.case_id, row.mail_id, row.reviewed_by) == (case_of(meant), meant, ADVISOR.subject)
    assert (await document(desk.office, row.document_ids[0])).file_id == f"F-{case_of(meant)}"
    assert (await desk.heard(case_of(meant)))[1]["returned"] == row.received_id
    assert (await desk.heard(case_of(held)))[1] == {"sorted": row.received_id}


@pytest.mark.req("AMB-P1-29")
async def test_mail_that_is_set_aside_frees_the_letter(desk: ReturnDesk) -> None:
    mail_id = await desk.exchange()
    desk.post(answer("a circular to everybody"))
    (row,) = await desk.taken()
    done = await desk.returns.sort_return(row.received_id, None, NOW, ADVISOR)
    assert not done.told
    assert (await desk.heard(case_of(mail_id)))[-1] == {"sorted": row.received_id}
    assert (await desk.record())[0].case_id is None
