"""The pure rules of `procedures/`, asked as the workflows ask them: the state as a case would hold it, and the verdict."""

from datetime import datetime, timedelta
from typing import Any

from procedures import (
    EDITION,
    changes,
    check_suitability,
    disclose_change,
    identify,
    match_void,
    match_void_changes,
    offer,
)
from procedures.answers import answer_type
from procedures.changes import CHANGES
from procedures.check_suitability_state import CheckSuitabilityState, Pause
from procedures.clocks import ClockKind, WorkingDayClock, working_day_clock
from procedures.disclose_change import DiscloseChangeState
from procedures.exchange_state import ConfirmedContact, ExchangeState, RunningClock
from procedures.identify_state import CallingState, IdentifyState, LinkedPerson, RecordHeld, Statement
from procedures.match_void_endings import Ending
from procedures.match_void_state import AgreedCall, Approval, BookedViewing, Disclosed, HeldT441, MatchState
from procedures.offer_state import OfferState, RatingCheck
from procedures.refusals import Refused
from procedures.returned_parts import Suitability
from procedures.tasks import OpenTask
from procedures.terms import Channel, Form, Occupancy, Procedure, RecordState, ReportGroup, Role, StatusSaid
from procedures.viewing import agreed_call
from procedures.watch import DutyKind
from procedures.working_days import Calendar, CalendarName
from tests.reference.bodies import answer_body, change_body
from tests.reference.commands import TAKEN, Command
from tests.reference.days import at
from tests.reference.world import Case, Exchange, Word, World

PERSON, PROPERTY = "P-1", "V-1"
CALENDAR = Calendar(CalendarName.NZ_NATIONAL)
State = IdentifyState | CheckSuitabilityState | MatchState | OfferState | DiscloseChangeState
_PROCEDURES = {
    "I": Procedure.IDENTIFY, "S": Procedure.CHECK_SUITABILITY, "V": Procedure.MATCH_VOID, "O": Procedure.OFFER,
    "D": Procedure.DISCLOSE_CHANGE,
}  # fmt: skip


def verdict(world: World, command: Command) -> str:
    """What the rules say of an answer to an open task, or of a change of an open case: taken, or the refusing rule."""
    case = world.cases[command.case]
    state, now = state_of(world, case), world.now
    try:
        if command.do == "change":
            _check_change(state, command, world, case)
        else:
            refs = {"person": PERSON, "scan": "scan-1"}
            body, facts = answer_body(world, case, command.kind, command.how, refs)
            answer = answer_type(command.kind).model_validate(body)
            _check_answer(state, answer, facts, now)
    except Refused as refused:
        return refused.rule
    return TAKEN


def _check_answer(state: State, answer: Any, facts: dict[str, Any], now: datetime) -> None:
    match state:
        case IdentifyState():
            identify.check_answer(state, answer, facts, now)
        case CheckSuitabilityState():
            check_suitability.check_answer(state, answer, facts)
        case MatchState():
            match_void.check_answer(state, answer, facts, now)
        case OfferState():
            offer.check_answer(state, answer, facts, now)
        case DiscloseChangeState():
            disclose_change.check_answer(state, answer, facts)


def _check_change(state: State, command: Command, world: World, case: Case) -> None:
    change = change_of(world, case, command)
    match state:
        case IdentifyState():
            changes.check_change(state, change, {}, world.now)
        case CheckSuitabilityState():
            check_suitability.check_change(state, change, world.now)
        case MatchState():
            match_void_changes.check_change(state, change, world.now)
        case OfferState():
            offer.check_change(state, change, world.now)
        case DiscloseChangeState():
            disclose_change.check_change(state, change, world.now)


def change_of(world: World, case: Case, command: Command) -> changes.Change:
    """The change as the case takes it."""
    mail = f"{case.name}-{case.x.cycle}" if case.x.out else None
    body, _ = change_body(world, case, command.kind, command.how, mail)
    return CHANGES[command.kind].model_validate(body)


# -- the state of a case --------------------------------------------------------------------------------------


def state_of(world: World, case: Case) -> State:
    """What the workflow of this case would remember."""
    known: dict[str, Any] = {
        "case_id": case.name, "procedure": _PROCEDURES[case.procedure], "edition": EDITION, "region": "harbourview",
        "step": case.step, "exchange": exchange_of(case),
        "tasks": {f"{case.name}-{n}": _task(case, n) for n in range(len(case.tasks))},
    }  # fmt: skip
    match case.procedure:
        case "I":
            return _identify(world, case, known)
        case "S":
            return _suitability(world, case, known)
        case "D":
            return DiscloseChangeState(
                **known, person=person_of(world), kind=DutyKind.ACCOMMODATION_CHANGE, facts="Leaves.",
                aware_on=world.now.date(),
            )  # fmt: skip
        case "V":
            return _match(world, case, known)
        case _:
            return _offer(world, case, known)


def _task(case: Case, number: int) -> OpenTask:
    task = case.tasks[number]
    with_form = case.x.documents.get(task.about, False)
    return OpenTask(
        task_id=f"{case.name}-{number}", kind=task.kind, step=answer_type(task.kind).step,
        role=Role.ADVISOR_WELLBEING_SUPPORT, region="harbourview",
        context={"received_id": task.about, "documents": ["d-1"] if with_form else []},
    )  # fmt: skip


