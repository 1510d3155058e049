"""Searches that a person makes, kept as evidence with the report entry they were made for (P1.S2.1, P1.S2.2)."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from activities.audit import write_audit
from models.database import Database
from models.tables.report import SearchRecord
from procedures.tasks import By


@dataclass(frozen=True)
class SearchDone:
    """One search on one field and what it found."""

    kind: str
    term: str
    hits: list[dict[str, Any]]


async def record_searches(
    database: Database,
    searches: list[SearchDone],
    *,
    entry_id: str | None,
    case_id: str | None,
    by: By,
    at: datetime,
) -> None:
    """Evidence when the search is for an entry; an audit row in any case, which holds no search term."""
    async with database.transaction() as session:
        if entry_id is not None:
            await session.execute(
                insert(SearchRecord),
                [
                    {
                        "search_id": secrets.token_hex(12),
                        "entry_id": entry_id,
                        "case_id": case_id,
                        "kind": search.kind,
                        "term": search.term,
                        "not_searchable": None,
                        "hits": search.hits,
                        "by": by.subject,
                        "at": at,
                    }
                    for search in searches
                ],
            )
        await write_audit(
            session,
            by=by,
            at=at,
            action="searched the register",
            case_id=case_id,
            step="1.2" if entry_id else None,
            subject=entry_id,
            detail={"kinds": [s.kind for s in searches], "hits": [len(s.hits) for s in searches]},
        )
