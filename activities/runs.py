"""The Friday run and its rows: what changed of a run, and how each row was resolved."""

from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from activities.audit import write_audit
from activities.staging import open_entered
from models.tables.report import ReportEntry, ReportRun
from procedures.record import EntryResolved, RowResolved, RunChanged, Turn

_INSTANTS = frozenset({"started_at", "report_available_at", "closed_at"})


async def resolve_entry(session: AsyncSession, turn: Turn, effect: EntryResolved) -> None:
    """A person decided what the row is; a later correction replaces the outcome, the audit keeps both."""
    await session.execute(
        update(ReportEntry)
        .where(ReportEntry.entry_id == effect.entry_id)
        .values(outcome=effect.outcome, resolved_at=turn.at)
    )


async def change_run(session: AsyncSession, turn: Turn, effect: RunChanged) -> None:
    """Move the run on: started, missing, received, worked, or closed without a report."""
    values = {
        key: datetime.fromisoformat(value) if key in _INSTANTS and isinstance(value, str) else value
        for key, value in effect.values.items()
    }
    if expected_on := effect.values.get("expected_on"):
        values["expected_on"] = date.fromisoformat(expected_on)
    await session.execute(update(ReportRun).where(ReportRun.run_id == effect.run_id).values(**values))


async def resolve_row(session: AsyncSession, turn: Turn, position: int, effect: RowResolved) -> None:
    """A rejected row becomes an entry with corrected values, or is set aside with a reason."""
    values = dict(effect.values)
    if values.get("date_of_birth"):
        values["date_of_birth"] = date.fromisoformat(values["date_of_birth"])
    if effect.state == "accepted":
        values |= await open_entered(session, effect.entry_id, values, turn.at)
    await session.execute(
        update(ReportEntry)
        .where(ReportEntry.entry_id == effect.entry_id)
        .values(
            state=effect.state,
            resolved_at=turn.at if effect.state == "set_aside" else None,
            outcome="set_aside" if effect.state == "set_aside" else None,
            **values,
        )
    )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action=f"row {effect.state}",
        case_id=turn.case_id,
        step="1.1",
        subject=effect.entry_id,
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )
