"""What the guard of secure mail must know of one message before it may leave."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, model_validator

from procedures.assessment import AssessmentCode
from procedures.forms import Disclosure
from procedures.tasks import Frozen
from procedures.terms import ContactKind, Form, Occupancy, RecordState, Role


class Classification(StrEnum):
    """Classification chosen for a message (A-A5)."""

    SEEMAIL = "[SEEMAIL]"


class RecipientKind(StrEnum):
    """Who a message is for. The public is named so that it can be refused (PRV-10)."""

    CORRECTIONS = "corrections"
    STAFF = "staff"
    PUBLIC = "public"


class Notice(StrEnum):
    """Messages that are not forms."""

    CORRECTION = "correction"
    """To Corrections about something already sent; allowed at any code (PRV-13), and about nothing else."""
    SIGNATURE_REMINDER = "signature_reminder"
    VIEWING_CANCELLED = "viewing_cancelled"
    REPORT_MISSING = "report_missing"
    SECURE_NOTICE = "secure_notice"
    """To the manager or the Advisor Placement: something waits inside the system (AMB-A-5)."""
    OFFER_ACCEPTED = "offer_accepted"


class Standing(StrEnum):
    """Whether the person's cases may disclose."""

    RUNNING = "running"
    PAUSED_FOR_CONFIRMATION = "paused_for_confirmation"
    CEASED_NSO = "ceased_nso"


class Contact(Frozen):
    """An entry of the Corrections contact list, as it is at this moment."""

    contact_id: str
    version: int
    kind: ContactKind
    secure_address: str | None
    valid_from: date
    valid_to: date | None = None


class RecipientConfirmation(Frozen):
    """A person's word that the recipient details are correct (A-A4), and for which message it was given."""

    confirmed_by: str
    role: Role
    confirmed_at: AwareDatetime
    contact_id: str
    contact_version: int
    mail_id: str
    forms: tuple[Form, ...]


class PersonAtSending(Frozen):
    """The person a message is about, as the record stands now."""

    code: AssessmentCode | None
    record_state: RecordState
    occupancy: Occupancy
    considered_for_void: bool = False
    left_with_this_event: bool = False
    """The message is the last T-442, the one that tells of the leaving itself (AMB-P2-14)."""

    @property
    def in_or_considered_for_a_home(self) -> bool:
        """Lives in a home, is an applicant on the register, or is matched to a void property (PRV-11)."""
        return (
            self.occupancy.lives_in_a_home
            or self.occupancy is Occupancy.APPLICANT
            or self.considered_for_void
            or self.left_with_this_event
        )


class ProposedMail(Frozen):
    """One message about to leave: content, person, recipient, envelope."""

    mail_id: str
    now: AwareDatetime
    recipient: RecipientKind
    addresses: tuple[str, ...]
    """Every address on the envelope, copies included."""
    subject: str
    text: str
    classification: Classification | None
    forms: tuple[Form, ...] = ()
    notice: Notice | None = None
    corrects: tuple[str, ...] = ()
    """References of earlier messages that have left, which a correction notice takes back."""
    disclosure: Disclosure | None = None
    """Why a T-442 is sent."""
    privacy_check_passed: bool = False
    person: PersonAtSending | None = None
    standing: Standing = Standing.RUNNING
    contact: Contact | None = None
    confirmation: RecipientConfirmation | None = None
    corrections_domains: frozenset[str] = frozenset()
    staff_domains: frozenset[str] = frozenset()
    personal_words: tuple[str, ...] = ()
    """Names, birth date and address of the person, for the check that none of them shows; never stored."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.forms and self.notice is None:
            raise ValueError("A message carries at least one form or is a notice.")
        if Form.T_442 in self.forms and self.disclosure is None:
            raise ValueError("Say why the T-442 is sent: its kind of disclosure.")
        return self

    @property
    def discloses(self) -> bool:
        """True when the message tells or asks something about a person that disclosure rules govern."""
        return bool(self.forms) or self.notice is Notice.SIGNATURE_REMINDER

    @property
    def future_duty(self) -> bool:
        """True for a T-442 alone that fulfils one of the duties F1 to F4."""
        return self.forms == (Form.T_442,) and self.disclosure is not Disclosure.INITIAL
