"""Reads a situation from YAML; whatever cannot be played is told with its line and with what to write instead."""

from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from procedures.local_time import local_date
from procedures.working_days import FIRST_YEAR, LAST_YEAR, Calendar, CalendarName
from workers.rehearsal.expectations import EXPECTATIONS
from workers.rehearsal.happenings import GROUPS, HAPPENINGS
from workers.rehearsal.moments import later, moment
from workers.rehearsal.people import PEOPLE
from workers.rehearsal.situation import LetTimePass, Situation, Step, WrongSituation
from workers.rehearsal.words import Fields, Written, chosen

T = TypeVar("T")
_TOP = ("title", "tells", "starts", "person", "report", "office calendar", "steps")
_TIMING = ("on", "after")
_WITH = ("with", "by", "refused")
_ACTIONS: Mapping[str, Callable[[Written, Fields, dict[str, Any]], Step]] = {**HAPPENINGS, **EXPECTATIONS}


def read_situation(file: Path) -> Situation:
    """The situation of a file. Raises WrongSituation, or OSError when it cannot be read."""
    return read_text(file.read_text(encoding="utf-8"))


def read_text(text: str) -> Situation:
    """The situation of a text. Raises WrongSituation."""
    fields = _mapping(_composed(text), _TOP, "a situation")
    for needed in ("title", "starts", "person", "steps"):
        if needed not in fields:
            raise WrongSituation(1, f"a situation needs {needed!r}: it has {', '.join(fields) or 'nothing'}")
    report = fields.get("report")
    calendar = fields.get("office calendar")
    return Situation(
        title=_text(fields["title"]).text,
        starts=_parsed(_text(fields["starts"]), _start),
        starts_on_line=_line(fields["starts"]),
        person=chosen(_text(fields["person"]), PEOPLE, "person"),
        groups=GROUPS[chosen(_text(report), GROUPS, "report")] if report else GROUPS["New CSO"],
        calendar=(
            CalendarName(chosen(_text(calendar), [one.value for one in CalendarName], "office calendar"))
            if calendar
            else CalendarName.NZ_NATIONAL
        ),
        steps=tuple(_step(node) for node in _sequence(fields["steps"])),
    )


def _start(text: str) -> datetime:
    """A story stays within the years whose working days are known, and so does what follows from it."""
    starts = moment(text)
    if not FIRST_YEAR <= local_date(starts).year < LAST_YEAR:
        raise ValueError(
            f"the working days are known from {FIRST_YEAR} to {LAST_YEAR}: start before {LAST_YEAR}"
        )
    return starts


def _composed(text: str) -> yaml.Node:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise WrongSituation(
            line, f"this is not YAML: {error.problem}; check indentation, colons and quotes"
        ) from None
    except yaml.YAMLError:
        raise WrongSituation(1, "this is not YAML: it holds characters that cannot be read") from None
    if node is None:
        raise WrongSituation(1, "the file is empty: begin with title, starts, person and steps")
    return node


def _mapping(node: yaml.Node, known: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise WrongSituation(_line(node), f"{what} is written as `key: value` lines")
    fields: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"did you mean {close[0]!r}?" if close else f"it takes: {', '.join(known)}"
            raise WrongSituation(_line(key), f"{what} has no {name!r}; {hint}")
        if name in fields:
            raise WrongSituation(_line(key), f"{name!r} stands here twice")
        fields[name] = value
    return fields


def _sequence(node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise WrongSituation(_line(node), "steps are written as a list, each beginning with `- `")
    return list(node.value)


def _step(node: yaml.Node) -> Step:
    fields = _mapping(node, (*_ACTIONS, *_TIMING, *_WITH), "a step")
    named = [name for name in fields if name in _ACTIONS]
    if len(named) > 1:
        raise WrongSituation(_line(node), f"one step says one thing: make {' and '.join(named)} two steps")
    when = _when(fields)
    if not named:
        if when is None:
            raise WrongSituation(_line(node), f"a step says what happens: {', '.join(_ACTIONS)}")
        return LetTimePass(_line(node), when)
    (name,) = named
    given = Fields(
        given=_values(fields["with"]) if "with" in fields else {},
        lines=_lines(fields["with"]) if "with" in fields else {},
        by=_text(fields["by"]) if "by" in fields else None,
        refused=_text(fields["refused"]) if "refused" in fields else None,
    )
    return _ACTIONS[name](_text(fields[name]), given, {"line": _line(node), "when": when})


def _when(fields: Mapping[str, yaml.Node]) -> Callable[[datetime, Calendar], datetime] | None:
    if "on" in fields and "after" in fields:
        raise WrongSituation(_line(fields["after"]), "say either on or after, not both")
    if "after" in fields:
        return _parsed(_text(fields["after"]), later)
    if "on" in fields:
        instant = _parsed(_text(fields["on"]), moment)
        return lambda now, calendar: instant
    return None


def _parsed(written: Written, parse: Callable[[str], T]) -> T:
    try:
        return parse(written.text)
    except ValueError as error:
        raise WrongSituation(written.line, str(error)) from None


def _text(node: yaml.Node) -> Written:
    if not isinstance(node, yaml.ScalarNode):
        raise WrongSituation(_line(node), "this is written as one line of text")
    return Written(str(node.value).strip(), _line(node))


def _values(node: yaml.Node) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode):
        raise WrongSituation(_line(node), "`with:` is followed by `key: value` pairs, as in {said: CSO}")
    built = yaml.SafeLoader("").construct_document(node)
    return {str(key): value for key, value in cast("dict[Any, Any]", built).items()}


def _lines(node: yaml.Node) -> dict[str, int]:
    return {str(key.value): _line(key) for key, _ in node.value}


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
