"""Every kind of task, by its name."""

from procedures import form_exchange, identify, intake
from procedures.tasks import Answer

ALL: dict[str, type[Answer]] = {
    answer.kind: answer for answer in (*intake.ANSWERS, *identify.ANSWERS, *form_exchange.ANSWERS)
}


def answer_type(kind: str) -> type[Answer]:
    """The answer type of a kind of task. Raises KeyError for a kind nobody knows."""
    return ALL[kind]
