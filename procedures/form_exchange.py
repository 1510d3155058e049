"""A form sent to Corrections and awaited back within five working days: what is asked, and what is refused."""

from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from procedures.exchange_state import ConfirmedContact, ExchangeState, ExchangingState, RunningClock
from procedures.refusals import Refused
from procedures.returned_parts import how_to_enter, missing_fields
from procedures.steps import StepRef
from procedures.tasks import Answer, Facts
from procedures.terms import Form, Role

__all__ = ["ANSWERS", "ConfirmedContact", "ExchangeState", "ExchangingState", "RunningClock", "check_answer"]

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
_COVER = frozenset({_MANAGER})
_EITHER_ADVISOR = _COVER | {Role.ADVISOR_PLACEMENT}
"""In procedure 3 these tasks are the Advisor Placement's (P3.S2.c); each advisor sees those of their own cases alone."""


class SendFacts(Facts):
    """What the directory and the send guard say of a recipient, at the moment of the confirmation."""

    contact_unchanged: bool = False
    """The directory still holds this version of the contact."""
    refusals: tuple[tuple[str, str], ...] = ()
    """Rule and reason of everything the guard would refuse."""


class _Recipient(Answer):
    """A recipient named and confirmed by a person."""

    contact_id: str = Field(min_length=1)
    contact_version: int = Field(ge=1)
    recipient_confirmed: Literal[True] = Field(description="Name, office and address are right")


class SendForm(Answer):
    """Send a form to Corrections; the recipient is confirmed by a person before each send."""

    role: ClassVar = _AWS
    cover: ClassVar = _COVER

    contact_id: str | None = None
    contact_version: int | None = Field(default=None, ge=1)
    recipient_confirmed: bool = False
    no_contact_known: bool = False

    @model_validator(mode="after")
    def _one_of_two(self) -> "SendForm":
        named = bool(self.contact_id and self.contact_version and self.recipient_confirmed)
        if named == self.no_contact_known:
            raise ValueError(
                "name contact_id and contact_version and confirm the recipient, or say no_contact_known"
            )
        return self

    def mail_fields(self) -> dict[str, Any]:
        """Parameters of the mail beside the recipient; no personal data."""
        return {}


class SendT441(SendForm):
    """6.b: send the T-441 to the local Corrections contact."""

    kind: ClassVar = "send_t441"
    step: ClassVar[StepRef] = "1.6"
    title: ClassVar = "Send the T-441 to the local Corrections contact by SEEMail"
    guidance: ClassVar = (
        "SEEMail does not check the recipient: confirm name, office and address against the directory. The "
        "confirmation also covers letter 17-030 to the same unchanged contact. If no contact is known, say so."
    )
    policy: ClassVar = "P1.S6.b3 P1.S6.b4 A-A4 PRV-6 AMB-P1-8"

    before_confirmation: bool = Field(
        default=False, description="Send although Corrections could not be reached by phone yet (AMB-P1-6)"
    )


class ProvideContact(Answer):
    """No contact is known and no fallback address is set: sending is blocked (AMB-P1-8)."""

    kind: ClassVar = "provide_contact"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _MANAGER
    title: ClassVar = "No Corrections contact is known: enter one in the directory"
    guidance: ClassVar = "Never guess an address. Enter a verified contact, or have the fallback address set."
    policy: ClassVar = "P1.S6.b4 AMB-P1-8"

    note: str = Field(min_length=1, description="Which contact was entered, and who verified it")


class ConfirmLetterRecipient(_Recipient):
    """The contact has changed, or the letter goes to the service manager: a new confirmation (PRV-6)."""

    kind: ClassVar = "confirm_letter_recipient"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _EITHER_ADVISOR
    title: ClassVar = "Confirm who receives letter 17-030"
    guidance: ClassVar = (
        "The letter leaves by itself at 09:00 on the working day after the due day, once somebody has confirmed "
        "the recipient. The second letter goes to the service manager."
    )
    policy: ClassVar = "PRV-6 A-A4 AMB-P1-10"


class ReviewReturn(Answer):
    """Something came back: is the form fully completed?"""

    kind: ClassVar = "review_return"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _EITHER_ADVISOR
    title: ClassVar = "Read what Corrections returned: is the form fully completed?"
    guidance: ClassVar = (
        "Enter what Corrections filled in. Complete: the case goes on. Incomplete: it goes back with what is "
        "missing, and the clock runs on. Not the form at all: say so; the letter is no longer held."
    )
    policy: ClassVar = "P1.S6.b6 AMB-P1-9 AMB-P1-11 AMB-P1-29"

    verdict: Literal["complete", "incomplete", "not_the_form"]
    returned: dict[str, Any] = Field(default_factory=dict, description="What Corrections filled in")
    missing: tuple[str, ...] = Field(
        default=(), description="If the form is incomplete: what is missing, beside empty required parts"
    )
    note: str = ""
    recipient_confirmed: bool = Field(
        default=False, description="If the form is incomplete: it goes back to the same contact"
    )

    @model_validator(mode="after")
    def _goes_back(self) -> "ReviewReturn":
        if self.verdict == "incomplete" and not self.recipient_confirmed:
            raise ValueError("say recipient_confirmed: an incomplete form goes back to the contact")
        return self


