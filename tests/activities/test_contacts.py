"""The Corrections directory: valid days, versions that are never lost, and the confirmation each of them needs."""

from datetime import UTC, date, datetime, timedelta

import pytest
from pydantic import ValidationError

from activities.contacts import (
    FALLBACK_ID,
    ContactDetails,
    ContactNow,
    Contacts,
    Fallback,
    add_contact,
    replace_contact,
)
from models.database import Database
from models.tables.mail import CorrectionsContactVersion
from procedures.refusals import Refused
from procedures.terms import ContactKind
from procedures.working_days import CalendarName
from tests.activities.mail_office import ADVISOR, CONTACT, NOW
from tests.conftest import Databases


async def enter(api: Database, contact_id: str = "desk", **changes: object) -> ContactDetails:
    """Add a contact like the usual one."""
    details = CONTACT.model_copy(update=changes)
    assert await add_contact(api, contact_id, details, by=ADVISOR, at=NOW)
    return details


@pytest.mark.req("AMB-X-12")
async def test_a_contact_is_valid_on_local_days(databases: Databases) -> None:
    await enter(databases.api, valid_from=date(2026, 11, 20), valid_to=date(2026, 11, 20))
    contacts = Contacts(databases.worker)
    midnight = datetime(2026, 11, 19, 11, 0, tzinfo=UTC)
    told = [
        (await contacts.contact_now("desk", 1, midnight + shift)).valid
        for shift in (
            timedelta(seconds=-1),
            timedelta(0),
            timedelta(hours=24, seconds=-1),
            timedelta(hours=24),
        )
    ]
    assert told == [False, True, True, False]


@pytest.mark.req("PRV-6")
async def test_a_change_is_a_new_version_and_the_old_one_stays_readable(databases: Databases) -> None:
    await enter(databases.api)
    contacts = Contacts(databases.worker)
    moved = CONTACT.model_copy(update={"secure_address": "other@corrections.example"})
    version = await replace_contact(databases.api, "desk", moved, seen_version=1, by=ADVISOR, at=NOW)
    assert version == 2
    assert not (await contacts.contact_now("desk", 1, NOW)).unchanged
    assert (await contacts.contact_now("desk", 2, NOW)).unchanged
    async with databases.worker.transaction() as session:
        old = await session.get_one(CorrectionsContactVersion, ("desk", 1))
    assert old.details["secure_address"] == "desk@corrections.example"
    assert (old.details["valid_from"], old.replaced_by) == ("2026-01-05", "advisor-1")


async def test_nobody_overwrites_what_they_have_not_seen(databases: Databases) -> None:
    details = await enter(databases.api)
    assert not await add_contact(databases.api, "desk", details, by=ADVISOR, at=NOW)
    await replace_contact(databases.api, "desk", details, seen_version=1, by=ADVISOR, at=NOW)
    for contact_id in ("desk", "nobody"):
        with pytest.raises(Refused, match="look at it again"):
            await replace_contact(databases.api, contact_id, details, seen_version=1, by=ADVISOR, at=NOW)


@pytest.mark.req("AMB-P1-2")
async def test_the_calendar_is_a_choice_of_the_office_and_national_by_default(databases: Databases) -> None:
    await enter(databases.api)
    await enter(databases.api, "otago", calendar=CalendarName.OTAGO)
    contacts = Contacts(databases.worker)
    assert (await contacts.contact_now("desk", 1, NOW)).calendar == "nz-national"
    assert (await contacts.contact_now("otago", 1, NOW)).calendar == "nz-region-OTA"


async def test_the_service_manager_of_the_same_office_last_verified_first(databases: Databases) -> None:
    chief = {"kind": ContactKind.SERVICE_MANAGER}
    await enter(databases.api)
    await enter(databases.api, "over", **chief, valid_to=date(2026, 11, 19))
    await enter(databases.api, "mute", **chief, secure_address=None)
    await enter(databases.api, "elsewhere", **chief, office="Otherplace")
    contacts = Contacts(databases.worker)
    assert await contacts.service_manager_for("desk", NOW) is None
    await enter(databases.api, "never", **chief, verified_on=None)
    await enter(databases.api, "earlier", **chief, verified_on=date(2026, 3, 1))
    await enter(databases.api, "later", **chief, verified_on=date(2026, 9, 1))
    assert await contacts.service_manager_for("desk", NOW) == "later"


@pytest.mark.req("AMB-P1-8")
async def test_the_fallback_is_a_setting_and_another_address_is_another_version(databases: Databases) -> None:
    unset = await Contacts(databases.worker).contact_now(FALLBACK_ID, 1, NOW)
    assert unset == ContactNow(valid=False, unchanged=False, kind=None, calendar="nz-national")
    first, second = (Fallback(f"{name}@corrections.example").entry() for name in ("intake", "post"))
    assert first is not None
    assert second is not None
    assert first.version != second.version
    set_now = Contacts(databases.worker, Fallback("intake@corrections.example"))
    known = await set_now.contact_now(FALLBACK_ID, first.version, NOW)
    assert (known.valid, known.unchanged, known.kind) == (True, True, ContactKind.FALLBACK)
    assert not (await set_now.contact_now(FALLBACK_ID, second.version, NOW)).unchanged
    with pytest.raises(Refused, match="setting"):
        await add_contact(databases.api, FALLBACK_ID, CONTACT, by=ADVISOR, at=NOW)


def test_details_that_make_no_sense() -> None:
    for changes in (
        {"kind": "fallback"},
        {"valid_to": "2025-01-01"},
        {"secure_address": "a%b@corrections.example"},
    ):
        with pytest.raises(ValidationError):
            ContactDetails.model_validate(CONTACT.model_dump(mode="json") | changes)
