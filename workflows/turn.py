"""Writing one turn of a case: a short local activity, an ordinary one when the database does not answer."""

from temporalio import workflow
from temporalio.exceptions import FailureError

with workflow.unsafe.imports_passed_through():
    from activities.recording import Recording
    from procedures.record import Turn
    from procedures.steps import STEPS
    from workflows.options import BRIEF, PATIENT


async def write_turn(turn: Turn) -> None:
    """One short local activity; when the database does not answer, an ordinary one that keeps trying."""
    summary = f"{turn.step} {STEPS[turn.step].title}" if turn.step in STEPS else turn.step
    try:
        await workflow.execute_local_activity_method(Recording.record_turn, turn, summary=summary, **BRIEF)
    except FailureError:
        await workflow.execute_activity_method(Recording.record_turn, turn, summary=summary, **PATIENT)
