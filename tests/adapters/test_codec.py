"""The codec and the key ring refuse what is in clear, altered, misplaced or of an unknown key."""

import json
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    SerializationContext,
    WorkflowSerializationContext,
)

from adapters.codec import BUCKET_BYTES, EncryptingCodec, PayloadRefused
from adapters.keys import (
    Cipher,
    FieldCipher,
    KeyRing,
    Origin,
    Purpose,
    Tampered,
    UnknownKey,
    create_keys,
    load_keys,
    read_keys,
    replace_keys,
)
from adapters.settings import Settings, SettingsError, read_settings

RING = KeyRing.fresh()
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data=b'"Waiata Example-Person"')
OVERHEAD = 12 + 16  # nonce and tag


def of(workflow_id: str, ring: KeyRing = RING, namespace: str = "default") -> EncryptingCodec:
    return EncryptingCodec(ring, namespace).with_context(WorkflowSerializationContext(namespace, workflow_id))


def activity_context(workflow_id: str | None) -> ActivitySerializationContext:
    return ActivitySerializationContext("default", "1", "send", "queue", workflow_id, "Case", is_local=False)


async def sealed(workflow_id: str = "case-1", ring: KeyRing = RING) -> Payload:
    return (await of(workflow_id, ring).encode([PLAIN]))[0]


@pytest.mark.req("PRV-17")
async def test_round_trip_hides_content_and_original_encoding() -> None:
    """What comes out is what went in; between, neither content nor original metadata can be seen."""
    payload = await sealed()
    assert b"Waiata" not in payload.SerializeToString()
    assert b"json/plain" not in payload.SerializeToString()
    assert await of("case-1").decode([payload]) == [PLAIN]
    in_activity = EncryptingCodec(RING, "default").with_context(activity_context("case-1"))
    assert await in_activity.decode([payload]) == [PLAIN]


async def test_same_content_never_looks_the_same_twice() -> None:
    """A random nonce for each payload."""
    assert (await sealed()).data != (await sealed()).data


async def test_payload_of_another_workflow_is_refused_even_with_its_metadata_changed() -> None:
    """The bound id is part of the associated data, not a label that can be changed."""
    payload = await sealed("case-1")
    with pytest.raises(PayloadRefused, match="another workflow"):
        await of("case-2").decode([payload])
    payload.metadata["bound-id"] = b"case-2"
    with pytest.raises(PayloadRefused, match="altered or belongs elsewhere"):
        await of("case-2").decode([payload])


async def test_payload_of_another_namespace_is_refused() -> None:
    """Neither a context nor a codec of another namespace opens it."""
    with pytest.raises(PayloadRefused, match="altered or belongs elsewhere"):
        await of("case-1", namespace="other").decode([await sealed()])
    with pytest.raises(PayloadRefused, match="another namespace"):
        EncryptingCodec(RING, "default").with_context(WorkflowSerializationContext("other", "case-1"))


@pytest.mark.req("PRV-17")
async def test_payload_in_clear_is_refused_not_passed_through() -> None:
    """Fail closed on the way in, alone or among encrypted ones."""
    for payloads in ([PLAIN], [await sealed(), PLAIN], [Payload()]):
        with pytest.raises(PayloadRefused, match="not encrypted"):
            await of("case-1").decode(payloads)


@pytest.mark.parametrize("context", [None, activity_context(None), SerializationContext()])
async def test_nothing_is_encrypted_or_decrypted_without_a_workflow(
    context: SerializationContext | None,
) -> None:
    """Fail closed on the way out: no unbound payload is ever written."""
    codec = EncryptingCodec(RING, "default")
    codec = codec if context is None else codec.with_context(context)
    with pytest.raises(PayloadRefused, match="no workflow"):
        await codec.encode([PLAIN])
    with pytest.raises(PayloadRefused, match="no workflow"):
        await codec.decode([await sealed()])


async def test_any_flipped_byte_is_noticed() -> None:
    """Every 16th byte of nonce, ciphertext and tag, and a cut payload."""
    payload = await sealed()
    for position in [*range(0, len(payload.data), 16), len(payload.data) - 1]:
        altered = bytearray(payload.data)
        altered[position] ^= 1
        with pytest.raises(PayloadRefused, match="altered"):
            await of("case-1").decode([Payload(metadata=payload.metadata, data=bytes(altered))])
    with pytest.raises(PayloadRefused, match="cut short"):
        await of("case-1").decode([Payload(metadata=payload.metadata, data=payload.data[:8])])


async def test_unknown_key_is_an_error_that_names_the_id_only() -> None:
    """T3: a retired key makes an error, never an empty value."""
    payload = await sealed()
    with pytest.raises(PayloadRefused) as refused:
        await of("case-1", KeyRing.fresh()).decode([payload])
    assert str(refused.value) == f"No key {RING.current!r} in the key ring"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=1500))
