"""The embedded mail system: gateway, store, authority and the page on which a person plays Corrections."""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from adapters.ports import Attachment
from adapters.tls import verified_context
from tests.mail_fixtures import GATEWAY_TIME, PDF, MailLab, letter, mail_lab
from workers.embedded.authority import ensure_authority
from workers.embedded.mail_gateway import Fault
from workers.embedded.mail_page import COMPLETED, MailPage
from workers.embedded.mail_store import Account, MailStore

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[MailLab]:
    async with mail_lab(tmp_path) as running:
        yield running


@pytest.fixture
async def page(lab: MailLab) -> AsyncIterator[httpx.AsyncClient]:
    server = MailPage(lab.store, 0, clock=lambda: GATEWAY_TIME)
    await server.start()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
        yield client
    await server.stop()


async def dialogue(lab: MailLab, *lines: str) -> list[str]:
    """Speak SMTP by hand; gives the last line of each answer."""
    reader, writer = await asyncio.open_connection(
        "localhost", lab.gateway.port, ssl=verified_context(lab.authority.ca_file)
    )
    answers = [(await reader.readline()).decode()]
    for line in lines:
        writer.write(f"{line}\r\n".encode())
        answer = (await reader.readline()).decode()
        while answer[3:4] == "-":
            answer = (await reader.readline()).decode()
        answers.append(answer)
    writer.close()
    await writer.wait_closed()
    return answers[1:]


async def test_gateway_takes_nothing_without_login(lab: MailLab) -> None:
    _, sender, recipient, data = await dialogue(
        lab, "EHLO x.test", "MAIL FROM:<a@b.test>", "RCPT TO:<desk@corrections.example>", "DATA"
    )
    assert sender.startswith("530")
    assert not recipient.startswith("2")
    assert not data.startswith("3")


async def test_gateway_speaks_no_plaintext(lab: MailLab) -> None:
    reader, writer = await asyncio.open_connection("localhost", lab.gateway.port)
    writer.write(b"EHLO x.test\r\n")
    answered = await reader.read()
    assert b"220" not in answered
    assert b"250" not in answered
    writer.close()


@pytest.mark.req("A-A6")
async def test_gateway_sends_back_what_has_no_marker(lab: MailLab) -> None:
    login = "AUTH PLAIN " + b64encode(f"\0placement\0{lab.passwords['placement']}".encode()).decode()
    answers = await dialogue(
        lab,
        "EHLO x.test",
        login,
        "MAIL FROM:<wellbeing@placement.test>",
        "RCPT TO:<desk@corrections.example>",
        "DATA",
        "Subject: no marker\r\n\r\n[SEEMAIL] in the body does not count\r\n.",
    )
    assert answers[-1].startswith("550")
    assert lab.store.count(Account.JOURNAL) == 0


async def test_same_message_twice_is_journalled_twice(lab: MailLab) -> None:
    mail = lab.secure_mail()
    await mail.send(letter())
    await mail.send(letter())
    assert [copy.message_id for copy in await lab.mailbox(Account.JOURNAL).messages()] == [
        letter().message_id
    ] * 2


async def test_bounce_comes_back_after_acceptance(lab: MailLab) -> None:
    lab.faults.add(Fault.BOUNCE)
    assert (await lab.secure_mail().send(letter())).accepted_at == GATEWAY_TIME
    [bounce] = await lab.mailbox(Account.RETURNS).messages()
    assert bounce.delivery_report
    assert bounce.in_reply_to == letter().message_id


async def test_deliveries_at_the_same_time_get_uids_of_their_own(tmp_path: Path) -> None:
    stores = [MailStore(tmp_path / "mail", tmp_path / "keys") for _ in range(4)]
    uids = await asyncio.gather(
        *(
            asyncio.to_thread(store.deliver, Account.RETURNS, b"A: b\r\n\r\n%d" % n)
            for n, store in enumerate(stores * 5)
        )
    )
    assert sorted(uids) == list(range(1, 21))
    assert len({message.content for message in stores[0].messages(Account.RETURNS)}) == 20


