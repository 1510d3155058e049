"""Forms and letters (supporting information): whom each one goes to and exactly what it may disclose to them."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from procedures.returned_parts import RETURNED
from procedures.tasks import Frozen
from procedures.terms import ContactKind, Form, Occupancy


class Direction(StrEnum):
    """Who discloses to whom."""

    ASKED_OF_CORRECTIONS = "We ask, Corrections discloses to us"
    TOLD_TO_CORRECTIONS = "We disclose to Corrections"
    BOTH_WAYS = "We complete our part, Corrections completes its part and returns it"


class WhyWeAsk(StrEnum):
    """The two cases in which Corrections may be asked for disclosure (P1.N5)."""

    LIVES_IN_A_HOME = "The person lives in one of our homes"
    CONSIDERED_FOR_A_HOME = "The person is being considered for one of our homes"


class Disclosure(StrEnum):
    """Why we tell Corrections something (P2.S1.2, P2.F1 to F4)."""

    INITIAL = "The person was identified as living in one of our homes"
    VOID_MATCH = "The person is being considered for one of our void properties"
    HOUSEHOLD_CHANGE = "The household has changed"
    UNDER_16_REQUEST = "We were asked to accept another occupant who is under 16"
    RISK_CHANGE = "The tenancy has changed in a way that may increase risk to others"
    ACCOMMODATION_CHANGE = "The person's accommodation has changed or is intended to change"


class ChaserRound(StrEnum):
    """Which 17-030 this is: the second goes out when the first brought nothing (AMB-P1-10)."""

    FIRST = "First request"
    SECOND = "Second request"


def _printable(text: str) -> str:
    if not all(c.isprintable() or c == "\n" for c in text):
        raise ValueError("Type the text again: it holds control characters that cannot be printed.")
    return text


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\n]+$"),
    AfterValidator(_printable),
]
Paragraphs = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(_printable),
]
OurReference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{3,39}$")]
"""Opaque: a case or letter number, never a name."""


class PersonDetails(Frozen):
    """Who the form is about: enough for Corrections to find the right person, and no more."""

    name: Line
    date_of_birth: date | None
    corrections_reference: Line | None


class FormFields(Frozen):
    """What every form carries; the whole set of a subclass's fields is what its recipient may learn."""

    form: ClassVar[Form]
    our_reference: OurReference
    prepared_on: date
    reply_address: Line


class T441Fields(FormFields):
    """Our request for disclosure; the address is given only where the locality matters."""

    form: ClassVar[Form] = Form.T_441
    person: PersonDetails
    reason: WhyWeAsk
    home_address: Line | None = None


class T439Fields(FormFields):
    """Our part of the accommodation approval of a present home."""

    form: ClassVar[Form] = Form.T_439
    person: PersonDetails
    home_address: Line
    occupancy: Occupancy

    @model_validator(mode="after")
    def _lives_in_the_home(self) -> Self:
        if not self.occupancy.lives_in_a_home:
            raise ValueError(
                "A T-439 is about a home the person lives in: choose one of the five kinds of P2.W1."
            )
        return self


class T442Fields(FormFields):
    """What we tell Corrections, with the day we became aware of it."""

    form: ClassVar[Form] = Form.T_442
    person: PersonDetails
    home_address: Line
    kind: Disclosure
    facts: Paragraphs
    aware_on: date


class T438Fields(FormFields):
    """Part A of the pre-approval of a void property, printed for the viewing."""

    form: ClassVar[Form] = Form.T_438
    person: PersonDetails
    property_address: Line
    viewing_on: date
    advisor: Line
    corrections_contact: Line


class Letter17030Fields(FormFields):
    """Letter about a form that did not come back; names no person, only Corrections' reference."""

    form: ClassVar[Form] = Form.L_17_030
    addressee: ContactKind
    office: Line
    corrections_reference: Line | None
    missing_form: Form
    sent_on: date
    due_on: date
    missing_parts: tuple[str, ...] = ()
    """Keys of the parts left empty in a form that came back incomplete; none when nothing came."""
    round: ChaserRound = ChaserRound.FIRST

    @model_validator(mode="after")
    def _about_a_form_we_wait_for(self) -> Self:
        if self.missing_form not in (Form.T_441, Form.T_439):
            raise ValueError("A 17-030 asks for a T-441 or a T-439.")
        if self.missing_form is Form.T_439 and self.addressee is ContactKind.FALLBACK:
            raise ValueError("A 17-030 about a T-439 goes to the contact or the service manager (P2.S2.b).")
        if self.due_on <= self.sent_on:
            raise ValueError("The due date is after the day the form was sent: check both dates.")
        if unknown := set(self.missing_parts) - {part.key for part in RETURNED[self.missing_form]}:
            raise ValueError(f"{len(unknown)} of the missing parts are not parts of the form: use its keys.")
        return self


AnyFormFields = T441Fields | T439Fields | T442Fields | T438Fields | Letter17030Fields


@dataclass(frozen=True)
class FormSpec:
    """What the house knows about one form without any case."""

    form: Form
    title: str
    direction: Direction
    recipients: frozenset[ContactKind]
    answer_due: bool
    """True where Corrections has the five working days of the procedure to answer."""
    template_version: str
    fields: type[AnyFormFields]
    on_paper: bool = False
    """True for the form that is printed and signed by hand (P3.S4.a6)."""


_CONTACT = frozenset({ContactKind.CONTACT})
_CONTACT_OR_FALLBACK = frozenset({ContactKind.CONTACT, ContactKind.FALLBACK})

INTERNAL_FORMS = {"SS-FRM-010": "Safe Work Plan and Corporate Care Request"}
"""Forms of the procedure that never leave the agency: they have no template to send (SUP-4)."""

FORMS: dict[Form, FormSpec] = {
    spec.form: spec
    for spec in (
        FormSpec(
            Form.T_441,
            "Disclosure of information by the Department of Corrections to Kāinga Ora",
            Direction.ASKED_OF_CORRECTIONS,
            _CONTACT_OR_FALLBACK,
            True,
            "1.0",
            T441Fields,
        ),
        FormSpec(
            Form.L_17_030,
            "Request for information from Department of Corrections",
            Direction.ASKED_OF_CORRECTIONS,
            frozenset(ContactKind),
            True,
            "1.0",
            Letter17030Fields,
        ),
        FormSpec(
            Form.T_439,
            "Accommodation approval – Offender living in a Kāinga Ora tenancy",
            Direction.BOTH_WAYS,
            _CONTACT_OR_FALLBACK,
            True,
            "1.0",
            T439Fields,
        ),
        FormSpec(
            Form.T_442,
            "Disclosure of information by Kāinga Ora to the Department of Corrections",
            Direction.TOLD_TO_CORRECTIONS,
            _CONTACT_OR_FALLBACK,
            False,
            "1.0",
            T442Fields,
        ),
        FormSpec(
            Form.T_438,
            "Property pre-approval",
            Direction.BOTH_WAYS,
            _CONTACT,
            False,
            "1.0",
            T438Fields,
            on_paper=True,
        ),
    )
}


def disclosed_fields(form: Form) -> tuple[str, ...]:
    """Names of everything the form tells its recipient, for the disclosure record (SUP-1)."""
    names: list[str] = []
    for name, field in FORMS[form].fields.model_fields.items():
        if field.annotation is PersonDetails:
            names += [f"person.{inner}" for inner in PersonDetails.model_fields]
        else:
            names.append(name)
    return tuple(names)
