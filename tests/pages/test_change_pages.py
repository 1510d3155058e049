"""Reporting that something has happened: the form of the change's type, the check, and what the case says."""

import re
from datetime import date, timedelta

from sqlalchemy import select

from models.tables.case import Command
from models.tables.report import SearchRecord
from procedures.terms import Role
from tests.api.exchanges import form_out
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.api.test_answering import post, task_of
from tests.pages.desk import Desk, desk, hidden, words
from tests.workflows.people import LEE, TOM, import_people
from tests.workflows.running import House

SAYS = {
    "said": "NSO",
    "said_by": "Sam Contact",
    "office": "Harbourview",
    "note": "The order ended in May.",
    "said_at-day": "27",
    "said_at-month": "11",
    "said_at-year": "2026",
    "said_at-time": "13:30",
}
SAYS_PATH = "/cases/CX1/changes/corrections_says"


async def check(visitor: Desk, path: str, **fields: str) -> str:
    """Fill the form and look at the check; answers what the page says."""
    filled = await visitor.post(path, more=fields)
    assert (filled.status_code, filled.headers["location"]) == (303, f"{path}/check"), filled.text
    page = await visitor.get(f"{path}/check")
    assert page.status_code == 200, page.text
    return words(page)


async def test_the_case_offers_what_your_role_may_report(office: Office) -> None:
    await office.case("CX1")
    advisor = await (await desk(office, AWS)).get("/cases/CX1")
    assert f'href="{SAYS_PATH}"' in advisor.text
    assert "/changes/withdraw" not in advisor.text
    assert "/changes/property_gone" not in advisor.text
    manager = await (await desk(office, MANAGER)).get("/cases/CX1")
    assert 'href="/cases/CX1/changes/withdraw"' in manager.text
    ended = await office.case("CX9", step="end", closed_at=NOW)
    assert "/changes/" not in (await (await desk(office, MANAGER, subject="u-3")).get(f"/cases/{ended}")).text


async def test_a_change_that_is_not_yours_is_turned_away(office: Office) -> None:
    """Unknown kinds, kinds of other procedures, roles that may not, cases that ended or are of others."""
    await office.case("CX1")
    await office.case("CX2", step="end", closed_at=NOW)
    advisor = await desk(office, AWS)
    codes = {
        path: (await advisor.get(path)).status_code
        for path in (
            "/cases/CX1/changes/no_such",
            "/cases/CX1/changes/property_gone",
            "/cases/CX1/changes/withdraw",
            "/cases/CX2/changes/vacated",
        )
    }
    assert list(codes.values()) == [404, 404, 403, 409]
    assert [event.subject for event in await office.audited("refused: report this change")] == ["CX1"]
    assert (await (await desk(office, AP)).get("/cases/CX1/changes/vacated")).status_code == 404
    assert (await (await desk(office, Role.AUDITOR)).get("/cases/CX1/changes/vacated")).status_code == 403


async def test_what_is_missing_is_said_beside_the_field_and_nothing_typed_is_lost(office: Office) -> None:
    await office.case("CX1")
    visitor = await desk(office, AWS)
    page = await visitor.post(SAYS_PATH, more=SAYS | {"said_by": "", "said_at-time": "25:99"})
    assert page.status_code == 422
    assert "There is a problem" in page.text
    assert 'href="#field-said_by"' in page.text
    assert "enter the date and the time" in page.text
    assert "The order ended in May." in page.text
    again = await visitor.get(SAYS_PATH)
    assert "The order ended in May." in again.text
    assert await office.count(Command) == 0


async def test_a_form_of_another_session_is_not_taken(office: Office) -> None:
    await office.case("CX1")
    visitor = await desk(office, AWS)
    assert (await visitor.post(SAYS_PATH, csrf="of-somebody-else")).status_code == 403


async def test_what_was_typed_survives_the_end_of_the_session(office: Office) -> None:
    await office.case("CX1")
    visitor = await desk(office, AWS)
    office.now = NOW + timedelta(hours=2)
    lapsed = await visitor.post(SAYS_PATH, more=SAYS)
    assert lapsed.headers["location"] == f"/sign-in?next={SAYS_PATH}&kept=1"
    fresh = Desk(visitor.client, visitor.csrf, visitor.subject)
    office.now = NOW
    assert "The order ended in May." in (await fresh.get(SAYS_PATH)).text


async def test_the_check_says_all_of_it_and_what_happens_then(office: Office) -> None:
    await office.case("CX1")
    visitor = await desk(office, AWS)
    said = await check(visitor, SAYS_PATH, **SAYS)
    assert "NSO: not under a community supervision order" in said
    assert "Friday 27 November 2026, 13:30" in said
    assert "Corrections states the status anew, or reverses what it said." in said
    await visitor.post(SAYS_PATH, more=SAYS | {"office": "Elsewhere"})
    stale = await visitor.post(f"{SAYS_PATH}/check", key="key-12345678", shown="another")
    assert stale.status_code == 409
    assert "Check it again" in stale.text
    assert await office.count(Command) == 0


