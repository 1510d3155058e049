"""The embedded mail system's storage: received messages, encrypted at rest, never changed or removed."""

import json
import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from workers.embedded.authority import write_private

GATEWAY_USER = "placement"
_NONCE = 12


class Account(StrEnum):
    """The three mailboxes. Values are their login names."""

    REPORT = "report"
    """HS National Office CSO notification: the weekly report arrives here (P1.S1.1)."""
    RETURNS = "returns"
    """What comes back from Corrections: forms, replies, bounces."""
    JOURNAL = "journal"
    """A copy of everything the gateway accepted."""


@dataclass(frozen=True)
class StoredMessage:
    """One message as the mail system took it."""

    uid: int
    received_at: datetime
    """UTC."""
    content: bytes


def system_clock() -> datetime:
    """The mail system's own clock, UTC: it stands for servers outside the house, which have clocks of their own."""
    return datetime.now(UTC)  # noqa: TID251


def mail_passwords(keys: Path) -> dict[str, str]:
    """Passwords of the accounts and of the gateway's user, made once, kept in a 0600 file under `keys` (0700)."""
    path = keys / "mail-passwords.json"
    if path.exists():
        return {str(user): str(password) for user, password in json.loads(path.read_text()).items()}
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    passwords = {user: secrets.token_urlsafe(24) for user in (*Account, GATEWAY_USER)}
    write_private(path, json.dumps(passwords).encode())
    return passwords


class MailStore:
    """Messages of the three accounts under one folder; safe for several processes at once."""

    def __init__(self, folder: Path, keys: Path, *, clock: Callable[[], datetime] = system_clock) -> None:
        """Messages go under `folder`; their key is made once under `keys`; `clock` gives UTC."""
        self._folder = folder
        self._clock = clock
        self._cipher = AESGCM(_key(keys))
        for account in Account:
            (folder / account).mkdir(mode=0o700, parents=True, exist_ok=True)

    def deliver(self, account: Account, content: bytes, *, received_at: datetime | None = None) -> int:
        """Take a message for good: it is on disk when this returns. Gives its UID (1, 2, 3, ...)."""
        received = (received_at or self._clock()).astimezone(UTC).isoformat().encode()
        uid = self.count(account) + 1
        while not self._write(account, uid, received + b"\n" + content):
            uid += 1
        return uid

    def messages(self, account: Account, *, after_uid: int = 0) -> list[StoredMessage]:
        """Messages with a UID above `after_uid`, oldest first."""
        return [self.message(account, uid) for uid in range(after_uid + 1, self.count(account) + 1)]

    def message(self, account: Account, uid: int) -> StoredMessage:
        """One message. Raises FileNotFoundError for an unknown UID."""
        sealed = self._path(account, uid).read_bytes()
        plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], f"{account}/{uid}".encode())
        received, _, content = plain.partition(b"\n")
        return StoredMessage(uid, datetime.fromisoformat(received.decode()), content)

    def count(self, account: Account) -> int:
        """How many messages the account holds; it never falls."""
        return len(list((self._folder / account).glob("*.sealed")))

    def _path(self, account: Account, uid: int) -> Path:
        return self._folder / account / f"{uid:08}.sealed"

    def _write(self, account: Account, uid: int, plain: bytes) -> bool:
        """False when another process took this UID first."""
        nonce = secrets.token_bytes(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, plain, f"{account}/{uid}".encode())
        folder = self._folder / account
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
            try:
                os.link(file.name, self._path(account, uid))
            except FileExistsError:
                return False
        _sync_folder(folder)
        return True


def _key(keys: Path) -> bytes:
    path = keys / "mail-store.key"
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, AESGCM.generate_key(bit_length=256))
    return path.read_bytes()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
