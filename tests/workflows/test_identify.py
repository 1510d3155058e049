"""Procedure 1 on a real server and a real database: its branches, and entries that are more than one thing."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.case import CaseRecord, Notice, Task
from models.tables.mail import PersonFile, PersonFileName, SecureMessage
from models.tables.report import ReportEntry, SearchRecord
from tests.workflows.driving import Advisor, reported, somebody
from tests.workflows.people import DEE, DEE_AGAIN, KIM, LEE, SON, TOM, hold, import_people
from tests.workflows.running import House, eventually


async def entry_of(house: House, surname: str, group: str = "New CSO") -> ReportEntry:
    """The row as staged."""
    async with house.database.transaction() as session:
        found = await session.scalar(
            select(ReportEntry).where(ReportEntry.surname == surname, ReportEntry.group == group)
        )
        assert found
        return found


LONG_AGO = timedelta(weeks=1000)
"""Before any Friday that a house works: each takes one of its own, further back than the last."""


@pytest.mark.req("P1.S2.1", "P1.S3.1", "P1.S3.2", "P1.N6", "P1.S5.1", "P1.S6.N1", "A-C4")
async def test_1_3_a_historic_person_from_row_to_d1(house: House) -> None:
    [advisor] = await reported(house, TOM)
    await advisor.walk(until="first_question")
    async with house.database.transaction() as session:
        searches = (await session.scalars(select(SearchRecord))).all()
        file = (await session.scalars(select(PersonFileName))).one()
    assert {s.kind for s in searches} == {"name", "address", "date_of_birth"}
    assert all(hit["person_ref"] == "P-HIST" for s in searches for hit in s.hits[:1])
    assert file.person_ref == "P-HIST"
    assert await house.code("P-HIST") is None
    await advisor.walk(until="live_record")
    assert await house.code("P-HIST") == "D1P/PEN"
    await advisor.walk(until="final_questions")
    assert await house.code("P-HIST") == "D1P/PEN"
    view = await advisor.walk()
    assert (view.outcome, await house.code("P-HIST")) == ("D1", "D1/CUR")


@pytest.mark.req("P1.S3.1", "A-B4", "AMB-P1-17")
async def test_1_2_rule_1_nobody_on_the_register_gets_a_file_and_no_code(house: House) -> None:
    [advisor] = await reported(house, somebody(1))
    advisor.outcome = "no_match"
    view = await advisor.walk()
    assert (view.outcome, advisor.asked) == ("no match", ["match_entry"])
    entry = await entry_of(house, advisor.person.surname)
    assert entry.outcome == "no_match"
    async with house.database.transaction() as session:
        file = (await session.scalars(select(PersonFile))).one()
        assert (await session.scalars(select(Assessment))).all() == []
        assert (await session.scalars(select(PersonFileName))).all() == []
    assert file.entry_id == entry.entry_id


@pytest.mark.req("P1.S3.b1", "P1.S3.b2", "AMB-P1-6")
async def test_1_3_b_a_confirmation_of_this_week_needs_no_second_call(house: House) -> None:
    fresh, stale = somebody(1), somebody(2)
    now = await house.now()
    await hold(house.database, fresh.ref, "D1P/PEN", said="NSO", said_at=now - timedelta(hours=1))
    await hold(house.database, stale.ref, "D1P/PEN", said="NSO", said_at=now - LONG_AGO)
    for advisor in await reported(house, fresh, stale):
        advisor.said = "NSO"
        view = await advisor.walk()
        assert ("phone_corrections" in advisor.asked) == (advisor.person is stale)
        assert view.outcome == "D2"
        async with house.database.transaction() as session:
            why = await session.scalar(
                select(Task).where(Task.case_id == advisor.case_id, Task.kind == "why_pending")
            )
        assert why
        assert why.answer == {"reason": "The call is still to be made."}


@pytest.mark.req("A-C5", "AMB-P1-6")
@pytest.mark.parametrize("said", ["CSO", "neither"])
async def test_1_3_a_what_was_said_in_an_earlier_week_confirms_nothing(house: House, said: str) -> None:
    long_ago = await house.now() - LONG_AGO
    await hold(house.database, TOM.ref, "D1/CLO", said=said, said_at=long_ago)
    [advisor] = await reported(house, TOM)
    view = await advisor.walk()
    assert "phone_corrections" in advisor.asked
    assert view.outcome == "D1"


@pytest.mark.req("P1.S3.c", "P1.S4.1", "P1.S4.2")
async def test_1_4_the_call_is_asked_at_once_and_step_5_waits_for_it(house: House) -> None:
    await hold(house.database, TOM.ref, "D1/CUR")
    [advisor] = await reported(house, TOM)
    await advisor.walk(until="phone_corrections")
    task = await house.task(advisor.case_id, "phone_corrections")
    assert task.urgent
    assert task.due_at == task.opened_at + timedelta(minutes=30)
    assert await house.open_kinds(advisor.case_id) == {"phone_corrections"}
    assert await house.rules(TOM.ref) == ["earlier"]
    await advisor.call("NSO")
    assert await house.open_kinds(advisor.case_id) == {"nso_questions"}
    assert await house.code(TOM.ref) == "D2P/PEN"


@pytest.mark.req("P1.S6.b", "P1.S6.b1", "P1.S6.b2", "P1.S6.b6", "AMB-P1-6", "P1.S6.N1")
async def test_1_6_b_a_live_person_waits_for_the_t441_with_d1p(house: House) -> None:
    [advisor] = await reported(house, LEE)
    await advisor.walk(until="phone_corrections")
    assert await house.open_kinds(advisor.case_id) == {"phone_corrections"}
    await advisor.walk(until="before_t441_questions")
    await advisor.answer("before_t441_questions")
    assert await house.code(LEE.ref) == "D1P/PEN"
    assert await house.rules(LEE.ref) == ["TR-1", "P1.S6.b2"]
    case = await house.case(advisor.case_id)
    assert (case.step, case.closed_at) == ("1.6", None)
    assert "final_questions" not in await house.open_kinds(advisor.case_id)


@pytest.mark.req("AMB-P1-6", "AMB-P1-28")
async def test_1_6_b_a_recorded_attempt_lets_the_questions_begin_before_the_confirmation(
    house: House,
) -> None:
    [advisor] = await reported(house, LEE)
    await advisor.walk(until="phone_corrections")
    await advisor.call(None)
    assert await house.open_kinds(advisor.case_id) == {"phone_corrections", "before_t441_questions"}


@pytest.mark.req("AMB-P1-14", "P1.N7")
@pytest.mark.parametrize(("said", "code"), [("NSO", "D2"), ("neither", "D3")])
async def test_1_5_a_historic_person_ends_as_corrections_says(house: House, said: str, code: str) -> None:
    [advisor] = await reported(house, TOM)
    advisor.said = said
    assert (await advisor.walk()).outcome == code
    assert not {"before_t441_questions", "send_t441"} & set(advisor.asked)
    async with house.database.transaction() as session:
        assert (await session.scalars(select(SecureMessage))).all() == []


@pytest.mark.req("DEF-7", "DEF-6")
async def test_1_5_a_relative_of_the_same_name_in_the_same_home_is_an_invalid_match(house: House) -> None:
    """The report means the father; the son's record was linked, and Corrections says that it is not him."""
    [advisor] = await reported(house, SON)
    advisor.said = "neither"
    assert (await advisor.walk()).outcome == "D3"
    assert await house.code(SON.ref) == "D3/CUR"
    assert await house.code(LEE.ref) is None


