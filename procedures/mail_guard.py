"""Appendix A: what must hold before a message may leave, as pure rules; each refusal names its rule."""

import re
from collections.abc import Callable, Iterator
from hashlib import sha256

from procedures.assessment import AssessmentCode
from procedures.forms import FORMS, Disclosure
from procedures.letters import MARKING, SECURE_MAIL_TAG
from procedures.local_time import local_date
from procedures.proposed_mail import Classification, Notice, ProposedMail, RecipientKind, Standing
from procedures.refusals import Refused
from procedures.steps import step
from procedures.tasks import Frozen
from procedures.terms import ContactKind, Form, RecordState, Role

KEY_MESSAGES_VERSION = "1"
_FIRST_LINE, _LAST_LINE = "Key messages for SEEMail users", "End of key messages"
KEY_MESSAGES = f"""{_FIRST_LINE}
SEEMail does not check the recipient details so the user needs to make sure the correct contact details are used.
{_LAST_LINE}"""
"""The one message that the document prints; the list itself is not supplied and would be the next version (AMB-X-1)."""

NOTICE_AUDIENCE: dict[Notice, RecipientKind] = {
    Notice.CORRECTION: RecipientKind.CORRECTIONS,
    Notice.SIGNATURE_REMINDER: RecipientKind.CORRECTIONS,
    Notice.VIEWING_CANCELLED: RecipientKind.CORRECTIONS,
    Notice.REPORT_MISSING: RecipientKind.STAFF,
    Notice.SECURE_NOTICE: RecipientKind.STAFF,
    Notice.OFFER_ACCEPTED: RecipientKind.STAFF,
}

_SUBJECT = re.compile(
    rf"(?:{re.escape(SECURE_MAIL_TAG)} )?{MARKING} - Ref (?=[A-Za-z-]*[0-9])[A-Za-z0-9][A-Za-z0-9-]{{3,39}}"
)
_OFFENCE_WORDS = re.compile(r"\b(?:offen[cds]\w*|sex\w*|child\w*|[cn]so|d[123]p?)\b", re.IGNORECASE)


class Refusal(Frozen):
    """One reason why a message may not leave; holds no personal data."""

    rule: str
    reason: str


Refusals = Iterator[Refusal]


def digest(text: str) -> str:
    """SHA-256 of a text with line ends made equal, in hexadecimal."""
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()


KEY_MESSAGES_DIGEST = digest(KEY_MESSAGES)


def with_key_messages(text: str) -> str:
    """The text of a message to Corrections with the fixed key messages under it (A-A3)."""
    return f"{text.rstrip()}\n\n{KEY_MESSAGES}\n"


def key_messages_of(text: str) -> str | None:
    """The block of key messages in a text, from its first to its last line; None when there is no such block."""
    plain = text.replace("\r\n", "\n")
    found = re.search(rf"^{_FIRST_LINE}$.*?^{_LAST_LINE}$", plain, re.MULTILINE | re.DOTALL)
    return found[0] if found else None


@step("A")
def secure_subject(reference: str) -> str:
    """[SEEMAIL] IN-CONFIDENCE - Ref XXXX. Raises Refused("PRV-16") for a reference that is not opaque."""
    subject = f"{SECURE_MAIL_TAG} {MARKING} - Ref {reference}"
    if not is_opaque(subject):
        raise Refused(
            "PRV-16", "Use a case or message number of letters, digits and hyphens with at least one digit."
        )
    return subject


def is_opaque(subject: str, personal_words: tuple[str, ...] = ()) -> bool:
    """True when the subject is a marking and a reference number and shows none of the words."""
    return _SUBJECT.fullmatch(subject) is not None and not _shows(subject, personal_words)


def _shows(text: str, words: tuple[str, ...]) -> bool:
    spoken = [word.strip() for word in words if word.strip()]
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) for word in spoken)


# -- the person ----------------------------------------------------------------------------------------


