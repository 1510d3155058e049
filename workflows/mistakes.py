"""A correction that touches something already sent: a short run per recipient asks what Corrections is told (AMB-X-6)."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.sent_mistakes import ReportedMistake, SentMistakes
    from procedures.changes import WrongRecipient
    from procedures.correct_sent import Mistake, mistake_in
    from procedures.match_void_changes import reason_of
    from procedures.terms import StatusSaid
    from workflows.case_run import CaseRun, Interrupted
    from workflows.options import PATIENT

CORRECTIONS_TOLD = "corrections-told"
"""Cases of earlier releases go on without."""


async def follow_up_on(case: CaseRun[Any], interruption: Interrupted) -> None:
    """When the change says that something was wrong all along, what went out is followed up; before anything else."""
    change = interruption.change
    mistake = mistake_in(change)
    match change:
        case _ if mistake is None:
            return
        case WrongRecipient():  # the exchange flags the incident itself
            await follow_up(case, mistake, reason_of(change), mails=(change.mail_id,), flagged=True)
        case _:
            await follow_up(case, mistake, reason_of(change))


async def follow_up_said(case: CaseRun[Any], said: str) -> None:
    """Corrections does not know the person whom the case is about, wherever it said so (P1.S5.c, AMB-X-4)."""
    if said == StatusSaid.NEITHER.value:
        await follow_up(case, Mistake.WRONG_PERSON, "Corrections: not this person.")


async def follow_up(
    case: CaseRun[Any], mistake: Mistake, reason: str, *, mails: tuple[str, ...] = (), flagged: bool = False
) -> None:
    """One activity finds what went out and opens the runs; a repeat, also after a restart, opens nothing twice."""
    assert case.state is not None
    if getattr(case.state, "person", None) is None or not workflow.patched(CORRECTIONS_TOLD):
        return
    reported = ReportedMistake(
        follow_up_id=f"{case.state.case_id}-X{case.state.turn + 1}",
        case_id=case.state.case_id,
        mistake=mistake,
        reason=reason,
        by=case.by,
        mails=mails,
        flagged=flagged,
    )
    await workflow.execute_activity_method(
        SentMistakes.report_mistake,
        args=[reported, case.now],
        summary="A mistake in something sent",
        **PATIENT,
    )
