"""Words of a situation file found among those that are known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from procedures.terms import Role
from workers.rehearsal.situation import WrongSituation

ROLES = {
    "advisor": Role.ADVISOR_WELLBEING_SUPPORT,
    "placement advisor": Role.ADVISOR_PLACEMENT,
    "coordinator": Role.COORDINATOR_PLACEMENT,
    "manager": Role.MANAGER_HOUSING_WELLBEING_SUPPORT,
    "housing support manager": Role.HOUSING_SUPPORT_MANAGER,
}
"""What a situation calls the roles."""


@dataclass(frozen=True)
class Written:
    """A text of the file and its line."""

    text: str
    line: int


@dataclass(frozen=True)
class Fields:
    """What a step says beside its action."""

    given: Mapping[str, Any] = field(default_factory=dict)
    lines: Mapping[str, int] = field(default_factory=dict)
    """Line of each key of `given`."""
    by: Written | None = None
    refused: Written | None = None

    def refuse_all(self, line: int, action: str) -> None:
        """Raise WrongSituation when there is anything: the action takes nothing beside."""
        if self.given or self.by or self.refused:
            raise WrongSituation(line, f"{action!r} takes no with, by or refused")


def chosen(written: Written, known: Iterable[str], what: str) -> str:
    """The known word that is written. Raises WrongSituation naming the words to choose from."""
    words = list(known)
    if written.text in words:
        return written.text
    close = get_close_matches(written.text, words, 1)
    hint = f"did you mean {close[0]!r}?" if close else f"write one of: {'; '.join(words)}"
    raise WrongSituation(written.line, f"{what}: {written.text!r} is not known; {hint}")


def kind_of(written: Written, known: Iterable[str], what: str) -> str:
    """A kind of task or change as people write it: `phone corrections`, `send T-441`."""
    kinds = {in_words(kind): kind for kind in known}
    plain = Written(" ".join(written.text.lower().replace("-", "").replace("_", " ").split()), written.line)
    return kinds[chosen(plain, sorted(kinds), what)]


def in_words(kind: str) -> str:
    """A kind of task as a situation writes it."""
    return kind.replace("_", " ")


def role_of(written: Written | None) -> Role | None:
    """The role a situation names."""
    return ROLES[chosen(written, ROLES, "by")] if written else None
