"""Appendix A, something already sent was wrong: what went out is listed, and Corrections is told or need not be."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from procedures import changes, form_exchange
from procedures.exchange_state import ExchangeState, ExchangingState
from procedures.identify_state import LinkedPerson
from procedures.letters import long_date
from procedures.local_time import local_date
from procedures.refusals import Refused
from procedures.steps import StepRef
from procedures.tasks import Answer, Frozen
from procedures.terms import Form, Procedure, Role, StatusSaid


class Mistake(StrEnum):
    """What was wrong with something that had left already (AMB-X-6)."""

    WRONG_PERSON = "wrong_person"
    WRONG_RECIPIENT = "wrong_recipient"
    STATUS_REVERSED = "status_reversed"
    WRONG_BRANCH = "wrong_branch"
    WRONG_CODE = "wrong_code"
    WRONG_FACT = "wrong_fact"
    SENT_IN_ERROR = "sent_in_error"

    @property
    def is_a_privacy_incident(self) -> bool:
        """True when somebody learned of a person whom they must not have learned of (AMB-X-7)."""
        return self in (Mistake.WRONG_PERSON, Mistake.WRONG_RECIPIENT)


TOLD: dict[Mistake, str] = {
    Mistake.WRONG_PERSON: "It named the wrong person.",
    Mistake.WRONG_RECIPIENT: "It was not meant for you.",
    Mistake.STATUS_REVERSED: "It rested on an order status that your office has since taken back.",
    Mistake.WRONG_BRANCH: "It should not have been sent at that step of our procedure.",
    Mistake.WRONG_CODE: "It rested on a wrong entry in our records.",
    Mistake.WRONG_FACT: "Something that it states is wrong.",
    Mistake.SENT_IN_ERROR: "It was sent in error.",
}
"""The corrected fact in the fixed words of the notice: nobody types anything into it."""


class SentItem(Frozen):
    """One thing that went out; opaque ids only."""

    item_id: str
    """Of the outbox row, or of the printed form."""
    case_id: str
    kind: str
    reference: str
    contact_id: str | None = None
    """Whom at Corrections it went to; None on paper and inside the agency."""
    went_at: datetime | None = None
    """UTC; None while it is being handed to the gateway."""
    on_paper: bool = False
    to_staff: bool = False

    @property
    def can_be_taken_back(self) -> bool:
        """True for what Corrections has."""
        return self.went_at is not None and not self.to_staff


class CorrectSentState(ExchangingState):
    """What one recipient has of a mistake, between two waits."""

    exchange: ExchangeState = ExchangeState(form=Form.T_442)
    """A notice has no form of its own; like a T-442 it is not awaited back."""
    person: LinkedPerson
    """Whom it was about, as the case had them when the mistake was reported."""
    about_case_id: str
    mistake: Mistake
    reason: str
    """As it was reported; a note of the case."""
    items: tuple[SentItem, ...]
    flags_privacy: bool = False
    """Of several recipients the first one's case tells the manager."""
    begun: bool = False
    """The reason is noted, and the manager is told of the incident."""
    decision: Literal["told", "not_told"] | None = None
    looked: int = 0
    """How often what was still on its way has been looked at."""

    def chosen(self, answer: "TellOfMistake") -> tuple[SentItem, ...]:
        """What the notice takes back: the named references, else everything that Corrections has."""
        return tuple(
            one
            for one in self.items
            if one.can_be_taken_back and (not answer.corrects or one.reference in answer.corrects)
        )


