"""What every call to Corrections is recorded with, whatever it was about; an attempt that reached nobody as well."""

from typing import ClassVar, Self

from pydantic import AwareDatetime, Field, model_validator

from procedures.tasks import Answer
from procedures.terms import CallOutcome

IF_ANSWERED = "If the call was answered"
"""What a call tells that reached somebody, and only then."""


class PhoneCall(Answer):
    """One attempt: when it began and ended (UTC), and whom it reached."""

    needs: ClassVar[tuple[str, ...]] = ("spoke_with", "office")
    """What an answered call must say."""

    outcome: CallOutcome
    started_at: AwareDatetime
    ended_at: AwareDatetime
    spoke_with: str | None = Field(default=None, min_length=1, description=IF_ANSWERED)
    office: str | None = Field(default=None, min_length=1, description=IF_ANSWERED)

    @property
    def answered(self) -> bool:
        """Somebody at Corrections was spoken with."""
        return self.outcome is CallOutcome.ANSWERED

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("the call ends before it starts: correct started_at or ended_at")
        if self.answered and not all(getattr(self, name) for name in self.needs):
            raise ValueError(f"an answered call needs {', '.join(self.needs[:-1])} and {self.needs[-1]}")
        return self
