"""Reaching Corrections by phone: retry daily, service manager after two working days, manager after five."""

from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.deadlines import CallLadder, Deadlines
    from procedures.editions import parameters_for
    from procedures.identify import (
        CallingState,
        CorrectionsUnreachable,
        IdentifyState,
        PhoneCorrections,
        Statement,
    )
    from procedures.record import CallMade, NoticeGiven, StatusConfirmed
    from procedures.terms import CallOutcome, Channel, Role
    from workflows.case_run import Answered, CaseRun
    from workflows.options import PATIENT


class Calling:
    """The phone task of a case, across attempts that reach nobody (AMB-P1-28)."""

    def __init__(self, case: CaseRun[IdentifyState], state: Callable[[], IdentifyState]) -> None:
        self._case = case
        self._state = state

    def open(self) -> None:
        """Ask for the call: urgent at first, again within a day after an attempt."""
        calling = self._state().calling
        parameters = parameters_for(self._state().edition)
        wait = timedelta(days=parameters.call_retry_days) if calling.attempts else parameters.call_within
        self._case.open(
            PhoneCorrections,
            urgent=True,
            due_at=(calling.attempts[-1] if calling.attempts else self._case.now) + wait,
            context={"call": calling.call, "attempts": len(calling.attempts)},
        )

    def next_instant(self) -> datetime | None:
        """When the service manager, then the manager, comes in (UTC)."""
        calling = self._state().calling
        if calling.call == "contact":
            return calling.service_manager_at
        return None if calling.manager_told else calling.manager_at

    async def handle(self, event: Answered) -> None:
        """Record the call: a confirmation when somebody answered, an attempt otherwise."""
        answer = event.answer
        assert isinstance(answer, PhoneCorrections)
        state = self._state()
        state.calls += 1
        call_id = answer.call_id or f"{state.case_id}-L{state.calls}"
        self._case.add(
            CallMade(
                call_id=call_id,
                outcome=answer.outcome,
                spoke_with=answer.spoke_with,
                office=answer.office,
                started_at=answer.started_at,
                ended_at=answer.ended_at,
                answers={"said": answer.said.value} if answer.said else {},
                note=answer.note,
            )
        )
        if answer.outcome is CallOutcome.ANSWERED:
            self._confirm(answer, call_id)
            state.calling = CallingState()
            self._case.cancel("Corrections has answered", CorrectionsUnreachable.kind)
        else:
            await self._attempted(answer.ended_at)

    def escalate(self) -> None:
        """A step of the ladder is due: the service manager is called next, or the manager is asked to arrange it."""
        state = self._state()
        calling, now = state.calling, self._case.now
        if calling.manager_at and now >= calling.manager_at and not calling.manager_told:
            self._case.open(CorrectionsUnreachable, urgent=True)
            self._case.add(
                NoticeGiven(
                    notice_id=f"{state.case_id}-unreachable-{state.calls}",
                    role=Role.MANAGER_HOUSING_WELLBEING_SUPPORT,
                    region=state.region,
                    kind="corrections_unreachable",
                )
            )
            state.calling = calling.model_copy(update={"manager_told": True, "call": "service_manager"})
        elif calling.service_manager_at and now >= calling.service_manager_at:
            state.calling = calling.model_copy(update={"call": "service_manager"})
        self._case.cancel("the service manager is called next", PhoneCorrections.kind)

    async def _attempted(self, ended_at: datetime) -> None:
        state = self._state()
        calling = state.calling
        if not calling.attempts:
            ladder: CallLadder = await workflow.execute_activity_method(
                Deadlines.call_ladder, args=[ended_at, state.edition], summary="1.4 call ladder", **PATIENT
            )
            calling = calling.model_copy(
                update={
                    "service_manager_at": ladder.service_manager_at,
                    "manager_at": ladder.manager_at,
                }
            )
        state.calling = calling.model_copy(update={"attempts": (*calling.attempts, ended_at)})

    def _confirm(self, answer: PhoneCorrections, call_id: str) -> None:
        assert answer.said is not None
        state = self._state()
        confirmation_id = f"{state.case_id}-S{len(state.statements) + 1}"
        self._case.add(
            StatusConfirmed(
                confirmation_id=confirmation_id,
                person_ref=state.person.primary if state.person else None,
                said_by=answer.spoke_with or "",
                office=answer.office or "",
                channel=Channel.VERBAL,
                status_said=answer.said,
                said_at=answer.ended_at,
                note=answer.note,
                call_id=call_id,
            )
        )
        state.statements = (
            *state.statements,
            Statement(
                confirmation_id=confirmation_id,
                said=answer.said,
                channel=Channel.VERBAL,
                said_at=answer.ended_at,
            ),
        )
