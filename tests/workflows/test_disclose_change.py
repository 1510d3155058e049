"""The standing duty on a real server and a real database: what staff report reaches Corrections, and nobody else."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, time
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.duty_events import report_event
from activities.running_cases import RunningCases
from adapters.keys import KeyRing
from models.tables.audit import AuditEvent
from models.tables.case import CaseRecord, Task
from models.tables.duty import DutyEvent
from procedures.local_time import instant_at, local_date
from procedures.refusals import Refused
from procedures.tasks import By
from procedures.watch import DutyKind, ReportedEvent
from tests.workflows.driving import somebody
from tests.workflows.people import Person, hold
from tests.workflows.running import MANAGER, Said
from tests.workflows.suitability import Home, Office, send_t442, shared_office

TENANCY_MANAGER = By(subject="hsm-1", name="Sione Example", role="housing-support-manager")
PEOPLE = [somebody(n, live=True) for n in range(30)]
FLATMATE = replace(PEOPLE[-1], ref="P-09999", surname="Flatmate", given="Aroha", occupancy="boarder")
"""Lives in the same home as the last of the people."""
_next, _events = count(), count(1)
CLAIMS = {
    DutyKind.HOUSEHOLD_CHANGE: ("P2.F1", "P4.F1"),
    DutyKind.UNDER_16_REQUEST: ("P2.F2", "P4.F2"),
    DutyKind.RISK_CHANGE: ("P2.F3", "P4.F3", "PRV-14"),
    DutyKind.ACCOMMODATION_CHANGE: ("P2.F4", "P4.F4"),
}


def someone() -> Person:
    """A person of this module whom no other test has."""
    return PEOPLE[next(_next)]


@pytest.fixture(scope="module")
async def office(
    cluster: Any, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """A running house with people who live in homes of ours."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE, FLATMATE) as office:
        yield office


async def reported(office: Office, kind: DutyKind, *, by: By = TENANCY_MANAGER, **about: Any) -> list[str]:
    """A colleague reports an event, under the rights that the API has. The runs that it started."""
    now = await office.house.now()
    event = ReportedEvent.model_validate(
        {"kind": kind, "facts": "A change that we heard of.", "aware_on": local_date(now)} | about
    )
    event_id = f"event-{next(_events)}"
    cases = RunningCases(office.house.client)
    for _ in range(2):  # a repeat changes nothing
        assert (
            await report_event(office.databases.api, cases, event, event_id=event_id, by=by, at=now)
            == event_id
        )
    async with office.databases.worker.transaction() as session:
        return (await session.get_one(DutyEvent, event_id)).case_ids


@pytest.mark.req("P2.F5", "P4.F5", "AMB-P2-19", "AMB-P2-13")
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.req(*CLAIMS[kind]), id=kind.value)
        for kind in DutyKind
        if kind is not DutyKind.RISK_CHANGE
    ],
)
async def test_2_5_an_event_opens_a_task_that_ends_with_a_sent_t442(office: Office, kind: DutyKind) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR")
    [case_id] = await reported(office, kind, property_ref=person.home, aware_on=date(2026, 5, 8))
    home = Home(office, case_id, person)
    task = await office.house.task(case_id, "send_t442")
    assert task.role == "advisor-wellbeing-support"
    assert task.due_at == instant_at(date(2026, 5, 11), time(23, 59, 59))  # Friday: the end of Monday
    await send_t442(home)
    ended = await office.house.closed(case_id)
    assert ended.outcome == "sent"
    [mail] = await home.mails()
    assert (mail.kind, mail.state) == ("T-442", "accepted")
    assert mail.fields["disclosure"] == kind.disclosure.value
    assert mail.fields["facts"] == "A change that we heard of."
    assert mail.fields["aware_on"] == "2026-05-08"


@pytest.mark.req("P2.F4")
@pytest.mark.parametrize("what", ["A transfer was asked for.", "Notice to vacate.", "The home is abandoned."])
async def test_2_5_an_intention_is_told_already(office: Office, what: str) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR")
    [case_id] = await reported(office, DutyKind.ACCOMMODATION_CHANGE, person_ref=person.ref, facts=what)
    await send_t442(Home(office, case_id, person), facts=f"{what} The home is a flat.")
    await office.house.closed(case_id)
    [mail] = await Home(office, case_id, person).mails()
    assert mail.fields["facts"] == f"{what} The home is a flat."


@pytest.mark.req("P2.F2", "P4.F2", "AMB-P2-16")
async def test_2_5_a_request_for_somebody_of_16_opens_nothing(office: Office) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR")
    day = date(2026, 5, 8)
    request: dict[str, Any] = {
        "property_ref": person.home,
        "aware_on": day,
        "requested_on": date(2026, 4, 20),
    }
    under, over = date(2010, 4, 21), date(2010, 4, 20)
    assert await reported(office, DutyKind.UNDER_16_REQUEST, born=over, **request) == []
    assert len(await reported(office, DutyKind.UNDER_16_REQUEST, born=under, **request)) == 1
    assert len(await reported(office, DutyKind.UNDER_16_REQUEST, **request)) == 1


