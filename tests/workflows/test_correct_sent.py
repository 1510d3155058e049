"""Something already sent was wrong: what went out is listed, an advisor decides, and a notice leaves (AMB-X-6)."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from activities.running_cases import RunningCases
from activities.sent_mistakes import ReportedMistake, report_sent_mistake
from adapters.keys import KeyRing
from models.tables.case import CaseNote, CaseRecord, Notice
from models.tables.mail import SecureMessage
from procedures.correct_sent import Mistake
from procedures.refusals import Refused
from procedures.tasks import CaseView
from tests.workflows.driving import LINK, SAYS, somebody
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person
from tests.workflows.placement import applicant, matched
from tests.workflows.running import ADVISOR, MANAGER, Said, eventually
from tests.workflows.suitability import Home, Office, send_t442, shared_office
from workers.embedded.postgres import EmbeddedPostgres

PEOPLE = [somebody(number, live=True) for number in range(900, 925)]
WAITING = [applicant(f"waits{letter}") for letter in "abcdef"]
NOBODY = LINK | {"no_person_reason": "nobody on the register"}
TOLD = dict(CONTACT) | {"tell_corrections": True}
NOT_TOLD = {"tell_corrections": False, "not_told_because": "The form itself was right."}


@pytest.fixture(scope="module")
async def office(
    cluster: EmbeddedPostgres, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """One office; each test has people of its own."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE, *WAITING) as office:
        yield office


@pytest.fixture
def person() -> Person:
    """Somebody nobody else's test is about."""
    return PEOPLE.pop()


@pytest.fixture
def waiting() -> Person:
    """An applicant of this test's own."""
    return WAITING.pop()


@dataclass
class FollowUp:
    """One case of a follow-up, and the advisor in it."""

    office: Office
    case: CaseRecord

    @property
    def case_id(self) -> str:
        """Its number."""
        return self.case.case_id

    @property
    def items(self) -> list[tuple[str, str | None]]:
        """Kind and recipient of what it lists."""
        return [(one["kind"], one["contact_id"]) for one in self.case.state["items"]]

    async def answer(self, kind: str, answer: dict[str, Any], **more: Any) -> CaseView:
        """Answer a task of it."""
        facts = SEND_FACTS if kind == "tell_of_mistake" else {}
        return await self.office.house.answer(self.case_id, kind, answer, **{"facts": facts} | more)

    async def ends(self) -> str | None:
        """How it ended."""
        return (await self.office.house.closed(self.case_id)).outcome

    async def mails(self) -> list[SecureMessage]:
        """What it has sent."""
        async with self.office.databases.worker.transaction() as session:
            query = select(SecureMessage).where(SecureMessage.case_id == self.case_id)
            return list(await session.scalars(query.order_by(SecureMessage.created_at)))

    async def notices(self) -> list[tuple[str, str]]:
        """Role and kind of the notices given."""
        async with self.office.databases.worker.transaction() as session:
            rows = await session.scalars(select(Notice).where(Notice.case_id == self.case_id))
            return [(row.role, row.kind) for row in rows]


async def follow_ups(office: Office, person: Person) -> list[FollowUp]:
    """The follow-ups about a person, the oldest first."""
    return [FollowUp(office, case) for case in await office.cases_of(person, "correct_sent")]


async def only_follow_up(office: Office, person: Person) -> FollowUp:
    """The one follow-up about a person."""
    [found] = await follow_ups(office, person)
    return found


async def identified(office: Office, person: Person) -> str:
    """Procedure 1 up to a T-441 that the gateway has taken."""
    one = await office.report(person)
    await one.walk(until="before_t441_questions")
    await one.answer("before_t441_questions")
    await office.house.answer(one.case_id, "send_t441", dict(CONTACT), facts=SEND_FACTS)

    async def out() -> bool | None:
        state = (await office.house.case(one.case_id)).state
        return True if state["exchange"]["clock"] else None

    await eventually(out, "the T-441 did not leave")
    return one.case_id


