"""Each role sees only its own: every address of the pages with every role, and no link that leads to a closed door."""

import html
import re
from collections.abc import Iterator

import httpx
import pytest

from api.pages.mounting import ROUTERS
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER, Office
from tests.pages.desk import Desk
from tests.pages.furnishing import COORDINATOR, RUN, furnish
from tests.pages.states import ADMINISTRATOR, AUDITOR, routes
from tests.workflows.people import LEE

HSM = Role.HOUSING_SUPPORT_MANAGER
EVERYBODY = frozenset({AWS, AP, MANAGER, COORDINATOR, HSM, AUDITOR, ADMINISTRATOR})
TASKED = EVERYBODY - {AUDITOR, ADMINISTRATOR}
READERS = frozenset({AWS, AP, MANAGER})
FIRST = frozenset({AWS, MANAGER})
"""The cases, tasks and people of procedure 1, in the addresses below."""
PLACING = frozenset({AP, MANAGER})
"""A case of procedure 3."""
NOBODY = frozenset[Role]()
SHORT = {role: f"key-{number}" for number, role in enumerate(sorted(EVERYBODY))}
"""How the key of each role's forms begins."""

GET: dict[str, tuple[str, frozenset[Role]]] = {
    "/": ("/", EVERYBODY),
    "/timeline": ("/timeline?case=C1", READERS | {AUDITOR}),
    "/again": ("/again", EVERYBODY),
    "/sign-in": ("/sign-in", EVERYBODY),
    "/signed-out": ("/signed-out", EVERYBODY),
    "/tasks": ("/tasks", TASKED),
    "/tasks/list": ("/tasks/list", TASKED),
    "/tasks/next": ("/tasks/next", TASKED),
    "/tasks/{task_id}": ("/tasks/C6-1", FIRST),
    "/tasks/{task_id}/check": ("/tasks/C6-1/check", FIRST),
    "/tasks/{task_id}/done": ("/tasks/C1-0/done", FIRST),
    "/documents/{document_id}": ("/documents/D-1", FIRST),
    "/commands/{command_id}": ("/commands/command-refused", FIRST),
    "/policy": ("/policy", EVERYBODY),
    "/policy/{ref}": ("/policy/1.6", EVERYBODY),
    "/runs": ("/runs", FIRST),
    "/runs/{run_id}": (f"/runs/{RUN}", FIRST),
    "/calls": ("/calls", FIRST),
    "/calls/{task_id}": ("/calls/calls-none", NOBODY),
    "/search": ("/search", READERS),
    "/notices": ("/notices", TASKED),
    "/matches": ("/matches", frozenset({COORDINATOR})),
    "/office": ("/office", EVERYBODY),
    "/office/workload": ("/office/workload", frozenset({MANAGER})),
    "/office/absences": ("/office/absences", EVERYBODY),
    "/office/deputies": ("/office/deputies", EVERYBODY),
    "/office/contacts": ("/office/contacts", READERS | {ADMINISTRATOR}),
    "/office/contacts/new": ("/office/contacts/new", frozenset({MANAGER, ADMINISTRATOR})),
    "/office/contacts/{contact_id}": ("/office/contacts/K1", READERS | {ADMINISTRATOR}),
    "/office/calendars": ("/office/calendars", EVERYBODY),
    "/office/calendars/{name}": ("/office/calendars/nz-national", EVERYBODY),
    "/office/stuck": ("/office/stuck", frozenset({MANAGER, ADMINISTRATOR})),
    "/exports": ("/exports", TASKED),
    "/exports/{name}": ("/exports/cases", READERS),
    "/cases": ("/cases", READERS),
    "/cases/{case_id}": ("/cases/C1", FIRST),
    "/cases/{case_id}/timeline": ("/cases/C1/timeline", FIRST | {AUDITOR}),
    "/cases/{case_id}/assessments": ("/cases/C1/assessments", FIRST),
    "/cases/{case_id}/linked": ("/cases/C1/linked", FIRST),
    "/cases/{case_id}/run": ("/cases/C1/run", frozenset({ADMINISTRATOR})),
    "/cases/{case_id}/clocks": ("/cases/C1/clocks", FIRST),
    "/cases/{case_id}/changes/{kind}": ("/cases/C1/changes/withdraw", frozenset({MANAGER})),
    "/cases/{case_id}/changes/{kind}/check": ("/cases/C1/changes/corrections_says/check", FIRST),
    "/cases/{case_id}/documents": ("/cases/C500/documents", PLACING),
    "/cases/{case_id}/mail": ("/cases/C1/mail", FIRST),
    "/cases/{case_id}/mail/preview": ("/cases/C1/mail/preview?kind=T-441&contact_id=harbourview-1", FIRST),
    "/cases/{case_id}/mail/preview.pdf": (
        "/cases/C1/mail/preview.pdf?kind=T-441&contact_id=harbourview-1",
        FIRST,
    ),
    "/cases/{case_id}/mistakes": ("/cases/C1/mistakes", FIRST),
    "/cases/{case_id}/viewings/{viewing_id}.ics": ("/cases/C500/viewings/C500-A1.ics", PLACING),
    "/cases/{case_id}/t438.pdf": ("/cases/C500/t438.pdf", PLACING),
    "/people/{person_ref}": (f"/people/{LEE.ref}", FIRST),
    "/people/{person_ref}/change": (f"/people/{LEE.ref}/change", FIRST),
}
"""An example of each address, and who gets something there; a page without a row here fails a test."""
WITHOUT_SESSION = {"/sign-in/back": "where the provider sends a browser back to"}

