"""Ids of what a caller creates, made from the command's key: the same command again finds what it made before."""

import hashlib

from api.signed_in import Caller


def new_id(caller: Caller, prefix: str, command_id: str) -> str:
    """Opaque, and the same for the same caller and Idempotency-Key."""
    digest = hashlib.sha256(f"{caller.actor.subject}/{command_id}".encode()).hexdigest()
    return f"{prefix}{digest[:12].upper()}"
