"""Written situations played through the running system: every file of `situations/` ends as it expects."""

import asyncio
import re
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from procedures.local_time import say_instant
from procedures.working_days import Calendar
from tests.conftest import Databases
from workers.rehearsal.expectations import EXPECTATIONS
from workers.rehearsal.happenings import GATEWAY, HAPPENINGS, REGISTER, RETURNS
from workers.rehearsal.house import Record
from workers.rehearsal.moments import later, moment
from workers.rehearsal.people import PEOPLE
from workers.rehearsal.reading import read_situation, read_text
from workers.rehearsal.situation import WrongSituation
from workers.rehearsal.words import ROLES
from workers.rehearse_command import EXAMPLE, rehearse

ROOT = Path(__file__).parents[2]
SITUATIONS = {
    file.stem: file.read_text(encoding="utf-8")
    for file in sorted((Path(__file__).parent / "situations").glob("*.yaml"))
}
HEAD = "title: A story\nstarts: Friday 7 June 2030 12:00\nperson: was our tenant before\nsteps:\n"


async def played(text: str, databases: Databases) -> tuple[list[str], list[str]]:
    """What was told, and what was otherwise than expected."""
    told: list[str] = []
    record = Record(databases.owner, databases.api, databases.worker, databases.loader)
    return told, await rehearse(read_text(text), record, told.append)


@pytest.mark.parametrize("text", SITUATIONS.values(), ids=SITUATIONS)
async def test_the_situation_ends_as_written(text: str, databases: Databases) -> None:
    told, problems = await played(text, databases)
    assert not problems, "\n".join((*told, *problems))


async def test_the_story_says_who_was_asked_what_went_out_and_what_comes_next(databases: Databases) -> None:
    text = f"""{HEAD.replace("was our tenant before", "lives in one of our homes")}
  - goes on: until send T-441
  - on: Monday 10 June 2030 10:00
    answer: send T-441
"""
    told, _ = await played(text, databases)
    story = " ".join(" ".join(told).split())
    for words in (
        "Friday 7 June 2030 12:00 ~ The report names the person: New CSO.",
        "? advisor wellbeing support: Search the register and match the entry",
        "* Mereana Tipoki: Create the CSO assessment and answer the first question – reported status: CSO",
        "= code D1P, status PEN (TR-1)",
        "Monday 10 June 2030 10:00 1.6 * Mereana Tipoki: Send the T-441",
        "10:00 A -> gateway: T-441 goes out to the contact, Lanternvale Community Corrections",
        "o T-441 return: due by the end of Monday 17 June 2030; overdue from Tuesday 18 June 2030, 09:00",
        "next due: Tuesday 18 June 2030, 09:00 – T-441 return becomes overdue",
    ):
        assert words in story, words


async def test_what_is_otherwise_than_expected_is_told_with_its_line(databases: Databases) -> None:
    text = f"""{HEAD}
  - goes on: until live record
  - expect code: D2
  - expect: letter 17-030 has gone
  - expect no task: live record
  - expect case: offer is open
  - answer: live record
    refused: P1.S6.1
"""
    told, problems = await played(text, databases)
    assert [problem.partition(":")[0] for problem in problems] == [f"line {n}" for n in (7, 8, 9, 10, 11)]
    assert problems[0] == "line 7: expected: code D2; there is: D1P/PEN"
    assert len([line for line in told if "NOT AS EXPECTED" in line]) == 5


@pytest.mark.parametrize(
    ("step", "line", "says"),
    [
        ("- answer: send T-441", 5, "'send t441' is not asked; asked now: match entry"),
        ("- goes on: until make offer", 5, "'make offer' is not asked"),
        (
            "- on: Friday 7 June 2030 11:00\n    answer: match entry",
            5,
            "already reached Friday 7 June 2030, 12:00",
        ),
        ("- returns: T-441 complete", 5, "no T-441 has been sent yet"),
        ("- answer: match entry\n    with: {outcome: no_match, person_ref: '1'}", 5, "name person_ref"),
    ],
)
async def test_a_step_that_cannot_be_played_ends_the_story(
    step: str, line: int, says: str, databases: Databases
) -> None:
    with pytest.raises(WrongSituation, match=re.escape(says)) as wrong:
        await played(f"{HEAD}  {step}\n", databases)
    assert wrong.value.line == line


