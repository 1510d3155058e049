"""The steps of the procedure: who acts, what is asked, and which requirements stand behind it."""

from fastapi import Request
from fastapi.responses import Response

from api.pages.rendering import render
from api.pages.requirements import carried, named, of_step
from api.pages.routes import page_router
from api.pages.sessions import SignedInVisitor
from api.problems import unknown
from procedures.answers import ALL
from procedures.steps import STEPS

router = page_router()


@router.get("/policy")
async def steps_of_procedure(request: Request, visitor: SignedInVisitor) -> Response:
    """All steps, in the document's order."""
    return render(request, "policy.html", visitor=visitor, carried={ref: carried(ref) for ref in STEPS})


@router.get("/policy/{ref}")
async def one_step(request: Request, visitor: SignedInVisitor, ref: str) -> Response:
    """One step: its role, its requirements, and the tasks it asks."""
    found = next((step for step in STEPS.values() if step.ref == ref), None)
    if found is None:
        raise unknown("step")
    asked = [one for one in ALL.values() if one.step == ref]
    return render(
        request,
        "policy_step.html",
        visitor=visitor,
        step=ref,
        shown_step=found,
        requirements=of_step(ref),
        carried=carried(ref),
        asked=[(one, named(one.policy)) for one in asked],
    )
