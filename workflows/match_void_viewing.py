"""Steps 3.4 to 3.6 in detail: the appointment, the viewing, Part B of the T-438, and what is missing of it."""

from datetime import datetime
from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.viewings import Viewings
    from procedures.editions import parameters_for
    from procedures.exchange_state import ConfirmedContact
    from procedures.form_exchange import PrivacyIncident
    from procedures.match_void_answers import BookViewing, PrintT438
    from procedures.match_void_outcome_answers import (
        DecideAfterFailures,
        RecordPartB,
        RecordViewing,
        RemindSignature,
        SettlePaper,
        SignatureOverdue,
    )
    from procedures.match_void_record import (
        PaperPrinted,
        PartBRecorded,
        ViewingBooked,
        ViewingSettled,
    )
    from procedures.match_void_state import Approval, BookedViewing, MatchState
    from procedures.record import ClockSet, ClockStopped
    from procedures.returned_parts import Suitability
    from procedures.terms import Form, Role
    from procedures.viewing import after_failure
    from workflows.case_run import Answered, CaseRun
    from workflows.form_exchange import FormExchange
    from workflows.match_void_placing import Placing
    from workflows.options import PATIENT

_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
KEPT = frozenset({SettlePaper.kind, PrivacyIncident.kind})
"""Tasks that stay open whatever becomes of the viewing."""


