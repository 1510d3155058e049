"""How a person's answer travels: parsed, entitled, facts gathered, received on record, then given to its case."""

import asyncio
from typing import Any

from pydantic import ValidationError

from activities.commands import (
    CommandState,
    Held,
    NewCommand,
    held_command,
    receive_command,
    refuse_command,
)
from activities.delivery import Decided, Late, Malformed, Outcome, Recorded, RefusedCommand, Waiting
from api.facts import Asked, facts_of_answer, facts_of_change
from api.problems import Problem, malformed, not_allowed, plain_errors, refused, unknown
from api.signed_in import Caller
from models.queries import cases
from models.queries.cases import CaseDetail
from models.queries.commands import CommandRecord
from models.queries.tasks import TaskRecord
from procedures.answers import answer_type
from procedures.changes import CHANGES
from procedures.refusals import Refused
from procedures.tasks import By, CaseView


async def answer_task(
    caller: Caller, task: TaskRecord, *, command_id: str, body: dict[str, Any], seen_version: int | None
) -> Outcome:
    """Answer a task that the caller sees. Raises 422, 403 and 409 problems; the outcome is the case's word."""
    asked = answer_type(task.kind)
    answer = _parsed(asked, body)
    if not caller.sight.may(asked.roles(), task.region):
        await caller.record_refusal("answer this task", subject=task.task_id, case_id=task.case_id)
        raise not_allowed("answer this task")
    new = NewCommand(
        command_id=command_id,
        case_id=task.case_id,
        task_id=task.task_id,
        kind="answer",
        asked=answer.model_dump(mode="json"),
        facts={},
        by=caller.by(asked.roles(), first=task.role, region=task.region),
        seen_version=seen_version,
    )
    known = await _known_outcome(caller, new)
    if known is not None:
        return known
    if task.state == "open":
        if seen_version is not None and seen_version != task.version:
            return await _changed_hands(caller, new, task)
        try:
            case = await _case(caller, task)
            facts = await facts_of_answer(Asked(caller.resources, case, answer, new.by, caller.now))
        except Refused as error:
            return await _refused_here(caller, new, error)
        new = _with_facts(new, facts)
    await receive_command(caller.resources.database, new, at=caller.now)
    return await deliver(caller, new)


async def report_change(
    caller: Caller, case: CaseDetail, *, kind: str, command_id: str, body: dict[str, Any]
) -> Outcome:
    """Report an interruption of a case that the caller sees. Raises as answer_task."""
    if kind not in CHANGES:
        raise unknown("kind of change")
    asked = CHANGES[kind]
    change = _parsed(asked, body)
    if not caller.sight.may(asked.roles, case.region):
        await caller.record_refusal("report this change", subject=case.case_id, case_id=case.case_id)
        raise not_allowed("report this change")
    new = NewCommand(
        command_id=command_id,
        case_id=case.case_id,
        task_id=None,
        kind=f"change/{kind}",
        asked=change.model_dump(mode="json"),
        facts={},
        by=caller.by(asked.roles, region=case.region),
    )
    known = await _known_outcome(caller, new)
    if known is not None:
        return known
    new = _with_facts(new, await facts_of_change(caller.resources, change))
    await receive_command(caller.resources.database, new, at=caller.now)
    return await deliver(caller, new)


async def deliver(caller: Caller, new: NewCommand, *, patience: float | None = None) -> Outcome:
    """Give a received command to its case; after `patience` seconds it goes on without its caller."""
    under_way = caller.resources.under_way
    delivery: asyncio.Task[Outcome] | None = under_way.get(new.command_id)
    if delivery is None:
        delivery = asyncio.create_task(caller.resources.delivery.deliver(new), name="deliver a command")
        under_way[new.command_id] = delivery
        delivery.add_done_callback(lambda _: under_way.pop(new.command_id))
    done, _ = await asyncio.wait({delivery}, timeout=patience or caller.resources.patience)
    if not done:
        delivery.add_done_callback(_heard)
        return Waiting()
    return delivery.result()


