"""What an operator sees of a case in Temporal: search attributes and current details, free of personal data."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from adapters.search_attributes import DUE, OVERDUE, PROCEDURE, REGION, STAGE, WAITING_FOR
    from procedures.case_state import END, CaseState
    from procedures.local_time import say_instant
    from procedures.steps import STEPS


def show(state: CaseState, shown: tuple[Any, ...]) -> tuple[Any, ...]:
    """Publish step, whom the case waits for and until when; attributes are upserted only when one changed."""
    overdue = bool(state.due_at and state.due_at < workflow.now())
    wanted = (state.step, state.waiting_for, state.due_at, overdue)
    if wanted == shown:
        return shown
    workflow.upsert_search_attributes(
        [
            PROCEDURE.value_set(state.procedure.value),
            STAGE.value_set(state.step),
            WAITING_FOR.value_set(state.waiting_for),
            REGION.value_set(state.region),
            DUE.value_set(state.due_at) if state.due_at else DUE.value_unset(),
            OVERDUE.value_set(overdue),
        ]
    )
    title = STEPS[state.step].title if state.step in STEPS else "Ended" if state.step == END else state.step
    due = say_instant(state.due_at) if state.due_at else "none"
    workflow.set_current_details(
        f"**{state.step} {title}**\n\nwaiting for: {state.waiting_for}\n\ndue: {due}\n\nedition: {state.edition}"
    )
    return wanted
