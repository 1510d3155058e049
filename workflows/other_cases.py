"""A person's other cases: told what Corrections said and what the report said; procedure 1 opened when none is open."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.duties import Duties
    from activities.tidings import News, Tidings
    from procedures import changes, check_suitability
    from procedures.check_suitability_state import FollowingState
    from procedures.disclose_change import DiscloseChangeState
    from procedures.identify_state import IdentifyState, LinkedPerson, Statement
    from procedures.local_time import local_date
    from procedures.record import NoteWritten, NoticeGiven, StatusConfirmed
    from procedures.report_week import nominal_friday
    from procedures.terms import Channel, Procedure, ReportGroup, Role, StatusSaid
    from procedures.watch import left_home
    from workflows.case_run import CaseRun
    from workflows.options import BRIEF, PATIENT

S = TypeVar("S", bound=FollowingState)


def references(person: LinkedPerson | None) -> tuple[str, ...]:
    """Every record of the person, duplicates too."""
    return tuple(record.person_ref for record in person.records) if person else ()


async def check_suitability_follows(case: CaseRun[IdentifyState]) -> None:
    """Procedure 2 follows (P1.X1); a case of it that is open about this person goes on instead of a second one."""
    assert case.state is not None
    refs = references(case.state.person)
    open_now = await workflow.execute_activity_method(
        Tidings.open_case, args=[Procedure.CHECK_SUITABILITY, refs], **PATIENT
    )
    if open_now is None:
        await _open_procedure_2(case, case.state, refs)


async def _open_procedure_2(
    case: CaseRun[IdentifyState], identified: IdentifyState, refs: tuple[str, ...]
) -> None:
    """Any report entry of the person will do; without one the manager resolves it with Corrections (AMB-P2-17)."""
    entry_id = identified.entry_id or await workflow.execute_activity_method(
        Duties.report_entry_of, refs, **PATIENT
    )
    if entry_id is None:
        kind = "lives_in_a_home_without_entry"
        manager = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
        case.add(
            NoticeGiven(
                notice_id=f"{identified.case_id}-{kind}", role=manager, region=identified.region, kind=kind
            )
        )
        return
    following = check_suitability.opening(identified, found_by=entry_id)
    case.hand_over(following, person_ref=following.person.primary, entry_id=following.entry_id)


async def told_by_corrections(case_id: str, person_refs: Sequence[str], statement: Statement) -> list[str]:
    """Corrections' word on the status: CSO ends a pause, anything else ends the cases (AMB-X-4).

    Returns the procedures of which another case was open.
    """
    return await spread(
        case_id,
        person_refs,
        statement.confirmation_id,
        {
            "status_said": statement.said.value,
            "said_at": statement.said_at.isoformat(),
            "channel": statement.channel.value,
            "confirmation_id": statement.confirmation_id,
        },
    )


async def named_in_the_exit_group(case_id: str, person_refs: Sequence[str], entry_id: str) -> list[str]:
    """Only indicative: the cases pause until Corrections confirms (AMB-X-5). Returns as told_by_corrections."""
    return await spread(case_id, person_refs, f"exit-{entry_id}", {"exit_entry": entry_id})


async def spread(case_id: str, person_refs: Sequence[str], news_id: str, what: dict[str, Any]) -> list[str]:
    """One short local activity; when it does not get through, an ordinary one that keeps trying."""
    news = News(news_id=news_id, from_case_id=case_id, person_refs=tuple(person_refs), what=what)
    given: dict[str, Any] = {"args": [news, workflow.now()], "summary": "tell the person's other cases"}
    try:
        told: list[str] = await workflow.execute_local_activity_method(Tidings.spread, **given, **BRIEF)
    except FailureError:
        told = await workflow.execute_activity_method(Tidings.spread, **given, **PATIENT)
    return told


class OtherCases(Generic[S]):
    """What a later procedure hands back to procedure 1, which alone moves the code."""

    def __init__(self, case: CaseRun[S]) -> None:
        self._case = case

    @property
    def state(self) -> S:
        """What the case remembers."""
        assert self._case.state is not None
        return self._case.state

    async def says(self, change: changes.CorrectionsSays, *, channel: Channel = Channel.VERBAL) -> None:
        """Recorded here, told to every other open case; NSO and *neither* go on in a case of procedure 1 (AMB-X-4).

        What only a form says is confirmed by phone there first (A-C5).
        """
        statement = self._stated(change, channel)
        refs = references(self.state.person)
        open_now = await told_by_corrections(self.state.case_id, refs, statement)
        if change.said is not StatusSaid.CSO and Procedure.IDENTIFY.value not in open_now:
            step = "1.5" if channel is Channel.VERBAL else "1.4"
            await self._open_procedure_1(step, change.said, (statement,))

    async def linked_in_error(self, reason: str) -> None:
        """Corrections is phoned in procedure 1, where the manager corrects the link (TR-15)."""
        self.note(reason)
        refs = references(self.state.person)
        open_now = await workflow.execute_activity_method(
            Tidings.open_case, args=[Procedure.IDENTIFY, refs], **PATIENT
        )
        if open_now is None:
            await self._open_procedure_1("1.4", StatusSaid.CSO, ())
        self.tell(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "linked_in_error")

    async def tell_of_the_leaving(self, facts: str) -> None:
        """Leaving a home of ours is told with a T-442; once, whether a person or an import of the register found it."""
        state = self.state
        found = left_home(state.person.property_ref, facts)
        known = await workflow.execute_activity_method(
            Duties.already_told, args=[state.person.primary, found.about], **PATIENT
        )
        if known:
            return
        state.followers += 1
        duty = DiscloseChangeState(
            case_id=f"{state.case_id}-D{state.followers}",
            procedure=Procedure.DISCLOSE_CHANGE,
            edition=state.edition,
            region=state.region,
            step="A",
            person=state.person,
            kind=found.kind,
            facts=found.facts,
            aware_on=local_date(self._case.now),
            about=found.about,
        )
        self._case.hand_over(duty, person_ref=state.person.primary, entry_id=None)

    async def person_again(self) -> LinkedPerson:
        """The person as register and assessments have them now."""
        person: LinkedPerson = await workflow.execute_activity_method(
            Duties.person_again, self.state.person, **PATIENT
        )
        return person

    def note(self, text: str) -> None:
        """Detailed notes of the case."""
        self.state.notes += 1
        self._case.add(NoteWritten(note_id=f"{self.state.case_id}-N{self.state.notes}", text=text))

    def tell(self, role: Role, kind: str, number: int | None = None) -> None:
        """A secure notice inside the system; it names the case and nobody (AMB-P2-7, AMB-P2-18)."""
        state = self.state
        once = state.turn if number is None else number
        self._case.add(
            NoticeGiven(notice_id=f"{state.case_id}-{kind}-{once}", role=role, region=state.region, kind=kind)
        )

    def _stated(self, change: changes.CorrectionsSays, channel: Channel) -> Statement:
        state = self.state
        state.statements += 1
        confirmation_id = f"{state.case_id}-W{state.statements}"
        self._case.add(
            StatusConfirmed(
                confirmation_id=confirmation_id,
                person_ref=state.person.primary,
                said_by=change.said_by,
                office=change.office,
                channel=channel,
                status_said=change.said,
                said_at=change.said_at,
                note=change.note,
            )
        )
        return Statement(
            confirmation_id=confirmation_id,
            said=change.said,
            channel=channel,
            said_at=change.said_at,
        )

    async def _open_procedure_1(self, step: str, said: StatusSaid, statements: tuple[Statement, ...]) -> None:
        state = self.state
        person = await self.person_again()
        state.followers += 1
        identified = IdentifyState(
            case_id=f"{state.case_id}-C{state.followers}",
            procedure=Procedure.IDENTIFY,
            edition=state.edition,
            region=state.region,
            step=step,
            entry_id=None,
            group=ReportGroup.EXIT_NSO if said is StatusSaid.NSO else ReportGroup.NEW_CSO,
            friday=nominal_friday(workflow.now()),
            person=person,
            statements=statements,
        )
        self._case.hand_over(identified, person_ref=person.primary, entry_id=None)
