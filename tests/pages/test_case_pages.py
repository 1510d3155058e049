"""A case's pages: who it is about, where it stands on the map, what happened, versions, clocks, links."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.case import TurnRecord
from models.tables.mail import Clock, PersonFile, PersonFileName
from procedures.clocks import ClockKind, working_day_clock
from procedures.terms import Role
from procedures.working_days import Calendar
from tests.api.exchanges import form_out, put_clock
from tests.api.office import AP, AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, words
from tests.workflows.people import LEE, import_people

PAGES = ("", "/timeline", "/documents", "/mail", "/assessments", "/clocks", "/linked")


async def walked(office: Office, case_id: str, *steps: str) -> None:
    """Turns of the case in these steps."""
    for number, step in enumerate(steps, start=1):
        at = NOW - timedelta(days=5) + timedelta(hours=number)
        await office.put(TurnRecord, case_id=case_id, number=number, step=step, recorded_at=at)


async def lee(office: Office, case_id: str = "CP1", code: str = "D1P", **more: Any) -> None:
    """Lee Sample's case with the T-441 out, a person file, and a pending code confirmed once before."""
    await import_people(office.databases.loader)
    await form_out(office, case_id, LEE.ref)
    confirmed = {"confirmed_code": "D1", "confirmed_at": NOW - timedelta(days=90)}
    status = "PEN" if code.endswith("P") else "CUR"
    values = {"version": 2, "opened_at": NOW, "person_ref": LEE.ref, "code": code, "status": status}
    await office.put(Assessment, number="A-1", **{**values, **confirmed, **more})
    await office.put(
        PersonFile, file_id="F-1", title=b"", characteristics={}, created_at=NOW, created_by="u-1"
    )
    await office.put(PersonFileName, person_ref=LEE.ref, file_id="F-1")


def item(page: httpx.Response, step: str) -> str:
    """The marks of one step on the map."""
    (found,) = [
        one for one in page.text.split('<li class="sp-map__step ')[1:] if f'href="/policy/{step}"' in one
    ]
    return found


@pytest.mark.req("PRV-16")
async def test_the_bar_says_who_it_is_and_neither_title_nor_address_does(office: Office) -> None:
    await lee(office)
    page = await (await desk(office, AWS)).get("/cases/CP1")
    assert page.status_code == 200, page.text
    said = words(page)
    assert "Lee Sample" in said
    assert "P-LIVE" in said
    assert "6 May 1975" in said
    assert "D1P, pending; last confirmed D1 on" in said
    assert "Restricted" in said
    title = page.text.split("<title>")[1].split("</title>")[0]
    assert title == "Overview, case CP1 – Safe Placement"
    addresses = re.findall(r'(?:href|action)="([^"]*)"', page.text)
    assert len(addresses) > 20
    assert not re.search("Sample|Lee|1975|Made", " ".join(addresses))
    assert page.headers["cache-control"] == "no-store"
    read = await office.audited("read person")
    assert [(event.subject, event.case_id, event.detail["why"]) for event in read] == [
        (LEE.ref, "CP1", "case page")
    ]


async def test_1_6_the_map_shows_what_is_done_skipped_here_and_until_when(office: Office) -> None:
    """Step 1.5 was passed over; the case waits in 1.6 for the T-441."""
    await lee(office)
    await walked(office, "CP1", "1.2", "1.3", "1.4", "1.6")
    page = await (await desk(office, AWS)).get("/cases/CP1")
    standing = {step: item(page, step).split('sp-map__standing">')[1].split("<")[0] for step in _STEPS}
    assert standing == {
        "1.2": "done",
        "1.3": "done",
        "1.4": "done",
        "1.5": "skipped",
        "1.6": "you are here",
        "1.7": "to come",
    }
    here = item(page, "1.6")
    assert 'aria-current="step"' in page.text
    assert "until Monday 30 November 2026, 23:59" in here
    assert "Letter 17-030 goes Tuesday 1 December 2026 from 09:00" in here
    assert "/cases/CP1/clocks#CP1-K1" in here


_STEPS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")


async def test_2_5_a_step_with_nothing_left_to_do_is_done_and_not_skipped(office: Office) -> None:
    steps = ["2.2", "2.3", "2.4", "2.5"]
    await office.case("CP3", "check_suitability", step="end", outcome="suitable", state={"walked": steps})
    await walked(office, "CP3", "2.1", "2.2", "2.4")
    said = words(await (await desk(office, AWS)).get("/cases/CP3"))
    assert "Step 2.5 Save everything in the person file done" in said


async def test_an_ended_case_is_at_its_end(office: Office) -> None:
    await office.case("CP2", step="end", waiting_for="nobody", outcome="no_match", closed_at=NOW)
    await walked(office, "CP2", "1.2")
    said = words(await (await desk(office, AWS)).get("/cases/CP2"))
    assert "The case has ended you are here" in said
    assert "Outcome No match" in said
    assert "Step 1.7 Answer the final questions and calculate skipped" in said


