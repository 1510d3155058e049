"""The pages that are measured at size, who asks for them, and the cases and persons they are asked for."""

from dataclasses import dataclass, field

from sqlalchemy import text

from models.database import Database
from models.queries.paging import page_of
from procedures.terms import Role

_AWS, _AP, _MANAGER = (
    Role.ADVISOR_WELLBEING_SUPPORT,
    Role.ADVISOR_PLACEMENT,
    Role.MANAGER_HOUSING_WELLBEING_SUPPORT,
)
BUSIEST = "R01"
"""The region with the most cases (bench/scale_fill.py)."""


@dataclass(frozen=True)
class Asker:
    """Somebody who looks at pages; `subject` also holds tasks."""

    subject: str
    role: Role
    regions: tuple[str, ...]


ASKERS = {
    "advisor": Asker("staff-1", _AWS, (BUSIEST,)),
    "advisor, all regions": Asker("staff-7", _AWS, ("*",)),
    "placement": Asker("staff-2", _AP, (BUSIEST,)),
    "placement, all regions": Asker("staff-8", _AP, ("*",)),
    "manager": Asker("staff-5", _MANAGER, ("*",)),
    "coordinator": Asker("staff-3", Role.COORDINATOR_PLACEMENT, (BUSIEST,)),
    "auditor": Asker("staff-9", Role.AUDITOR, ("*",)),
    "administrator": Asker("staff-10", Role.ADMINISTRATOR, ("*",)),
}


@dataclass(frozen=True)
class Page:
    """One page. Its address, and what is posted, may name {case}, {match}, {person}, {run} and what a search looks for."""

    name: str
    asker: str
    address: str
    limited: bool = False
    """Whether it is one of the queues, case and person pages, which have a limit."""
    posted: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Samples:
    """What stands in the places of an address, in turn."""

    values: dict[str, list[str]]

    def filled(self, template: str, turn: int) -> str:
        """The template with what has its turn."""
        return template.format(**{name: held[turn % len(held)] for name, held in self.values.items()})


def _queues(asker: str) -> list[Page]:
    views = ("mine", "team", "unassigned", "waiting", "done")
    pages = [Page(f"queue {view}", asker, f"/tasks?view={view}", limited=True) for view in views]
    more = {
        "overdue": "view=team&due=overdue",
        "due today": "view=team&due=today",
        "new": "view=team&new=true",
        "one step": "view=team&step=1.6",
        "one region": f"view=team&region={BUSIEST}",
        "newest": "view=team&sort=newest",
        "by step": "view=team&sort=step",
        "by step, deep": "view=team&sort=step&page=80",
        "deep": "view=team&page=80",
        "done, deep": "view=done&page=300",
        "waiting, deep": "view=waiting&page=40",
        "list again": "view=team",
    }
    if "*" in ASKERS[asker].regions:
        more["deeper"] = "view=team&page=800"
    for name, query in more.items():
        path = "/tasks/list" if name == "list again" else "/tasks"
        pages.append(Page(f"queue {name}", asker, f"{path}?{query}", limited=True))
    return pages


def _of_case(asker: str, which: str = "case") -> list[Page]:
    tabs = ("", "/timeline", "/documents", "/mail", "/assessments", "/clocks", "/linked")
    return [
        Page(f"case {tab.strip('/') or 'overview'}", asker, f"/cases/{{{which}}}{tab}", limited=True)
        for tab in tabs
    ]


def _searches(asker: str) -> list[Page]:
    terms = {
        "reference": {"reference": "{person}"},
        "case number": {"reference": "{case}"},
        "name": {"name": "{name}"},
        "name with %": {"name": "{name_start}%"},
        "address": {"address": "{address}"},
        "date of birth": {
            f"date_of_birth-{part}": f"{{{letter}}}"
            for part, letter in zip(("day", "month", "year"), "dmy", strict=True)
        },
    }
    return [Page(f"search {name}", asker, "/search", posted=posted) for name, posted in terms.items()]


_CASE_LISTS = {
    "open": "",
    "open, newest": "sort=newest",
    "overdue": "due=overdue",
    "within a week": "due=week",
    "waiting": "waiting=Corrections",
    "one step": "step=1.6",
    "one procedure": "procedure=sort_mail",
    "closed": "status=closed",
    "closed, one region": "status=closed&region=R12&procedure=match_void",
    "all": "status=any",
    "all, one region": f"status=any&region={BUSIEST}",
    "all, deep": "status=any&cursor={deep}",
    "open, deep": "cursor={deep_due}",
}

