"""What a recipient would learn from a message, before anybody confirms it; nothing is written but that it was looked at."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from activities.audit import record_access
from activities.composing import Letter, MailHouse, compose, forms_of
from activities.send_guard import WantedMail, proposed_row
from adapters.forms_pdf import render
from adapters.ports import Permanent
from models.database import Database
from models.tables.mail import SecureMessage
from procedures.editions import edition
from procedures.forms import FormFields
from procedures.mail_guard import Refusal, refusals_of
from procedures.refusals import Refused
from procedures.tasks import By
from procedures.terms import Form


@dataclass(frozen=True)
class Preview:
    """One message as it would leave now; held in memory alone."""

    to: tuple[str, ...]
    subject: str
    text: str
    forms: tuple[Form, ...]
    problem: str | None
    """Why a form cannot be filled, and what to correct; None when all can."""
    refusals: tuple[Refusal, ...]
    """What the guard would refuse once this person has confirmed the recipient."""


async def preview_mail(
    database: Database, house: MailHouse, wanted: WantedMail, *, by: By, at: datetime
) -> Preview:
    """The message as it would leave at `at` (UTC). Audited. Raises Permanent for a kind nobody knows."""
    row, letter = await _composed(database, house, wanted, by=by, at=at)
    try:
        _filled(row, letter, house)
        problem = None
    except Refused as refused:
        problem = refused.reason
    proposed = letter.proposed
    return Preview(
        to=proposed.addresses,
        subject=proposed.subject,
        text=proposed.text,
        forms=proposed.forms,
        problem=problem,
        refusals=refusals_of(proposed),
    )


async def preview_form(
    database: Database, house: MailHouse, wanted: WantedMail, form: Form | None, *, by: By, at: datetime
) -> bytes:
    """One form of the message as a PDF, the first when none is named. Audited.

    Raises Refused (A-B1) when the message carries no such form or it cannot be filled; the reason says what to correct.
    """
    row, letter = await _composed(database, house, wanted, by=by, at=at)
    fields = [one for one in _filled(row, letter, house) if form in (None, one.form)]
    if not fields:
        raise Refused("A-B1", "this message carries no such form")
    try:
        return await asyncio.to_thread(render, fields[0], at, edition(letter.edition))
    except Permanent as error:
        raise Refused("A-B1", str(error)) from None


async def _composed(
    database: Database, house: MailHouse, wanted: WantedMail, *, by: By, at: datetime
) -> tuple[SecureMessage, Letter]:
    row = proposed_row(wanted, by=by, at=at)
    await record_access(
        database,
        by=by,
        at=at,
        what="mail preview",
        subject=row.reference,
        case_id=wanted.case_id,
        why=wanted.kind.value,
    )
    async with database.transaction() as session:
        return row, await compose(session, row, at, house)


def _filled(row: SecureMessage, letter: Letter, house: MailHouse) -> tuple[FormFields, ...]:
    forms = letter.proposed.forms
    if Form.L_17_030 in forms and not row.fields:
        raise Refused("P1.S6.b5", "no form is out with Corrections, so no letter 17-030 follows it")
    if forms and letter.person is None and Form.L_17_030 not in forms:
        raise Refused("P1.N5", "this case knows no person on the register to write about")
    try:
        return forms_of(row, letter, house)
    except Permanent as error:
        raise Refused("A-B1", str(error)) from None