async def test_length_of_the_content_shows_in_steps_of_256_bytes_only(content: bytes) -> None:
    """A short answer has the length of any other short answer."""
    payload = Payload(metadata={"encoding": b"binary/plain"}, data=content)
    (encoded,) = await of("case-1").encode([payload])
    assert (len(encoded.data) - OVERHEAD) % BUCKET_BYTES == 0
    assert len(encoded.data) - OVERHEAD - len(payload.SerializeToString()) <= BUCKET_BYTES + 4
    assert await of("case-1").decode([encoded]) == [payload]


async def test_rotation_reads_old_and_new_at_every_step() -> None:
    """T3: readers learn the new key first; then it seals; what the old key sealed stays readable."""
    old = KeyRing.fresh()
    taught = old.with_new_key()
    (new_id,) = set(taught.keys) - set(old.keys)
    switched = taught.with_current(new_id)
    before, during, after = [await sealed("case-1", ring) for ring in (old, taught, switched)]
    assert before.metadata["key-id"] == during.metadata["key-id"] == old.current.encode()
    assert after.metadata["key-id"] == new_id.encode()
    for ring in (taught, switched):
        assert await of("case-1", ring).decode([before, during, after]) == [PLAIN] * 3
    retired = KeyRing(new_id, {new_id: switched.keys[new_id]})
    with pytest.raises(PayloadRefused, match=old.current):
        await of("case-1", retired).decode([before])


def test_key_of_one_purpose_opens_nothing_of_another() -> None:
    """Payload, document and column keys are different keys."""
    for sealing in Purpose:
        key_id, content = Cipher(RING, sealing).seal(b"content", "place")
        for opening in set(Purpose) - {sealing}:
            with pytest.raises(Tampered):
                Cipher(RING, opening).open(key_id, content, "place")


def test_encrypted_column_opens_in_its_own_table_column_and_row_only() -> None:
    """A value copied to another row, column or table is refused."""
    cipher = FieldCipher(RING)
    stored = cipher.encrypt("Tāwhirimātea Example", table="person", column="name", row_id="7")
    assert b"Example" not in stored
    assert cipher.decrypt(stored, table="person", column="name", row_id="7") == "Tāwhirimātea Example"
    for place in (("other", "name", "7"), ("person", "alias", "7"), ("person", "name", "8")):
        with pytest.raises(Tampered):
            cipher.decrypt(stored, table=place[0], column=place[1], row_id=place[2])
    with pytest.raises(UnknownKey):
        FieldCipher(KeyRing.fresh()).decrypt(stored, table="person", column="name", row_id="7")
    with pytest.raises(UnknownKey):
        cipher.decrypt(b"", table="person", column="name", row_id="7")


def at_home(home: Path, **environment: str) -> Settings:
    return read_settings({"PLACEMENT_HOME": str(home), **environment})


def test_embedded_ring_is_made_once_and_kept_private(tmp_path: Path) -> None:
    """Random, the same after a restart, mode 0600, and not shown when printed."""
    ring = load_keys(at_home(tmp_path))
    path = tmp_path / "keys" / "key-ring.json"
    assert load_keys(at_home(tmp_path)) == ring
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ring.origin is Origin.EMBEDDED
    assert "keys=" not in repr(ring)
    create_keys(path, KeyRing.fresh())
    assert read_keys(path) == ring
    assert [file.name for file in path.parent.iterdir()] == ["key-ring.json"]


def test_production_takes_its_own_ring_only(tmp_path: Path) -> None:
    """No file, an embedded ring, a file that others may read: each stops the start."""
    with pytest.raises(SettingsError, match="PLACEMENT_KEYS_FILE must name"):
        load_keys(at_home(tmp_path, PLACEMENT_MODE="production"))
    path = tmp_path / "ring.json"
    production = at_home(tmp_path, PLACEMENT_MODE="production", PLACEMENT_KEYS_FILE=str(path))
    with pytest.raises(SettingsError, match="cannot be read"):
        load_keys(production)
    create_keys(path, KeyRing.fresh(Origin.EMBEDDED))
    with pytest.raises(SettingsError, match="embedded key ring"):
        load_keys(production)
    replace_keys(path, RING)
    assert load_keys(production) == RING
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="0600"):
        load_keys(production)


@pytest.mark.parametrize(
    "held",
    [
        "no json",
        "{}",
        "[]",
        json.dumps({"origin": "operator", "current": "a", "keys": {"a": "!"}}),
        json.dumps({"origin": "operator", "current": "a", "keys": {"a": "AAAA"}}),
        json.dumps({"origin": "operator", "current": "a", "keys": {"a": "A" * 43 + "="}}),
        json.dumps({"origin": "operator", "current": "b", "keys": {}}),
    ],
)
def test_malformed_ring_or_weak_key_is_refused(tmp_path: Path, held: str) -> None:
    """Not JSON, parts missing, not base64, too short, all zero, current key absent."""
    path = tmp_path / "ring.json"
    path.write_text(held)
    path.chmod(0o600)
    with pytest.raises(SettingsError):
        read_keys(path)
