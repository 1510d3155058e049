"""Which writer stores which effect of a turn."""

from typing import assert_never

from sqlalchemy.ext.asyncio import AsyncSession

from activities import (
    assessments,
    by_hand,
    cases,
    duty_rows,
    mail_rows,
    offers,
    person_files,
    runs,
    service_desk,
    statements,
    tasks,
    viewings,
)
from adapters.keys import FieldCipher
from procedures import duty_record, match_void_record, outside_entry, record
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
        case match_void_record.CaseQuestionsAnswered():
            await assessments.answer_questions(session, turn, position, effect)
        case match_void_record.MatchWeighed():
            await offers.weigh_match(session, turn, position, effect)
        case match_void_record.MatchClosed():
            await offers.close_match(session, turn, position, effect)
        case match_void_record.ViewingBooked():
            await viewings.book(session, turn, position, effect)
        case match_void_record.ViewingSettled():
            await viewings.settle_viewing(session, turn, position, effect)
        case match_void_record.PaperPrinted():
            await viewings.print_paper(session, turn, position, effect)
        case match_void_record.PaperSettled():
            await viewings.settle_paper(session, turn, position, effect)
        case match_void_record.PartBRecorded():
            await offers.record_part_b(session, turn, position, effect)
        case match_void_record.ApprovalWithdrawn():
            await offers.withdraw_approval(session, turn, position, effect)
        case match_void_record.RiskRatingChecked():
            await offers.check_rating(session, turn, position, effect)
        case match_void_record.OfferMade():
            await offers.make_offer(session, turn, position, effect)
        case match_void_record.OfferChanged():
            await offers.change_offer(session, turn, position, effect)
        case duty_record.SuitabilityDecided():
            await duty_rows.decide(session, turn, position, effect)
        case duty_record.MoveWatched():
            await duty_rows.watch(session, turn, position, effect)
        case duty_record.WatchEnded():
            await duty_rows.end_watch(session, turn, position, effect)
        case outside_entry.OutsideExpected():
            await by_hand.expect(session, turn, effect)
        case outside_entry.OutsideEntered():
            await by_hand.enter(session, turn, position, effect)
        case outside_entry.UrgentCallLogged():
            await service_desk.log_urgent_call(session, turn, position, effect)
        case _:
            assert_never(effect)
