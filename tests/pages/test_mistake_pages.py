"""A mistake in something that was sent, on pages: reported also in an ended case, decided in the task's form."""

import pytest

from models.tables.mail import SecureMessage
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.api.test_mail import contact
from tests.api.test_mistakes import sent_in
from tests.pages.desk import desk, hidden, words
from tests.workflows.running import House, eventually

REPORT = {"mistake": "wrong_person", "reason": "Another person of that name."}


@pytest.mark.req("AMB-X-6")
async def test_an_ended_case_with_mail_offers_to_report_a_mistake(office: Office) -> None:
    await sent_in(office, "CP61", step="end", closed_at=NOW, outcome="D1")
    await office.case("CP62", step="end", closed_at=NOW)
    visitor = await desk(office, AWS)
    link = 'href="/cases/CP61/mistakes"'
    for path in ("/cases/CP61", "/cases/CP61/mail"):
        assert link in (await visitor.get(path)).text
    for path in ("/cases/CP62", "/cases/CP62/mail"):
        assert "/mistakes" not in (await visitor.get(path)).text
    assert (await (await desk(office, AP)).get("/cases/CP61/mistakes")).status_code == 404


@pytest.mark.req("AMB-X-6")
async def test_the_form_says_what_is_missing_and_keeps_what_was_typed(office: Office) -> None:
    mail_id = await sent_in(office, "CP63", step="end", closed_at=NOW)
    visitor = await desk(office, AWS)
    page = await visitor.get("/cases/CP63/mistakes")
    for text in (
        "What was wrong",
        "Wrong person",
        "Which messages",
        f"T-441, {mail_id}, sent Monday 23 November",
    ):
        assert text in words(page), text
    wrong = await visitor.post("/cases/CP63/mistakes", key=hidden(page, "key"), reason="Typed already.")
    assert wrong.status_code == 422
    assert "Choose an answer: What was wrong" in words(wrong)
    assert "Typed already." in wrong.text
    await office.case("CP64")
    nothing = await visitor.post("/cases/CP64/mistakes", key=hidden(page, "key"), **REPORT)
    assert nothing.status_code == 409
    assert "Nothing of this case went out" in words(nothing)


@pytest.mark.req("AMB-X-6", "PRV-6")
async def test_reported_decided_and_told_on_pages(office: Office, house: House) -> None:
    mail_id = await sent_in(office, "CP65", step="end", closed_at=NOW, outcome="D1")
    await contact(office)
    visitor = await desk(office, AWS)
    page = await visitor.get("/cases/CP65/mistakes")
    sent = [
        await visitor.post("/cases/CP65/mistakes", key=hidden(page, "key"), mails=mail_id, **REPORT)
        for _ in range(2)
    ]
    assert [one.headers["location"] for one in sent] == ["/cases/CP65?said=mistake"] * 2
    shown = await visitor.get("/cases/CP65?said=mistake")
    assert "An advisor is asked whether Corrections must be told" in words(shown)
    follow_ups = [event.subject for event in await office.audited("mistake in something sent reported")]
    [follow_up] = set(follow_ups)
    task = await house.task(str(follow_up), "tell_of_mistake")
    asked = await visitor.get(f"/tasks/{task.task_id}")
    for text in (
        "Something already sent was wrong: must Corrections be told?",
        "What went out",
        f"T-441 {mail_id} To Sam Contact, Harbourview",
        "Monday 23 November 2026, 14:30",
        "Another person of that name.",
    ):
        assert text in words(asked), text
    assert f'value="{mail_id}"' in asked.text
    linked = await (await desk(office, MANAGER)).get("/cases/CP65/linked")
    assert "Take back something that was sent" in words(linked)
    case_page = await visitor.get(f"/cases/{follow_up}")
    assert "Send by SEEMail" in words(case_page)

    told = {
        "tell_corrections": "yes",
        "corrects": mail_id,
        "contact_id": "harbourview-1@1",
        "recipient_confirmed": "yes",
    }
    told |= {name: hidden(asked, name) for name in ("key", "seen_version")}
    filled = await visitor.post(f"/tasks/{task.task_id}", more=told)
    assert filled.headers["location"] == f"/tasks/{task.task_id}/check", words(filled)
    check = await visitor.get(f"/tasks/{task.task_id}/check")
    assert "It cannot be called back" in words(check)
    fields = {name: hidden(check, name) for name in ("key", "seen_version", "shown")}
    done = await visitor.post(f"/tasks/{task.task_id}/check", more=fields)
    assert done.headers["location"] == f"/tasks/{task.task_id}/done", words(done)

    async def notice() -> SecureMessage | None:
        async with office.databases.owner.transaction() as session:
            return await session.get(SecureMessage, f"{follow_up}-1")

    written = await eventually(notice, "no notice was written")
    assert written.fields == {"corrects": [mail_id], "mistake": "wrong_person"}
