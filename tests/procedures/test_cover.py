"""Who stands in, and what becomes of claimed work when its holder is away: the whole table, without a clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from procedures.cover import (
    CoverAs,
    DeputyEntry,
    Fate,
    HeldTask,
    Member,
    Office,
    check_deputy,
    due_soon,
    in_force,
    latest,
    move_of,
    notice_ends,
    required_posts,
)
from procedures.local_time import instant_at
from procedures.refusals import Refused
from procedures.terms import Procedure, Role
from procedures.visibility import NATIONAL, Post, Sight
from procedures.working_days import Calendar, ExtraDay

AWS, AP, MANAGER = (
    Role.ADVISOR_WELLBEING_SUPPORT,
    Role.ADVISOR_PLACEMENT,
    Role.MANAGER_HOUSING_WELLBEING_SUPPORT,
)
HERE, THERE = Post(AWS, "R01"), Post(AWS, "R02")
MANAGING = Post(MANAGER, "R01")
STAFF = tuple(
    Member(subject, subject.title(), role, region)
    for subject, role, region in (
        ("absent", AWS, "R01"),
        ("colleague", AWS, "R01"),
        ("far", AWS, "R02"),
        ("placer", AP, "R01"),
        ("boss", MANAGER, "R01"),
        ("auditor", Role.AUDITOR, "R01"),
    )
)
NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
TASK = HeldTask("T-1", AWS, "R01", frozenset({AWS}), NOW)
WITH_MANAGER = replace(TASK, answered_by=frozenset({AWS, MANAGER}))
FRIDAYS = replace(WITH_MANAGER, region=NATIONAL)
OF_MANAGER = HeldTask("T-2", MANAGER, "R01", frozenset({MANAGER}), NOW)
DEPUTIES = {HERE: "far", MANAGING: "placer"}


@pytest.mark.req("AMB-X-2", "AMB-P1-18")
@pytest.mark.parametrize(
    ("task", "absent", "named", "also_away", "deputies", "expected"),
    [
        pytest.param(TASK, "absent", "colleague", (), DEPUTIES, ("colleague", CoverAs.NAMED), id="named"),
        pytest.param(TASK, "absent", None, (), DEPUTIES, ("far", CoverAs.DEPUTY), id="the deputy, from another region"),
        pytest.param(TASK, "absent", "colleague", ("colleague",), DEPUTIES, ("far", CoverAs.DEPUTY), id="named, but away"),
        pytest.param(TASK, "absent", "placer", (), DEPUTIES, ("far", CoverAs.DEPUTY), id="named, but may not answer"),
        pytest.param(TASK, "absent", "nobody", (), DEPUTIES, ("far", CoverAs.DEPUTY), id="named, but unknown"),
        pytest.param(TASK, "absent", "absent", (), DEPUTIES, ("far", CoverAs.DEPUTY), id="named oneself"),
        pytest.param(TASK, "absent", None, ("far",), DEPUTIES, ("colleague", CoverAs.COLLEAGUE), id="deputy away"),
        pytest.param(TASK, "absent", None, (), {}, ("colleague", CoverAs.COLLEAGUE), id="no deputy"),
        pytest.param(TASK, "absent", None, (), {HERE: "absent"}, ("colleague", CoverAs.COLLEAGUE), id="their own deputy"),
        pytest.param(TASK, "absent", None, ("colleague", "far"), DEPUTIES, None, id="nobody may answer"),
        pytest.param(WITH_MANAGER, "absent", None, ("colleague", "far"), DEPUTIES, ("boss", CoverAs.MANAGER),
                     id="the manager, who may"),
        pytest.param(WITH_MANAGER, "absent", None, ("colleague", "far", "boss"), DEPUTIES,
                     ("placer", CoverAs.MANAGER_DEPUTY), id="the manager's deputy, while the manager is away"),
        pytest.param(WITH_MANAGER, "absent", "far", (), {}, ("colleague", CoverAs.COLLEAGUE),
                     id="somebody of another region without a post here"),
        pytest.param(FRIDAYS, "absent", None, (), DEPUTIES, ("far", CoverAs.DEPUTY), id="a task of the Friday run"),
        pytest.param(FRIDAYS, "far", None, (), DEPUTIES, ("boss", CoverAs.MANAGER_DEPUTY), id="national, nobody of R02"),
        pytest.param(OF_MANAGER, "boss", None, (), DEPUTIES, ("placer", CoverAs.DEPUTY), id="the manager's own task"),
        pytest.param(OF_MANAGER, "boss", None, ("placer",), DEPUTIES, None, id="the manager's own, deputy away"),
    ],
)  # fmt: skip
def test_who_takes_a_task_that_is_due_soon(
    task: HeldTask,
    absent: str,
    named: str | None,
    also_away: tuple[str, ...],
    deputies: dict[Post, str],
    expected: tuple[str, CoverAs] | None,
) -> None:
    """Named cover, deputy, regional colleague, manager, the manager's deputy: the first who is there and may answer."""
    more = {Post(MANAGER, "R02"): "boss"} if task is FRIDAYS and absent == "far" else {}
    office = Office(STAFF, {**deputies, **more}, frozenset({absent, *also_away}))
    move = move_of(task, absent, named, office, soon=True)
    assert (move.to and (move.to.subject, move.to.covers_as)) == expected
    assert move.fate is (Fate.HANDED if expected else Fate.UNCOVERED)
    later = move_of(task, absent, named, office, soon=False)
    assert (later.fate, later.to) == (Fate.RELEASED, None)


