"""A task's page: what is asked and known, drafts, checking, and every way an answer can end."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from models.database import Database
from models.tables.case import Command, TurnRecord
from models.tables.web import Draft
from procedures.answers import ALL
from procedures.by_hand import BY_HAND
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, NOW, Office
from tests.api.test_answering import STRANGER, post, task_of
from tests.conftest import free_port
from tests.pages.desk import Desk, desk, hidden, words
from tests.workflows.people import LEE, import_people
from tests.workflows.running import House, eventually

NO_MATCH = {"outcome": "no_match", "note": "Nobody of this name & birth date."}


async def real_task(office: Office, friday: date, *rows: str) -> dict[str, Any]:
    """The match_entry task of a real case."""
    await post(office, friday, *rows)
    return await task_of(office.client(AWS, regions=("*",)), "match_entry")


async def form_at(visitor: Desk, path: str) -> dict[str, str]:
    """The hidden fields of a form as it is shown now."""
    page = await visitor.get(path)
    assert page.status_code == 200, page.text
    return {name: hidden(page, name) for name in ("key", "seen_version")}


async def confirmed(visitor: Desk, task_id: str) -> Any:
    """Send what the page to check one's answers shows."""
    page = await visitor.get(f"/tasks/{task_id}/check")
    assert page.status_code == 200, page.text
    fields = {name: hidden(page, name) for name in ("key", "seen_version", "shown")}
    return await visitor.post(f"/tasks/{task_id}/check", **fields)


async def test_every_kind_of_task_is_shown_by_the_same_page(office: Office) -> None:
    """No step has a template of its own: question, reason, step and form come from the answer's type."""
    await import_people(office.databases.loader)
    await office.case("C1", entry_id="E1", person_ref=LEE.ref, state={"exchange": {"form": "T-441"}})
    await office.entry("E1", "C1", surname="Sample", given_names="Lee", address=LEE.address)
    visitors = {role: await desk(office, role) for role in (AWS, MANAGER)}
    for kind, asked in ALL.items():
        context = {"entry_id": "H-1"} if kind in BY_HAND else {}
        await office.task(f"C1-{kind}", "C1", kind=kind, step=asked.step, role=asked.role, context=context)
        role = asked.role if asked.role in visitors else MANAGER
        page = await visitors[role].get(f"/tasks/C1-{kind}")
        assert page.status_code == 200, kind
        said = unescape(words(page))
        assert f"Step {asked.step}" in said
        assert asked.title in said
        assert asked.policy.split()[0] in said
        assert ('class="sp-answer"' in page.text) == (role in asked.roles())


@pytest.mark.req("AMB-P1-9")
async def test_1_6_the_parts_of_the_returned_form_are_asked_one_by_one(office: Office) -> None:
    """What Corrections filled in has a field for each part, in the form's own words."""
    await office.case("C1", state={"exchange": {"form": "T-441"}})
    await office.task("C1-1", "C1", kind="review_return", step="1.6")
    visitor = await desk(office, AWS)
    page = await visitor.get("/tasks/C1-1")
    assert "The person is currently under a community supervision order" in page.text
    assert 'name="returned.completed_on-day"' in page.text
    wrong = await visitor.post(
        "/tasks/C1-1",
        **await form_at(visitor, "/tasks/C1-1"),
        verdict="incomplete",
        more={"returned.order_status": "CSO"},
    )
    assert wrong.status_code == 422
    assert "an incomplete form goes back to the contact" in words(wrong)


