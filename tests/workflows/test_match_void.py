"""Procedure 3 on a real server and a real database: the straight path, its branches, and what waits for what."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.testing import WorkflowEnvironment

from activities.viewings import appointment_file, t438_to_print
from adapters.keys import KeyRing
from models.tables.assessment import Assessment, AssessmentVersion, Confirmation, PhoneCall
from models.tables.case import Task
from models.tables.mail import Clock, SecureMessage
from models.tables.placement import (
    InitialViewing,
    PaperForm,
    PreApproval,
    PropertyHold,
    Viewing,
    VoidMatch,
    VoidProperty,
)
from tests.conftest import Databases
from tests.workflows.driving import reported
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person, hold
from tests.workflows.placement import (
    COORDINATOR,
    NOT_SUITABLE,
    PLACER,
    T441,
    Placer,
    a_property_call,
    add_void,
    applicant,
    at_once,
    enter,
    file_now,
    follower_of,
    hold_t441,
    matched,
    unfiled,
)
from tests.workflows.running import Said, eventually
from tests.workflows.suitability import Office, office_in

ANA, BEN = applicant("ana"), applicant("ben")
IVY = Person("P-IVY", "Ivy", address="7 Made Up Road").tenant()


@pytest.fixture
async def office(databases: Databases, server: WorkflowEnvironment, keys: KeyRing) -> AsyncIterator[Office]:
    """A house with applicants on the register."""
    async with office_in(databases, server, keys, ANA, BEN, IVY) as office:
        yield office


async def versions(office: Office, person: Person) -> list[AssessmentVersion]:
    """The versions that matches and offers added, in order."""
    async with office.databases.worker.transaction() as session:
        rows = await session.scalars(
            select(AssessmentVersion)
            .where(AssessmentVersion.number == f"A-{person.ref}", AssessmentVersion.rule == "TR-16")
            .order_by(AssessmentVersion.version)
        )
        return list(rows)


@pytest.mark.req(
    "P3.S1.1", "P3.S1.2", "P3.S2.a", "P3.S6.a", "P3.S6.a1", "P3.S6.a2", "P3.S6.a3", "P3.S6.a5", "P3.X1"
)
@pytest.mark.req(
    "TR-16", "P3.S3.1", "P3.S3.2", "P3.S4.a", "P3.S4.a1", "P3.S4.a2", "P3.S4.a4", "P3.S4.a5", "P3.S4.a6"
)
@pytest.mark.req("P3.S4.a7", "P3.S5.1", "P3.S5.2", "AMB-P3-14", "P4.S4.3", "P4.S2.1", "P4.S2.2")
async def test_3_and_4_from_the_match_to_an_accepted_offer(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    [match] = await placer.rows(VoidMatch)
    assert (match.person_ref, match.property_ref, match.entered_by) == (ANA.ref, "V-1", COORDINATOR.subject)
    assert match.t365["reference"] == "T365-1"
    await placer.walk(until="book_viewing")
    [call] = await placer.rows(PhoneCall)
    assert call.answers == {"said": "CSO", "property_may_suit": True}
    [said] = await placer.rows(Confirmation)
    assert (said.status_said, said.call_id) == ("CSO", call.call_id)
    [window] = await placer.rows(Clock)
    assert window.due_at - window.started_at == timedelta(hours=48)
    assert window.started_at == call.ended_at
    await placer.answer("book_viewing")
    [viewing] = await placer.rows(Viewing)
    assert (viewing.call_id, viewing.with_corrections, viewing.state) == (
        call.call_id,
        "Sam Contact",
        "booked",
    )
    async with office.databases.worker.transaction() as session:
        application = (await session.scalars(select(InitialViewing))).one()
    assert (application.applicant_ref, application.viewing_at) == (ANA.ref, viewing.starts_at)
    await placer.walk(until="record_viewing")
    [paper] = await placer.rows(PaperForm)
    assert (paper.form, paper.printed_by, paper.settled_at) == ("T-438", PLACER.subject, None)
    view = await placer.walk()
    assert view.outcome == "offer"
    assert placer.asked == [
        "consider_match", "weigh_match", "phone_about_property", "book_viewing", "viewing_questions", "print_t438",
        "record_viewing", "record_part_b", "pre_approval_questions", "settle_paper",
    ]  # fmt: skip
    [viewing], [paper], [match] = [await placer.rows(t) for t in (Viewing, PaperForm, VoidMatch)]
    assert (viewing.state, viewing.attended) == ("held", [PLACER.name, "Sam Contact"])
    assert paper.method == "stored"
    assert (match.branch, match.ko_view, match.outcome) == ("a", "suitable", "offered")
    [approval] = await placer.rows(PreApproval)
    assert (approval.person_ref, approval.property_ref, approval.signed) == (ANA.ref, "V-1", True)
    assert approval.document_id == f"{placer.case_id}-scan"
    added = await versions(office, ANA)
    assert [(v.question_set, v.code, v.step) for v in added] == [
        ("viewing", "D1", "3.4"),
        ("pre_approval", "D1", "3.6"),
    ]
    assert set(await placer.texts()) >= {"Meet at the gate.", "As talked about with Corrections."}
    offer = await placer.offer()
    view = await offer.walk()
    assert view.outcome == "accepted"
    assert offer.asked == [
        "check_risk_rating", "make_offer", "show_property", "persons_answer", "tell_corrections", "prepare_sign_up",
        "offer_questions",
    ]  # fmt: skip
    assert await office.house.code(ANA.ref) == "D1/CUR"


@pytest.mark.req("P1.X2", "P3.W1")
async def test_1_7_a_person_considered_for_a_void_property_goes_on_in_procedure_3(office: Office) -> None:
    [advisor] = await reported(office.house, Person("P-HIM", "Himself"))
    await advisor.walk(until="final_questions")
    await advisor.answer("final_questions", considered_for_void=True)
    match = await follower_of(office, advisor.person, "match_void")
    placer = Placer(office, match.case_id, advisor.person, "V-9")
    assert match.parent_case_id == advisor.case_id
    assert match.region == (await office.house.case(advisor.case_id)).region
    task = await office.house.task(match.case_id, "await_match")
    assert task.role == "advisor-placement"
    await add_void(office, "V-9")
    entered = await enter(office, advisor.person, "V-9")
    assert entered.cases == (match.case_id,)
    await office.house.task(match.case_id, "consider_match")
    assert await office.house.open_kinds(match.case_id) == {"consider_match"}
    await placer.answer("consider_match")
    assert (await office.house.case(match.case_id)).state["property_ref"] == "V-9"


@pytest.mark.req("P3.W1")
async def test_1_7_no_longer_considered_ends_the_case_with_its_reason(office: Office) -> None:
    [advisor] = await reported(office.house, Person("P-HER", "Herself"))
    await advisor.walk(until="final_questions")
    await advisor.answer("final_questions", considered_for_void=True)
    match = await follower_of(office, advisor.person, "match_void")
    placer = Placer(office, match.case_id, advisor.person, "")
    view = await office.house.answer(
        match.case_id, "await_match", {"no_longer_considered_because": "Found a home."}, by=PLACER
    )
    assert (view.outcome, await placer.texts()) == ("not_considered", ["Found a home."])


@pytest.mark.req("P3.S2.c", "P3.S2.c1", "P3.S2.c2", "AMB-P3-1", "P3.S2.c3")
@pytest.mark.parametrize(("person", "kind"), [(ANA, "T-441+T-442"), (IVY, "T-439+T-441+T-442")])
async def test_3_2_c_one_request_its_clock_and_then_the_decision(
    office: Office, person: Person, kind: str
) -> None:
    placer = await matched(office, person, "V-1", t441=False)
    await placer.walk(until="send_void_request")
    assert await office.house.open_kinds(placer.case_id) == {"send_void_request"}
    await office.house.answer(placer.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER)
    await eventually(placer.clock, "no clock was set")
    [mail] = await placer.rows(SecureMessage)
    assert (mail.kind, mail.fields["property_ref"], mail.fields["disclosure"]) == (
        kind,
        "V-1",
        "The person is being considered for one of our void properties",
    )
    [clock] = await placer.rows(Clock)
    assert (clock.kind, len(clock.detail["counted"])) == ("information return", 5)
    assert await office.house.open_kinds(placer.case_id) == set()
    await placer.tell({"returned": "r-1", "documents": [], "received_at": None})
    task = await office.house.task(placer.case_id, "review_return")
    assert (task.role, task.step) == ("advisor-placement", "3.2")
    await office.house.answer(
        placer.case_id, "review_return", {"verdict": "complete", "returned": T441}, by=PLACER
    )
    await placer.walk(until="phone_about_property")
    [match] = await placer.rows(VoidMatch)
    assert (match.branch, match.ko_view) == ("c", "suitable")


@pytest.mark.req("P3.W1", "TR-16")
async def test_3_6_a_pending_code_goes_by_branch_c_and_the_offer_waits_for_d1(office: Office) -> None:
    placer = await matched(office, ANA, "V-1", code="D1P/PEN")
    await placer.walk(until="send_void_request")
    await placer.request()
    await placer.walk(until="pre_approval_questions")
    added = await versions(office, ANA)
    assert [v.code for v in added] == ["D1P"]
    await placer.answer("pre_approval_questions")
    await placer.answer("settle_paper")
    assert await office.house.open_kinds(placer.case_id) == set()
    assert (await office.house.case(placer.case_id)).closed_at is None
    async with office.databases.worker.transaction() as session:
        await session.execute(
            update(Assessment).where(Assessment.person_ref == ANA.ref).values(code="D1", status="CUR")
        )
    await placer.tell({"code_now": "D1"})
    assert (await office.house.closed(placer.case_id)).outcome == "offer"


@pytest.mark.req("P3.W1", "TR-16")
async def test_1_7_a_match_that_waits_hears_of_the_final_code(office: Office) -> None:
    [advisor] = await reported(office.house, Person("P-SHE", "Sheself"))
    await advisor.walk(until="final_questions")
    await add_void(office, "V-8")
    entered = await enter(office, advisor.person, "V-8")
    placer = Placer(office, entered.cases[0], advisor.person, "V-8")
    await placer.walk(until="send_void_request")
    await placer.request()
    await placer.walk(until="pre_approval_questions")
    await placer.answer("pre_approval_questions")
    await placer.answer("settle_paper")
    assert (await office.house.case(placer.case_id)).closed_at is None
    await advisor.answer("final_questions", considered_for_void=True)
    assert (await office.house.closed(placer.case_id)).outcome == "offer"
    assert len(await office.cases_of(advisor.person, "match_void")) == 1


@pytest.mark.req("P3.S4.a3", "AMB-P3-4", "AMB-P3-6")
async def test_3_4_later_than_48_hours_after_the_call_is_refused(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="book_viewing")
    agreed = (await office.house.case(placer.case_id)).state["agreed"]
    [call] = await placer.rows(PhoneCall)
    latest = call.ended_at + timedelta(hours=48)
    with pytest.raises(Said) as refused:
        await placer.answer("book_viewing", starts_at=(latest + timedelta(minutes=1)).isoformat())
    assert refused.value.rule == "P3.S4.a3"
    assert await placer.rows(Viewing) == []
    await placer.answer("book_viewing", starts_at=latest.isoformat())
    [viewing] = await placer.rows(Viewing)
    assert viewing.starts_at == latest
    assert agreed["call_id"] == call.call_id


@pytest.mark.req("AMB-P3-5")
async def test_3_4_two_failures_tell_the_manager_and_a_person_decides(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="book_viewing")
    no_slot: dict[str, Any] = {"starts_at": None, "with_corrections": None, "diaried": False}
    view = await placer.answer("book_viewing", **no_slot, no_slot_because="Nobody can come.")
    assert [t.kind for t in view.open_tasks] == ["phone_about_property"]
    await placer.walk(until="record_viewing")
    missed: dict[str, Any] = {"held_at": None, "missed_because": "Corrections did not come."}
    view = await placer.answer("record_viewing", **missed)
    assert {t.kind for t in view.open_tasks} == {"decide_after_failures"}
    assert ("manager-housing-wellbeing-support", "viewings_failed") in await placer.notices()
    calls = await placer.rows(PhoneCall)
    windows = {w.started_at for w in await placer.rows(Clock)}
    assert (len(calls), windows) == (2, {c.ended_at for c in calls})
    [viewing] = await placer.rows(Viewing)
    assert (viewing.state, viewing.reason) == ("missed", "Corrections did not come.")
    body = {"decision": "try_again", "reason": "One more time."}
    view = await office.house.answer(placer.case_id, "decide_after_failures", body, by=PLACER)
    assert [t.kind for t in view.open_tasks] == ["phone_about_property"]
    await placer.walk(until="book_viewing")
    await placer.answer("book_viewing", **no_slot, no_slot_because="Still nobody.")
    body = {"decision": "withdraw", "reason": "Three tries."}
    view = await office.house.answer(placer.case_id, "decide_after_failures", body, by=PLACER)
    kinds = {t.kind for t in view.open_tasks}
    assert kinds == {"enter_withdrawn", "withdrawal_questions", "tell_corrections", "settle_paper"}
    assert (await placer.walk()).outcome == "withdrawn"


@pytest.mark.req("P3.S7.1", "P3.X2", "P3.R1")
async def test_3_7_the_coordinator_enters_withdrawn_and_sees_nothing_else(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    placer.changed["weigh_match"] = {"view": "unsuitable"}
    await placer.walk(until="enter_withdrawn")
    task = await office.house.task(placer.case_id, "enter_withdrawn")
    assert (task.role, task.context) == ("coordinator-placement", {})
    with pytest.raises(Said) as refused:
        await placer.answer("enter_withdrawn", outcome="declined")
    assert refused.value.rule == "P3.S7.1"
    assert (await placer.walk()).outcome == "withdrawn"
    assert ("coordinator-placement", "property_back_to_matching") in await placer.notices()
    again = await enter(office, ANA, "V-1", on=(await office.house.now()).date() + timedelta(days=9))
    assert again.cases
    assert again.cases != (placer.case_id,)


@pytest.mark.req("AMB-P3-10", "AMB-X-4", "P3.S2.c")
async def test_3_2_a_returned_t441_that_names_no_order_stops_the_match_and_is_confirmed_by_phone(
    office: Office,
) -> None:
    placer = await matched(office, ANA, "V-1", t441=False)
    await placer.walk(until="send_void_request")
    nobody = {"order_status": "NSO", "completed_by": "Sam Contact", "completed_on": "2026-11-28"}
    await placer.request(nobody)
    assert (await office.house.closed(placer.case_id)).outcome == "ceased_nso"
    identified = await follower_of(office, ANA, "identify")
    task = await office.house.task(identified.case_id, "phone_corrections")
    assert task.step == "1.4"
    assert await office.house.code(ANA.ref) == "D1/CUR"


@pytest.mark.req("AMB-P3-12")
async def test_3_3_one_case_at_a_time_has_the_property(office: Office) -> None:
    first = await matched(office, ANA, "V-1")
    await hold(office.databases.worker, BEN.ref, "D1/CUR", said="CSO")
    await hold_t441(office, BEN)
    entered = await enter(office, BEN, "V-1")
    second = Placer(office, entered.cases[0], BEN, "V-1")
    await first.walk(until="phone_about_property")
    await second.walk(until="weigh_match")
    await second.answer("weigh_match")
    waiting = await office.house.case(second.case_id)
    assert (waiting.waiting_for, await office.house.open_kinds(second.case_id)) == ("the property", set())
    async with office.databases.worker.transaction() as session:
        assert (await session.scalars(select(PropertyHold))).one().case_id == first.case_id
    await first.change("application_withdrawn", reason="Moved away.")
    await first.walk()
    task = await office.house.task(second.case_id, "phone_about_property")
    assert task.state == "open"


@pytest.mark.req("AMB-P3-12", "AMB-P3-15")
async def test_3_3_a_case_that_waits_for_a_property_ends_when_another_offer_is_accepted(
    office: Office,
) -> None:
    first = await matched(office, ANA, "V-1")
    await first.walk()
    await hold(office.databases.worker, BEN.ref, "D1/CUR", said="CSO")
    await hold_t441(office, BEN)
    second = Placer(office, (await enter(office, BEN, "V-1")).cases[0], BEN, "V-1")
    await second.walk(until="weigh_match")
    await second.answer("weigh_match")
    await (await first.offer()).walk()
    await office.house.task(second.case_id, "enter_withdrawn")
    assert (await second.walk()).outcome == "withdrawn"
    async with office.databases.worker.transaction() as session:
        assert (await session.get_one(VoidProperty, "V-1")).state == "let"


@pytest.mark.req("AMB-P3-17")
async def test_3_3_an_attempt_that_reached_nobody_is_recorded_and_the_call_asked_again(
    office: Office,
) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="phone_about_property")
    nobody = a_property_call(await office.house.now(), None)
    view = await office.house.answer(placer.case_id, "phone_about_property", nobody, by=PLACER)
    assert [t.kind for t in view.open_tasks] == ["phone_about_property"]
    state = (await office.house.case(placer.case_id)).state["calling"]
    assert (len(state["attempts"]), state["service_manager_at"] < state["manager_at"]) == (1, True)
    assert await placer.rows(Viewing) == []
    await placer.walk(until="book_viewing")
    assert [c.outcome for c in await placer.rows(PhoneCall)] == ["no_answer", "answered"]


@pytest.mark.req("P3.S6.a4", "A-B5")
async def test_3_6_nothing_received_stays_outside_the_folder(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="pre_approval_questions")
    await unfiled(office, placer, "D-loose")
    await placer.answer("pre_approval_questions")
    await placer.answer("settle_paper")
    body = {"note": "Filed now."}
    view = await office.house.answer(placer.case_id, "file_documents", body, by=PLACER)
    assert [t.kind for t in view.open_tasks] == ["file_documents"]
    await file_now(office, "D-loose")
    view = await office.house.answer(placer.case_id, "file_documents", body, by=PLACER)
    assert view.outcome == "offer"


@pytest.mark.req("P3.S4.a2", "P3.S4.a6", "PRV-16", "PRV-18")
async def test_3_4_calendar_file_and_t438_are_there_to_take_along(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="print_t438")
    now = await office.house.now()
    [viewing] = await placer.rows(Viewing)
    entry = await appointment_file(office.databases.api, viewing.viewing_id, by=PLACER, at=now)
    assert entry is not None
    assert placer.case_id.encode() in entry
    assert ANA.surname.encode() not in entry
    assert b"Empty Street" not in entry
    paper = await t438_to_print(office.databases.api, placer.case_id, by=PLACER, at=now)
    assert paper is not None
    assert paper.startswith(b"%PDF")
    assert await appointment_file(office.databases.api, "nobody", by=PLACER, at=now) is None


@pytest.mark.req("AMB-X-3")
async def test_3_2_two_answers_at_once_and_the_first_one_counts(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="weigh_match")
    task = await office.house.task(placer.case_id, "weigh_match")
    first, second = ({"view": view, "reasons": "r"} for view in ("suitable", "unsuitable"))
    results = await at_once(placer, "weigh_match", first, second)
    said = [r for r in results if isinstance(r, BaseException)]
    assert [type(r) for r in said] == [Said]
    [match] = await placer.rows(VoidMatch)
    async with office.databases.worker.transaction() as session:
        kept = (await session.get_one(Task, task.task_id)).answer
    assert kept is not None
    assert match.ko_view == kept["view"]


@pytest.mark.req("AMB-P3-9", "P3.X1")
async def test_3_6_corrections_yes_does_not_force_us(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="pre_approval_questions")
    view = await placer.answer(
        "pre_approval_questions", answers={"corrections_approves": True, "we_agree": False}
    )
    kinds = {t.kind for t in view.open_tasks}
    assert kinds == {"enter_withdrawn", "withdrawal_questions", "tell_corrections", "settle_paper"}
    assert (await placer.walk()).outcome == "withdrawn"
    assert await office.cases_of(ANA, "offer") == []


@pytest.mark.req("AMB-X-6", "P3.S5.2")
async def test_3_6_a_mistake_goes_back_to_the_named_step_and_nothing_is_deleted(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    placer.changed["record_part_b"] = NOT_SUITABLE
    await placer.walk(until="enter_withdrawn")
    view = await placer.change("step_back", to_step="3.6", asked_by="Ravi", reason="Wrong box ticked.")
    assert {t.kind for t in view.open_tasks} == {"record_part_b", "settle_paper"}
    placer.changed.clear()
    assert (await placer.walk()).outcome == "offer"
    approvals = await placer.rows(PreApproval)
    assert sorted(a.suitability for a in approvals) == ["not_suitable", "suitable"]
    assert any("Wrong box ticked." in text for text in await placer.texts())
    assert ("manager-housing-wellbeing-support", "corrected_follow_up") in await placer.notices()


@pytest.mark.req("AMB-X-7", "AMB-P3-1")
async def test_3_2_a_request_to_the_wrong_recipient_is_sent_again_with_a_clock_of_its_own(
    office: Office,
) -> None:
    placer = await matched(office, ANA, "V-1", t441=False)
    await placer.walk(until="send_void_request")
    for cycle in (1, 2):
        await office.house.answer(
            placer.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER
        )
        await eventually(placer.clock, "no clock was set")
        if cycle == 1:
            view = await placer.change("wrong_recipient", mail_id=f"{placer.case_id}-1", note="Other office.")
            assert {t.kind for t in view.open_tasks} == {"send_void_request", "privacy_incident"}
    clocks = await placer.rows(Clock)
    assert sorted(bool(c.stopped_at) for c in clocks) == [False, True]
    mails = await placer.rows(SecureMessage)
    assert sorted(m.state for m in mails) == ["accepted", "wrong_recipient"]


@pytest.mark.req("AMB-P3-16")
@pytest.mark.parametrize("still_considered", [True, False])
async def test_3_who_leaves_a_home_of_ours_meanwhile_needs_a_t442(
    office: Office, still_considered: bool
) -> None:
    placer = await matched(office, IVY, "V-1")
    await placer.walk(until="weigh_match")
    await placer.change("vacated", reason="Moved to a relative.", still_considered=still_considered)
    duty = await follower_of(office, IVY, "disclose_change")
    assert (duty.parent_case_id, duty.state["kind"]) == (placer.case_id, "accommodation_change")
    assert await office.house.code(IVY.ref) == "D1/CUR"
    view = await placer.walk()
    assert view.outcome == ("offer" if still_considered else "withdrawn")


@pytest.mark.req("AMB-X-5")
async def test_3_3_the_call_that_confirms_the_order_ends_a_pause(office: Office) -> None:
    placer = await matched(office, ANA, "V-1")
    await placer.walk(until="phone_about_property")
    await placer.tell({"exit_entry": "entry-1"})

    async def paused() -> bool | None:
        return True if ("advisor-placement", "paused_call_corrections") in await placer.notices() else None

    await eventually(paused, "the match did not pause")
    await placer.answer("phone_about_property")
    assert (await office.house.case(placer.case_id)).state["paused"] is None
    await placer.answer("book_viewing")
    assert len(await placer.rows(Viewing)) == 1
