"""Who may see what: least privilege by role, region and case (section 8 of the catalogue, PRV-19)."""

from collections.abc import Iterable
from dataclasses import dataclass

from procedures.terms import Procedure, Role

EVERY_REGION = "*"
NATIONAL = "national"
"""Rows that belong to no area office; everybody of the role may take them (P1.N2)."""

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT

PROCEDURES_OF: dict[Role, frozenset[Procedure]] = {
    _AWS: frozenset(
        {
            Procedure.INTAKE,
            Procedure.IDENTIFY,
            Procedure.CHECK_SUITABILITY,
            Procedure.DISCLOSE_CHANGE,
            Procedure.SORT_MAIL,
            Procedure.CORRECT_SENT,
        }
    ),
    Role.ADVISOR_PLACEMENT: frozenset({Procedure.MATCH_VOID, Procedure.OFFER}),
    _MANAGER: frozenset(Procedure),
}
"""Whose cases a role sees. A role that is not here sees no case at all."""

OWN_TASKS_ONLY = frozenset({Role.COORDINATOR_PLACEMENT, Role.HOUSING_SUPPORT_MANAGER})
"""They see the tasks of their role and nothing behind them: no case, no person, no code."""

SEARCHES_THE_REGISTER = frozenset({_AWS, _MANAGER})
READS_REPORTS = frozenset({_AWS, _MANAGER})
READS_AUDIT = frozenset({Role.AUDITOR, *PROCEDURES_OF})
WORKS_ON_TASKS = frozenset({*PROCEDURES_OF, *OWN_TASKS_ONLY})
READS_CASES = frozenset(PROCEDURES_OF)
READS_PERSONS = frozenset(PROCEDURES_OF)
ASSIGNS = frozenset({_MANAGER})
POSTS_REPORTS = frozenset({Role.MACHINE})
STAFF = frozenset(Role) - {Role.MACHINE}
"""Everybody who works here; any of them may report an event, without seeing a code (AMB-P2-19)."""
WRITES_DIRECTORY = frozenset({_MANAGER, Role.ADMINISTRATOR})
READS_DIRECTORY = READS_CASES | WRITES_DIRECTORY
ADDS_CALENDAR_DAYS = frozenset({_MANAGER, Role.ADMINISTRATOR})
RECORDS_ABSENCES = frozenset({_MANAGER, Role.ADMINISTRATOR})
"""Of anybody; everybody else records their own alone."""
ENTERS_MATCHES = frozenset({Role.COORDINATOR_PLACEMENT})
READS_VOID_PROPERTIES = frozenset({Role.COORDINATOR_PLACEMENT, Role.ADVISOR_PLACEMENT, _MANAGER})
LOOKS_AFTER_RUNS = frozenset({Role.ADMINISTRATOR, _MANAGER})


@dataclass(frozen=True, order=True)
class Post:
    """A role in a region: what somebody holds, and what a deputy stands in for (AMB-X-2)."""

    role: Role
    region: str

    def opens(self, region: str) -> bool:
        """True for the post's own region and the national queue, and for no other."""
        return region in (self.region, NATIONAL)


@dataclass(frozen=True)
class Sight:
    """What the roles and regions of one token let its holder see, and the posts the holder stands in for just now.

    A stand-in has the role of the post in the region of the post alone; the holder's own roles never reach there.
    """

    roles: frozenset[Role]
    regions: frozenset[str]
    stands_in: frozenset[Post] = frozenset()

    @property
    def own(self) -> "Sight":
        """The same without the posts: what concerns every region is not for a stand-in."""
        return Sight(self.roles, self.regions)

    @property
    def held_roles(self) -> frozenset[Role]:
        """Own roles and those of the posts the holder stands in for."""
        return self.roles | {post.role for post in self.stands_in}

    @property
    def every_region(self) -> bool:
        """True when no region is closed to the holder."""
        return EVERY_REGION in self.regions

    @property
    def open_regions(self) -> frozenset[str]:
        """The holder's own regions and the national queue."""
        return self.regions | {NATIONAL}

    @property
    def procedures(self) -> frozenset[Procedure]:
        """The procedures whose cases and tasks the holder's own roles see."""
        return frozenset[Procedure]().union(*(PROCEDURES_OF.get(role, frozenset()) for role in self.roles))

    @property
    def own_task_roles(self) -> frozenset[Role]:
        """Own roles whose tasks the holder sees without seeing the case."""
        return self.roles & OWN_TASKS_ONLY

    def covers(self, region: str) -> bool:
        """True when the region is open to the holder's own roles."""
        return self.every_region or region in self.open_regions

    def may(self, roles: Iterable[Role], region: str) -> bool:
        """True when the holder has one of the roles in this region, as an own one or standing in."""
        entitled = frozenset(roles)
        own = not self.roles.isdisjoint(entitled) and self.covers(region)
        return own or any(post.role in entitled and post.opens(region) for post in self.stands_in)

    def regions_with(self, roles: Iterable[Role]) -> frozenset[str]:
        """The regions in which the holder has one of the roles; `*` stands for all of them."""
        entitled = frozenset(roles)
        own = frozenset() if self.roles.isdisjoint(entitled) else self.open_regions
        posts = (post.region for post in self.stands_in if post.role in entitled)
        return own | {region for one in posts for region in (one, NATIONAL)}

    def sees_case(self, procedure: Procedure, region: str) -> bool:
        """True when the holder may read the case and the person in it."""
        return self.may((role for role, seen in PROCEDURES_OF.items() if procedure in seen), region)

    def sees_task(self, role: Role, procedure: Procedure, region: str) -> bool:
        """True when the holder may read the task; what is known of the person is another question."""
        return self.sees_case(procedure, region) or self.may({role} & OWN_TASKS_ONLY, region)

    def audits_case(self, procedure: Procedure, region: str) -> bool:
        """True when the holder may read what happened in the case."""
        return Role.AUDITOR in self.roles or self.sees_case(procedure, region)

    def has_any(self, roles: Iterable[Role]) -> bool:
        """True when the holder has one of the roles somewhere, as an own one or standing in."""
        return not self.held_roles.isdisjoint(roles)