async def now(office: Office) -> str:
    """The instant of a statement made just now."""
    return (await office.house.now()).isoformat()


async def report(
    office: Office, case_id: str, mistake: Mistake, *mails: str, follow_up_id: str | None = None
) -> list[str]:
    """The command of the API, for a case that has ended or goes on."""
    reported = ReportedMistake(
        follow_up_id=follow_up_id or f"X{uuid.uuid4().hex[:12].upper()}",
        case_id=case_id,
        mistake=mistake,
        reason="Found in a file check.",
        by=ADVISOR,
        mails=mails,
    )
    cases = RunningCases(office.house.client)
    return await report_sent_mistake(office.databases.api, cases, reported, at=await office.house.now())


# -- a correction in a case that goes on ------------------------------------------------------------------------


@pytest.mark.req("AMB-X-6", "TR-15")
async def test_1_2_a_corrected_link_asks_what_corrections_is_told_of_the_t441(
    office: Office, person: Person
) -> None:
    case_id = await identified(office, person)
    await office.house.change(case_id, "correct_link", NOBODY | {"said_at": await now(office)})
    assert (await office.house.closed(case_id)).outcome == "no match"
    follow_up = await only_follow_up(office, person)
    assert (follow_up.case.parent_case_id, follow_up.items) == (case_id, [("T-441", "contact-1")])
    await follow_up.answer("tell_of_mistake", TOLD)
    await follow_up.answer("privacy_incident", {"actions_taken": "Reported."}, by=MANAGER)
    assert await follow_up.ends() == "told"
    [notice] = await follow_up.mails()
    assert (notice.kind, notice.state, notice.contact_id) == ("correction", "accepted", "contact-1")
    assert notice.fields == {"corrects": [f"{case_id}-1"], "mistake": "wrong_person"}
    assert (notice.recipient_confirmed_by, notice.business_key.count(follow_up.case_id)) == ("advisor-1", 1)
    assert await follow_up.notices() == [("manager-housing-wellbeing-support", "disclosed_in_error")]
    assert await office.house.open_kinds(case_id) == set()


@pytest.mark.req("AMB-X-6")
async def test_1_2_a_link_corrected_to_nobody_can_still_be_followed_up(
    office: Office, person: Person
) -> None:
    case_id = await identified(office, person)
    await office.house.change(case_id, "correct_link", NOBODY | {"said_at": await now(office)})
    await office.house.closed(case_id)
    first = await only_follow_up(office, person)
    await first.answer("tell_of_mistake", NOT_TOLD)
    await first.answer("privacy_incident", {"actions_taken": "Reported."}, by=MANAGER)
    assert await first.ends() == "not_told"
    [again] = await report(office, case_id, Mistake.WRONG_PERSON)
    assert (await office.house.case(again)).person_ref == person.ref
    assert (await office.house.task(again, "tell_of_mistake")).urgent


@pytest.mark.req("AMB-X-6", "PRV-13")
async def test_1_5_an_invalid_match_after_the_t441_is_followed_up_too(office: Office, person: Person) -> None:
    case_id = await identified(office, person)
    await office.house.change(
        case_id, "corrections_says", SAYS | {"said": "neither", "said_at": await now(office)}
    )
    follow_up = await only_follow_up(office, person)
    assert follow_up.case.state["mistake"] == "wrong_person"
    assert follow_up.items == [("T-441", "contact-1")]


@pytest.mark.req("AMB-X-6", "AMB-P1-22")
@pytest.mark.parametrize("taken_back", [True, False])
async def test_1_5_an_order_that_ended_is_no_mistake_and_a_status_taken_back_is_one(
    office: Office, person: Person, taken_back: bool
) -> None:
    case_id = await identified(office, person)
    said = SAYS | {"said": "NSO", "said_at": await now(office), "taken_back": taken_back}
    await office.house.change(case_id, "corrections_says", said)
    found = [one.case.state["mistake"] for one in await follow_ups(office, person)]
    assert found == (["status_reversed"] if taken_back else [])