async def test_1_2_no_match_is_checked_and_recorded_and_the_next_task_is_offered(
    office: Office, house: House, friday: date
) -> None:
    """Form, check, done; the draft is empty afterwards; the same showing sent again changes nothing."""
    await import_people(house.loader)
    task = await real_task(office, friday, STRANGER, STRANGER.replace("Nemo", "Nina").replace("CR9", "CR10"))
    visitor = await desk(office, AWS, regions=("*",))
    path = f"/tasks/{task['id']}"
    sent = await visitor.post(path, **await form_at(visitor, path), **NO_MATCH)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{path}/check")
    assert await office.count(Command) == 0
    page = await visitor.get(f"{path}/check")
    assert "No match" in words(page)
    assert "Nobody of this name &amp; birth date." in words(page)
    assert "The case may end here" in words(page)
    fields = {name: hidden(page, name) for name in ("key", "seen_version", "shown")}
    done = await visitor.post(f"{path}/check", **fields)
    assert (done.status_code, done.headers["location"]) == (303, f"{path}/done")
    turns = await office.count(TurnRecord)
    again = await visitor.post(f"{path}/check", **fields)
    assert again.headers["location"] == f"{path}/done"
    assert await office.count(TurnRecord) == turns
    after = words(await visitor.get(f"{path}/done"))
    assert "Your answer is recorded" in after
    assert "Next in your queue" in after
    async with office.databases.owner.transaction() as session:
        assert list(await session.scalars(select(Draft.body))) == [None]
    closed = await visitor.get(path)
    assert "Answered U-Advisor-Wellbeing-Support Example" in words(closed)
    assert '<form class="sp-answer"' not in closed.text


async def test_what_is_wrong_is_listed_and_everything_typed_is_still_there(office: Office) -> None:
    """A summary that links to the fields, the field's own message, and the values as typed."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    visitor = await desk(office, AWS)
    shown = await form_at(visitor, "/tasks/C1-1")
    page = await visitor.post("/tasks/C1-1", **shown, note='He said "no" <b>&', person_ref="P-1")
    assert page.status_code == 422
    assert '<a href="#field-outcome">Choose an answer: Outcome</a>' in page.text
    assert 'id="field-outcome-error"' in page.text
    assert "He said &#34;no&#34; &lt;b&gt;&amp;" in page.text
    assert "<title>Error: " in page.text
    both = await visitor.post("/tasks/C1-1", **shown, **NO_MATCH, person_ref="P-1")
    assert "for a potential match, and only then" in words(both)


async def test_a_draft_comes_back_to_its_author_alone(office: Office) -> None:
    """Kept while typing, sealed in the record, invisible to a colleague."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    visitor, colleague = await desk(office, AWS), await desk(office, AWS, subject="u-2")
    kept = await visitor.post("/tasks/C1-1/draft", note="half a thou", outcome="no_match")
    assert "Kept at 14:00" in kept.text
    page = await visitor.get("/tasks/C1-1")
    assert "half a thou" in page.text
    assert 'value="no_match" checked' in page.text
    assert "half a thou" not in (await colleague.get("/tasks/C1-1")).text
    async with office.databases.owner.transaction() as session:
        (row,) = list(await session.scalars(select(Draft)))
    assert row.body is not None
    assert b"half" not in row.body


