"""Documents as encrypted files: opaque names, content bound to its reference, written whole or not at all."""

import asyncio
import contextlib
import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from adapters.ports import Permanent, Transient

_FORMAT = b"PLD1"
_NONCE = 12
_REFERENCE = re.compile(r"[0-9a-f]{40}")


class EncryptedFiles:
    """A DocumentStore in one folder: AES-256-GCM per file, the reference as associated data (PRV-17).

    A file moved to another reference, cut short or changed in one bit is refused when it is read.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        """`key` has 32 bytes. Raises ValueError for any other length."""
        if len(key) != 32:
            raise ValueError("the document key must have 32 bytes: create it anew")
        self._folder = folder
        self._cipher = AESGCM(key)

    async def put(self, content: bytes) -> str:
        """Store content under a new random reference. Raises Transient when it cannot be written."""
        return await asyncio.to_thread(self._put, content)

    async def get(self, reference: str) -> bytes:
        """Read content back. Raises Permanent (unknown, altered) or Transient (the folder cannot be read now)."""
        return await asyncio.to_thread(self._get, reference)

    def _path(self, reference: str) -> Path:
        return self._folder / reference[:2] / reference[2:4] / reference

    def _put(self, content: bytes) -> str:
        reference = secrets.token_hex(20)
        nonce = secrets.token_bytes(_NONCE)
        sealed = _FORMAT + nonce + self._cipher.encrypt(nonce, content, reference.encode())
        try:
            _write_whole(self._folder, self._path(reference), sealed)
        except OSError as error:
            # The original message quotes a path: only the kind of trouble is passed on.
            raise Transient(f"the document could not be stored: {os.strerror(error.errno or 0)}") from None
        return reference

    def _get(self, reference: str) -> bytes:
        if not _REFERENCE.fullmatch(reference):
            raise Permanent("this is not a reference of the document store")
        try:
            sealed = self._path(reference).read_bytes()
        except FileNotFoundError:
            raise Permanent("the document store has no such document") from None
        except OSError as error:
            raise Transient(f"the document could not be read: {os.strerror(error.errno or 0)}") from None
        start = len(_FORMAT) + _NONCE
        if not sealed.startswith(_FORMAT) or len(sealed) < start:
            raise Permanent("the stored document is damaged: restore it from the backup")
        try:
            return self._cipher.decrypt(sealed[len(_FORMAT) : start], sealed[start:], reference.encode())
        except InvalidTag:
            raise Permanent(
                "the stored document was altered, or its key is another one: restore it"
            ) from None


def _write_whole(root: Path, path: Path, content: bytes) -> None:
    """After a crash the file is there with all its content or is not there under its name."""
    _make_folders(root, path.parent)
    part = path.with_suffix(".part")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with open(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(part, path)
        _sync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def _make_folders(root: Path, folder: Path) -> None:
    for made in (root, folder.parent, folder):
        if not made.is_dir():
            made.mkdir(mode=0o700, parents=made == root, exist_ok=True)
            _sync_folder(made.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
