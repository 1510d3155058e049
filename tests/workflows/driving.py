"""An advisor at work: answers whatever a case of procedure 1 asks next, so that a story reads as a story."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from models.tables.assessment import AssessmentVersion, Confirmation, PhoneCall
from models.tables.case import CaseNote, Notice, Task, TurnRecord
from models.tables.report import ReportEntry
from procedures.tasks import By, CaseView
from tests.workflows.people import Person, import_people
from tests.workflows.running import ADVISOR, SEARCHED, House, a_call

NSO_ANSWERS = {"order_ended": True, "confirmed_how": "by phone"}
INVALID_ANSWERS = {"verified_incorrect": True, "difference": "another date of birth"}
FINAL_ANSWERS = {"order_current": True, "confirmed_how": "by phone"}
BEFORE_ANSWERS = {"relation_to_home": "lives in one of our homes", "identity_checked": True}
SAYS = {"said_by": "Sam Contact", "office": "Harbourview", "note": "rang back"}
LINK = {"reason": "a slip", "asked_by": "Aroha Example", "said_by": "Sam Contact", "office": "Harbourview"}


@dataclass
class Advisor:
    """One case and the person in it. `walk` answers task after task as the document has them."""

    house: House
    case_id: str
    person: Person
    said: str = "CSO"
    """What Corrections says on the phone."""
    group: str = "New CSO"
    duplicates: tuple[str, ...] = ()
    outcome: str = "potential_match"
    asked: list[str] = field(default_factory=list)
    """Kinds of the tasks answered so far, in order."""

    async def walk(self, *, until: str | None = None) -> CaseView:
        """Answer what is open, until a task of this kind is open or the case has ended."""
        view = await self._first_view()
        while view.outcome is None:
            kinds = [task.kind for task in view.open_tasks]
            if until in kinds:
                return view
            able = [kind for kind in kinds if kind in self._answers()]
            assert able, f"nothing to answer among {kinds}"
            view = await self.answer(able[0])
        assert until is None, f"ended as {view.outcome} before {until}"
        return view

    async def answer(self, kind: str, by: By = ADVISOR, **changed: Any) -> CaseView:
        """Answer one task in the usual way, with these fields changed."""
        answer, facts = await self._body(kind)
        view = await self.house.answer(self.case_id, kind, dict(answer) | changed, facts=dict(facts), by=by)
        self.asked.append(kind)
        return view

    async def call(self, answered: str | None = "CSO", **changed: Any) -> CaseView:
        """A call to Corrections that ended just now; None when nobody answered it."""
        call = a_call(await self.house.now(), answered) | changed
        view = await self.house.answer(self.case_id, "phone_corrections", call)
        self.asked.append("phone_corrections")
        return view

    async def _first_view(self) -> CaseView:
        await self.house.something_open(self.case_id)
        return await self.house.view(self.case_id)

    async def _body(self, kind: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        if kind == "phone_corrections":
            return a_call(await self.house.now(), self.said), {}
        return self._answers()[kind]

    def _answers(self) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
        person = self.person
        match: dict[str, Any] = {"outcome": self.outcome, "note": "Name and date of birth agree."}
        if self.outcome == "potential_match":
            match |= {"person_ref": person.ref, "duplicates": self.duplicates}
        ours = {"address_is_ours": self.outcome == "address_only"}
        reported = "CSO" if self.group == "New CSO" else "NSO"
        return {
            "match_entry": (match, SEARCHED | ours),
            "identify_occupant": ({"person_ref": person.ref}, {}),
            "first_question": ({"answers": {"reported_status": reported}}, {}),
            "why_pending": ({"reason": "The call is still to be made."}, {}),
            "live_record": ({"live": person.live, "evidence": "the register shows it"}, person.facts),
            "phone_corrections": ({}, {}),
            "nso_questions": ({"answers": NSO_ANSWERS}, {}),
            "invalid_questions": ({"answers": INVALID_ANSWERS}, {}),
            "before_t441_questions": ({"answers": BEFORE_ANSWERS}, {}),
            "final_questions": ({"answers": FINAL_ANSWERS}, {}),
            "corrections_unreachable": ({"arranged": "The service manager calls back."}, {}),
        }


async def reported(
    house: House, *people: Person, group: str = "New CSO", groups: Sequence[str] = ()
) -> list[Advisor]:
    """One report that names these people, and an advisor for each case."""
    in_groups = list(zip(people, groups or [group] * len(people), strict=True))
    await import_people(house.loader, *people)
    house.inbox.deliver("\n".join(person.row(said) for person, said in in_groups))
    await house.open_friday()
    return [Advisor(house, await house.case_of(p.surname), p, group=said) for p, said in in_groups]


def somebody(number: int, *, live: bool = False) -> Person:
    """One of many people with a name of their own."""
    letters = "".join(chr(ord("a") + int(digit)) for digit in f"{number:04d}")
    person = Person(f"P-{number:05d}", f"Zeta{letters}", address=f"{number} Invented Street")
    return person.tenant() if live else replace(person)


async def counts(house: House, case_id: str) -> dict[str, int]:
    """How many rows the record has of a case, by table: to see that nothing was doubled or deleted."""
    tables = (Task, TurnRecord, AssessmentVersion, Confirmation, PhoneCall, CaseNote, Notice, ReportEntry)
    numbers = [
        select(func.count())
        .select_from(table)
        .where(table.case_id == case_id)
        .scalar_subquery()
        .label(table.__tablename__)
        for table in tables
    ]
    async with house.database.transaction() as session:
        return dict((await session.execute(select(*numbers))).one()._mapping)
