"""The environment, read once into one frozen Settings; no other module reads it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from procedures.outside_entry import OutsideSystem

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


class SettingsError(Exception):
    """A setting is missing or unusable; the message names it and says what to set."""


@dataclass(frozen=True)
class MailSettings:
    """Gateway and mailboxes. Embedded defaults; in production every one is set, each password in a file of its own."""

    smtp_host: str = "127.0.0.1"
    smtp_user: str = "placement"
    smtp_password_file: Path | None = None
    smtp_starttls: bool = False
    """False: TLS from the first byte. True: nothing is said before STARTTLS has succeeded."""
    imap_host: str = "127.0.0.1"
    report_user: str = "report"
    report_password_file: Path | None = None
    returns_user: str = "returns"
    returns_password_file: Path | None = None
    journal_user: str = "journal"
    journal_password_file: Path | None = None
    ca_file: Path | None = None
    """The authority that gateway and mailboxes are verified against."""
    domains: frozenset[str] = frozenset({"corrections.test"})
    """Mail domains of agencies that take part in secure mail; nothing goes anywhere else."""
    agency_domain: str = "placement.test"
    """The agency's own mail domain: sender of letters, recipients of internal notices."""
    address: str = "wellbeing@placement.test"
    """Letters come from here, and replies and returned forms come to it."""
    corrections_fallback: str | None = None
    """Where a form goes when no local Corrections contact is known; unset: sending is blocked (AMB-P1-8)."""
    signature: tuple[str, str, str, str] = (
        "000 555 0100",
        "0800 301 501",
        "00 555 0100",
        "PO Box 0000, Faketown",
    )
    """Mobile, freephone, main line and PO Box under every letter (A-A7)."""


@dataclass(frozen=True)
class Settings:
    """Everything a process needs to know about where it runs. Policy numbers are not here: procedures/parameters.py."""

    home: Path
    production: bool
    api_port: int
    temporal_port: int
    temporal_ui_port: int
    db_port: int
    smtp_port: int
    imap_port: int
    oidc_port: int
    codec_port: int
    mail_page_port: int
    metrics_port: int
    database_url: str | None
    temporal_address: str
    temporal_namespace: str
    temporal_tls: bool
    oidc_issuer: str
    oidc_audience: str
    keys_file: Path | None = None
    """Key ring file; production must name one (adapters/keys.py)."""
    temporal_ca: Path | None = None
    temporal_client_cert: Path | None = None
    temporal_client_key: Path | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    api_host: str = "127.0.0.1"
    """Where the API listens; another address only behind the agency's TLS proxy."""
    mail: MailSettings = field(default_factory=MailSettings)
    by_hand: frozenset[OutsideSystem] = frozenset()
    """Outside systems in which a person makes the entries; of the others the embedded parts do it themselves."""
    database_password_file: Path | None = None
    """Password of the process's database role, when DATABASE_URL carries none."""
    metrics_host: str = "127.0.0.1"
    """Where a worker serves its figures; another address only on a network of the installation's own."""
    codec_host: str = "127.0.0.1"
    """Where the codec server listens; another address only behind the agency's TLS proxy."""
    codec_address: str = "http://127.0.0.1:8081"
    """The codec server as an operator's browser sees it; https in production."""
    temporal_ui_address: str = "http://127.0.0.1:8233"
    """The Temporal Web UI as an operator's browser sees it; https in production."""

    @property
    def keys(self) -> Path:
        """Folder of keys and certificates (0700), apart from data and documents."""
        return self.home / "keys"

    @property
    def documents(self) -> Path:
        """Folder of encrypted documents, of the embedded document store."""
        return self.home / "documents"

    @property
    def logs(self) -> Path:
        """Folder of the embedded stack's log files."""
        return self.home / "logs"


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise SettingsError(f"{name} must be a port number between 1 and 65535, not {value!r}")
    return int(value)