@pytest.mark.req("AMB-X-6")
async def test_1_2_a_correction_before_anything_went_out_asks_nothing(office: Office, person: Person) -> None:
    one = await office.report(person)
    await one.walk(until="before_t441_questions")
    await office.house.change(one.case_id, "correct_link", NOBODY | {"said_at": await now(office)})
    assert await follow_ups(office, person) == []
    with pytest.raises(Refused, match="nothing of this case went out"):
        await report(office, one.case_id, Mistake.SENT_IN_ERROR)


async def _checked_home(office: Office, person: Person) -> Home:
    home = await office.begin(person)
    await home.send()
    return home


@pytest.mark.req("AMB-X-6")
async def test_2_a_wrong_person_in_procedure_2_is_followed_up_and_the_manager_has_the_incident(
    office: Office, person: Person
) -> None:
    home = await _checked_home(office, person)
    await home.change("linked_in_error", {"reason": "another person of that name"})
    follow_up = await only_follow_up(office, person)
    assert follow_up.items == [("T-439+T-442", "contact-1")]
    assert {"tell_of_mistake", "privacy_incident"} == await _open(follow_up)
    await follow_up.answer("tell_of_mistake", NOT_TOLD)
    assert await _open(follow_up) == {"privacy_incident"}
    await follow_up.answer("privacy_incident", {"actions_taken": "Reported."}, by=MANAGER)
    assert (await follow_up.ends(), await follow_up.mails()) == ("not_told", [])
    async with office.databases.worker.transaction() as session:
        notes = await session.scalars(select(CaseNote.text).where(CaseNote.case_id == follow_up.case_id))
        assert {"another person of that name", NOT_TOLD["not_told_because"]} <= set(notes)


async def _open(follow_up: FollowUp) -> set[str]:
    await follow_up.office.house.something_open(follow_up.case_id)
    return await follow_up.office.house.open_kinds(follow_up.case_id)


@pytest.mark.req("AMB-X-6")
async def test_2_3_a_wrong_branch_is_followed_up_without_an_incident(office: Office, person: Person) -> None:
    home = await _checked_home(office, person)
    await home.corrections_says()
    back = {"to_step": "2.2", "asked_by": "Aroha Example", "reason": "read wrongly"}
    await home.change("go_back", back)
    follow_up = await only_follow_up(office, person)
    assert follow_up.case.state["mistake"] == "wrong_branch"
    assert await _open(follow_up) == {"tell_of_mistake"}
    # Going back once more while it is open asks nothing twice.
    await home.answer("review_return", {"verdict": "complete", "returned": _suitable()})
    await home.change("go_back", back)
    assert len(await follow_ups(office, person)) == 1


def _suitable() -> dict[str, Any]:
    return {
        "suitability": "suitable",
        "comment": "None.",
        "completed_by": "Sam Contact, Harbourview",
        "completed_on": "2026-12-14",
    }


@pytest.mark.req("AMB-X-6", "AMB-X-7")
async def test_2_2_a_wrong_recipient_is_told_and_the_incident_is_flagged_once(
    office: Office, person: Person
) -> None:
    home = await _checked_home(office, person)
    mail_id = (await home.mails())[0].mail_id
    await home.change("wrong_recipient", {"mail_id": mail_id, "note": "The office of another town."})
    follow_up = await only_follow_up(office, person)
    assert await _open(follow_up) == {"tell_of_mistake"}
    assert "privacy_incident" in await office.house.open_kinds(home.case_id)
    await follow_up.answer("tell_of_mistake", TOLD)
    assert await follow_up.ends() == "told"
    assert (await follow_up.mails())[0].fields == {"corrects": [mail_id], "mistake": "wrong_recipient"}


@pytest.mark.req("AMB-X-6", "TR-15")
async def test_3_a_wrong_person_in_a_match_is_followed_up(office: Office, waiting: Person) -> None:
    placer = await matched(office, waiting, "V-901", t441=False)
    await placer.walk(until="send_void_request")
    await placer.request()
    await placer.change("linked_in_error", reason="another person of that name")
    follow_up = await only_follow_up(office, waiting)
    assert follow_up.items == [("T-441+T-442", "contact-1")]
    assert "privacy_incident" in await _open(follow_up)


