"""The parts Corrections completes on each form, and which of them make it "received and fully completed"."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from procedures.refusals import Refused
from procedures.steps import step
from procedures.terms import Form, StatusSaid


class PartKind(StrEnum):
    """How a part is filled in."""

    LINE = "line"
    TEXT = "text"
    DATE = "date"
    SIGNATURE = "signature"
    CHOICE = "choice"


class Suitability(StrEnum):
    """Corrections' answer about a home; there is no third value (AMB-P2-8)."""

    SUITABLE = "suitable"
    NOT_SUITABLE = "not_suitable"


@dataclass(frozen=True)
class ReturnedPart:
    """One part to fill in; `only_when` names the choice that makes it a required part."""

    key: str
    label: str
    kind: PartKind
    required: bool = True
    only_when: tuple[str, str] | None = None
    choices: tuple[tuple[str, str], ...] = ()
    """Value and wording of each choice."""


_ORDER_IS_CURRENT = ("order_status", StatusSaid.CSO.value)
_SUITABILITY = ReturnedPart(
    "suitability",
    "Is this home suitable for the person?",
    PartKind.CHOICE,
    choices=((Suitability.SUITABLE.value, "Suitable"), (Suitability.NOT_SUITABLE.value, "Not suitable")),
)

RETURNED: dict[Form, tuple[ReturnedPart, ...]] = {
    Form.T_441: (
        ReturnedPart(
            "order_status",
            "Status of the community supervision order",
            PartKind.CHOICE,
            choices=(
                (StatusSaid.CSO.value, "The person is currently under a community supervision order"),
                (StatusSaid.NSO.value, "The person is not currently under a community supervision order"),
                (StatusSaid.NEITHER.value, "This is not the person we know: the match is not correct"),
            ),
        ),
        ReturnedPart(
            "match_circumstances",
            "Circumstances that make a match to a home suitable or unsuitable",
            PartKind.TEXT,
            only_when=_ORDER_IS_CURRENT,
        ),
        ReturnedPart(
            "locality_information",
            "Information about the locality that we need to know",
            PartKind.TEXT,
            only_when=_ORDER_IS_CURRENT,
        ),
        ReturnedPart(
            "risk_rating_information",
            "Information for the customer risk rating",
            PartKind.TEXT,
            only_when=_ORDER_IS_CURRENT,
        ),
        ReturnedPart("completed_by", "Completed by (name and office)", PartKind.LINE),
        ReturnedPart("completed_on", "Date", PartKind.DATE),
    ),
    Form.T_439: (
        _SUITABILITY,
        ReturnedPart("comment", "Comment, and any conditions", PartKind.TEXT, required=False),
        ReturnedPart("completed_by", "Completed by (name and office)", PartKind.LINE),
        ReturnedPart("completed_on", "Date", PartKind.DATE),
    ),
    Form.T_438: (
        ReturnedPart(
            "suitability",
            "Outcome of the viewing",
            PartKind.CHOICE,
            choices=(
                (Suitability.SUITABLE.value, "Suitable to offer"),
                (Suitability.NOT_SUITABLE.value, "Not suitable"),
            ),
        ),
        ReturnedPart(
            "reasons",
            "Reasons, if not suitable",
            PartKind.TEXT,
            only_when=("suitability", Suitability.NOT_SUITABLE.value),
        ),
        ReturnedPart("signed", "Signature", PartKind.SIGNATURE),
        ReturnedPart("signed_by", "Name and office", PartKind.LINE),
        ReturnedPart("signed_on", "Date", PartKind.DATE),
    ),
    Form.T_442: (),
    Form.L_17_030: (),
}


def _is_date(value: object) -> bool:
    if isinstance(value, date):
        return True
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _is_filled(part: ReturnedPart, value: object) -> bool:
    match part.kind:
        case PartKind.CHOICE:
            return value in {choice for choice, _ in part.choices}
        case PartKind.DATE:
            return _is_date(value)
        case PartKind.SIGNATURE:
            return value is True
        case PartKind.LINE | PartKind.TEXT:
            return isinstance(value, str) and bool(value.strip())


@step("1.6")
def missing_fields(form: Form, returned: Mapping[str, object]) -> list[str]:
    """Keys of the parts that keep `returned` from being fully completed, in the order of the form; empty: complete.

    A date is a `date` or an ISO date, a signature is True when it is on the paper. Raises Refused for a key the form
    does not have (P1.S6.b6).
    """
    parts = RETURNED[form]
    if set(returned) - {part.key for part in parts}:
        raise Refused(
            "P1.S6.b6", f"Enter only the parts of form {form}: {', '.join(part.key for part in parts)}."
        )
    missing = []
    for part in parts:
        needed = (
            part.required if part.only_when is None else returned.get(part.only_when[0]) == part.only_when[1]
        )
        if needed and not _is_filled(part, returned.get(part.key)):
            missing.append(part.key)
    return missing


def how_to_enter(form: Form, key: str) -> str:
    """The key of a part, and for a choice the values it may have."""
    part = next(part for part in RETURNED[form] if part.key == key)
    match part.kind:
        case PartKind.CHOICE:
            return f"{key} ({' or '.join(value for value, _ in part.choices)})"
        case PartKind.DATE:
            return f"{key} (a date such as 2026-03-06)"
        case PartKind.SIGNATURE:
            return f"{key} (true when it is on the paper)"
        case PartKind.LINE | PartKind.TEXT:
            return key
