"""Every path of procedure 1 and of the Friday run, walked as advisors walk them."""

from dataclasses import replace
from datetime import timedelta

from tests.workflows.driving import LINK, SAYS, Advisor, reported, somebody
from tests.workflows.people import DEE, DEE_AGAIN, TOM, Person, hold, import_people
from tests.workflows.running import House, eventually
from tests.workflows.stories.told import of_a_friday


async def _walked(house: House, person: Person, group: str = "New CSO", **given: str) -> Advisor:
    if before := given.pop("before", ""):
        await hold(house.database, person.ref, before)
    [one] = await reported(house, person, group=group)
    for name, value in given.items():
        setattr(one, name, value)
    return one


@of_a_friday
async def historic_person_to_d1(house: House) -> list[str]:
    """3.a, 6.a, 7."""
    one = await _walked(house, TOM)
    await one.walk()
    return [one.case_id]


@of_a_friday
async def exit_entry_to_d2(house: House) -> list[str]:
    """3.a with an Exit entry, 4, 5.b."""
    one = await _walked(house, TOM, "Exit NSO", said="NSO")
    await one.walk()
    return [one.case_id]


@of_a_friday
async def pending_to_d3(house: House) -> list[str]:
    """3.b, 4, 5.c."""
    one = await _walked(house, TOM, before="D1P/PEN", said="neither")
    await one.walk()
    return [one.case_id]


@of_a_friday
async def current_again_to_d1(house: House) -> list[str]:
    """3.c, 4, 5.a, 6.a, 7."""
    one = await _walked(house, TOM, before="D2/CUR")
    await one.walk()
    return [one.case_id]


@of_a_friday
async def nobody_and_an_undeclared_occupant(house: House) -> list[str]:
    """No match; an address of ours, the call, the record identified."""
    nobody, occupant = await reported(house, somebody(1), somebody(2))
    nobody.outcome, occupant.outcome = "no_match", "address_only"
    for one in (nobody, occupant):
        await one.walk()
    return [nobody.case_id, occupant.case_id]


@of_a_friday
async def duplicates_and_a_joined_entry(house: House) -> list[str]:
    """Two records of one person; a second row joins, in the other group: the case calls again."""
    await import_people(house.loader)
    other = DEE.row("Exit NSO", "CR-OTHER").replace("Double", "Doubles")
    house.inbox.deliver(f"{DEE.row()}\n{other}")
    await house.open_friday()
    first = Advisor(house, await house.case_of("Double"), DEE, duplicates=(DEE_AGAIN.ref,))
    await first.walk(until="final_questions")
    second = Advisor(house, await house.case_of("Doubles"), DEE_AGAIN)
    await second.walk()

    async def calls_again() -> bool | None:
        return True if await house.open_kinds(first.case_id) == {"phone_corrections"} else None

    await eventually(calls_again, "the case did not call again")
    first.said = "NSO"
    await first.walk()
    return [first.case_id, second.case_id]


@of_a_friday
async def vacated_d1_gets_a_new_assessment(house: House) -> list[str]:
    """Vacated, then the order ended."""
    one = await _walked(house, TOM, "Exit NSO", before="D1/CUR", said="NSO")
    await one.walk(until="phone_corrections")
    await house.change(one.case_id, "vacated", {"reason": "left", "still_considered": False})
    await one.walk()
    return [one.case_id]


@of_a_friday
async def corrected_rung_back_and_withdrawn(house: House) -> list[str]:
    """A wrong link corrected; Corrections rings back; withdrawn in the end."""
    one = await _walked(house, TOM)
    await one.walk(until="live_record")
    now = (await house.now()).isoformat()
    await house.change(one.case_id, "correct_link", LINK | {"said_at": now, "person_ref": DEE.ref})
    one.person = DEE
    await one.walk(until="live_record")
    now = (await house.now()).isoformat()
    await house.change(one.case_id, "corrections_says", SAYS | {"said": "NSO", "said_at": now})
    await house.change(one.case_id, "withdraw", {"reason": "the wrong row"})
    return [one.case_id]


@of_a_friday
async def nobody_answers_the_phone(house: House) -> list[str]:
    """The ladder: service manager, manager, then an answer."""
    one = await _walked(house, TOM)
    await one.walk(until="phone_corrections")
    long_ago = (await house.now() - timedelta(days=30)).isoformat()
    await one.call(None, started_at=long_ago, ended_at=long_ago)
    await house.task(one.case_id, "corrections_unreachable")
    await one.answer("corrections_unreachable")
    await one.walk()
    return [one.case_id]


@of_a_friday
async def live_person_up_to_the_t441(house: House) -> list[str]:
    """6.b1 and b2: still waiting for the T-441 to be sent."""
    one = await _walked(house, replace(somebody(3), surname="Sendable").tenant())
    await one.walk(until="before_t441_questions")
    await one.answer("before_t441_questions")
    return [one.case_id]


@of_a_friday
async def a_friday(house: House) -> list[str]:
    """Started, a row entered by hand, a file that cannot be read, closed."""
    await import_people(house.loader)
    house.inbox.deliver(f"{TOM.row()}\nPerhaps CSO,Nameless,,,,,,,,,,")
    run_case = await house.open_friday()
    await house.task(run_case, "close_run")
    await house.answer(run_case, "review_report", {})
    await house.answer(run_case, "resolve_row", {"action": "set_aside", "reason": "no entry"})
    house.inbox.deliver_file(b"nothing like a report")
    await house.look_again()
    await house.answer(run_case, "report_unreadable", {"asked": "Sam Contact sends it again."})
    await Advisor(house, await house.case_of(TOM.surname), TOM).walk()
    await house.answer(run_case, "close_run", {}, facts={"read": 2, "resolved": 2})
    await house.closed(run_case)
    return [run_case]
