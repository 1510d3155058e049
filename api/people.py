"""People over HTTP: searching the register, and one person with everything the record holds."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from activities.evidence import SearchDone, record_searches
from adapters.register_search import SearchKind
from api.case_items import CaseItem, shown_case
from api.known import Candidate, PersonOnRegister, audit_read, candidates, on_register
from api.listing import Listing, whole
from api.problems import malformed, unknown
from api.signed_in import Caller, allowed
from api.visibility import check_person, visible_entry
from models.queries import people
from models.queries.cases import cases_of_person
from models.queries.people import AssessmentRecord, DuplicateLink
from procedures.visibility import READS_PERSONS, SEARCHES_THE_REGISTER

router = APIRouter(prefix="/api/people", tags=["people"])
Searcher = Annotated[Caller, Depends(allowed(SEARCHES_THE_REGISTER, "search the register"))]


class PersonSearch(BaseModel):
    """What to search on; each field given is a search of its own. % is the wildcard."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    name: str | None = Field(default=None, min_length=2, max_length=200, examples=["Whetū %"])
    address: str | None = Field(default=None, min_length=2, max_length=300, examples=["12 Kōwhai %"])
    date_of_birth: date | None = Field(default=None, examples=["1984-03-02"])
    entry: str | None = Field(
        default=None, max_length=64, description="The report entry this search is evidence for"
    )
    limit: int = Field(default=50, ge=1, le=500)


class FileShown(BaseModel):
    """The green person file."""

    id: str
    title: str
    invalid_match: bool
    created_at: datetime


class PersonWhole(BaseModel):
    """A person: register record, Key Details, assessments with all versions, duplicates, file, cases."""

    id: str
    person: PersonOnRegister
    key_details: str = Field(description="The CSO code alone; a customer risk rating is a matter apart")
    assessments: list[AssessmentRecord]
    duplicates: list[DuplicateLink]
    file: FileShown | None
    cases: list[CaseItem]


@router.get("")
async def search_people(caller: Searcher, wanted: Annotated[PersonSearch, Query()]) -> Listing[Candidate]:
    """Search the register. Prefer POST /api/people/search: an address line is no place for a name (PRV-16)."""
    return await _search(caller, wanted)


@router.post("/search")
async def search_people_privately(caller: Searcher, wanted: PersonSearch) -> Listing[Candidate]:
    """Search the register on name, address and birth date; what is searched for stays out of addresses and logs."""
    return await _search(caller, wanted)


@router.get("/{person_ref}")
async def person(
    caller: Annotated[Caller, Depends(allowed(READS_PERSONS, "read persons"))], person_ref: str
) -> PersonWhole:
    """One person. The read is audited."""
    await check_person(caller, person_ref)
    resources = caller.resources
    found = await resources.register.person(person_ref)
    if found is None:
        raise unknown("person")
    assessments = await people.assessments_of_person(resources.database, person_ref)
    sealed = await people.file_of_person(resources.database, person_ref)
    await audit_read(caller, "person", person_ref)
    if sealed and _may_open(caller, sealed):
        await audit_read(caller, "person file", sealed.file_id)
    return PersonWhole(
        id=person_ref,
        person=on_register(found),
        key_details=people.key_details_of(assessments),
        assessments=assessments,
        duplicates=await people.duplicates_of_person(resources.database, person_ref),
        file=_opened(caller, sealed) if sealed and _may_open(caller, sealed) else None,
        cases=[
            shown_case(one) for one in await cases_of_person(resources.database, caller.sight, person_ref)
        ],
    )


async def _search(caller: Caller, wanted: PersonSearch) -> Listing[Candidate]:
    if not (wanted.name or wanted.address or wanted.date_of_birth):
        raise malformed("Give name, address or date_of_birth.")
    entry = await visible_entry(caller, wanted.entry) if wanted.entry else None
    found = await candidates(
        caller,
        full_name=wanted.name or "",
        address=wanted.address,
        born=wanted.date_of_birth,
        limit=wanted.limit,
    )
    terms = {
        SearchKind.NAME: wanted.name,
        SearchKind.ADDRESS: wanted.address,
        SearchKind.DATE_OF_BIRTH: wanted.date_of_birth.isoformat() if wanted.date_of_birth else None,
    }
    await record_searches(
        caller.resources.database,
        [SearchDone(kind.value, term, _hits(found, kind)) for kind, term in terms.items() if term],
        entry_id=entry.entry_id if entry else None,
        case_id=entry.case_id if entry else None,
        by=caller.by(SEARCHES_THE_REGISTER),
        at=caller.now,
    )
    return whole(found)


def _hits(found: list[Candidate], kind: SearchKind) -> list[dict[str, object]]:
    return [
        {"person_ref": one.person_ref, "score": one.score, "reason": one.reasons[kind.value]}
        for one in found
        if kind.value in one.found_by
    ]


def _may_open(caller: Caller, sealed: people.SealedFile) -> bool:
    """An invalid match keeps its file, for the advisors of procedure 1 and the manager alone (AMB-A-4)."""
    return not sealed.invalid_match or caller.sight.has_any(SEARCHES_THE_REGISTER)


def _opened(caller: Caller, sealed: people.SealedFile) -> FileShown:
    title = caller.resources.cipher.decrypt(
        sealed.title, table="person_file", column="title", row_id=sealed.file_id
    )
    return FileShown(
        id=sealed.file_id, title=title, invalid_match=sealed.invalid_match, created_at=sealed.created_at
    )
