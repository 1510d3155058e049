"""The embedded Temporal server: `temporal server start-dev` on loopback, with a database file and the Web UI."""

import asyncio
import json
import sysconfig
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from adapters.settings import Settings
from workers.processes import ChildProcess, StackError

RETENTION = "720h"
"""How long closed workflows stay readable for operators; the record itself is PostgreSQL."""

_HOST = "127.0.0.1"
# The caller's own Temporal profile must not leak in.
_ISOLATED = ("--disable-config-env", "--disable-config-file")


class TemporalServer(ChildProcess):
    """The dev server as a Part; ready once it serves, knows its search attributes and keeps its retention."""

    def __init__(self, settings: Settings, attributes: Mapping[str, str]) -> None:
        """`attributes`: search attribute name to its type, as `operator search-attribute create` wants it."""
        ports = {
            "PLACEMENT_TEMPORAL_PORT": settings.temporal_port,
            "PLACEMENT_TEMPORAL_UI_PORT": settings.temporal_ui_port,
        }
        ui = f"http://{_HOST}:{settings.temporal_ui_port}"
        super().__init__(
            "Temporal",
            _start_command(settings, attributes),
            home=settings.home,
            ports=ports,
            addresses={"Temporal Web UI (operators)": ui},
        )
        self._address = f"{_HOST}:{settings.temporal_port}"
        self._namespace = settings.temporal_namespace
        self._attributes = attributes
        self._database = _database(settings)

    async def start(self) -> None:
        """Start the server on its database file, readable by us alone."""
        self._database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        await super().start()

    async def ready(self) -> bool:
        """Whether it serves; the first time it does, search attributes and retention are settled."""
        if not await super().ready() or await self._ask("operator", "cluster", "health") is None:
            return False
        held = await self._ask("operator", "search-attribute", "list", "--output", "json")
        if held is None:
            return False
        await self._create_attributes(json.loads(held).get("customAttributes", {}))
        await self._order("operator", "namespace", "update", "--retention", RETENTION)
        return True

    async def _create_attributes(self, held: Mapping[str, object]) -> None:
        missing = sorted((kind, name) for name, kind in self._attributes.items() if name not in held)
        for kind, group in groupby(missing, key=lambda pair: pair[0]):
            names = [argument for _, name in group for argument in ("--name", name)]
            await self._order("operator", "search-attribute", "create", "--type", kind, *names)

    async def _order(self, *arguments: str) -> None:
        if await self._ask(*arguments) is None:
            raise StackError(f"Temporal refused `temporal {' '.join(arguments)}`: see {self.log}")

    async def _ask(self, *arguments: str) -> str | None:
        """What the command prints, or None when it failed; its errors go to the server's log."""
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                _binary(), *arguments, "--address", self._address, "--namespace", self._namespace, *_ISOLATED,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            output, _ = await process.communicate()
        return output.decode() if process.returncode == 0 else None


def _binary() -> Path:
    binary = Path(sysconfig.get_path("scripts")) / "temporal"
    if not binary.exists():
        raise StackError("The Temporal server is not installed: run `make install`")
    return binary


def _database(settings: Settings) -> Path:
    return settings.home / "temporal" / "temporal.db"


def _start_command(settings: Settings, attributes: Mapping[str, str]) -> list[str | Path]:
    # On a new database file they serve at once; created on a running server they take some ten seconds.
    known = [word for name, kind in attributes.items() for word in ("--search-attribute", f"{name}={kind}")]
    return [
        *(_binary(), "server", "start-dev", "--ip", _HOST),
        *("--port", str(settings.temporal_port), "--ui-port", str(settings.temporal_ui_port)),
        *("--db-filename", _database(settings), "--namespace", settings.temporal_namespace),
        *("--ui-codec-endpoint", f"http://{_HOST}:{settings.codec_port}", "--ui-disable-news-fetch"),
        *("--log-level", "warn", *_ISOLATED, *known),
    ]