def person_of(world: World) -> LinkedPerson:
    """The person as register and assessments have them."""
    code, status = world.held or (None, None)
    live = world.lives != "historic"
    return LinkedPerson(
        primary=PERSON,
        records=(RecordHeld(person_ref=PERSON, number="A-1", code=code, status=status, version=1),),
        record_state=RecordState.LIVE if live else RecordState.HISTORIC,
        occupancy=Occupancy(world.lives if live else "none"),
        property_ref="H-1" if world.lives == "tenant" else None,
        region="harbourview",
    )


def statement(word: Word) -> Statement:
    """A word of Corrections as the rules know it."""
    channel = Channel.VERBAL if word.verbal else Channel.T_441
    return Statement(confirmation_id=word.id, said=StatusSaid(word.said), channel=channel, said_at=word.at)


def exchange_of(case: Case) -> ExchangeState:
    """A form that is out, with its clock counted by the rules."""
    x = case.x
    contact = ConfirmedContact(contact_id="contact-1", version=1, by="advisor-1", at=at(x.accepted_on, 12)) if (
        x.contact and x.accepted_on
    ) else None  # fmt: skip
    return ExchangeState(
        form=Form(x.form), cycle=x.cycle, contact=contact, mail_id=f"{case.name}-{x.cycle}" if x.out else None,
        letters={f"{case.name}-{x.cycle}-17030-{n}": n for n in range(1, x.letters + 1)}, clock=_running(x),
        unread=tuple(x.unread), complete=x.complete,
    )  # fmt: skip


def clock_of(x: Exchange) -> WorkingDayClock | None:
    """The clock of the exchange, counted by the rules from the local date of its day 0."""
    if x.day0 is None:
        return None
    kind = ClockKind.LETTER_ANSWER if x.number else ClockKind.T441_RETURN
    return working_day_clock(kind, at(x.day0, 12), CALENDAR, days=x.days)


def _running(x: Exchange) -> RunningClock | None:
    clock = clock_of(x)
    if clock is None:
        return None
    return RunningClock(
        clock_id="K1", number=x.number, due_day_opens_at=clock.due_day_opens_at, due_at=clock.due_at,
        letter_opens_at=clock.letter_opens_at, unread_limit_at=clock.unread_limit_at, days=len(clock.counted),
    )  # fmt: skip


def _identify(world: World, case: Case, known: dict[str, Any]) -> IdentifyState:
    return IdentifyState(
        **known,
        entry_id="entry-1" if case.reported else None,
        group=ReportGroup.NEW_CSO if case.group == "CSO" else ReportGroup.EXIT_NSO,
        friday=case.friday or world.now.date(),
        person=person_of(world) if case.linked else None,
        statements=tuple(map(statement, case.said)),
        calling=CallingState(attempts=(world.now,) * case.attempts),
        live=case.live,
        vacated=case.vacated,
        asked_before_t441=case.asked,
    )


def _suitability(world: World, case: Case, known: dict[str, Any]) -> CheckSuitabilityState:
    return CheckSuitabilityState(
        **known,
        entry_id="entry-1",
        friday=world.now.date(),
        person=person_of(world),
        suitability=Suitability(case.suitability) if case.suitability else None,
        supported=case.supported,
        paused=_pause(case),
    )


def _pause(case: Case) -> Pause | None:
    if case.paused is None:
        return None
    first, second = case.paused
    return Pause(since=first - timedelta(days=1), service_manager_at=first, manager_at=second)


def _placing(world: World, case: Case) -> dict[str, Any]:
    approval = Approval(
        approval_id="B-1", person_ref=PERSON, property_ref=PROPERTY, signed=case.ending != "not_suitable",
        suitability="not_suitable" if case.ending == "not_suitable" else "suitable",
        stored=case.ending != "not_suitable", withdrawn=case.taken_back,
    )  # fmt: skip
    return {
        "person": person_of(world),
        "property_ref": PROPERTY if case.matched else None,
        "said": tuple(map(statement, case.said)),
        "agreed": agreed(case),
        "papers": ("paper-1",) if case.paper else (),
        "done": tuple(case.done),
        "approval": approval if case.approved else None,
        "ending": Ending(case.ending) if case.ending else None,
        "ends_as": case.ends_as,
        "paused": _pause(case),
    }


def agreed(case: Case) -> AgreedCall | None:
    """The call in which Corrections agreed, with its window counted by the rules."""
    return agreed_call("L1", case.agreed_at, EDITION) if case.agreed_at else None


def _match(world: World, case: Case, known: dict[str, Any]) -> MatchState:
    others = [w.at for w in world.words if w.said != "CSO"]
    t441s = tuple(
        HeldT441(case_id="C-1", completed_at=read, order_status=StatusSaid(said))
        for read, said in world.completed
    )
    viewing = BookedViewing(
        viewing_id="A1", starts_at=case.booked_at, minutes=60, with_corrections="Sam", held_at=case.held_at
    ) if case.booked_at else None  # fmt: skip
    return MatchState(
        **known,
        **_placing(world, case),
        disclosed=Disclosed(t441s=t441s, order_ended_at=max(others, default=None)),
        ko_view=case.view if case.view in ("suitable", "unsuitable") else None,
        viewing=viewing,
        failures=case.failures,
    )


def _offer(world: World, case: Case, known: dict[str, Any]) -> OfferState:
    rating = (
        RatingCheck(rating_id="R1", action="none", done=case.rated in ("none", "done"))
        if case.rated
        else None
    )
    return OfferState(
        **known, **_placing(world, case), match_case_id="V1", rating=rating, offered_at=case.offered_at,
        shown_at=case.shown_at, accepted=case.accepted, kotahi_outcome=case.chosen,
    )  # fmt: skip
