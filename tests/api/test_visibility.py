"""Who may do what: every endpoint of the JSON API with every role; and the same rule for lists and single rows."""

import pytest
from sqlalchemy import update

from models.tables.case import CaseNote, Notice, StaffMember, Task
from models.tables.mail import CorrectionsContact, Document
from models.tables.placement import Viewing
from models.tables.register import RegisterPerson
from procedures.terms import Procedure, Role
from procedures.visibility import Sight
from tests.api.office import AP, AWS, MANAGER, NOW, Office

CP, HSM, AUDITOR, ADMIN, MACHINE = (
    Role.COORDINATOR_PLACEMENT,
    Role.HOUSING_SUPPORT_MANAGER,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
    Role.MACHINE,
)
ROLES = (AWS, AP, MANAGER, CP, HSM, AUDITOR, ADMIN, MACHINE)
STAFF = tuple(role for role in ROLES if role is not MACHINE)
MAIL = "?kind=T-441&contact_id=K-1"
CALLS: dict[tuple[str, str], dict[Role, int]] = {
    # A case, a task and a person of procedure 1; of procedure 3; and what belongs to no case.
    ("GET", "/api/tasks"): {AWS: 200, AP: 200, MANAGER: 200, CP: 200, HSM: 200},
    ("GET", "/api/tasks/C1-1"): {AWS: 200, AP: 404, MANAGER: 200, CP: 404, HSM: 404},
    ("GET", "/api/tasks/C3-1"): {AWS: 404, AP: 200, MANAGER: 200, CP: 404, HSM: 404},
    ("GET", "/api/tasks/C3-2"): {AWS: 404, AP: 200, MANAGER: 200, CP: 200, HSM: 404},
    ("GET", "/api/tasks/C3-3"): {AWS: 404, AP: 200, MANAGER: 200, CP: 404, HSM: 200},
    ("POST", "/api/tasks/C1-1/claim"): {AWS: 200, AP: 404, MANAGER: 409, CP: 404, HSM: 404},
    ("POST", "/api/tasks/C1-1/release"): {AWS: 200, AP: 404, MANAGER: 409, CP: 404, HSM: 404},
    ("POST", "/api/tasks/C1-1/assign"): {MANAGER: 200},
    ("POST", "/api/tasks/C1-1/answer"): {AWS: 202, AP: 404, MANAGER: 202, CP: 404, HSM: 404},
    ("GET", "/api/cases"): {AWS: 200, AP: 200, MANAGER: 200},
    ("GET", "/api/cases/C1"): {AWS: 200, AP: 404, MANAGER: 200},
    ("GET", "/api/cases/C3"): {AWS: 404, AP: 200, MANAGER: 200},
    ("GET", "/api/cases/C1/timeline"): {AWS: 200, AP: 404, MANAGER: 200, AUDITOR: 200},
    ("GET", "/api/cases/C3/timeline"): {AWS: 404, AP: 200, MANAGER: 200, AUDITOR: 200},
    ("POST", "/api/cases/C1/changes/withdraw"): {AWS: 403, AP: 404, MANAGER: 202},
    ("GET", "/api/commands"): {AWS: 200, AP: 200, MANAGER: 200},
    ("GET", "/api/people?name=Tester"): {AWS: 200, MANAGER: 200},
    ("POST", "/api/people/search"): {AWS: 200, MANAGER: 200},
    ("POST", "/api/people/P-1/duplicates"): {AWS: 422, MANAGER: 422},
    ("GET", "/api/people/P-1"): {AWS: 200, AP: 404, MANAGER: 200},
    ("GET", "/api/people/P-3"): {AWS: 200, AP: 200, MANAGER: 200},
    ("GET", "/api/reports"): {AWS: 200, MANAGER: 200},
    ("GET", "/api/reports/2026-11-27"): {AWS: 200, MANAGER: 200},
    ("POST", "/api/reports"): {MACHINE: 422},
    ("GET", "/api/cases/C1/documents"): {AWS: 200, AP: 404, MANAGER: 200},
    ("POST", "/api/cases/C1/documents"): {AWS: 422, AP: 404, MANAGER: 422},
    ("GET", "/api/documents/D-1"): {AWS: 200, AP: 404, MANAGER: 200},
    ("GET", "/api/cases/C1/mail"): {AWS: 200, AP: 404, MANAGER: 200},
    ("GET", f"/api/cases/C1/mail/preview{MAIL}"): {AWS: 200, AP: 404, MANAGER: 200},
    ("GET", f"/api/cases/C1/mail/preview.pdf{MAIL}"): {AWS: 200, AP: 404, MANAGER: 200},
    ("POST", "/api/cases/C1/mistakes"): {AWS: 409, AP: 404, MANAGER: 409},
    ("GET", "/api/cases/C1/clocks"): {AWS: 200, AP: 404, MANAGER: 200},
    ("GET", "/api/cases/C3/t438.pdf"): dict.fromkeys((AWS, AP, MANAGER), 404),
    ("GET", "/api/cases/C3/appointments/V-1"): {AWS: 404, AP: 200, MANAGER: 200},
    ("GET", "/api/reports/2026-11-27/prints"): {AWS: 200, MANAGER: 200},
    ("POST", "/api/reports/2026-11-27/prints"): {AWS: 201, MANAGER: 201},
    ("POST", "/api/reports/2026-11-27/prints/COPY-1/destroyed"): {AWS: 422, MANAGER: 422},
    ("GET", "/api/notices"): dict.fromkeys((AWS, AP, MANAGER, CP, HSM), 200),
    ("POST", "/api/notices/N-1/read"): {AWS: 404, AP: 404, MANAGER: 200, CP: 404, HSM: 404},
    ("GET", "/api/contacts"): dict.fromkeys((AWS, AP, MANAGER, ADMIN), 200),
    ("GET", "/api/contacts/K-1"): dict.fromkeys((AWS, AP, MANAGER, ADMIN), 200),
    ("POST", "/api/contacts"): {MANAGER: 422, ADMIN: 422},
    ("PUT", "/api/contacts/K-1"): {MANAGER: 422, ADMIN: 422},
    ("GET", "/api/calendars/nz-national/days"): dict.fromkeys(STAFF, 200),
    ("POST", "/api/calendars/nz-national/days"): {MANAGER: 422, ADMIN: 422},
    ("GET", "/api/absences"): dict.fromkeys(STAFF, 200),
    ("POST", "/api/absences"): dict.fromkeys(STAFF, 422),
    ("POST", "/api/absences/preview"): dict.fromkeys(STAFF, 422),
    ("GET", "/api/office/deputies"): dict.fromkeys(STAFF, 200),
    ("POST", "/api/office/deputies"): {MANAGER: 422},
    ("GET", "/api/office/escalations"): dict.fromkeys((AWS, AP, MANAGER, CP, HSM), 200),
    ("POST", "/api/events"): dict.fromkeys(STAFF, 422),
    ("GET", "/api/void-properties"): {AP: 200, MANAGER: 200, CP: 200},
    ("POST", "/api/void-matches"): {CP: 422},
    ("POST", "/api/exports/tasks"): dict.fromkeys((AWS, AP, MANAGER, CP, HSM), 200),
    ("POST", "/api/exports/cases"): dict.fromkeys((AWS, AP, MANAGER), 200),
    ("POST", "/api/exports/deadlines"): dict.fromkeys((AWS, AP, MANAGER), 200),
    ("POST", "/api/exports/mail"): dict.fromkeys((AWS, AP, MANAGER), 200),
    ("POST", "/api/exports/void-matches"): {AP: 200, MANAGER: 200},
    ("POST", "/api/exports/workload"): {MANAGER: 200},
    ("POST", "/api/exports/report"): dict.fromkeys(ROLES, 409),
    ("GET", "/api/operations/stuck"): {MANAGER: 200, ADMIN: 200},
    ("GET", "/api/me"): dict.fromkeys(ROLES, 200),
}
"""Expected status by role; a role that is not named is turned away with 403."""
LISTS = ("tasks", "cases", "deadlines", "mail", "void-matches", "workload", "report")
BODIES = {
    "/api/tasks/C1-1/assign": {"subject": "u-2", "reason": "on leave"},
    "/api/tasks/C1-1/answer": {"reason": "waiting for the call"},
    "/api/cases/C1/changes/withdraw": {"reason": "entered twice"},
    "/api/people/search": {"name": "Tester"},
    **{f"/api/exports/{kind}": {} for kind in LISTS},
    "/api/cases/C1/mistakes": {"mistake": "wrong_fact", "reason": "The wrong street."},
}


