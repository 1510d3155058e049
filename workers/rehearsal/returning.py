"""Corrections at work: fills in the form it was sent, and replies by secure mail."""

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

import pikepdf
from pypdf import PdfWriter

from adapters.ports import Attachment, ReceivedMessage
from procedures.terms import Form
from workers.rehearsal.gateway import VirtualGateway

_WORDS = "Tēnā koe\n\nThe form is completed and attached.\n\nNgā mihi\nCorrections"
_PDF = "application/pdf"


def reply(gateway: VirtualGateway, form: Form, values: Mapping[str, Any], at: datetime) -> ReceivedMessage:
    """The answer to the newest message that carried this form. Raises LookupError when none has been sent."""
    for mail, _ in reversed(gateway.taken):
        blank = next((one for one in mail.attachments if one.file_name.startswith(form.value)), None)
        if blank is not None:
            break
    else:
        raise LookupError(form.value)
    number = gateway.returns.next_uid
    return ReceivedMessage(
        uid=number,
        message_id=f"<reply-{number}@corrections.test>",
        received_at=at,
        sender=mail.to[0],
        subject=f"Re: {mail.subject}",
        in_reply_to=mail.message_id,
        auto_submitted=False,
        delivery_report=False,
        text=_WORDS,
        attachments=(Attachment("completed.pdf", _PDF, filled_in(blank.content, values)),),
        references=(mail.message_id,),
    )


def filled_in(form: bytes, values: Mapping[str, Any]) -> bytes:
    """The form as it is saved after filling it in on screen."""
    with pikepdf.open(BytesIO(form)) as pdf:
        for box in pdf.Root.AcroForm.Fields:
            value = values.get(str(box.T))
            if value is not None:
                box.V = pikepdf.Name(f"/{value}") if box.get(pikepdf.Name.Kids) else pikepdf.String(value)
        output = BytesIO()
        pdf.save(output)
        return output.getvalue()


def scanned_paper() -> bytes:
    """A paper from the scanner: a page without text."""
    writer, output = PdfWriter(), BytesIO()
    writer.add_blank_page(width=595, height=842)
    writer.write(output)
    return output.getvalue()
