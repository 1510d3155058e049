"""Secure mail over real TLS: what leaves, what never leaves, and what the gateway's word is worth."""

import asyncio
import ssl
import warnings
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from adapters.ports import Attachment, GatewayAcceptance, OutgoingMail, Permanent, Transient
from adapters.secure_mail import GatewayMail
from tests.mail_fixtures import (
    GATEWAY_TIME,
    OUR_TIME,
    PDF,
    WRONG_CERTIFICATES,
    ByteLog,
    MailLab,
    byte_log,
    letter,
    mail_lab,
    wrong_context,
)
from workers.embedded.mail_gateway import ACCEPTED_AT_HEADER, QUEUE_ID_HEADER, Fault
from workers.embedded.mail_store import GATEWAY_USER, Account

GREETING = b"220 gateway ESMTP\r\n"
NO_STARTTLS = ((b"EHLO", b"250-gateway\r\n250 AUTH PLAIN LOGIN\r\n"), (b"QUIT", b"221 bye\r\n"))
WITH_STARTTLS = (b"EHLO", b"250-gateway\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n")


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[MailLab]:
    async with mail_lab(tmp_path) as running:
        yield running


@pytest.fixture
async def starttls_lab(tmp_path: Path) -> AsyncIterator[MailLab]:
    async with mail_lab(tmp_path, starttls=True) as running:
        yield running


async def assert_round_trip(lab: MailLab, mail: GatewayMail) -> None:
    acceptance = await mail.send(letter(cc=("copy@corrections.example",)))
    assert acceptance.accepted_at == GATEWAY_TIME
    [copy] = await lab.mailbox(Account.JOURNAL).messages()
    assert copy.message_id == "<letter-1@placement.test>"
    assert copy.subject == "[SEEMAIL] IN-CONFIDENCE - Ref 7F3K-22Q9"
    assert copy.sender == "wellbeing@placement.test"
    assert copy.text == letter().text + "\n"
    assert copy.attachments == (Attachment("T-441 Tēnā.pdf", "application/pdf", PDF),)
    raw = lab.store.message(Account.JOURNAL, 1).content
    headers = message_from_bytes(raw, policy=policy.default)
    assert headers[QUEUE_ID_HEADER] == acceptance.queue_id
    assert headers["X-Gateway-Recipients"] == "desk@corrections.example, copy@corrections.example"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Agency-Classification"] == "IN-CONFIDENCE"
    assert headers["Bcc"] is None
    assert headers["Received"] is None


@pytest.mark.req("A-A6")
async def test_1_6_letter_goes_out_whole_over_tls(lab: MailLab) -> None:
    await assert_round_trip(lab, lab.secure_mail())


async def test_1_6_letter_goes_out_whole_over_enforced_starttls(starttls_lab: MailLab) -> None:
    await assert_round_trip(starttls_lab, starttls_lab.secure_mail(starttls=True))


@pytest.mark.req("A-A6", "PRV-5")
async def test_1_6_letter_without_the_marker_never_leaves(lab: MailLab) -> None:
    for subject in ("IN-CONFIDENCE - Ref 7F3K-22Q9", "[seemail] Ref", "SEEMAIL Ref", ""):
        with pytest.raises(Permanent, match=r"\[SEEMAIL\]"):
            await lab.secure_mail().send(letter(subject=subject))
    assert lab.store.count(Account.JOURNAL) == 0


@pytest.mark.req("A-A1")
@pytest.mark.parametrize(
    "address",
    [
        "desk@elsewhere.example",
        "desk@sub.corrections.example",
        "desk@corrections.example.elsewhere.test",
        "desk@notcorrections.example",
    ],
)
async def test_1_6_recipient_outside_the_list_never_gets_it(lab: MailLab, address: str) -> None:
    addressed: list[dict[str, Any]] = [{"to": (address,)}, {"cc": (address,)}]
    for changes in addressed:
        with pytest.raises(Permanent, match="A-A1") as refusal:
            await lab.secure_mail().send(letter(**changes))
        assert address not in str(refusal.value)
    assert lab.store.count(Account.JOURNAL) == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ()},
        {"to": ("a%elsewhere.example@corrections.example",)},
        {"to": ("elsewhere!a@corrections.example",)},
        {"to": ('"a b"@corrections.example',)},
        {"to": ("tēnā@corrections.example",)},
        {"to": ("a@corrections.example, b@elsewhere.example",)},
        {"to": ("a@corrections.example\r\nBcc: b@elsewhere.example",)},
        {"to": ("a@b@corrections.example",)},
        {"sender": "placement"},
        {"message_id": "letter-1@placement.test"},
        {"message_id": "<a\r\nBcc: b@elsewhere.example>"},
        {"subject": "[SEEMAIL] Ref\r\nBcc: b@elsewhere.example"},
        {"classification": "IN-CONFIDENCE\r\nBcc: b@elsewhere.example"},
    ],
    ids=str,
)
async def test_1_6_unsafe_address_or_header_never_leaves(lab: MailLab, changes: dict[str, Any]) -> None:
    with pytest.raises(Permanent, match="before sending"):
        await lab.secure_mail().send(letter(**changes))
    assert lab.store.count(Account.JOURNAL) == 0


