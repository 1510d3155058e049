"""What a message says and to whom, built from the record as it stands at the moment of sending."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from activities.contacts import Fallback, directory_entry
from activities.sent_mistakes import earlier_messages
from activities.standing import PersonNow, person_now
from adapters.ports import Permanent
from models.tables.audit import AuditEvent
from models.tables.case import CaseRecord, StaffMember, Task
from models.tables.mail import CorrectionsContact, SecureMessage
from models.tables.placement import VoidProperty
from procedures import correct_sent
from procedures.correct_sent import Mistake
from procedures.editions import parameters_for
from procedures.forms import (
    ChaserRound,
    Disclosure,
    FormFields,
    Letter17030Fields,
    PersonDetails,
    T439Fields,
    T441Fields,
    T442Fields,
    WhyWeAsk,
)
from procedures.local_time import local_date
from procedures.mail_guard import secure_subject
from procedures.mail_texts import (
    SHAPES,
    MailKind,
    Signature,
    initial_facts,
    mail_text,
    missing_keys,
    missing_labels,
)
from procedures.proposed_mail import (
    Classification,
    Contact,
    ProposedMail,
    RecipientConfirmation,
    RecipientKind,
    Standing,
)
from procedures.terms import ContactKind, Form, Role


@dataclass(frozen=True)
class MailHouse:
    """The agency's side of every message; configuration."""

    sender: str
    """Also where replies come to."""
    corrections_domains: frozenset[str]
    staff_domains: frozenset[str]
    signature: Signature
    fallback: Fallback = field(default_factory=Fallback)


@dataclass(frozen=True)
class Letter:
    """One message, composed: what the guard looks at, and what the forms are made of."""

    proposed: ProposedMail
    person: PersonNow | None
    office: str | None
    copies: tuple[str, ...] = ()
    """Those of the addresses that get a copy."""
    void_address: str | None = None
    """Of the void property that the message is about, if it is about one."""
    edition: str = field(kw_only=True)
    """The case's edition, which its forms and letters carry (AMB-X-11)."""


async def compose(session: AsyncSession, row: SecureMessage, at: datetime, house: MailHouse) -> Letter:
    """Envelope, text and everything the guard needs to know. Raises Permanent for a kind nobody knows."""
    kind = _kind(row)
    shape, given = SHAPES[kind], row.fields
    person = None if shape.recipient is RecipientKind.STAFF else await person_now(session, row.case_id)
    contact = await directory_entry(session, row.contact_id, house.fallback) if row.contact_id else None
    sender = await _role_of(session, row)
    disclosure = _disclosure(kind, given)
    at_sending = person.at_sending if person else None
    earlier = await earlier_messages(session, row.fields.get("corrects", ()))
    to = await _addresses(session, row, contact, shape.recipient)
    copies = await _copies(session, row, kind) if to else ()
    edition = await _edition(session, row)
    if person and disclosure is Disclosure.ACCOMMODATION_CHANGE and person.has_left_a_home:
        at_sending = person.at_sending.model_copy(update={"left_with_this_event": True})
    proposed = ProposedMail(
        mail_id=row.mail_id,
        now=at,
        recipient=shape.recipient,
        addresses=(*to, *copies),
        subject=secure_subject(row.reference),
        text=mail_text(
            kind,
            sender=sender or Role.ADVISOR_WELLBEING_SUPPORT,
            signature=house.signature,
            policy=parameters_for(edition),
            edition=edition,
            missing=_missing(kind, given),
            about=await _about(session, row, kind),
        ),
        classification=Classification.SEEMAIL,
        forms=shape.forms,
        notice=shape.notice,
        corrects=tuple(reference for reference, _, _ in earlier),
        disclosure=disclosure,
        privacy_check_passed=await _privacy_checked(session, given),
        person=at_sending,
        standing=person.standing if person else Standing.RUNNING,
        contact=_as_contact(contact),
        confirmation=await _confirmation(session, row, sender),
        corrections_domains=house.corrections_domains,
        staff_domains=house.staff_domains,
        personal_words=person.personal_words if person else (),
    )
    return Letter(
        proposed=proposed,
        person=person,
        office=contact.office if contact else None,
        copies=copies,
        void_address=await _void_address(session, row),
        edition=edition,
    )


def forms_of(row: SecureMessage, letter: Letter, house: MailHouse) -> tuple[FormFields, ...]:
    """The fields of each form of a message that may leave. Raises Permanent with the names of what cannot be filled."""
    try:
        return tuple(_form(form, row, letter, house) for form in letter.proposed.forms)
    except ValidationError as error:
        # The original message quotes the values.
        parts = sorted({".".join(str(part) for part in problem["loc"]) for problem in error.errors()})
        raise Permanent(f"the form cannot be filled: correct {', '.join(parts) or 'its fields'}") from None


