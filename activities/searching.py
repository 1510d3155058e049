"""Step 1.2: the three searches of an entry, made once by the system and kept as evidence."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from temporalio import activity

from adapters.ports import PersonRegister
from adapters.register_search import Search, three_searches
from models.database import Database
from models.tables.report import ReportEntry, SearchRecord
from procedures.tasks import SYSTEM

_NOT_GIVEN = {
    "name": "the report gives no name",
    "address": "the report gives no address",
    "date_of_birth": "the report gives no date of birth",
}


class Searching:
    """Searches the register for a report entry."""

    def __init__(self, database: Database, register: PersonRegister) -> None:
        self._database = database
        self._register = register

    @activity.defn
    async def search_entry(self, entry_id: str, case_id: str, at: datetime) -> None:
        """Search on full name, address and date of birth separately (P1.S2.2); idempotent per entry."""
        async with self._database.transaction() as session:
            entry = await session.get_one(ReportEntry, entry_id)
            done = await session.scalar(
                select(func.count())
                .select_from(SearchRecord)
                .where(SearchRecord.entry_id == entry_id, SearchRecord.by == SYSTEM.subject)
            )
        if done:
            return
        found = await three_searches(
            self._register,
            full_name=f"{entry.given_names or ''} {entry.surname or ''}".strip(),
            address=address_of(entry),
            date_of_birth=entry.date_of_birth,
        )
        rows = [
            _evidence(search, entry_id, case_id, at)
            for search in (found.name, found.address, found.date_of_birth)
        ]
        async with self._database.transaction() as session:
            await session.execute(insert(SearchRecord).on_conflict_do_nothing(), rows)


def address_of(entry: ReportEntry) -> str | None:
    """The whole reported address, or None when the report has none to search on."""
    parts = (entry.address, entry.suburb, entry.town, entry.postcode)
    return ", ".join(part for part in parts if part) if entry.address else None


def _evidence(search: Search, entry_id: str, case_id: str, at: datetime) -> dict[str, object]:
    return {
        "search_id": f"{entry_id}-{search.kind.value}",
        "entry_id": entry_id,
        "case_id": case_id,
        "kind": search.kind.value,
        "term": search.term,
        "not_searchable": None if search.term else _NOT_GIVEN[search.kind.value],
        "hits": [{"person_ref": h.person_ref, "score": h.score, "reason": h.reason} for h in search.hits],
        "by": SYSTEM.subject,
        "at": at,
    }
