"""A match and the offer after it in tests: entered by the coordinator, and worked by an Advisor Placement."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from activities.running_cases import RunningCases
from activities.void_matches import EnteredMatch, NewMatch, enter_match
from models.base import Base
from models.tables.case import CaseNote, CaseRecord, Notice, Task
from models.tables.mail import Document, PersonFileName
from models.tables.placement import VoidProperty
from procedures.tasks import AnswerTask, By, CaseView
from tests.workflows.gateway import CONTACT, SEND_FACTS
from tests.workflows.people import Person, hold
from tests.workflows.running import a_call, eventually
from tests.workflows.suitability import D1_CUR, Office, give_a_file

PLACER = By(subject="placer-1", name="Ravi Example", role="advisor-placement")
COORDINATOR = By(subject="coordinator-1", name="Lin Example", role="coordinator-placement")
MANAGER = By(subject="manager-1", name="Mere Example", role="manager-housing-wellbeing-support")
T441 = {
    "order_status": "CSO",
    "match_circumstances": "None known.",
    "locality_information": "None known.",
    "risk_rating_information": "none",
    "completed_by": "Sam Contact, Harbourview",
    "completed_on": "2026-11-20",
}
PART_B: dict[str, Any] = {
    "suitability": "suitable",
    "signed": True,
    "signed_by": "Sam Contact, Harbourview",
    "note": "Signed at the property.",
}
NOT_SUITABLE: dict[str, Any] = {
    "suitability": "not_suitable",
    "reasons": "A playground is being built next door.",
    "by_phone": True,
    "note": "Said after the viewing.",
}
REFUSES: dict[str, Any] = {
    "accepted": False,
    "outcome": "declined",
    "reason_kind": "own_refusal",
    "reason": "Too far from family.",
    "policy_reference": "CT-GDL-006",
}
SCAN = {"form": "T-438", "of_this_case": True, "in_person_file": True}
APPLICANT: dict[str, Any] = {"live": True, "occupancy": "applicant"}


def applicant(name: str, **changed: Any) -> Person:
    """Somebody on the social housing register, who lives elsewhere."""
    person = Person(
        f"P-{name.upper()}", name.capitalize(), address=f"{len(name)} Elsewhere Lane", **APPLICANT
    )
    return person if not changed else Person(**{**vars(person), **changed})


async def add_void(office: Office, property_ref: str, *, state: str = "void") -> str:
    """A property on the list of void properties."""
    async with office.databases.owner.transaction() as session:
        session.add(
            VoidProperty(
                property_ref=property_ref,
                address=f"{property_ref} Empty Street, Faketown",
                area_office="Harbourview",
                region="harbourview",
                state=state,
                notes="Two streets from the shops.",
                as_of=await office.house.now(),
            )
        )
    return property_ref


async def hold_t441(
    office: Office, person: Person, *, at: datetime | None = None, order_status: str = "CSO"
) -> None:
    """A T-441 that came back fully completed in an earlier case of procedure 1."""
    case_id, when = f"C-EARLIER-{person.ref}", at or await office.house.now() - timedelta(days=30)
    async with office.databases.worker.transaction() as session:
        session.add(
            CaseRecord(
                case_id=case_id, procedure="identify", edition="test", region="harbourview",
                person_ref=person.ref, step="end", waiting_for="nobody", turn=9,
                state={"exchange": {"form": "T-441"}}, outcome="D1", opened_at=when, closed_at=when,
            )
        )  # fmt: skip
        await session.flush()
        session.add(
            Task(
                task_id=f"{case_id}-7", case_id=case_id, procedure="identify", kind="review_return", step="1.6",
                role="advisor-wellbeing-support", region="harbourview", state="done", context={},
                opened_at=when, done_at=when,
                answer={"verdict": "complete", "returned": T441 | {"order_status": order_status}},
            )
        )  # fmt: skip


@dataclass
class Placer:
    """The Advisor Placement at work in one case. `walk` answers task after task as the document has them."""

    office: Office
    case_id: str
    person: Person
    property_ref: str
    changed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Fields to change in the usual answers, by kind of task."""
    asked: list[str] = field(default_factory=list)
    """Kinds of the tasks answered so far, in order."""

    async def walk(self, *, until: str | None = None) -> CaseView:
        """Answer what is open, until a task of this kind is open or the case has ended."""
        await self.office.house.something_open(self.case_id)
        view = await self.office.house.view(self.case_id)
        while view.outcome is None:
            kinds = [task.kind for task in view.open_tasks]
            if until in kinds:
                return view
            able = [kind for kind in kinds if kind in ANSWERS]
            if not able:
                await self.office.house.something_open(self.case_id)
            assert able, f"nothing to answer among {kinds} at {view.step}"
            view = await self.answer(able[0])
        assert until is None, f"ended as {view.outcome} before {until}"
        return view

    async def answer(self, kind: str, by: By | None = None, **changed: Any) -> CaseView:
        """Answer one task in the usual way, with these fields changed."""
        body, facts = ANSWERS[kind](await self.office.house.now())
        if kind == "record_part_b" and not changed.get("by_phone") and "record_part_b" not in self.changed:
            body |= {"document_id": await self.scan()}
        body |= self.changed.get(kind, {}) | changed
        by = by or (COORDINATOR if kind in COORDINATORS else PLACER)
        view = await self.office.house.answer(self.case_id, kind, body, facts=dict(facts), by=by)
        self.asked.append(kind)
        return view

    async def scan(self, *, filed: bool = True) -> str:
        """The signed T-438, scanned into the person's file."""
        await give_a_file(self.office, self.person)
        document_id = f"{self.case_id}-scan"
        async with self.office.databases.worker.transaction() as session:
            if await session.get(Document, document_id) is None:
                file = await session.get_one(PersonFileName, self.person.ref)
                session.add(
                    Document(
                        document_id=document_id, case_id=self.case_id, file_id=file.file_id if filed else None,
                        form="T-438", direction="in", media_type="application/pdf", storage_reference="kept",
                        digest="0", missing=[], stored_at=await self.office.house.now(), stored_by="placer-1",
                    )
                )  # fmt: skip
        return document_id

    async def request(self, returned: Mapping[str, Any] = T441) -> None:
        """3.2.c: send the request, and Corrections answers it."""
        await self.office.house.answer(
            self.case_id, "send_void_request", dict(CONTACT), facts=SEND_FACTS, by=PLACER
        )
        await eventually(self.clock, "no clock was set")
        await self.tell({"returned": f"r-{self.case_id}", "documents": [], "received_at": None})
        await self.office.house.answer(
            self.case_id, "review_return", {"verdict": "complete", "returned": dict(returned)}, by=PLACER
        )

    async def clock(self) -> Any:
        """The clock that runs, or None."""
        return (await self.office.house.case(self.case_id)).state["exchange"]["clock"]

    async def change(self, kind: str, **change: Any) -> CaseView:
        """Report a change."""
        return await self.office.house.change(self.case_id, kind, change, by=MANAGER)

    async def tell(self, what: dict[str, Any]) -> None:
        """A machine or another case brings something."""
        assert await RunningCases(self.office.house.client).tell(self.case_id, what)

    async def offer(self) -> "Placer":
        """The offer that follows this match."""
        case_id = f"{self.case_id}-O1"

        async def look() -> bool | None:
            async with self.office.databases.worker.transaction() as session:
                return True if await session.get(CaseRecord, case_id) else None

        await eventually(look, "no offer followed")
        return Placer(self.office, case_id, self.person, self.property_ref)

    async def rows(self, table: type[Base]) -> list[Any]:
        """The rows of a table that belong to the case."""
        async with self.office.databases.worker.transaction() as session:
            of_case: Any = table
            return list(await session.scalars(select(table).where(of_case.case_id == self.case_id)))

    async def notices(self) -> list[tuple[str, str]]:
        """Role and kind of the notices given."""
        return [(n.role, n.kind) for n in await self.rows(Notice)]

    async def texts(self) -> list[str]:
        """The notes of the case."""
        return [n.text for n in await self.rows(CaseNote)]


