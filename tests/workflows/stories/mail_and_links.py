"""The short runs: received mail that a person sorts, a report that is not there, a duplicate found late."""

import uuid
from datetime import date, datetime, time, timedelta

from activities.duplicates import DuplicateFound
from activities.running_cases import TASK_QUEUE, RunningCases
from models.tables.case import CaseRecord, StaffMember
from models.tables.mail import ReceivedMail
from procedures import EDITION
from procedures.report_week import local_instant
from procedures.sort_mail import SortMailState
from procedures.terms import Procedure
from tests.workflows.driving import reported, somebody
from tests.workflows.people import SON, TOM, import_people
from tests.workflows.running import ADVISOR, MANAGER, eventually
from tests.workflows.stories.told import story
from tests.workflows.suitability import Office

AWAITS = somebody(6200, live=True)
LATE_FRIDAY = date(2030, 5, 10)
_SAID = {"said_by": "Sam Contact", "reason": "As they said on the phone."}


@story(AWAITS)
async def mail_that_a_person_sorts(office: Office) -> list[str]:
    """One goes to its case, one to none."""
    home = await office.begin(AWAITS)
    await home.send()
    given, aside = [await _received(office, f"RX-STORY-{number}") for number in (1, 2)]
    answer = {"case_id": home.case_id}
    await office.house.answer(given, "sort_mail", answer, facts={"case_known": True})
    await office.house.task(home.case_id, "review_return")
    await office.house.answer(aside, "sort_mail", {"set_aside": "An advertisement."}, by=MANAGER)
    return [given, aside]


async def _received(office: Office, received_id: str) -> str:
    """A mail in the manual queue, as the reading of the mailbox leaves it; the number of its case."""
    case_id, now = f"M-{received_id}", await office.house.now()
    state = SortMailState(
        case_id=case_id,
        procedure=Procedure.SORT_MAIL,
        edition=EDITION,
        region="harbourview",
        step="B",
        received_id=received_id,
    )
    async with office.databases.worker.transaction() as session:
        session.add(_mail(received_id, now))
        session.add(
            CaseRecord(
                case_id=case_id, procedure="sort_mail", edition=EDITION, region="harbourview", step="B",
                waiting_for="nobody", turn=0, state=state.model_dump(mode="json"), opened_at=now,
            )
        )  # fmt: skip
    await RunningCases(office.house.client).start("sort_mail", case_id)
    return case_id


def _mail(received_id: str, at: datetime) -> ReceivedMail:
    return ReceivedMail(
        received_id=received_id, message_key=received_id, uid=0, received_at=at, kind="unmatched", mail_id=None,
        case_id=None, suggested_case_id=None, held_case_ids=[], document_ids=[], problem=None, taken_at=at,
        told_at=at, reviewed_at=None, reviewed_by=None,
    )  # fmt: skip


@story(alone=True)
async def a_report_that_is_missing(office: Office) -> list[str]:
    """1.1: the urgent call, a mail to every other advisor, one of which fails; the report comes after all."""
    async with office.databases.owner.transaction() as session:
        for number in (2, 3):
            session.add(
                StaffMember(
                    subject=f"advisor-{number}", name=f"Staff {number}", role="advisor-wellbeing-support",
                    region="R01", mail_address=f"advisor-{number}@placement.test", active=True,
                )
            )  # fmt: skip
    office.gateway.answers.append("failed")
    house = office.house
    case_id = await house.open_friday()
    await house.answer(case_id, "confirm_missing", {"not_available": True})
    await house.answer(case_id, "advisor_not_told", {"action": "send_again", "note": "Looked into it."})
    await eventually(lambda: _all_told(office), "the other advisors were not told")
    house.inbox.deliver("")
    await house.look_again()
    await house.answer(case_id, "close_run", {}, facts={"read": 0, "resolved": 0})
    return [case_id]


@story(starts=local_instant(LATE_FRIDAY, time(11, 25)), alone=True)
async def a_friday_without_a_report(office: Office) -> list[str]:
    """1.1: late, says Corrections, then none this week: closed; one comes after all, and the Friday is worked."""
    house, case_id = office.house, await _missing(office)
    late = {"outcome": "late", "expected_on": LATE_FRIDAY.isoformat(), **_SAID}
    await house.answer(case_id, "ask_for_report", late, by=MANAGER)
    await house.until(local_instant(LATE_FRIDAY, time(17, 10)))
    await house.answer(case_id, "ask_for_report", {"outcome": "no_report", **_SAID}, by=MANAGER)
    evening = local_instant(LATE_FRIDAY, time(18, 30))
    await house.until(evening)
    house.inbox.deliver("", received_at=evening)
    await house.until(evening + timedelta(hours=2))
    await house.answer(case_id, "close_run", {}, facts={"read": 0, "resolved": 0})
    await house.closed(case_id)
    return [case_id]


async def _missing(office: Office) -> str:
    """The run of a Friday whose report was confirmed to be missing."""
    office.house.inbox.friday = LATE_FRIDAY
    case_id = await office.house.open_friday()
    await office.house.until(local_instant(LATE_FRIDAY, time(12, 1)))
    await office.house.answer(case_id, "confirm_missing", {"not_available": True})
    return case_id


async def _all_told(office: Office) -> bool | None:
    return True if len(office.gateway.sent) == 2 else None


@story(alone=True)
async def a_duplicate_found_late(office: Office) -> list[str]:
    """1.2: linked once the process has ended; and a link that a rule refuses."""
    [advisor] = await reported(office.house, TOM)
    await import_people(office.house.loader)
    runs = []
    for walked in (False, True):
        if walked:
            await advisor.walk()
            await office.house.closed(advisor.case_id)
        found = DuplicateFound(primary=TOM.ref, duplicate=SON.ref, reason="Same birth date.", by=ADVISOR)
        runs.append(f"D{uuid.uuid4().hex[:12]}")
        await office.house.client.execute_workflow(
            "link_duplicate", found, id=runs[-1], task_queue=TASK_QUEUE
        )
    return runs
