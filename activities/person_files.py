"""Person files (Appendix B): one per person on the report, with the prescribed title kept encrypted."""

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from activities.audit import write_audit
from adapters.keys import FieldCipher
from models.tables.mail import PersonFile, PersonFileName
from models.tables.register import RegisterPerson
from models.tables.report import ReportEntry
from procedures.person_file import FILE_CHARACTERISTICS, file_title
from procedures.record import PersonFileCreated, Turn


async def create(
    session: AsyncSession, turn: Turn, position: int, effect: PersonFileCreated, cipher: FieldCipher
) -> None:
    """Create the file, or find the person's; every person reference of the effect then resolves to it (A-B6)."""
    file_id = await held_file(session, effect) or await _new_id(session, turn)
    created = await session.scalar(
        insert(PersonFile)
        .values(
            file_id=file_id,
            title=cipher.encrypt(
                await _title(session, effect), table="person_file", column="title", row_id=file_id
            ),
            characteristics=FILE_CHARACTERISTICS.model_dump(mode="json"),
            entry_id=effect.entry_id,
            created_at=turn.at,
            created_by=turn.by.subject,
        )
        .on_conflict_do_nothing()
        .returning(PersonFile.file_id)
    )
    for reference in effect.person_refs:
        await session.execute(
            insert(PersonFileName).values(person_ref=reference, file_id=file_id).on_conflict_do_nothing()
        )
    if effect.invalid_match:
        await session.execute(
            update(PersonFile).where(PersonFile.file_id == file_id).values(invalid_match=True)
        )
    await write_audit(
        session,
        by=turn.by,
        at=turn.at,
        action="person file created" if created else "person file found",
        case_id=turn.case_id,
        step="B",
        subject=file_id,
        business_key=f"{turn.case_id}/{turn.number}/{position}",
    )


async def match_confirmed(session: AsyncSession, turn: Turn, position: int, person_ref: str) -> None:
    """Corrections knows the person after all: the file of an earlier invalid match is an ordinary one again (AMB-A-4)."""
    of_person = select(PersonFileName.file_id).where(PersonFileName.person_ref == person_ref)
    file_id = await session.scalar(
        update(PersonFile)
        .where(PersonFile.file_id.in_(of_person), PersonFile.invalid_match)
        .values(invalid_match=False)
        .returning(PersonFile.file_id)
    )
    if file_id:
        await write_audit(
            session,
            by=turn.by,
            at=turn.at,
            action="person file no longer that of an invalid match",
            case_id=turn.case_id,
            step="B",
            subject=file_id,
            business_key=f"{turn.case_id}/{turn.number}/{position}/file",
        )


async def _new_id(session: AsyncSession, turn: Turn) -> str:
    """One per case; a second one when the first was made for a person linked by mistake."""
    file_id = f"F-{turn.case_id}"
    return f"{file_id}-{turn.number}" if await session.get(PersonFile, file_id) else file_id


async def held_file(session: AsyncSession, effect: PersonFileCreated) -> str | None:
    """The file that any of the references resolves to, or that another entry of the same person has.

    The entry's own file counts only while it bears nobody's reference: else it is that of somebody linked by mistake.
    """
    if effect.person_refs:
        found = await session.scalar(
            select(PersonFileName.file_id).where(PersonFileName.person_ref.in_(effect.person_refs)).limit(1)
        )
        if found:
            return found
    entry, other = aliased(ReportEntry), aliased(ReportEntry)
    somebodys = select(PersonFileName.person_ref).where(PersonFileName.file_id == PersonFile.file_id).exists()
    own = other.entry_id == entry.entry_id
    return await session.scalar(
        select(PersonFile.file_id)
        .join(other, other.entry_id == PersonFile.entry_id)
        .join(entry, or_(own, entry.corrections_reference == other.corrections_reference))
        .where(entry.entry_id == effect.entry_id, ~(own & somebodys))
        .limit(1)
    )


async def _title(session: AsyncSession, effect: PersonFileCreated) -> str:
    """By the register's spelling of the primary person; else by the report's, with NOREF (AMB-P1-17)."""
    if effect.person_refs:
        person = await session.get(RegisterPerson, effect.person_refs[0])
        if person is not None:
            return file_title(
                surname=person.surname,
                given_names=person.given_names,
                date_of_birth=person.date_of_birth,
                person_ref=person.person_ref,
                area_office=person.area_office,
            )
    entry = await session.get_one(ReportEntry, effect.entry_id)
    return file_title(
        surname=entry.surname or "",
        given_names=entry.given_names or "",
        date_of_birth=entry.date_of_birth,
        person_ref=None,
        area_office=None,
    )
