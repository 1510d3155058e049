"""Which writer stores which effect of a turn."""

from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncSession

from activities import assessments, cases, mail_rows, person_files, runs, statements, tasks
from adapters.keys import FieldCipher
from procedures import record
from procedures.record import Effect, Turn


async def apply_effect(  # noqa: C901 - one line per effect, exhaustive
    session: AsyncSession, turn: Turn, position: int, effect: Effect, cipher: FieldCipher
) -> None:
    """Store one effect inside the turn's transaction, with its audit row where it changes what is known of a person."""
    match effect:
        case record.TaskOpened():
            await tasks.open_task(session, turn, effect)
        case record.TaskClosed():
            await tasks.close_task(session, turn, effect)
        case record.AssessmentCalculated():
            await assessments.calculate(session, turn, position, effect)
        case record.StatusConfirmed():
            await statements.confirm_status(session, turn, position, effect)
        case record.CallMade():
            await statements.record_call(session, turn, effect)
        case record.NoteWritten():
            await statements.write_note(session, turn, effect)
        case record.PersonFileCreated():
            await person_files.create(session, turn, position, effect, cipher)
        case record.EntryResolved():
            await runs.resolve_entry(session, turn, effect)
        case record.RunChanged():
            await runs.change_run(session, turn, effect)
        case record.RowResolved():
            await runs.resolve_row(session, turn, position, effect)
        case record.NoticeGiven():
            await cases.give_notice(session, turn, position, effect)
        case record.CaseOpened():
            await cases.open_case(session, turn, position, effect)
        case record.MailPrepared():
            await mail_rows.prepare(session, turn, position, effect)
        case record.MailSettled():
            await mail_rows.settle(session, turn, position, effect)
        case record.ClockSet():
            await mail_rows.set_clock(session, turn, position, effect)
        case record.ClockStopped():
            await mail_rows.stop_clock(session, turn, effect)
        case record.DocumentReviewed():
            await mail_rows.review_document(session, turn, position, effect)
        case _:
            assert_never(effect)
