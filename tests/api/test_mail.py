"""Mail of a case: what went out and came back, and exactly what a recipient would learn, before anything leaves."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pypdf

from models.tables.assessment import Assessment
from models.tables.mail import CorrectionsContact, Document, ReceivedMail, SecureMessage
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, NOW, Office
from tests.workflows.people import LEE, import_people


async def contact(office: Office, **changed: Any) -> None:
    """Sam at Harbourview."""
    values: dict[str, Any] = {
        "contact_id": "harbourview-1",
        "office": "Harbourview",
        "kind": "contact",
        "name": "Sam Contact",
        "secure_address": "harbourview@corrections.test",
        "regions": ["R01"],
        "valid_from": NOW.date() - timedelta(days=90),
        "version": 1,
    }
    await office.put(CorrectionsContact, **{**values, **changed})


async def lee(office: Office, case_id: str, code: str = "D1P", **changed: Any) -> str:
    """A person in one of our homes, in a case whose T-441 is out."""
    await import_people(office.databases.loader)
    await contact(office)
    mail_id = await form_out(office, case_id, LEE.ref, **changed)
    await office.put(
        Assessment, number="A-1", person_ref=LEE.ref, code=code, status="PEN", version=1, opened_at=NOW
    )
    return mail_id


async def test_what_went_out_and_came_back_in_the_order_of_time(office: Office) -> None:
    """State, acceptance and queue id of each mail, and the recipient as the directory had it."""
    await contact(office)
    mail_id = await form_out(office, "CM1")
    await office.put(
        ReceivedMail,
        received_id="R1",
        message_key="k1",
        uid=4,
        received_at=NOW,
        kind="form",
        mail_id=mail_id,
        case_id="CM1",
        held_case_ids=[],
        document_ids=["R1-1"],
        taken_at=NOW,
    )
    out, back = (await office.client(AWS).get("/api/cases/CM1/mail")).json()["items"]
    assert (out["direction"], out["state"], out["queue_id"]) == ("out", "accepted", "Q1")
    assert out["accepted_local"] == "Monday 23 November 2026, 14:30"
    assert out["recipient"] == {
        "contact_id": "harbourview-1",
        "version": 1,
        "office": "Harbourview",
        "kind": "contact",
        "name": "Sam Contact",
    }
    assert (back["direction"], back["mail_id"], back["document_ids"]) == ("in", mail_id, ["R1-1"])
    assert (await office.client(AP).get("/api/cases/CM1/mail")).status_code == 404


async def test_1_6_a_preview_shows_what_the_recipient_would_learn_and_keeps_nothing(office: Office) -> None:
    """Address, subject, text and forms; nothing is written but that somebody looked."""
    await lee(office, "CM2")
    before = [await office.count(table) for table in (SecureMessage, Document)]
    client, asked = office.client(AWS), {"kind": "T-441", "contact_id": "harbourview-1"}
    shown = (await client.get("/api/cases/CM2/mail/preview", params=asked)).json()
    assert shown["to"] == ["harbourview@corrections.test"]
    assert shown["subject"] == "[SEEMAIL] IN-CONFIDENCE - Ref CM2-2"
    assert "Key messages for SEEMail users" in shown["text"]
    assert "Advisor Wellbeing Support" in shown["text"]
    assert LEE.surname not in shown["subject"] + shown["text"]
    assert (shown["refusals"], shown["problem"]) == ([], None)
    (form,) = shown["forms"]
    pdf = await client.get(form["pdf"])
    assert pdf.headers["cache-control"] == "no-store"
    assert pdf.headers["content-disposition"] == 'inline; filename="CM2-2-preview.pdf"'
    page = pypdf.PdfReader(BytesIO(pdf.content)).pages[0].extract_text()
    assert LEE.surname in page
    assert "CM2-2" in page
    assert [await office.count(table) for table in (SecureMessage, Document)] == before
    looked = await office.audited("read mail preview")
    assert [(event.case_id, event.subject, event.detail) for event in looked] == [
        ("CM2", "CM2-2", {"why": "T-441"})
    ] * 2


async def test_1_6_a_preview_of_letter_17_030_names_the_form_and_its_days(office: Office) -> None:
    """What the letter of the running exchange would say; without a form out there is none."""
    await lee(office, "CM3", missing=("completed_by",))
    client, asked = office.client(AWS), {"kind": "17-030", "contact_id": "harbourview-1"}
    shown = (await client.get("/api/cases/CM3/mail/preview", params=asked)).json()
    assert shown["subject"].endswith("Ref CM3-1-17030-1")
    page = pypdf.PdfReader(BytesIO((await client.get(shown["forms"][0]["pdf"])).content)).pages[0]
    words = " ".join(page.extract_text().split())
    assert "23 November 2026" in words
    assert "30 November 2026" in words
    await office.case("CM4", state={}, step="1.6")
    none = (await client.get("/api/cases/CM4/mail/preview", params=asked)).json()
    assert "no form is out" in none["problem"]
    refused = await client.get("/api/cases/CM4/mail/preview.pdf", params=asked)
    assert (refused.status_code, refused.json()["rule"]) == (409, "P1.S6.b5")


async def test_1_6_a_preview_says_what_the_guard_would_refuse(office: Office) -> None:
    """No disclosure without an order; the same words that would refuse the confirmation."""
    await lee(office, "CM5", code="D2P")
    asked = {"kind": "T-441", "contact_id": "harbourview-1"}
    shown = (await office.client(AWS).get("/api/cases/CM5/mail/preview", params=asked)).json()
    assert [one["rule"] for one in shown["refusals"]] == ["DEF-3"]


async def test_a_preview_is_for_those_who_see_the_case_and_for_mail_to_corrections(office: Office) -> None:
    """Roles, unknown contacts, kinds for staff, and forms that the mail does not carry."""
    await lee(office, "CM6")
    path, asked = "/api/cases/CM6/mail/preview", {"kind": "T-441", "contact_id": "harbourview-1"}
    assert (await office.client(AP).get(path, params=asked)).status_code == 404
    assert (await office.client(Role.ADMINISTRATOR).get(path, params=asked)).status_code == 403
    client = office.client(AWS)
    assert (await client.get(path, params=asked | {"contact_id": "nobody"})).status_code == 404
    assert (await client.get(path, params=asked | {"kind": "report_missing"})).status_code == 422
    other = await client.get(f"{path}.pdf", params=asked | {"form": "T-438"})
    assert (other.status_code, other.json()["rule"]) == (409, "A-B1")
