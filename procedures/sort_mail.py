"""Mail that fits no case, or several, is sorted by a person; nothing is ever filed by name alone (AMB-X-9)."""

from typing import Any, ClassVar

from pydantic import Field, model_validator

from procedures.case_state import CaseState
from procedures.refusals import Refused
from procedures.steps import StepRef
from procedures.tasks import Answer, Facts
from procedures.terms import Role


class SortMailState(CaseState):
    """One received mail that waits for a person."""

    received_id: str
    suggested_case_id: str | None = None
    """The case of the sender's only open exchange, or the one that the mail names; told that something is unread."""


class SortFacts(Facts):
    """What the record says of the case that the mail is given to."""

    case_known: bool = False


class SortMail(Answer):
    """Which case does this mail belong to?"""

    kind: ClassVar = "sort_mail"
    step: ClassVar[StepRef] = "B"
    role: ClassVar = Role.ADVISOR_WELLBEING_SUPPORT
    cover: ClassVar = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
    title: ClassVar = "Sort a mail that came back: which case does it belong to?"
    guidance: ClassVar = (
        "Read the mail and its documents. Give it to a case by our reference or by what the form says, never by a "
        "name alone; what you give to a case is filed in that person's file. If it belongs to none, set it aside "
        "and say why."
    )
    policy: ClassVar = "AMB-X-9 A-B5 AMB-P1-29"

    case_id: str | None = Field(default=None, min_length=1, description="If it belongs to a case: its number")
    set_aside: str | None = Field(default=None, min_length=1, description="If it belongs to none")

    @model_validator(mode="after")
    def _one_of_two(self) -> "SortMail":
        if (self.case_id is None) == (self.set_aside is None):
            raise ValueError("give case_id, or set_aside with the reason, not both")
        return self


ANSWERS: tuple[type[Answer], ...] = (SortMail,)


def check_answer(answer: Answer, facts: dict[str, Any]) -> None:
    """Refuse a case that is not on record. Raises Refused naming the rule."""
    if isinstance(answer, SortMail) and answer.case_id and not SortFacts.model_validate(facts).case_known:
        raise Refused("AMB-X-9", "there is no such case: give the mail to a case by its number")
