"""The Friday report is not available: one urgent call with the Service Desk, one mail to every other advisor."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.database import Database
from models.tables.audit import AuditEvent
from models.tables.case import StaffMember
from models.tables.mail import SecureMessage
from models.tables.outside import ServiceDeskCall
from models.tables.report import ReportRun
from procedures.outside_entry import OutsideSystem
from tests.activities.mail_office import MailOffice, open_office, running_lab
from tests.conftest import Databases
from tests.mail_fixtures import MailLab
from tests.workflows.gateway import Gateway
from tests.workflows.people import TOM, import_people
from tests.workflows.running import MANAGER, House, Said, eventually, running

MISSING = {"not_available": True}
OTHERS = ["advisor-2@placement.test", "advisor-3@placement.test"]


@pytest.fixture(scope="module")
async def lab(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MailLab]:
    """Gateway and mailboxes on real sockets."""
    async with running_lab(tmp_path_factory.mktemp("mail")) as lab:
        yield lab


@pytest.fixture
async def desk(databases: Databases, lab: MailLab, tmp_path: Path) -> MailOffice:
    """Three advisors, one who has left, and a manager."""
    office = await open_office(databases, lab, tmp_path)
    for number in (1, 2, 3):
        await office.staff(f"advisor-{number}")
    await office.staff("advisor-4", active=False)
    await office.staff("manager-1", role=MANAGER.role)
    return office


async def mails(database: Database) -> list[SecureMessage]:
    """Every row of the outbox, in order."""
    async with database.transaction() as session:
        return list(await session.scalars(select(SecureMessage).order_by(SecureMessage.mail_id)))


async def all_in_state(database: Database, state: str, number: int) -> list[SecureMessage]:
    """The outbox, once it has this many rows and each is in this state."""

    async def look() -> list[SecureMessage] | None:
        rows = await mails(database)
        return rows if len(rows) == number and all(row.state == state for row in rows) else None

    return await eventually(look, f"the mails did not become {state}")


async def calls(database: Database) -> list[ServiceDeskCall]:
    """Every call with the Service Desk."""
    async with database.transaction() as session:
        return list(await session.scalars(select(ServiceDeskCall)))


async def reference_of(house: House) -> str | None:
    """What the run shows."""
    async with house.database.transaction() as session:
        run = await session.get_one(ReportRun, house.inbox.friday.isoformat())
        return run.service_desk_reference


@pytest.mark.req("P1.S1.N6", "P1.S1.N7", "PRV-15", "AMB-P1-4")
async def test_1_1_the_call_is_logged_and_each_other_advisor_gets_one_mail(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing, desk: MailOffice
) -> None:
    async with running(databases, server, keys, instead=[desk.delivery.deliver]) as house:
        case_id = await house.open_friday()
        await house.answer(case_id, "confirm_missing", MISSING)
        rows = await all_in_state(house.database, "accepted", 2)
        assert [row.recipients for row in rows] == [[address] for address in OTHERS]
        [call] = await calls(house.database)
        assert (call.priority, call.by_hand, call.logged_by) == ("urgent", False, "advisor-1")
        assert await reference_of(house) == call.reference
        async with house.database.transaction() as session:
            [event] = await session.scalars(select(AuditEvent).where(AuditEvent.rule == "P1.S1.N6"))
        assert (event.case_id, event.detail["priority"]) == (case_id, "urgent")
        for row, address in zip(rows, OTHERS, strict=True):
            [mail] = desk.journal(row.mail_id)
            body = mail.get_body()
            assert body is not None
            text = " ".join(body.get_content().split())
            assert (mail["To"], mail["Cc"]) == (address, None)
            assert "The weekly notification report is not available." in text
            assert "I have logged a fault with the Service Desk as an urgent call." in text
            assert call.reference in text
            assert not {"Aroha", "advisor-1", "CSO", "D1"} & set(text.replace(",", " ").split())
            assert mail["Subject"].endswith(f"IN-CONFIDENCE - Ref {row.reference}")

        # The run is lost and started again: nothing of it happens twice.
        await house.client.get_workflow_handle(case_id).terminate()
        assert await RunningCases(house.client).start("intake", case_id, again=True)
        await import_people(house.loader)
        house.inbox.deliver(TOM.row())
        await house.look_again()
        await house.case_of(TOM.surname)
        await house.task(case_id, "close_run")
        assert await house.open_kinds(case_id) == {"review_report", "close_run"}
        assert [row.attempt for row in await mails(house.database)] == [1, 1]
        assert len(await calls(house.database)) == 1


@pytest.mark.req("P1.S1.N7")
async def test_1_1_when_the_manager_covers_every_advisor_is_told(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing, desk: MailOffice
) -> None:
    async with running(databases, server, keys, instead=[desk.delivery.deliver]) as house:
        case_id = await house.open_friday()
        await house.answer(case_id, "confirm_missing", MISSING, by=MANAGER)
        rows = await all_in_state(house.database, "accepted", 3)
        assert [row.recipients for row in rows] == [["advisor-1@placement.test"], *([one] for one in OTHERS)]


@pytest.mark.req("P1.S1.N6")
async def test_1_1_a_call_that_a_person_logged_keeps_its_number(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    """Where the Service Desk is worked by hand, the number is asked for."""
    by_hand = frozenset({OutsideSystem.SERVICE_DESK})
    async with running(databases, server, keys, by_hand=by_hand) as house:
        case_id = await house.open_friday()
        with pytest.raises(Said) as refused:
            await house.answer(case_id, "confirm_missing", MISSING)
        assert refused.value.rule == "P1.S1.N6"
        assert await calls(house.database) == []
        await house.answer(case_id, "confirm_missing", MISSING | {"service_desk_reference": "INC-4711"})
        [call] = await calls(house.database)
        assert (call.reference, call.priority, call.by_hand) == ("INC-4711", "urgent", True)
        assert await reference_of(house) == "INC-4711"


@pytest.mark.req("P1.S1.N7", "AMB-X-8")
@pytest.mark.parametrize(("action", "state"), [("send_again", "accepted"), ("told_otherwise", "failed")])
async def test_1_1_a_mail_that_does_not_leave_is_a_task(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing, action: str, state: str
) -> None:
    async with databases.owner.transaction() as session:
        session.add(_advisor("advisor-2"))
    gateway = Gateway(databases.worker, server.get_current_time, answers=["failed"])
    async with running(databases, server, keys, instead=[gateway.deliver]) as house:
        case_id = await house.open_friday()
        await house.answer(case_id, "confirm_missing", MISSING)
        await house.answer(case_id, "advisor_not_told", {"action": action, "note": "Looked into it."})
        await all_in_state(house.database, state, 1)
        assert "advisor_not_told" not in await house.open_kinds(case_id)


@pytest.mark.req("P1.S1.N7")
async def test_1_1_what_has_not_left_is_cancelled_when_the_report_is_worked(
    databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    async with databases.owner.transaction() as session:
        session.add(_advisor("advisor-2"))
    gateway = Gateway(databases.worker, server.get_current_time, answers=["away"] * 1000)
    async with running(databases, server, keys, instead=[gateway.deliver]) as house:
        case_id = await house.open_friday()
        await house.answer(case_id, "confirm_missing", MISSING)
        await all_in_state(house.database, "waiting", 1)
        house.inbox.deliver("")
        await house.look_again()
        facts: dict[str, Any] = {"read": 0, "resolved": 0}
        await house.answer(case_id, "close_run", {}, facts=facts)
        assert (await house.closed(case_id)).outcome == "worked"
        [mail] = await mails(house.database)
        assert (mail.state, gateway.sent) == ("cancelled", [])


def _advisor(subject: str) -> StaffMember:
    return StaffMember(
        subject=subject,
        name=f"Staff {subject}",
        role="advisor-wellbeing-support",
        region="R01",
        mail_address=f"{subject}@placement.test",
        active=True,
    )
