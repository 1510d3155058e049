"""TLS as a client: verified against a given authority and host name, or not at all."""

import ssl
from pathlib import Path

from adapters.ports import Permanent


def verified_context(ca_file: Path) -> ssl.SSLContext:
    """TLS 1.2 or newer, only certificates signed by `ca_file`, host name checked.

    The system's own authorities are not trusted. Raises Permanent when the file is missing or unreadable.
    """
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ca_file))
    except (OSError, ssl.SSLError):
        raise Permanent(
            f"the certificate authority file {ca_file.name} cannot be read; set it up first"
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = True
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def channel_not_verified(error: BaseException | None) -> bool:
    """True when the other side did not prove itself; false when the line only broke."""
    broken = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return isinstance(error, ssl.SSLError) and not isinstance(error, broken)
