"""What a production start refuses: default or weak secrets, plaintext, unverified peers, and settings that are missing."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapters.keys import load_keys
from adapters.settings import Settings, SettingsError

_TRIVIAL = frozenset({"placement", "postgres", "password", "secret", "changeme", "admin", "temporal"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_URL_EXAMPLE = "postgresql://record.agency.example/placement?sslmode=verify-full&sslrootcert=/path/to/ca.pem"


class Process(StrEnum):
    """A process of an installation. Those that use the record do so under the database role of the same name."""

    WORKER = "worker"
    API = "api"
    OWNER = "owner"
    """`placement migrate`."""
    LOADER = "loader"
    """`placement register import`."""
    CODEC = "codec"
    """`placement codec`; it has no database role."""


@dataclass(frozen=True)
class Unfit:
    """One refusal: the setting, and what to set. Holds no secret."""

    setting: str
    what_to_set: str

    def __str__(self) -> str:
        return f"{self.setting} {self.what_to_set}"


class UnfitForProduction(SettingsError):
    """Everything that a production start refuses, listed at once."""

    def __init__(self, refusals: list[Unfit]) -> None:
        lines = "".join(f"\n  {refusal}" for refusal in refusals)
        super().__init__(f"production does not start until these are set right:{lines}")
        self.refusals = refusals


def refuse_unfit(settings: Settings, process: Process) -> None:
    """Raise UnfitForProduction with every refusal at once; the embedded stack is refused nothing."""
    if settings.production:
        _raise([refusal for check in _CHECKS[process] for refusal in check(settings, process)])


def refuse_unfit_database(settings: Settings, role: str) -> None:
    """The same about the record's address alone, for every command that uses it under `role`."""
    _raise(list(_database(settings, role)))


def secret_in(name: str, file: Path | None) -> str:
    """The one secret that a file holds. Raises SettingsError, naming the setting, when there is none or a default one."""
    if file is None:
        raise SettingsError(f"{name} must name the file that holds the password")
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{name} names a file that cannot be read: {file}") from None
    if not secret or secret.lower() in _TRIVIAL:
        raise SettingsError(f"{name} names a file without a password of its own: {file}")
    return secret


def _raise(refusals: list[Unfit]) -> None:
    if refusals:
        raise UnfitForProduction(refusals)


def _password(name: str, file: Path | None) -> Iterator[Unfit]:
    try:
        secret_in(name, file)
    except SettingsError as error:
        yield Unfit(name, str(error).removeprefix(f"{name} "))


def _keys(settings: Settings, _process: str) -> Iterator[Unfit]:
    if settings.keys_file is None:
        yield Unfit("PLACEMENT_KEYS_FILE", "must name a key ring: make one with `placement keys new FILE`")
        return
    try:
        load_keys(settings)
    except SettingsError as error:
        yield Unfit("PLACEMENT_KEYS_FILE", f"must name a key ring of this installation. {error}")


def _temporal(settings: Settings, _process: str) -> Iterator[Unfit]:
    if not settings.temporal_tls:
        yield Unfit("PLACEMENT_TEMPORAL_TLS", "must be 'on': payloads are sealed, ids and dates are not")
    yield from _pem("PLACEMENT_TEMPORAL_CA", settings.temporal_ca, "the authority of the Temporal server")
    certificate, key = settings.temporal_client_cert, settings.temporal_client_key
    missing = [*_pem("PLACEMENT_TEMPORAL_CLIENT_CERT", certificate, "this process's certificate")]
    missing += _pem("PLACEMENT_TEMPORAL_CLIENT_KEY", key, "the key of this process's certificate")
    yield from missing
    if not missing and certificate and key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError):
            yield Unfit("PLACEMENT_TEMPORAL_CLIENT_KEY", "must be the key of PLACEMENT_TEMPORAL_CLIENT_CERT")


def _database(settings: Settings, role: str) -> Iterator[Unfit]:
    url = _parsed(settings.database_url)
    if url is None:
        yield Unfit("DATABASE_URL", f"must be the address of the record, as in {_URL_EXAMPLE}")
        return
    if url.username not in (None, f"placement_{role}"):
        yield Unfit("DATABASE_URL", f"must name the database role placement_{role} or none at all")
    if url.password is None:
        yield from _password("PLACEMENT_DATABASE_PASSWORD_FILE", settings.database_password_file)
    elif url.password.lower() in _TRIVIAL | {"", url.username}:
        yield Unfit("DATABASE_URL", "must carry no default password: use PLACEMENT_DATABASE_PASSWORD_FILE")
    if url.query.get("sslmode") != "verify-full" or "ssl" in url.query:
        yield Unfit("DATABASE_URL", f"must verify the server: sslmode=verify-full, as in {_URL_EXAMPLE}")
    root = url.query.get("sslrootcert")
    yield from _authority("DATABASE_URL", Path(root) if isinstance(root, str) else None, "its sslrootcert")


