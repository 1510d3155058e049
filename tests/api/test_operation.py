"""Cases and their timeline, health, figures, description, and errors of parts that are away."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.identity import IdentityProviderDown
from models.database import Database
from models.tables.assessment import Confirmation, PhoneCall
from models.tables.case import CaseNote, Command
from models.tables.mail import CorrectionsContact
from procedures.answers import answer_type
from tests.api.office import AWS, MANAGER, NOW, Office, with_checks
from tests.conftest import free_port


async def _story(office: Office) -> None:
    await office.case("C1", entry_id="E1", person_ref="P-1", step="1.4")
    await office.entry("E1", "C1")
    await office.task(
        "C1-1",
        "C1",
        state="done",
        done_at=NOW + timedelta(minutes=5),
        done_by="u-1",
        done_by_name="U-1 Example",
    )
    await office.task(
        "C1-2", "C1", kind="phone_corrections", step="1.4", opened_at=NOW + timedelta(minutes=6)
    )
    await office.put(
        PhoneCall,
        call_id="CALL-0001",
        case_id="C1",
        step="1.4",
        outcome="no_answer",
        started_at=NOW + timedelta(minutes=7),
        ended_at=NOW + timedelta(minutes=8),
        answers={},
        note="rang out",
        by="u-1",
        recorded_at=NOW + timedelta(minutes=8),
    )
    await office.put(
        Confirmation,
        confirmation_id="C1-S1",
        case_id="C1",
        said_by="Sam Contact",
        office="Harbourview",
        channel="verbal",
        status_said="CSO",
        said_at=NOW + timedelta(minutes=9),
        note="confirmed",
        recorded_by="u-1",
        recorded_at=NOW + timedelta(minutes=10),
    )
    await office.put(
        CaseNote,
        note_id="C1-N1",
        case_id="C1",
        step="1.2",
        text="agrees",
        by="u-1",
        at=NOW + timedelta(minutes=5),
    )


async def test_the_timeline_is_one_line_in_order(office: Office) -> None:
    """Step, who, what, when in UTC and in local words, whatever table it comes from."""
    await _story(office)
    items = (await office.client(AWS).get("/api/cases/C1/timeline")).json()["items"]
    assert [item["at"] for item in items] == sorted(item["at"] for item in items)
    told = [(item["source"], item["what"]) for item in items if item["source"] != "audit"]
    assert told == [
        ("task", "asked: Search the register and match the entry"),
        ("task", "answered: Search the register and match the entry"),
        ("note", "note written"),
        ("task", "asked: Phone the local Corrections contact to verify the order"),
        ("call", "call to Corrections: no_answer"),
        ("confirmation", "Corrections said: CSO (verbal)"),
    ]
    assert items[0]["local"] == "Friday 27 November 2026, 14:00"


async def test_1_4_the_phone_task_shows_contacts_of_the_office_and_attempts(office: Office) -> None:
    """Contacts valid today of the reported office; calls so far."""
    await _story(office)
    for name, valid_to in (("now", None), ("before", NOW.date() - timedelta(days=1))):
        await office.put(
            CorrectionsContact,
            contact_id=f"harbourview-{name}",
            office="Harbourview",
            kind="contact",
            name="Sam Contact",
            phone="00 555 0199",
            regions=["R09"],
            valid_from=NOW.date() - timedelta(days=90),
            valid_to=valid_to,
        )
    known = (await office.client(AWS).get("/api/tasks/C1-2")).json()["known"]
    assert [contact["contact_id"] for contact in known["contacts"]] == ["harbourview-now"]
    assert [call["outcome"] for call in known["calls"]] == ["no_answer"]


async def test_a_case_shows_its_tasks_and_the_changes_you_may_report(office: Office) -> None:
    """Withdrawing is the manager's; pages of cases join without gap."""
    await _story(office)
    await office.case("C0", opened_at=NOW - timedelta(days=1))
    mine = (await office.client(AWS).get("/api/cases/C1")).json()
    assert [task["id"] for task in mine["tasks"]] == ["C1-1", "C1-2"]
    offered = {change["id"] for change in mine["changes"]}
    assert "corrections_says" in offered
    assert "withdraw" not in offered
    theirs = (await office.client(MANAGER).get("/api/cases/C1")).json()
    assert "withdraw" in {change["id"] for change in theirs["changes"]}
    client, seen, cursor = office.client(AWS), [], None
    while True:
        page = (
            await client.get("/api/cases", params={"limit": 1, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [case["id"] for case in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["C1", "CRUN00000", "C0"]
    filtered = (await client.get("/api/cases", params={"step": "1.4", "open": "true"})).json()
    assert [case["id"] for case in filtered["items"]] == ["C1"]


async def test_late_commands_are_a_queue(office: Office) -> None:
    """What came too late is listed for those who see the case, and for nobody else."""
    await office.case("C1")
    await office.put(
        Command,
        command_id="key-late-9",
        case_id="C1",
        kind="answer",
        body={"asked": {"note": "x"}, "facts": {}, "seen_version": None},
        actor="u-1",
        actor_name="U-1 Example",
        actor_role=AWS.value,
        state="late",
        received_at=NOW,
        rule="NFR-5",
        reason="the case has ended",
    )
    listed = (await office.client(MANAGER).get("/api/commands")).json()["items"]
    assert [(item["id"], item["actor_name"]) for item in listed] == [("key-late-9", "U-1 Example")]
    assert (await office.client(MANAGER, regions=("R02",)).get("/api/commands")).json()["items"] == []


async def test_health_names_what_is_missing(office: Office) -> None:
    """Live without anything; ready only when every part answers, each within its patience."""

    async def fine() -> None:
        return None

    async def broken() -> None:
        raise ConnectionRefusedError("Tester was here")

    assert (await office.client().get("/health/live")).json() == {"status": "live"}
    assert (await with_checks(office, database=fine).client().get("/health/ready")).status_code == 200
    missing = await with_checks(office, database=fine, mailbox=broken).client().get("/health/ready")
    assert missing.status_code == 503
    assert missing.json()["missing"] == {"mailbox": "ConnectionRefusedError"}
    assert "Tester" not in missing.text


@pytest.mark.req("PRV-16")
async def test_figures_name_the_route_and_not_the_address(office: Office) -> None:
    """Prometheus figures count by template; what was asked for is not in them."""
    client = office.client(AWS)
    await client.get("/api/people/P-17")
    await client.get("/api/people", params={"name": "Tester"})
    figures = (await client.get("/metrics")).text
    assert (
        'placement_http_requests_total{method="GET",route="/api/people/{person_ref}",status="404"}' in figures
    )
    assert "P-17" not in figures
    assert "Tester" not in figures
    answered = await client.get("/api/me")
    assert answered.headers["cache-control"] == "no-store"
    assert answered.json()["roles"] == [AWS.value]


async def test_a_part_that_is_away_is_503_and_says_to_try_again(office: Office) -> None:
    """The database refuses connections, the identity provider is down: problem details, nothing of the inside."""

    class Down:
        async def verify(self, token: str, *, nonce: str | None = None) -> None:
            raise IdentityProviderDown("The identity provider does not answer")

    nobody = Database(f"postgresql+asyncpg://placement_api:x@127.0.0.1:{free_port()}/none")
    without_record = replace(office, resources=replace(office.resources, database=nobody), _clients=[])
    answer = await without_record.client(AWS).get("/api/tasks")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:safe-placement:away")
    assert answer.headers["retry-after"] == "2"
    await nobody.close()
    without_provider = replace(
        office,
        resources=replace(office.resources, identity=Down()),  # type: ignore[arg-type]
        _clients=[],
    )
    assert (await without_provider.client(AWS).get("/api/me")).status_code == 503


async def test_the_description_is_complete_and_its_references_resolve(office: Office) -> None:
    """OpenAPI with every answer type, the questions of its set, examples that fit, and problem details."""
    document = (await office.client().get("/openapi.json")).json()
    schemas = document["components"]["schemas"]

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(one) for one in value.values()))
        if isinstance(value, list):
            return set[str]().union(*(references(one) for one in value))
        return set()

    assert {reference.rpartition("/")[2] for reference in references(document)} <= set(schemas)
    body = document["paths"]["/api/tasks/{task_id}/answer"]["post"]["requestBody"]["content"][
        "application/json"
    ]
    assert {"$ref": "#/components/schemas/MatchEntry"} in body["schema"]["anyOf"]
    assert "reported_status" in str(schemas["AnswerFirstQuestion"]["properties"]["answers"])
    for kind, example in body["examples"].items():
        answer_type(kind).model_validate(example["value"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["responses"].keys() & {"401", "503"}, path