async def test_gateway_itself_refuses_what_our_guard_would_have_stopped(lab: MailLab) -> None:
    wide = lab.secure_mail(domains=frozenset({"elsewhere.example", "corrections.example"}))
    with pytest.raises(Permanent, match="550"):
        await wide.send(letter(to=("desk@corrections.example", "desk@elsewhere.example")))
    assert lab.store.count(Account.JOURNAL) == 0, "all recipients or none"


async def test_1_6_acceptance_is_the_gateways_word_not_our_clock(lab: MailLab) -> None:
    acceptance = await lab.secure_mail().send(letter())
    assert acceptance.accepted_at == GATEWAY_TIME != OUR_TIME
    assert await lab.secure_mail().find_accepted("<letter-1@placement.test>") == acceptance
    assert await lab.secure_mail().find_accepted("<letter-11@placement.test>") is None


@pytest.mark.parametrize(
    ("fault", "expected", "kept"),
    [
        (Fault.TRY_LATER, Transient, 0),
        (Fault.REFUSE, Permanent, 0),
        (Fault.CUT_BEFORE_ACCEPTING, Transient, 0),
        (Fault.CUT_BEFORE_ANSWERING, Transient, 1),
    ],
)
async def test_send_failure_is_sorted(
    lab: MailLab, fault: Fault, expected: type[Exception], kept: int
) -> None:
    lab.faults.add(fault)
    with pytest.raises(expected) as failure:
        await lab.secure_mail().send(letter())
    assert not any(word in str(failure.value) for word in ("7F3K", "desk", "wellbeing"))
    assert lab.store.count(Account.JOURNAL) == kept


@pytest.mark.req("AMB-X-8")
async def test_lost_answer_is_found_in_the_journal(lab: MailLab) -> None:
    mail = lab.secure_mail()
    lab.faults.add(Fault.CUT_BEFORE_ANSWERING)
    with pytest.raises(Transient):
        await mail.send(letter())
    found = await mail.find_accepted("<letter-1@placement.test>")
    assert found is not None
    assert found.accepted_at == GATEWAY_TIME
    lab.faults.add(Fault.CUT_BEFORE_ACCEPTING)
    with pytest.raises(Transient):
        await mail.send(letter("<letter-2@placement.test>"))
    assert await mail.find_accepted("<letter-2@placement.test>") is None


async def test_first_of_two_acceptances_counts(lab: MailLab) -> None:
    mail = lab.secure_mail()
    first = await mail.send(letter())
    second = await mail.send(letter())
    assert first.queue_id != second.queue_id
    assert await mail.find_accepted("<letter-1@placement.test>") == first


async def test_line_broken_after_the_answer_is_still_accepted(lab: MailLab) -> None:
    lab.faults.add(Fault.CUT_AFTER_ANSWERING)
    assert (await lab.secure_mail().send(letter())).accepted_at == GATEWAY_TIME


async def test_wrong_password_is_permanent_and_not_told(lab: MailLab) -> None:
    with pytest.raises(Permanent, match="535") as refusal:
        await lab.secure_mail(password="guessed-word").send(letter())
    assert "guessed-word" not in str(refusal.value)
    assert "guessed-word" not in repr(lab.gateway_address(password="guessed-word"))


async def test_gateway_away_is_transient(lab: MailLab) -> None:
    await lab.gateway.stop()
    with pytest.raises(Transient, match="cannot be reached"):
        await lab.secure_mail().send(letter())
    await lab.mailboxes.stop()
    with pytest.raises(Transient, match="cannot be reached"):
        await lab.secure_mail().find_accepted("<letter-1@placement.test>")


def assert_nothing_told(lab: MailLab, log: ByteLog, mail: OutgoingMail) -> None:
    """Not a word of login, envelope or letter reached the socket."""
    assert log.connections == 1
    password = lab.passwords[GATEWAY_USER]
    login = b64encode(f"\0{GATEWAY_USER}\0{password}".encode()).decode()
    told = log.secrets_seen(
        password, login, GATEWAY_USER, mail.subject, "SEEMAIL", mail.to[0], mail.sender, "T-441"
    )
    assert told == []
    assert not any(word in log.received.upper() for word in (b"AUTH", b"MAIL FROM", b"RCPT", b"DATA"))


@pytest.mark.req("A-A2", "PRV-5")
async def test_1_6_plaintext_gateway_gets_nothing(lab: MailLab) -> None:
    async with byte_log(GREETING, NO_STARTTLS) as log:
        with pytest.raises(Permanent, match="did not prove"):
            await lab.secure_mail(port=log.port).send(letter())
    assert_nothing_told(lab, log, letter())