class UnreadReturn(Answer):
    """A return has held letter 17-030 until 12:00, and nobody has read it (AMB-P1-29)."""

    kind: ClassVar = "unread_return"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _MANAGER
    title: ClassVar = "A return from Corrections is unread and holds back letter 17-030"
    guidance: ClassVar = (
        "Read it, or have it read: the letter is neither dropped nor sent over an unread return."
    )
    policy: ClassVar = "AMB-P1-29"

    arranged: str = Field(min_length=1)


class SendFailed(Answer):
    """A mail did not leave: the guard refused it, the gateway refused it, or it bounced."""

    kind: ClassVar = "send_failed"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _EITHER_ADVISOR
    title: ClassVar = "A mail to Corrections did not leave: decide what to do"
    guidance: ClassVar = (
        "Nothing was received, so no clock runs. Remove the cause, then send again, or do not send."
    )
    policy: ClassVar = "AMB-X-8 PRV-5"

    action: Literal["send_again", "do_not_send"] = Field(description="What is to be done with the mail?")
    note: str = Field(min_length=1)


class MailWaiting(Answer):
    """The gateway has not taken a mail for an hour; the system keeps trying."""

    kind: ClassVar = "mail_waiting"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _AWS
    cover: ClassVar = _EITHER_ADVISOR
    title: ClassVar = "The mail gateway cannot be reached: a mail to Corrections is waiting"
    guidance: ClassVar = (
        "It is tried again by itself, and this task closes when it has left. Tell the Service Desk."
    )
    policy: ClassVar = "AMB-X-8 NFR-2"

    service_desk_reference: str = Field(min_length=1)


class CorrectionsSilent(Answer):
    """Neither form nor letter was answered: the manager takes over (AMB-P1-10)."""

    kind: ClassVar = "corrections_silent"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _MANAGER
    title: ClassVar = "Corrections has answered neither the form nor letter 17-030"
    guidance: ClassVar = (
        "A second letter goes to the service manager; then a reminder every five working days until answered, or "
        "until you end the reminders with a reason. Silence is never consent: the code stays pending."
    )
    policy: ClassVar = "AMB-P1-10"

    end_reminders_because: str = Field(min_length=1)


class PrivacyIncident(Answer):
    """A mail went to the wrong recipient (AMB-X-7)."""

    kind: ClassVar = "privacy_incident"
    step: ClassVar[StepRef] = "1.6"
    role: ClassVar = _MANAGER
    title: ClassVar = "Privacy incident: something about this person went to the wrong recipient"
    guidance: ClassVar = "Follow the privacy incident process; what was sent stays listed in the case."
    policy: ClassVar = "AMB-X-7 AMB-X-6"

    actions_taken: str = Field(min_length=1)


ANSWERS: tuple[type[Answer], ...] = (
    SendT441,
    ProvideContact,
    ConfirmLetterRecipient,
    ReviewReturn,
    UnreadReturn,
    SendFailed,
    MailWaiting,
    CorrectionsSilent,
    PrivacyIncident,
)


def check_answer(exchange: ExchangeState, answer: Answer, facts: dict[str, Any]) -> None:
    """Refuse what the procedure forbids. Raises Refused naming the rule."""
    match answer:
        case SendForm() if answer.no_contact_known:
            return
        case SendForm() | ConfirmLetterRecipient():
            _check_recipient(SendFacts.model_validate(facts))
        case ReviewReturn():
            _check_review(exchange, answer)
        case _:
            pass


def _check_recipient(facts: SendFacts) -> None:
    if not facts.contact_unchanged:
        raise Refused("PRV-6", "the directory has changed: look at the contact again and confirm it")
    for rule, reason in facts.refusals:
        raise Refused(rule, reason)


def _check_review(exchange: ExchangeState, answer: ReviewReturn) -> None:
    lacking = missing_fields(exchange.form, answer.returned)
    match answer.verdict:
        case "complete" if lacking or answer.missing:
            wanted = (*(how_to_enter(exchange.form, key) for key in lacking), *answer.missing)
            raise Refused("P1.S6.b6", f"not fully completed: {', '.join(wanted)}")
        case "incomplete" if not (lacking or answer.missing):
            raise Refused("AMB-P1-9", "say what is missing, or record the form as complete")
        case _:
            pass


def what_is_missing(form: Form, answer: ReviewReturn) -> tuple[str, ...]:
    """Empty required parts, and whatever else the reader found missing."""
    return (*missing_fields(form, answer.returned), *answer.missing)
