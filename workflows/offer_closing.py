"""How an offer ends: accepted, withdrawn, declined, or ceased because the order ended; and what follows from it."""

from datetime import timedelta
from typing import Literal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.match_context import MatchContexts
    from procedures import changes
    from procedures.changes import CorrectionsSays
    from procedures.check_suitability import ceased_as
    from procedures.form_exchange import PrivacyIncident
    from procedures.mail_texts import MailKind
    from procedures.match_void_changes import overrides
    from procedures.match_void_endings import CLOSINGS, Ending
    from procedures.match_void_outcome_answers import SettlePaper
    from procedures.match_void_record import MatchClosed, OfferChanged
    from procedures.offer_answers import RecordPersonsAnswer
    from procedures.offer_state import OfferState
    from procedures.record import MailPrepared
    from procedures.tasks import Answer
    from procedures.terms import Role, StatusSaid
    from workflows.case_run import Answered, CaseRun
    from workflows.form_exchange import FormExchange
    from workflows.match_void_placing import Placing
    from workflows.options import PATIENT

KEPT = frozenset({SettlePaper.kind, PrivacyIncident.kind})
_A_DAY = timedelta(days=1)
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT


class OfferEndings:
    """How an offer ends, whatever ended it, and what its outcome asks."""

    def __init__(
        self, case: CaseRun[OfferState], placing: Placing[OfferState], exchange: FormExchange[OfferState]
    ) -> None:
        self._case = case
        self._placing = placing
        self._exchange = exchange

    @property
    def state(self) -> OfferState:
        """What the case remembers."""
        return self._placing.state

    # -- what happens beside the steps -------------------------------------------------------------------------

    @property
    def needs_the_property(self) -> bool:
        """Once it is accepted, the property is the person's."""
        return not self.state.accepted

    async def order_ended(self, said: CorrectionsSays) -> str:
        """Corrections has said here that there is no order, or that it is not the person (AMB-P4-7)."""
        await self._placing.others.says(said)
        return self.ceased(said.said)

    async def look_at_the_approval(self) -> None:
        """The gate looks at the record as it is now (P4.N1, AMB-P4-6)."""
        self.state.approval = await workflow.execute_activity_method(
            MatchContexts.approval_of, self.state.match_case_id, summary="4.2 approval", **PATIENT
        )

    # -- the person's answer -------------------------------------------------------------------------------------

    def answered(self, answer: RecordPersonsAnswer) -> None:
        """Accepted: who must know is told at once. Not accepted: withdrawn or declined, with reason and reference."""
        self._placing.note(answer.note)
        if not answer.accepted:
            assert answer.outcome is not None
            assert answer.reason is not None
            assert answer.policy_reference is not None
            self.not_accepted(answer.outcome, answer.reason, answer.policy_reference, answer="not_accepted")
            return
        state = self.state
        state.accepted, state.kotahi_outcome = True, "accepted"
        self._case.add(OfferChanged(offer_id=state.offer_id, answer="accepted", outcome="accepted"))
        self._placing.others.tell(Role.HOUSING_SUPPORT_MANAGER, "offer_accepted")
        self._placing.others.tell(_MANAGER, "offer_accepted_copy")
        mail_id = f"{state.case_id}-accepted"
        self._case.add(
            MailPrepared(
                mail_id=mail_id,
                business_key=f"{state.case_id}/accepted",
                kind=MailKind.OFFER_ACCEPTED.value,
                reference=mail_id,
                contact_id=None,
                contact_version=None,
                confirmed_by=self._case.by.subject,
                confirmed_at=self._case.now,
                fields={"property_ref": state.property_ref, "region": state.region},
            )
        )
        self._exchange.change(sending={**state.exchange.sending, mail_id: self._case.now})

    def not_accepted(
        self,
        outcome: Literal["withdrawn", "declined"],
        reason: str,
        policy_reference: str,
        *,
        answer: Literal["not_accepted", "no_answer"],
    ) -> None:
        """The advisor has chosen; the Coordinator Placement enters it (P4.S3.b1, b2)."""
        state = self.state
        state.ending, state.ends_as = Ending.NOT_ACCEPTED, outcome
        state.kotahi_outcome, state.reason, state.policy_reference = outcome, reason, policy_reference
        self._case.cancel("the offer was not accepted", keep=KEPT)
        self._case.add(
            OfferChanged(
                offer_id=state.offer_id,
                answer=answer,
                outcome=outcome,
                reason=reason,
                policy_reference=policy_reference,
            )
        )

    def entered(self, outcome: Literal["withdrawn", "declined"]) -> None:
        """The Coordinator Placement has entered it, and goes on looking for this property (P4.S3.b4)."""
        state = self.state
        state.entered = True
        if state.offered_at:
            self._case.add(OfferChanged(offer_id=state.offer_id, outcome=outcome, entered=True))
        self._placing.others.tell(Role.COORDINATOR_PLACEMENT, "property_back_to_matching")

    # -- ends ------------------------------------------------------------------------------------------------------

    def after_closing(self) -> Literal["4.4", "end"]:
        """Questions on both outcomes; none when the order has ended or the person has died (P4.S4.1, AMB-P4-7)."""
        state = self.state
        if state.ending is None or CLOSINGS[state.ending].questions:
            return "4.4"
        assert state.ends_as is not None
        self._case.add(MatchClosed(match_case_id=state.match_case_id, outcome=state.ends_as))
        if state.ending is Ending.ORDER_ENDED:
            self._placing.others.tell(Role.COORDINATOR_PLACEMENT, "ordinary_matching")
        state.outcome = state.ends_as
        return "end"

    async def until_confirmed(self, *asked: type[Answer]) -> Answered | None:
        """The questions are added to a D1; while the person is verified anew they wait (TR-16).

        Those that were asked before are answered once the record has D1 again, perhaps sooner than this case looks.
        """
        await self._placing.refresh()
        while not self.state.confirmed_cso:
            mine = asked if workflow.patched("offer-questions-asked-before") else ()
            event = await self._placing.event(*mine, until=self._case.now + _A_DAY)
            await self._placing.refresh()
            if isinstance(event, Answered):
                return event
        return None

    async def begin_the_standing_duty(self) -> None:
        """From the tenancy's start on, changes are told with T-442; leaving another home of ours is one (AMB-P4-9)."""
        self._placing.others.tell(Role.ADVISOR_WELLBEING_SUPPORT, "standing_duty_begins")
        await self._placing.tell_of_the_leaving(
            "The person has accepted an offer of another of our homes and will move."
        )

    async def release(self) -> None:
        """The property goes back to matching, or is off the list once the offer is accepted (P3.X2, P4.S3.b4)."""
        accepted = self.state.accepted and self.state.ending is None
        await workflow.execute_activity_method(
            MatchContexts.release_property,
            args=[self.state.match_case_id, self.state.property_ref, accepted, self._case.now],
            summary="release the property",
            **PATIENT,
        )

    # -- parts -----------------------------------------------------------------------------------------------------

    def end(self, ending: Ending, reason: str, *, ends_as: str | None = None) -> str:
        """Whatever ends an offer from outside withdraws it; a decision that stands is not overtaken (AMB-P4-1)."""
        state = self.state
        self._placing.note(reason)
        if not overrides(state, ending):
            return state.step
        self._case.cancel(reason, keep=KEPT)
        self._exchange.stop(reason)
        state.ending, state.ends_as, state.done = ending, ends_as or CLOSINGS[ending].outcome, ()
        if CLOSINGS[ending].entered:
            state.kotahi_outcome, state.reason = "withdrawn", reason
            if state.offered_at:
                self._case.add(OfferChanged(offer_id=state.offer_id, outcome="withdrawn", reason=reason))
        return "4.3"

    def ceased(self, said: StatusSaid) -> str:
        """The offer itself goes on as any other; the signed T-438 stays in the file (AMB-P4-7)."""
        return self.end(
            Ending.ORDER_ENDED, "Corrections has said that disclosure ends", ends_as=ceased_as(said)
        )

    def taken_back(self, change: changes.ApprovalTakenBack) -> None:
        """Corrections has withdrawn its approval; the manager knows (AMB-P4-5)."""
        self._placing.approval_withdrawn(change)
        self._placing.others.tell(_MANAGER, "approval_withdrawn")

    def back(self, change: changes.StepBack) -> str:
        """Back to the named step; what was recorded stays, and the manager follows up what is outside (AMB-X-6)."""
        state = self.state
        self._placing.note(f"{change.reason} Already outside: {state.calls} calls.")
        self._placing.others.tell(_MANAGER, "corrected_follow_up")
        self._case.cancel("a mistake is corrected", keep=KEPT)
        state.ending, state.ends_as, state.done = None, None, ()
        state.accepted, state.kotahi_outcome, state.reason, state.policy_reference = False, None, None, None
        state.reminders, state.reminded = (), 0
        if change.to_step == "4.1":
            state.rating = None
        return change.to_step
