"""What the record says at the moment an answer comes in: gathered here, judged by the rules of the procedure."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from activities.duties import Duties
from api.by_hand import entry_facts
from api.facts_of_sending import send_facts_of
from api.resources import Resources
from models.queries import cases, documents, people, prints, reports
from models.queries.cases import CaseDetail
from procedures.assessment import AssessmentStatus
from procedures.by_hand import BY_HAND, EnteredByHand
from procedures.changes import Change, CorrectLink
from procedures.check_suitability_answers import DisplayedFacts, FilingFacts, HouseholdFacts, SendT439Facts
from procedures.editions import parameters_for
from procedures.identify_answers import IdentifyOccupant, LiveFacts, MatchEntry, MatchFacts
from procedures.intake import RunFacts
from procedures.local_time import local_date
from procedures.match_void_outcome_answers import RecordPartB, ScanFacts
from procedures.refusals import Refused
from procedures.sort_mail import SortFacts, SortMail
from procedures.tasks import Answer, By, Facts
from procedures.terms import Occupancy, RecordState


@dataclass(frozen=True)
class Asked:
    """An answer that has come in, and where the facts for it are found."""

    resources: Resources
    case: CaseDetail
    answer: Answer
    by: By
    now: datetime


async def facts_of_answer(asked: Asked) -> dict[str, Any]:
    """The facts that the rule of this kind of answer needs; empty when it needs none. Raises Refused without a person."""
    gather = _GATHER.get(asked.answer.kind, _sending)
    found = await gather(asked)
    return found.model_dump(mode="json") if found else {}


async def facts_of_change(resources: Resources, change: Change) -> dict[str, Any]:
    """The facts that the rule of this kind of change needs; empty when it needs none."""
    if not isinstance(change, CorrectLink):
        return {}
    wanted = (change.person_ref, *change.duplicates) if change.person_ref else ()
    return MatchFacts(unknown_refs=await _unknown(resources, wanted)).model_dump(mode="json")


async def register_is_stale(resources: Resources, edition: str, now: datetime) -> bool:
    """True when the register's data are older than the working days that policy allows (AMB-P1-17)."""
    as_of = await resources.register.as_of()
    if as_of is None:
        return True
    parameters = parameters_for(edition)
    calendar = await resources.deadlines.calendar(parameters.calendar)
    too_old_from = calendar.working_days_after(local_date(as_of), parameters.register_data_days + 1).last
    return local_date(now) >= too_old_from


async def _match(asked: Asked) -> MatchFacts:
    answer, resources, entry_id = asked.answer, asked.resources, asked.case.entry_id
    assert isinstance(answer, MatchEntry | IdentifyOccupant)
    wanted = (answer.person_ref, *answer.duplicates) if answer.person_ref else ()
    searched: frozenset[str] = frozenset()
    ours = False
    if entry_id:
        searched = await reports.searched_kinds(resources.database, entry_id)
        entry = await reports.entry(resources.database, entry_id)
        if entry and entry.full_address:
            ours = await resources.register.is_one_of_our_homes(entry.full_address)
    return MatchFacts(
        searched=searched,
        address_is_ours=ours,
        register_stale=await register_is_stale(resources, asked.case.edition, asked.now),
        unknown_refs=await _unknown(resources, wanted),
    )


async def _unknown(resources: Resources, wanted: Iterable[str]) -> tuple[str, ...]:
    references = list(wanted)
    known = await resources.register.persons(references) if references else {}
    return tuple(reference for reference in references if reference not in known)


async def _live(asked: Asked) -> LiveFacts:
    reference = asked.case.person_ref
    person = await asked.resources.register.person(reference) if reference else None
    if person is None:
        raise Refused("P1.S2.1", "match the entry to a register person first")
    return LiveFacts(record_state=RecordState(person.record_state), occupancy=Occupancy(person.occupancy))


async def _run(asked: Asked) -> RunFacts:
    run = await reports.run_of_case(asked.resources.database, asked.case.case_id)
    if run is None:
        raise Refused("P1.N2", "this case is no Friday run")
    return RunFacts(
        read=run.counts.read,
        resolved=run.counts.resolved,
        open_prints=await prints.open_prints(asked.resources.database, run.run_id),
    )


async def _sending(asked: Asked) -> Facts | None:
    """For every answer that names a recipient; None for the others."""
    return await send_facts_of(asked.resources, asked.case, asked.answer, asked.by, asked.now)


async def _displayed(asked: Asked) -> DisplayedFacts:
    reference = asked.case.person_ref
    held = await people.assessments_of_person(asked.resources.database, reference) if reference else []
    shown = next((one for one in held if one.status != AssessmentStatus.CLO.value), None)
    return DisplayedFacts(code=shown.code if shown else None, status=shown.status if shown else None)


async def _both_forms(asked: Asked) -> SendT439Facts:
    sending, displayed = await _sending(asked), await _displayed(asked)
    reference = asked.case.person_ref
    person = await asked.resources.register.person(reference) if reference else None
    return SendT439Facts(
        **(sending.model_dump() if sending else {}),
        **displayed.model_dump(),
        occupancy=Occupancy(person.occupancy) if person else None,
    )


async def _household(asked: Asked) -> HouseholdFacts:
    reference = asked.case.person_ref
    alone = await people.lives_alone(asked.resources.database, reference) if reference else False
    return HouseholdFacts(lives_alone=alone)


async def _filing(asked: Asked) -> FilingFacts:
    duties = Duties(asked.resources.database, asked.resources.deadlines)
    return FilingFacts(unfiled=tuple(await duties.unfiled(asked.case.case_id)))


async def _scan(asked: Asked) -> ScanFacts:
    assert isinstance(asked.answer, RecordPartB)
    if asked.answer.document_id is None:
        return ScanFacts()
    held = await documents.document(asked.resources.database, asked.answer.document_id)
    if held is None:
        return ScanFacts()
    return ScanFacts(
        form=held.form,
        of_this_case=held.case_id == asked.case.case_id,
        in_person_file=held.file_id is not None,
    )


async def _sorted(asked: Asked) -> SortFacts:
    assert isinstance(asked.answer, SortMail)
    given = asked.answer.case_id
    known = given is not None and await cases.case(asked.resources.database, given) is not None
    return SortFacts(case_known=known)


async def _entered(asked: Asked) -> Facts:
    assert isinstance(asked.answer, EnteredByHand)
    return await entry_facts(asked.resources, asked.case.case_id, asked.answer)


_GATHER: dict[str, Callable[[Asked], Awaitable[Facts | None]]] = {
    "match_entry": _match,
    "identify_occupant": _match,
    "live_record": _live,
    "close_run": _run,
    "send_t439": _both_forms,
    "location_outcome": _displayed,
    "offer_questions": _displayed,
    "support_move": _household,
    "save_documents": _filing,
    "record_part_b": _scan,
    "sort_mail": _sorted,
    **dict.fromkeys(BY_HAND, _entered),
}
