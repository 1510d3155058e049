"""The `placement` script: runs the app, then leaves without interpreter teardown.

A process that used the Temporal client can abort in teardown after its work is done, and lose its exit status.
"""

import logging
import os
import sys
import traceback
from typing import NoReturn

from adapters.settings import SettingsError
from workers.cli import build_app
from workers.processes import StackError


def run() -> int:
    """Run the command of this process's arguments; its exit status. Prints why when it fails."""
    try:
        build_app(*sys.argv[1:2])()
    except SystemExit as leaving:
        return _status(leaving.code)
    except (SettingsError, StackError) as error:
        print(f"placement: {error}", file=sys.stderr)
        return 1
    except BaseException:  # noqa: BLE001 - whatever it was, the process ends here and says so
        traceback.print_exc()
        return 1
    return 0


def _status(code: str | int | None) -> int:
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return code or 0


def leave(status: int) -> NoReturn:
    """Flush and end the process with this status, or with 1 when output could not be written."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            status = status or 1
    os._exit(status)


def main() -> NoReturn:
    """Entry point of the `placement` script."""
    leave(run())


if __name__ == "__main__":
    main()
