"""The one place where a case, task or person is looked up for a caller: unknown and not visible look the same."""

from api.problems import unknown
from api.signed_in import Caller
from models.queries import cases, documents, reports, tasks
from models.queries.cases import CaseDetail
from models.queries.documents import DocumentRecord
from models.queries.reports import EntryRecord
from models.queries.tasks import TaskRecord
from procedures.tasks import CaseView
from procedures.terms import Procedure
from procedures.visibility import READS_REPORTS, SEARCHES_THE_REGISTER


async def visible_case(caller: Caller, case_id: str) -> CaseDetail:
    """The case. Raises a 404 problem, recorded as a refusal when the case exists."""
    held = await cases.case(caller.resources.database, case_id)
    if held is None:
        raise unknown("case")
    if not caller.sight.sees_case(held.procedure, held.region):
        await caller.record_refusal("read case", subject=case_id, case_id=case_id)
        raise unknown("case")
    return held


async def audited_case(caller: Caller, case_id: str) -> CaseDetail:
    """The case, for reading what happened in it. Raises as visible_case."""
    held = await cases.case(caller.resources.database, case_id)
    if held is None:
        raise unknown("case")
    if not caller.sight.audits_case(held.procedure, held.region):
        await caller.record_refusal("read timeline", subject=case_id, case_id=case_id)
        raise unknown("case")
    return held


async def visible_task(caller: Caller, task_id: str) -> TaskRecord:
    """The task. Raises a 404 problem, recorded as a refusal when the task exists."""
    held = await tasks.task(caller.resources.database, task_id)
    if held is None:
        raise unknown("task")
    if not caller.sight.sees_task(held.role, held.procedure, held.region):
        await caller.record_refusal("read task", subject=task_id, case_id=held.case_id)
        raise unknown("task")
    return held


async def visible_entry(caller: Caller, entry_id: str) -> EntryRecord:
    """A row of the report. Raises as visible_case."""
    held = await reports.entry(caller.resources.database, entry_id)
    if held is None:
        raise unknown("report entry")
    if not caller.sight.may(READS_REPORTS, held.region):
        await caller.record_refusal("read report entry", subject=entry_id, case_id=held.case_id)
        raise unknown("report entry")
    return held


async def visible_document(caller: Caller, document_id: str) -> DocumentRecord:
    """A document of a person of whom the caller sees a case. Raises as visible_case."""
    held = await documents.document(caller.resources.database, document_id)
    if held is None:
        raise unknown("document")
    if not await documents.sees_document(caller.resources.database, caller.sight, held):
        await caller.record_refusal("read document", subject=document_id, case_id=held.case_id or None)
        raise unknown("document")
    return held


async def check_person(caller: Caller, person_ref: str) -> None:
    """Whoever searches the register sees every person; others only a person of a case they see. Raises 404."""
    if caller.sight.has_any(SEARCHES_THE_REGISTER):
        return
    if not await cases.cases_of_person(caller.resources.database, caller.sight, person_ref):
        await caller.record_refusal("read person", subject=person_ref)
        raise unknown("person")


def sees_what_is_known(caller: Caller, task: TaskRecord) -> bool:
    """Whether the caller may see the person behind a task, not only the task."""
    return caller.sight.sees_case(task.procedure, task.region)


def shown_view(caller: Caller, view: CaseView, procedure: Procedure, region: str) -> CaseView:
    """The case after an answer, as far as the caller may see it: coordinators get no outcome and no other's task."""
    if caller.sight.sees_case(procedure, region):
        return view
    mine = [task for task in view.open_tasks if caller.sight.sees_task(task.role, procedure, task.region)]
    return view.model_copy(update={"open_tasks": mine, "outcome": None, "due_at": None})
