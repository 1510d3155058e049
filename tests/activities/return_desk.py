"""Corrections answering: returned forms, replies and machines' mail in the real mailbox, and what each case is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from io import BytesIO
from itertools import count
from typing import Any

import pikepdf
from sqlalchemy import select
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowExecutionStatus

from activities.received import Senders
from activities.returns import Returns
from activities.running_cases import RunningCases
from models.tables.case import CaseRecord
from models.tables.mail import ReceivedMail
from tests.activities.mail_office import DESK, DOMAINS, NOW, MailOffice
from tests.mail_fixtures import GATEWAY_TIME
from tests.workflows.people import LEE, Person
from workers.embedded.mail_store import Account

SENDERS = Senders(agencies=DOMAINS, our_domain="placement.test")
_numbers = count(1)


@dataclass
class ReturnDesk:
    """An office, the return mailbox, and running cases that only listen."""

    office: MailOffice
    client: Client

    @property
    def cases(self) -> RunningCases:
        """The client side of cases."""
        return RunningCases(self.client)

    @property
    def returns(self) -> Returns:
        """What reads the return mailbox."""
        mailbox = self.office.lab.mailbox(Account.RETURNS)
        return Returns(self.office.databases.worker, mailbox, self.office.store, self.cases, SENDERS)

    async def exchange(self, person: Person = LEE, *, running: bool = True) -> str:
        """A running case whose T-441 the gateway took; answers its mail id."""
        case_id = await self.office.case(person)
        if running:
            await self.start(case_id)
        mail_id = await self.office.prepare(case_id)
        assert (await self.office.deliver(mail_id)).state == "accepted"
        return mail_id

    async def start(self, case_id: str) -> None:
        """A run that hears and does nothing."""
        await self.client.start_workflow("identify", case_id, id=case_id, task_queue="nobody works here")

    def post(self, message: EmailMessage) -> None:
        """Put a message into the return mailbox."""
        self.office.lab.store.deliver(Account.RETURNS, message.as_bytes(), received_at=GATEWAY_TIME)

    async def taken(self) -> list[ReceivedMail]:
        """Read the mailbox, then everything on record, oldest first."""
        await self.returns.take_new(NOW)
        return await self.record()

    async def record(self) -> list[ReceivedMail]:
        """Everything received that is on record, oldest first."""
        async with self.office.databases.worker.transaction() as session:
            return list(await session.scalars(select(ReceivedMail).order_by(ReceivedMail.uid)))

    async def heard(self, case_id: str) -> list[dict[str, Any]]:
        """What a case was told, in order."""
        events = self.client.get_workflow_handle(case_id).fetch_history_events()
        told: list[dict[str, Any]] = []
        async for event in events:
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
                payloads = event.workflow_execution_signaled_event_attributes.input.payloads
                told += await self.client.data_converter.decode(payloads, [dict[str, Any]])
        return told

    async def queued(self, received_id: str) -> CaseRecord:
        """The case in which a person sorts this mail; its run has begun."""
        case_id = f"M-{received_id}"
        described = await self.client.get_workflow_handle(case_id).describe()
        assert described.status is WorkflowExecutionStatus.RUNNING
        assert described.workflow_type == "sort_mail"
        async with self.office.databases.worker.transaction() as session:
            return await session.get_one(CaseRecord, case_id)

    def form(self, mail_id: str, filled: Mapping[str, str] | None = None) -> bytes:
        """The T-441 of a mail as Corrections received it, filled in on screen."""
        (attached,) = self.office.journal(mail_id)[0].iter_attachments()
        with pikepdf.open(BytesIO(attached.get_content())) as pdf:
            for box in pdf.Root.AcroForm.Fields:
                if str(box.T) in (filled or {}):
                    box.V = pikepdf.String((filled or {})[str(box.T)])
            output = BytesIO()
            pdf.save(output)
            return output.getvalue()


def answer(subject: str, *pdfs: bytes, sender: str = DESK, **headers: str) -> EmailMessage:
    """A mail to us with these attachments; headers with _ for -."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "wellbeing@placement.test"
    message["Subject"] = subject
    message["Message-ID"] = f"<answer-{next(_numbers)}@corrections.example>"
    message["Date"] = format_datetime(GATEWAY_TIME)
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Kia ora, please see attached.")
    for number, pdf in enumerate(pdfs):
        message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"scan-{number}.pdf")
    return message


def scan() -> bytes:
    """A page without text, as a scanner makes it."""
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    output = BytesIO()
    pdf.save(output)
    return output.getvalue()


def programmed() -> bytes:
    """A PDF that runs something when it is opened."""
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page(page_size=(595, 842))
    pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
    output = BytesIO()
    pdf.save(output)
    return output.getvalue()
