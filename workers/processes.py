"""What the embedded stack is made of: the Part protocol, servers in this process, and child processes of their own."""

import asyncio
import fcntl
import os
import re
import signal
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

Command = Sequence[str | Path]
_POLL_SECONDS = 0.1


class StackError(Exception):
    """A part of the stack cannot start or stop; the message says what to do."""


class Part(Protocol):
    """One server of the stack. `placement up` starts parts in order and stops them in reverse."""

    @property
    def name(self) -> str:
        """As people read it: "Report mailbox"."""
        ...

    @property
    def ports(self) -> Mapping[str, int]:
        """Setting name to the port it sets; all must be free before anything starts."""
        ...

    @property
    def addresses(self) -> Mapping[str, str]:
        """What people should know once all is ready: label to address or short text."""
        ...

    async def start(self) -> None:
        """Begin to serve; need not wait until it does. Never interrupted. Raises StackError."""
        ...

    async def ready(self) -> bool:
        """Whether it serves by now; asked again until it does. Raises StackError when it never will."""
        ...

    async def stop(self) -> None:
        """Finish what is in hand, end, and return when it is gone; does nothing when it does not run."""
        ...


@runtime_checkable
class Watched(Protocol):
    """A part that can end by itself; `placement up` then stops the others and says so."""

    async def ended(self) -> str:
        """Wait until it ends; says so, and where its log is."""
        ...


class Server(Protocol):
    """Any server that runs in this process's event loop and serves when `start` returns."""

    async def start(self) -> None:
        """Listen."""
        ...

    async def stop(self) -> None:
        """Close."""
        ...


class InProcess:
    """A Part from a Server in the event loop of `placement up`."""

    def __init__(
        self, name: str, server: Server, *, ports: Mapping[str, int], addresses: Mapping[str, str]
    ) -> None:
        self.name, self.ports, self.addresses = name, ports, addresses
        self._server = server
        self._serves = False

    async def start(self) -> None:
        """Start the server."""
        await self._server.start()
        self._serves = True

    async def ready(self) -> bool:
        """True once started."""
        return self._serves

    async def stop(self) -> None:
        """Stop the server if it was started."""
        if self._serves:
            self._serves = False
            await self._server.stop()


class ChildProcess:
    """A Part that is a program in its own process group, so that Ctrl-C does not reach it before its turn.

    Its output goes to `home`/logs. SIGTERM asks it to drain; after `stop_within` seconds its group is killed.
    """

    def __init__(
        self,
        name: str,
        command: Command,
        *,
        home: Path,
        ports: Mapping[str, int],
        addresses: Mapping[str, str],
        stop_within: float = 30.0,
    ) -> None:
        self.name, self.ports, self.addresses = name, ports, addresses
        self._command = command
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
        self.log = home / "logs" / f"{slug}.log"
        self._claim = Claim(home / "run" / f"{slug}.pid")
        self._stop_within = stop_within
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Run the program; it holds the claim on its pid file as long as it lives."""
        self.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = self._claim.take()
        if descriptor is None:
            raise StackError(f"{self.name} still runs as process {self._claim.holder()}: stop it first")
        try:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *self._command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, pass_fds=(descriptor,),
                )  # fmt: skip
            os.truncate(descriptor, 0)
            os.write(descriptor, str(self._process.pid).encode())
        finally:
            os.close(descriptor)

    async def ready(self) -> bool:
        """Whether all its ports answer. Raises StackError when the program has ended."""
        if self._process is None or self._process.returncode is not None:
            raise StackError(self._ended())
        answers = [await answers_on(port) for port in self.ports.values()]
        return all(answers)

    async def stop(self) -> None:
        """Ask it to end and wait; kill its process group when it takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_within):
                await process.wait()
        except TimeoutError:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    async def ended(self) -> str:
        """Wait until the program ends; says so, and where its log is."""
        if self._process is not None:
            await self._process.wait()
        return self._ended()

    def _ended(self) -> str:
        status = self._process.returncode if self._process else None
        return f"{self.name} ended with status {status}: see {self.log}"


class Claim:
    """A file that names a process and is locked as long as that process lives, however it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self) -> int | None:
        """An open, locked descriptor of the file, or None while another process holds it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def holder(self) -> int:
        """The process id written in the file. Raises StackError when there is none."""
        text = self.path.read_text(encoding="ascii").strip()
        if not text.isdigit():
            raise StackError(f"{self.path} is locked but names no process: end what holds it, then try again")
        return int(text)

    def is_held(self) -> bool:
        """Whether a process holds it now."""
        descriptor = self.take()
        if descriptor is not None:
            os.close(descriptor)
        return descriptor is None


async def stop_leftovers(home: Path, *, within: float = 30.0) -> list[str]:
    """End the child processes that a killed `placement up` left behind; answers their names."""
    found = []
    for path in sorted((home / "run").glob("*.pid")):
        claim = Claim(path)
        if not claim.is_held():
            continue
        found.append(path.stem)
        os.kill(claim.holder(), signal.SIGTERM)
        try:
            async with asyncio.timeout(within):
                await _until_free(claim)
        except TimeoutError:
            os.killpg(claim.holder(), signal.SIGKILL)
            await _until_free(claim)
    return found


async def _until_free(claim: Claim) -> None:
    while claim.is_held():  # noqa: ASYNC110 - a lock of another process raises no event here
        await asyncio.sleep(_POLL_SECONDS)


async def answers_on(port: int) -> bool:
    """Whether something on loopback accepts connections on the port."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def require_free(parts: Sequence[Part]) -> None:
    """Raises StackError naming the setting to change when a port is taken or wanted twice."""
    wanted: dict[int, str] = {}
    for part in parts:
        for setting, port in part.ports.items():
            if port in wanted:
                raise StackError(f"{setting} and {wanted[port]} are both {port}: change one of them")
            wanted[port] = setting
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError as error:
                    raise StackError(
                        f"{part.name} needs port {port}, which is taken: "
                        f"stop what uses it or set {setting} to another port"
                    ) from error
