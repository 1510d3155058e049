"""What the header leads to, for each role."""

from dataclasses import dataclass

from procedures.identify_answers import PhoneCorrections
from procedures.terms import Role
from procedures.visibility import ENTERS_MATCHES, READS_CASES, READS_REPORTS, STAFF, WORKS_ON_TASKS, Sight


@dataclass(frozen=True)
class NavigationItem:
    """One entry; `under` is how addresses of its pages begin."""

    text: str
    href: str
    roles: frozenset[Role]

    def is_open(self, path: str) -> bool:
        """True when the page at this path belongs to the entry."""
        return path == self.href or (self.href != "/" and path.startswith(f"{self.href}/"))


NAVIGATION: list[NavigationItem] = [
    NavigationItem("Home", "/", STAFF),
    NavigationItem("Tasks", "/tasks", frozenset(WORKS_ON_TASKS)),
    NavigationItem("Cases", "/cases", READS_CASES),
    NavigationItem("Friday runs", "/runs", READS_REPORTS),
    NavigationItem("Calls", "/calls", PhoneCorrections.roles()),
    NavigationItem("Void matches", "/matches", ENTERS_MATCHES),
    NavigationItem("Notices", "/notices", frozenset(WORKS_ON_TASKS)),
    NavigationItem("Office", "/office", STAFF),
    NavigationItem("Procedure", "/policy", STAFF),
]


def navigation_for(sight: Sight, path: str) -> list[dict[str, object]]:
    """The entries that the holder of these roles sees, in order."""
    return [
        {"href": item.href, "text": item.text, "current": item.is_open(path)}
        for item in NAVIGATION
        if sight.has_any(item.roles)
    ]