async def _furnish(office: Office) -> None:
    await office.put(
        StaffMember,
        subject="u-2",
        name="Tamsin Example",
        role=AWS.value,
        region="R01",
        mail_address="x@y.test",
    )
    for reference in ("P-1", "P-3"):
        await office.put(
            RegisterPerson,
            person_ref=reference,
            surname="Tester",
            given_names="Tom",
            record_state="live",
            occupancy="applicant",
            digest=b"",
        )
    await office.case("C1", person_ref="P-1", entry_id="E1")
    await office.entry("E1", "C1")
    await office.task("C1-1", "C1", kind="why_pending", step="1.3")
    await office.case("C3", "match_void", person_ref="P-3", step="3.7")
    await office.task("C3-1", "C3", kind="weigh_match", role=AP, step="3.2")
    await office.task("C3-2", "C3", kind="enter_withdrawn", role=CP, step="3.7")
    await office.task("C3-3", "C3", kind="sign_up", role=HSM, step="4.3")
    await _furnish_more(office)


async def _furnish_more(office: Office) -> None:
    """A contact, a document and a notice of the first case, a viewing of the other."""
    await office.put(
        CorrectionsContact,
        contact_id="K-1",
        office="Harbourview",
        kind="contact",
        name="Sam Contact",
        secure_address="harbourview@corrections.test",
        regions=["R01"],
        valid_from=NOW.date(),
        version=1,
    )
    await office.put(
        Document,
        document_id="D-1",
        case_id="C1",
        form="T-441",
        direction="in",
        media_type="application/pdf",
        storage_reference=await office.resources.documents.put(b"%PDF-1.7"),
        digest="d",
        missing=[],
        stored_at=NOW,
        stored_by="system",
    )
    await office.put(
        Notice,
        notice_id="N-1",
        case_id="C1",
        role=MANAGER.value,
        region="R01",
        kind="lives_in_a_home",
        step="1.7",
        at=NOW,
    )
    await office.put(
        Viewing,
        viewing_id="V-1",
        case_id="C3",
        property_ref="PR-1",
        call_id="CALL-1",
        call_ended_at=NOW,
        starts_at=NOW,
        minutes=30,
        with_corrections="Sam Contact",
        state="cancelled",
        attended=[],
        by="u-1",
        booked_at=NOW,
    )