@pytest.mark.req("AMB-A-4")
async def test_1_7_the_file_of_an_invalid_match_is_ordinary_again_once_corrections_knows_the_person(
    house: House,
) -> None:
    await hold(house.database, TOM.ref, "D3/CUR")
    async with house.database.transaction() as session:
        session.add(
            PersonFile(
                file_id="F-OLD", title=b"-", characteristics={}, invalid_match=True,
                created_at=await house.now(), created_by="advisor-9",
            )
        )  # fmt: skip
        await session.flush()
        session.add(PersonFileName(person_ref=TOM.ref, file_id="F-OLD"))
    [advisor] = await reported(house, TOM)
    await advisor.walk(until="final_questions")
    assert await _of_an_invalid_match(house)
    assert (await advisor.walk()).outcome == "D1"
    assert not await _of_an_invalid_match(house)


async def _of_an_invalid_match(house: House) -> bool:
    async with house.database.transaction() as session:
        return (await session.get_one(PersonFile, "F-OLD")).invalid_match


@pytest.mark.req("P1.X3")
async def test_1_5_an_applicant_without_an_order_is_matched_like_anybody_else(house: House) -> None:
    [advisor] = await reported(house, KIM)
    advisor.said = "NSO"
    assert (await advisor.walk()).outcome == "D2"
    async with house.database.transaction() as session:
        notices = (await session.scalars(select(Notice).where(Notice.case_id == advisor.case_id))).all()
        procedures = (await session.scalars(select(CaseRecord.procedure))).all()
    assert [(n.role, n.kind) for n in notices] == [("coordinator-placement", "ordinary_matching")]
    assert "match_void" not in procedures


