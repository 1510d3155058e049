"""Procedure 4 on a real server and a real database: what is asked in which order, who is told, and what follows."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select, update
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner, SandboxRestrictions

from adapters.keys import KeyRing
from adapters.temporal import data_converter
from models.tables.assessment import Assessment
from models.tables.mail import Document, SecureMessage
from models.tables.placement import Offer, RiskRating, VoidProperty
from tests.conftest import Databases
from tests.workflows.people import Person
from tests.workflows.placement import (
    PLACER,
    REFUSES,
    applicant,
    at_once,
    file_now,
    follower_of,
    matched,
    offer_said,
    offered,
    unfiled,
)
from tests.workflows.running import Said, eventually
from tests.workflows.suitability import Office, office_in
from workers.wiring import PASSED_THROUGH
from workflows.registered import WORKFLOWS

UPDATE: dict[str, Any] = {"rating": "high", "action": "update", "basis": "T-441 of an earlier case"}
ACCEPTED = {
    "answers": {"offer_outcome": "accepted", "corrections_told": "Sam Contact"},
    "comment": "As talked about with Corrections.",
}
PENDING = {"code": "D1P", "status": "PEN"}
ANA = applicant("ana")
IVY = Person("P-IVY", "Ivy", address="7 Made Up Road").tenant()


@pytest.fixture
async def office(databases: Databases, server: WorkflowEnvironment, keys: KeyRing) -> AsyncIterator[Office]:
    """A house with an applicant and a tenant."""
    async with office_in(databases, server, keys, ANA, IVY) as office:
        yield office


@pytest.mark.req("P4.S1.1", "P4.S1.N1", "P4.S2.2")
async def test_4_1_nothing_is_asked_before_the_rating_is_checked(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="check_risk_rating")
    assert await office.house.open_kinds(placer.case_id) == {"check_risk_rating"}
    await placer.answer("check_risk_rating", **UPDATE)
    assert await office.house.open_kinds(placer.case_id) == {"act_on_risk_rating"}
    await placer.answer("act_on_risk_rating")
    assert await office.house.open_kinds(placer.case_id) == {"make_offer"}
    await placer.answer("make_offer")
    assert await office.house.open_kinds(placer.case_id) == {"show_property"}
    assert await office.house.code(ANA.ref) == "D1/CUR"
    [check, done] = sorted(await placer.rows(RiskRating), key=lambda r: r.rating_id)
    assert (check.basis, check.rating, done.rating) == ("T-441 of an earlier case", "high", "medium")


@pytest.mark.req("P4.N1", "AMB-P4-6")
@pytest.mark.parametrize("lost", ["file", "form"])
async def test_4_2_rule_1_no_offer_without_the_stored_t438(office: Office, lost: str) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="check_risk_rating")
    async with office.databases.owner.transaction() as session:
        scan = (await session.scalars(select(Document).where(Document.form == "T-438"))).one()
        if lost == "file":
            scan.file_id = None
        else:
            scan.form = "T-441"
    await placer.walk(until="make_offer")
    with pytest.raises(Said) as refused:
        await placer.answer("make_offer")
    assert refused.value.rule == "P4.N1"
    assert await placer.rows(Offer) == []


@pytest.mark.req("P4.S3.a1", "AMB-P4-3")
async def test_4_3_an_accepted_offer_is_mailed_and_leaves_once(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="tell_corrections")

    async def taken() -> bool | None:
        rows = await placer.rows(SecureMessage)
        return True if [(m.kind, m.state) for m in rows] == [("offer_accepted", "accepted")] else None

    await eventually(taken, "the mail did not leave")
    [mail] = await placer.rows(SecureMessage)
    assert mail.fields == {"property_ref": "V-1", "region": "HARBOURVIEW"}


@pytest.mark.req("AMB-P4-9")
async def test_4_4_who_moves_from_another_home_of_ours_needs_a_t442_as_well(office: Office) -> None:
    placer = await offered(office, IVY, "V-1")
    assert (await placer.walk()).outcome == "accepted"
    duty = await follower_of(office, IVY, "disclose_change")
    assert duty.parent_case_id == placer.case_id
    assert duty.state["kind"] == "accommodation_change"
    assert ("advisor-wellbeing-support", "standing_duty_begins") in await placer.notices()
    assert await office.cases_of(IVY, "check_suitability") == []


@pytest.mark.req("AMB-P4-9")
async def test_4_4_an_applicant_from_elsewhere_needs_none(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    assert (await placer.walk()).outcome == "accepted"
    assert await office.cases_of(ANA, "disclose_change") == []
    assert await office.cases_of(ANA, "check_suitability") == []


@pytest.mark.req("AMB-P4-11", "AMB-X-3")
async def test_4_3_yes_and_no_at_once_and_the_first_one_counts(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="persons_answer")
    answers: tuple[dict[str, Any], ...] = ({"accepted": True, "note": "n"}, REFUSES | {"note": "n"})
    results = await at_once(placer, "persons_answer", *answers)
    assert [type(r) for r in results if isinstance(r, BaseException)] == [Said]
    [row] = await placer.rows(Offer)
    sent = len(await placer.rows(SecureMessage))
    assert (row.outcome, sent) in {("accepted", 1), ("declined", 0)}


@pytest.mark.req("AMB-P4-11", "AMB-X-6")
async def test_4_3_a_wrong_answer_is_reversed_on_record(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="persons_answer")
    await placer.answer("persons_answer", **REFUSES)
    back = {"to_step": "4.3", "asked_by": "Ravi", "reason": "It was a yes."}
    view = await placer.change("step_back", **back)
    assert {t.kind for t in view.open_tasks} == {"persons_answer"}
    assert (await placer.walk()).outcome == "accepted"
    assert any("It was a yes." in text for text in await placer.texts())


@pytest.mark.req("AMB-P4-5")
async def test_4_3_an_approval_withdrawn_after_the_acceptance_holds_the_sign_up(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="prepare_sign_up")
    view = await placer.change("approval_taken_back", said_by="Sam Contact", reason="New information.")
    kinds = {t.kind for t in view.open_tasks}
    assert kinds == {"enter_offer_outcome", "tell_corrections", "sign_up_held"}
    assert ("manager-housing-wellbeing-support", "approval_withdrawn") in await placer.notices()
    placer.changed = {"enter_offer_outcome": {"outcome": "withdrawn"}} | offer_said("withdrawn")
    await office.house.answer(placer.case_id, "sign_up_held", {"arranged": "The manager there knows."})
    assert (await placer.walk()).outcome == "withdrawn"
    async with office.databases.worker.transaction() as session:
        assert (await session.get_one(VoidProperty, "V-1")).state == "void"


@pytest.mark.req("P4.S4.2", "A-B5")
async def test_4_4_nothing_received_stays_outside_the_folder(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="offer_questions")
    await unfiled(office, placer, "D-late")
    view = await placer.answer("offer_questions")
    assert [t.kind for t in view.open_tasks] == ["file_documents"]
    await file_now(office, "D-late")
    view = await office.house.answer(placer.case_id, "file_documents", {"note": "Filed."}, by=PLACER)
    assert view.outcome == "accepted"


@pytest.mark.req("TR-16", "P4.S4.1")
async def test_4_4_an_answer_after_a_change_while_the_code_is_pending_is_not_lost(office: Office) -> None:
    placer = await offered(office, ANA, "V-1")
    await placer.walk(until="offer_questions")
    await _code(office, "D1P", "PEN")
    await placer.change("vacated", reason="Moved in with a friend.", still_considered=True)
    with pytest.raises(Said) as refused:
        await office.house.answer(placer.case_id, "offer_questions", ACCEPTED, facts=PENDING)
    assert refused.value.rule == "TR-16"
    await _code(office, "D1", "CUR")
    assert (await placer.answer("offer_questions")).outcome == "accepted"
    assert (await office.house.rules(ANA.ref)).count("TR-16") == 3  # viewing, pre-approval, offer
    assert placer.asked.count("offer_questions") == 1


async def _code(office: Office, code: str, status: str) -> None:
    async with office.databases.worker.transaction() as session:
        of_ana = update(Assessment).where(Assessment.person_ref == ANA.ref)
        await session.execute(of_ana.values(code=code, status=status))


@pytest.mark.req("NFR-7")
async def test_3_and_4_a_match_and_its_offer_replay(office: Office, keys: KeyRing) -> None:
    match = await matched(office, IVY, "V-1", t441=False)
    await match.walk(until="send_void_request")
    await match.request()
    await match.walk()
    offer = await match.offer()
    await offer.walk(until="persons_answer")
    await offer.tell({"exit_entry": "entry-1"})
    said = {"said": "CSO", "said_by": "Sam Contact", "office": "Harbourview", "note": "By phone."}
    await offer.change("corrections_says", said_at=(await office.house.now()).isoformat(), **said)
    assert (await offer.walk()).outcome == "accepted"
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*PASSED_THROUGH)
    replayer = Replayer(
        workflows=WORKFLOWS,
        namespace=office.house.client.namespace,
        data_converter=data_converter(keys, office.house.client.namespace),
        workflow_runner=SandboxedWorkflowRunner(restrictions=restrictions),
    )
    for case_id in (match.case_id, offer.case_id):
        history = await office.house.client.get_workflow_handle(case_id).fetch_history()
        await replayer.replay_workflow(history)
        assert IVY.address not in history.to_json()
