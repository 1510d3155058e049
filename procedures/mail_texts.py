"""Appendix A: the fixed words of every message that leaves; the particulars stand in the attached form."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from procedures.forms import Disclosure
from procedures.letters import AGENCY, HANDLING, MARKING, long_date, working_days
from procedures.mail_guard import with_key_messages
from procedures.parameters import Parameters
from procedures.proposed_mail import Notice, RecipientKind
from procedures.returned_parts import RETURNED
from procedures.steps import step
from procedures.terms import Form, Occupancy, Role


class MailKind(StrEnum):
    """Every kind of message in the outbox."""

    T_441 = "T-441"
    T_439_T_442 = "T-439+T-442"
    """Both or nothing (P2.S1.3)."""
    T_441_T_442 = "T-441+T-442"
    """The request of step 3.2 about a person who lives in none of our homes (AMB-P3-1)."""
    T_439_T_441_T_442 = "T-439+T-441+T-442"
    """The same about a person who lives in one of our homes."""
    T_442 = "T-442"
    L_17_030 = "17-030"
    T_441_INCOMPLETE = "T-441 incomplete"
    T_439_INCOMPLETE = "T-439 incomplete"
    T_438_REMINDER = "T-438 reminder"
    CORRECTION = "correction"
    REPORT_MISSING = "report_missing"
    OFFER_ACCEPTED = "offer_accepted"
    """To the Housing Support Manager, a copy to the manager (P4.S3.a1, AMB-P4-3)."""


@dataclass(frozen=True)
class MailShape:
    """What a kind of message carries."""

    text: tuple[str, ...]
    """`{days}` stands for the time Corrections has."""
    forms: tuple[Form, ...] = ()
    notice: Notice | None = None
    recipient: RecipientKind = RecipientKind.CORRECTIONS


SHAPES: dict[MailKind, MailShape] = {
    MailKind.T_441: MailShape(
        ("Please complete the attached form T-441 and return it by secure mail within {days}.",),
        (Form.T_441,),
    ),
    MailKind.T_439_T_442: MailShape(
        (
            "Please complete the attached form T-439 and return it by secure mail within {days}.",
            "The attached form T-442 is for your information; you do not need to return it.",
        ),
        (Form.T_439, Form.T_442),
    ),
    MailKind.T_441_T_442: MailShape(
        (
            "Please complete the attached form T-441 and return it by secure mail within {days}.",
            "The attached form T-442 is for your information; you do not need to return it.",
        ),
        (Form.T_441, Form.T_442),
    ),
    MailKind.T_439_T_441_T_442: MailShape(
        (
            "Please complete the attached forms T-441 and T-439 and return them by secure mail within {days}.",
            "The attached form T-442 is for your information; you do not need to return it.",
        ),
        (Form.T_439, Form.T_441, Form.T_442),
    ),
    MailKind.T_442: MailShape(
        ("The attached form T-442 is for your information; you do not need to return it.",), (Form.T_442,)
    ),
    MailKind.L_17_030: MailShape(
        ("Please read the attached letter 17-030 and answer it by secure mail.",), (Form.L_17_030,)
    ),
    MailKind.T_441_INCOMPLETE: MailShape(
        (
            "Thank you for the form T-441. These parts are still missing:",
            "Please complete the attached form and return it by secure mail. The time for it has not changed.",
        ),
        (Form.T_441,),
    ),
    MailKind.T_439_INCOMPLETE: MailShape(
        (
            "Thank you for the form T-439. These parts are still missing:",
            "Please complete the attached form and return it by secure mail. The time for it has not changed.",
        ),
        (Form.T_439,),
    ),
    MailKind.T_438_REMINDER: MailShape(
        (
            "We do not hold the signed form T-438 of our viewing yet, and cannot go on without it.",
            "Please return it, signed, by secure mail.",
        ),
        notice=Notice.SIGNATURE_REMINDER,
    ),
    MailKind.CORRECTION: MailShape(
        (
            "Our earlier message with the reference below was sent in error or was wrong. Please do not use it, "
            "destroy your copies and tell us that you have done so.",
        ),
        notice=Notice.CORRECTION,
    ),
    MailKind.OFFER_ACCEPTED: MailShape(
        (
            "The offer of the property named below was accepted.",
            "The sign-up paperwork is being prepared. Everything else is in Safe Placement under the reference below.",
        ),
        notice=Notice.OFFER_ACCEPTED,
        recipient=RecipientKind.STAFF,
    ),
    MailKind.REPORT_MISSING: MailShape(
        (
            "The weekly notification report is not available.",
            "I have logged a fault with the Service Desk as an urgent call.",
        ),
        notice=Notice.REPORT_MISSING,
        recipient=RecipientKind.STAFF,
    ),
}


@dataclass(frozen=True)
class Signature:
    """The lines under a message (A-A7); the role is the sender's own."""

    mobile: str
    mail: str
    freephone: str
    main_line: str
    po_box: str

    def lines(self, role: Role) -> tuple[str, ...]:
        """The block for a sender of this role."""
        return (
            role.value.replace("-", " ").title(),
            AGENCY,
            f"Mobile: {self.mobile}",
            f"Email: {self.mail}",
            f"Freephone: {self.freephone}",
            f"Main line: {self.main_line}",
            self.po_box,
        )


@step("A")
def mail_text(
    kind: MailKind,
    *,
    sender: Role,
    signature: Signature,
    missing: tuple[str, ...],
    about: Mapping[str, str],
    policy: Parameters,
    edition: str,
) -> str:
    """The whole body: marking, fixed words, what is missing, particulars, signature, key messages for Corrections.

    `policy` are the numbers of the case's edition, which the message names as forms and letters do (AMB-X-11).
    """
    shape = SHAPES[kind]
    opening, *rest = (text.format(days=working_days(policy.return_days)) for text in shape.text)
    parts = [MARKING, "Tēnā koe", opening]
    if missing:
        parts.append("\n".join(f"- {part}" for part in missing))
    parts += rest
    if about:
        parts.append("\n".join(f"{name}: {value}" for name, value in about.items()))
    if shape.recipient is RecipientKind.CORRECTIONS:
        parts.append(HANDLING.replace("at the address above", "at the address below"))
    parts += ["\n".join(signature.lines(sender)), f"Procedure {edition}"]
    text = "\n\n".join(parts)
    if shape.recipient is RecipientKind.CORRECTIONS:
        text = with_key_messages(text)
    return f"{text.rstrip()}\n\n{MARKING}\n"


def missing_labels(form: Form, missing: tuple[str, ...]) -> tuple[str, ...]:
    """The wording of missing parts: of a part's key its label, of a reader's own words those."""
    labels = {part.key: part.label for part in RETURNED[form]}
    return tuple(labels.get(part, part) for part in missing)


def missing_keys(form: Form, missing: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the missing parts that are parts of the form."""
    return tuple(part.key for part in RETURNED[form] if part.key in missing)


def initial_facts(kind: Disclosure, occupancy: Occupancy, aware_on: date) -> str:
    """What a T-442 says when the advisor adds nothing (P2.S1.2, AMB-P3-1)."""
    if kind is Disclosure.INITIAL:
        what = f"The person lives in this home ({occupancy.value.replace('_', ' ')})."
    else:
        what = f"{kind.value}."
    return f"{what} We became aware of it on {long_date(aware_on)}."