PAGES = [
    Page("the procedure", "advisor", "/policy"),
    *(Page("home", asker, "/") for asker in ASKERS),
    *(page for asker in ("advisor", "advisor, all regions", "manager") for page in _queues(asker)),
    *(Page(f"queue {view}", asker, f"/tasks?view={view}", limited=True)
      for asker in ("placement", "placement, all regions", "coordinator") for view in ("mine", "team", "done")),
    *(Page(f"cases {name}", asker, f"/cases?{query}", limited=True)
      for asker in ("advisor", "manager", "placement") for name, query in _CASE_LISTS.items()),
    Page("task", "advisor, all regions", "/tasks/{case}-1"),
    *_of_case("advisor"),
    *_of_case("manager", "full_case"),
    *_of_case("placement, all regions", "match"),
    Page("case timeline", "auditor", "/cases/{full_case}/timeline", limited=True),
    Page("person", "advisor", "/people/{person}", limited=True),
    Page("person", "manager", "/people/{full_person}", limited=True),
    Page("person", "placement, all regions", "/people/{match_person}", limited=True),
    *_searches("advisor"),
    *_searches("manager"),
    Page("Friday runs", "advisor", "/runs"),
    Page("Friday run", "advisor", "/runs/{run}"),
    Page("Friday run, waiting", "manager", "/runs/{run}?show=waiting&page=2"),
    Page("Friday run, unresolved", "manager", "/runs/{run}?show=unresolved"),
    Page("calls", "advisor", "/calls"),
    Page("void matches", "coordinator", "/matches"),
    Page("notices", "placement", "/notices"),
    Page("notices, all", "placement, all regions", "/notices?every=true"),
    Page("workload", "manager", "/office/workload"),
    Page("absences", "manager", "/office/absences"),
    Page("directory", "manager", "/office/contacts"),
    Page("calendars", "manager", "/office/calendars/nz-national?year=2026"),
]  # fmt: skip

_SAMPLES = {
    "case": "SELECT case_id FROM case_record WHERE procedure = 'identify' AND region = :region AND closed_at IS NULL"
    " AND waiting_for <> 'Corrections' ORDER BY md5(case_id) LIMIT 50",
    "match": "SELECT case_id FROM case_record WHERE procedure = 'match_void' ORDER BY md5(case_id) LIMIT 50",
    "person": "SELECT c.person_ref FROM case_record c JOIN person_file_reference f USING (person_ref)"
    " WHERE c.procedure = 'identify' AND c.region = :region ORDER BY md5(case_id) LIMIT 50",
    "match_person": "SELECT person_ref FROM case_record WHERE procedure = 'match_void' ORDER BY md5(case_id) LIMIT 50",
    "run": "SELECT run_id FROM report_run ORDER BY run_id DESC LIMIT 20",
    "name": "SELECT given_names || ' ' || surname FROM register_person ORDER BY md5(person_ref) LIMIT 50",
    "name_start": "SELECT left(surname, 4) FROM register_person ORDER BY md5(person_ref) LIMIT 50",
    "address": "SELECT full_address FROM register_address WHERE is_current ORDER BY md5(person_ref) LIMIT 50",
    **{
        letter: f"SELECT CAST(extract({part} FROM date_of_birth) AS int)::text FROM register_person"
        " WHERE date_of_birth IS NOT NULL ORDER BY md5(person_ref) LIMIT 50"
        for letter, part in (("d", "day"), ("m", "month"), ("y", "year"))
    },
}


_DEEP = {
    "deep": "SELECT opened_at, case_id FROM case_record ORDER BY opened_at DESC OFFSET :deep LIMIT 1",
    "deep_due": "SELECT due_at, case_id FROM case_record WHERE closed_at IS NULL AND due_at IS NOT NULL"
    " ORDER BY due_at, case_id OFFSET :deep LIMIT 1",
}
"""Cases far down a list, for the cursor of a page there."""


async def samples(owner: Database, full_case: str, full_person: str) -> Samples:
    """Cases, persons and search terms of the record, and the one case in which very much has happened."""
    found = {"full_case": [full_case], "full_person": [full_person]}
    async with owner.transaction() as session:
        for name, query in _SAMPLES.items():
            places = {"region": BUSIEST} if ":region" in query else {}
            found[name] = list(await session.scalars(text(query), places))
        due = await session.scalar(text("SELECT count(*) FROM case_record WHERE due_at IS NOT NULL"))
        for name, query in _DEEP.items():
            row = (await session.execute(text(query), {"deep": (due or 0) * 3 // 4})).one()
            found[name] = [page_of([row, row], 1, list).next or ""]
    return Samples(found)
