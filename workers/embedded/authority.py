"""The embedded stack's own certificate authority: real TLS on loopback, kept over restarts."""

import fcntl
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAMES = ("localhost", "127.0.0.1", "::1")
AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True)
class Authority:
    """Where the authority's files are. Nothing outside the embedded stack trusts it."""

    folder: Path

    @property
    def ca_file(self) -> Path:
        """The authority's certificate: what clients pin."""
        return self.folder / "mail-ca.pem"

    @property
    def ca_key_file(self) -> Path:
        """The authority's private key (0600)."""
        return self.folder / "mail-ca.key"

    @property
    def server_file(self) -> Path:
        """Certificate and private key of the loopback servers, in one file (0600)."""
        return self.folder / "mail-server.pem"

    def server_context(self) -> ssl.SSLContext:
        """TLS 1.3 only, with the server certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.server_file)
        return context

    def issue(self, names: tuple[str, ...], *, not_before: datetime, not_after: datetime) -> bytes:
        """A server certificate for `names` with its key, PEM; valid between two UTC instants."""
        issuer = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        issuer_key = serialization.load_pem_private_key(self.ca_key_file.read_bytes(), password=None)
        if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is not an elliptic curve key")
        key = ec.generate_private_key(ec.SECP384R1())
        builder = (
            _builder(names[0], issuer.subject, key, not_before, not_after)
            .add_extension(
                x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
            )
        )
        return builder.sign(issuer_key, hashes.SHA384()).public_bytes(serialization.Encoding.PEM) + _pem(key)


def ensure_authority(folder: Path, *, now: datetime) -> Authority:
    """Create what is missing under `folder` (0700) and renew a server certificate that ends within 30 days."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    authority = Authority(folder)
    with _one_at_a_time(folder / "mail-ca.lock"):
        if not (authority.ca_file.exists() and authority.ca_key_file.exists()):
            _create(authority, now)
        if _must_issue(authority, now):
            pem = authority.issue(
                SERVER_NAMES, not_before=now - timedelta(days=1), not_after=now + SERVER_LIFE
            )
            write_private(authority.server_file, pem)
    return authority


def write_private(path: Path, content: bytes) -> None:
    """Write a file readable by its owner alone, in one step: a crash leaves the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _create(authority: Authority, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Safe Placement embedded authority")])
    certificate = (
        _builder("", name, key, now - timedelta(days=1), now + AUTHORITY_LIFE, subject=name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(key, hashes.SHA384())
    )
    authority.server_file.unlink(missing_ok=True)
    write_private(authority.ca_key_file, _pem(key))
    write_private(authority.ca_file, certificate.public_bytes(serialization.Encoding.PEM))


def _must_issue(authority: Authority, now: datetime) -> bool:
    if not authority.server_file.exists():
        return True
    certificate = x509.load_pem_x509_certificate(authority.server_file.read_bytes())
    return certificate.not_valid_after_utc < now + RENEW_BEFORE


def _builder(
    common_name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    not_before: datetime,
    not_after: datetime,
    subject: x509.Name | None = None,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject or x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Two processes that start together agree on one authority."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
