"""Every kind of message, composed from the record and read in the gateway's journal."""

from io import BytesIO
from typing import Any

import pypdf
import pytest

from models.tables.case import CaseRecord
from procedures.mail_guard import KEY_MESSAGES
from procedures.tasks import SYSTEM
from procedures.terms import ContactKind
from tests.activities.mail_office import NOW, MailOffice, add_contact_of_kind
from tests.workflows.people import KIM, LEE

LETTER = {"sent_on": "2026-11-20", "due_on": "2026-11-27", "missing_form": "T-441"}


async def sent(office: MailOffice, mail_id: str) -> tuple[str, list[str]]:
    """Body and the text of each attached form, as Corrections sees them."""
    delivered = await office.deliver(mail_id)
    assert delivered.state == "accepted", delivered.problem
    (mail,) = office.journal(mail_id)
    body = mail.get_body()
    assert body is not None
    forms = []
    for part in mail.iter_attachments():
        pages = pypdf.PdfReader(BytesIO(part.get_content())).pages
        forms.append("\n".join(page.extract_text() for page in pages))
    return body.get_content().replace("\r\n", "\n"), forms


@pytest.mark.req("P2.S1.3", "P2.S1.2")
async def test_2_1_t439_and_t442_go_together(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE, "D1/CUR"), "T-439+T-442")
    _, (t439, t442) = await sent(office, mail_id)
    assert "Is this home suitable for the person?" in t439
    assert "2 Made Up Road" in t439
    assert "Tenant" in t439
    assert "The person was identified as living in one of our homes" in t442
    assert set(await office.documents(mail_id)) == {"T-439", "T-442", "message"}


@pytest.mark.req("P2.S1.3")
async def test_2_1_both_forms_or_nothing(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(KIM, "D1/CUR"), "T-439+T-442")
    delivered = await office.deliver(mail_id)
    assert delivered.state == "failed"
    assert office.journal(mail_id) == []
    assert await office.documents(mail_id) == {}


async def test_3_2_an_applicant_for_a_void_property_gets_t441_and_t442_together(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(KIM, "D1/CUR"), "T-441+T-442")
    _, (t441, t442) = await sent(office, mail_id)
    assert "being considered for one of our homes" in t441
    assert "The person is being considered for one of our void properties." in t442


async def test_2_f_a_later_t442_says_what_changed_and_since_when_we_know(office: MailOffice) -> None:
    mail_id = await office.prepare(
        await office.case(LEE, "D1/CUR"),
        "T-442",
        disclosure="The household has changed",
        facts="An adult has moved in.",
        aware_on="2026-11-18",
    )
    _, (form,) = await sent(office, mail_id)
    assert "An adult has moved in." in form
    assert "Wednesday 18 November 2026" in form


@pytest.mark.req("PRV-14")
async def test_2_f3_needs_the_privacy_check(office: MailOffice) -> None:
    case_id = await office.case(LEE, "D1/CUR")
    risk = {"disclosure": "The tenancy has changed in a way that may increase risk to others", "facts": "x"}
    mail_id = await office.prepare(case_id, "T-442", fields=risk)
    assert (await office.deliver(mail_id)).rule == "PRV-14"
    refused = await office.answered_task(case_id, "check-1", approved=False)
    again = await office.prepare(case_id, "T-442", key="2", fields=risk | {"privacy_check": refused}, fresh=2)
    assert (await office.deliver(again)).rule == "PRV-14"
    approved = await office.answered_task(case_id, "check-2", approved=True)
    third = await office.prepare(
        case_id, "T-442", key="3", fields=risk | {"privacy_check": approved}, fresh=3
    )
    assert (await office.deliver(third)).state == "accepted"


@pytest.mark.req("AMB-P1-9")
async def test_1_6_an_incomplete_form_goes_back_with_what_is_missing(office: MailOffice) -> None:
    mail_id = await office.prepare(
        await office.case(LEE), "T-441 incomplete", missing_parts=["completed_by", "The page is cut off"]
    )
    body, (form,) = await sent(office, mail_id)
    assert "- Completed by (name and office)\n- The page is cut off" in body
    assert "The time for it has not changed" in body
    assert "Part for Corrections to complete" in form


@pytest.mark.req("AMB-P1-9")
@pytest.mark.parametrize("missing", [[], ["completed_on"]], ids=["nothing came", "incomplete"])
async def test_1_6_letter_17_030(office: MailOffice, missing: list[str]) -> None:
    mail_id = await office.prepare(
        await office.case(LEE), "17-030", fields=LETTER | {"missing_parts": missing}
    )
    _, (letter,) = await sent(office, mail_id)
    assert "Friday 27 November 2026" in letter
    assert ("information is still missing" in letter) is bool(missing)
    assert "Sample" not in letter