def _parsed(url: str | None) -> URL | None:
    try:
        parsed = make_url(url or "")
    except (ArgumentError, ValueError):
        return None
    known = parsed.get_backend_name() == "postgresql" and parsed.host and parsed.database
    return parsed if known else None


def _sign_in(settings: Settings, _process: str) -> Iterator[Unfit]:
    parts = urlsplit(settings.oidc_issuer)
    if parts.scheme != "https" or not parts.hostname or parts.hostname in _LOOPBACK:
        yield Unfit("PLACEMENT_OIDC_ISSUER", "must be the https:// address of the agency's identity provider")
    if not settings.oidc_audience:
        yield Unfit("PLACEMENT_OIDC_AUDIENCE", "must name the audience that tokens carry")
    secret = settings.oidc_client_secret
    if secret is not None and (not secret or secret.lower() in _TRIVIAL):
        yield Unfit("PLACEMENT_OIDC_CLIENT_SECRET_FILE", "must hold a secret of its own")


def _codec(settings: Settings, _process: str) -> Iterator[Unfit]:
    addresses = {
        "PLACEMENT_CODEC_ADDRESS": settings.codec_address,
        "PLACEMENT_TEMPORAL_UI_ADDRESS": settings.temporal_ui_address,
    }
    for name, address in addresses.items():
        if urlsplit(address).scheme != "https":
            yield Unfit(name, "must be an https:// address, as operators' browsers see it")


def _mail(settings: Settings, _process: str) -> Iterator[Unfit]:
    mail = settings.mail
    yield from _given(
        {
            "PLACEMENT_SMTP_HOST": mail.smtp_host,
            "PLACEMENT_SMTP_USER": mail.smtp_user,
            "PLACEMENT_IMAP_HOST": mail.imap_host,
            "PLACEMENT_REPORT_USER": mail.report_user,
            "PLACEMENT_RETURNS_USER": mail.returns_user,
            "PLACEMENT_JOURNAL_USER": mail.journal_user,
            "PLACEMENT_SIGNATURE_MOBILE": mail.signature[0],
            "PLACEMENT_SIGNATURE_FREEPHONE": mail.signature[1],
            "PLACEMENT_SIGNATURE_MAIN_LINE": mail.signature[2],
            "PLACEMENT_SIGNATURE_PO_BOX": mail.signature[3],
        }
    )
    passwords = {
        "PLACEMENT_SMTP_PASSWORD_FILE": mail.smtp_password_file,
        "PLACEMENT_REPORT_PASSWORD_FILE": mail.report_password_file,
        "PLACEMENT_RETURNS_PASSWORD_FILE": mail.returns_password_file,
        "PLACEMENT_JOURNAL_PASSWORD_FILE": mail.journal_password_file,
    }
    for name, file in passwords.items():
        yield from _password(name, file)
    yield from _authority("PLACEMENT_MAIL_CA", mail.ca_file, "the authority of gateway and mailboxes")
    yield from _mail_domains(settings, _process)


def _mail_domains(settings: Settings, _process: str) -> Iterator[Unfit]:
    mail = settings.mail
    if not mail.domains:
        yield Unfit("PLACEMENT_MAIL_DOMAINS", "must name the mail domains that letters may go to")
    if not mail.agency_domain:
        yield Unfit("PLACEMENT_AGENCY_DOMAIN", "must be the agency's own mail domain")
    if not mail.address or _domain_of(mail.address) != mail.agency_domain.lower():
        yield Unfit("PLACEMENT_MAIL_ADDRESS", "must be an address in PLACEMENT_AGENCY_DOMAIN")
    fallback = mail.corrections_fallback
    if fallback and _domain_of(fallback) not in mail.domains:
        yield Unfit(
            "PLACEMENT_CORRECTIONS_FALLBACK", "must be an address in PLACEMENT_MAIL_DOMAINS, or unset"
        )


def _domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _given(values: Mapping[str, str]) -> Iterator[Unfit]:
    for name, value in values.items():
        if not value:
            yield Unfit(name, "must be set: production has no default for it")


def _pem(name: str, file: Path | None, what: str) -> Iterator[Unfit]:
    if file is None or not file.is_file():
        yield Unfit(name, f"must name the PEM file with {what}")


def _authority(name: str, file: Path | None, what: str) -> Iterator[Unfit]:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file or Path("-"))
    except (OSError, ssl.SSLError):
        yield Unfit(name, f"must name a readable PEM file with {what}")


_Check = Callable[[Settings, str], Iterator[Unfit]]
_CHECKS: Mapping[Process, tuple[_Check, ...]] = {
    Process.WORKER: (_keys, _temporal, _database, _mail),
    Process.API: (_keys, _temporal, _database, _sign_in, _mail_domains),
    Process.OWNER: (_database,),
    Process.LOADER: (_database,),
    Process.CODEC: (_keys, _sign_in, _codec),
}
