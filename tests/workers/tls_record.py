"""TLS in front of a PostgreSQL server that has none: answers the request for TLS, then passes bytes on."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

_ASKS_FOR_TLS = bytes.fromhex("0000000804d2162f")


@dataclass
class TlsDoor:
    """Where it listens, and how many connections got through the handshake."""

    port: int = 0
    shaken: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


@asynccontextmanager
async def tls_door(to_port: int, context: ssl.SSLContext | None) -> AsyncIterator[TlsDoor]:
    """Listen on loopback; without a context it says, as a server without TLS does, that it has none."""
    door = TlsDoor()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        door.tasks.add(task)
        try:
            assert await reader.readexactly(8) == _ASKS_FOR_TLS
            writer.write(b"S" if context else b"N")
            if context is not None:
                await writer.start_tls(context)
                door.shaken += 1
                await _pass_on(reader, writer, to_port)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        server.close()
        await asyncio.wait_for(asyncio.gather(*door.tasks), 30)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to_port: int) -> None:
    there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to_port)
    try:
        await asyncio.wait(
            {
                asyncio.create_task(_pump(reader, there_writer)),
                asyncio.create_task(_pump(there_reader, writer)),
            },
            return_when=asyncio.ALL_COMPLETED,
        )
    finally:
        there_writer.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
    target.close()
