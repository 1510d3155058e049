"""Home: letters that went by themselves while one was away, and a beginning for roles that have no tasks."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from models.tables.mail import SecureMessage
from models.tables.web import WebSession
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, words


async def _letter(office: Office, case_id: str, hours_ago: int) -> str:
    """Letter 17-030 of a case that has its T-441 out."""
    await form_out(office, case_id)
    mail_id, at = f"{case_id}-1-17030-1", NOW - timedelta(hours=hours_ago)
    await office.put(
        SecureMessage, mail_id=mail_id, business_key=mail_id, case_id=case_id, kind="17-030", reference=mail_id,
        message_id=f"<{mail_id}@placement.test>", contact_id="harbourview-1", contact_version=1,
        recipient_confirmed_by="u-1", recipient_confirmed_at=at, recipients=["harbourview@corrections.test"],
        copies=[], fields={}, state="accepted", attempt=1, queue_id="Q2", accepted_at=at, created_at=at,
    )  # fmt: skip
    return mail_id


@pytest.mark.req("P1.S6.b5")
async def test_1_6_letters_that_went_since_one_was_last_here_stand_on_home(office: Office) -> None:
    """For whoever sees the case; older ones and the forms that people sent are not among them."""
    new, old = await _letter(office, "CL1", 2), await _letter(office, "CL2", 30)
    for role in (AWS, MANAGER, AP):
        visitor = await desk(office, role)
        async with office.databases.owner.transaction() as session:
            await session.execute(update(WebSession).values(last_here_at=NOW - timedelta(hours=8)))
        said = words(await visitor.get("/"))
        assert (new in said) == (role is not AP)
        assert old not in said
        assert "CL1-1 " not in said
        if role is not AP:
            assert "Letters that went by themselves since you were last here" in said
            assert "Friday 27 November 2026, 12:00. Accepted by the gateway" in said


async def test_home_leads_an_auditor_to_what_happened_in_a_case(office: Office) -> None:
    """By its number; others are led to what they can do here, and a number that is none is said to be none."""
    await office.case("CL3")
    auditor = await desk(office, Role.AUDITOR)
    assert 'action="/timeline"' in (await auditor.get("/")).text
    there = await auditor.get("/timeline?case=%20CL3")
    assert there.headers["location"] == "/cases/CL3/timeline"
    assert (await auditor.get("/timeline?case=../me")).status_code == 422
    administrator = await desk(office, Role.ADMINISTRATOR)
    home = (await administrator.get("/")).text
    assert 'action="/timeline"' not in home
    assert 'href="/office/stuck"' in home