def _heard(delivery: "asyncio.Task[Outcome]") -> None:
    """Its caller has gone: what went wrong is found again by the command's state."""
    if not delivery.cancelled():
        delivery.exception()


async def look_again(caller: Caller, held: CommandRecord) -> Outcome:
    """What became of a command; one that still waits is given to its case once more."""
    new = NewCommand(
        command_id=held.command_id,
        case_id=held.case_id,
        task_id=held.task_id,
        kind=held.kind,
        asked=held.body["asked"],
        facts=held.body["facts"],
        by=By(subject=held.actor, name=held.actor_name, role=held.actor_role),
        seen_version=held.body["seen_version"],
    )
    if held.state == CommandState.RECEIVED.value:
        return await deliver(caller, new, patience=1.0)
    return _outcome(Held(CommandState(held.state), held.rule, held.reason))


def problem_of(outcome: RefusedCommand | Malformed | Decided | Late) -> Problem:
    """How a refusal is answered."""
    match outcome:
        case RefusedCommand():
            return refused(outcome.rule, outcome.reason)
        case Malformed():
            return malformed("The answer does not fit the task: see errors.", outcome.errors)
        case Decided():
            more = {"by": outcome.by, "at": outcome.at, "what": outcome.what}
            return refused(outcome.rule, outcome.reason, decision=outcome.decision or None, **more)
        case Late():
            return Problem(409, "late", outcome.reason, rule=outcome.rule)


async def view_after(caller: Caller, case_id: str, outcome: Recorded) -> CaseView:
    """The case as it stands: the case's own word, else the record's."""
    view = outcome.view or await cases.case_view(caller.resources.database, case_id)
    if view is None:
        raise unknown("case")
    return view


def _parsed(asked: "type[Any]", body: dict[str, Any]) -> Any:
    try:
        return asked.model_validate(body)
    except ValidationError as error:
        errors = plain_errors(error)
        raise malformed("The answer does not fit: see errors.", errors) from None


async def _known_outcome(caller: Caller, new: NewCommand) -> Outcome | None:
    """The outcome of a command given before; None for a new one, or one that still waits."""
    if await held_command(caller.resources.database, new.command_id) is None:
        return None
    held = await receive_command(caller.resources.database, new, at=caller.now)
    return None if held.state is CommandState.RECEIVED else _outcome(held)


def _outcome(held: Held) -> Outcome:
    match held.state:
        case CommandState.RECORDED:
            return Recorded(view=None)
        case CommandState.REFUSED:
            return RefusedCommand(rule=held.rule or "", reason=held.reason or "")
        case CommandState.LATE:
            return Late(rule=held.rule or "", reason=held.reason or "")
        case CommandState.RECEIVED:
            return Waiting()


def _with_facts(new: NewCommand, facts: dict[str, Any]) -> NewCommand:
    return NewCommand(**{**vars(new), "facts": facts})


async def _case(caller: Caller, task: TaskRecord) -> CaseDetail:
    case = await cases.case(caller.resources.database, task.case_id)
    assert case is not None, "a task belongs to a case"
    return case


async def _changed_hands(caller: Caller, new: NewCommand, task: TaskRecord) -> Outcome:
    """The task was claimed, released or assigned since the caller looked (AMB-X-3)."""
    reason = "the task has changed hands since you opened it: look at it again, then answer"
    await receive_command(caller.resources.database, new, at=caller.now)
    await refuse_command(caller.resources.database, new, rule="AMB-X-3", reason=reason, at=caller.now)
    return Decided(
        rule="AMB-X-3",
        reason=reason,
        by=task.claimed_by_name,
        at=task.claimed_at,
        what="claimed" if task.claimed_by else "released",
        decision={},
    )


async def _refused_here(caller: Caller, new: NewCommand, error: Refused) -> Outcome:
    await receive_command(caller.resources.database, new, at=caller.now)
    await refuse_command(caller.resources.database, new, rule=error.rule, reason=error.reason, at=caller.now)
    return RefusedCommand(rule=error.rule, reason=error.reason)
