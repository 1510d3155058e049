"""A person across cases, and a change about them that Corrections must be told of."""

from datetime import date

import pytest
from sqlalchemy import select

from models.tables.assessment import Assessment
from models.tables.case import CaseRecord
from models.tables.duty import DutyEvent, SuitabilityDecision
from models.tables.mail import PersonFile, PersonFileName
from models.tables.register import RegisterDuplicate
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import Desk, desk, hidden, words
from tests.workflows.people import DEE, DEE_AGAIN, LEE, TOM, hold, import_people

CHANGE = f"/people/{LEE.ref}/change"
TOLD = {
    "kind": "household_change",
    "facts": "A second adult has moved in.",
    "aware_on-day": "27",
    "aware_on-month": "11",
    "aware_on-year": "2026",
}


async def lee(office: Office, held: str = "D1/CUR") -> None:
    """Lee Sample, a tenant, with this code, and a son in the same home."""
    son = LEE.__class__(
        "P-SON2", "Sample", "Ihaia", date(2001, 2, 3), LEE.address, True, "dependent", LEE.home
    )
    await import_people(office.databases.loader, son)
    await hold(office.databases.worker, LEE.ref, held, said="CSO")


async def test_a_person_is_shown_with_home_household_cases_and_decisions(office: Office) -> None:
    await lee(office)
    await office.case("C1", "check_suitability", person_ref=LEE.ref, step="2.3")
    await office.case("C2", person_ref=LEE.ref, region="R09")
    title = office.resources.cipher.encrypt("SAMPLE – Lee", table="person_file", column="title", row_id="F-1")
    await office.put(
        PersonFile, file_id="F-1", title=title, characteristics={}, created_at=NOW, created_by="u-1"
    )
    await office.put(PersonFileName, person_ref=LEE.ref, file_id="F-1")
    await office.put(
        SuitabilityDecision,
        decision_id="S-1",
        case_id="C1",
        person_ref=LEE.ref,
        property_ref=LEE.home,
        suitability="suitable",
        comment="No conditions.",
        said_by="Sam Contact",
        documents=[],
        recorded_at=NOW,
    )
    page = await (await desk(office, AWS)).get(f"/people/{LEE.ref}")
    assert page.status_code == 200, page.text
    said = words(page)
    assert "Lee Sample" in said
    assert "D1" in said
    assert 'href="/people/P-SON2"' in page.text
    assert f"{LEE.home}, as tenant, seen since" in said
    assert "Suitable , said by Sam Contact" in said
    assert "SAMPLE – Lee" in said
    assert 'href="/cases/C1"' in page.text
    assert "C2" not in said
    assert "Step 2.3" in said
    assert page.text.split("<title>")[1].split("<")[0] == "Person record – Safe Placement"
    assert [event.subject for event in await office.audited("read person")] == [LEE.ref]


@pytest.mark.req("PRV-19")
async def test_a_person_is_for_those_who_see_a_case_of_theirs(office: Office) -> None:
    """Unknown and hidden look the same; roles without persons are turned away; the refusal is on record."""
    await lee(office)
    placement = await desk(office, AP)
    hidden_one = await placement.get(f"/people/{LEE.ref}")
    assert hidden_one.status_code == 404
    assert words(hidden_one) == words(await placement.get("/people/P-NONE"))
    assert (await placement.get(CHANGE)).status_code == 404
    assert (await placement.post(CHANGE, key="key-12345678", more=TOLD)).status_code == 404
    assert LEE.ref in [event.subject for event in await office.audited("refused: read person")]
    for role in (Role.AUDITOR, Role.ADMINISTRATOR, Role.COORDINATOR_PLACEMENT, Role.HOUSING_SUPPORT_MANAGER):
        assert (await (await desk(office, role)).get(f"/people/{LEE.ref}")).status_code == 403
    await office.case("C3", "match_void", person_ref=LEE.ref, step="3.1")
    assert (await placement.get(f"/people/{LEE.ref}")).status_code == 200


async def test_an_invalid_match_is_called_that_and_nothing_is_disclosed(office: Office) -> None:
    """Never under the words child sex offender; no change about the person is told."""
    await lee(office, "D3/CUR")
    visitor = await desk(office, MANAGER)
    page = await visitor.get(f"/people/{LEE.ref}")
    said = words(page)
    assert "D3, invalid match" in said
    assert "D3 CUR, invalid match" in said
    assert "child sex offender" not in page.text.lower()
    assert "CSO" not in said
    assert "/change" not in page.text
    refused = await visitor.post(CHANGE, key="key-12345678", more=TOLD)
    assert (refused.status_code, await office.count(DutyEvent)) == (409, 0)