@pytest.mark.req("P2.F3", "P4.F3", "PRV-14", "AMB-P2-15", "P2.F5")
@pytest.mark.parametrize("approved", [True, False])
async def test_2_5_a_changed_risk_needs_the_managers_approval(office: Office, approved: bool) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR")
    [case_id] = await reported(office, DutyKind.RISK_CHANGE, property_ref=person.home)
    home = Home(office, case_id, person)
    await home.answer(
        "propose_risk_disclosure", {"facts": "Visitors at night.", "reason": "Needed for safety."}
    )
    task = await office.house.task(case_id, "approve_risk_disclosure")
    assert task.role == "manager-housing-wellbeing-support"
    assert await office.house.open_kinds(case_id) == {"approve_risk_disclosure"}
    decision = {"approved": approved, "reason": "Looked at the privacy principles."}
    view = await home.answer("approve_risk_disclosure", decision, by=MANAGER)
    if approved:
        await send_t442(home)
    assert (await office.house.closed(case_id)).outcome == ("sent" if approved else "not_sent")
    mails = await home.mails()
    if approved:
        [mail] = mails
        assert mail.fields["privacy_check"] == task.task_id
        assert mail.fields["facts"] == "Visitors at night."
    else:
        assert mails == []
        assert view.outcome == "not_sent"
        async with office.databases.worker.transaction() as session:
            kept = await session.get_one(Task, task.task_id)
        assert kept.answer == decision


@pytest.mark.req("AMB-P2-14", "AMB-P2-19")
async def test_2_5_events_about_others_start_nothing(office: Office) -> None:
    ended, pending, nobody = someone(), someone(), someone()
    await hold(office.databases.worker, ended.ref, "D2/CUR")
    await hold(office.databases.worker, pending.ref, "D1P/PEN")
    for person in (ended, pending, nobody):
        assert await reported(office, DutyKind.HOUSEHOLD_CHANGE, property_ref=person.home) == []
    confirmed = someone()
    await hold(office.databases.worker, confirmed.ref, "D1P/PEN", said="CSO")
    assert len(await reported(office, DutyKind.HOUSEHOLD_CHANGE, property_ref=confirmed.home)) == 1


@pytest.mark.req("P2.X3", "P4.X1", "PRV-10")
async def test_2_5_the_community_is_never_told_and_the_attempt_is_logged(office: Office) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR")
    with pytest.raises(Refused) as refused:
        await reported(office, DutyKind.RISK_CHANGE, property_ref=person.home, tell="neighbours")
    assert refused.value.rule == "P2.X3"
    async with office.databases.worker.transaction() as session:
        audited = await session.scalar(
            select(AuditEvent).where(AuditEvent.rule == "P2.X3", AuditEvent.refused)
        )
        begun = await session.scalars(
            select(CaseRecord).where(
                CaseRecord.person_ref == person.ref, CaseRecord.procedure == "disclose_change"
            )
        )
        assert begun.all() == []
    assert audited
    assert audited.actor == TENANCY_MANAGER.subject


@pytest.mark.req("AMB-X-4", "DEF-3")
async def test_2_5_the_end_of_the_order_ends_the_duty_without_sending(office: Office) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR", said="CSO")
    [case_id] = await reported(office, DutyKind.HOUSEHOLD_CHANGE, property_ref=person.home)
    home = Home(office, case_id, person)
    await office.house.task(case_id, "send_t442")
    says = {"said": "NSO", "said_by": "Sam Contact", "office": "Harbourview", "note": "On the phone."}
    await home.change("corrections_says", says | {"said_at": (await office.house.now()).isoformat()})
    assert (await office.house.closed(case_id)).outcome == "ceased_nso"
    assert await home.mails() == []
    following = await office.follower(case_id, "identify")
    await office.house.task(following.case_id, "nso_questions")
    assert await office.house.code(person.ref) == "D2P/PEN"


@pytest.mark.req("P2.F5", "AMB-X-8")
async def test_2_5_a_mail_that_did_not_leave_is_sent_again_and_never_given_up(office: Office) -> None:
    person = someone()
    await hold(office.databases.worker, person.ref, "D1/CUR")
    [case_id] = await reported(office, DutyKind.HOUSEHOLD_CHANGE, property_ref=person.home)
    home = Home(office, case_id, person)
    await office.house.task(case_id, "send_t442")
    office.gateway.answers.append("failed")
    await send_t442(home)
    with pytest.raises(Said) as refused:
        await home.answer("send_failed", {"action": "do_not_send", "note": "no need"})
    assert refused.value.rule == "P2.F5"
    await home.answer("send_failed", {"action": "send_again", "note": "the address was wrong"})
    await send_t442(home)
    assert (await office.house.closed(case_id)).outcome == "sent"
    assert [mail.state for mail in await home.mails()] == ["failed", "accepted"]


@pytest.mark.req("AMB-P2-18")
async def test_2_1_two_people_in_one_home_have_a_case_each_and_neither_names_the_other(
    office: Office,
) -> None:
    pair = (PEOPLE[-1], FLATMATE)
    homes = [await office.begin(person) for person in pair]
    for home in homes:
        await home.send()
    case_ids = await reported(office, DutyKind.HOUSEHOLD_CHANGE, property_ref=FLATMATE.home)
    about = [(await office.house.case(case_id)).person_ref for case_id in case_ids]
    assert set(about) == {person.ref for person in pair}
    assert len(about) == 2
    for home, other in zip(homes, reversed(pair), strict=True):
        case = await office.house.case(home.case_id)
        assert case.state["person"]["property_ref"] == FLATMATE.home
        assert [mail.kind for mail in await home.mails()] == ["T-439+T-442"]
        assert [one["person_ref"] for one in case.state["person"]["records"]] == [home.person.ref]
        assert not [m for m in await home.mails() if other.surname in str(m.fields)]
