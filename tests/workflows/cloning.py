"""One case walked to a waiting point, and any number of like cases begun there from the record, each of somebody else."""

import asyncio
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from activities.running_cases import RunningCases
from models.base import Base
from models.tables.case import CaseRecord, Task
from models.tables.mail import Clock, Document
from models.tables.placement import Offer, PreApproval, PropertyHold, Viewing, VoidMatch
from tests.workflows.people import Person, hold
from tests.workflows.placement import Placer, add_void, hold_t441
from tests.workflows.running import Said, eventually
from tests.workflows.suitability import Office, give_a_file

_TABLES: tuple[type[Base], ...] = (
    CaseRecord,
    Task,
    VoidMatch,
    PropertyHold,
    Viewing,
    Document,
    Clock,
    PreApproval,
    Offer,
)
Rows = list[tuple[type[Base], dict[str, Any]]]


@dataclass
class Template:
    """The rows of a case that stands at a waiting point."""

    placer: Placer
    rows: Rows
    t441: bool = True
    """A completed T-441 of the person is held."""
    code: str = "D1/CUR"
    stood: frozenset[tuple[str, int]] = frozenset()
    """Where in the code the walked case waited."""

    def differing(
        self, remembered: dict[str, Any], *, without: type[Base] | None = None, code: str = "D1/CUR"
    ) -> "Template":
        """The same point, where the case remembers something else and has no open task yet."""
        rows: Rows = []
        for table, row in self.rows:
            if table is CaseRecord:
                rows.append((table, row | {"state": row["state"] | {"tasks": {}} | remembered}))
            elif table not in (Task, without):
                rows.append((table, row))
        return Template(self.placer, rows, self.t441, code)

    @property
    def state(self) -> dict[str, Any]:
        """What the case remembers at the point."""
        [state] = [row["state"] for table, row in self.rows if table is CaseRecord]
        return dict(state)

    async def clone(self, office: Office, person: Person, property_ref: str) -> Placer:
        """A case of this person that the record has at the same point; its run begins from there."""
        base = self.placer.case_id.partition("-")[0]
        number = f"C{person.ref.removeprefix('P-')}"
        swaps = {base: number, self.placer.person.ref: person.ref, self.placer.property_ref: property_ref}
        await hold(office.databases.worker, person.ref, self.code, said="CSO")
        await add_void(office, property_ref)
        if self.t441:
            await hold_t441(office, person)
        await give_a_file(office, person)
        async with office.databases.worker.transaction() as session:
            for table, row in self.rows:
                changed = _swapped(row, swaps)
                if table is VoidMatch:
                    changed["match_id"] = f"M{number}"
                await session.execute(insert(table).values(**changed))
        case_id = self.placer.case_id.replace(base, number)
        procedure = "offer" if "-" in case_id else "match_void"
        await RunningCases(office.house.client).start(procedure, case_id)
        clone = Placer(office, case_id, person, property_ref, changed=dict(self.placer.changed))
        await eventually(lambda: _answers(clone), "the run did not begin")
        return clone


async def template(placer: Placer, *, t441: bool = True) -> Template:
    """The rows of a case as they are now; of its match too, when it is an offer."""
    base = placer.case_id.partition("-")[0]
    rows: Rows = []
    async with placer.office.databases.worker.transaction() as session:
        for table in _TABLES:
            of: Any = table
            wanted = [placer.case_id] if table in (CaseRecord, Task) else [base, placer.case_id]
            query = select(table).where(of.case_id.in_(wanted))
            if table is Task:
                query = query.where(Task.state == "open")
            for row in await session.scalars(query):
                columns = {column.key: getattr(row, column.key) for column in table.__table__.columns}
                columns.pop("parent_case_id", None)
                rows.append((table, columns))
    return Template(placer, rows, t441)


def _swapped(value: Any, swaps: dict[str, str]) -> Any:
    match value:
        case str():
            for old, new in swaps.items():
                value = value.replace(old, new)
            return value
        case dict():
            return {_swapped(key, swaps): _swapped(inner, swaps) for key, inner in value.items()}
        case list():
            return [_swapped(inner, swaps) for inner in value]
        case _:
            return value


async def _answers(placer: Placer) -> bool | None:
    """True once the run has read the case from the record: until then it takes no change."""
    try:
        await placer.change("step_back", to_step="2.2", asked_by="-", reason="-")
    except Said as said:
        return True if said.kind in ("Refused", "Malformed") else None
    return None


async def at_once(count: int, *work: Any) -> list[Any]:
    """Results of all, a few at a time."""
    gate = asyncio.Semaphore(count)

    async def one(job: Any) -> Any:
        async with gate:
            return await job

    return list(await asyncio.gather(*map(one, work), return_exceptions=True))
