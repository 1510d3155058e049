"""One's own search of the register from a task, kept as evidence like every search (P1.S2.1, P1.S2.2)."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from api.pages.answer_reading import error_at, read_answer
from api.pages.drafts import keep_draft
from api.pages.forms import PostedForm, values_of
from api.pages.register_search import search_of
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.pages.task_view import FOUND, SEARCH_FIELDS, Showing, show_task
from api.people import search_people_privately
from api.visibility import visible_task
from models.queries import cases
from procedures.visibility import SEARCHES_THE_REGISTER

router = page_router()
Searcher = Annotated[Visitor, Depends(visitor_with(SEARCHES_THE_REGISTER, "search the register"))]

_NOTHING = "Nobody on the register was found. The search is kept as evidence."


@router.post("/tasks/{task_id}/search")
async def search(request: Request, visitor: Searcher, form: PostedForm, task_id: str) -> Response:
    """Search, and show what was found with the task; what was typed so far stays in the form."""
    values, held = values_of(form), await visible_task(visitor.caller, task_id)
    await keep_draft(visitor, task_id, values)
    reading = read_answer(SEARCH_FIELDS, values)
    given = reading.body.get("search", {})
    if not given and not reading.errors:
        reading.errors.append(
            error_at(SEARCH_FIELDS[0], "Enter a name, an address or a date of birth to search on")
        )
    entry = await _entry_of(visitor, held.case_id, held.context)
    wanted = search_of(given, SEARCH_FIELDS, reading, entry=entry)
    if wanted is None:
        return await show_task(request, visitor, held, Showing(values, reading.errors, status=422))
    found = (await search_people_privately(visitor.caller, wanted)).items
    seen = [*values.get(FOUND, []), *(one.person_ref for one in found)]
    message = f"Your search found {len(found)}. Every search is kept as evidence." if found else _NOTHING
    kept = {**values, FOUND: list(dict.fromkeys(seen))}
    await keep_draft(visitor, task_id, kept)
    return await show_task(request, visitor, held, Showing(kept, found=found, message=message))


async def _entry_of(visitor: Visitor, case_id: str, context: dict[str, object]) -> str | None:
    case = await cases.case(visitor.caller.resources.database, case_id)
    named = context.get("entry_id")
    return str(named) if named else case.entry_id if case else None