@pytest.mark.req("P1.N1", "P1.W1", "P1.S6.1", "P1.S2.1")
async def test_1_2_household_members_and_applicants_are_found_and_linked(house: House) -> None:
    for advisor in await reported(house, KIM, SON):
        await advisor.walk(until="phone_corrections")
        case = await house.case(advisor.case_id)
        assert case.person_ref == advisor.person.ref
        async with house.database.transaction() as session:
            searches = await session.scalars(
                select(SearchRecord).where(SearchRecord.case_id == advisor.case_id)
            )
            found = {s.kind: {hit["person_ref"] for hit in s.hits} for s in searches}
            live = await session.scalar(
                select(Task.answer).where(Task.case_id == advisor.case_id, Task.kind == "live_record")
            )
        assert all(advisor.person.ref in hits for hits in found.values())
        assert live == {"live": True, "evidence": "the register shows it"}


@pytest.mark.req("AMB-P1-17", "P1.N1")
async def test_1_3_rule_19_an_undeclared_occupant_is_called_about_and_identified(house: House) -> None:
    [advisor] = await reported(house, somebody(1))
    advisor.outcome = "address_only"
    await advisor.walk(until="phone_corrections")
    async with house.database.transaction() as session:
        notice = (await session.scalars(select(Notice))).one()
    assert (notice.kind, notice.role) == ("address_only", "manager-housing-wellbeing-support")
    assert (await entry_of(house, advisor.person.surname)).outcome == "address_only"
    await advisor.walk(until="identify_occupant")
    view = await advisor.walk()
    assert view.outcome == "D1"
    assert advisor.asked == [
        "match_entry", "phone_corrections", "identify_occupant", "live_record", "final_questions",
    ]  # fmt: skip
    assert await house.rules(advisor.person.ref) == ["TR-1", "TR-4", "TR-9"]


@pytest.mark.req("AMB-P1-17")
async def test_1_3_an_occupant_without_record_ends_with_the_reason(house: House) -> None:
    [advisor] = await reported(house, somebody(1))
    advisor.outcome = "address_only"
    await advisor.walk(until="identify_occupant")
    view = await advisor.answer(
        "identify_occupant", person_ref=None, no_record_reason="Corrections means somebody else."
    )
    assert view.outcome == "no record at the address"
    assert await house.code(advisor.person.ref) is None