@pytest.mark.req("PRV-19")
async def test_every_endpoint_with_every_role(office: Office) -> None:
    """200 or what the work itself answers, 404 for what is not visible, 403 for what the role never may; 401 without."""
    await _furnish(office)
    found, wanted = {}, {}
    for (method, path), expected in CALLS.items():
        key = path.replace("/", "-")[-40:]
        for role in ROLES:
            if "claim" in path or "release" in path:
                await _give_back(office, held_by=AWS if "release" in path else None)
                if "claim" in path and role is MANAGER:
                    await _give_back(office, held_by=AWS)
            answer = await office.client(role).request(
                method,
                path,
                json=BODIES.get(path) if method == "POST" else None,
                headers={"Idempotency-Key": f"key{key}-{role.value[:10]}".replace("?", "-")},
            )
            found[method, path, role.value] = answer.status_code
            wanted[method, path, role.value] = expected.get(role, 403)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", path
                assert "Tester" not in answer.text
        anonymous = await office.client().request(method, path)
        assert anonymous.status_code == 401, path
    assert found == wanted


async def _give_back(office: Office, held_by: Role | None) -> None:
    holder = f"u-{held_by.value}" if held_by else None
    async with office.databases.owner.transaction() as session:
        await session.execute(
            update(Task)
            .where(Task.task_id == "C1-1")
            .values(claimed_by=holder, claimed_by_name=holder, claimed_at=NOW if holder else None)
        )


