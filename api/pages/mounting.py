"""Puts the web pages on the application."""

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.pages import (
    absence_page,
    again_page,
    calendar_page,
    call_sheet,
    case_changes,
    case_clocks,
    case_documents,
    case_list,
    case_mail,
    case_mistakes,
    case_page,
    case_viewings,
    commands_page,
    deputies_page,
    directory_page,
    exports_page,
    home,
    matches_page,
    next_task,
    notices_page,
    person_change,
    person_page,
    policy,
    queue,
    run_page,
    search_page,
    sign_in,
    stuck_page,
    task_answer,
    task_moves,
    task_page,
    task_paper,
    task_search,
    workload,
)
from api.pages.assets import Assets, assets_router
from api.pages.rendering import environment
from api.pages.routes import problem_page
from api.problems import Problem, answer_problem

ROUTERS = (
    sign_in.router,
    again_page.router,
    home.router,
    queue.router,
    next_task.router,
    task_moves.router,
    task_answer.router,
    task_search.router,
    task_page.router,
    commands_page.router,
    policy.router,
    run_page.router,
    call_sheet.router,
    search_page.router,
    notices_page.router,
    matches_page.router,
    workload.router,
    absence_page.router,
    deputies_page.router,
    directory_page.router,
    calendar_page.router,
    stuck_page.router,
    case_list.router,
    exports_page.router,
    case_page.router,
    case_clocks.router,
    case_changes.router,
    case_documents.router,
    case_mail.router,
    case_mistakes.router,
    case_viewings.router,
    person_page.router,
    person_change.router,
    task_paper.router,
)
"""The pages; add yours here."""


def install(app: FastAPI) -> None:
    """Mount pages and static files. Raises AssetsMissing when the npm packages are not installed."""
    assets = Assets()
    app.state.templates = environment(assets)
    app.include_router(assets_router(assets))
    for router in ROUTERS:
        app.include_router(router)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers) if error.headers else None
        problem = Problem(error.status_code, "http", "", headers=headers)
        if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
            problem.body.detail = problem.body.title
            return answer_problem(problem)
        return await problem_page(request, problem)
