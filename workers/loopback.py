"""A web application served inside this process, on 127.0.0.1 unless told otherwise."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


class LoopbackServer:
    """Listens when `start` returns; leaves signals and logging to the process it runs in."""

    def __init__(self, app: FastAPI, port: int, host: str = "127.0.0.1") -> None:
        """Port 0 takes a free one; read it from `port` after `start`."""
        self.port = port
        self._host = host
        self._app = app
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        listener = socket.create_server((self._host, self.port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app, log_config=None, access_log=False, server_header=False, lifespan="off"
        )
        self._server = _QuietServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listener]))

    async def stop(self) -> None:
        """Answer what is being asked, then stop listening; does nothing when it does not run."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = None


class _QuietServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
