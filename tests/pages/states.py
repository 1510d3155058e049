"""Every page of the application in every state that people meet; a page without a state here fails a test."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi.routing import APIRoute

from api.pages.mounting import ROUTERS
from procedures.terms import Role
from tests.api.office import AP, AWS, MANAGER
from tests.pages.furnishing import COORDINATOR, RUN
from tests.workflows.people import DEE, KIM, LEE

ADMINISTRATOR, AUDITOR = Role.ADMINISTRATOR, Role.AUDITOR


@dataclass(frozen=True)
class State:
    """How to get there: who opens what, then presses which button; and the status it is answered with."""

    path: str
    role: Role | None = AWS
    press: str = ""
    fill: tuple[tuple[str, str], ...] = ()
    """Label and text, typed before pressing."""
    status: int = 200

    @property
    def name(self) -> str:
        """What it is called in a finding."""
        return f"{self.path} {self.press}".strip()


STATES: dict[str, tuple[State, ...]] = {
    "/": (State("/"), State("/", MANAGER), State("/", AUDITOR), State("/", COORDINATOR)),
    "/timeline": (State("/timeline?case=C1", AUDITOR), State("/timeline?case=", AUDITOR, status=422)),
    "/again": (State("/again", COORDINATOR),),
    "/tasks": (
        State("/tasks?view=mine"),
        State("/tasks?view=team", MANAGER),
        State("/tasks?view=waiting"),
        State("/tasks?page=none", status=422),
    ),
    "/tasks/{task_id}": (
        State("/tasks/C6-1"),
        State("/tasks/T-1"),
        State("/tasks/T-1", press="Send the answer", status=422),
        State("/tasks/C1-1", press="Check your answers", status=422),
        State("/tasks/C7-1", MANAGER),
        State("/tasks/C1-0"),
        State("/tasks/T-2"),
        State("/tasks/none", status=404),
    ),
    "/tasks/{task_id}/check": (State("/tasks/C6-1/check"),),
    "/tasks/{task_id}/done": (State("/tasks/C1-0/done"), State("/tasks/C7-1/done")),
    "/commands/{command_id}": (
        State("/commands/command-waits", status=202),
        State("/commands/command-refused"),
    ),
    "/policy": (State("/policy", AUDITOR),),
    "/policy/{ref}": (State("/policy/1.6"), State("/policy/9.9", status=404)),
    "/runs": (State("/runs"), State("/runs", AP, status=403)),
    "/runs/{run_id}": (State(f"/runs/{RUN}"),),
    "/calls": (State("/calls"),),
    "/calls/{task_id}": (
        State("call sheet"),
        State("call sheet", press="Send the answers of this call", status=422),
    ),
    "/search": (
        State("/search", press="Search", status=422),
        State("/search", press="Search", fill=(("Full name", "Sample"), ("Address", "2 Made Up Road"))),
        State("/search", AP, press="Search", fill=(("Reference", "NOBODY-1"),)),
    ),
    "/notices": (State("/notices"),),
    "/matches": (
        State("/matches?entered=true", COORDINATOR),
        State("/matches", COORDINATOR, press="Enter the match", status=422),
    ),
    "/office": (State("/office", MANAGER),),
    "/office/workload": (State("/office/workload", MANAGER),),
    "/office/absences": (
        State("/office/absences"),
        State("/office/absences", MANAGER, press="Show who gets what", status=422),
    ),
    "/office/contacts": (State("/office/contacts", MANAGER),),
    "/office/contacts/new": (
        State("/office/contacts/new", MANAGER),
        State("/office/contacts/new", MANAGER, press="Add the contact", status=422),
    ),
    "/office/contacts/{contact_id}": (State("/office/contacts/K1", MANAGER),),
    "/office/deputies": (
        State("/office/deputies"),
        State("/office/deputies", MANAGER, press="Record the deputy", status=422),
    ),
    "/office/calendars": (State("/office/calendars"),),
    "/office/calendars/{name}": (
        State("/office/calendars/nz-national?year=2026", MANAGER),
        State(
            "/office/calendars/nz-national?year=2026",
            MANAGER,
            press="Show what it touches",
            fill=(
                ("Day", "30"),
                ("Month", "11"),
                ("Year", "2026"),
                ("Why it does not count", "Office closed"),
            ),
        ),
    ),
    "/exports": (State("/exports", MANAGER),),
    "/exports/{name}": (
        State("/exports/cases?status=any", MANAGER),
        State("/exports/workload", AP, status=403),
    ),
    "/cases": (State("/cases"), State("/cases?status=closed", AP)),
    "/cases/{case_id}/mistakes": (
        State("/cases/C1/mistakes"),
        State("/cases/C1/mistakes", press="Report it", status=422),
    ),
    "/office/stuck": (State("/office/stuck?run_of=C1", ADMINISTRATOR),),
    "/cases/{case_id}": (
        State("/cases/C1?said=reported", MANAGER),
        State("/cases/C3"),
        State("/cases/C500", AP),
        State("/cases/C1", AP, status=404),
    ),
    "/cases/{case_id}/timeline": (
        State("/cases/C1/timeline?reads=true"),
        State("/cases/C1/timeline", AUDITOR),
    ),
    "/cases/{case_id}/documents": (
        State("/cases/C1/documents"),
        State("/cases/C1/documents", press="Check and file it", status=422),
        State("/cases/C500/documents?what=T-438", AP),
    ),
    "/cases/{case_id}/mail": (State("/cases/C1/mail"), State("/cases/C500/mail", AP)),
    "/cases/{case_id}/mail/preview": (
        State("/cases/C1/mail/preview?kind=T-441&contact_id=harbourview-1"),
        State("/cases/C1/mail/preview", status=422),
    ),
    "/cases/{case_id}/assessments": (State("/cases/C1/assessments"), State("/cases/C500/assessments", AP)),
    "/cases/{case_id}/clocks": (State("/cases/C1/clocks"), State("/cases/C4/clocks")),
    "/cases/{case_id}/linked": (State("/cases/C1/linked"), State("/cases/C4/linked")),
    "/cases/{case_id}/changes/{kind}": (
        State("/cases/C3/changes/corrections_says"),
        State("/cases/C3/changes/corrections_says", press="Check your answers", status=422),
        State("/cases/C3/changes/correct_link", MANAGER, press="Search", fill=(("Full name", "Sample"),)),
        State("/cases/C1/changes/correct_link", MANAGER, press="Search", status=422),
        State("/cases/C1/changes/withdraw", status=403),
    ),
    "/cases/{case_id}/changes/{kind}/check": (State("/cases/C1/changes/corrections_says/check"),),
    "/people/{person_ref}": (
        State(f"/people/{LEE.ref}"),
        State(f"/people/{KIM.ref}", AP),
        State(f"/people/{DEE.ref}", MANAGER),
    ),
    "/people/{person_ref}/change": (
        State(f"/people/{LEE.ref}/change?kind=household_change"),
        State(f"/people/{LEE.ref}/change", press="Report it", status=422),
    ),
    "/sign-in/back": (State("/sign-in/back", None, status=401),),
    "/sign-in": (State("/sign-in?next=/tasks/C1-1&kept=1", None, status=401),),
    "/signed-out": (State("/signed-out", None),),
}
"""By the route that answers."""

NO_PAGES = {
    "/tasks/list": "a part of the list, fetched again by itself",
    "/tasks/next": "leads to the next task",
    "/documents/{document_id}": "a document",
    "/cases/{case_id}/mail/preview.pdf": "a document",
    "/cases/{case_id}/t438.pdf": "a document",
    "/cases/{case_id}/viewings/{viewing_id}.ics": "a calendar file",
    "/cases/{case_id}/run": "leads to the Temporal Web UI",
}
"""Addresses that answer with something else."""


def routes(method: str) -> Iterator[str]:
    """The addresses of all pages that answer this method."""
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            if method in (route.methods or ()):
                yield route.path
