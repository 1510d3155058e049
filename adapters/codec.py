"""Encryption of everything Temporal stores: payloads bound to their workflow, refused when in clear."""

from collections.abc import Sequence
from typing import Self

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)

from adapters.keys import Cipher, CipherError, KeyRing, Purpose

ENCODING = b"binary/encrypted"
BUCKET_BYTES = 256
"""Contents are padded to a multiple of this, so that the length of a short answer does not give it away."""

_LENGTH_BYTES = 4


class PayloadRefused(Exception):
    """A payload is in clear, altered, of an unknown key or of another workflow; never holds its content."""


class EncryptingCodec(PayloadCodec, WithSerializationContext):
    """AES-256-GCM for each payload; associated data are the namespace, the workflow id and the key id.

    The bound id also stands in the payload's metadata for the codec server, which has no context. Without a
    workflow id from the SDK this codec neither encrypts nor decrypts: schedules take no arguments, activities are
    always started by a workflow.
    """

    def __init__(self, keys: KeyRing, namespace: str) -> None:
        self._cipher = Cipher(keys, Purpose.PAYLOADS)
        self._namespace = namespace
        self._workflow_id: str | None = None

    def with_context(self, context: SerializationContext) -> Self:
        """The same codec for one workflow. Raises PayloadRefused for another namespace (`Replayer` needs `namespace=`)."""
        bound = type(self).__new__(type(self))
        bound._cipher, bound._namespace, bound._workflow_id = self._cipher, self._namespace, None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            if context.namespace != self._namespace:
                raise PayloadRefused("The codec was made for another namespace")
            bound._workflow_id = context.workflow_id or None
        return bound

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload. Raises PayloadRefused without a workflow to bind it to."""
        return [self._seal(payload, self._bound_id()) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt each payload. Raises PayloadRefused unless it is this workflow's."""
        bound_id = self._bound_id()
        for payload in payloads:
            if is_sealed(payload) and bound_id_of(payload) != bound_id:
                raise PayloadRefused("The payload belongs to another workflow")
        return [self._open(payload) for payload in payloads]

    def decode_for_reading(self, payload: Payload) -> Payload:
        """Decrypt for the codec server, taking the bound id from the metadata. Raises PayloadRefused."""
        return self._open(payload)

    def _bound_id(self) -> str:
        if self._workflow_id is None:
            raise PayloadRefused("The payload has no workflow to be bound to")
        return self._workflow_id

    def _seal(self, payload: Payload, bound_id: str) -> Payload:
        key_id, sealed = self._cipher.seal(_pad(payload.SerializeToString()), self._namespace, bound_id)
        metadata = {"encoding": ENCODING, "key-id": key_id.encode(), "bound-id": bound_id.encode()}
        return Payload(metadata=metadata, data=sealed)

    def _open(self, payload: Payload) -> Payload:
        if not is_sealed(payload):
            raise PayloadRefused("The payload is not encrypted")
        key_id = payload.metadata["key-id"].decode(errors="replace")
        try:
            content = self._cipher.open(key_id, payload.data, self._namespace, bound_id_of(payload))
        except CipherError as error:
            raise PayloadRefused(str(error)) from None
        return Payload.FromString(_unpad(content))


def is_sealed(payload: Payload) -> bool:
    """True when the payload says that this codec encrypted it."""
    return payload.metadata.get("encoding", b"") == ENCODING


def bound_id_of(payload: Payload) -> str:
    """The workflow id that a payload says it belongs to; proved only by decrypting it."""
    return payload.metadata.get("bound-id", b"").decode(errors="replace")


def data_converter(keys: KeyRing, namespace: str) -> DataConverter:
    """Pydantic values, encrypted payloads, encrypted failure texts; for clients, test environments and `Replayer`."""
    return DataConverter(
        payload_converter_class=PydanticPayloadConverter,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        payload_codec=EncryptingCodec(keys, namespace),
    )


def _pad(content: bytes) -> bytes:
    framed = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    return framed + bytes(-len(framed) % BUCKET_BYTES)


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:_LENGTH_BYTES], "big")
    return padded[_LENGTH_BYTES : _LENGTH_BYTES + length]
