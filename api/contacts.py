"""The Corrections directory over HTTP: every change is a new version, and nothing points outside participating agencies."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Header, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from activities.commands import CommandReused
from activities.contacts import FALLBACK_ID, ContactDetails, add_contact, replace_contact
from api.listing import DEFAULT_LIMIT, Cursor, Limit, Listing, listed
from api.new_ids import new_id
from api.problems import malformed, unknown
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey, version_of
from models.queries.contacts import (
    ContactFilter,
    DirectoryEntry,
    EarlierVersion,
    contact,
    earlier_versions,
    list_contacts,
)
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.terms import ContactKind
from procedures.visibility import READS_DIRECTORY, WRITES_DIRECTORY

router = APIRouter(prefix="/api/contacts", tags=["contacts"])
Reader = Annotated[Caller, Depends(allowed(READS_DIRECTORY, "read the Corrections directory"))]
Writer = Annotated[Caller, Depends(allowed(WRITES_DIRECTORY, "change the Corrections directory", own=True))]


class ContactItem(DirectoryEntry):
    """An entry of the directory; `version` is what a confirmation of the recipient names (PRV-6)."""

    id: str
    valid_today: bool


class ContactWhole(ContactItem):
    """An entry with what it said before."""

    earlier: list[EarlierVersion]


class ContactQuery(BaseModel):
    """Filters of the list; all of them together."""

    model_config = {"extra": "forbid"}

    office: str | None = None
    kind: ContactKind | None = None
    region: str | None = None
    valid_on: date | None = Field(default=None, description="Valid on this local day")
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None


Details = Annotated[
    ContactDetails,
    Body(
        examples=[
            {
                "office": "Lanternvale Community Corrections",
                "kind": "contact",
                "name": "Ngaire Tuhoro",
                "phone": "00 555 0111",
                "secure_address": "lanternvale.contact@corrections.test",
                "regions": ["R01"],
                "valid_from": "2026-11-30",
                "verified_on": "2026-11-27",
            }
        ]
    ),
]
"""What you enter of a contact."""


@router.get("")
async def contacts(caller: Reader, query: Annotated[ContactQuery, Query()]) -> Listing[ContactItem]:
    """The directory by office; entries that are over stay in it."""
    wanted = ContactFilter(office=query.office, kind=query.kind, region=query.region, valid_on=query.valid_on)
    page = await list_contacts(caller.resources.database, wanted, limit=query.limit, cursor=query.cursor)
    return listed(page, lambda entry: _shown(caller, entry))


@router.get("/{contact_id}")
async def one_contact(caller: Reader, contact_id: str) -> ContactWhole:
    """One entry with its earlier versions."""
    return await _whole(caller, contact_id)


@router.post("", response_model=ContactWhole, status_code=201)
async def enter_contact(caller: Writer, details: Details, command_id: IdempotencyKey) -> Response:
    """Enter a contact. The same command again answers 200 with what it entered."""
    _check_domain(caller, details)
    contact_id = new_id(caller, "K", command_id)
    entered = await add_contact(
        caller.resources.database,
        contact_id,
        details,
        by=caller.by(WRITES_DIRECTORY),
        at=caller.now,
    )
    whole = await _whole(caller, contact_id)
    if not entered and not (whole.version == 1 and _says(whole, details)):
        raise CommandReused
    return JSONResponse(whole.model_dump(mode="json"), status_code=201 if entered else 200)


@router.put("/{contact_id}")
async def change_contact(
    caller: Writer,
    contact_id: str,
    details: Details,
    command_id: IdempotencyKey,
    if_match: Annotated[str, Header(description="The version of the entry that you saw", examples=["1"])],
) -> ContactWhole:
    """Change an entry: a new version. Whoever had confirmed the old one must confirm anew (PRV-6).

    The version you saw makes a repeat harmless: the same change again answers the entry as it is.
    """
    _check_domain(caller, details)
    seen = version_of(if_match)
    if seen is None:
        raise malformed("If-Match takes the version of the entry, such as 1.")
    held = await contact(caller.resources.database, contact_id)
    if held is None:
        raise unknown("contact")
    if held.version == seen + 1 and _says(held, details):
        return await _whole(caller, contact_id)
    await replace_contact(
        caller.resources.database,
        contact_id,
        details,
        seen_version=seen,
        by=caller.by(WRITES_DIRECTORY),
        at=caller.now,
    )
    return await _whole(caller, contact_id)


def fallback_entry(caller: Caller) -> DirectoryEntry | None:
    """The configured fallback address as an entry of the directory; None when it is not set (AMB-P1-8)."""
    held = caller.resources.mail_house.fallback.entry()
    if held is None:
        return None
    return DirectoryEntry(**{name: getattr(held, name) for name in DirectoryEntry.model_fields})


def _check_domain(caller: Caller, details: ContactDetails) -> None:
    address = details.secure_address
    if address and address.rpartition("@")[2].lower() not in caller.resources.settings.mail.domains:
        raise Refused(
            "PRV-5", "The address is not of an agency that takes part in secure mail: ask the office for one."
        )


def _says(held: DirectoryEntry, details: ContactDetails) -> bool:
    """Whether the entry holds exactly these details."""
    entered = details.model_dump(mode="json")
    return {name: held.model_dump(mode="json")[name] for name in entered} == entered


async def _whole(caller: Caller, contact_id: str) -> ContactWhole:
    database = caller.resources.database
    held = fallback_entry(caller) if contact_id == FALLBACK_ID else await contact(database, contact_id)
    if held is None:
        raise unknown("contact")
    return ContactWhole(
        **_shown(caller, held).model_dump(), earlier=await earlier_versions(database, contact_id)
    )


def _shown(caller: Caller, entry: DirectoryEntry) -> ContactItem:
    today = local_date(caller.now)
    valid = entry.valid_from <= today and (entry.valid_to is None or today <= entry.valid_to)
    return ContactItem(id=entry.contact_id, valid_today=valid, **entry.model_dump())
