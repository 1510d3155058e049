"""What the record says at the moment an answer comes in: gathered here, judged by the rules of the procedure."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

from api.resources import Resources
from models.queries import reports
from models.queries.cases import CaseDetail
from procedures.changes import Change, CorrectLink
from procedures.identify import IdentifyOccupant, LiveFacts, MatchEntry, MatchFacts
from procedures.intake import RunFacts
from procedures.local_time import local_date
from procedures.parameters import parameters_for
from procedures.refusals import Refused
from procedures.tasks import Answer, Facts
from procedures.terms import Occupancy, RecordState

Gather = Callable[[Resources, CaseDetail, Answer, datetime], Awaitable[Facts]]


async def facts_of_answer(
    resources: Resources, case: CaseDetail, answer: Answer, now: datetime
) -> dict[str, Any]:
    """The facts that the rule of this kind of answer needs; empty when it needs none."""
    gather = _GATHER.get(answer.kind)
    if gather is None:
        return {}
    return (await gather(resources, case, answer, now)).model_dump(mode="json")


async def facts_of_change(resources: Resources, change: Change) -> dict[str, Any]:
    """The facts that the rule of this kind of change needs; empty when it needs none."""
    if not isinstance(change, CorrectLink):
        return {}
    asked = (change.person_ref, *change.duplicates) if change.person_ref else ()
    return MatchFacts(unknown_refs=await _unknown(resources, asked)).model_dump(mode="json")


async def _match(resources: Resources, case: CaseDetail, answer: Answer, now: datetime) -> MatchFacts:
    assert isinstance(answer, MatchEntry | IdentifyOccupant)
    asked = (answer.person_ref, *answer.duplicates) if answer.person_ref else ()
    searched: frozenset[str] = frozenset()
    ours = False
    if case.entry_id:
        searched = await reports.searched_kinds(resources.database, case.entry_id)
        entry = await reports.entry(resources.database, case.entry_id)
        if entry and entry.full_address:
            ours = await resources.register.is_one_of_our_homes(entry.full_address)
    return MatchFacts(
        searched=searched,
        address_is_ours=ours,
        register_stale=await register_is_stale(resources, case.edition, now),
        unknown_refs=await _unknown(resources, asked),
    )


async def register_is_stale(resources: Resources, edition: str, now: datetime) -> bool:
    """True when the register's data are older than the working days that policy allows (AMB-P1-17)."""
    as_of = await resources.register.as_of()
    if as_of is None:
        return True
    parameters = parameters_for(edition)
    calendar = await resources.deadlines.calendar(parameters.calendar)
    last_good_day = calendar.working_days_after(local_date(as_of), parameters.register_data_days).last
    return local_date(now) > last_good_day


async def _unknown(resources: Resources, asked: Iterable[str]) -> tuple[str, ...]:
    wanted = list(asked)
    known = await resources.register.persons(wanted) if wanted else {}
    return tuple(reference for reference in wanted if reference not in known)


async def _live(resources: Resources, case: CaseDetail, answer: Answer, now: datetime) -> LiveFacts:
    person = await resources.register.person(case.person_ref) if case.person_ref else None
    if person is None:
        raise Refused("P1.S2.1", "match the entry to a register person first")
    return LiveFacts(record_state=RecordState(person.record_state), occupancy=Occupancy(person.occupancy))


async def _run(resources: Resources, case: CaseDetail, answer: Answer, now: datetime) -> RunFacts:
    run = await reports.run_of_case(resources.database, case.case_id)
    if run is None:
        raise Refused("P1.N2", "this case is no Friday run")
    return RunFacts(read=run.counts.read, resolved=run.counts.resolved)


_GATHER: dict[str, Gather] = {
    "match_entry": _match,
    "identify_occupant": _match,
    "live_record": _live,
    "close_run": _run,
}
