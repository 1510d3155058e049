"""Reporting a mistake in something sent, over HTTP: in open and in ended cases; and which cases belong together (P2.X4)."""

from typing import Any

import pytest
from httpx import Response

from models.tables.case import CaseLink, CaseRecord
from models.tables.mail import SecureMessage
from procedures.identify_state import LinkedPerson, RecordHeld
from procedures.terms import Occupancy, Procedure, RecordState
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.api.test_mail import contact
from tests.workflows.people import LEE, import_people
from tests.workflows.running import House, eventually

WRONG = {"mistake": "wrong_person", "reason": "Another person of that name."}


async def sent_in(office: Office, case_id: str, **case: Any) -> str:
    """A case about Lee whose T-441 the gateway took. Answers the mail's id."""
    await import_people(office.databases.loader)
    mail_id = await form_out(office, case_id, LEE.ref)
    person = LinkedPerson(
        primary=LEE.ref,
        records=(RecordHeld(person_ref=LEE.ref, number="A-1"),),
        record_state=RecordState.LIVE,
        occupancy=Occupancy.TENANT,
        property_ref=LEE.home,
        region="R01",
    )
    async with office.databases.owner.transaction() as session:
        held = await session.get_one(CaseRecord, case_id)
        held.state = held.state | {"person": person.model_dump(mode="json")}
        for name, value in case.items():
            setattr(held, name, value)
    return mail_id


async def post(office: Office, case_id: str, body: dict[str, Any], key: str = "key-of-a-mistake") -> Response:
    """As the advisor's browser or program does."""
    caller = office.client(AWS)
    return await caller.post(f"/api/cases/{case_id}/mistakes", json=body, headers={"Idempotency-Key": key})


@pytest.mark.req("AMB-X-6")
@pytest.mark.parametrize("procedure", ["identify", "check_suitability", "match_void", "offer"])
async def test_an_ended_case_of_every_procedure_is_followed_up(
    office: Office, house: House, procedure: str
) -> None:
    case_id = f"CE-{procedure.replace('_', '')[:6].upper()}1"
    mail_id = await sent_in(office, case_id, procedure=procedure, step="end", closed_at=NOW, outcome="D1")
    role = AP if procedure in ("match_void", "offer") else AWS
    answer = await office.client(role).post(
        f"/api/cases/{case_id}/mistakes", json=WRONG, headers={"Idempotency-Key": f"key-of-{procedure}"}
    )
    assert answer.status_code == 201, answer.text
    [follow_up] = answer.json()["cases"]
    task = await house.task(follow_up, "tell_of_mistake")
    incident = await house.task(follow_up, "privacy_incident")
    assert (task.role, incident.role) == (AWS.value, MANAGER.value)
    known = (await office.client(AWS).get(f"/api/tasks/{task.task_id}")).json()["known"]
    [listed] = known["went_out"]
    assert (listed["kind"], listed["reference"], listed["to"]) == (
        "T-441",
        mail_id,
        "harbourview@corrections.test",
    )
    linked = (await office.client(MANAGER).get(f"/api/cases/{case_id}")).json()["linked"]
    assert [(one["id"], one["why"]) for one in linked] == [(follow_up, "It came from this case")]
    # The case that has ended is as it was.
    assert (await house.case(case_id)).closed_at == NOW
    assert (await office.client(AP).get(f"/api/cases/{follow_up}")).status_code == 404


