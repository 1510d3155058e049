"""`placement codec`: decrypts payloads for the Temporal Web UI of an installation, behind the agency's TLS proxy."""

import asyncio
import os
import signal

import structlog
import typer

from adapters.identity import openid_provider
from adapters.keys import load_keys
from adapters.logging import configure_logging
from adapters.production import Process, refuse_unfit
from adapters.settings import Settings, SettingsError, read_settings
from workers.codec_server import CodecServer

_log = structlog.stdlib.get_logger(__name__)


async def run_codec(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Raises SettingsError when the port is taken or production would be unsafe."""
    refuse_unfit(settings, Process.CODEC)
    provider = openid_provider(settings)
    server = CodecServer(settings, load_keys(settings), provider)
    try:
        await server.start()
        _log.info("codec server started", pid=os.getpid(), port=server.port)
        await stop.wait()
    except OSError as error:
        raise SettingsError(f"PLACEMENT_CODEC_PORT cannot be listened on: {error.strerror}") from None
    finally:
        await server.stop()
        await provider.close()


async def _until_told() -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await run_codec(read_settings(), stop)


def codec_command() -> None:
    """Decrypt payloads for administrators and auditors in the Temporal Web UI, until SIGTERM. `placement up` has its own."""
    configure_logging()
    asyncio.run(_until_told())


def add_commands(app: typer.Typer) -> None:
    """Mount `placement codec`."""
    app.command("codec")(codec_command)