@pytest.mark.req("AMB-X-6", "TR-15")
async def test_4_a_wrong_person_in_an_offer_takes_back_what_the_match_before_it_sent(
    office: Office, waiting: Person
) -> None:
    placer = await matched(office, waiting, "V-902", t441=False)
    await placer.walk(until="send_void_request")
    await placer.request()
    await placer.walk()
    offer = await placer.offer()
    await offer.walk(until="make_offer")
    await offer.change("linked_in_error", reason="another person of that name")
    follow_up = await only_follow_up(office, waiting)
    assert follow_up.case.parent_case_id == offer.case_id
    assert follow_up.items == [("T-441+T-442", "contact-1"), ("T-438", None)]
    reference = placer.case_id
    await follow_up.answer("tell_of_mistake", TOLD | {"corrects": [reference]})
    await eventually(lambda: _sent(follow_up), "no notice left")
    [notice] = await follow_up.mails()
    assert notice.fields["corrects"] == [follow_up.case.state["items"][1]["item_id"]]


async def _sent(follow_up: FollowUp) -> bool | None:
    return True if [mail for mail in await follow_up.mails() if mail.state == "accepted"] else None


@pytest.mark.req("AMB-X-6", "P4.F5")
async def test_a_a_wrong_person_in_a_duty_is_followed_up(office: Office, person: Person) -> None:
    home = await _checked_home(office, person)
    await home.change("vacated", {"reason": "gave the home back", "still_considered": False})
    duty = await office.follower(home.case_id, "disclose_change")
    await send_t442(Home(office, duty.case_id, person))
    assert (await office.house.closed(duty.case_id)).outcome == "sent"
    opened = await report(office, duty.case_id, Mistake.WRONG_PERSON)
    follow_up = await only_follow_up(office, person)
    assert opened == [follow_up.case_id]
    assert [kind for kind, _ in follow_up.items] == ["T-439+T-442", "T-442"]


# -- a case that has ended ----------------------------------------------------------------------------------------


@pytest.mark.req("AMB-X-6")
async def test_a_an_ended_case_is_followed_up_by_a_short_run_of_its_own(
    office: Office, person: Person
) -> None:
    home = await _checked_home(office, person)
    await home.change("withdraw", {"reason": "opened twice"})
    await office.house.closed(home.case_id)
    [first] = await report(office, home.case_id, Mistake.WRONG_FACT, follow_up_id="XCLOSED0001")
    assert await report(office, home.case_id, Mistake.WRONG_FACT, follow_up_id="XCLOSED0001") == [first]
    with pytest.raises(Refused, match="followed up already"):
        await report(office, home.case_id, Mistake.WRONG_FACT)
    follow_up = await only_follow_up(office, person)
    with pytest.raises(Said) as refused:
        await follow_up.answer("tell_of_mistake", TOLD | {"corrects": ["C000000000-9"]})
    assert refused.value.rule == "AMB-X-6"
    facts = {"contact_unchanged": False, "refusals": []}
    with pytest.raises(Said) as refused:
        await office.house.answer(first, "tell_of_mistake", TOLD, facts=facts)
    assert refused.value.rule == "PRV-6"
    await follow_up.answer("tell_of_mistake", TOLD)
    assert await follow_up.ends() == "told"
    # What a notice has taken back is not asked again.
    with pytest.raises(Refused, match="taken back"):
        await report(office, home.case_id, Mistake.WRONG_FACT)
    [other] = await report(office, follow_up.case_id, Mistake.SENT_IN_ERROR)
    assert (await office.house.case(other)).state["items"][0]["kind"] == "correction"


