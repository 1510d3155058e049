"""Staging a report: every row of a message accounted for in one transaction; the file itself is never kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.case_rows import case_row
from activities.routing import Routes
from adapters.report_file import ReportFileError, read_report
from models.tables.case import CaseRecord
from models.tables.report import ReportEntry, ReportMessage, ReportRun
from procedures.editions import edition_in_force
from procedures.identify import IdentifyState
from procedures.report_comparison import compare_reports, flag_contradictions
from procedures.report_rows import read_rows
from procedures.report_values import RejectedRow, RepeatedRow, ReportRow, RowsRead
from procedures.tasks import By
from procedures.terms import Procedure

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def case_number() -> str:
    """A new opaque case number: nine random characters that cannot be mistaken for one another."""
    return "C" + "".join(secrets.choice(_ALPHABET) for _ in range(9))


@dataclass(frozen=True)
class Staged:
    """What became of one message's rows: read = accepted + rejected + repeated."""

    read: int
    accepted: int
    rejected: int
    repeated: int
    problem: str | None
    """Code and instruction when the file itself could not be read."""
    already_known: bool


def message_key(message_id: str) -> str:
    """What makes a message the same message: a digest of its Message-ID."""
    return hashlib.sha256(message_id.strip().encode()).hexdigest()[:32]


async def stage_report(
    session: AsyncSession,
    *,
    run: ReportRun,
    key: str,
    received_at: datetime,
    content: bytes,
    today: date,
    at: datetime,
    by: By,
) -> Staged:
    """Take one report file into a run. The same message twice, or the same content again, changes nothing."""
    digest = hashlib.sha256(content).hexdigest()
    known = await session.scalar(
        select(ReportMessage).where(
            (ReportMessage.message_key == key)
            | ((ReportMessage.content_digest == digest) & (ReportMessage.run_id == run.run_id))
        )
    )
    if known:
        return Staged(known.read, known.accepted, known.rejected, known.repeated, known.problem, True)
    problem: str | None = None
    unknown: tuple[str, ...] = ()
    rows = RowsRead((), (), ())
    try:
        raw = read_report(content)
        unknown, rows = raw.unknown_columns, read_rows(raw.rows, today=today)
    except ReportFileError as error:
        problem = str(error)
    staged = Staged(rows.read, len(rows.accepted), len(rows.rejected), len(rows.repeated), problem, False)
    session.add(
        ReportMessage(
            message_key=key,
            run_id=run.run_id,
            received_at=received_at,
            content_digest=digest,
            read=staged.read,
            accepted=staged.accepted,
            rejected=staged.rejected,
            repeated=staged.repeated,
            unknown_columns=list(unknown),
            problem=problem,
            staged_at=at,
        )
    )
    await session.flush()
    await _stage_rows(session, run, key, rows, at)
    if problem is None:
        run.state = "received" if run.state in ("awaiting", "missing") else run.state
        run.report_available_at = run.report_available_at or received_at
    await write_audit(
        session,
        by=by,
        at=at,
        action="report read",
        case_id=run.case_id,
        step="1.1",
        subject=key,
        detail={
            "read": staged.read,
            "accepted": staged.accepted,
            "rejected": staged.rejected,
            "repeated": staged.repeated,
            "unknown_columns": list(unknown),
        },
        business_key=f"report/{key}",
    )
    return staged


async def _stage_rows(session: AsyncSession, run: ReportRun, key: str, rows: RowsRead, at: datetime) -> None:
    """Rows new to the run become entries with a case each; rows it had stay; rows it lost are flagged (AMB-P1-30)."""
    held = list(
        await session.scalars(
            select(ReportEntry)
            .where(ReportEntry.run_id == run.run_id, ReportEntry.state == "accepted")
            .order_by(ReportEntry.row_number)
        )
    )
    rows_held = [row_of(entry) for entry in held]
    by_row = dict(zip(map(id, rows_held), held, strict=True))
    compared = compare_reports(rows_held, rows.accepted)
    new = compared.new if held else rows.accepted
    routes = await Routes.read(session)
    await _insert_accepted(session, run, key, new, routes, at)
    repeats: list[ReportRow | RepeatedRow] = [*rows.repeated, *(compared.known if held else ())]
    await _insert_others(session, run, key, rows.rejected, repeats, routes)
    missing = [by_row[id(row)].entry_id for row in compared.missing] if held else []
    if missing:
        await session.execute(
            update(ReportEntry).where(ReportEntry.entry_id.in_(missing)).values(absent_from_correction=True)
        )
    contents = {row.content for row in compared.now_contradictory} if held else set()
    for row in rows_held:
        if row.content in contents:
            by_row[id(row)].contradictory = True