def _form(form: Form, row: SecureMessage, letter: Letter, house: MailHouse) -> FormFields:
    given = row.fields
    today = local_date(letter.proposed.now)
    head: dict[str, Any] = {
        "our_reference": row.reference,
        "prepared_on": today,
        "reply_address": house.sender,
    }
    if form is Form.L_17_030:
        return _letter_17_030(head, given, letter)
    person = letter.person
    assert person is not None
    about = PersonDetails(
        name=person.full_name,
        date_of_birth=person.person.date_of_birth,
        corrections_reference=person.corrections_reference,
    )
    home = person.home_address or ""
    match form:
        case Form.T_441:
            lives = person.at_sending.occupancy.lives_in_a_home
            reason = WhyWeAsk.LIVES_IN_A_HOME if lives else WhyWeAsk.CONSIDERED_FOR_A_HOME
            return T441Fields(
                **head,
                person=about,
                reason=WhyWeAsk(given.get("reason", reason)),
                home_address=letter.void_address or (home if lives and home else None),
            )
        case Form.T_439:
            return T439Fields(**head, person=about, home_address=home, occupancy=person.at_sending.occupancy)
        case Form.T_442:
            assert letter.proposed.disclosure is not None
            aware_on = _date(given, "aware_on") or today
            facts = given.get("facts") or initial_facts(
                letter.proposed.disclosure, person.at_sending.occupancy, aware_on
            )
            return T442Fields(
                **head,
                person=about,
                home_address=letter.void_address or home,
                kind=letter.proposed.disclosure,
                facts=facts,
                aware_on=aware_on,
            )
        case _:
            raise Permanent(f"form {form} is not sent by mail")


def _letter_17_030(head: dict[str, Any], given: Mapping[str, Any], letter: Letter) -> Letter17030Fields:
    contact = letter.proposed.contact
    assert contact is not None
    sent_on, due_on = _date(given, "sent_on"), _date(given, "due_on")
    if sent_on is None or due_on is None:
        raise Permanent("letter 17-030 needs the days the form was sent and was due")
    form = Form(given["missing_form"])
    return Letter17030Fields(
        **head,
        addressee=contact.kind,
        office=letter.office or "",
        corrections_reference=letter.person.corrections_reference if letter.person else None,
        missing_form=form,
        sent_on=sent_on,
        due_on=due_on,
        missing_parts=missing_keys(form, tuple(given.get("missing_parts", ()))),
        round=ChaserRound.SECOND if given.get("round") == 2 else ChaserRound.FIRST,
    )


def _kind(row: SecureMessage) -> MailKind:
    try:
        return MailKind(row.kind)
    except ValueError:
        raise Permanent(f"no message of the kind {row.kind} is known") from None


def _date(given: Mapping[str, Any], name: str) -> date | None:
    return date.fromisoformat(given[name]) if given.get(name) else None


def _disclosure(kind: MailKind, given: Mapping[str, Any]) -> Disclosure | None:
    if Form.T_442 not in SHAPES[kind].forms:
        return None
    if given.get("disclosure"):
        return Disclosure(given["disclosure"])
    return Disclosure.VOID_MATCH if Form.T_441 in SHAPES[kind].forms else Disclosure.INITIAL


def _missing(kind: MailKind, given: Mapping[str, Any]) -> tuple[str, ...]:
    if kind is MailKind.L_17_030 or not given.get("missing_parts"):
        return ()
    return missing_labels(SHAPES[kind].forms[0], tuple(given["missing_parts"]))


async def _about(session: AsyncSession, row: SecureMessage, kind: MailKind) -> dict[str, str]:
    """The few particulars that stand in the message itself; none of them personal."""
    match kind:
        case MailKind.REPORT_MISSING:
            return {"Call reference": str(row.fields.get("service_desk_reference", "not given yet"))}
        case MailKind.CORRECTION:
            earlier = await earlier_messages(session, row.fields.get("corrects", ()))
            mistake = Mistake(row.fields.get("mistake", Mistake.SENT_IN_ERROR))
            return {"Our reference": row.reference} | correct_sent.particulars(earlier, mistake)
        case MailKind.OFFER_ACCEPTED:
            return {"Our reference": row.reference, "Property": str(row.fields["property_ref"])}
        case _:
            return {"Our reference": row.reference}