NATIONAL_CALENDAR = Calendar()
CLOSED_MONDAY = Calendar(extra_days=(ExtraDay(date(2026, 11, 30), "Office closed"),))


@pytest.mark.req("AMB-X-2")
@pytest.mark.parametrize(
    ("away_from", "calendar", "last_due"),
    [
        pytest.param(date(2026, 11, 24), NATIONAL_CALENDAR, date(2026, 11, 25), id="Tuesday: Wednesday"),
        pytest.param(date(2026, 11, 27), NATIONAL_CALENDAR, date(2026, 11, 30), id="Friday: Monday"),
        pytest.param(date(2026, 11, 28), NATIONAL_CALENDAR, date(2026, 11, 30), id="Saturday: Monday"),
        pytest.param(date(2026, 11, 27), CLOSED_MONDAY, date(2026, 12, 1), id="Monday closed: Tuesday"),
        pytest.param(
            date(2026, 4, 2), NATIONAL_CALENDAR, date(2026, 4, 7), id="before Easter: Tuesday after"
        ),
        pytest.param(date(2026, 12, 24), NATIONAL_CALENDAR, date(2026, 12, 29), id="before Christmas"),
        pytest.param(date(2026, 9, 25), NATIONAL_CALENDAR, date(2026, 9, 28), id="clocks go forward between"),
    ],
)
def test_due_soon_is_up_to_the_end_of_the_next_working_day(
    away_from: date, calendar: Calendar, last_due: date
) -> None:
    ends = notice_ends(instant_at(away_from, time(0)), 1, calendar)
    midnight = instant_at(last_due + timedelta(days=1), time(0))
    assert ends == midnight
    second = timedelta(seconds=1)
    assert due_soon(replace(TASK, due_at=midnight - second), ends)
    assert not due_soon(replace(TASK, due_at=midnight), ends)
    assert due_soon(replace(TASK, due_at=instant_at(away_from, time(0)) - timedelta(days=9)), ends)
    assert not due_soon(replace(TASK, due_at=None), ends)
    assert due_soon(replace(TASK, due_at=None, urgent=True), ends)


def _entry(number: int, day: int, last: int | None = None, replaces: int | None = None) -> DeputyEntry:
    return DeputyEntry(
        f"D{number}",
        HERE,
        f"person-{number}",
        date(2026, 12, day),
        date(2026, 12, last) if last else None,
        f"D{replaces}" if replaces else None,
    )


@pytest.mark.parametrize(
    ("entries", "by_day"),
    [
        pytest.param([_entry(1, 5)], {4: None, 5: 1, 31: 1}, id="from its first day on"),
        pytest.param([_entry(1, 5, 7)], {7: 1, 8: None}, id="its last day included"),
        pytest.param([_entry(1, 1), _entry(2, 10, None, 1)], {9: 1, 10: 2}, id="until the successor begins"),
        pytest.param([_entry(1, 1), _entry(2, 10, 12, 1)], {12: 2, 13: None}, id="ended early: none comes back"),
        pytest.param([_entry(1, 1), _entry(2, 10, None, 1), _entry(3, 5, None, 2)], {4: 1, 5: 3, 10: 3}, id="twice"),
    ],
)  # fmt: skip
def test_one_entry_of_a_post_counts_on_a_day(
    entries: list[DeputyEntry], by_day: dict[int, int | None]
) -> None:
    found = {}
    for day in by_day:
        entry = in_force(reversed(entries), date(2026, 12, day)).get(HERE)
        found[day] = int(entry.subject.removeprefix("person-")) if entry else None
    assert found == by_day
    assert latest(entries)[HERE] == entries[-1]


