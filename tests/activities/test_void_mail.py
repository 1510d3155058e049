"""Mail of procedures 3 and 4: forms about the void property, and who hears of an accepted offer."""

from io import BytesIO

import pypdf
import pytest

from models.tables.placement import VoidProperty
from tests.activities.mail_office import NOW, MailOffice
from tests.workflows.people import KIM, LEE

REQUEST = {
    "property_ref": "V-1",
    "disclosure": "The person is being considered for one of our void properties",
    "facts": "The person is being considered for a match to one of our void properties.",
}


async def add_void(office: MailOffice) -> None:
    """A property nobody lives in."""
    async with office.databases.owner.transaction() as session:
        session.add(
            VoidProperty(
                property_ref="V-1", address="88 Empty Street, Faketown", area_office="Harbourview", region="R01",
                state="void", notes="", as_of=NOW,
            )
        )  # fmt: skip


async def forms_of(office: MailOffice, mail_id: str) -> list[str]:
    """The text of each attached form, as Corrections sees it."""
    delivered = await office.deliver(mail_id)
    assert delivered.state == "accepted", delivered.problem
    (mail,) = office.journal(mail_id)
    pages = [pypdf.PdfReader(BytesIO(part.get_content())).pages for part in mail.iter_attachments()]
    return ["\n".join(page.extract_text() for page in form) for form in pages]


@pytest.mark.req("P3.S2.c1", "AMB-P3-1")
async def test_3_2_request_and_disclosure_are_about_the_void_property(office: MailOffice) -> None:
    await add_void(office)
    mail_id = await office.prepare(await office.case(KIM, "D1/CUR"), "T-441+T-442", fields=REQUEST)
    t441, t442 = await forms_of(office, mail_id)
    assert "88 Empty Street" in t441
    assert "88 Empty Street" in t442
    assert "9 Elsewhere Lane" not in t441 + t442
    assert "being considered for a match to one of our void properties" in t442


@pytest.mark.req("P3.S2.c1", "AMB-P3-1")
async def test_3_2_the_t439_of_a_tenant_is_about_the_present_home(office: MailOffice) -> None:
    await add_void(office)
    mail_id = await office.prepare(await office.case(LEE, "D1/CUR"), "T-439+T-441+T-442", fields=REQUEST)
    t439, t441, t442 = await forms_of(office, mail_id)
    assert "2 Made Up Road" in t439
    assert "88 Empty Street" not in t439
    assert "88 Empty Street" in t441
    assert "88 Empty Street" in t442


@pytest.mark.req("P4.S3.a1", "AMB-P4-3", "PRV-8")
async def test_4_3_the_housing_support_manager_is_written_to_and_the_manager_copied_in(
    office: MailOffice,
) -> None:
    await add_void(office)
    await office.staff("housing-1", role="housing-support-manager")
    await office.staff("housing-2", role="housing-support-manager", active=False)
    await office.staff("wellbeing-1", role="manager-housing-wellbeing-support")
    mail_id = await office.prepare(
        await office.case(KIM, "D1/CUR", procedure="offer"),
        "offer_accepted",
        contact_id=None,
        fields={"property_ref": "V-1", "region": "R01"},
    )
    assert (await office.deliver(mail_id)).state == "accepted"
    (mail,) = office.journal(mail_id)
    assert (mail["To"], mail["Cc"]) == ("housing-1@placement.test", "wellbeing-1@placement.test")
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    assert "V-1" in text
    assert not [word for word in (KIM.surname, KIM.given, "Elsewhere", "88 Empty Street") if word in text]
    assert list(mail.iter_attachments()) == []


@pytest.mark.req("P4.S3.a1")
async def test_4_3_without_a_housing_support_manager_it_does_not_leave(office: MailOffice) -> None:
    await office.staff("wellbeing-1", role="manager-housing-wellbeing-support")
    mail_id = await office.prepare(
        await office.case(KIM, "D1/CUR", procedure="offer"),
        "offer_accepted",
        contact_id=None,
        fields={"property_ref": "V-1", "region": "R01"},
    )
    delivered = await office.deliver(mail_id)
    assert (delivered.state, delivered.rule) == ("refused", "PRV-10")