@pytest.mark.req("AMB-X-6", "NFR-1")
async def test_the_same_report_again_is_the_same_and_nothing_is_doubled(office: Office) -> None:
    mail_id = await sent_in(office, "CM61", step="end", closed_at=NOW)
    first = await post(office, "CM61", WRONG)
    again = await post(office, "CM61", WRONG)
    assert (first.status_code, again.json()) == (201, first.json())
    other = await post(office, "CM61", WRONG, key="another-key-same-mistake")
    assert (other.status_code, other.json()["rule"]) == (409, "AMB-X-6")
    reused = await post(office, "CM61", WRONG | {"mistake": "wrong_fact"})
    assert reused.status_code == 422
    assert len(await office.audited("mistake in something sent reported")) == 2
    fact = {"mistake": "wrong_fact", "reason": "The wrong street.", "mails": [mail_id]}
    assert (await post(office, "CM61", fact, key="another-kind-of-mistake")).status_code == 201
    strange = await post(office, "CM61", fact | {"mails": ["C9-1"]}, key="a-mail-of-another-case")
    assert (strange.status_code, strange.json()["rule"]) == (409, "AMB-X-6")


@pytest.mark.req("AMB-X-6")
async def test_what_is_no_mistake_is_answered_with_what_to_do(office: Office) -> None:
    await office.case("CM62")
    nothing = await post(office, "CM62", WRONG)
    assert (nothing.status_code, nothing.json()["rule"]) == (409, "AMB-X-6")
    assert "nothing of this case went out" in nothing.json()["detail"]
    for body in ({}, WRONG | {"mistake": "bad_luck"}, WRONG | {"reason": ""}, WRONG | {"name": "x"}):
        assert (await post(office, "CM62", body)).status_code == 422
    assert await office.count(SecureMessage) == 0


@pytest.mark.req("AMB-X-6", "PRV-6", "NFR-1")
async def test_the_decision_is_judged_by_directory_and_guard_and_the_notice_is_written_once(
    office: Office, house: House
) -> None:
    mail_id = await sent_in(office, "CM63", step="end", closed_at=NOW)
    [follow_up] = (await post(office, "CM63", WRONG)).json()["cases"]
    task = await house.task(follow_up, "tell_of_mistake")
    advisor = office.client(AWS)
    path = f"/api/tasks/{task.task_id}/answer"
    told = {
        "tell_corrections": True,
        "contact_id": "harbourview-1",
        "contact_version": 1,
        "recipient_confirmed": True,
    }
    gone = await advisor.post(path, json=told, headers={"Idempotency-Key": "no-such-contact-now"})
    assert (gone.status_code, gone.json()["rule"]) == (409, "PRV-6")
    await contact(office)
    for _ in range(2):
        answered = await advisor.post(path, json=told, headers={"Idempotency-Key": "told-once-and-again"})
        assert answered.status_code == 200, answered.text
    other = await advisor.post(path, json=told, headers={"Idempotency-Key": "told-by-another-key"})
    assert (other.status_code, other.json()["rule"]) == (409, "AMB-X-3")

    async def notices() -> list[SecureMessage] | None:
        async with office.databases.owner.transaction() as session:
            row = await session.get(SecureMessage, f"{follow_up}-1")
        return [row] if row else None

    [notice] = await eventually(notices, "no notice was written")
    assert (notice.kind, notice.fields["corrects"]) == ("correction", [mail_id])
    assert await office.count(SecureMessage) == 2


@pytest.mark.req("P2.X4")
async def test_match_and_check_of_the_home_show_each_other_to_who_sees_both(office: Office) -> None:
    await office.case("C77-S1", Procedure.CHECK_SUITABILITY.value, person_ref="P-1")
    await office.case("C88", Procedure.MATCH_VOID.value, person_ref="P-1", step="3.1")
    await office.put(CaseLink, case_id="C88", linked_case_id="C77-S1", rule="P2.X4", linked_at=NOW)
    manager = office.client(MANAGER)
    found = {}
    for case_id in ("C77-S1", "C88"):
        [one] = (await manager.get(f"/api/cases/{case_id}")).json()["linked"]
        found[case_id] = (one["id"], one["rule"], one["why"])
    assert found == {
        "C77-S1": ("C88", "P2.X4", "The person is considered for a void property"),
        "C88": ("C77-S1", "P2.X4", "The check of the person's present home"),
    }
    assert (await office.client(AP).get("/api/cases/C88")).json()["linked"] == []
