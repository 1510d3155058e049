"""What happens beside the steps of procedure 1: interruptions at any waiting point, never deleting anything."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures import changes
    from procedures.assessment import AssessmentCode, AssessmentStatus
    from procedures.exchange_state import ExchangeState
    from procedures.form_exchange import ANSWERS as EXCHANGE_ANSWERS
    from procedures.identify import AnswerBeforeT441, CallingState, IdentifyState, LinkedPerson, Statement
    from procedures.record import EntryResolved, NoteWritten, StatusConfirmed
    from procedures.report_week import nominal_friday
    from procedures.terms import Channel, Procedure, ReportGroup, StatusSaid
    from procedures.transitions import Trigger
    from workflows.case_run import CaseRun, Interrupted
    from workflows.form_exchange import FormExchange
    from workflows.identify_outcome import Outcome
    from workflows.mistakes import follow_up_on
    from workflows.other_cases import references, told_by_corrections

EXCHANGE_TASKS = frozenset(answer.kind for answer in EXCHANGE_ANSWERS)
"""Tasks that go on when Corrections confirms the status anew: a form already out keeps its clock."""

Link = Callable[[str, tuple[str, ...]], Awaitable[str]]


class Interruptions:
    """Answers each change with the step at which the case goes on."""

    def __init__(
        self,
        case: CaseRun[IdentifyState],
        outcome: Outcome,
        exchange: FormExchange[IdentifyState],
        link: Link,
    ) -> None:
        self._case = case
        self._outcome = outcome
        self._exchange = exchange
        self._link = link

    async def handle(self, interruption: Interrupted) -> str:
        """The next step after a change (AMB-X-6)."""
        change, state = interruption.change, self._outcome.state
        await follow_up_on(self._case, interruption)
        if await self._exchange.changed(change, interruption.by):
            return state.step
        match change:
            case changes.Withdraw():
                self.note(change.reason)
                return self._end("withdrawn", "the case was withdrawn")
            case changes.Died():
                self.note(change.note)
                return self._end("died", "the person has died")
            case changes.CorrectionsSays():
                self._says(change)
                return "1.5"
            case changes.CorrectLink():
                return await self._correct_link(change)
            case changes.Vacated():
                return self._vacated(change)
            case _:
                raise TypeError(f"procedure 1 knows no change {change.kind}")

    def stop_disclosure(self, reason: str, *keep: str) -> None:
        """Open tasks end, but for the kinds to keep; unsent mail and clocks are cancelled; what has left stays listed."""
        self._case.cancel(reason, keep=keep)
        self._exchange.stop(reason)

    def note(self, text: str) -> None:
        """Detailed notes of the case."""
        state = self._outcome.state
        state.notes += 1
        self._case.add(NoteWritten(note_id=f"{state.case_id}-N{state.notes}", text=text))

    def _says(self, change: changes.CorrectionsSays) -> None:
        """A new word on the status; a T-441 that is out goes on only while the word is CSO."""
        if change.said is StatusSaid.CSO:
            self._case.cancel("Corrections has said something new", keep=EXCHANGE_TASKS)
        else:
            self.stop_disclosure("Corrections has said otherwise")
        self._stated(change.said, change.said_by, change.office, change.said_at, change.note)

    def told(self, what: dict[str, Any]) -> bool:
        """Another case recorded Corrections' word: it is this one's too, unless it is known, or older (AMB-P1-22)."""
        state = self._outcome.state
        statement = Statement(
            confirmation_id=what["confirmation_id"],
            said=what["status_said"],
            channel=what["channel"],
            said_at=what["said_at"],
        )
        known = any(
            one.confirmation_id == statement.confirmation_id or one.said_at > statement.said_at
            for one in state.statements
        )
        if known or state.person is None:
            return False
        if statement.said is StatusSaid.CSO:
            self._case.cancel("Corrections has said something new", keep=EXCHANGE_TASKS)
        else:
            self.stop_disclosure("Corrections has said otherwise")
        state.statements = (*state.statements, statement)
        state.calling = CallingState()
        return True

    def stated_on_the_form(self, said: StatusSaid, completed_by: str) -> None:
        """The completed T-441 says that the person is not, or no longer, under an order (AMB-P1-7)."""
        note = "Stated on the completed T-441."
        self._stated(said, completed_by, completed_by, self._case.now, note, Channel.T_441)

    def _stated(
        self,
        said: StatusSaid,
        said_by: str,
        office: str,
        said_at: datetime,
        note: str,
        channel: Channel = Channel.VERBAL,
    ) -> None:
        state = self._outcome.state
        confirmation_id = f"{state.case_id}-S{len(state.statements) + 1}-{state.turn}"
        self._case.add(
            StatusConfirmed(
                confirmation_id=confirmation_id,
                person_ref=state.person.primary if state.person else None,
                said_by=said_by,
                office=office,
                channel=channel,
                status_said=said,
                said_at=said_at,
                note=note,
            )
        )
        statement = Statement(confirmation_id=confirmation_id, said=said, channel=channel, said_at=said_at)
        state.statements = (*state.statements, statement)
        state.calling = CallingState()

    async def _correct_link(self, change: changes.CorrectLink) -> str:
        """TR-15: the assessment closes as recorded in error, and the right person is linked.

        One that Corrections had confirmed before is not this case's work: it was there before the wrong link, and stays;
        if this case has made it pending, the person is phoned about anew and the warning is not lost (TR-10, AMB-X-6).
        Without an assessment the other cases of the wrong person have nothing to go on with: they cease (AMB-X-4).
        """
        self.stop_disclosure("the wrong person was linked")
        self.note(change.reason)
        self._stated(StatusSaid.NEITHER, change.said_by, change.office, change.said_at, change.reason)
        if self._outcome.state.verbal is None:  # something else was said of the same instant (AMB-P1-22)
            return "1.4"
        wrong, word = self._outcome.person, self._outcome.state.statements[-1]
        pending = wrong.held.status == AssessmentStatus.PEN
        if closes := pending and wrong.held.confirmed is None:
            self._recorded_in_error(change)
        self._forget_person()
        await self._case.write()
        if closes and workflow.patched("cases-of-the-wrong-person-cease"):
            await told_by_corrections(self._outcome.state.case_id, references(wrong), word)
        elif pending and not closes:
            await self._verify_anew(wrong)
        if change.person_ref is None:
            self.note(change.no_person_reason or "")
            return self._end("no match", "the wrong person was linked", resolved="no_match")
        return await self._link(change.person_ref, change.duplicates)

    def _recorded_in_error(self, change: changes.CorrectLink) -> None:
        self._outcome.calculate(
            Trigger.LINKED_TO_WRONG_PERSON,
            evidence={
                "manager_approval": True,
                "right_person_linked": change.person_ref is not None,
                "no_right_person_reason": change.no_person_reason or "",
            },
            comment="recorded in error",
        )

    async def _verify_anew(self, person: LinkedPerson) -> None:
        """What Corrections said in this case was said of somebody else: a case of the person's own begins with the call.

        A person has one open case: this one is written without the person first.
        """
        state = self._outcome.state
        state.followers += 1
        was_nso = person.held.confirmed == AssessmentCode.D2
        following = IdentifyState(
            case_id=f"{state.case_id}-C{state.followers}",
            procedure=Procedure.IDENTIFY,
            edition=state.edition,
            region=state.region,
            step="1.4",
            entry_id=None,
            group=ReportGroup.EXIT_NSO if was_nso else ReportGroup.NEW_CSO,
            friday=nominal_friday(self._case.now),
            person=person,
        )
        self._case.hand_over(following, person_ref=person.primary, entry_id=None)
        await self._case.write()
        await self._case.start_following()

    def _forget_person(self) -> None:
        state = self._outcome.state
        state.person = None
        state.statements = ()
        state.live = None
        state.asked_before_t441 = False
        state.vacated = False
        state.exchange = ExchangeState(
            cycle=state.exchange.cycle, clocks_set=state.exchange.clocks_set, read=state.exchange.read
        )

    def _vacated(self, change: changes.Vacated) -> str:
        """The code does not move. Not considered for another home: disclosure stops (AMB-P1-21)."""
        state = self._outcome.state
        self.note(change.reason)
        if not change.still_considered:
            self._case.cancel("the person has left the home", AnswerBeforeT441.kind, *EXCHANGE_TASKS)
            self._exchange.stop("the person has left the home")
            state.vacated = True
            if state.live:
                state.live = False
        return state.step

    def _end(self, outcome: str, reason: str, *, resolved: str | None = None) -> str:
        state = self._outcome.state
        self.stop_disclosure(reason)
        if state.entry_id:
            self._case.add(EntryResolved(entry_id=state.entry_id, outcome=resolved or outcome))
        state.outcome = outcome
        return "end"