@pytest.mark.req("AMB-X-2")
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        pytest.param({}, None, id="a colleague"),
        pytest.param({"post": MANAGING, "subject": "colleague"}, None, id="of the manager"),
        pytest.param({"post": MANAGING, "subject": "boss"}, "for themselves", id="the only holder"),
        pytest.param({"subject": "stranger"}, "works here", id="nobody we know"),
        pytest.param({"subject": "auditor"}, "does not work on cases", id="an auditor"),
        pytest.param({"post": Post(Role.AUDITOR, "R01"), "subject": "boss"}, None, id="of the auditor"),
        pytest.param({"post": Post(Role.MACHINE, "R01"), "subject": "boss"}, "works here", id="of a machine"),
        pytest.param({"first_day": date(2026, 11, 26)}, "Friday 27 November", id="in the past"),
        pytest.param({"last_day": date(2026, 11, 26)}, "not before", id="ends before it begins"),
    ],
)
def test_who_may_be_named_deputy(changed: dict[str, object], sentence: str | None) -> None:
    today = date(2026, 11, 27)
    entry = replace(DeputyEntry("D1", HERE, "colleague", today), **changed)  # type: ignore[arg-type]
    if sentence is None:
        check_deputy(entry, Office(STAFF), today)
        return
    with pytest.raises(Refused, match=sentence):
        check_deputy(entry, Office(STAFF), today)


@pytest.mark.req("AMB-X-2", "PRV-19")
@pytest.mark.parametrize(
    ("subject", "away", "called_on", "expected"),
    [
        pytest.param("far", (), (), set(), id="everybody is there"),
        pytest.param("far", ("absent",), (), {HERE}, id="a holder is away"),
        pytest.param("placer", ("absent",), (), set(), id="not for another post"),
        pytest.param("placer", ("boss",), (), {MANAGING}, id="the manager is away"),
        pytest.param("far", (), (HERE,), {HERE}, id="a task of the post waits"),
        pytest.param("far", (), (Post(AWS, NATIONAL),), {Post(AWS, NATIONAL)}, id="a national task of the role waits"),
        pytest.param("far", (), (MANAGING, THERE), set(), id="what waits is another's"),
        pytest.param("boss", (), (), {Post(Role.COORDINATOR_PLACEMENT, "R01")}, id="nobody holds the post"),
        pytest.param("colleague", ("auditor",), (), set(), id="the auditor's rights are nobody's"),
    ],
)  # fmt: skip
def test_for_which_posts_a_deputy_stands_in(
    subject: str, away: tuple[str, ...], called_on: tuple[Post, ...], expected: set[Post]
) -> None:
    more = {Post(Role.COORDINATOR_PLACEMENT, "R01"): "boss", Post(Role.AUDITOR, "R01"): "colleague"}
    office = Office(STAFF, {**DEPUTIES, **more}, frozenset(away))
    assert office.stands_in(subject, called_on) == expected


@pytest.mark.req("PRV-19")
def test_a_stand_in_sees_the_region_of_the_post_and_no_other() -> None:
    """An advisor of R02 stands in for the manager of R01: two roles that never mix."""
    sight = Sight(frozenset({AWS}), frozenset({"R02"}), frozenset({MANAGING}))
    assert sight.sees_case(Procedure.OFFER, "R01")
    assert not sight.sees_case(Procedure.OFFER, "R02")
    assert sight.sees_case(Procedure.IDENTIFY, "R02")
    assert sight.may({MANAGER}, "R01")
    assert sight.may({MANAGER}, NATIONAL)
    assert not sight.may({MANAGER}, "R02")
    assert not sight.may({AWS}, "R01")
    assert sight.regions_with({MANAGER}) == {"R01", NATIONAL}
    assert sight.has_any({MANAGER})
    assert not sight.own.has_any({MANAGER})
    tasks_only = Sight(
        frozenset({AP}), frozenset({"R01"}), frozenset({Post(Role.COORDINATOR_PLACEMENT, "R03")})
    )
    assert tasks_only.sees_task(Role.COORDINATOR_PLACEMENT, Procedure.MATCH_VOID, "R03")
    assert not tasks_only.sees_task(AP, Procedure.MATCH_VOID, "R03")
    assert not tasks_only.sees_case(Procedure.MATCH_VOID, "R03")


@pytest.mark.req("AMB-X-2")
def test_every_working_role_of_every_region_must_have_a_deputy_and_who_has_other_roles_too() -> None:
    posts = required_posts(Office(STAFF), ["R03"])
    regions = {post.region for post in posts if post.role is MANAGER}
    assert regions == {"R01", "R02", "R03"}
    assert Post(Role.AUDITOR, "R01") in posts
    assert Post(Role.AUDITOR, "R02") not in posts
    assert len(posts) == len(set(posts)) == 5 * 3 + 1