async def test_a_mail_to_the_wrong_recipient_is_picked_from_those_sent(office: Office) -> None:
    mail_id = await form_out(office, "CX3")
    page = await (await desk(office, AWS)).get("/cases/CX3/changes/wrong_recipient")
    assert f'type="radio" value="{mail_id}"' in page.text
    assert "T-441, CX3-1, written Monday 23 November 2026, 14:30" in words(page)


async def test_steps_to_go_back_to_have_their_titles(office: Office) -> None:
    await office.case("CX4", "match_void", step="3.6")
    page = await (await desk(office, MANAGER)).get("/cases/CX4/changes/step_back")
    assert "Step 3.3: Phone Corrections about status and property" in words(page)


async def test_1_2_a_withdrawn_case_ends_and_says_why(office: Office, house: House, friday: date) -> None:
    """By the same way as the JSON API: the running case takes it, and it stands in the timeline."""
    await import_people(house.loader)
    await post(office, friday, LEE.row())
    case_id = (await task_of(office.client(MANAGER, regions=("*",)), "match_entry"))["case_id"]
    visitor = await desk(office, MANAGER, regions=("*",))
    path = f"/cases/{case_id}/changes/withdraw"
    await check(visitor, path, reason="Opened by mistake.")
    shown = await visitor.get(f"{path}/check")
    sent = {"key": hidden(shown, "key"), "shown": hidden(shown, "shown")}
    done = await visitor.post(f"{path}/check", **sent)
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{case_id}?said=reported"), done.text
    said = words(await visitor.get(done.headers["location"]))
    assert "Recorded. The case has taken it into account." in said
    assert "The case has ended" in said
    repeated = await visitor.post(f"{path}/check", **sent)
    assert (repeated.status_code, repeated.headers["location"]) == (303, f"/cases/{case_id}")
    assert await office.count(Command) == 1


async def test_1_6_a_refusal_comes_back_with_its_rule_and_what_was_typed(
    office: Office, house: House, friday: date
) -> None:
    """No clock runs yet: the case refuses more time for a form that nobody has sent."""
    await import_people(house.loader)
    await post(office, friday, LEE.row())
    case_id = (await task_of(office.client(MANAGER, regions=("*",)), "match_entry"))["case_id"]
    visitor = await desk(office, MANAGER, regions=("*",))
    path = f"/cases/{case_id}/changes/extend_deadline"
    await check(visitor, path, working_days="8", reason="Corrections asked for it.")
    shown = await visitor.get(f"{path}/check")
    refused = await visitor.post(f"{path}/check", key=hidden(shown, "key"), shown=hidden(shown, "shown"))
    assert refused.status_code == 409, refused.text
    said = words(refused)
    assert "No clock runs in this case" in said
    assert "Rule NFR-4" in said
    assert "Corrections asked for it." in refused.text


async def test_1_2_the_right_person_of_a_wrong_link_is_searched_and_picked(office: Office) -> None:
    """No reference is typed: who is found can be picked, what was typed stays, each search and read is on record."""
    await import_people(office.databases.loader)
    await office.entry("EX6", "CX6")
    await office.case("CX6", entry_id="EX6", person_ref=TOM.ref)
    manager, path = await desk(office, MANAGER), "/cases/CX6/changes/correct_link"
    form = await manager.get(path)
    assert "Nobody is found yet: search above" in words(form)
    assert LEE.ref not in form.text
    typed = {"reason": "The birth year differs.", "asked_by": "Tamsin Example", "search.name": "Sample%"}
    found = await manager.post(f"{path}/search", more=typed)
    assert found.status_code == 200, found.text
    assert re.search(
        r"Lee Sample, born 6 May 1975, 2 Made Up Road, Faketown, live, record P-LIVE", found.text
    )
    assert f'name="person_ref" type="radio" value="{LEE.ref}"' in found.text
    assert "The birth year differs." in found.text
    assert {LEE.ref, "P-SON"} <= {event.subject for event in await office.audited("read person")}
    more = await manager.post(f"{path}/search", more={"found": LEE.ref, "search.reference": "P-APPLY"})
    assert "Kim Waiting" in more.text
    assert "Lee Sample" in more.text
    said = {**SAYS, "person_ref": LEE.ref, "found": LEE.ref, "reason": "x", "asked_by": "Tamsin Example"}
    shown = await check(
        manager, path, **{name: text for name, text in said.items() if name not in ("said", "note")}
    )
    assert "The right person Lee Sample, born 6 May 1975" in shown
    async with office.databases.owner.transaction() as session:
        evidence = list(await session.scalars(select(SearchRecord.kind)))
    assert evidence == ["name"]


async def test_a_search_for_nothing_or_nobody_says_so(office: Office) -> None:
    await import_people(office.databases.loader)
    await office.case("CX7")
    manager, path = await desk(office, MANAGER), "/cases/CX7/changes/correct_link"
    empty = await manager.post(f"{path}/search", reason="Half a reason")
    assert empty.status_code == 422
    assert "Enter something to search for" in words(empty)
    assert "Half a reason" in empty.text
    nobody = await manager.post(f"{path}/search", more={"search.reference": "P-NONE"})
    assert "Nobody was found." in words(nobody)
    advisor = await desk(office, AWS)
    assert (await advisor.post(f"{path}/search", more={"search.name": "Sample"})).status_code == 403
