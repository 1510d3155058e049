"""The key ring, one derived key per purpose, and the cipher for content and for single encrypted columns."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from adapters.settings import Settings, SettingsError

KEY_BYTES = 32
NONCE_BYTES = 12


class CipherError(Exception):
    """Base of everything that makes a sealed content unreadable; never holds content or keys."""


class UnknownKey(CipherError):
    """The key id is not in the ring; the message names the id only."""


class Tampered(CipherError):
    """The content was altered, or belongs to another place than the one it was read from."""


class Purpose(StrEnum):
    """What a derived key is for; a key of one purpose opens nothing of another."""

    PAYLOADS = "payloads"
    DOCUMENTS = "documents"
    COLUMNS = "columns"


class Origin(StrEnum):
    """Who made the ring: the embedded stack by itself, or an operator."""

    EMBEDDED = "embedded"
    OPERATOR = "operator"


@dataclass(frozen=True)
class KeyRing:
    """Master keys by opaque id. `current` seals; all of them open."""

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    origin: Origin = Origin.OPERATOR

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise SettingsError(f"The key ring names {self.current!r} as current key but does not hold it")
        for key_id, key in self.keys.items():
            if len(key) != KEY_BYTES or len(set(key)) < 8:
                raise SettingsError(f"Key {key_id!r} must be {KEY_BYTES} random bytes")

    @classmethod
    def fresh(cls, origin: Origin = Origin.OPERATOR) -> "KeyRing":
        """A ring of one new random key."""
        key_id = secrets.token_hex(4)
        return cls(key_id, {key_id: secrets.token_bytes(KEY_BYTES)}, origin)

    def with_new_key(self) -> "KeyRing":
        """Rotation, first step: every process learns to read a new key before any process uses it."""
        return replace(self, keys={**self.keys, secrets.token_hex(4): secrets.token_bytes(KEY_BYTES)})

    def with_current(self, key_id: str) -> "KeyRing":
        """Rotation, second step: seal with `key_id` from now on. Raises SettingsError when the ring lacks it."""
        return replace(self, current=key_id)


class Cipher:
    """AES-256-GCM under the keys of one purpose, with a random 96-bit nonce for each content."""

    def __init__(self, ring: KeyRing, purpose: Purpose) -> None:
        self._current = ring.current
        self._ciphers = {key_id: AESGCM(_derive(key, purpose)) for key_id, key in ring.keys.items()}

    def seal(self, content: bytes, *bound: str) -> tuple[str, bytes]:
        """Encrypt; `bound` says where the content belongs and must be given again to open it. Returns (key id, sealed)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, content, _associated(bound, self._current))
        return self._current, nonce + sealed

    def open(self, key_id: str, sealed: bytes, *bound: str) -> bytes:
        """Decrypt. Raises UnknownKey, or Tampered when content, key id or `bound` differ from what was sealed."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise UnknownKey(f"No key {key_id!r} in the key ring")
        if len(sealed) < NONCE_BYTES:
            raise Tampered("Sealed content is cut short")
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _associated(bound, key_id))
        except InvalidTag:
            raise Tampered("Sealed content was altered or belongs elsewhere") from None

    def seal_packed(self, content: bytes, *bound: str) -> bytes:
        """As `seal`, with the key id in front, for places that keep nothing beside the content."""
        key_id, sealed = self.seal(content, *bound)
        name = key_id.encode()
        return bytes([len(name)]) + name + sealed

    def open_packed(self, packed: bytes, *bound: str) -> bytes:
        """Open what `seal_packed` made. Raises UnknownKey or Tampered."""
        length = packed[0] if packed else 0
        key_id = packed[1 : 1 + length].decode("ascii", errors="replace")
        return self.open(key_id, packed[1 + length :], *bound)


class FieldCipher:
    """Encrypts single columns; a value moved to another table, column or row no longer opens."""

    def __init__(self, ring: KeyRing) -> None:
        self._cipher = Cipher(ring, Purpose.COLUMNS)

    def encrypt(self, value: str, *, table: str, column: str, row_id: str) -> bytes:
        """Encrypt one value for one row."""
        return self._cipher.seal_packed(value.encode(), table, column, row_id)

    def decrypt(self, sealed: bytes, *, table: str, column: str, row_id: str) -> str:
        """Read one value back. Raises UnknownKey or Tampered."""
        return self._cipher.open_packed(sealed, table, column, row_id).decode()


def load_keys(settings: Settings) -> KeyRing:
    """The ring of this installation; the embedded one is made on first use. Raises SettingsError."""
    if not settings.production:
        path = settings.keys_file or settings.keys / "key-ring.json"
        if not path.exists() and settings.keys_file is None:
            create_keys(path, KeyRing.fresh(Origin.EMBEDDED))
        return read_keys(path)
    if settings.keys_file is None:
        raise SettingsError("PLACEMENT_KEYS_FILE must name the key ring file in production")
    ring = read_keys(settings.keys_file)
    if ring.origin is Origin.EMBEDDED:
        raise SettingsError("PLACEMENT_KEYS_FILE names an embedded key ring; make one for production")
    return ring


def read_keys(path: Path) -> KeyRing:
    """Read a ring. Raises SettingsError when the file is missing, malformed or readable by others."""
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(f"Key ring {path} must be readable by its owner alone (mode 0600)")
        held: dict[str, Any] = json.loads(path.read_text())
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in held["keys"].items()}
        return KeyRing(held["current"], keys, Origin(held["origin"]))
    except OSError as error:
        raise SettingsError(f"Key ring {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SettingsError(f"Key ring {path} is malformed") from None


def create_keys(path: Path, ring: KeyRing) -> None:
    """Write a new ring file (0600); a file that is already there wins and stays as it is."""
    draft = _write_draft(path, ring)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def replace_keys(path: Path, ring: KeyRing) -> None:
    """Put a rotated ring in the place of the old one, in one step."""
    _write_draft(path, ring).replace(path)


def _write_draft(path: Path, ring: KeyRing) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = {key_id: base64.b64encode(key).decode() for key_id, key in ring.keys.items()}
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"origin": ring.origin, "current": ring.current, "keys": keys}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    return draft


def keys_for(ring: KeyRing, purpose: Purpose) -> Mapping[str, bytes]:
    """The derived key of one purpose by key id, for a store that ciphers by itself."""
    return {key_id: _derive(key, purpose) for key_id, key in ring.keys.items()}


def _derive(master: bytes, purpose: Purpose) -> bytes:
    info = f"safe-placement/{purpose}".encode()
    return HKDF(algorithm=SHA384(), length=KEY_BYTES, salt=None, info=info).derive(master)


def _associated(bound: tuple[str, ...], key_id: str) -> bytes:
    # A JSON list, not a joined string: no two lists of names give the same bytes.
    return json.dumps([*bound, key_id]).encode()
