"""Idempotency keys, made when a form is shown: the same showing sent twice acts once."""

import re
import secrets

from api.problems import malformed

_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")


def new_key() -> str:
    """A key nobody has used."""
    return secrets.token_urlsafe(18)


def checked_key(given: str) -> str:
    """The key of a posted form. Raises a 422 problem for anything else."""
    if not _KEY.fullmatch(given):
        raise malformed("The form came without its key: open the page again, then send the form.")
    return given