async def at_once(placer: Placer, kind: str, *answers: dict[str, Any]) -> list[CaseView | BaseException]:
    """Two people answer the same open task at the same time."""
    task = await placer.office.house.task(placer.case_id, kind)

    async def send(number: int, answer: dict[str, Any]) -> CaseView:
        command = AnswerTask(
            command_id=f"{task.task_id}-{number}", task_id=task.task_id, by=PLACER, answer=answer
        )
        return await placer.office.house.update(placer.case_id, "answer", command, command.command_id)

    return await asyncio.gather(
        *(send(number, answer) for number, answer in enumerate(answers)), return_exceptions=True
    )


async def follower_of(office: Office, person: Person, procedure: str) -> CaseRecord:
    """The newest case of this procedure about the person, once there is one."""

    async def look() -> CaseRecord | None:
        found = await office.cases_of(person, procedure)
        return found[-1] if found else None

    return await eventually(look, f"no case of {procedure}")


def a_property_call(now: datetime, said: str | None = "CSO", suits: bool | None = True) -> dict[str, Any]:
    """The call of step 3.3, ended two minutes ago."""
    call = a_call(now, said)
    return call | {"property_may_suit": suits} if said == "CSO" else call


async def matched(
    office: Office, person: Person, property_ref: str, *, code: str = "D1/CUR", t441: bool = True
) -> Placer:
    """A person with this code, matched to a void property by the coordinator."""
    await hold(office.databases.worker, person.ref, code, said="CSO")
    if t441:
        await hold_t441(office, person)
    await add_void(office, property_ref)
    entered = await enter(office, person, property_ref)
    assert len(entered.cases) == 1
    return Placer(office, entered.cases[0], person, property_ref)


