"""`placement api`: serves the web pages and the JSON API; requests are not logged, for searches carry names."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
import typer
import uvicorn

from adapters.logging import configure_logging
from adapters.production import Process, refuse_unfit
from adapters.settings import Settings, SettingsError, read_settings
from api.app import create_app
from workers.wiring import api_resources

DRAIN_WITHIN = 20
"""Seconds a request in hand gets at the end; a command it delivered lives on in its case."""

_log = structlog.stdlib.get_logger(__name__)


class _Server(uvicorn.Server):
    """Leaves the signals of the process to us, so that SIGTERM ends it with status 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_api(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then answer what is being asked.

    Raises SettingsError when the port is taken, UnfitForProduction when production would be unsafe.
    """
    refuse_unfit(settings, Process.API)
    listener = _listen(settings)
    async with api_resources(settings) as resources:
        application = create_app(resources)
        set_apart_what_stays()
        config = uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_WITHIN,
        )
        server = _Server(config)
        async with _ending_with(server, stop):
            _log.info("api started", pid=os.getpid(), port=settings.api_port)
            await server.serve(sockets=[listener])
    _log.info("api stopped", pid=os.getpid())


def set_apart_what_stays() -> None:
    """What the program is made of is never garbage; to look it all through again cost some request a seventh of a second."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _ending_with(server: uvicorn.Server, stop: asyncio.Event) -> AsyncIterator[None]:
    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    waiting = asyncio.create_task(end())
    try:
        yield
    finally:
        waiting.cancel()


def _listen(settings: Settings) -> socket.socket:
    try:
        return socket.create_server((settings.api_host, settings.api_port))
    except OSError as error:
        raise SettingsError(
            f"PLACEMENT_API_HOST and PLACEMENT_API_PORT cannot be listened on: {error.strerror}"
        ) from None


async def _until_told() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await run_api(read_settings(), stop)


def api_command() -> None:
    """Serve web pages and JSON API until SIGTERM. Start as many as you like behind the agency's TLS proxy."""
    configure_logging()
    asyncio.run(_until_told())


def add_commands(app: typer.Typer) -> None:
    """Mount `placement api`."""
    app.command("api")(api_command)