async def test_a_start_in_the_past_is_refused_with_its_line(databases: Databases) -> None:
    with pytest.raises(WrongSituation, match="line 2: the virtual clock only goes forward"):
        await played(f"{HEAD.replace('2030', '2024').replace('Friday', '')}  - after: 1 day\n", databases)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the file is empty"),
        ("- a", "line 1: a situation is written as `key: value` lines"),
        ("title: [", "line 1: this is not YAML"),
        ("title: A\n", "line 1: a situation needs 'starts'"),
        (HEAD.replace("person:", "persno:"), "line 3: a situation has no 'persno'; did you mean 'person'?"),
        (HEAD + "  - after: 1 day\n" + "title: B\n", "line 6: 'title' stands here twice"),
        (
            HEAD.replace("was our tenant before", "was a tenant"),
            "line 3: person: 'was a tenant' is not known; did",
        ),
        (HEAD.replace("Friday", "Monday"), "line 2: 7 June 2030 is a Friday, not a Monday"),
        (HEAD.replace("12:00", "noon"), "line 2: 'Friday 7 June 2030 noon' needs a time of day"),
        (HEAD.replace("2030", "2052"), "line 2: the working days are known from"),
        (HEAD.replace("Friday 7 June", "31 June"), "line 2: there is no such day as 2030-06-31"),
        (HEAD + "  - 5", "line 5: a step is written as `key: value` lines"),
        (HEAD + "  - by: manager", "line 5: a step says what happens: answer, goes on"),
        (
            HEAD + "  - answer: phone correction",
            "line 5: answer: 'phone correction' is not known; did you mean",
        ),
        (HEAD + "  - answer: match entry\n    returns: T-441 complete", "line 5: one step says one thing"),
        (
            HEAD + "  - answer: match entry\n    with:\n      outcom: no_match",
            "line 7: with: 'outcom' is not known; d",
        ),
        (HEAD + "  - answer: match entry\n    with: no", "line 6: `with:` is followed by"),
        (
            HEAD + "  - answer: match entry\n    by: boss",
            "line 6: by: 'boss' is not known; write one of: advisor;",
        ),
        (HEAD + "  - after: a while\n    answer: match entry", "line 5: 'a while' is no length of time"),
        (HEAD + "  - on: 2030-06-07 12:00\n    after: 1 day", "line 6: say either on or after"),
        (HEAD + "  - expect: a letter", "line 5: write `letter 17-030 goes"),
        (
            HEAD + "  - expect: no letter 17-031",
            "line 5: expect: '17-031' is not known; did you mean '17-030'?",
        ),
        (HEAD + "  - expect code: D9", "line 5: expect code: 'D9' is not known"),
        (HEAD + "  - goes on: forever", "line 5: write `goes on: until send t441`"),
        (HEAD + "  - match: somebody\n    by: manager", "line 5: 'match' takes no with, by or refused"),
        (
            HEAD + "  - returns: T-441 complete\n    with: {status: NSO}",
            "line 6: with: 'status' is not known",
        ),
    ],
)
def test_a_wrong_file_is_told_with_its_line_and_what_to_write(text: str, says: str) -> None:
    with pytest.raises(WrongSituation) as wrong:
        read_text(text)
    assert str(wrong.value).startswith(says)


def test_days_and_lengths_of_time_as_people_write_them() -> None:
    christmas = moment("Wednesday 23 December 2026 10:30")
    assert christmas == moment("2026-12-23 10:30") == moment("23 December 2026, 10:30")
    passed = {
        "5 working days": "Tuesday 5 January 2027, 10:30",
        "1 working day at 09:00": "Thursday 24 December 2026, 09:00",
        "2 weeks": "Wednesday 6 January 2027, 10:30",
        "1 day at 8:05": "Thursday 24 December 2026, 08:05",
        "90 minutes": "Wednesday 23 December 2026, 12:00",
    }
    assert {text: say_instant(later(text)(christmas, Calendar())) for text in passed} == passed
    assert later("24 hours")(christmas, Calendar()) - christmas == timedelta(days=1)


def test_the_guide_has_every_word_that_a_situation_may_use() -> None:
    guide = (ROOT / "docs" / "rehearsing.md").read_text(encoding="utf-8")
    words = (*HAPPENINGS, *EXPECTATIONS, *PEOPLE, *RETURNS, *REGISTER, *GATEWAY, *ROLES)
    assert [word for word in words if f"`{word}`" not in guide and f"`by: {word}`" not in guide] == []
    example = guide.partition("```yaml\n")[2].partition("```")[0]
    assert len(read_text(example).steps) == 7


async def test_the_example_lasts_seven_weeks_and_is_played_by_the_command() -> None:
    situation = read_situation(EXAMPLE)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.entry", "rehearse", "--example", cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert (process.returncode, errors) == (0, b"")
    told = output.decode()
    days = re.findall(r"^\w+day \d+ \w+ \d{4}$", told, re.MULTILINE)
    lasted = moment(f"{days[-1]} 12:00") - situation.starts
    assert lasted >= timedelta(weeks=7)
    assert situation.title in told
    assert told.splitlines()[-1].startswith("Played in ")


async def test_the_command_tells_what_is_wrong_and_ends_with_status_1(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(f"{HEAD}  - answer: phone corections\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "workers.entry", "rehearse", str(file), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert (process.returncode, output) == (1, b"")
    assert errors.decode().startswith(
        "placement: wrong.yaml, line 5: answer: 'phone corections' is not known; did"
    )