@pytest.mark.parametrize("tab", PAGES)
async def test_a_case_that_is_not_yours_is_unknown_on_every_tab(office: Office, tab: str) -> None:
    """The same page as for a number nobody has; the look is on record."""
    await office.case("CP3", region="R09")
    hidden = await (await desk(office, AWS)).get(f"/cases/CP3{tab}")
    unknown = await (await desk(office, AWS, subject="u-2")).get(f"/cases/CP-NONE{tab}")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert (
        words(hidden).replace("U-Advisor", "U-2").split("There is no such")[1]
        == (words(unknown).split("There is no such")[1])
    )
    placement = await (await desk(office, AP)).get(f"/cases/CP3{tab}")
    coordinator = await (await desk(office, Role.COORDINATOR_PLACEMENT)).get(f"/cases/CP3{tab}")
    assert (placement.status_code, coordinator.status_code) == (404, 403)


async def test_every_tab_names_its_step_and_marks_itself(office: Office) -> None:
    await lee(office)
    visitor = await desk(office, AWS)
    for tab in PAGES:
        page = await visitor.get(f"/cases/CP1{tab}")
        assert page.status_code == 200, (tab, page.text)
        assert '<span class="sp-step__ref">Step 1.6</span>' in page.text
        assert page.text.count(f'href="/cases/CP1{tab}" aria-current="page"') == 1
        assert "Lee Sample" in page.text


async def test_a_run_and_mail_to_sort_are_about_nobody(office: Office) -> None:
    await office.case("CRUN1", "intake", "national", step="1.1")
    await office.case("M-R1", "sort_mail", "national", step="B")
    visitor = await desk(office, AWS)
    for number in ("CRUN1", "M-R1"):
        page = await visitor.get(f"/cases/{number}")
        assert page.status_code == 200, page.text
        assert "sp-identity" not in page.text
        assert "you are here" in page.text


async def test_before_the_match_the_bar_shows_the_row_of_the_report(office: Office) -> None:
    await office.case("CP4", entry_id="EP4")
    await office.entry("EP4", "CP4")
    said = words(await (await desk(office, AWS)).get("/cases/CP4"))
    assert "Tom Tester" in said
    assert "Not matched to the register yet" in said
    assert [event.subject for event in await office.audited("read report entry")] == ["EP4"]


async def test_the_timeline_is_newest_first_and_leaves_out_who_looked(office: Office) -> None:
    await lee(office)
    await office.task("CP1-1", "CP1", opened_at=NOW - timedelta(days=3))
    visitor = await desk(office, AWS)
    await visitor.get("/cases/CP1")
    page = await visitor.get("/cases/CP1/timeline")
    assert "Asked: Search the register and match the entry" in page.text
    assert "Read person" not in page.text
    assert 'href="/tasks/CP1-1"' in page.text
    whole = await visitor.get("/cases/CP1/timeline?reads=true")
    assert "Read person" in whole.text


