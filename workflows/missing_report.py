"""Step 1, the report is not available: one urgent call, and one mail to every other advisor."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import Intake
    from procedures.exchange_state import Delivered
    from procedures.intake import AdvisorNotTold, ConfirmMissing, IntakeState
    from procedures.mail_texts import MailKind
    from procedures.outside_entry import UrgentCallLogged
    from procedures.record import MailPrepared, MailSettled, NoticeGiven, RunChanged
    from procedures.terms import Role
    from workflows.case_run import Answered, CaseRun
    from workflows.mail_handover import MailHandover
    from workflows.options import PATIENT


class MissingReport:
    """What follows when a person confirms it: a unit of work, each part of it once per run (AMB-P1-4)."""

    def __init__(self, case: CaseRun[IntakeState]) -> None:
        self._case = case
        self._gateway = MailHandover(case, "1.1", lambda: self._state.sending)
        case.recorded = self._gateway.begin

    @property
    def _state(self) -> IntakeState:
        assert self._case.state is not None
        return self._case.state

    async def confirmed(self, event: Answered, answer: ConfirmMissing) -> None:
        """The urgent call (P1.S1.N6), then the mails that say so (P1.S1.N7)."""
        state = self._state
        call_id = f"{state.case_id}-SD"
        reference = answer.service_desk_reference or call_id
        self._case.add(
            UrgentCallLogged(
                call_id=call_id,
                about="the weekly notification report is not available",
                reference=reference,
                by_hand=answer.service_desk_reference is not None,
            ),
            RunChanged(run_id=state.run_id, values={"state": "missing", "service_desk_reference": reference}),
            NoticeGiven(
                notice_id=f"{state.case_id}-missing",
                role=Role.ADVISOR_WELLBEING_SUPPORT,
                region=state.region,
                kind="report_missing_fault_logged",
            ),
        )
        others: list[str] = await workflow.execute_activity_method(
            Intake.other_advisors, event.by.subject, summary="1.1 the other advisors", **PATIENT
        )
        for number, advisor in enumerate(others, start=1):
            self._prepare(f"{state.case_id}-missing-{number}", advisor, event.by.subject, reference)

    def delivered(self, what: dict[str, Any]) -> None:
        """The gateway's word about one of the mails; one that did not leave is a task."""
        delivered = Delivered.model_validate(what)
        self._gateway.settled(delivered.mail_id)
        self._settle(delivered.mail_id)
        if delivered.state in ("refused", "failed"):
            context = {"mail_id": delivered.mail_id, "rule": delivered.rule, "problem": delivered.problem}
            self._case.open(AdvisorNotTold, urgent=True, context=context)

    def after_failure(self, event: Answered, answer: AdvisorNotTold) -> None:
        """The same mail again, or another way."""
        if answer.action == "send_again":
            mail_id = event.task.context["mail_id"]
            self._state.sending = {**self._state.sending, mail_id: self._case.now}

    def stop(self, reason: str) -> None:
        """The run ends: what has not left would only mislead."""
        for mail_id in self._state.sending:
            self._case.add(MailSettled(mail_id=mail_id, state="cancelled", reason=reason))
        self._state.sending = {}
        self._gateway.give_up()

    def _prepare(self, mail_id: str, advisor: str, sender: str, reference: str) -> None:
        self._case.add(
            MailPrepared(
                mail_id=mail_id,
                business_key=f"{self._state.case_id}/{MailKind.REPORT_MISSING.value}/{advisor}",
                kind=MailKind.REPORT_MISSING.value,
                reference=mail_id,
                contact_id=None,
                contact_version=None,
                confirmed_by=None,
                confirmed_at=None,
                fields={"to": advisor, "not_to": sender, "service_desk_reference": reference},
            )
        )
        self._state.sending = {**self._state.sending, mail_id: self._case.now}

    def _settle(self, mail_id: str) -> None:
        self._state.sending = {key: at for key, at in self._state.sending.items() if key != mail_id}