async def test_the_matrix_names_every_endpoint(office: Office) -> None:
    """A new endpoint without a row in the matrix fails here."""
    document = (await office.client().get("/openapi.json")).json()
    described = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
        if path.startswith("/api/")
    }
    tested = {(method, _template(path)) for method, path in CALLS}
    assert described - tested == {("GET", "/api/commands/{command_id}")}


def _template(path: str) -> str:
    path = path.partition("?")[0]
    if path.startswith("/api/exports/"):
        return "/api/exports/{kind}"
    for literal, name in (
        ("C1-1", "{task_id}"), ("C3-1", "{task_id}"), ("C3-2", "{task_id}"), ("C3-3", "{task_id}"),
        ("C1", "{case_id}"), ("C3", "{case_id}"), ("withdraw", "{kind}"), ("P-1", "{person_ref}"),
        ("P-3", "{person_ref}"), ("2026-11-27", "{run_id}"), ("K-1", "{contact_id}"), ("D-1", "{document_id}"),
        ("N-1", "{notice_id}"), ("V-1", "{viewing_id}"), ("COPY-1", "{print_id}"), ("nz-national", "{name}"),
    ):  # fmt: skip
        path = path.replace(literal, name)
    return path


@pytest.mark.req("PRV-19", "PRV-9")
async def test_another_region_is_as_if_it_did_not_exist_and_the_attempt_is_kept(office: Office) -> None:
    """Cases, tasks, rows and timelines of other regions: 404, absent from lists, and a refusal on record."""
    await _furnish(office)
    stranger = office.client(AWS, regions=("R02",), subject="u-9")
    for path in ("/api/tasks/C1-1", "/api/cases/C1", "/api/cases/C1/timeline"):
        assert (await stranger.get(path)).status_code == 404
    absent = await stranger.get("/api/cases/CNONE")
    hidden = await stranger.get("/api/cases/C1")
    assert hidden.json() == absent.json()
    assert (await stranger.get("/api/tasks")).json()["items"] == []
    assert {case["id"] for case in (await stranger.get("/api/cases")).json()["items"]} == {"CRUN00000"}
    run = (await stranger.get("/api/reports/2026-11-27")).json()
    assert run["entries"]["items"] == []
    searched = await stranger.post("/api/people/search", json={"name": "Tester", "entry": "E1"})
    assert searched.status_code == 404
    kept = await office.audited("refused: read case")
    assert [(event.actor, event.subject, event.refused) for event in kept] == [("u-9", "C1", True)] * 2
    everywhere = office.client(AWS, regions=("*",))
    assert (await everywhere.get("/api/cases/C1")).status_code == 200


async def test_the_administrator_and_the_auditor_see_no_content(office: Office) -> None:
    """The auditor reads who did what and when, without free texts; the administrator nothing of a case."""
    await _furnish(office)
    await office.put(
        CaseNote, note_id="N1", case_id="C1", step="1.3", text="Tester called back", by="u-1", at=NOW
    )
    seen = await office.client(AWS).get("/api/cases/C1/timeline")
    assert "Tester called back" in seen.text
    audited = await office.client(AUDITOR, regions=()).get("/api/cases/C1/timeline")
    assert audited.status_code == 200
    assert "Tester" not in audited.text
    assert any(item["what"] == "note written" for item in audited.json()["items"])


def test_sight_is_the_sum_of_roles_within_the_regions() -> None:
    """Two roles see what either sees; the national queue is open to everybody of the role."""
    both = Sight(frozenset({AWS, AP}), frozenset({"R01"}))
    assert both.procedures == frozenset(Procedure)
    assert both.sees_case(Procedure.OFFER, "R01")
    assert both.sees_case(Procedure.INTAKE, "national")
    assert not both.sees_case(Procedure.OFFER, "R02")
    assert Sight(frozenset({CP}), frozenset({"*"})).sees_task(CP, Procedure.MATCH_VOID, "R07")
    assert not Sight(frozenset({CP}), frozenset({"*"})).sees_case(Procedure.MATCH_VOID, "R07")
    assert not Sight(frozenset({ADMIN, MACHINE}), frozenset({"*"})).procedures
