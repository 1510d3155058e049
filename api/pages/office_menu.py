"""The pages about the office itself, and who sees which."""

from api.pages.navigation import NavigationItem
from procedures.visibility import ASSIGNS, LOOKS_AFTER_RUNS, READS_DIRECTORY, STAFF, WORKS_ON_TASKS, Sight

OFFICE = (
    NavigationItem("Workload", "/office/workload", ASSIGNS),
    NavigationItem("Absences", "/office/absences", STAFF),
    NavigationItem("Deputies", "/office/deputies", STAFF),
    NavigationItem("Corrections directory", "/office/contacts", READS_DIRECTORY),
    NavigationItem("Calendars", "/office/calendars", STAFF),
    NavigationItem("Exports", "/exports", frozenset(WORKS_ON_TASKS)),
    NavigationItem("Stuck cases", "/office/stuck", LOOKS_AFTER_RUNS),
)


def office_menu(sight: Sight, path: str) -> list[dict[str, object]]:
    """The entries for the holder of these roles, in order."""
    return [
        {"href": one.href, "text": one.text, "current": one.is_open(path)}
        for one in OFFICE
        if sight.has_any(one.roles)
    ]