def _by_hand(environment: Mapping[str, str]) -> frozenset[OutsideSystem]:
    value = environment.get("PLACEMENT_BY_HAND", "")
    try:
        return frozenset(OutsideSystem(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        known = ", ".join(system.value for system in OutsideSystem)
        raise SettingsError(f"PLACEMENT_BY_HAND must name systems of {known}, separated by commas") from None


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    value = environment.get(name)
    return Path(value).resolve() if value else None


_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def _secret(environment: Mapping[str, str], name: str, name_of_file: str) -> str | None:
    """A secret from the environment or, better, from a file that it names."""
    file = environment.get(name_of_file)
    if not file:
        return environment.get(name)
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name_of_file} cannot be read: {error.strerror}") from None


def _domains(environment: Mapping[str, str], name: str, default: str) -> frozenset[str]:
    value = environment.get(name, default)
    domains = frozenset(part.strip().lower() for part in value.split(",") if part.strip())
    if not all(_DOMAIN.fullmatch(domain) for domain in domains):
        raise SettingsError(
            f"{name} must be mail domains separated by commas, such as one.example,two.example"
        )
    return domains


def _mail(env: Mapping[str, str], *, production: bool) -> MailSettings:
    """In production nothing has a default; what is missing is refused where it is used (workers/wiring.py)."""

    def text(name: str, default: str) -> str:
        return env.get(name, "" if production else default)

    return MailSettings(
        smtp_host=text("PLACEMENT_SMTP_HOST", "127.0.0.1"),
        smtp_user=text("PLACEMENT_SMTP_USER", "placement"),
        smtp_password_file=_path(env, "PLACEMENT_SMTP_PASSWORD_FILE"),
        smtp_starttls=env.get("PLACEMENT_SMTP_STARTTLS", "off") == "on",
        imap_host=text("PLACEMENT_IMAP_HOST", "127.0.0.1"),
        report_user=text("PLACEMENT_REPORT_USER", "report"),
        report_password_file=_path(env, "PLACEMENT_REPORT_PASSWORD_FILE"),
        returns_user=text("PLACEMENT_RETURNS_USER", "returns"),
        returns_password_file=_path(env, "PLACEMENT_RETURNS_PASSWORD_FILE"),
        journal_user=text("PLACEMENT_JOURNAL_USER", "journal"),
        journal_password_file=_path(env, "PLACEMENT_JOURNAL_PASSWORD_FILE"),
        ca_file=_path(env, "PLACEMENT_MAIL_CA"),
        domains=_domains(env, "PLACEMENT_MAIL_DOMAINS", "" if production else "corrections.test"),
        agency_domain=text("PLACEMENT_AGENCY_DOMAIN", "placement.test"),
        address=text("PLACEMENT_MAIL_ADDRESS", "wellbeing@placement.test"),
        corrections_fallback=env.get("PLACEMENT_CORRECTIONS_FALLBACK") or None,
        signature=(
            text("PLACEMENT_SIGNATURE_MOBILE", "000 555 0100"),
            text("PLACEMENT_SIGNATURE_FREEPHONE", "0800 301 501"),
            text("PLACEMENT_SIGNATURE_MAIN_LINE", "00 555 0100"),
            text("PLACEMENT_SIGNATURE_PO_BOX", "PO Box 0000, Faketown"),
        ),
    )


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsError naming the variable that is wrong."""
    env = os.environ if environment is None else environment
    temporal_port = _port(env, "PLACEMENT_TEMPORAL_PORT", 7233)
    oidc_port = _port(env, "PLACEMENT_OIDC_PORT", 9400)
    codec_port = _port(env, "PLACEMENT_CODEC_PORT", 8081)
    ui_port = _port(env, "PLACEMENT_TEMPORAL_UI_PORT", 8233)
    mode = env.get("PLACEMENT_MODE", "embedded")
    if mode not in ("embedded", "production"):
        raise SettingsError(f"PLACEMENT_MODE must be 'embedded' or 'production', not {mode!r}")
    return Settings(
        home=Path(env.get("PLACEMENT_HOME", ".placement")).resolve(),
        production=mode == "production",
        api_port=_port(env, "PLACEMENT_API_PORT", 8000),
        temporal_port=temporal_port,
        temporal_ui_port=ui_port,
        db_port=_port(env, "PLACEMENT_DB_PORT", 54329),
        smtp_port=_port(env, "PLACEMENT_SMTP_PORT", 8465),
        imap_port=_port(env, "PLACEMENT_IMAP_PORT", 8993),
        oidc_port=oidc_port,
        codec_port=codec_port,
        mail_page_port=_port(env, "PLACEMENT_MAIL_PAGE_PORT", 8025),
        metrics_port=_port(env, "PLACEMENT_METRICS_PORT", 9464),
        database_url=env.get("DATABASE_URL"),
        temporal_address=env.get("PLACEMENT_TEMPORAL_ADDRESS", f"127.0.0.1:{temporal_port}"),
        temporal_namespace=env.get("PLACEMENT_TEMPORAL_NAMESPACE", "default"),
        temporal_tls=env.get("PLACEMENT_TEMPORAL_TLS", "off") == "on",
        oidc_issuer=env.get("PLACEMENT_OIDC_ISSUER", f"http://127.0.0.1:{oidc_port}"),
        oidc_audience=env.get("PLACEMENT_OIDC_AUDIENCE", "placement"),
        keys_file=_path(env, "PLACEMENT_KEYS_FILE"),
        temporal_ca=_path(env, "PLACEMENT_TEMPORAL_CA"),
        temporal_client_cert=_path(env, "PLACEMENT_TEMPORAL_CLIENT_CERT"),
        temporal_client_key=_path(env, "PLACEMENT_TEMPORAL_CLIENT_KEY"),
        oidc_client_secret=_secret(env, "PLACEMENT_OIDC_CLIENT_SECRET", "PLACEMENT_OIDC_CLIENT_SECRET_FILE"),
        api_host=env.get("PLACEMENT_API_HOST", "127.0.0.1"),
        mail=_mail(env, production=mode == "production"),
        by_hand=_by_hand(env),
        database_password_file=_path(env, "PLACEMENT_DATABASE_PASSWORD_FILE"),
        metrics_host=env.get("PLACEMENT_METRICS_HOST", "127.0.0.1"),
        codec_host=env.get("PLACEMENT_CODEC_HOST", "127.0.0.1"),
        codec_address=env.get("PLACEMENT_CODEC_ADDRESS", f"http://127.0.0.1:{codec_port}").rstrip("/"),
        temporal_ui_address=env.get("PLACEMENT_TEMPORAL_UI_ADDRESS", f"http://127.0.0.1:{ui_port}").rstrip(
            "/"
        ),
    )
