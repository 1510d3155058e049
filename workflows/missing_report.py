"""Step 1, the report is not available: one urgent call, one mail to every other advisor, and Corrections is asked."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.intake import Intake
    from procedures.exchange_state import Delivered
    from procedures.intake import AdvisorNotTold, AskForReport, ConfirmMissing, IntakeState, ReviewReport
    from procedures.mail_texts import MailKind
    from procedures.outside_entry import UrgentCallLogged
    from procedures.record import MailPrepared, MailSettled, NoticeGiven, RunChanged
    from procedures.report_week import REVIEW_BY, local_instant
    from procedures.terms import Role
    from workflows.case_run import Answered, Arrived, CaseRun, Event
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

    async def take(self, event: Event) -> bool:
        """Deal with the event when it is about a report that has not come. False for every other."""
        match event:
            case Answered(answer=ConfirmMissing() as answer):
                await self.confirmed(event, answer)
                if workflow.patched("ask-for-report"):
                    self.ask_corrections()
            case Answered(answer=AskForReport() as answer):
                self.corrections_said(event, answer)
            case Answered(answer=AdvisorNotTold() as answer):
                self.after_failure(event, answer)
            case Arrived(what={"delivered": delivered}):
                self.delivered(delivered)
            case _:
                return False
        return True

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

    def ask_corrections(self) -> None:
        """The manager asks whether there is a report at all: once it is missing, and when a late one does not come."""
        self._state.ask_again_at = None
        self._case.open(AskForReport)

    def corrections_said(self, event: Answered, answer: AskForReport) -> None:
        """No report this week closes the run with the reason; a late one keeps it open, until after its day."""
        state = self._state
        values: dict[str, Any] = {"said_of_missing": f"{answer.said_by}: {answer.reason}"}
        if answer.expected_on is not None:
            state.ask_again_at = local_instant(answer.expected_on, REVIEW_BY)
            values["expected_on"] = answer.expected_on.isoformat()
        else:
            state.no_report = True
            self.stop("Corrections says that there is no report this week")
            self._case.cancel("Corrections says that there is no report this week")
            values |= {
                "state": "no_report",
                "closed_at": self._case.now.isoformat(),
                "closing_line": f"No report this week, confirmed by Corrections; closed by {event.by.name}",
            }
        self._case.add(RunChanged(run_id=state.run_id, values=values))

    def came(self) -> None:
        """The report is there: nobody is asked any more."""
        self._state.ask_again_at = None
        self._case.cancel("the report has come", ConfirmMissing.kind, AskForReport.kind)
        self.reopen("received")

    def reopen(self, run_state: str) -> None:
        """Something has come to a run that was closed without a report: it is to be worked like any other."""
        state = self._state
        if not state.no_report:
            return
        state.no_report = False
        values = {"state": run_state, "closed_at": None, "closing_line": None}
        self._case.add(RunChanged(run_id=state.run_id, values=values))
        if not state.started:
            self._case.open(ReviewReport, due_at=state.review_due_at)

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