async def enter(
    office: Office, person: Person, property_ref: str, *, on: date = date(2026, 11, 27)
) -> EnteredMatch:
    """The coordinator enters a match, as the API does."""
    match = NewMatch(
        person_ref=person.ref,
        property_ref=property_ref,
        match_date=on,
        t365_reference="T365-1",
        t365_details="Two bedrooms; household of one.",
    )
    return await enter_match(
        office.databases.api,
        RunningCases(office.house.client),
        match,
        by=COORDINATOR,
        at=await office.house.now(),
    )


def _plain(**body: Any) -> Callable[[datetime], tuple[dict[str, Any], Mapping[str, Any]]]:
    return lambda _: (dict(body), {})


def _at(
    *names: str, hours: float = 0, **body: Any
) -> Callable[[datetime], tuple[dict[str, Any], Mapping[str, Any]]]:
    return lambda now: (body | {name: (now + timedelta(hours=hours)).isoformat() for name in names}, {})


COORDINATORS = {"enter_withdrawn", "prepare_sign_up", "enter_offer_outcome"}
_COMMENT = {"comment": "As talked about with Corrections."}
ANSWERS: dict[str, Callable[[datetime], tuple[dict[str, Any], Mapping[str, Any]]]] = {
    "consider_match": _plain(t365_read=True, note="A quiet street."),
    "weigh_match": _plain(view="suitable", reasons="Nothing in the T-441 speaks against the locality."),
    "phone_about_property": lambda now: (a_property_call(now), {}),
    "book_viewing": _at(
        "starts_at", hours=1, with_corrections="Sam Contact", diaried=True, note="Meet at the gate."
    ),
    "viewing_questions": _plain(
        answers={"corrections_agrees": True, "agreed_with": "Sam Contact"}, **_COMMENT
    ),
    "print_t438": _plain(),
    "record_viewing": _at(
        "held_at", corrections_present="Sam Contact", in_person_at_the_property=True, note="Walked through."
    ),
    "record_part_b": lambda now: (
        PART_B | {"signed_on": now.date().isoformat(), "returned_on": now.date().isoformat()},
        SCAN,
    ),
    "pre_approval_questions": _plain(answers={"corrections_approves": True, "we_agree": True}, **_COMMENT),
    "settle_paper": _plain(method="stored"),
    "enter_withdrawn": _plain(outcome="withdrawn"),
    "withdrawal_questions": _plain(answers={"why_withdrawn": "Not suitable."}, **_COMMENT),
    "tell_corrections": lambda now: ({k: v for k, v in a_call(now).items() if k != "said"}, {}),
    "check_risk_rating": _plain(action="none", safe_work_plan=False, note="No rating shown."),
    "act_on_risk_rating": _plain(rating="medium", done="Two people attend.", risk_register_applies=True),
    "make_offer": _at("offered_at", note="Offer letter handed over."),
    "show_property": _at("shown_at", note="Shown to the household."),
    "persons_answer": _plain(accepted=True, note="Likes it."),
    "prepare_sign_up": _plain(prepared=True),
    "enter_offer_outcome": _plain(outcome="declined"),
    "sign_up_held": _plain(arranged="The Housing Support Manager knows."),
    "offer_questions": lambda _: (
        {"answers": {"offer_outcome": "accepted", "corrections_told": "Sam Contact"}} | _COMMENT,
        D1_CUR,
    ),
}


async def offered(office: Office, person: Person, property_ref: str) -> Placer:
    """The offer of a property to a person, at its first step."""
    match = await matched(office, person, property_ref)
    await match.walk()
    return await match.offer()


def offer_said(outcome: str) -> dict[str, Any]:
    """The last questions, as they must be answered then."""
    return {"offer_questions": {"answers": {"offer_outcome": outcome, "corrections_told": "Sam Contact"}}}


async def unfiled(office: Office, placer: Placer, document_id: str) -> None:
    """Something that came in and is in no file."""
    async with office.databases.worker.transaction() as session:
        session.add(
            Document(
                document_id=document_id, case_id=placer.case_id, file_id=None, form="attachment", direction="in",
                media_type="text/plain", storage_reference="kept", digest="0", missing=[],
                stored_at=await office.house.now(), stored_by="system",
            )
        )  # fmt: skip


async def file_now(office: Office, document_id: str) -> None:
    """It is in the person's folder now."""
    async with office.databases.worker.transaction() as session:
        document = await session.get_one(Document, document_id)
        case = await session.get_one(CaseRecord, document.case_id)
        document.file_id = (await session.get_one(PersonFileName, case.person_ref)).file_id
