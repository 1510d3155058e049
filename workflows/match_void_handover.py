"""From procedures 1 and 2 to 3: a person considered for a void property, and a match that waits for the code."""

from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.tidings import Tidings
    from procedures import match_void
    from procedures.check_suitability_state import CheckSuitabilityState
    from procedures.identify_state import IdentifyState
    from procedures.terms import Procedure, Role
    from workflows.case_run import CaseRun
    from workflows.options import PATIENT
    from workflows.other_cases import OtherCases, references, spread


async def match_follows(case: CaseRun[IdentifyState], *, considered: bool) -> None:
    """Procedure 3 follows (P1.X2); a match that is open about this person is told that the code is final now."""
    assert case.state is not None
    identified = case.state
    refs = references(identified.person)
    open_now = await workflow.execute_activity_method(
        Tidings.open_case, args=[Procedure.MATCH_VOID, refs], summary="1.7 open match", **PATIENT
    )
    if open_now is not None:
        await case.write()
        await spread(identified.case_id, refs, f"code-{identified.case_id}", {"code_now": "D1"})
    elif considered:
        following = match_void.considered(identified, case.now)
        case.hand_over(following, person_ref=following.person.primary, entry_id=None)


async def considered_meanwhile(
    case: CaseRun[CheckSuitabilityState], others: OtherCases[Any], note: str
) -> None:
    """Procedure 3 begins beside the check of the home, linked to it; a match that is open already goes on (P2.X4)."""
    assert case.state is not None
    others.note(note)
    open_now = await workflow.execute_activity_method(
        Tidings.open_case,
        args=[Procedure.MATCH_VOID, references(case.state.person)],
        summary="open match",
        **PATIENT,
    )
    if open_now is None:
        case.state.followers += 1
        case.state.person = await others.person_again()
        following = match_void.considered(case.state, case.now, case.state.followers)
        case.hand_over(following, person_ref=following.person.primary, entry_id=None)
        await case.write()
        await case.start_following()
    others.tell(Role.ADVISOR_PLACEMENT, "considered_for_void")
