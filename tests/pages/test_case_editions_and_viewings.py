"""Every page of a case shows the edition that it began under; a viewing has its calendar file and its paper to print."""

import re
from datetime import date

import pytest
from icalendar import Calendar

from procedures import EDITION
from procedures.editions import EDITIONS, Edition
from tests.api.office import AP, AWS, MANAGER, Office
from tests.pages.desk import desk, words
from tests.pages.furnishing import furnish
from tests.pages.states import ADMINISTRATOR
from tests.pages.test_each_role_sees_its_own import GET

NEXT = "CT-PRO-301 of the test"
OF_A_CASE = ("/cases/{", "/tasks/{", "/runs/{", "/commands/{")
FOOTER = "What you see here is confidential"


@pytest.mark.req("AMB-X-11")
async def test_every_page_of_a_case_shows_the_edition_it_began_under(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later edition is in force since this morning: pages about no case say so, pages of older cases do not."""
    monkeypatch.setitem(EDITIONS, NEXT, Edition(NEXT, date(2026, 11, 27)))
    desks = await furnish(office)
    wrong, seen = [], 0
    for template, (path, roles) in GET.items():
        page = await desks[MANAGER if MANAGER in roles else sorted(roles)[0] if roles else AWS].get(path)
        if page.status_code not in (200, 202) or FOOTER not in page.text:
            continue
        seen += 1
        of_case = template.startswith(OF_A_CASE)
        if (f"{EDITION}. {FOOTER}" in page.text, f"{NEXT}. {FOOTER}" in page.text) != (of_case, not of_case):
            wrong.append(path)
    assert wrong == []
    assert seen > 30


@pytest.mark.req("AMB-X-11")
async def test_a_refusal_in_a_case_shows_no_other_edition(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with an answer is said under the edition of the case too."""
    monkeypatch.setitem(EDITIONS, NEXT, Edition(NEXT, date(2026, 11, 27)))
    desks = await furnish(office)
    for path in ("/tasks/C1-1", "/cases/C1/changes/corrections_says", "/cases/C1/documents"):
        page = await desks[AWS].post(path)
        assert page.status_code == 422, path
        assert FOOTER in page.text
        assert NEXT not in page.text


@pytest.mark.req("P3.S4.a2", "PRV-16")
async def test_3_4_a_booked_viewing_has_a_calendar_file_and_a_paper_to_print(office: Office) -> None:
    """For the advisors of its case; the file names references alone, and no browser keeps either."""
    desks = await furnish(office)
    page = await desks[AP].get("/cases/C500")
    assert "Saturday 28 November 2026, 14:00" in words(page)
    assert page.text.count('href="/cases/C500/t438.pdf"') == 1, "of the booked viewing, not of the missed one"
    assert 'href="/cases/C500/documents?what=T-438#file"' in page.text
    entry = await desks[AP].get("/cases/C500/viewings/C500-A1.ics")
    assert (entry.status_code, entry.headers["cache-control"]) == (200, "no-store")
    assert entry.headers["content-type"].startswith("text/calendar")
    assert "C500-A1.ics" in entry.headers["content-disposition"]
    (event,) = Calendar.from_ical(entry.text).walk("VEVENT")
    assert str(event["summary"]) == "IN-CONFIDENCE - Property viewing - Ref C500"
    assert "Vacant Row" not in entry.text
    paper = await desks[AP].get("/cases/C500/t438.pdf")
    assert (paper.headers["cache-control"], paper.content[:5]) == ("no-store", b"%PDF-")
    assert (await desks[AP].get("/cases/C500/viewings/C500-A9.ics")).status_code == 404
    assert (await desks[AWS].get("/cases/C500/t438.pdf")).status_code == 404
    assert "Viewing with Corrections" not in (await desks[AWS].get("/cases/C1")).text


async def test_an_operator_finds_the_run_of_a_case_by_its_number(office: Office) -> None:
    """The manager, who sees the list of stuck cases too, is not led to runs."""
    await office.case("CRUN7")
    operator, manager = await desk(office, ADMINISTRATOR), await desk(office, MANAGER)
    assert 'name="run_of"' in (await operator.get("/office/stuck")).text
    assert 'href="/cases/CRUN7/run"' in (await operator.get("/office/stuck?run_of=CRUN7%20")).text
    assert '/run"' not in (await manager.get("/office/stuck?run_of=CRUN7")).text


async def test_a_step_says_which_rules_and_tests_carry_it(office: Office) -> None:
    """From the table of the trace, which a test of its own holds to the code."""
    visitor = await desk(office, AWS)
    page = words(await visitor.get("/policy/1.6"))
    assert "Rules working_day_clock, missing_fields, next_of_exchange" in page
    assert "In the workflow check_for_a_live_record" in page
    assert re.search(r"Tests [1-9]\d+\.", page)
    assert re.search(
        r"1\.6 Check for a live record; request disclosure .+? [1-9]\d+ 1\.7",
        words(await visitor.get("/policy")),
    )
