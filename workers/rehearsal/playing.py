"""Plays a situation step by step: people answer through the API's rules, Corrections replies, time passes."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, assert_never

from activities.delivery import Decided, Late, Malformed, Recorded, RefusedCommand, Waiting
from activities.scans import Paper, file_scan
from api.answering import answer_task, problem_of, report_change
from api.problems import Problem
from procedures.answers import ALL
from procedures.changes import CHANGES
from procedures.local_time import say_instant
from procedures.terms import Form, Role
from procedures.working_days import Calendar, CalendarOutOfRange
from workers.rehearsal import checking
from workers.rehearsal.chronicle import Chronicle
from workers.rehearsal.desk import Desk, OpenTask
from workers.rehearsal.house import House
from workers.rehearsal.people import PEOPLE
from workers.rehearsal.printing import Story
from workers.rehearsal.returning import reply, scanned_paper
from workers.rehearsal.situation import (
    AnswerTask,
    ComesBack,
    ExpectMail,
    GatewayDoes,
    GoesOn,
    LetTimePass,
    MatchEntered,
    MistakeReported,
    RegisterChanges,
    ReportChange,
    ReportNames,
    Situation,
    Step,
    WrongSituation,
)
from workers.rehearsal.usual import Scene, completed_form, knows, usual_answer, usual_change
from workers.rehearsal.words import in_words

_MOST_ANSWERS = 60
_NEEDS_THE_REGISTER = frozenset({"match_entry", "identify_occupant"})
"""Answers that are refused when the register has not been imported lately."""


class Rehearsal:
    """One situation in one house."""

    def __init__(self, situation: Situation, house: House, write: Callable[[str], None]) -> None:
        self._situation = situation
        self._house = house
        self._story = Story(write)
        self._chronicle = Chronicle(house.record.owner)
        self._person = PEOPLE[situation.person]
        self._desk = Desk(house)
        self._scene = Scene(self._person, situation.starts)
        self._calendar = Calendar(situation.calendar)
        self.problems: list[str] = []
        """What was not as the situation expects, each with its line."""

    async def play(self) -> None:
        """The whole story. Raises WrongSituation at a step that cannot be played."""
        self._story.begin(self._situation.title)
        await self._desk.open_office(self._situation.calendar)
        await self._register_has(self._person.lines)
        await self._named(self._situation.groups)
        await self._tell()
        for step in self._situation.steps:
            await self._wait_for(step)
            await self._tell()
            await self._do(step)
            await self._tell()

    # -- time and telling ----------------------------------------------------------------------------------------

    async def _wait_for(self, step: Step) -> None:
        try:
            target = step.when(self._house.now, self._calendar) if step.when else None
        except CalendarOutOfRange as error:
            raise WrongSituation(step.line, str(error)) from None
        if isinstance(step, ExpectMail) and step.at:
            target = max(step.at, self._house.now) if target is None else target
        if target is None:
            return
        if target < self._house.now - timedelta(minutes=1):
            reached = say_instant(self._house.now)
            raise WrongSituation(
                step.line, f"the story has already reached {reached}: time only goes forward"
            )
        await self._house.until(target)

    async def _tell(self) -> None:
        news = await self._chronicle.news(self._house.now)
        for happening in news:
            self._story.tell(happening)
        if news:
            self._story.due(await self._chronicle.next_due(self._house.now))

    def _happens(self, text: str) -> None:
        self._story.happens(self._house.now, text)

    # -- one step ------------------------------------------------------------------------------------------------

    async def _do(self, step: Step) -> None:
        match step:
            case LetTimePass():
                pass
            case AnswerTask():
                await self._answer(step)
            case GoesOn():
                await self._go_on(step)
            case ReportChange():
                await self._change(step)
            case _:
                await self._do_around(step)

    async def _do_around(self, step: Step) -> None:
        """What happens around the desk, and what must be so by then."""
        match step:
            case ComesBack():
                await self._comes_back(step)
            case ReportNames():
                await self._named(step.groups)
            case MatchEntered():
                self._happens("The Coordinator Placement matches the person to a void property (T-365).")
                await self._desk.enter_match(self._person)
            case MistakeReported():
                self._happens(f"Something that was sent was wrong: {in_words(step.mistake.value)}.")
                await self._desk.report_mistake(step.mistake, step.line)
            case RegisterChanges():
                await self._register_changes(step)
            case GatewayDoes():
                await self._gateway(step)
            case _:
                await self._check(step)

    async def _check(self, step: Step) -> None:
        await self._tell()
        problem = await checking.problem_with(step, self._house, self._person)
        self._story.expected(checking.wanted(step), problem)
        if problem:
            self.problems.append(f"line {step.line}: {problem}")

    async def _named(self, groups: tuple[str, ...]) -> None:
        self._happens(f"The report names the person: {' and '.join(groups)}.")
        self._scene.group = groups[0]
        self._scene.says = "neither" if self._person.really == "somebody else" else groups[0].split()[1]
        await self._desk.take_report([self._person.row(group) for group in groups])

    async def _register_has(self, lines: tuple[str, ...]) -> None:
        self._house.register_lines = lines
        await self._house.bring_register_up_to_date(again=True)
        await self._house.settle()

    async def _register_changes(self, step: RegisterChanges) -> None:
        self._happens(f"The register: {step.what}.")
        entered = step.what == "the person is entered"
        self._person = self._person.entered() if entered else self._person.left_home()
        self._scene.person = self._person
        await self._register_has(self._person.lines)

    async def _gateway(self, step: GatewayDoes) -> None:
        self._happens(f"The mail gateway {step.what}.")
        gateway = self._house.gateway
        if step.what == "refuses the next mail":
            gateway.refuses += 1
        else:
            gateway.bounces += 1

    async def _comes_back(self, step: ComesBack) -> None:
        scene = await self._seen({})
        values = completed_form(step.form, step.manner, step.given, scene)
        self._scene.form, self._scene.returned = step.form, values
        self._happens(f"Corrections returns the {step.form.value}, {step.manner}.")
        if step.form is Form.T_438:
            await self._scan(step)
            return
        try:
            message = reply(self._house.gateway, step.form, values, self._house.now)
        except LookupError:
            raise WrongSituation(
                step.line, f"no {step.form.value} has been sent yet, so none comes back"
            ) from None
        self._house.gateway.returns.put(message)
        await self._house.settle()

    async def _scan(self, step: Step) -> None:
        """The signed paper is scanned into the person's file."""
        found = await self._desk.open_task("record_part_b")
        if found is None:
            raise WrongSituation(step.line, "nobody waits for the T-438: it is signed after the viewing")
        resources = self._house.resources
        self._scene.scan = await file_scan(
            resources.database,
            resources.documents,
            case_id=found.task.case_id,
            paper=Paper.T_438,
            content=scanned_paper(),
            by=self._house.caller(Role.ADVISOR_PLACEMENT).by(),
            at=self._house.now,
        )

    # -- answers -------------------------------------------------------------------------------------------------

    async def _go_on(self, step: GoesOn) -> None:
        for _ in range(_MOST_ANSWERS):
            tasks = await self._desk.open_tasks()
            if step.until and any(one.task.kind == step.until for one in tasks):
                return
            able = next((one for one in tasks if knows(one.task.kind)), None)
            if able is None:
                break
            await self._give(able, AnswerTask(step.line, None, able.task.kind))
            await self._tell()
        if step.until:
            asked = ", ".join(in_words(one.task.kind) for one in await self._desk.open_tasks()) or "nothing"
            raise WrongSituation(step.line, f"{in_words(step.until)!r} is not asked; asked now: {asked}")

    async def _answer(self, step: AnswerTask) -> None:
        found = await self._desk.open_task(step.kind)
        if found is None:
            asked = ", ".join(in_words(one.task.kind) for one in await self._desk.open_tasks()) or "nothing"
            raise WrongSituation(step.line, f"{in_words(step.kind)!r} is not asked; asked now: {asked}")
        await self._give(found, step)

    async def _give(self, found: OpenTask, step: AnswerTask) -> None:
        if step.kind in _NEEDS_THE_REGISTER:
            await self._house.bring_register_up_to_date()
        if step.kind == "record_part_b" and self._scene.scan is None and not step.given.get("by_phone"):
            await self._comes_back(ComesBack(step.line, None, Form.T_438, "signed suitable"))
        scene = await self._seen(found.task.context, found.state)
        body = usual_answer(step.kind, scene, step.given)
        caller = self._house.caller(step.by or found.task.role)
        await self._given(
            step,
            lambda: answer_task(caller, found.task, command_id=_command(), body=body, seen_version=None),
            f"{ALL[step.kind].title!r} by {caller.actor.name}",
        )

    async def _change(self, step: ReportChange) -> None:
        asked = CHANGES[step.kind]
        found = await self._desk.open_case()
        if found is None:
            raise WrongSituation(step.line, "no case of the person is open, so nothing can change in it")
        body = usual_change(step.kind, await self._seen({}, found.state), step.given, asked.model_fields)
        role = step.by or next(role for role in Role if role in asked.roles)
        caller = self._house.caller(role)
        self._happens(f"{caller.actor.name} reports: {asked.title}.")
        await self._given(
            step,
            lambda: report_change(caller, found, kind=step.kind, command_id=_command(), body=body),
            f"{asked.title!r} by {caller.actor.name}",
        )

    async def _given(self, step: AnswerTask | ReportChange, give: Callable[[], Any], what: str) -> None:
        """Give it to the case; a refusal is what the situation expects, or its end."""
        problem = await _problem(give)
        await self._house.settle()
        rule = problem.body.rule if problem else None
        if problem is None and step.refused:
            await self._expect(step, f"{what} is taken, though {step.refused} should refuse it")
        elif problem is not None and step.refused:
            said = f"{rule}: {problem.body.detail}"
            right = rule == step.refused
            self._story.expected(
                f"refused, {said}", None if right else f"refused by {said}, not by {step.refused}"
            )
            if not right:
                self.problems.append(f"line {step.line}: refused by {said}, not by {step.refused}")
        elif problem is not None:
            raise WrongSituation(step.line, f"{what} is refused: {_told(problem)}")

    async def _expect(self, step: Step, problem: str) -> None:
        self._story.expected("", problem)
        self.problems.append(f"line {step.line}: {problem}")

    async def _seen(self, context: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> Scene:
        return replace(
            self._scene,
            now=self._house.now,
            context=context,
            state=state or {},
            versions=await self._desk.contact_versions(),
            mail_id=await self._desk.last_mail(),
        )


def _command() -> str:
    return str(uuid.uuid4())


async def _problem(give: Callable[[], Any]) -> Problem | None:
    """What the API would answer instead of taking it."""
    try:
        outcome = await give()
    except Problem as problem:
        return problem
    match outcome:
        case Recorded():
            return None
        case Waiting():
            return Problem(503, "waiting", "it was not recorded within a minute")
        case RefusedCommand() | Malformed() | Decided() | Late():
            return problem_of(outcome)
        case _:
            assert_never(outcome)


def _told(problem: Problem) -> str:
    body = problem.body
    errors = [
        f"{'.'.join(map(str, error.get('loc', ())))}: {error.get('msg', '')}" for error in body.errors or ()
    ]
    rule = f"{body.rule}: " if body.rule else ""
    return f"{rule}{body.detail}{' ' + '; '.join(errors) if errors else ''}"