def test_authority_is_kept_and_only_the_server_certificate_renewed(tmp_path: Path) -> None:
    first = ensure_authority(tmp_path, now=START)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    ensure_authority(tmp_path, now=START + timedelta(days=300))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    ensure_authority(tmp_path, now=START + timedelta(days=380))
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert [name for name in before if before[name] != after[name]] == ["mail-server.pem"]
    certificate = x509.load_pem_x509_certificate(first.server_file.read_bytes())
    assert certificate.not_valid_after_utc > START + timedelta(days=700)


async def test_page_shows_what_went_out_escaped(lab: MailLab, page: httpx.AsyncClient) -> None:
    assert "Nothing has gone out yet" in (await page.get("/")).text
    await lab.secure_mail().send(
        letter(subject="[SEEMAIL] <b>Ref</b>", text="<script>alert(1)</script> Tēnā koe")
    )
    listed = await page.get("/")
    assert "[SEEMAIL] &lt;b&gt;Ref&lt;/b&gt;" in listed.text
    shown = (await page.get("/letters/1")).text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Tēnā koe" in shown
    assert "<script" not in shown
    assert "://" not in shown.replace(str(page.base_url), "")
    policy = listed.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert (await page.get("/style.css")).headers["content-type"].startswith("text/css")
    assert (await page.get("/letters/2")).status_code == 404


async def test_page_opens_a_pdf_and_only_saves_anything_else(lab: MailLab, page: httpx.AsyncClient) -> None:
    files = (*letter().attachments, Attachment("page.html", "text/html", b"<script>alert(1)</script>"))
    await lab.secure_mail().send(letter(attachments=files))
    pdf = await page.get("/letters/1/files/0")
    assert pdf.content == PDF
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.headers["content-disposition"].startswith("inline")
    other = await page.get("/letters/1/files/1")
    assert other.headers["content-type"] == "application/octet-stream"
    assert other.headers["content-disposition"].startswith("attachment")
    assert (await page.get("/letters/1/files/2")).status_code == 404


async def test_page_sends_corrections_answer_to_the_returns_mailbox(
    lab: MailLab, page: httpx.AsyncClient
) -> None:
    await lab.secure_mail().send(letter())
    answered = await page.post("/letters/1/answer", files={"form": ("t-441.pdf", PDF, "application/pdf")})
    assert answered.status_code == 303
    await page.post("/letters/1/answer", data={"text": "Kāore anō\r\nnot yet"})
    with_form, without = await lab.mailbox(Account.RETURNS).messages()
    assert with_form.in_reply_to == without.in_reply_to == letter().message_id
    assert with_form.sender == "desk@corrections.example"
    assert with_form.received_at == GATEWAY_TIME.replace(microsecond=0)
    assert with_form.text.strip() == COMPLETED
    assert [file.content for file in with_form.attachments] == [PDF]
    assert without.text.strip() == "Kāore anō\nnot yet"
    assert without.attachments == ()
    assert not with_form.auto_submitted


async def test_page_refuses_other_sites_and_files_that_are_no_pdf(
    lab: MailLab, page: httpx.AsyncClient
) -> None:
    await lab.secure_mail().send(letter())
    address = "/letters/1/answer"
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"origin": "http://elsewhere.example"},
        {"origin": "null"},
    ):
        assert (await page.post(address, data={"text": "x"}, headers=headers)).status_code == 403
    assert (await page.get("/", headers={"host": "elsewhere.example"})).status_code == 400
    assert (await page.post(address, files={"form": ("x.pdf", b"MZ", "application/pdf")})).status_code == 422
    assert lab.store.count(Account.RETURNS) == 0


async def test_servers_speak_tls_1_3_to_whoever_trusts_the_authority_only(lab: MailLab) -> None:
    for port in (lab.gateway.port, lab.mailboxes.port):
        _, writer = await asyncio.open_connection(
            "localhost", port, ssl=verified_context(lab.authority.ca_file)
        )
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        writer.close()
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("localhost", port, ssl=ssl.create_default_context())
