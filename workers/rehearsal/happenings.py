"""The steps of a situation in which something happens: how each is written, and what may stand beside it."""

from collections.abc import Callable, Mapping
from typing import Any, get_args

from pydantic.fields import FieldInfo

from procedures import EDITION
from procedures.answers import ALL
from procedures.changes import CHANGES
from procedures.correct_sent import Mistake
from procedures.editions import question_set
from procedures.returned_parts import RETURNED
from procedures.tasks import Answer
from procedures.terms import Form
from workers.rehearsal.moments import moment
from workers.rehearsal.situation import (
    AnswerTask,
    ComesBack,
    GatewayDoes,
    GoesOn,
    MatchEntered,
    MistakeReported,
    RegisterChanges,
    ReportChange,
    ReportNames,
    Step,
    WrongSituation,
)
from workers.rehearsal.words import Fields, Written, chosen, in_words, kind_of, role_of

RETURNS = {
    f"{form.value} {manner}": (form, manner)
    for form, manners in (
        (Form.T_441, ("complete", "incomplete")),
        (Form.T_439, ("suitable", "not suitable", "incomplete")),
        (Form.T_438, ("signed suitable", "signed not suitable")),
    )
    for manner in manners
}
"""How a form comes back."""
REGISTER = ("the person is entered", "the person has left the home")
GATEWAY = ("refuses the next mail", "returns the next mail undelivered")
"""A gateway that is away is not among them: virtual time stands still while an activity is tried again."""
MISTAKES = {in_words(mistake.value): mistake for mistake in Mistake}
GROUPS = {"New CSO": ("New CSO",), "Exit NSO": ("Exit NSO",), "both groups": ("New CSO", "Exit NSO")}
_TO_THE_END = "to the end"
_UNTIL = "until "


def _answer(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    kind = kind_of(written, ALL, "answer")
    return AnswerTask(
        **base,
        kind=kind,
        given=answer_fields(ALL[kind], fields),
        by=role_of(fields.by),
        refused=fields.refused.text if fields.refused else None,
    )


def answer_fields(asked: type[Answer], fields: Fields) -> dict[str, Any]:
    """What is given of an answer: its own fields, and questions of its set by their keys. Raises WrongSituation."""
    asks = question_set(asked.question_set, EDITION).items if asked.question_set else ()
    questions = {item.key for item in asks}
    own = {name: info for name, info in asked.model_fields.items() if name != "answers" or not questions}
    found: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for name, value in fields.given.items():
        key = chosen(Written(name, fields.lines[name]), [*own, *sorted(questions)], "with")
        if key in questions:
            answers[key] = value
        else:
            found[key] = _value(own[key], value, fields.lines[name])
    return found | ({"answers": answers} if answers else {})


def _value(info: FieldInfo, value: Any, line: int) -> Any:
    """As the answer takes it: `yes` and `no` where these are words, days and times as people write them."""
    if isinstance(value, bool) and {"yes", "no"} <= {*get_args(info.annotation)}:
        return "yes" if value else "no"
    if isinstance(value, str) and "AwareDatetime" in str(info.annotation):
        try:
            return moment(value).isoformat()
        except ValueError as error:
            raise WrongSituation(line, str(error)) from None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _change(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    kind = kind_of(written, CHANGES, "change")
    known = CHANGES[kind].model_fields
    given = {}
    for name, value in fields.given.items():
        key = chosen(Written(name, fields.lines[name]), known, "with")
        given[key] = _value(known[key], value, fields.lines[name])
    return ReportChange(
        **base,
        kind=kind,
        given=given,
        by=role_of(fields.by),
        refused=fields.refused.text if fields.refused else None,
    )


def _goes_on(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "goes on")
    if written.text == _TO_THE_END:
        return GoesOn(**base, until=None)
    if not written.text.startswith(_UNTIL):
        raise WrongSituation(written.line, "write `goes on: until send t441`, or `goes on: to the end`")
    task = Written(written.text.removeprefix(_UNTIL), written.line)
    return GoesOn(**base, until=kind_of(task, ALL, "goes on until"))


def _returns(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    form, manner = RETURNS[chosen(written, RETURNS, "returns")]
    known = [part.key for part in RETURNED[form]]
    for name in fields.given:
        chosen(Written(name, fields.lines[name]), known, "with")
    return ComesBack(**base, form=form, manner=manner, given=dict(fields.given))


def _report(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "report")
    return ReportNames(**base, groups=GROUPS[chosen(written, GROUPS, "report")])


def _match(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "match")
    chosen(written, ["to a void property"], "match")
    return MatchEntered(**base)


def _mistake(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "mistake")
    return MistakeReported(**base, mistake=MISTAKES[chosen(written, MISTAKES, "mistake")])


def _register(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "register")
    return RegisterChanges(**base, what=chosen(written, REGISTER, "register"))


def _gateway(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "gateway")
    return GatewayDoes(**base, what=chosen(written, GATEWAY, "gateway"))


HAPPENINGS: Mapping[str, Callable[[Written, Fields, dict[str, Any]], Step]] = {
    "answer": _answer,
    "goes on": _goes_on,
    "change": _change,
    "returns": _returns,
    "report": _report,
    "match": _match,
    "mistake": _mistake,
    "register": _register,
    "gateway": _gateway,
}
"""By the word a step begins with."""