def _may_be_disclosed(mail: ProposedMail) -> Refusals:
    person = mail.person
    if not mail.discloses:
        return
    if person is None or person.code is None:
        yield Refusal(rule="P1.N5", reason="Disclosure needs a person with a CSO assessment.")
        return
    if person.code.nso:
        yield Refusal(
            rule="DEF-3", reason="The person is not under a current order: no information is shared."
        )
    if person.code is AssessmentCode.D3:
        yield Refusal(
            rule="PRV-13", reason="The match was invalid: send a correction notice if something went out."
        )
    if person.record_state is RecordState.HISTORIC and not person.left_with_this_event:
        yield Refusal(rule="P1.N7", reason="The record is historic: no disclosure is required or provided.")
    if not person.in_or_considered_for_a_home:
        yield Refusal(
            rule="P1.N5", reason="Disclosure is only for persons living in, or considered for, a home."
        )


def _takes_something_back(mail: ProposedMail) -> Refusals:
    if mail.notice is Notice.CORRECTION and not mail.corrects:
        yield Refusal(
            rule="AMB-X-6",
            reason="A correction notice names what was sent: report the mistake in the case that sent it.",
        )


def _leaving_is_the_last_duty(mail: ProposedMail) -> Refusals:
    leaving = mail.person is not None and mail.person.left_with_this_event
    if leaving and not (mail.future_duty and mail.disclosure is Disclosure.ACCOMMODATION_CHANGE):
        yield Refusal(rule="P1.N5", reason="After the person left, only the T-442 about the leaving may go.")


def _standing(mail: ProposedMail) -> Refusals:
    if not mail.discloses:
        return
    match mail.standing:
        case Standing.RUNNING:
            return
        case Standing.CEASED_NSO:
            yield Refusal(rule="AMB-X-4", reason="The order has ended: nothing more is disclosed.")
        case Standing.PAUSED_FOR_CONFIRMATION:
            if not mail.future_duty:
                yield Refusal(rule="AMB-X-5", reason="Paused: phone Corrections to confirm the status first.")


def _privacy_check(mail: ProposedMail) -> Refusals:
    if mail.disclosure is Disclosure.RISK_CHANGE and not mail.privacy_check_passed:
        yield Refusal(rule="PRV-14", reason="Record the privacy check, approved by the manager, first.")


# -- the recipient ---------------------------------------------------------------------------------------


def _audience(mail: ProposedMail) -> Refusals:
    if mail.recipient is RecipientKind.PUBLIC:
        yield Refusal(
            rule="PRV-10", reason="The community is never informed: that is Corrections' role (P2.X3)."
        )
    elif mail.forms and mail.recipient is not RecipientKind.CORRECTIONS:
        yield Refusal(rule="PRV-9", reason="Forms go to Corrections or into the person file, nowhere else.")
    elif mail.notice and NOTICE_AUDIENCE[mail.notice] is not mail.recipient:
        yield Refusal(rule="PRV-8", reason=f"This notice is for {NOTICE_AUDIENCE[mail.notice]} only.")


def _contact(mail: ProposedMail) -> Refusals:
    if mail.recipient is not RecipientKind.CORRECTIONS:
        return
    contact, today = mail.contact, local_date(mail.now)
    if contact is None or (contact.kind is ContactKind.FALLBACK and not contact.secure_address):
        yield Refusal(
            rule="AMB-P1-8", reason="No contact and no fallback address is set: the manager must name one."
        )
        return
    if today < contact.valid_from or (contact.valid_to is not None and today > contact.valid_to):
        yield Refusal(rule="A-A4", reason="The contact is not valid today: choose a valid one.")
    if any(contact.kind not in FORMS[form].recipients for form in mail.forms):
        yield Refusal(rule="A-A4", reason="A form in this message does not go to this kind of contact.")
    if not contact.secure_address or mail.addresses != (contact.secure_address,):
        yield Refusal(
            rule="A-A4", reason="Send to the contact's secure address in the list, and to no other."
        )


