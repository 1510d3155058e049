"""The story as lines of text: the day, then at each time who did what, what went out, and what comes next."""

from collections.abc import Callable
from datetime import datetime
from textwrap import wrap

from procedures.local_time import local, say_date, say_instant
from workers.rehearsal.chronicle import Happening, NextDue, What

_WIDTH = 112
_MARK = {
    What.RETURNED: "<-",
    What.ANSWERED: "*",
    What.CODE: "=",
    What.NO_LONGER_ASKED: "x",
    What.SENT: "->",
    What.NOT_SENT: "!",
    What.CLOCK: "o",
    What.NOTICE: "i",
    What.ENDED: ".",
    What.BEGINS: ">",
    What.ASKED: "?",
}
LEGEND = (
    "> a case begins  ? is asked  * answers  = code  -> goes out  <- comes back  ! does not leave\n"
    "o clock  i is told  x no longer asked  . a case ends  ~ happens outside"
)


class Story:
    """Writes lines as they happen; a day's heading once."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._day = ""

    def begin(self, title: str) -> None:
        """The heading of the whole story."""
        self._write(title)
        self._write(LEGEND)

    def tell(self, happening: Happening) -> None:
        """One happening."""
        self._heading(happening.at)
        head = f"  {local(happening.at):%H:%M} {happening.step:<4}{_MARK[happening.what]:<3}"
        text = f"{happening.who}: {happening.text}" if happening.who else happening.text
        self._lines(head, text)

    def happens(self, at: datetime, text: str) -> None:
        """Something outside the record, such as the gateway being away."""
        self._heading(at)
        self._lines(f"  {local(at):%H:%M}     ~  ", text)

    def due(self, due: NextDue | None) -> None:
        """What comes next."""
        if due is not None:
            self._lines(" " * 15, f"next due: {say_instant(due.at)} – {due.what}")

    def expected(self, text: str, problem: str | None) -> None:
        """Whether it is as the situation expects."""
        self._lines(" " * 8, f"as expected: {text}" if problem is None else f"NOT AS EXPECTED: {problem}")

    def _heading(self, at: datetime) -> None:
        day = say_date(local(at).date())
        if day != self._day:
            self._day = day
            self._write("")
            self._write(day)

    def _lines(self, head: str, text: str) -> None:
        first, *rest = wrap(text, _WIDTH - len(head)) or [""]
        self._write(f"{head}{first}")
        for line in rest:
            self._write(f"{' ' * len(head)}{line}")
