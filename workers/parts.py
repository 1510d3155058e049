"""The parts of the embedded house that follow PostgreSQL and Temporal, in the order of starting."""

import sys
from collections.abc import Callable, Mapping, Sequence

import httpx

from adapters.identity import openid_provider
from adapters.keys import load_keys
from adapters.settings import Settings
from workers.codec_server import CodecServer
from workers.embedded import cast
from workers.embedded.authority import ensure_authority
from workers.embedded.identity_server import EmbeddedIdentityProvider
from workers.embedded.mail_gateway import MailGateway
from workers.embedded.mail_page import MailPage
from workers.embedded.mail_store import GATEWAY_USER, MailStore, mail_passwords
from workers.embedded.mailboxes import MailboxServer
from workers.embedded.seeding import SeedingPart
from workers.processes import ChildProcess, InProcess, Part, StackError
from workers.wiring import wall_clock

_HOST = "http://127.0.0.1"
_SIGN = "placement token --role advisor-wellbeing-support"


def mailboxes(settings: Settings) -> Part:
    """The three mailboxes over IMAPS."""
    context = ensure_authority(settings.keys, now=wall_clock()).server_context()
    server = MailboxServer(mail_store(settings), mail_passwords(settings.keys), context, settings.imap_port)
    return InProcess("Mailboxes", server, ports={"PLACEMENT_IMAP_PORT": settings.imap_port}, addresses={})


def gateway(settings: Settings) -> Part:
    """The secure mail gateway over SMTPS; it takes mail for the domains the sender is allowed to write to, and for staff."""
    context = ensure_authority(settings.keys, now=wall_clock()).server_context()
    password = mail_passwords(settings.keys)[GATEWAY_USER]
    domains = settings.mail.domains | {settings.mail.agency_domain}
    server = MailGateway(mail_store(settings), password, context, settings.smtp_port, domains=domains)
    return InProcess("Mail gateway", server, ports={"PLACEMENT_SMTP_PORT": settings.smtp_port}, addresses={})


def mail_page(settings: Settings) -> Part:
    """Where sent mail is read and answered as Corrections would."""
    port = settings.mail_page_port
    return InProcess(
        "Mail page",
        MailPage(mail_store(settings), port),
        ports={"PLACEMENT_MAIL_PAGE_PORT": port},
        addresses={"Mail to and from Corrections": f"{_HOST}:{port}"},
    )


def identity_provider(settings: Settings) -> Part:
    """Sign-in as one of the cast's staff."""
    return InProcess(
        "Identity provider",
        EmbeddedIdentityProvider(settings, [*cast.staff(), *cast.machines()]),
        ports={"PLACEMENT_OIDC_PORT": settings.oidc_port},
        addresses={"Sign-in (OpenID provider)": f"{settings.oidc_issuer}/.well-known/openid-configuration"},
    )


def codec_server(settings: Settings) -> Part:
    """Decoding for the Temporal Web UI."""
    port = settings.codec_port
    return InProcess(
        "Codec server",
        CodecServer(settings, load_keys(settings), openid_provider(settings)),
        ports={"PLACEMENT_CODEC_PORT": port},
        addresses={"Decoding for the Web UI": f"{_HOST}:{port}"},
    )


class HouseProcess(ChildProcess):
    """A `placement` process of its own, ready when an address answers with what it should."""

    def __init__(
        self,
        name: str,
        command: str,
        settings: Settings,
        *,
        ports: Mapping[str, int],
        addresses: Mapping[str, str],
        answers: str,
        with_text: str = "",
    ) -> None:
        """`answers`: address that gives status 200 once it serves, with `with_text` in it."""
        super().__init__(
            name,
            [sys.executable, "-m", "workers.entry", command],
            home=settings.home,
            ports=ports,
            addresses=addresses,
        )
        self._answers, self._with_text = answers, with_text

    async def ready(self) -> bool:
        """Whether it serves by now. Raises StackError when the process has ended."""
        if not await super().ready():
            return False
        try:
            async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
                answer = await http.get(self._answers)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK and self._with_text in answer.text


def worker(settings: Settings) -> Part:
    """The worker; ready once it asks Temporal for work."""
    port = settings.metrics_port
    return HouseProcess(
        "Worker",
        "worker",
        _own_house(settings),
        ports={"PLACEMENT_METRICS_PORT": port},
        addresses={"Metrics": f"{_HOST}:{port}/metrics"},
        answers=f"{_HOST}:{port}/metrics",
        with_text="temporal_num_pollers",
    )


def api(settings: Settings) -> Part:
    """Web pages and JSON API."""
    here = f"{_HOST}:{settings.api_port}"
    return HouseProcess(
        "API",
        "api",
        _own_house(settings),
        ports={"PLACEMENT_API_PORT": settings.api_port},
        addresses={
            "Web pages": f"{here}/",
            "API": f"{here}/api/tasks",
            "API description (OpenAPI)": f"{here}/openapi.json",
            "A token for the API": _SIGN,
        },
        answers=f"{here}/health/ready",
    )


def mail_store(settings: Settings) -> MailStore:
    """The embedded mail system's storage."""
    return MailStore(settings.home / "mail", settings.keys)


def _own_house(settings: Settings) -> Settings:
    """The processes read the environment themselves: it must not lead them to another house."""
    if settings.database_url:
        raise StackError("DATABASE_URL is set: unset it, `placement up` brings its own database")
    if settings.temporal_address != f"127.0.0.1:{settings.temporal_port}":
        raise StackError(
            "PLACEMENT_TEMPORAL_ADDRESS is set: unset it, `placement up` brings its own Temporal"
        )
    return settings


PARTS: Sequence[Callable[[Settings], Part]] = (
    mailboxes,
    gateway,
    mail_page,
    identity_provider,
    codec_server,
    SeedingPart,
    worker,
    api,
)
