"""The steps of a situation that say what must be so: how each is written."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from procedures.answers import ALL
from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.mail_texts import MailKind
from procedures.terms import Procedure
from workers.rehearsal.moments import moment
from workers.rehearsal.situation import (
    ExpectCase,
    ExpectCode,
    ExpectMail,
    ExpectNotice,
    ExpectTask,
    Step,
    WrongSituation,
)
from workers.rehearsal.words import Fields, Written, chosen, in_words, kind_of

_MAIL = re.compile(
    r"(?P<no>no )?(?:letter|form|forms|mail) (?P<kind>.+?)(?: (?:goes (?P<at>.+)|(?P<gone>has gone)))?"
)
_CASE = re.compile(r"(?P<procedure>.+?) (?:is open|ended as (?P<outcome>.+))")
_CODES = [
    *(code.value for code in AssessmentCode),
    *(f"{code.value}/{status.value}" for code in AssessmentCode for status in AssessmentStatus),
]


def _mail(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "expect")
    found = _MAIL.fullmatch(written.text)
    never = bool(found and found["no"])
    if found is None or (never == bool(found["at"] or found["gone"])):
        raise WrongSituation(
            written.line,
            "write `letter 17-030 goes Wednesday 6 January 2027 09:00`, `letter 17-030 has gone` or `no letter 17-030`",
        )
    kind = chosen(Written(found["kind"], written.line), [kind.value for kind in MailKind], "expect")
    try:
        at = moment(found["at"]) if found["at"] else None
    except ValueError as error:
        raise WrongSituation(written.line, str(error)) from None
    return ExpectMail(**base, kind=kind, at=at, never=never)


def _code(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "expect code")
    return ExpectCode(**base, code=chosen(written, _CODES, "expect code"))


def _task(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "expect task")
    return ExpectTask(**base, kind=kind_of(written, ALL, "expect task"))


def _no_task(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "expect no task")
    return ExpectTask(**base, kind=kind_of(written, ALL, "expect no task"), is_open=False)


def _case(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "expect case")
    found = _CASE.fullmatch(written.text)
    if found is None:
        raise WrongSituation(
            written.line, "write `check suitability is open` or `check suitability ended as suitable`"
        )
    named = {in_words(one.value): one for one in Procedure}
    procedure = named[chosen(Written(found["procedure"], written.line), named, "expect case")]
    return ExpectCase(**base, procedure=procedure, outcome=found["outcome"])


def _notice(written: Written, fields: Fields, base: dict[str, Any]) -> Step:
    fields.refuse_all(written.line, "expect notice")
    return ExpectNotice(**base, kind=written.text.replace(" ", "_"))


EXPECTATIONS: Mapping[str, Callable[[Written, Fields, dict[str, Any]], Step]] = {
    "expect": _mail,
    "expect code": _code,
    "expect task": _task,
    "expect no task": _no_task,
    "expect case": _case,
    "expect notice": _notice,
}
"""By the words a step begins with."""