POST: dict[str, tuple[str, frozenset[Role]]] = {
    "/notices/{notice_id}/read": ("/notices/N1/read", frozenset({AWS})),
    "/notices": ("/notices", frozenset({AWS})),
    "/tasks/{task_id}/claim": ("/tasks/C7-2/claim", FIRST),
    "/tasks/{task_id}/release": ("/tasks/C7-2/release", FIRST),
    "/tasks/{task_id}/assign": ("/tasks/C7-2/assign", frozenset({MANAGER})),
    "/tasks/assign-many": ("/tasks/assign-many", frozenset({MANAGER})),
    "/tasks/{task_id}/draft": ("/tasks/C7-2/draft", FIRST),
    "/tasks/{task_id}": ("/tasks/C7-2", FIRST),
    "/tasks/{task_id}/check": ("/tasks/C7-2/check", FIRST),
    "/tasks/{task_id}/search": ("/tasks/C6-1/search", FIRST),
    "/tasks/{task_id}/paper": ("/tasks/C7-2/paper", FIRST),
    "/runs/{run_id}/prints": (f"/runs/{RUN}/prints", FIRST),
    "/runs/{run_id}/prints/{print_id}/destroyed": (f"/runs/{RUN}/prints/P1/destroyed", FIRST),
    "/calls/{task_id}/draft": ("/calls/calls-none/draft", NOBODY),
    "/calls/{task_id}/new": ("/calls/calls-none/new", FIRST),
    "/calls/{task_id}": ("/calls/calls-none", FIRST),
    "/search": ("/search", READERS),
    "/matches": ("/matches", frozenset({COORDINATOR})),
    "/office/absences": ("/office/absences", EVERYBODY),
    "/office/deputies": ("/office/deputies", frozenset({MANAGER})),
    "/office/contacts/new": ("/office/contacts/new", frozenset({MANAGER, ADMINISTRATOR})),
    "/office/contacts/{contact_id}": ("/office/contacts/K1", frozenset({MANAGER, ADMINISTRATOR})),
    "/office/calendars/{name}": ("/office/calendars/nz-national", frozenset({MANAGER, ADMINISTRATOR})),
    "/exports/{name}": ("/exports/cases", READERS),
    "/cases/{case_id}/changes/{kind}": ("/cases/C1/changes/withdraw", frozenset({MANAGER})),
    "/cases/{case_id}/changes/{kind}/search": ("/cases/C3/changes/correct_link/search", frozenset({MANAGER})),
    "/cases/{case_id}/changes/{kind}/check": ("/cases/C1/changes/withdraw/check", frozenset({MANAGER})),
    "/cases/{case_id}/documents": ("/cases/C1/documents", FIRST),
    "/cases/{case_id}/mistakes": ("/cases/C1/mistakes", FIRST),
    "/people/{person_ref}/change": (f"/people/{LEE.ref}/change", FIRST),
    "/sign-out": ("/sign-out", EVERYBODY),
}
"""The same for forms, sent empty and with the token of the session; the last one ends it."""


def test_every_address_has_its_row() -> None:
    """A new page or form fails here until somebody has said who gets it."""
    assert set(routes("GET")) == GET.keys() | WITHOUT_SESSION.keys()
    assert set(routes("POST")) == POST.keys()


@pytest.mark.req("PRV-19")
async def test_every_page_and_form_opens_to_its_roles_alone(office: Office) -> None:
    """The others get 403 or 404; nobody gets an error of ours."""
    desks = await furnish(office)
    wrong = list[str]()
    for rows, method in ((GET, "get"), (POST, "post")):
        for path, allowed in rows.values():
            for role, visitor in desks.items():
                key = re.sub(r"[^a-z0-9]", "-", f"{SHORT[role]}{path.lower()}")[:64]
                answer = await (
                    visitor.get(path) if method == "get" else visitor.post(path, key=key, notice="N1")
                )
                if (answer.status_code in (403, 404)) == (role in allowed) or answer.status_code >= 500:
                    wrong.append(f"{method} {path} as {role.value}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def _template_of(path: str) -> str | None:
    """Which page answers at this address."""
    for router in ROUTERS:
        for route in router.routes:
            if "GET" in route.methods and route.path_regex.fullmatch(path.partition("?")[0]):  # type: ignore[attr-defined]
                return str(route.path)  # type: ignore[attr-defined]
    return None


def _links(page: httpx.Response) -> Iterator[str]:
    for found in re.findall(r'href="(/[^"#]*)', page.text):
        yield html.unescape(found)


@pytest.mark.req("PRV-19")
async def test_every_link_that_a_role_sees_opens(office: Office) -> None:
    """From home on, wherever links lead: none leads to a closed or missing door."""
    wrong = list[str]()
    for role, visitor in (await furnish(office)).items():
        for path, answer in (await _walk(visitor)).items():
            if answer.status_code not in (200, 202, 303):
                wrong.append(f"{path} as {role.value}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


async def _walk(visitor: Desk, most: int = 2) -> dict[str, httpx.Response]:
    """Every page that links lead to, as far as there are not `most` of its kind already."""
    ahead, seen, kinds = ["/"], dict[str, httpx.Response](), dict[str | None, int]()
    while ahead:
        path = ahead.pop(0)
        template = _template_of(path)
        if path in seen or path.startswith("/static/") or kinds.get(template, 0) >= most:
            continue
        kinds[template] = kinds.get(template, 0) + 1
        seen[path] = await visitor.get(path)
        if seen[path].headers.get("content-type", "").startswith("text/html"):
            ahead += _links(seen[path])
        elif "location" in seen[path].headers and seen[path].headers["location"].startswith("/"):
            ahead.append(seen[path].headers["location"])
    return seen