@pytest.mark.req("A-A2", "PRV-5")
async def test_1_6_gateway_without_starttls_gets_only_a_greeting(lab: MailLab) -> None:
    async with byte_log(GREETING, NO_STARTTLS) as log:
        with pytest.raises(Permanent, match="does not offer"):
            await lab.secure_mail(port=log.port, starttls=True).send(letter())
    assert_nothing_told(lab, log, letter())
    assert set(bytes(log.received).split(b"\r\n")) <= {b"EHLO client.invalid", b"QUIT", b""}


@pytest.mark.req("A-A2")
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"454 TLS not available\r\n", Transient),
        (b"501 no\r\n", Permanent),
        (b"220 go\r\n250 injected\r\n", Permanent),
    ],
)
async def test_1_6_refused_or_forged_upgrade_gets_nothing(
    lab: MailLab, answer: bytes, expected: type[Exception]
) -> None:
    """The last one says yes and goes on in the clear."""
    answers = (WITH_STARTTLS, (b"STARTTLS", answer), (b"\x16", b"250 still in the clear\r\n"))
    async with byte_log(GREETING, answers) as log:
        with pytest.raises(expected):
            await lab.secure_mail(port=log.port, starttls=True).send(letter())
    assert_nothing_told(lab, log, letter())


@pytest.mark.req("A-A2", "PRV-5")
@pytest.mark.parametrize("kind", WRONG_CERTIFICATES)
async def test_1_6_gateway_with_a_wrong_certificate_gets_nothing(
    lab: MailLab, tmp_path: Path, kind: str
) -> None:
    context = wrong_context(tmp_path, lab.authority, kind)
    async with byte_log(GREETING, NO_STARTTLS, context=context) as log:
        with pytest.raises(Permanent, match="did not prove"):
            await lab.secure_mail(port=log.port).send(letter())
    assert log.received == b""


@pytest.mark.req("A-A2")
async def test_1_6_old_tls_gets_nothing(lab: MailLab) -> None:
    """Whether such a gateway says why it hangs up or only hangs up, nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(lab.authority.server_file)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with byte_log(GREETING, NO_STARTTLS, context=context) as log:
        with pytest.raises((Permanent, Transient)):
            await lab.secure_mail(port=log.port).send(letter())
    assert log.received == b""


class _SilentJournal:
    async def headers_with_id(self, message_id: str) -> list[bytes]:
        raise Transient("away")


class _KnowingJournal:
    async def headers_with_id(self, message_id: str) -> list[bytes]:
        return [f"{QUEUE_ID_HEADER}: J1\r\n{ACCEPTED_AT_HEADER}: {GATEWAY_TIME.isoformat()}\r\n\r\n".encode()]


@pytest.mark.parametrize(
    ("answer", "journal", "expected"),
    [
        ("250 2.0.0 Ok: queued as 4Xy7", _KnowingJournal(), GatewayAcceptance(GATEWAY_TIME, "J1")),
        ("250 2.0.0 Ok: queued as 4Xy7", _SilentJournal(), GatewayAcceptance(OUR_TIME, "4Xy7")),
        ("250 ok", _SilentJournal(), GatewayAcceptance(OUR_TIME, "not told")),
        (
            "250 ok; queue id Q9 at 2026-11-20T17:05:06.789+13:00",
            _SilentJournal(),
            GatewayAcceptance(GATEWAY_TIME, "Q9"),
        ),
    ],
)
async def test_acceptance_time_comes_from_gateway_then_journal_then_clock(
    lab: MailLab, answer: str, journal: _KnowingJournal, expected: GatewayAcceptance
) -> None:
    """Gateways word their answers differently; after a yes, a silent journal never makes a letter fail."""
    context = lab.authority.server_context()
    answers = (
        (b"EHLO", b"250-gateway\r\n250 AUTH PLAIN\r\n"),
        (b"AUTH", b"235 welcome\r\n"),
        (b"MAIL", b"250 ok\r\n"),
        (b"RCPT", b"250 ok\r\n"),
        (b"DATA", b"354 go on\r\n"),
        (b".\r\n", answer.encode() + b"\r\n"),
        (b"QUIT", b"221 bye\r\n"),
    )
    async with byte_log(GREETING, answers, context=context) as log:
        mail = GatewayMail(replace(lab.gateway_address(), port=log.port), journal, lambda: OUR_TIME)
        assert await mail.send(letter(text="plain", attachments=())) == expected


async def test_stopped_gateway_drops_open_connections(lab: MailLab) -> None:
    context = ssl.create_default_context(cafile=str(lab.authority.ca_file))
    reader, writer = await asyncio.open_connection("localhost", lab.gateway.port, ssl=context)
    assert (await reader.readline()).startswith(b"220 gateway.placement.test")
    await lab.gateway.stop()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()
