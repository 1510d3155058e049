"""A form sent to Corrections and awaited back within five working days: what is asked, and what is refused."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from procedures.steps import StepRef
from procedures.tasks import Answer, Frozen
from procedures.terms import Form, Role

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_COVER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})


class ExchangeState(Frozen):
    """One form out and back, between two waits."""

    form: Form = Form.T_441
    mail_id: str | None = None
    accepted_at: datetime | None = None
    complete: bool = False


class SendT441(Answer):
    """6.b: send the T-441 to the local Corrections contact, who is confirmed by a person before each send."""

    kind: ClassVar = "send_t441"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Send the T-441 to the local Corrections contact by SEEMail"
    guidance: ClassVar = (
        "SEEMail does not check the recipient: confirm name, office and address against the directory. "
        "The confirmation also covers letter 17-030 to the same unchanged contact."
    )
    policy: ClassVar = "P1.S6.b3 P1.S6.b4 A-A4 PRV-6"

    contact_id: str = Field(min_length=1)
    contact_version: int = Field(ge=1)
    recipient_confirmed: Literal[True]


ANSWERS: tuple[type[Answer], ...] = (SendT441,)


def check_answer(answer: Answer, facts: dict[str, Any], now: datetime) -> None:
    """Refuse what the procedure forbids. Raises Refused naming the rule."""
