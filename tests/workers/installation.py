"""A complete production environment on files of its own: certificates, key ring and secrets that a start accepts."""

from datetime import timedelta
from pathlib import Path

from adapters.keys import KeyRing, create_keys
from workers.embedded.authority import Authority, ensure_authority
from workers.embedded.mail_store import system_clock

MAIL = {
    "PLACEMENT_SMTP_HOST": "gateway.agency.example",
    "PLACEMENT_SMTP_USER": "placement",
    "PLACEMENT_IMAP_HOST": "mail.agency.example",
    "PLACEMENT_REPORT_USER": "report",
    "PLACEMENT_RETURNS_USER": "returns",
    "PLACEMENT_JOURNAL_USER": "journal",
    "PLACEMENT_MAIL_DOMAINS": "corrections.example",
    "PLACEMENT_AGENCY_DOMAIN": "agency.example",
    "PLACEMENT_MAIL_ADDRESS": "wellbeing@agency.example",
    "PLACEMENT_SIGNATURE_MOBILE": "000 555 0101",
    "PLACEMENT_SIGNATURE_FREEPHONE": "000 555 0102",
    "PLACEMENT_SIGNATURE_MAIN_LINE": "000 555 0103",
    "PLACEMENT_SIGNATURE_PO_BOX": "PO Box 0000, Faketown",
}
PASSWORDS = (
    "PLACEMENT_DATABASE_PASSWORD_FILE",
    "PLACEMENT_SMTP_PASSWORD_FILE",
    "PLACEMENT_REPORT_PASSWORD_FILE",
    "PLACEMENT_RETURNS_PASSWORD_FILE",
    "PLACEMENT_JOURNAL_PASSWORD_FILE",
)


def authority_in(folder: Path) -> Authority:
    """An authority, and beside it client.pem and client.key of one process."""
    authority = ensure_authority(folder, now=system_clock())
    now = system_clock()
    pem = authority.issue(("worker.placement",), not_before=now, not_after=now + timedelta(days=1)).decode()
    certificate, _, key = pem.partition("-----BEGIN PRIVATE KEY-----")
    (folder / "client.pem").write_text(certificate, encoding="utf-8")
    (folder / "client.key").write_text(f"-----BEGIN PRIVATE KEY-----{key}", encoding="utf-8")
    return authority


def complete_environment(folder: Path) -> dict[str, str]:
    """What an installation sets; every process of it may start."""
    authority = authority_in(folder / "tls")
    create_keys(folder / "key-ring.json", KeyRing.fresh())
    secret = folder / "secret"
    secret.write_text("a word of its own\n", encoding="utf-8")
    ca = str(authority.ca_file)
    return {
        **MAIL,
        **dict.fromkeys(PASSWORDS, str(secret)),
        "PLACEMENT_MODE": "production",
        "PLACEMENT_KEYS_FILE": str(folder / "key-ring.json"),
        "DATABASE_URL": f"postgresql://record.agency.example/placement?sslmode=verify-full&sslrootcert={ca}",
        "PLACEMENT_TEMPORAL_ADDRESS": "temporal.agency.example:7233",
        "PLACEMENT_TEMPORAL_TLS": "on",
        "PLACEMENT_TEMPORAL_CA": ca,
        "PLACEMENT_TEMPORAL_CLIENT_CERT": str(folder / "tls" / "client.pem"),
        "PLACEMENT_TEMPORAL_CLIENT_KEY": str(folder / "tls" / "client.key"),
        "PLACEMENT_OIDC_ISSUER": "https://sign-in.agency.example",
        "PLACEMENT_CODEC_ADDRESS": "https://codec.agency.example",
        "PLACEMENT_TEMPORAL_UI_ADDRESS": "https://temporal.agency.example",
        "PLACEMENT_MAIL_CA": ca,
    }