async def _insert_accepted(
    session: AsyncSession,
    run: ReportRun,
    key: str,
    rows: tuple[ReportRow, ...],
    routes: Routes,
    at: datetime,
) -> None:
    entries, cases = [], []
    for row in rows:
        entry_id, case_id = secrets.token_hex(12), case_number()
        region = routes.region_of(row.address, row.suburb, row.town, row.postcode)
        entries.append(_entry(run, key, row, entry_id, region) | {"case_id": case_id})
        cases.append(identify_case(case_id, entry_id, row.group, run.friday, row.contradictory, region, at))
    for batch in range(0, len(entries), 500):
        await session.execute(insert(ReportEntry), entries[batch : batch + 500])
        await session.execute(insert(CaseRecord), cases[batch : batch + 500])


def identify_case(
    case_id: str, entry_id: str, group: Any, friday: date, contradictory: bool, region: str, at: datetime
) -> dict[str, Any]:
    """The row from which a case of procedure 1 starts."""
    state = IdentifyState(
        case_id=case_id,
        procedure=Procedure.IDENTIFY,
        edition=edition_in_force(at).name,
        region=region,
        step="1.2",
        entry_id=entry_id,
        group=group,
        friday=friday,
        contradictory=contradictory,
    )
    return case_row(state.model_dump(mode="json"), at, entry_id=entry_id)


def _entry(run: ReportRun, key: str, row: ReportRow, entry_id: str, region: str) -> dict[str, Any]:
    return {
        "entry_id": entry_id,
        "run_id": run.run_id,
        "message_key": key,
        "row_number": row.row_number,
        "state": "accepted",
        "group": row.group.value,
        "surname": row.surname,
        "given_names": row.given_names,
        "date_of_birth": row.date_of_birth,
        "birth_year": row.birth_year,
        "gender": row.gender,
        "address": row.address,
        "suburb": row.suburb,
        "town": row.town,
        "postcode": row.postcode,
        "order_status": row.order_status.value if row.order_status else None,
        "corrections_reference": row.corrections_reference,
        "corrections_office": row.corrections_office,
        "errors": [],
        "notes": [note.value for note in row.notes],
        "contradictory": row.contradictory,
        "absent_from_correction": False,
        "region": region,
    }


async def _insert_others(
    session: AsyncSession,
    run: ReportRun,
    key: str,
    rejected: tuple[RejectedRow, ...],
    repeats: list[ReportRow | RepeatedRow],
    routes: Routes,
) -> None:
    empty = {
        "run_id": run.run_id,
        "message_key": key,
        "notes": [],
        "contradictory": False,
        "absent_from_correction": False,
        "region": routes.national,
    }
    rows = [
        empty
        | {
            "entry_id": secrets.token_hex(12),
            "row_number": row.row_number,
            "state": "rejected",
            "raw": dict(row.cells),
            "errors": [error.model_dump(mode="json") for error in row.errors],
        }
        for row in rejected
    ] + [
        empty
        | {
            "entry_id": secrets.token_hex(12),
            "row_number": row.row_number,
            "state": "repeated",
            "raw": None,
            "errors": [],
        }
        for row in repeats
    ]
    for batch in range(0, len(rows), 500):
        await session.execute(insert(ReportEntry), rows[batch : batch + 500])


async def open_entered(
    session: AsyncSession, entry_id: str, values: dict[str, Any], at: datetime
) -> dict[str, Any]:
    """A case for a rejected row that a person has entered; answers what the entry gets with it (AMB-P1-30)."""
    entry = await session.get_one(ReportEntry, entry_id)
    run = await session.get_one(ReportRun, entry.run_id)
    held = await session.scalars(
        select(ReportEntry).where(ReportEntry.run_id == run.run_id, ReportEntry.state == "accepted")
    )
    row = ReportRow.model_validate(
        {name: values[name] for name in ReportRow.model_fields if values.get(name) is not None}
        | {"row_number": entry.row_number}
    )
    *_, row = flag_contradictions([*map(row_of, held), row])
    region = (await Routes.read(session)).region_of(row.address, row.suburb, row.town, row.postcode)
    case_id = case_number()
    case = identify_case(case_id, entry_id, row.group, run.friday, row.contradictory, region, at)
    await session.execute(insert(CaseRecord), [case])
    return {"case_id": case_id, "region": region, "contradictory": row.contradictory}


def row_of(entry: ReportEntry) -> ReportRow:
    """A staged entry as the report row it was."""
    return ReportRow.model_validate(
        {
            "row_number": entry.row_number,
            "group": entry.group,
            "surname": entry.surname,
            "given_names": entry.given_names or "",
            "date_of_birth": entry.date_of_birth,
            "birth_year": entry.birth_year,
            "gender": entry.gender,
            "address": entry.address or "",
            "suburb": entry.suburb or "",
            "town": entry.town or "",
            "postcode": entry.postcode or "",
            "order_status": entry.order_status,
            "corrections_reference": entry.corrections_reference,
            "corrections_office": entry.corrections_office,
            "notes": entry.notes,
        }
    )