async def test_what_is_sent_after_the_session_is_kept_for_the_next(office: Office) -> None:
    """Sign in again, and the form is as it was."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    visitor = await desk(office, AWS)
    shown = await form_at(visitor, "/tasks/C1-1")
    office.now += timedelta(minutes=61)
    late = await visitor.post("/tasks/C1-1", **shown, note="typed for an hour", outcome="no_match")
    assert late.headers["location"] == "/sign-in?next=/tasks/C1-1&kept=1"
    stranger = office.client()
    stranger.cookies.set("placement", visitor.client.cookies["placement"])
    await stranger.post("/tasks/C1-1", data={"csrf": "made up", "note": "overwritten"})
    assert await office.count(Command) == 0
    back = await desk(office, AWS, subject=visitor.subject, cookie="the next")
    assert "typed for an hour" in (await back.get("/tasks/C1-1")).text


@pytest.mark.req("AMB-X-3")
async def test_1_2_the_slower_of_two_is_told_who_when_and_what_and_keeps_what_was_typed(
    office: Office, house: House, friday: date
) -> None:
    await import_people(house.loader)
    task = await real_task(office, friday, STRANGER)
    path = f"/tasks/{task['id']}"
    first = await desk(office, AWS, regions=("*",), subject="u-1")
    second = await desk(office, AWS, regions=("*",), subject="u-2")
    for visitor in (first, second):
        await visitor.post(path, **await form_at(visitor, path), **NO_MATCH)
    page = await second.get(f"{path}/check")
    fields = {name: hidden(page, name) for name in ("key", "seen_version", "shown")}
    assert (await confirmed(first, task["id"])).status_code == 303
    lost = await second.post(f"{path}/check", **fields)
    assert lost.status_code == 409
    said = words(lost)
    assert re.search(
        r"Somebody else was faster U-1 Example, \w+day \d+ \w+ \d{4}, \d\d:\d\d: match entry; outcome: No match",
        said,
    )
    assert "What you had typed" in said
    assert "Nobody of this name &amp; birth date." in said


@pytest.mark.req("AMB-X-3")
async def test_a_task_that_changed_hands_is_looked_at_again(office: Office) -> None:
    """Claimed by somebody while the form was open: told so, form kept, the new version in it."""
    await office.case("C1")
    await office.task("C1-1", "C1", kind="why_pending", step="1.3")
    visitor, other = await desk(office, AWS), await desk(office, AWS, subject="u-2")
    shown = await form_at(visitor, "/tasks/C1-1")
    await other.post("/tasks/C1-1/claim")
    page = await visitor.post("/tasks/C1-1", **shown, reason="No call yet")
    assert page.status_code == 409
    assert "U-2 Example, Friday 27 November 2026, 14:00: claimed" in words(page)
    assert "No call yet" in page.text
    assert (hidden(page, "seen_version"), hidden(page, "key") != shown["key"]) == ("2", True)
    lost = await visitor.post("/tasks/C1-1/claim")
    assert lost.status_code == 409
    assert "U-2 Example claimed on Friday 27 November 2026, 14:00" in words(lost)


@pytest.mark.req("AMB-P1-17")
async def test_1_2_a_rule_that_refuses_is_named_and_the_form_is_kept(
    office: Office, house: House, friday: date
) -> None:
    """The same way as the JSON API: the rule, the reason, and another key for the next try."""
    await import_people(house.loader)
    task = await real_task(office, friday, LEE.row())
    visitor, path = await desk(office, AWS, regions=("*",)), f"/tasks/{task['id']}"
    await visitor.post(path, **await form_at(visitor, path), **NO_MATCH)
    refused = await confirmed(visitor, task["id"])
    assert refused.status_code == 409
    assert "Rule AMB-P1-17" in words(refused)
    assert "Nobody of this name &amp; birth date." in refused.text
    matched = {"outcome": "potential_match", "person_ref": LEE.ref, "note": "All agrees"}
    await visitor.post(path, **{name: hidden(refused, name) for name in ("key", "seen_version")}, **matched)
    assert (await confirmed(visitor, task["id"])).headers["location"] == f"{path}/done"
    next_task = await task_of(office.client(AWS, regions=("*",)), "first_question")
    assert next_task["title"] in words(await visitor.get(f"{path}/done"))


async def test_answers_changed_in_another_window_are_checked_again(office: Office) -> None:
    """What was shown is what is sent, or nothing is."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    visitor = await desk(office, AWS)
    await visitor.post("/tasks/C1-1", **await form_at(visitor, "/tasks/C1-1"), **NO_MATCH)
    page = await visitor.get("/tasks/C1-1/check")
    fields = {name: hidden(page, name) for name in ("key", "seen_version", "shown")}
    await visitor.post("/tasks/C1-1/draft", outcome="no_match", note="Something else")
    again = await visitor.post("/tasks/C1-1/check", **fields)
    assert again.status_code == 409
    assert "Something else" in again.text
    assert await office.count(Command) == 0