async def _addresses(
    session: AsyncSession, row: SecureMessage, contact: CorrectionsContact | None, recipient: RecipientKind
) -> tuple[str, ...]:
    """The contact's address as it is now; for the missing report the other advisor it is for, or all (P1.S1.N7)."""
    if recipient is not RecipientKind.STAFF:
        return (contact.secure_address,) if contact and contact.secure_address else ()
    if _kind(row) is MailKind.OFFER_ACCEPTED:
        return await _staff(session, Role.HOUSING_SUPPORT_MANAGER, row.fields["region"])
    found = await session.scalars(
        select(StaffMember.mail_address)
        .where(
            StaffMember.role == Role.ADVISOR_WELLBEING_SUPPORT.value,
            StaffMember.active,
            StaffMember.subject != row.fields.get("not_to", ""),
            *([StaffMember.subject == row.fields["to"]] if row.fields.get("to") else []),
        )
        .distinct()
        .order_by(StaffMember.mail_address)
    )
    return tuple(found)


async def _copies(session: AsyncSession, row: SecureMessage, kind: MailKind) -> tuple[str, ...]:
    """The manager of the region is copied in on an accepted offer (P4.S3.a1)."""
    if kind is not MailKind.OFFER_ACCEPTED:
        return ()
    return await _staff(session, Role.MANAGER_HOUSING_WELLBEING_SUPPORT, row.fields["region"])


async def _staff(session: AsyncSession, role: Role, region: str) -> tuple[str, ...]:
    found = await session.scalars(
        select(StaffMember.mail_address)
        .where(StaffMember.role == role.value, StaffMember.active, StaffMember.region == region)
        .distinct()
        .order_by(StaffMember.mail_address)
    )
    return tuple(found)


async def _edition(session: AsyncSession, row: SecureMessage) -> str:
    """The edition under which the case of a message began."""
    return (await session.get_one(CaseRecord, row.case_id)).edition


async def _void_address(session: AsyncSession, row: SecureMessage) -> str | None:
    """Step 3.2: form and disclosure are about the void property, not about where the person lives (AMB-P3-1)."""
    if not row.fields.get("property_ref") or row.kind == MailKind.OFFER_ACCEPTED.value:
        return None
    home = await session.get(VoidProperty, row.fields["property_ref"])
    return home.address if home else None


def _as_contact(held: CorrectionsContact | None) -> Contact | None:
    if held is None:
        return None
    return Contact(
        contact_id=held.contact_id,
        version=held.version,
        kind=ContactKind(held.kind),
        secure_address=held.secure_address,
        valid_from=held.valid_from,
        valid_to=held.valid_to,
    )


async def _role_of(session: AsyncSession, row: SecureMessage) -> Role | None:
    """In which role the person acted who confirmed the recipient; None when nobody known did."""
    if row.recipient_confirmed_by is None:
        return None
    role = await session.scalar(
        select(AuditEvent.actor_role)
        .where(AuditEvent.actor == row.recipient_confirmed_by, AuditEvent.at <= row.created_at)
        .order_by(AuditEvent.at.desc(), AuditEvent.event_id.desc())
        .limit(1)
    )
    return Role(role) if role in set(Role) else None


async def _confirmation(
    session: AsyncSession, row: SecureMessage, role: Role | None
) -> RecipientConfirmation | None:
    """A person's word for this message, or the one given with an earlier message of the case that this row repeats."""
    by, at = row.recipient_confirmed_by, row.recipient_confirmed_at
    if by is None or at is None or role is None or row.contact_id is None or row.contact_version is None:
        return None
    first = await session.scalar(
        select(SecureMessage)
        .where(
            SecureMessage.case_id == row.case_id,
            SecureMessage.contact_id == row.contact_id,
            SecureMessage.contact_version == row.contact_version,
            SecureMessage.recipient_confirmed_by == by,
            SecureMessage.recipient_confirmed_at == at,
        )
        .order_by(SecureMessage.created_at, SecureMessage.mail_id)
        .limit(1)
    )
    given_for = first or row
    return RecipientConfirmation(
        confirmed_by=by,
        role=role,
        confirmed_at=at,
        contact_id=row.contact_id,
        contact_version=row.contact_version,
        mail_id=given_for.mail_id,
        forms=SHAPES[_kind(given_for)].forms,
    )


async def _privacy_checked(session: AsyncSession, given: Mapping[str, Any]) -> bool:
    """`privacy_check` names the manager's answered task; only an approval there counts (PRV-14)."""
    task = await session.get(Task, given["privacy_check"]) if given.get("privacy_check") else None
    return bool(
        task
        and task.state == "done"
        and task.role == Role.MANAGER_HOUSING_WELLBEING_SUPPORT.value
        and (task.answer or {}).get("approved") is True
    )
