"""How a case says no to a message: as failures that the API reads, never as a failed workflow task."""

from collections.abc import Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from procedures.refusals import Refused


def refusal(rule: str, reason: str, *, kind: str = "Refused") -> ApplicationError:
    """A refusal by a rule, or (`TaskClosed`) by something decided before."""
    return ApplicationError(
        f"{rule}: {reason}",
        {"rule": rule, "reason": reason},
        type=kind,
        non_retryable=True,
        category=ApplicationErrorCategory.BENIGN,
    )


def refusing(check: Callable[[], None]) -> None:
    """Ask a rule; its Refused becomes the message's failure."""
    try:
        check()
    except Refused as refused:
        raise refusal(refused.rule, refused.reason) from None


T = TypeVar("T")


def parsed(parse: Callable[[], T]) -> T:
    """Parse a message; what does not fit is told field by field, without the value."""
    try:
        return parse()
    except ValidationError as error:
        details = [{"loc": list(e["loc"]), "msg": e["msg"]} for e in error.errors()]
        raise ApplicationError(
            "the answer does not fit the task",
            {"errors": details},
            type="Malformed",
            non_retryable=True,
            category=ApplicationErrorCategory.BENIGN,
        ) from None
