"""What is already known when a task is opened: the row, the person, what was said and noted; read, and audited as read."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from activities.audit import record_access
from activities.scans import Paper
from adapters.ports import RegisterPerson
from adapters.register_search import three_searches
from api.by_hand import ToEnter, shown_entry
from api.signed_in import Caller
from models.queries import cases, documents, happenings, people, placing, reports
from models.queries.cases import CaseDetail
from models.queries.documents import DocumentRecord
from models.queries.happenings import CallRecord, ConfirmationRecord, ContactRecord, NoteRecord
from models.queries.mail import SentRecord, sent_mails
from models.queries.people import AssessmentRecord
from models.queries.placing import Placing
from models.queries.reports import EntryRecord, SearchMade
from models.queries.tasks import TaskRecord
from procedures.by_hand import BY_HAND
from procedures.correct_sent import SentItem
from procedures.local_time import local_date
from procedures.terms import Procedure

MOST_CANDIDATES = 20


class PersonOnRegister(BaseModel):
    """A person as the register holds them."""

    id: str = Field(description="The person reference")
    person_ref: str
    surname: str
    given_names: str
    date_of_birth: date | None
    gender: str | None
    address: str
    suburb: str
    town: str
    postcode: str
    area_office: str
    record_state: str
    occupancy: str
    property_ref: str | None
    household_ref: str | None
    other_names: list[str]
    former_addresses: list[str]
    updated_at: datetime | None
    absent_since: datetime | None


class Candidate(BaseModel):
    """A register person whom a search found, with how alike each field is."""

    id: str
    person_ref: str
    score: float = Field(description="0 to 1 over the fields that both sides have")
    reasons: dict[str, str] = Field(description="Per searched field, in words")
    found_by: list[str]
    person: PersonOnRegister | None


class WentOut(BaseModel):
    """Something that was sent, or handed over on paper."""

    id: str = Field(description="The mail, or the printed form")
    case_id: str
    kind: str
    reference: str
    at: datetime | None
    to: str
    office: str | None = None
    can_be_taken_back: bool


class Known(BaseModel):
    """Everything a task shows beside its question; absent parts are not needed for this kind of task."""

    entry: EntryRecord | None = None
    searches: list[SearchMade] | None = None
    candidates: list[Candidate] | None = None
    person: PersonOnRegister | None = None
    key_details: str | None = None
    assessments: list[AssessmentRecord] | None = None
    notes: list[NoteRecord] | None = None
    calls: list[CallRecord] | None = None
    confirmations: list[ConfirmationRecord] | None = None
    contacts: list[ContactRecord] | None = None
    to_enter: ToEnter | None = Field(
        default=None, description="For an entry by hand in another system: what to copy there"
    )
    documents: list[DocumentRecord] | None = Field(
        default=None, description="What came with the mail in question: read each at /api/documents/{id}"
    )
    placing: Placing | None = Field(
        default=None,
        description="The match with its T-365, the property and who is in it, viewing and approval",
    )
    papers: list[DocumentRecord] | None = Field(
        default=None, description="Papers that were scanned into this case, such as the signed T-438"
    )
    went_out: list[WentOut] | None = Field(
        default=None, description="For a mistake in something sent: exactly what went out, to whom, and when"
    )


class _Reading:
    """Reads the parts of one task, each at most once, and remembers what personal data were read."""

    def __init__(self, caller: Caller, task: TaskRecord, case: CaseDetail) -> None:
        self.caller, self.task, self.case = caller, task, case
        self.database, self.register = caller.resources.database, caller.resources.register
        self.known = Known()
        self.read: list[tuple[str, str]] = []

    async def entry(self) -> None:
        entry_id = self.task.context.get("entry_id") or self.case.entry_id
        if entry_id and self.known.entry is None:
            self.known.entry = await reports.entry(self.database, entry_id)
            self.read.append(("report entry", entry_id))

    async def searches(self) -> None:
        await self.entry()
        entry = self.known.entry
        if entry is None:
            return
        self.known.searches = await reports.searches_of_entry(self.database, entry.entry_id)
        self.known.candidates = await candidates(
            self.caller, full_name=entry.full_name, address=entry.full_address, born=entry.date_of_birth
        )
        self.read.append(("candidates", entry.entry_id))

    async def person(self) -> None:
        if self.case.person_ref is None:
            return
        found = await self.register.person(self.case.person_ref)
        self.known.person = on_register(found) if found else None
        self.read.append(("person", self.case.person_ref))

    async def assessments(self) -> None:
        if self.case.person_ref is None:
            return
        held = await people.assessments_of_person(self.database, self.case.person_ref)
        self.known.assessments, self.known.key_details = held, people.key_details_of(held)

    async def notes(self) -> None:
        self.known.notes = await happenings.notes_of_case(self.database, self.case.case_id)

    async def calls(self) -> None:
        self.known.calls = await happenings.calls_of_case(self.database, self.case.case_id)
        self.known.confirmations = await happenings.confirmations_of_case(self.database, self.case.case_id)

    async def to_enter(self) -> None:
        """What is copied into a system worked by hand."""
        shown = await shown_entry(self.caller.resources, self.task.context["entry_id"])
        if shown is not None:
            self.known.to_enter = shown.to_enter
            self.read.extend(shown.read)

    async def contacts(self) -> None:
        await self.entry()
        self.known.contacts = await happenings.contacts(
            self.database,
            office=self.known.entry.corrections_office if self.known.entry else None,
            region=self.case.region,
            today=local_date(self.caller.now),
        )
        fallback = self.caller.resources.mail_house.fallback.entry()
        if fallback is not None:
            self.known.contacts.append(happenings.contact_record(fallback))

    async def documents(self) -> None:
        received_id = self.task.context.get("received_id")
        if received_id:
            self.known.documents = await documents.documents_of_received(self.database, received_id)
            self.read.append(("received mail", received_id))

    async def placing(self) -> None:
        if self.case.procedure not in _PLACES:
            return
        found = await placing.placing_of_case(self.database, self.case.case_id)
        self.known.placing = found
        if found is None:
            return
        self.read.append(("match", found.match.match_id))
        if found.occupants:
            self.read.append(("household of the property", found.match.property_ref))

    async def papers(self) -> None:
        held = await documents.documents_of_case(self.database, self.case.case_id)
        self.known.papers = [one for one in held if one.form in set(Paper)]

    async def went_out(self) -> None:
        items = [SentItem.model_validate(one) for one in self.case.state.get("items", ())]
        held = {one.mail_id: one for one in await sent_mails(self.database, [one.item_id for one in items])}
        self.known.went_out = [_went_out(one, held.get(one.item_id)) for one in items]


def _went_out(item: SentItem, mail: SentRecord | None) -> WentOut:
    """To whom: as the directory had the recipient then; the addresses, where it was nobody of the directory."""
    contact = mail.recipient if mail else None
    on_paper = "on paper, at the viewing" if item.on_paper else ""
    return WentOut(
        id=item.item_id,
        case_id=item.case_id,
        kind=item.kind,
        reference=item.reference,
        at=item.went_at,
        to=on_paper or (contact.name if contact else None) or ", ".join(mail.recipients if mail else ()),
        office=contact.office if contact else None,
        can_be_taken_back=item.can_be_taken_back,
    )


_Part = Callable[[_Reading], Awaitable[None]]
_ABOUT_THE_PERSON: tuple[_Part, ...] = (
    _Reading.placing,
    _Reading.entry,
    _Reading.person,
    _Reading.assessments,
    _Reading.notes,
)
_PLACES = frozenset({Procedure.MATCH_VOID, Procedure.OFFER})
_WITH_PAPERS = ("record_part_b", "check_risk_rating", "settle_paper", "file_documents")
_CONFIRMS_A_RECIPIENT = (
    "send_t441",
    "send_t439",
    "send_t442",
    "send_void_request",
    "remind_signature",
    "confirm_letter_recipient",
    "provide_contact",
    "send_failed",
)
_PARTS: dict[str, tuple[_Part, ...]] = {
    "review_report": (),
    "confirm_missing": (),
    "ask_for_report": (),
    "advisor_not_told": (),
    **dict.fromkeys(BY_HAND, (_Reading.to_enter,)),
    "arrange_cover": (),
    "close_run": (),
    "report_unreadable": (),
    "resolve_row": (_Reading.entry,),
    "match_entry": (_Reading.searches,),
    "identify_occupant": (_Reading.searches, _Reading.calls),
    "phone_corrections": (*_ABOUT_THE_PERSON, _Reading.calls, _Reading.contacts),
    "corrections_unreachable": (_Reading.calls, _Reading.contacts),
    "live_record": (_Reading.person,),
    **dict.fromkeys(_CONFIRMS_A_RECIPIENT, (*_ABOUT_THE_PERSON, _Reading.calls, _Reading.contacts)),
    "review_return": (*_ABOUT_THE_PERSON, _Reading.calls, _Reading.documents),
    "sort_mail": (_Reading.documents,),
    **dict.fromkeys(_WITH_PAPERS, (*_ABOUT_THE_PERSON, _Reading.calls, _Reading.papers)),
    "phone_about_property": (*_ABOUT_THE_PERSON, _Reading.calls, _Reading.contacts),
    "tell_of_mistake": (_Reading.went_out, *_ABOUT_THE_PERSON, _Reading.calls, _Reading.contacts),
    "tell_corrections": (*_ABOUT_THE_PERSON, _Reading.calls, _Reading.contacts),
}
"""Kinds that need another set than what is known of the person and what Corrections said."""


async def known_of(caller: Caller, task: TaskRecord) -> Known:
    """What is known for this task; each read of personal data is audited (PRV-18)."""
    case = await cases.case(caller.resources.database, task.case_id)
    assert case is not None, "a task belongs to a case"
    reading = _Reading(caller, task, case)
    for part in _PARTS.get(task.kind, (*_ABOUT_THE_PERSON, _Reading.calls)):
        await part(reading)
    for what, subject in reading.read:
        await audit_read(caller, what, subject, case_id=task.case_id, why=f"task {task.kind}")
    return reading.known


async def audit_read(
    caller: Caller, what: str, subject: str, *, case_id: str | None = None, why: str | None = None
) -> None:
    """One read of personal data on record: who, when, what and why."""
    await record_access(
        caller.resources.database,
        by=caller.by(),
        at=caller.now,
        what=what,
        subject=subject,
        case_id=case_id,
        why=why,
    )


async def candidates(
    caller: Caller, *, full_name: str, address: str | None, born: date | None, limit: int = MOST_CANDIDATES
) -> list[Candidate]:
    """Register persons alike, the likeliest first; nothing is decided by the order."""
    register = caller.resources.register
    found = await three_searches(
        register, full_name=full_name, address=address, date_of_birth=born, limit=limit
    )
    persons = await register.persons([one.person_ref for one in found.candidates])
    return [
        Candidate(
            id=one.person_ref,
            person_ref=one.person_ref,
            score=one.score,
            reasons={kind.value: reason for kind, reason in one.reasons.items()},
            found_by=[kind.value for kind in one.found_by],
            person=on_register(persons[one.person_ref]) if one.person_ref in persons else None,
        )
        for one in found.candidates
    ]


def on_register(person: RegisterPerson) -> PersonOnRegister:
    """A register person as shown."""
    held: dict[str, Any] = vars(person)
    return PersonOnRegister(id=person.person_ref, **held)