@pytest.mark.req("AMB-P1-10")
async def test_1_6_the_second_letter_goes_to_the_service_manager(office: MailOffice) -> None:
    await add_contact_of_kind(office, "chief", ContactKind.SERVICE_MANAGER, "chief@corrections.example")
    mail_id = await office.prepare(
        await office.case(LEE), "17-030", contact_id="chief", fields=LETTER | {"round": 2}
    )
    _, (letter,) = await sent(office, mail_id)
    assert "Local Corrections service manager" in letter
    assert "This is our second request" in letter
    assert office.journal(mail_id)[0]["To"] == "chief@corrections.example"


async def test_3_6_a_reminder_of_the_signature_carries_no_form(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE, "D1/CUR"), "T-438 reminder")
    body, forms = await sent(office, mail_id)
    assert "signed form T-438" in body
    assert forms == []


@pytest.mark.req("PRV-13", "AMB-X-6")
@pytest.mark.parametrize("code", ["D2", "D3", "D1"])
async def test_a_correction_may_go_at_any_code_and_in_an_ended_case(office: MailOffice, code: str) -> None:
    case_id = await office.case(LEE)
    first = await office.prepare(case_id)
    await office.deliver(first)
    await office.recode(LEE, code)
    async with office.databases.worker.transaction() as session:
        (await session.get_one(CaseRecord, case_id)).closed_at = NOW
    fields = {"corrects": [first], "mistake": "wrong_person"}
    mail_id = await office.prepare(case_id, "correction", key="2", fresh=2, fields=fields)
    if code != "D1":
        form = await office.prepare(case_id, "T-442", key="3", fresh=3)
        assert (await office.deliver(form)).state == "refused"
    body, forms = await sent(office, mail_id)
    assert f"Earlier reference: {first} (T-441 of Friday 20 November 2026)" in body
    assert "What was wrong: It named the wrong person." in body
    assert "destroy your copies" in body
    assert not any(word in body for word in ("Sample", "Lee", "Made Up Road"))
    assert forms == []
    assert set(await office.documents(mail_id)) == {"message"}
    [filed] = (await office.documents(mail_id)).values()
    assert filed.file_id == (await office.documents(first))["T-441"].file_id


@pytest.mark.req("AMB-X-6")
@pytest.mark.parametrize("fields", [{}, {"corrects": ["CASE-NEVER-1"], "mistake": "wrong_fact"}])
async def test_a_correction_of_something_that_never_left_is_refused(
    office: MailOffice, fields: dict[str, Any]
) -> None:
    case_id = await office.case(LEE)
    await office.prepare(case_id)
    mail_id = await office.prepare(case_id, "correction", key="2", fresh=2, fields=fields)
    assert (await office.deliver(mail_id)).rule == "AMB-X-6"
    assert office.journal(mail_id) == []


@pytest.mark.req("A-A3", "PRV-7", "A-A5")
async def test_a_the_key_messages_and_the_marking_stand_in_every_message(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE))
    body, _ = await sent(office, mail_id)
    assert KEY_MESSAGES in body
    assert body.startswith("IN-CONFIDENCE\n")
    assert body.rstrip().endswith("IN-CONFIDENCE")
    assert office.journal(mail_id)[0]["X-Agency-Classification"] == "[SEEMAIL]"


@pytest.mark.req("P1.S1.N7", "PRV-15")
async def test_1_1_all_other_advisors_hear_that_the_report_is_missing(office: MailOffice) -> None:
    for subject, active in (
        ("advisor-1", True),
        ("advisor-2", True),
        ("advisor-3", True),
        ("advisor-4", False),
    ):
        await office.staff(subject, active=active)
    await office.staff("manager-1", role="manager-housing-wellbeing-support")
    case_id = await office.case(None, procedure="intake")
    mail_id = await office.prepare(
        case_id,
        "report_missing",
        contact_id=None,
        by=SYSTEM,
        service_desk_reference="CALL-4711",
        not_to="advisor-1",
    )
    body, forms = await sent(office, mail_id)
    (mail,) = office.journal(mail_id)
    assert mail["To"] == "advisor-2@placement.test, advisor-3@placement.test"
    assert "is not available" in body
    assert "logged a fault with the Service Desk as an urgent call" in body
    assert "CALL-4711" in body
    assert forms == []


async def test_a_form_that_cannot_be_filled_says_which_part_and_shows_no_value(office: MailOffice) -> None:
    mail_id = await office.prepare(
        await office.case(LEE, "D1/CUR"), "T-442", fields={"facts": "Secret\x07", "disclosure": None}
    )
    delivered = await office.deliver(mail_id)
    assert delivered.state == "failed"
    assert delivered.problem == "the form cannot be filled: correct facts"


async def test_a_kind_that_nobody_knows_fails_with_a_plain_problem(office: MailOffice) -> None:
    mail_id = await office.prepare(await office.case(LEE), "T-999")
    delivered = await office.deliver(mail_id)
    assert delivered.state == "failed"
    assert delivered.problem == "no message of the kind T-999 is known"
