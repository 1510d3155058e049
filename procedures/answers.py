"""Every kind of task, by its name."""

from procedures import (
    by_hand,
    check_suitability,
    correct_sent,
    disclose_change,
    form_exchange,
    identify,
    intake,
    match_void,
    offer,
    sort_mail,
)
from procedures.tasks import Answer

ALL: dict[str, type[Answer]] = {
    answer.kind: answer
    for answer in (
        *intake.ANSWERS,
        *identify.ANSWERS,
        *check_suitability.ANSWERS,
        *disclose_change.ANSWERS,
        *match_void.ANSWERS,
        *offer.ANSWERS,
        *form_exchange.ANSWERS,
        *sort_mail.ANSWERS,
        *correct_sent.ANSWERS,
        *by_hand.ANSWERS,
    )
}


def answer_type(kind: str) -> type[Answer]:
    """The answer type of a kind of task. Raises KeyError for a kind nobody knows."""
    return ALL[kind]