@pytest.mark.req("NFR-1")
async def test_an_answer_that_takes_longer_is_accepted_and_the_page_looks_again(
    office: Office, house: House, friday: date
) -> None:
    """202 while it is being saved, the next page once it is recorded; nobody answers twice."""
    await import_people(house.loader)
    task = await real_task(office, friday, STRANGER)
    office.resources = replace(office.resources, patience=0.000001)
    visitor, path = await desk(office, AWS, regions=("*",)), f"/tasks/{task['id']}"
    await visitor.post(path, **await form_at(visitor, path), **NO_MATCH)
    sent = await confirmed(visitor, task["id"])
    waiting = sent.headers["location"]
    assert waiting.startswith("/commands/")

    async def recorded() -> str | None:
        page = await visitor.get(waiting)
        if page.status_code == 202:
            assert "Accepted, still saving" in words(page)
            return None
        location: str = page.headers["location"]
        return location

    assert await eventually(recorded, "never recorded") == f"{path}/done"
    asked_by_page = await visitor.client.get(waiting, headers={"HX-Request": "true"})
    assert asked_by_page.headers["hx-redirect"] == f"{path}/done"


@pytest.mark.req("PRV-19")
async def test_a_coordinator_sees_the_task_and_nothing_behind_it(office: Office) -> None:
    """No row, no person; another's task does not exist for them."""
    await office.case("C9", "match_void", entry_id="E1", person_ref="P-1")
    await office.entry("E1", "C9")
    await office.task("C9-1", "C9", "enter_withdrawn", Role.COORDINATOR_PLACEMENT, step="3.7")
    await office.task("C9-2", "C9", "phone_corrections", Role.ADVISOR_PLACEMENT, step="3.3")
    visitor = await desk(office, Role.COORDINATOR_PLACEMENT)
    page = await visitor.get("/tasks/C9-1")
    assert "not the person behind it" in words(page)
    assert "Tester" not in page.text
    assert (await visitor.get("/tasks/C9-2")).status_code == 404


@pytest.mark.req("PRV-18", "PRV-16")
async def test_a_page_that_shows_a_person_is_audited_and_its_title_and_address_name_nobody(
    office: Office,
) -> None:
    await office.searched_entry("C1")
    await office.task("C1-1", "C1")
    page = await (await desk(office, AWS)).get("/tasks/C1-1")
    assert "Tester" in page.text
    title = page.text.split("<title>")[1].split("</title>")[0]
    assert title == "Search the register and match the entry, C1-1 – Safe Placement"
    (read,) = await office.audited("read report entry")
    assert (read.subject, read.actor, read.at) == ("EC1", f"u-{AWS.value}", NOW)


async def test_a_form_without_its_key_or_for_another_role_is_not_sent(office: Office) -> None:
    await office.case("C1")
    await office.task("C1-1", "C1", kind="corrections_unreachable", step="1.4", role=MANAGER)
    visitor = await desk(office, AWS)
    page = await visitor.get("/tasks/C1-1")
    assert "You may read it, not answer it" in words(page)
    refused = await visitor.post("/tasks/C1-1", arranged="Somebody", key="a-good-key")
    assert refused.status_code == 403
    assert len(await office.audited("refused: answer this task")) == 1
    manager = await desk(office, MANAGER)
    keyless = await manager.post("/tasks/C1-1", arranged="Somebody")
    assert keyless.status_code == 422
    assert "came without its key" in words(keyless)


async def test_while_the_database_is_away_what_was_typed_stays_in_the_page(office: Office) -> None:
    """The page carries the form on, with the same key: sent again, it is the same command."""
    await office.searched_entry("C1")
    await office.task("C1-1", "C1", kind="why_pending", step="1.3")
    visitor = await desk(office, AWS)
    shown = await form_at(visitor, "/tasks/C1-1")
    there = office.resources
    gone = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/nowhere")
    office.resources = replace(there, database=gone)
    adrift = office.client()
    adrift.cookies.set("placement", visitor.client.cookies["placement"])
    away = await adrift.post("/tasks/C1-1", data={"csrf": visitor.csrf, **shown, "reason": "half & half"})
    assert away.status_code == 503
    assert "What you typed is still in this page" in words(away)
    assert 'action="/tasks/C1-1"' in away.text
    assert 'name="reason" value="half &amp; half"' in away.text
    assert [hidden(away, name) for name in ("csrf", "key")] == [visitor.csrf, shown["key"]]
    await gone.close()