@pytest.mark.req("AMB-X-8")
async def test_a_a_notice_that_does_not_leave_is_sent_again_or_given_up_with_a_reason(
    office: Office, person: Person
) -> None:
    home = await _checked_home(office, person)
    await report(office, home.case_id, Mistake.WRONG_FACT)
    follow_up = await only_follow_up(office, person)
    for action in ("send_again", "do_not_send"):
        office.gateway.answers.append("refused")
        await follow_up.answer("tell_of_mistake", TOLD)
        await follow_up.answer("send_failed", {"action": action, "note": "The list was corrected."})
    await follow_up.answer("tell_of_mistake", NOT_TOLD)
    assert await follow_up.ends() == "not_told"
    assert [mail.state for mail in await follow_up.mails()] == ["refused", "refused"]


@pytest.mark.req("AMB-X-6")
async def test_a_each_recipient_has_a_follow_up_of_its_own_and_lost_runs_go_on(
    office: Office, person: Person
) -> None:
    home = await _checked_home(office, person)
    async with office.databases.owner.transaction() as session:
        sent = (
            await session.scalars(select(SecureMessage).where(SecureMessage.case_id == home.case_id))
        ).one()
        columns = {column.key: getattr(sent, column.key) for column in SecureMessage.__table__.columns}
        letter = f"{sent.mail_id}-17030-1"
        names = dict.fromkeys(("mail_id", "business_key", "reference", "message_id"), letter)
        session.add(SecureMessage(**columns | names | {"kind": "17-030", "contact_id": "manager-1"}))
    cases = await report(office, home.case_id, Mistake.WRONG_PERSON)
    first, second = await follow_ups(office, person)
    assert cases == [first.case_id, second.case_id]
    assert (first.items, second.items) == ([("T-439+T-442", "contact-1")], [("17-030", "manager-1")])
    assert (await _open(first), await _open(second)) == (
        {"tell_of_mistake", "privacy_incident"},
        {"tell_of_mistake"},
    )
    await office.house.client.get_workflow_handle(second.case_id).terminate()
    assert await RunningCases(office.house.client).start("correct_sent", second.case_id, again=True)
    await office.house.view(second.case_id)
    await second.answer("tell_of_mistake", NOT_TOLD)
    assert await second.ends() == "not_told"


@pytest.mark.req("AMB-X-6")
async def test_a_mail_that_is_leaving_while_the_mistake_is_reported_is_waited_for(
    office: Office, person: Person
) -> None:
    home = await _checked_home(office, person)
    mail_id = (await home.mails())[0].mail_id
    await _set(office, mail_id, state="sending", accepted_at=None)
    [case_id] = await report(office, home.case_id, Mistake.WRONG_FACT)

    run = office.house.client.get_workflow_handle(case_id)

    async def looked() -> bool | None:
        events = (await run.fetch_history()).events
        return True if any(one.HasField("timer_started_event_attributes") for one in events) else None

    await eventually(looked, "nobody looked whether it has left")
    assert await office.house.open_kinds(case_id) == set()
    await _set(office, mail_id, state="cancelled")
    # The next look is due in a minute: the run is begun again from the record, which looks at once.
    await run.terminate()
    await RunningCases(office.house.client).start("correct_sent", case_id, again=True)
    assert (await office.house.closed(case_id)).outcome == "nothing_left"


async def _set(office: Office, mail_id: str, **values: Any) -> None:
    async with office.databases.owner.transaction() as session:
        mail = await session.get_one(SecureMessage, mail_id)
        for name, value in values.items():
            setattr(mail, name, value)


@pytest.mark.req("AMB-X-6")
async def test_a_only_the_notice_itself_can_be_changed(office: Office, person: Person) -> None:
    home = await _checked_home(office, person)
    [case_id] = await report(office, home.case_id, Mistake.WRONG_FACT)
    await office.house.something_open(case_id)
    for kind, change in {
        "withdraw": {"reason": "not needed"},
        "died": {"note": "told"},
        "wrong_recipient": {"mail_id": f"{case_id}-1", "note": "Other office."},
    }.items():
        with pytest.raises(Said) as refused:
            await office.house.change(case_id, kind, change)
        assert refused.value.rule == ("AMB-X-7" if kind == "wrong_recipient" else "AMB-X-6")