class ViewingRoom:
    """The viewing of one match, over as many appointments as it takes."""

    def __init__(
        self, case: CaseRun[MatchState], placing: Placing[MatchState], exchange: FormExchange[MatchState]
    ) -> None:
        self._case = case
        self._placing = placing
        self._exchange = exchange

    @property
    def state(self) -> MatchState:
        """What the case remembers."""
        return self._placing.state

    # -- 3.4 -------------------------------------------------------------------------------------------------------

    def start_window(self) -> None:
        """48 elapsed hours from the end of the call, as a clock on record (CLK-48H-VIEW)."""
        agreed = self.state.agreed
        assert agreed is not None
        self._case.add(
            ClockSet(
                clock_id=self._window_id,
                kind="viewing window",
                mail_id=None,
                calendar="elapsed hours",
                calendar_version=self.state.edition,
                started_at=agreed.ended_at,
                due_at=agreed.closes_at,
                acts_at=agreed.closes_at,
                detail=agreed.model_dump(mode="json"),
            )
        )

    def book(self, answer: BookViewing) -> None:
        """Appointment and initial viewing (P3.S4.a1 to a4)."""
        state = self.state
        agreed = state.agreed
        assert agreed is not None
        assert answer.starts_at is not None
        assert answer.with_corrections is not None
        assert state.property_ref is not None
        state.viewings += 1
        state.viewing = BookedViewing(
            viewing_id=f"{state.case_id}-A{state.viewings}",
            starts_at=answer.starts_at,
            minutes=answer.minutes,
            with_corrections=answer.with_corrections,
        )
        self._case.add(
            ViewingBooked(
                property_ref=state.property_ref,
                applicant_ref=state.applicant_ref or state.person.primary,
                call_id=agreed.call_id,
                call_ended_at=agreed.ended_at,
                **state.viewing.model_dump(exclude={"held_at"}),
            ),
            ClockStopped(clock_id=self._window_id, reason="the viewing is booked"),
        )

    def print(self, answer: PrintT438) -> None:
        """The T-438 is on paper now (P3.S4.a6)."""
        paper_id = f"{self.state.case_id}-T438-{self.state.viewings}-{len(self.state.papers) + 1}"
        self._case.add(
            PaperPrinted(
                paper_id=paper_id,
                form=Form.T_438.value,
                copies=answer.copies,
                printed_at=self._case.now,
            )
        )
        self.state.papers = (*self.state.papers, paper_id)

    async def failed(self, reason: str) -> Literal["3.3", "3.7"]:
        """A new call and new 48 hours; after two failures a person decides, nothing is automatic (AMB-P3-5)."""
        state = self.state
        self.cancel("missed", reason)
        self._case.cancel("the viewing failed", keep=KEPT)
        state.failures += 1
        if after_failure(state.failures, parameters_for(state.edition)) == "call_again":
            return "3.3"
        self._placing.others.tell(_MANAGER, "viewings_failed", state.failures)
        return await self.decide()

    async def decide(self) -> Literal["3.3", "3.7"]:
        """The advisor decides between another try and the end of the match; the manager knows."""
        self._case.open(DecideAfterFailures, step="3.4", context={"failures": self.state.failures})
        event = await self._placing.event(DecideAfterFailures)
        assert isinstance(event, Answered)
        assert isinstance(event.answer, DecideAfterFailures)
        self._placing.note(event.answer.reason)
        return "3.3" if event.answer.decision == "try_again" else "3.7"

    def cancel(self, how: Literal["missed", "cancelled"], reason: str) -> None:
        """The appointment does not take place; it stays on record. The window of the call is over with it."""
        viewing = self.state.viewing
        if viewing and viewing.held_at is None:
            self._case.add(ViewingSettled(viewing_id=viewing.viewing_id, state=how, reason=reason))
            self.state.viewing = None
        elif self.state.agreed and viewing is None:
            self._case.add(ClockStopped(clock_id=self._window_id, reason=reason))

    # -- 3.5 -------------------------------------------------------------------------------------------------------

    def held(self, answer: RecordViewing) -> None:
        """In person at the property, both present (P3.S5.1)."""
        viewing = self.state.viewing
        assert viewing is not None
        assert answer.held_at is not None
        assert answer.corrections_present is not None
        self.state.viewing = viewing.model_copy(update={"held_at": answer.held_at})
        self._case.add(
            ViewingSettled(
                viewing_id=viewing.viewing_id,
                state="held",
                held_at=answer.held_at,
                attended=[self._case.by.name, answer.corrections_present],
            )
        )

    # -- 3.6 -------------------------------------------------------------------------------------------------------

    async def until_part_b(self) -> RecordPartB:
        """Part B, signed; while it is missing: after 2, 5 and 10 working days somebody is reminded (AMB-P3-7)."""
        state = self.state
        if not state.reminders:
            assert state.viewing is not None
            days = parameters_for(state.edition).signature_reminder_days
            reminders: list[datetime] = await workflow.execute_activity_method(
                Viewings.reminders,
                args=[state.viewing.held_at, list(days), state.edition],
                summary="3.6 reminders",
                **PATIENT,
            )
            state.reminders = tuple(reminders)
        while True:
            self._case.open(RecordPartB)
            upcoming = state.reminders[state.reminded] if state.reminded < len(state.reminders) else None
            event = await self._placing.event(RecordPartB, RemindSignature, SignatureOverdue, until=upcoming)
            match event:
                case Answered(answer=RecordPartB() as part_b):
                    self._case.cancel("Part B is here", RemindSignature.kind, SignatureOverdue.kind)
                    return part_b
                case Answered(answer=RemindSignature() as answer):
                    self._remind(answer, event.by.subject)
                case Answered(answer=SignatureOverdue() as answer):
                    self._placing.note(answer.arranged)
                case _:
                    self._remind_somebody()

    def record_part_b(self, answer: RecordPartB) -> None:
        """What the signed form says, against its scan (P3.S6.a1, a2, P3.S6.b)."""
        state = self.state
        assert state.property_ref is not None
        number = state.viewings * 10 + state.turn
        suitable: Literal["suitable", "not_suitable"] = (
            "suitable" if answer.suitability is Suitability.SUITABLE else "not_suitable"
        )
        state.approval = Approval(
            approval_id=f"{state.case_id}-B{number}",
            person_ref=state.person.primary,
            property_ref=state.property_ref,
            suitability=suitable,
            signed=answer.signed,
            stored=answer.document_id is not None,
        )
        self._case.add(
            PartBRecorded(
                approval_id=state.approval.approval_id,
                person_ref=state.person.primary,
                property_ref=state.property_ref,
                suitability=suitable,
                reasons=answer.reasons,
                signed=answer.signed,
                signed_by=answer.signed_by,
                signed_on=answer.signed_on,
                returned_on=answer.returned_on,
                document_id=answer.document_id,
            )
        )

    def _remind_somebody(self) -> None:
        """First the advisor, then Corrections by secure mail, then the manager."""
        number = self.state.reminded + 1
        self.state.reminded = number
        if number == 1:
            self._placing.others.tell(Role.ADVISOR_PLACEMENT, "signature_missing", number)
        elif number == len(self.state.reminders):
            self._placing.others.tell(_MANAGER, "signature_missing", number)
            self._case.open(SignatureOverdue, urgent=True)
        else:
            self._case.open(RemindSignature, urgent=True, context={"reminder": number})

    def _remind(self, answer: RemindSignature, by: str) -> None:
        contact = ConfirmedContact(
            contact_id=answer.contact_id, version=answer.contact_version, by=by, at=self._case.now
        )
        self._exchange.prepare("T-438 reminder", contact, f"T438-{self.state.reminded}", {})

    @property
    def _window_id(self) -> str:
        agreed = self.state.agreed
        assert agreed is not None
        return f"{agreed.call_id}-K"
