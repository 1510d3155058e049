"""Open calls to Corrections with the office that the report names for each: what one call can answer together."""

from sqlalchemy import select

from models.database import Database
from models.queries.tasks import TaskRecord, joined_tasks, task_record
from models.queries.visible import visible_tasks
from models.tables.case import CaseRecord, Task
from models.tables.report import ReportEntry
from procedures.tasks import Frozen
from procedures.visibility import Sight


class CallToMake(Frozen):
    """An open call about one person; `office` is None when the report names none."""

    task: TaskRecord
    office: str | None


async def calls_to_make(database: Database, sight: Sight, *, kind: str) -> list[CallToMake]:
    """Visible open tasks of this kind, the first due on top."""
    query = joined_tasks().where(visible_tasks(sight), Task.state == "open", Task.kind == kind)
    query = query.order_by(Task.due_at.asc().nulls_last(), Task.task_id)
    async with database.transaction() as session:
        held = [task_record(row) for row in (await session.execute(query)).all()]
        named = (
            select(CaseRecord.case_id, ReportEntry.corrections_office)
            .join(ReportEntry, ReportEntry.entry_id == CaseRecord.entry_id)
            .where(CaseRecord.case_id.in_([one.case_id for one in held]))
        )
        offices = {
            case_id: (office or "").strip() for case_id, office in (await session.execute(named)).all()
        }
    return [CallToMake(task=one, office=offices.get(one.case_id) or None) for one in held]
