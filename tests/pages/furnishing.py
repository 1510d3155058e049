"""An office with something on every page: cases of each kind, a Friday, tasks, mail, a viewing, people, absences."""

from dataclasses import replace
from datetime import date, timedelta

from models.tables.assessment import AssessmentVersion
from models.tables.case import Absence, Command, Notice, TurnRecord
from models.tables.mail import CorrectionsContact, PersonFile, PersonFileName, ReceivedMail
from models.tables.placement import Viewing
from models.tables.print import PrintRecord
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.api.test_documents import file_one
from tests.api.test_mail import contact
from tests.api.test_placements import furnish as furnish_homes
from tests.pages.desk import Desk, desk
from tests.pages.test_manager_pages import colleague
from tests.workflows.people import DEE, KIM, LEE, SON, TOM, hold

COORDINATOR = Role.COORDINATOR_PLACEMENT
RUN = "2026-11-27"
SUBJECTS = {
    AWS: "aroha",
    AP: "pania",
    MANAGER: "mere",
    COORDINATOR: "wiki",
    Role.HOUSING_SUPPORT_MANAGER: "tane",
    Role.AUDITOR: "ana",
    Role.ADMINISTRATOR: "hemi",
}
"""Who sits at the desk of each role that pages are for."""


async def furnish(office: Office) -> dict[Role, Desk]:
    """Everything below, in an empty record; a desk of each role that pages are for."""
    office.resources = replace(office.resources, patience=0.2)  # seconds that an answer is waited for
    desks = {role: await desk(office, role, subject=SUBJECTS[role]) for role in SUBJECTS}
    await furnish_homes(office)
    await contact(office)
    for subject, name, role in (
        ("u-2", "Tamsin Example", AWS),
        ("u-3", "Wiremu Example", AWS),
        ("u-4", "Pania Example", AP),
    ):
        await colleague(office, subject, name, role)
    await exchange(office)
    await friday(office)
    await matching(office)
    await placement(office)
    await around(office)
    await typed(office, desks)
    return desks


async def exchange(office: Office) -> None:
    """Case C1, whose T-441 is out and has come back: something on every tab. It has a case beside it."""
    mail_id = await form_out(office, "C1", LEE.ref)
    await hold(office.databases.worker, LEE.ref, "D1/CUR", said="CSO")
    title = office.resources.cipher.encrypt("SAMPLE – Lee", table="person_file", column="title", row_id="F-1")
    await office.put(
        PersonFile, file_id="F-1", title=title, characteristics={}, created_at=NOW, created_by="u-1"
    )
    await office.put(PersonFileName, person_ref=LEE.ref, file_id="F-1")
    await office.put(
        AssessmentVersion,
        number=f"A-{LEE.ref}",
        version=2,
        code="D1P",
        status="PEN",
        rule="TR-10",
        step="1.5",
        case_id="C1",
        question_set="after_t441/1",
        answers={"order_current": True, "confirmed_how": "By phone, with the contact in Harbourview."},
        comment="Corrections confirmed the order by phone.",
        by="u-1",
        calculated_at=NOW,
    )
    for number, step in enumerate(("1.2", "1.3", "1.4", "1.6"), start=1):
        at = NOW - timedelta(days=4) + timedelta(hours=number)
        await office.put(TurnRecord, case_id="C1", number=number, step=step, recorded_at=at)
    await office.task("C1-1", "C1", "review_return", step="1.6", due_at=NOW + timedelta(days=4))
    done = NOW - timedelta(days=3)
    await office.task(
        "C1-0", "C1", state="done", done_at=done, done_by_name="Aroha Example", answer={"note": "x"}
    )
    await file_one(office, "D-1", "C1", complete=False, missing=["signed"], pages=2, file_id="F-1")
    await office.put(
        ReceivedMail,
        received_id="R1",
        message_key="k1",
        uid=1,
        received_at=NOW,
        kind="form",
        mail_id=mail_id,
        case_id="C1",
        held_case_ids=[],
        document_ids=["D-1"],
        taken_at=NOW,
    )
    await office.case("C2", "check_suitability", person_ref=LEE.ref, parent_case_id="C1", step="2.1")


async def friday(office: Office) -> None:
    """The run of a Friday: a row to phone about, one that could not be read, one repeated, a printed copy."""
    missing = {"code": "surname_missing", "column": "surname", "message": "Ask Corrections for the surname."}
    await office.case("C3", entry_id="E1", person_ref=TOM.ref, step="1.4", state={})
    await office.entry("E1", "C3", outcome="potential_match", corrections_reference="CR-1")
    await office.task(
        "T-1", "C3", "phone_corrections", step="1.4", urgent=True, due_at=NOW + timedelta(hours=3)
    )
    await office.entry("E2", None, 2, state="rejected", surname=None, errors=[missing])
    await office.task(
        "T-2", "CRUN00000", "resolve_row", step="1.1", region="national", context={"entry_id": "E2"}
    )
    await office.task(
        "T-3", "CRUN00000", "close_run", step="1.1", region="national", due_at=NOW - timedelta(hours=1)
    )
    await office.entry("E3", None, 3, state="repeated")
    printed = {"run_id": RUN, "printed_by": "u-3", "printed_by_name": "Wiremu Example", "printed_at": NOW}
    await office.put(PrintRecord, print_id="P1", copy_number=1, **printed)


async def matching(office: Office) -> None:
    """A row with candidates, and a form to send."""
    await office.searched_entry(
        "C6", row=4, surname="SAMPLE", given_names="Lee", date_of_birth=date(1975, 5, 6), address=LEE.address
    )
    await office.task("C6-1", "C6", due_at=NOW - timedelta(days=1), urgent=True)
    await office.case("C7", person_ref=SON.ref, state={"exchange": {"form": "T-441"}})
    await office.task("C7-1", "C7", "send_t441", step="1.6")
    await office.task("C7-2", "C7", "live_record", step="1.6", due_at=NOW + timedelta(days=3))


async def placement(office: Office) -> None:
    """A match with a viewing that is booked, and one that was missed; and somebody who was no match after all."""
    waiting_for = AP.value
    await office.case("C500", "match_void", person_ref=KIM.ref, step="3.6", waiting_for=waiting_for)
    for number, step in enumerate(("3.1", "3.2", "3.3", "3.4", "3.5"), start=1):
        at = NOW - timedelta(days=3) + timedelta(hours=number)
        await office.put(TurnRecord, case_id="C500", number=number, step=step, recorded_at=at)
    for number, state in enumerate(("missed", "booked")):
        await office.put(
            Viewing,
            viewing_id=f"C500-A{number}",
            case_id="C500",
            property_ref="PR-1",
            call_id=f"L{number}",
            call_ended_at=NOW,
            starts_at=NOW + timedelta(days=number),
            minutes=45,
            with_corrections="Sam Contact",
            state=state,
            attended=[],
            by="u-4",
            booked_at=NOW,
        )
    await hold(office.databases.worker, DEE.ref, "D3/CUR")


async def around(office: Office) -> None:
    """A colleague's load, an absence, the directory, a notice, a command under way and one refused."""
    await office.case("C4")
    for number in range(1, 9):
        kind, role = ("corrections_unreachable", MANAGER) if number == 1 else ("live_record", AWS)
        await office.task(
            f"T-4{number}",
            "C4",
            kind,
            role,
            step="1.6",
            due_at=NOW + timedelta(days=number // 2 * 3),
            claimed_by="u-3",
            claimed_by_name="Wiremu Example",
            claimed_at=NOW - timedelta(hours=2),
        )
    first, last = NOW - timedelta(days=1), NOW + timedelta(days=3)
    recorded = {"recorded_by": "u-9", "recorded_at": NOW}
    await office.put(
        Absence, absence_id="A1", subject="u-2", first_day=first, last_day=last, cover="u-3", **recorded
    )
    await office.put(
        CorrectionsContact,
        contact_id="K1",
        office="Harbourview",
        kind="contact",
        name="Sam Contact",
        phone="00 555 0199",
        secure_address="harbourview@corrections.test",
        regions=["R01"],
        valid_from=NOW.date(),
        verified_on=NOW.date(),
        version=1,
        calendar="nz-national",
    )
    await office.put(
        Notice,
        notice_id="N1",
        case_id="C4",
        role=AWS.value,
        region="R01",
        kind="report_missing_fault_logged",
        step="1.1",
        at=NOW,
    )
    await commands(office)


async def commands(office: Office) -> None:
    """One under way, to a case whose run answers nobody; and one refused."""
    await office.case("C-WAITS")
    await office.task("C-WAITS-1", "C-WAITS", "live_record", step="1.6")
    await office.resources.cases.start(
        "identify", "C-WAITS"
    )  # by this test or one before: nobody works on it
    given = {
        "kind": "answer",
        "body": {"asked": {"live": True, "evidence": "The register"}, "facts": {}, "seen_version": 1},
        "actor": SUBJECTS[AWS],
        "actor_name": "Aroha Example",
        "actor_role": AWS.value,
        "received_at": NOW,
    }
    for command_id, case_id, task_id, more in (
        ("command-waits", "C-WAITS", "C-WAITS-1", {"state": "received"}),
        ("command-refused", "C7", None, {"state": "refused", "rule": "NFR-4", "reason": "no clock runs"}),
    ):
        await office.put(Command, command_id=command_id, case_id=case_id, task_id=task_id, **given, **more)


async def typed(office: Office, desks: dict[Role, Desk]) -> None:
    """Forms half way: an answer and a change to check, and one that was sent after its session was over."""
    advisor, coordinator = desks[AWS], desks[COORDINATOR]
    filled = await advisor.post("/tasks/C6-1", outcome="no_match", note="Nobody of this name and birth date.")
    assert filled.headers.get("location") == "/tasks/C6-1/check", filled.text
    reported = await advisor.post("/cases/C1/changes/corrections_says", more=SAYS)
    assert reported.headers.get("location") == "/cases/C1/changes/corrections_says/check", reported.text
    office.now = NOW + timedelta(hours=2)
    late = await coordinator.post("/matches", person_ref=KIM.ref, t365_details="Household of one.")
    assert late.headers.get("location") == "/sign-in?next=/again&kept=1"
    office.now = NOW


SAYS = {
    "said": "NSO",
    "said_by": "Sam Contact",
    "office": "Harbourview",
    "note": "The order ended in May.",
    "said_at-day": "27",
    "said_at-month": "11",
    "said_at-year": "2026",
    "said_at-time": "13:30",
}