class TellOfMistake(Answer):
    """The follow-up to a correction: must Corrections be told, and of what?"""

    kind: ClassVar = "tell_of_mistake"
    step: ClassVar[StepRef] = "A"
    role: ClassVar = Role.ADVISOR_WELLBEING_SUPPORT
    cover: ClassVar = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT})
    title: ClassVar = "Something already sent was wrong: must Corrections be told?"
    guidance: ClassVar = (
        "What went out is listed with its recipient. The notice has fixed words: it names the earlier references, says "
        "what was wrong and asks to use none of it; it names nobody. It may leave whatever the code is. SEEMail does not "
        "check the recipient: confirm name, office and address against the directory."
    )
    policy: ClassVar = "AMB-X-6 AMB-X-7 TR-15 PRV-13 AMB-X-4 A-A4 PRV-6"

    tell_corrections: bool = Field(description="Must Corrections be told?")
    corrects: tuple[str, ...] = Field(
        default=(), description="References that the notice takes back; none named: all that is listed"
    )
    mistake: Mistake | None = Field(default=None, description="What was wrong; empty: as it was reported")
    contact_id: str | None = None
    contact_version: int | None = Field(default=None, ge=1)
    recipient_confirmed: bool = False
    no_contact_known: bool = False
    not_told_because: str | None = Field(
        default=None, min_length=1, description="If Corrections need not be told"
    )

    @model_validator(mode="after")
    def _told_or_not(self) -> "TellOfMistake":
        if not self.tell_corrections:
            if self.not_told_because is None:
                raise ValueError("say not_told_because: why Corrections need not be told")
            return self
        if self.not_told_because is not None:
            raise ValueError("leave not_told_because empty when Corrections is told")
        named = bool(self.contact_id and self.contact_version and self.recipient_confirmed)
        if named == self.no_contact_known:
            raise ValueError(
                "name contact_id and contact_version and confirm the recipient, or say no_contact_known"
            )
        return self

    def as_sent(self, fields: dict[str, Any] | None = None) -> "SendNotice":
        """The part of the answer that sends, with what the mail says."""
        return SendNotice(
            contact_id=self.contact_id,
            contact_version=self.contact_version,
            recipient_confirmed=self.recipient_confirmed,
            no_contact_known=self.no_contact_known,
            fields=fields or {},
        )


class SendNotice(form_exchange.SendForm):
    """A confirmed recipient of a notice; no task of its own."""

    fields: dict[str, Any] = Field(default_factory=dict)

    def mail_fields(self) -> dict[str, Any]:
        """What is taken back, and what was wrong with it."""
        return self.fields


ANSWERS: tuple[type[Answer], ...] = (TellOfMistake,)


def mail_fields(state: CorrectSentState, answer: TellOfMistake | None = None) -> dict[str, Any]:
    """What the notice says: as answered, or, before anybody has, everything as it was reported."""
    taken = state.chosen(answer) if answer else tuple(one for one in state.items if one.can_be_taken_back)
    mistake = (answer.mistake if answer else None) or state.mistake
    return {"corrects": [one.item_id for one in taken], "mistake": mistake.value}


def particulars(earlier: Iterable[tuple[str, str, datetime]], mistake: Mistake) -> dict[str, str]:
    """The lines of the notice, from reference, kind and instant (UTC) of each earlier message; nothing personal."""
    named = [f"{reference} ({kind} of {long_date(local_date(at))})" for reference, kind, at in earlier]
    return {"Earlier reference": "; ".join(named), "What was wrong": TOLD[mistake]} if named else {}


def mistake_in(change: changes.Change) -> Mistake | None:
    """What a reported change says was wrong all along; None for what has only happened since (AMB-X-6, AMB-P1-22)."""
    match change:
        case changes.CorrectLink() | changes.LinkedInError():
            return Mistake.WRONG_PERSON
        case changes.CorrectionsSays(said=StatusSaid.NEITHER):
            return Mistake.WRONG_PERSON
        case changes.CorrectionsSays(taken_back=True):
            return Mistake.STATUS_REVERSED
        case changes.GoBack() | changes.StepBack():
            return Mistake.WRONG_BRANCH
        case changes.WrongRecipient():
            return Mistake.WRONG_RECIPIENT
        case _:
            return None


def check_answer(state: CorrectSentState, answer: Answer, facts: dict[str, Any]) -> None:
    """Refuse what does not fit what went out. Raises Refused naming the rule."""
    match answer:
        case TellOfMistake(tell_corrections=False):
            return
        case TellOfMistake():
            _check_chosen(state, answer)
            form_exchange.check_answer(state.exchange, answer.as_sent(), facts)
        case _:
            form_exchange.check_answer(state.exchange, answer, facts)


def _check_chosen(state: CorrectSentState, answer: TellOfMistake) -> None:
    known = {one.reference for one in state.items if one.can_be_taken_back}
    if not known:
        raise Refused("AMB-X-6", "Corrections has nothing of it: say why it need not be told")
    if strange := sorted(set(answer.corrects) - known):
        raise Refused(
            "AMB-X-6", f"{len(strange)} of the references are not among what went out: pick listed ones"
        )


def check_change(state: CorrectSentState, change: changes.Change) -> None:
    """Only the notice itself can have gone wrong; all else is its task. Raises Refused naming the rule."""
    match change:
        case changes.WrongRecipient() if change.mail_id != state.exchange.mail_id:
            raise Refused("AMB-X-7", "this case has sent no such mail in the present cycle")
        case changes.WrongRecipient():
            return
        case _:
            changes.check_known(change, Procedure.CORRECT_SENT)
