"""What a person copies into a system worked by hand, and the facts by which the answer is judged."""

from dataclasses import dataclass

from pydantic import BaseModel, Field

from api.resources import Resources
from models.queries import outside
from models.queries.outside import ExpectedEntry
from procedures.by_hand import (
    EnteredByHand,
    EnterInDocumentStore,
    EntryFacts,
    appointment_subject,
    appointment_values,
    assessment_values,
    file_values,
    titles_agree,
)
from procedures.outside_entry import OutsideSystem


class ToEnter(BaseModel):
    """What to enter, ready to copy: as lines of text, and value by value."""

    system: OutsideSystem
    lines: list[str]
    values: dict[str, str] = Field(description="In the order of the lines")


@dataclass(frozen=True)
class Shown:
    """What is shown, and which personal data were read for it."""

    to_enter: ToEnter
    read: list[tuple[str, str]]


async def shown_entry(resources: Resources, entry_id: str) -> Shown | None:
    """The lines of one entry; None when the record has no such entry."""
    entry = await outside.entry(resources.database, entry_id)
    if entry is None:
        return None
    number = await outside.known_number(resources.database, entry.system, entry.subject)
    values: dict[str, str] = {}
    read: list[tuple[str, str]] = []
    match entry.system:
        case OutsideSystem.PERSON_REGISTER:
            values = await _assessment(resources, entry, number)
            read = [("assessment", entry.subject)]
        case OutsideSystem.DOCUMENT_STORE:
            values = file_values(await _title(resources, entry.subject), known_number=number)
            read = [("person file", entry.subject)]
        case OutsideSystem.CALENDAR:
            values = await _appointment(resources, entry)
        case OutsideSystem.SERVICE_DESK:
            pass
    lines = [f"{label}: {value}" for label, value in values.items()]
    return Shown(ToEnter(system=entry.system, lines=lines, values=values), read)


async def entry_facts(resources: Resources, case_id: str, answer: EnteredByHand) -> EntryFacts:
    """What the record expects of the entry that the open task of this system asks for."""
    entry = await outside.next_entry(resources.database, case_id, answer.system)
    if entry is None:
        return EntryFacts()
    known = await _expected(resources, entry, answer)
    number = answer.outside_number
    if number is None:
        return known
    return known.model_copy(
        update={
            "known_number": await outside.known_number(resources.database, entry.system, entry.subject),
            "number_of_another": await outside.is_of_another(
                resources.database, entry.system, entry.subject, number
            ),
        }
    )


async def _expected(resources: Resources, entry: ExpectedEntry, answer: EnteredByHand) -> EntryFacts:
    database = resources.database
    match entry.system:
        case OutsideSystem.PERSON_REGISTER:
            version = await outside.calculated(database, entry.subject, entry.version)
            return EntryFacts(code=version.code, status=version.status) if version else EntryFacts()
        case OutsideSystem.DOCUMENT_STORE:
            assert isinstance(answer, EnterInDocumentStore)
            title = await _title(resources, entry.subject)
            return EntryFacts(title_agrees=titles_agree(answer.title_seen, title))
        case OutsideSystem.CALENDAR | OutsideSystem.SERVICE_DESK:
            viewing = await outside.viewing(database, entry.subject)
            if viewing is None:
                return EntryFacts()
            return EntryFacts(subject=appointment_subject(viewing.case_id), starts_at=viewing.starts_at)


async def _assessment(resources: Resources, entry: ExpectedEntry, number: str | None) -> dict[str, str]:
    version = await outside.calculated(resources.database, entry.subject, entry.version)
    if version is None:
        return {}
    viewing = None
    if version.question_set == "viewing":
        viewing = await outside.viewing_of_case(resources.database, entry.case_id)
    return assessment_values(version, known_number=number, viewing_at=viewing.starts_at if viewing else None)


async def _appointment(resources: Resources, entry: ExpectedEntry) -> dict[str, str]:
    viewing = await outside.viewing(resources.database, entry.subject)
    if viewing is None:
        return {}
    return appointment_values(
        viewing.case_id, starts_at=viewing.starts_at, minutes=viewing.minutes, place=viewing.property_ref
    )


async def _title(resources: Resources, file_id: str) -> str:
    sealed = await outside.sealed_title(resources.database, file_id)
    if sealed is None:
        return ""
    return resources.cipher.decrypt(sealed, table="person_file", column="title", row_id=file_id)
