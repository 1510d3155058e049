"""`placement up`: the whole house on this computer, started in order and stopped in reverse."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import typer
from rich.console import Console

from adapters.logging import configure_logging
from adapters.search_attributes import DEV_SERVER_TYPES
from adapters.settings import Settings, read_settings
from workers.embedded.postgres import cluster_of
from workers.embedded.record import PostgresPart, SchemaPart
from workers.embedded.temporal_server import TemporalServer
from workers.parts import PARTS
from workers.processes import Claim, Part, StackError, Watched, require_free, stop_leftovers

READY_WITHIN = 120.0
"""Seconds a part may take to serve; a first start on a slow disk takes a few."""

FURTHER_PARTS: Sequence[Callable[[Settings], Part]] = PARTS
"""What follows PostgreSQL, its schema and Temporal, in the order of starting; the worker and the API last."""


def parts_of(settings: Settings) -> list[Part]:
    """Every part of the embedded stack, in the order of starting."""
    cluster = cluster_of(settings)
    first: list[Part] = [
        PostgresPart(cluster),
        SchemaPart(cluster),
        TemporalServer(settings, DEV_SERVER_TYPES),
    ]
    return first + [make(settings) for make in FURTHER_PARTS]


class Stack:
    """Parts that run together: all of them, or none."""

    def __init__(self, parts: Sequence[Part], console: Console) -> None:
        self._parts = parts
        self._console = console
        self._started: list[Part] = []

    async def run(self, stop: asyncio.Event) -> None:
        """Start all, stay until `stop` is set or a part ends, then stop all in reverse.

        Raises StackError when a part cannot start, ends on its own or cannot stop.
        """
        try:
            require_free(self._parts)
            for part in self._parts:
                await self._bring_up(part, stop)
            if not stop.is_set():
                self._announce()
                await self._stay(stop)
        finally:
            await self._take_down()

    async def _bring_up(self, part: Part, stop: asyncio.Event) -> None:
        if stop.is_set():
            return
        begun = time.monotonic()
        self._started.append(part)
        with self._console.status(f"Starting {part.name}"):
            await part.start()
            while not await part.ready():
                if time.monotonic() - begun > READY_WITHIN:
                    raise StackError(f"{part.name} does not answer after {READY_WITHIN:.0f} seconds")
                if await _set_within(stop, 0.1):
                    return
        self._console.print(f"  {part.name:<28} started in {time.monotonic() - begun:.1f} s")

    def _announce(self) -> None:
        self._console.print()
        for part in self._parts:
            for label, address in part.addresses.items():
                self._console.print(f"  {label:<28} {address}", highlight=False, soft_wrap=True)
        self._console.print("Ready. Ctrl-C stops everything; nothing is lost.", highlight=False)

    async def _stay(self, stop: asyncio.Event) -> None:
        watched = [part for part in self._parts if isinstance(part, Watched)]
        ends = {asyncio.ensure_future(part.ended()): part for part in watched}
        asked = asyncio.ensure_future(stop.wait())
        done, pending = await asyncio.wait({asked, *ends}, return_when=asyncio.FIRST_COMPLETED)
        for waiting in pending:
            waiting.cancel()
        ended = [task.result() for task in done if task in ends]
        if ended and not stop.is_set():
            raise StackError("; ".join(map(str, ended)))

    async def _take_down(self) -> None:
        failures = []
        while self._started:
            part = self._started.pop()
            with self._console.status(f"Stopping {part.name}"):
                try:
                    await part.stop()
                except (StackError, OSError) as error:
                    failures.append(f"{part.name} did not stop: {error}")
        if failures:
            raise StackError("; ".join(failures))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def _run(settings: Settings, console: Console) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    for leftover in await stop_leftovers(settings.home):
        console.print(f"  {leftover} of an interrupted run stopped")
    await Stack(parts_of(settings), console).run(stop)
    console.print("Stopped.")


def _claim_home(home: Path) -> int:
    """One `placement up` per PLACEMENT_HOME: the lock is held as long as this process lives."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    claim = Claim(home / "up.pid")
    descriptor = claim.take()
    if descriptor is None:
        raise StackError(
            f"`placement up` already runs on {home} (process {claim.holder()}): "
            "use that one, stop it, or set PLACEMENT_HOME to another folder"
        )
    os.truncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def up() -> None:
    """Start everything on this computer: databases, mail, sign-in, worker and web pages. Ctrl-C stops it."""
    settings = read_settings()
    if settings.production:
        raise StackError(
            "`placement up` is the embedded stack; in production start worker and API by themselves"
        )
    descriptor = _claim_home(settings.home)
    settings.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Kept open until the process ends; who decoded what in the Web UI stands here.
    configure_logging((settings.logs / "up.log").open("a", encoding="utf-8"))
    try:
        asyncio.run(_run(settings, Console()))
    finally:
        os.close(descriptor)


def add_commands(app: typer.Typer) -> None:
    """Mount `placement up`."""
    app.command()(up)