async def test_a_long_timeline_shows_the_newest_and_all_of_it_when_asked(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many events on one page, how many there are, and a link to every one of them."""
    await lee(office)
    for number in range(3):
        await office.task(f"CP1-{number}", "CP1", opened_at=NOW - timedelta(days=number))
    visitor = await desk(office, AWS)
    whole = await visitor.get("/cases/CP1/timeline?every=true")
    many = whole.text.count('<li class="sp-events__one')
    assert many > 1
    monkeypatch.setattr("api.pages.case_page.MOST_EVENTS", 1)
    page = await visitor.get("/cases/CP1/timeline")
    assert page.text.count('<li class="sp-events__one') == 1
    assert f"{many} events, the newest 1 first." in words(page)
    assert 'href="/cases/CP1/timeline?every=true"' in page.text
    assert "Show all of them" not in words(whole)


@pytest.mark.req("PRV-19")
async def test_an_auditor_reads_what_happened_and_not_who_it_is(office: Office) -> None:
    await lee(office)
    auditor = await desk(office, Role.AUDITOR)
    page = await auditor.get("/cases/CP1/timeline")
    assert page.status_code == 200, page.text
    assert "Sample" not in page.text
    assert (await auditor.get("/cases/CP1")).status_code == 403


async def test_versions_are_shown_with_their_questions_the_newest_first(office: Office) -> None:
    await lee(office)
    for version, code in ((1, "D2P"), (2, "D1P")):
        await office.put(
            AssessmentVersion,
            number="A-1",
            version=version,
            code=code,
            status="PEN",
            rule="TR-1",
            step="1.3",
            case_id="CP1",
            question_set="identification/1",
            answers={"reported_status": "CSO"},
            comment="as reported",
            by="u-1",
            calculated_at=NOW,
        )
    page = await (await desk(office, AWS)).get("/cases/CP1/assessments")
    assert "What does the report say of the person?" in page.text
    assert page.text.index("D1P PEN</strong>") < page.text.index("D2P PEN</strong>")


async def test_an_invalid_match_is_called_that(office: Office) -> None:
    """Never under the words child sex offender, nor their letters beside the outcome."""
    await lee(office, code="D3", confirmed_code=None, confirmed_at=None)
    visitor = await desk(office, AWS)
    for tab in ("", "/assessments"):
        said = words(await visitor.get(f"/cases/CP1{tab}"))
        assert "D3, invalid match" in said
        assert "child sex offender" not in said.lower()


async def test_1_6_the_clock_is_a_calendar_with_every_day_and_why(office: Office) -> None:
    await lee(office)
    page = await (await desk(office, AWS)).get("/cases/CP1/clocks")
    said = words(page)
    assert "What happens next: Letter 17-030 goes Tuesday 1 December 2026 from 09:00" in said
    assert "November 2026" in said
    assert "December 2026" in said
    assert "23 Day 0, never counted: accepted at 14:30" in said
    assert "27 today Working day 4" in said
    assert "28 Not counted: Saturday" in said
    assert "30 Working day 5: due by the end of this day" in said
    assert "1 Overdue: can be acted on from 09:00" in said
    assert "Calendar nz-national, rules 1; holidays" in said


async def test_1_6_a_holiday_is_skipped_by_its_name_and_a_replaced_clock_stays(office: Office) -> None:
    """Over Christmas and the new year, in three months' tables."""
    await lee(office)
    clock = working_day_clock(ClockKind.T441_RETURN, NOW + timedelta(days=26), Calendar(), days=6)
    async with office.databases.owner.transaction() as session:
        row = await session.get_one(Clock, "CP1-K1")
        row.stopped_at, row.stop_reason = NOW, "replaced"
    more = {"supersedes": "CP1-K1", "reason": "Corrections asked for more time."}
    await put_clock(office, "CP1-K2", "CP1", clock, **more)
    said = words(await (await desk(office, AWS)).get("/cases/CP1/clocks"))
    assert "25 Not counted: Christmas Day" in said
    assert "1 Not counted: New Year" in said
    assert said.index("running") < said.index("stopped")
    assert "an earlier clock : Corrections asked for more time." in said


async def test_3_4_the_viewing_window_is_explained_in_words(office: Office) -> None:
    await office.case("CP5", "match_void", step="3.4")
    times = {"started_at": NOW, "due_at": NOW + timedelta(hours=48), "acts_at": NOW + timedelta(hours=48)}
    kind = {"kind": "viewing window", "calendar": "elapsed hours", "calendar_version": "6", "detail": {}}
    await office.put(Clock, clock_id="CP5-W1", case_id="CP5", **kind, **times)
    page = await (await desk(office, AP)).get("/cases/CP5/clocks")
    assert "48 elapsed hours from then" in page.text
    assert "sp-days" not in page.text


async def test_linked_cases_say_how_and_hide_what_is_not_yours(office: Office) -> None:
    await office.case("CP6", person_ref="P-6", entry_id="EP6")
    await office.case("CP7", "check_suitability", person_ref="P-6", parent_case_id="CP6", step="2.1")
    await office.case("CP8", person_ref="P-6", closed_at=NOW - timedelta(days=1), step="end")
    await office.case("CP9", "match_void", person_ref="P-6", step="3.1")
    said = words(await (await desk(office, AWS)).get("/cases/CP6/linked"))
    assert "CP7 It came from this case" in said
    assert "CP8 The same person" in said
    assert "CP9" not in said
    assert "CP9" in words(await (await desk(office, MANAGER)).get("/cases/CP6/linked"))


async def test_only_an_administrator_is_led_to_the_run(office: Office) -> None:
    """By number, to the address of the settings."""
    await office.case("CP10")
    settings = replace(office.resources.settings, temporal_ui_address="https://runs.placement.test")
    office.resources = replace(office.resources, settings=settings)
    both = await desk(office, AWS, Role.ADMINISTRATOR, subject="u-both")
    assert "/cases/CP10/run" in (await both.get("/cases/CP10")).text
    run = await both.get("/cases/CP10/run")
    assert (run.status_code, run.headers["location"]) == (
        303,
        "https://runs.placement.test/namespaces/default/workflows/CP10",
    )
    administrator = await desk(office, Role.ADMINISTRATOR)
    assert (await administrator.get("/cases/CP10/run")).status_code == 303
    assert (await administrator.get("/cases/CP-NONE/run")).status_code == 404
    assert (await administrator.get("/cases/CP10")).status_code == 403
    advisor = await desk(office, AWS)
    assert "/cases/CP10/run" not in (await advisor.get("/cases/CP10")).text
    assert (await advisor.get("/cases/CP10/run")).status_code == 403