async def test_duplicates_lead_to_each_other_and_the_duty_to_the_primary(office: Office) -> None:
    await lee(office)
    await office.put(
        RegisterDuplicate,
        primary_person_ref=LEE.ref,
        duplicate_person_ref=DEE_AGAIN.ref,
        found_on=date(2026, 11, 27),
        found_by="u-1",
        reason="same person",
    )
    visitor = await desk(office, AWS)
    page = await visitor.get(f"/people/{DEE_AGAIN.ref}")
    assert f"Primary record {LEE.ref} : same person" in words(page)
    assert f'href="{CHANGE}?kind=risk_change"' in page.text
    assert f'href="/people/{DEE_AGAIN.ref}"' in (await visitor.get(f"/people/{LEE.ref}")).text
    assert "No other record of this person is known." in words(await visitor.get(f"/people/{DEE.ref}"))


async def test_a_change_is_two_clicks_from_the_person_and_asks_for_one_t442(office: Office) -> None:
    """The link says what has changed; sending the same showing twice is one event; the person's page leads on."""
    await lee(office)
    visitor = await desk(office, AWS, regions=("*",))
    assert f'href="{CHANGE}?kind=household_change"' in (await visitor.get(f"/people/{LEE.ref}")).text
    form = await visitor.get(f"{CHANGE}?kind=household_change")
    assert 'value="household_change" checked' in form.text
    assert "property_ref" not in form.text
    key = hidden(form, "key")
    for _ in range(2):
        sent = await visitor.post(CHANGE, key=key, more=TOLD)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/people/{LEE.ref}?said=reported"), (
            sent.text
        )
    assert (await office.count(DutyEvent), await office.count(CaseRecord)) == (1, 1)
    page = await visitor.get(sent.headers["location"])
    assert "the advisor of the area is asked to" in page.text
    async with office.databases.owner.transaction() as session:
        case_id = await session.scalar(select(CaseRecord.case_id))
    assert page.text.count(f'href="/cases/{case_id}"') == 1


async def test_an_open_t442_task_is_one_click_from_the_person(office: Office) -> None:
    await lee(office)
    await office.case("D1", "disclose_change", person_ref=LEE.ref, step="A")
    await office.task("D1-1", "D1", kind="send_t442", step="A")
    page = await (await desk(office, AWS)).get(f"/people/{LEE.ref}")
    assert 'href="/tasks/D1-1"' in page.text
    assert "Tell Corrections of the change: send the T-442 by SEEMail" in words(page)


async def test_what_is_wrong_with_a_change_is_said_and_nothing_typed_is_lost(office: Office) -> None:
    await lee(office)
    visitor: Desk = await desk(office, AWS)
    for more, status, text in (
        ({"facts": ""}, 422, "Answer this: What happened"),
        ({"aware_on-day": "31"}, 422, "day, month and year of a real date"),
        ({"aware_on-day": "30"}, 409, "The day of awareness lies in the future"),
    ):
        page = await visitor.post(CHANGE, key="key-12345678", more=TOLD | more)
        assert page.status_code == status, page.text
        assert text in words(page)
        assert "There is a problem" in page.text
        assert "checked" in page.text
    assert await office.count(DutyEvent) == 0
    assert (await visitor.post(CHANGE, key="key-12345678", csrf="another", more=TOLD)).status_code == 403


async def test_without_a_code_there_is_no_duty(office: Office) -> None:
    await import_people(office.databases.loader)
    visitor = await desk(office, AWS)
    page = await visitor.get(f"/people/{TOM.ref}")
    assert "Not in force" in page.text
    assert "no current CSO assessment" in page.text
    assert (await visitor.get(f"/people/{TOM.ref}/change")).status_code == 409
    assert await office.count(Assessment) == 0


@pytest.mark.req("DEF-9")
async def test_a_historic_record_shows_where_the_person_was_last_known(office: Office) -> None:
    """Beside a question and on the person's own page: nobody lives "as none" at an address that is a home no more."""
    await lee(office)
    visitor = await desk(office, AWS)
    for number, (person, address, lives) in enumerate(
        ((TOM, "Last address known", "Lives in none of our homes"), (LEE, "Home", "Lives as Tenant")), start=1
    ):
        await office.case(f"C{number}", person_ref=person.ref)
        await office.task(f"C{number}-1", f"C{number}", "live_record", step="1.6")
        said = words(await visitor.get(f"/tasks/C{number}-1"))
        assert f"{address} {person.address}" in said
        assert lives in said
    said = words(await visitor.get(f"/people/{TOM.ref}"))
    assert f"Last address known {TOM.address}" in said
    assert "Lives in none of our homes" in said
    assert "Lives as tenant" in words(await visitor.get(f"/people/{LEE.ref}"))