@pytest.mark.req("AMB-P1-16")
async def test_1_3_a_row_that_contradicts_itself_is_called_about_before_any_code(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver(TOM.row("New CSO").replace(",current,", ",not current,"))
    await house.open_friday()
    advisor = Advisor(house, await house.case_of(TOM.surname), TOM, said="NSO")
    await advisor.walk(until="phone_corrections")
    assert (advisor.asked, await house.code(TOM.ref)) == (["match_entry"], None)
    assert (await advisor.walk()).outcome == "D2"
    assert await house.rules(TOM.ref) == ["TR-3", "TR-5", "TR-6"]


@pytest.mark.req("AMB-P1-16")
async def test_1_2_a_repeat_entry_joins_the_open_case(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver(f"{TOM.row()}\n{TOM.row().replace('1980', '1981').replace('Tester', 'Testing')}")
    await house.open_friday()
    first = Advisor(house, await house.case_of("Tester"), TOM)
    await first.walk(until="live_record")
    second = Advisor(house, await house.case_of("Testing"), TOM)
    assert (await second.walk()).outcome == "joined"
    entry = await entry_of(house, "Testing")
    assert (entry.outcome, entry.case_id) == ("joined", first.case_id)
    assert await house.open_kinds(first.case_id) == {"live_record"}
    assert (await first.walk()).outcome == "D1"
    assert first.asked.count("phone_corrections") == 1


@pytest.mark.req("AMB-P1-16")
async def test_1_4_an_entry_in_the_other_group_makes_the_open_case_call_again(house: House) -> None:
    await import_people(house.loader)
    exit_row = TOM.row("Exit NSO", "CR-OTHER").replace("Tester", "Tester-Smith")
    house.inbox.deliver(f"{TOM.row()}\n{exit_row}")
    await house.open_friday()
    first = Advisor(house, await house.case_of("Tester"), TOM)
    await first.walk(until="final_questions")
    await Advisor(house, await house.case_of("Tester-Smith"), TOM).walk()

    async def asked_again() -> bool | None:
        return True if await house.open_kinds(first.case_id) == {"phone_corrections"} else None

    await eventually(asked_again, "the case did not call again")
    assert await house.code(TOM.ref) == "D1P/PEN"
    first.said = "NSO"
    assert (await first.walk()).outcome == "D2"


@pytest.mark.req("AMB-P1-16", "P1.S3.c")
async def test_1_3_c_after_a_closed_case_the_next_entry_opens_a_new_one(house: House) -> None:
    [first] = await reported(house, TOM)
    await first.walk()
    house.inbox.deliver(TOM.row(reference="CR-NEXT").replace("Tester", "Testa"))
    await house.look_again()
    second = Advisor(house, await house.case_of("Testa"), TOM)
    assert second.case_id != first.case_id
    view = await second.walk(until="phone_corrections")
    assert (second.asked, view.step) == (["match_entry"], "1.4")


@pytest.mark.req("P1.S2.N1", "P1.S2.N2", "P1.S2.N3", "P1.S2.N4", "AMB-P1-12", "A-B6", "DEF-4")
async def test_1_2_duplicates_carry_the_same_code_after_every_change(house: House) -> None:
    [advisor] = await reported(house, DEE)
    advisor.duplicates = (DEE_AGAIN.ref,)
    advisor.said = "NSO"
    codes = set()
    for kind in ("live_record", "nso_questions", None):
        await advisor.walk(until=kind)
        code = await house.code(DEE.ref)
        assert code == await house.code(DEE_AGAIN.ref)
        codes.add(code)
    assert codes == {"D1P/PEN", "D2P/PEN", "D2/CUR"}
    async with house.database.transaction() as session:
        rows = {a.person_ref: a for a in await session.scalars(select(Assessment))}
        versions = (await session.scalars(select(AssessmentVersion))).all()
        files = {n.file_id for n in await session.scalars(select(PersonFileName))}
    primary, duplicate = rows[DEE.ref], rows[DEE_AGAIN.ref]
    assert (duplicate.duplicate_of, primary.duplicate_of) == (primary.number, None)
    for version in versions:
        if version.number == primary.number:
            assert DEE_AGAIN.ref in version.comment
        else:
            assert f"assessment number {primary.number} as the primary" in version.comment
            assert version.answers == {}
    assert len(files) == 1


@pytest.mark.req("AMB-P1-12", "P1.S2.N4")
async def test_1_2_a_known_duplicate_linked_alone_brings_its_primary_along(house: House) -> None:
    [first] = await reported(house, DEE)
    first.duplicates = (DEE_AGAIN.ref,)
    await first.walk()
    house.inbox.deliver(DEE.row(reference="CR-NEXT").replace("Double", "Doubles"))
    await house.look_again()
    second = Advisor(house, await house.case_of("Doubles"), DEE_AGAIN, said="NSO")
    assert (await second.walk()).outcome == "D2"
    assert (await house.case(second.case_id)).person_ref == DEE.ref
    assert (await house.code(DEE.ref), await house.code(DEE_AGAIN.ref)) == ("D2/CUR", "D2/CUR")


@pytest.mark.req("AMB-P1-16", "AMB-P1-12")
async def test_1_2_an_entry_tied_to_a_duplicate_joins_the_open_case(house: House) -> None:
    await import_people(house.loader)
    house.inbox.deliver(f"{DEE.row()}\n{DEE.row(reference='CR-NEXT').replace('Double', 'Doubles')}")
    await house.open_friday()
    first = Advisor(house, await house.case_of("Double"), DEE, duplicates=(DEE_AGAIN.ref,))
    await first.walk(until="first_question")
    second = Advisor(house, await house.case_of("Doubles"), DEE_AGAIN)
    assert (await second.walk()).outcome == "joined"


@pytest.mark.req("AMB-P1-16", "NFR-1")
async def test_1_2_two_entries_linked_to_one_person_at_once_make_one_case(house: House) -> None:
    await import_people(house.loader)
    rows = [
        TOM.row(reference=f"CR-{n}").replace("Tester", f"Test{letter}") for n, letter in enumerate("abcd")
    ]
    house.inbox.deliver("\n".join(rows))
    await house.open_friday()
    advisors = [Advisor(house, await house.case_of(f"Test{letter}"), TOM) for letter in "abcd"]
    for advisor in advisors:
        await advisor.walk(until="match_entry")
    await asyncio.gather(*(advisor.answer("match_entry") for advisor in advisors))
    async with house.database.transaction() as session:
        cases = (await session.scalars(select(CaseRecord).where(CaseRecord.procedure == "identify"))).all()
    assert sorted(str(case.outcome) for case in cases) == ["None", "joined", "joined", "joined"]
    assert len([case for case in cases if case.person_ref == TOM.ref]) == 1
