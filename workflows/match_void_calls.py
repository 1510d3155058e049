"""The call of step 3.3: no viewing without it; retried daily, service manager after two, manager after five working days."""

from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.deadlines import CallLadder, Deadlines
    from procedures.editions import parameters_for
    from procedures.identify_answers import CorrectionsUnreachable
    from procedures.identify_state import CallingState, Statement
    from procedures.match_void_answers import PhoneAboutProperty
    from procedures.match_void_state import MatchState
    from procedures.record import StatusConfirmed
    from procedures.terms import CallOutcome, Channel, Role, StatusSaid
    from workflows.case_run import Answered, CaseRun, Due
    from workflows.match_void_placing import Placing
    from workflows.options import PATIENT


class PropertyCall:
    """Asks for the call until somebody at Corrections answers (AMB-P3-17)."""

    def __init__(self, case: CaseRun[MatchState], placing: Placing[MatchState]) -> None:
        self._case = case
        self._placing = placing

    @property
    def state(self) -> MatchState:
        """What the case remembers."""
        return self._placing.state

    async def until_answered(self) -> tuple[PhoneAboutProperty, str]:
        """The answered call and its id."""
        while True:
            self._open()
            event = await self._placing.event(
                PhoneAboutProperty, CorrectionsUnreachable, until=self._next_instant()
            )
            match event:
                case Due():
                    self._escalate()
                case Answered(answer=CorrectionsUnreachable() as arranged):
                    self._placing.note(arranged.arranged)
                case Answered(answer=PhoneAboutProperty() as call):
                    said = {"said": call.said, "property_may_suit": call.property_may_suit}
                    call_id = self._placing.call_made(event, said if call.said else {})
                    if call.outcome is CallOutcome.ANSWERED:
                        self._case.cancel("Corrections has answered", CorrectionsUnreachable.kind)
                        self.state.calling = CallingState()
                        return call, call_id
                    await self._attempted(call.ended_at)

    def confirmed(self, call: PhoneAboutProperty, call_id: str) -> None:
        """Corrections' word that the order is current, with the call it was said in."""
        state = self.state
        confirmation_id = f"{state.case_id}-P{len(state.said) + 1}"
        self._case.add(
            StatusConfirmed(
                confirmation_id=confirmation_id,
                person_ref=state.person.primary,
                said_by=call.spoke_with or "",
                office=call.office or "",
                channel=Channel.VERBAL,
                status_said=StatusSaid.CSO,
                said_at=call.ended_at,
                note=call.note,
                call_id=call_id,
            )
        )
        statement = Statement(
            confirmation_id=confirmation_id,
            said=StatusSaid.CSO,
            channel=Channel.VERBAL,
            said_at=call.ended_at,
        )
        state.said = (*state.said, statement)

    def _open(self) -> None:
        calling = self.state.calling
        parameters = parameters_for(self.state.edition)
        wait = timedelta(days=parameters.call_retry_days) if calling.attempts else parameters.call_within
        began = calling.attempts[-1] if calling.attempts else self._case.now
        self._case.open(
            PhoneAboutProperty,
            urgent=True,
            due_at=began + wait,
            context={"call": calling.call, "attempts": len(calling.attempts)},
        )

    def _next_instant(self) -> datetime | None:
        calling = self.state.calling
        if calling.call == "contact":
            return calling.service_manager_at
        return None if calling.manager_told else calling.manager_at

    def _escalate(self) -> None:
        """No message replaces the call: the service manager is called next, then the manager arranges it."""
        calling, now = self.state.calling, self._case.now
        if calling.manager_at and now >= calling.manager_at and not calling.manager_told:
            self._case.open(CorrectionsUnreachable, urgent=True, step="3.3")
            self._placing.others.tell(Role.MANAGER_HOUSING_WELLBEING_SUPPORT, "corrections_unreachable")
            self.state.calling = calling.model_copy(update={"manager_told": True, "call": "service_manager"})
        elif calling.service_manager_at and now >= calling.service_manager_at:
            self.state.calling = calling.model_copy(update={"call": "service_manager"})
        self._case.cancel("the service manager is called next", PhoneAboutProperty.kind)

    async def _attempted(self, ended_at: datetime) -> None:
        calling = self.state.calling
        if not calling.attempts:
            ladder: CallLadder = await workflow.execute_activity_method(
                Deadlines.call_ladder,
                args=[ended_at, self.state.edition],
                summary="3.3 call ladder",
                **PATIENT,
            )
            calling = calling.model_copy(
                update={
                    "service_manager_at": ladder.service_manager_at,
                    "manager_at": ladder.manager_at,
                }
            )
        self.state.calling = calling.model_copy(update={"attempts": (*calling.attempts, ended_at)})
