"""The report and return mailboxes over real IMAPS: read, never changed, never over an unverified channel."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from adapters.mailbox import ImapMailbox
from adapters.message_parts import parse_message
from adapters.ports import Permanent, Transient
from adapters.tls import verified_context
from tests.mail_fixtures import (
    GATEWAY_TIME,
    PDF,
    WRONG_CERTIFICATES,
    ByteLog,
    MailLab,
    byte_log,
    mail_lab,
    wrong_context,
)
from workers.embedded.mail_gateway import delivery_report
from workers.embedded.mail_store import Account

NOON = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[MailLab]:
    async with mail_lab(tmp_path) as running:
        yield running


@pytest.fixture
async def careless_lab(tmp_path: Path) -> AsyncIterator[MailLab]:
    """A server that lets clients change what they read."""
    async with mail_lab(tmp_path, writable=True) as running:
        yield running


def report(message_id: str = "<report-1@corrections.example>") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Notifications <Reports@Corrections.Example>"
    message["To"] = "HS National Office CSO notification <report@placement.test>"
    message["Subject"] = "Weekly report – Pōneke"
    message["Message-ID"] = message_id
    message.set_content("Tēnā koutou\nKāinga Ora\n")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="Rīpoata.pdf")
    return message


def converse(lab: MailLab, account: Account, *commands: str) -> list[str]:
    """A client that is not ours and obeys nobody: log in, say each command, give all the server said to each."""
    context = verified_context(lab.authority.ca_file)
    with (
        socket.create_connection(("localhost", lab.mailboxes.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as channel,
        channel.makefile("rwb") as file,
    ):
        file.readline()
        said: list[str] = []
        for tag, command in enumerate((f"LOGIN {account} {lab.passwords[account]}", *commands)):
            file.write(f"t{tag} {command}\r\n".encode())
            file.flush()
            lines: list[str] = []
            while not (lines and lines[-1].startswith(f"t{tag} ")):
                lines.append(file.readline().decode())
            said.append("".join(lines))
        return said[1:]


def state(lab: MailLab, account: Account) -> list[str]:
    """Counts and every flag, seen by a client that changes nothing."""
    counts, _, flags = converse(
        lab,
        account,
        "STATUS INBOX (MESSAGES RECENT UNSEEN UIDNEXT UIDVALIDITY)",
        "EXAMINE INBOX",
        "FETCH 1:* (UID FLAGS)",
    )
    return [counts, flags]


async def test_1_1_report_is_read_whole(lab: MailLab) -> None:
    lab.store.deliver(Account.REPORT, report().as_bytes(), received_at=NOON)
    [message] = await lab.mailbox(Account.REPORT).messages()
    assert (message.uid, message.received_at) == (1, NOON)
    assert message.message_id == "<report-1@corrections.example>"
    assert message.sender == "Reports@corrections.example"
    assert message.subject == "Weekly report – Pōneke"
    assert message.text == "Tēnā koutou\nKāinga Ora\n"
    [attachment] = message.attachments
    assert (attachment.file_name, attachment.media_type) == ("Rīpoata.pdf", "application/pdf")
    assert attachment.content == PDF
    assert not message.auto_submitted
    assert not message.delivery_report
    assert message.in_reply_to is None


async def test_1_1_only_newer_messages_are_read(lab: MailLab) -> None:
    mailbox = lab.mailbox(Account.REPORT)
    assert await mailbox.messages() == []
    assert await mailbox.count() == 0
    for number in range(3):
        lab.store.deliver(Account.REPORT, report(f"<r{number}@corrections.example>").as_bytes())
    assert [message.uid for message in await mailbox.messages(after_uid=1)] == [2, 3]
    assert await mailbox.messages(after_uid=3) == []
    assert await mailbox.count() == 3


@pytest.mark.req("P1.S1.N5", "PRV-3")
async def test_1_1_reading_changes_nothing_even_where_it_could(careless_lab: MailLab) -> None:
    lab = careless_lab
    for number in range(2):
        lab.store.deliver(Account.REPORT, report(f"<r{number}@corrections.example>").as_bytes())
    before = await asyncio.to_thread(state, lab, Account.REPORT)
    mailbox = lab.mailbox(Account.REPORT)
    assert len(await mailbox.messages()) == 2
    assert len(await mailbox.headers_with_id("<r1@corrections.example>")) == 1
    assert await mailbox.count() == 2
    assert await asyncio.to_thread(state, lab, Account.REPORT) == before
    assert "UNSEEN 2" in before[0]


CHANGES = (
    r"STORE 1 +FLAGS (\Seen \Deleted)",
    r"UID STORE 1 +FLAGS (\Deleted)",
    "EXPUNGE",
    "UID EXPUNGE 1",
    "CREATE Trash",
    "MOVE 1 INBOX",
    "UID MOVE 1 INBOX",
    "COPY 1 INBOX",
    "RENAME INBOX Old",
    "DELETE INBOX",
    "APPEND INBOX {8+}\r\nA: b\r\n\r\n",
)


@pytest.mark.req("P1.S1.N5", "PRV-3")
@pytest.mark.parametrize("opening", ["EXAMINE", "SELECT"])
async def test_1_1_delete_is_refused_to_the_account(lab: MailLab, opening: str) -> None:
    lab.store.deliver(Account.REPORT, report().as_bytes())
    before = await asyncio.to_thread(state, lab, Account.REPORT)
    for change in CHANGES:
        _, answer, _ = await asyncio.to_thread(
            converse, lab, Account.REPORT, f"{opening} INBOX", change, "FETCH 1 (BODY[])"
        )
        assert answer.splitlines()[-1].split()[1] in ("NO", "BAD"), answer
        assert await asyncio.to_thread(state, lab, Account.REPORT) == before, change
    await asyncio.to_thread(converse, lab, Account.REPORT, f"{opening} INBOX", "CLOSE")
    assert await asyncio.to_thread(state, lab, Account.REPORT) == before
    assert await lab.mailbox(Account.REPORT).count() == 1


async def test_1_1_examine_refuses_store_where_select_allows_it(careless_lab: MailLab) -> None:
    lab = careless_lab
    lab.store.deliver(Account.REPORT, report().as_bytes())
    store = r"STORE 1 +FLAGS (\Seen)"
    _, examined = await asyncio.to_thread(converse, lab, Account.REPORT, "EXAMINE INBOX", store)
    assert " NO " in examined
    assert "UNSEEN 1" in (await asyncio.to_thread(state, lab, Account.REPORT))[0]
    _, selected = await asyncio.to_thread(converse, lab, Account.REPORT, "SELECT INBOX", store)
    assert " OK " in selected
    assert "UNSEEN 0" in (await asyncio.to_thread(state, lab, Account.REPORT))[0]


async def test_mail_and_uids_are_kept_over_a_restart(tmp_path: Path) -> None:
    async with mail_lab(tmp_path) as first:
        first.store.deliver(Account.RETURNS, report().as_bytes(), received_at=NOON)
        read = await first.mailbox(Account.RETURNS).messages()
        identity = (
            first.passwords,
            first.authority.ca_file.read_bytes(),
            first.authority.server_file.read_bytes(),
        )
    async with mail_lab(tmp_path) as second:
        assert await second.mailbox(Account.RETURNS).messages() == read
        second.store.deliver(Account.RETURNS, report("<r2@corrections.example>").as_bytes())
        assert [message.uid for message in await second.mailbox(Account.RETURNS).messages()] == [1, 2]
        assert identity == (
            second.passwords,
            second.authority.ca_file.read_bytes(),
            second.authority.server_file.read_bytes(),
        )


@pytest.mark.req("A-A2")
async def test_a_stored_message_is_unreadable_without_its_key(lab: MailLab, tmp_path: Path) -> None:
    lab.store.deliver(Account.REPORT, report().as_bytes())
    files = [path for path in (tmp_path / "mail").rglob("*") if path.is_file()]
    assert len(files) == 1
    assert all(word not in files[0].read_bytes() for word in (b"Subject", b"corrections", b"%PDF", b"JVBERi"))
    for secret in (tmp_path / "keys").iterdir():
        if secret.name not in ("mail-ca.pem", "mail-ca.lock"):
            assert secret.stat().st_mode & 0o777 == 0o600, secret.name
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


async def test_bounce_names_the_letter_it_speaks_of(lab: MailLab) -> None:
    original = report("<letter-9@placement.test>")
    lab.store.deliver(
        Account.RETURNS, delivery_report(original, ["desk@corrections.example"], at=GATEWAY_TIME)
    )
    [bounce] = await lab.mailbox(Account.RETURNS).messages()
    assert bounce.delivery_report
    assert bounce.auto_submitted
    assert bounce.in_reply_to == "<letter-9@placement.test>"


def _parsed(text: str) -> tuple[bool, bool]:
    message = parse_message(1, NOON, text.replace("\n", "\r\n").encode())
    return message.auto_submitted, message.delivery_report


REPORT_OF = (
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\nContent-Type: text/plain\n\nx\n'
    "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; a.test\n\nAction: {}\nStatus: 4.0.0\n\n--b--\n"
)


@pytest.mark.parametrize(
    ("text", "auto_submitted", "failed"),
    [
        ("From: a@b.test\nAuto-Submitted: no\n\nHello", False, False),
        ("From: a@b.test\n\nHello", False, False),
        ("From: a@b.test\nAuto-Submitted: auto-replied (vacation)\n\nAway", True, False),
        ("From: a@b.test\nReturn-Path: <>\n\nAway", True, False),
        ("From: MAILER-DAEMON@b.test\nReturn-Path: <>\n\nundeliverable", True, True),
        (REPORT_OF.format("failed"), True, True),
        (REPORT_OF.format("delayed"), True, False),
        (REPORT_OF.format("delivered"), True, False),
    ],
)
def test_machine_answers_are_told_apart(text: str, auto_submitted: bool, failed: bool) -> None:
    assert _parsed(text) == (auto_submitted, failed)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe\x00 no header at all",
        b"From: =?utf-8?q?\xff?=\r\nSubject: =?nonsense?x?y?=\r\nMessage-ID: <<>>\r\n\r\nx",
        b"From: @\r\nContent-Type: ;;=\r\nContent-Transfer-Encoding: base64\r\n\r\n\xff\xff=",
        b"Content-Type: text/plain; charset=no-such\r\n\r\nT\xc4\x93n\xc4\x81",
        b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n',
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nx",
        b"From: a <\r\nTo: [\r\nAuto-Submitted: \r\n\r\n",
        b"Content-Disposition: attachment; filename*=utf-8''%ff%fe; filename*0*=x\r\n\r\nx",
    ],
)
def test_malformed_message_is_still_a_message(raw: bytes) -> None:
    assert parse_message(7, NOON, raw).uid == 7


def witness(lab: MailLab, log: ByteLog) -> ImapMailbox:
    return ImapMailbox(replace(lab.mailbox_address(Account.REPORT), port=log.port))


def assert_nothing_told(lab: MailLab, log: ByteLog) -> None:
    assert log.connections == 1
    assert b"LOGIN" not in log.received.upper()
    assert b"AUTHENTICATE" not in log.received.upper()
    assert log.secrets_seen(Account.REPORT, lab.passwords[Account.REPORT]) == []


@pytest.mark.req("A-A2")
async def test_plaintext_server_gets_no_login(lab: MailLab) -> None:
    async with byte_log(b"* OK IMAP4rev1 ready\r\n") as log:
        with pytest.raises(Permanent, match="did not prove"):
            await witness(lab, log).messages()
    assert_nothing_told(lab, log)


@pytest.mark.req("A-A2")
@pytest.mark.parametrize("kind", WRONG_CERTIFICATES)
async def test_server_with_a_wrong_certificate_gets_no_login(lab: MailLab, tmp_path: Path, kind: str) -> None:
    context = wrong_context(tmp_path, lab.authority, kind)
    async with byte_log(b"* OK IMAP4rev1 ready\r\n", context=context) as log:
        with pytest.raises(Permanent, match="did not prove"):
            await witness(lab, log).count()
    assert log.received == b""


async def test_missing_authority_file_is_permanent(lab: MailLab, tmp_path: Path) -> None:
    mailbox = ImapMailbox(replace(lab.mailbox_address(Account.REPORT), ca_file=tmp_path / "none.pem"))
    with pytest.raises(Permanent, match=r"none\.pem"):
        await mailbox.count()


async def test_wrong_password_is_permanent_and_not_told(lab: MailLab) -> None:
    mailbox = ImapMailbox(replace(lab.mailbox_address(Account.REPORT), password="guessed-word"))
    with pytest.raises(Permanent, match="refused the login") as refusal:
        await mailbox.messages()
    assert "guessed-word" not in str(refusal.value)


async def test_closed_port_and_broken_line_are_transient(lab: MailLab, tmp_path: Path) -> None:
    pem = tmp_path / "server.pem"
    pem.write_bytes(lab.authority.server_file.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    async with byte_log(b"* BYE down for maintenance\r\n", context=context) as log:
        with pytest.raises(Transient):
            await witness(lab, log).messages()
    with pytest.raises(Transient, match="cannot be reached"):
        await witness(lab, log).messages()


async def test_search_by_message_id_takes_the_very_same_id_only(lab: MailLab) -> None:
    for message_id in ("<a-1@placement.test>", "<a-11@placement.test>", "<xa-1@placement.test>"):
        lab.store.deliver(Account.JOURNAL, report(message_id).as_bytes())
    found = await lab.mailbox(Account.JOURNAL).headers_with_id("<a-1@placement.test>")
    assert [b"<a-1@placement.test>" in headers for headers in found] == [True]
    with pytest.raises(Permanent, match="Message-ID"):
        await lab.mailbox(Account.JOURNAL).headers_with_id('<a"\r\nA1 LOGOUT@placement.test>')