def _domains(mail: ProposedMail) -> Refusals:
    corrections = mail.recipient is RecipientKind.CORRECTIONS
    allowed = mail.corrections_domains if corrections else mail.staff_domains
    if not mail.addresses or any(a.rpartition("@")[2].lower() not in allowed for a in mail.addresses):
        rule = "A-A1" if corrections else "PRV-10"
        yield Refusal(rule=rule, reason="An address is not of an agency on the list.")


def _confirmed(mail: ProposedMail) -> Refusals:
    if mail.recipient is not RecipientKind.CORRECTIONS:
        return
    given, contact = mail.confirmation, mail.contact
    if given is None or given.role is Role.MACHINE or not given.confirmed_by or given.confirmed_at > mail.now:
        yield Refusal(
            rule="PRV-6", reason="A person must confirm the recipient before this message goes (A-A4)."
        )
    elif contact is None or (given.contact_id, given.contact_version) != (
        contact.contact_id,
        contact.version,
    ):
        yield Refusal(rule="PRV-6", reason="The contact differs from the confirmed one: confirm it again.")
    elif given.mail_id != mail.mail_id and not _covers_the_letter(mail):
        yield Refusal(
            rule="PRV-6", reason="The recipient was confirmed for another message: confirm it for this one."
        )


def _covers_the_letter(mail: ProposedMail) -> bool:
    """The confirmation given with a T-441 or T-439 also covers a 17-030 to the same unchanged contact."""
    asked = {Form.T_441, Form.T_439}
    return (
        mail.forms == (Form.L_17_030,)
        and mail.confirmation is not None
        and bool(asked & {*mail.confirmation.forms})
    )


# -- the envelope ----------------------------------------------------------------------------------------


def _envelope(mail: ProposedMail) -> Refusals:
    if not is_opaque(mail.subject, mail.personal_words):
        yield Refusal(rule="PRV-16", reason="The subject may hold the marking and a reference number only.")
    if mail.recipient is not RecipientKind.CORRECTIONS:
        return
    if SECURE_MAIL_TAG not in mail.subject:
        yield Refusal(
            rule="A-A6", reason=f"Mail to Corrections carries {SECURE_MAIL_TAG} in its subject (PRV-5)."
        )
    if mail.classification is not Classification.SEEMAIL:
        yield Refusal(rule="A-A5", reason="Add the classification [SEEMAIL] to the message (PRV-5).")
    block = key_messages_of(mail.text)
    if block is None or digest(block) != KEY_MESSAGES_DIGEST:
        yield Refusal(rule="PRV-7", reason="The key messages must stand in the message unaltered (A-A3).")


def _staff_text(mail: ProposedMail) -> Refusals:
    if mail.recipient is not RecipientKind.STAFF:
        return
    if _shows(mail.text, mail.personal_words) or _OFFENCE_WORDS.search(mail.text):
        rule = "PRV-15" if mail.notice is Notice.REPORT_MISSING else "PRV-8"
        yield Refusal(rule=rule, reason="A message to staff holds no name, address, code or offence word.")


RULES: tuple[Callable[[ProposedMail], Refusals], ...] = (
    _audience,
    _may_be_disclosed,
    _takes_something_back,
    _leaving_is_the_last_duty,
    _standing,
    _privacy_check,
    _contact,
    _domains,
    _confirmed,
    _envelope,
    _staff_text,
)


@step("A")
def refusals_of(mail: ProposedMail) -> tuple[Refusal, ...]:
    """Every rule that refuses the message, in the order of `RULES`; empty: it may leave."""
    return tuple(refusal for rule in RULES for refusal in rule(mail))


@step("A")
def ensure_may_leave(mail: ProposedMail) -> None:
    """Raises Refused with the first refusing rule and all reasons; call it at the last moment before the gateway."""
    refusals = refusals_of(mail)
    if refusals:
        raise Refused(refusals[0].rule, " ".join(refusal.reason for refusal in refusals))
