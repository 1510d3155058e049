"""The questions of the assessment item response, as versioned data (CT-USG-103 was not supplied: AMB-P1-26)."""

from enum import StrEnum
from typing import Any

from pydantic import Field

from procedures.refusals import Refused
from procedures.tasks import Answer, Frozen


class Asks(StrEnum):
    """What kind of answer a question takes."""

    TEXT = "text"
    YES_NO = "yes_no"
    CHOICE = "choice"


class QuestionItem(Frozen):
    """One question; `key` is what the answer is stored under."""

    key: str
    text: str
    asks: Asks
    choices: tuple[str, ...] = ()
    required: bool = True


class QuestionSet(Frozen):
    """A named, versioned list of questions in the order they are asked."""

    name: str
    version: int
    items: tuple[QuestionItem, ...]
    comments: str | None = None
    """The rule that wants detailed comments with the answers; None where they are left to the advisor."""

    @property
    def identity(self) -> str:
        """Name and version as stored with each calculated version of an assessment."""
        return f"{self.name}/{self.version}"

    def check(self, answers: dict[str, Any]) -> None:
        """Raise Refused when an answer is missing, unknown or of the wrong kind."""
        known = {item.key: item for item in self.items}
        for key in answers:
            if key not in known:
                raise Refused("AMB-P1-26", f"question {key!r} is not in set {self.identity}")
        for item in self.items:
            _check_one(item, answers.get(item.key))

    def check_comment(self, comment: str) -> None:
        """Raise Refused, naming the rule, when the comments that go with the answers are missing."""
        if self.comments and not comment:
            raise Refused(self.comments, "record detailed comments with the answers")

    def json_schema(self) -> dict[str, Any]:
        """The answers as JSON Schema, for API and pages."""
        return {
            "type": "object",
            "title": self.identity,
            "properties": {item.key: _schema_of(item) for item in self.items},
            "required": [item.key for item in self.items if item.required],
            "additionalProperties": False,
        }


class QuestionsAnswered(Answer):
    """Answers to a question set of the assessment item response, then the outcome is calculated."""

    answers: dict[str, Any] = Field(description="One value for each question of the set")
    comment: str = Field(default="", description="Detailed comments")


def _check_one(item: QuestionItem, value: Any) -> None:
    if value is None or (isinstance(value, str) and not value.strip()):
        if item.required:
            raise Refused("AMB-P1-26", f"answer question {item.key!r}: {item.text}")
        return
    match item.asks:
        case Asks.YES_NO if not isinstance(value, bool):
            raise Refused("AMB-P1-26", f"question {item.key!r} takes true or false")
        case Asks.CHOICE if value not in item.choices:
            raise Refused("AMB-P1-26", f"question {item.key!r} takes one of: {', '.join(item.choices)}")
        case Asks.TEXT if not isinstance(value, str):
            raise Refused("AMB-P1-26", f"question {item.key!r} takes text")


def _schema_of(item: QuestionItem) -> dict[str, Any]:
    match item.asks:
        case Asks.YES_NO:
            return {"type": "boolean", "title": item.text}
        case Asks.CHOICE:
            return {"type": "string", "title": item.text, "enum": list(item.choices)}
        case Asks.TEXT:
            return {"type": "string", "title": item.text}


def _text(key: str, text: str, *, required: bool = True) -> QuestionItem:
    return QuestionItem(key=key, text=text, asks=Asks.TEXT, required=required)


def _yes_no(key: str, text: str) -> QuestionItem:
    return QuestionItem(key=key, text=text, asks=Asks.YES_NO)


def _choice(key: str, text: str, *choices: str) -> QuestionItem:
    return QuestionItem(key=key, text=text, asks=Asks.CHOICE, choices=choices)


QUESTION_SETS: dict[str, QuestionSet] = {
    s.name: s
    for s in (
        QuestionSet(
            name="identification",
            version=1,
            items=(_choice("reported_status", "What does the report say of the person?", "CSO", "NSO"),),
        ),
        QuestionSet(
            name="before_t441",
            version=1,
            items=(
                _choice(
                    "relation_to_home",
                    "Why is disclosure asked for?",
                    "lives in one of our homes",
                    "is being considered for one of our homes",
                ),
                _yes_no("identity_checked", "Are name and date of birth checked against the register?"),
            ),
        ),
        QuestionSet(
            name="after_t441",
            version=1,
            items=(
                _yes_no("order_current", "Does Corrections confirm a current community supervision order?"),
                _text("confirmed_how", "How was the status confirmed (call, form, dates)?"),
            ),
        ),
        QuestionSet(
            name="nso",
            version=1,
            items=(
                _yes_no("order_ended", "Does Corrections confirm that there is no current order?"),
                _text("confirmed_how", "How was the status confirmed (call, form, dates)?"),
            ),
        ),
        QuestionSet(
            name="location",
            version=1,
            comments="P2.S1.5",
            items=(
                _yes_no("lives_there", "Does the person live in this home now?"),
                _text("household", "Who else lives in the home, as far as we know?"),
            ),
        ),
        QuestionSet(
            name="location_outcome",
            version=1,
            comments="P2.S4.2",
            items=(
                _choice(
                    "corrections_answer",
                    "What does Corrections say of the home on the T-439?",
                    "suitable",
                    "not_suitable",
                ),
                _text("conditions", "Which conditions or comments does Corrections give?", required=False),
            ),
        ),
        QuestionSet(
            name="viewing",
            version=1,
            items=(
                _yes_no(
                    "corrections_agrees", "Does Corrections agree that the property is potentially suitable?"
                ),
                _text("agreed_with", "With whom at Corrections was the viewing arranged?"),
            ),
        ),
        QuestionSet(
            name="pre_approval",
            version=1,
            items=(
                _yes_no("corrections_approves", "Has Corrections signed the T-438 as suitable to offer?"),
                _yes_no("we_agree", "Do we agree that the property is suitable to offer?"),
            ),
        ),
        QuestionSet(
            name="withdrawal",
            version=1,
            items=(_text("why_withdrawn", "Why is the offer withdrawn?"),),
        ),
        QuestionSet(
            name="offer",
            version=1,
            items=(
                _choice("offer_outcome", "What became of the offer?", "accepted", "withdrawn", "declined"),
                _text("corrections_told", "Who at Corrections was told, and when?"),
            ),
        ),
        QuestionSet(
            name="invalid",
            version=1,
            items=(
                _yes_no("verified_incorrect", "Has Corrections verified that this is not the person?"),
                _text("difference", "Which details differ, and how was that established?"),
            ),
        ),
    )
}
"""The sets of the present edition (`editions` has those of each)."""
