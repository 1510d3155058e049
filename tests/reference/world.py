"""A reference model of the four procedures, written from the catalogue: one person, the cases about them, and the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from tests.reference.days import at, nth_after

CLOSED = "TaskClosed"
"""How a command fails that comes too late or too early: nothing waits for it."""


class Refuse(Exception):
    """A rule of the catalogue says no."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class Word(NamedTuple):
    """What Corrections said of the person, how, and when."""

    id: str
    said: str
    verbal: bool
    at: datetime


class Task(NamedTuple):
    """Something asked of people; `about` tells two of a kind apart."""

    kind: str
    about: str = ""


class Rested(NamedTuple):
    """The chase at the moment at which a completed form ended it: clock, reminder, and what was asked of people."""

    day0: date | None
    number: int
    days: int
    remind_at: datetime | None
    asked: tuple[Task, ...]


@dataclass
class Exchange:
    """A form out with Corrections: T-441, T-439, or the T-442 that needs no return."""

    form: str
    mail: str = ""
    """What goes out."""
    cycle: int = 0
    out: bool = False
    complete: bool = False
    returned: dict[str, str] = field(default_factory=dict)
    day0: date | None = None
    """Local date of the acceptance that the running clock counts from; None: no clock runs."""
    accepted_on: date | None = None
    """Local date on which the gateway took the form."""
    number: int = 0
    """0 waits for the form, 1 and 2 for an answer to the first and second letter."""
    days: int = 5
    overdue: tuple[date | None, int] | None = None
    """What the clock before the last letter had counted, and from when."""
    contact: bool = False
    """Somebody at Corrections is confirmed as the recipient."""
    letters: int = 0
    last: str = ""
    """What went out last in this cycle, a form or a letter: what can bounce."""
    letter_to: bool = False
    """Somebody has confirmed whom the next letter goes to."""
    unread: list[str] = field(default_factory=list)
    documents: dict[str, bool] = field(default_factory=dict)
    """Whether what came back carries a form."""
    rested: "Rested | None" = None
    """What chased Corrections when the completed form came."""
    given_up: bool = False
    remind_at: datetime | None = None

    @property
    def due_day(self) -> datetime:
        """09:00 on the due day."""
        assert self.day0
        return at(nth_after(self.day0, self.days), 9)

    @property
    def letter_from(self) -> datetime:
        """09:00 on the working day after."""
        assert self.day0
        return at(nth_after(self.day0, self.days + 1), 9)

    @property
    def read_by(self) -> datetime:
        """Noon of that day."""
        return self.letter_from + timedelta(hours=3)

    def stop(self) -> None:
        """No clock runs."""
        if self.day0:
            self.day0, self.remind_at = None, None


@dataclass
class Case:
    """One case of a procedure and what it remembers."""

    name: str
    procedure: str
    step: str
    x: Exchange
    tasks: list[Task] = field(default_factory=list)
    outcome: str | None = None
    said: list[Word] = field(default_factory=list)
    """What this case knows of Corrections' words."""
    paused: list[datetime] | None = None
    """Instants at which somebody comes in, still ahead."""
    attempts: int = 0
    ladder: list[datetime] = field(default_factory=list)
    whom: str = "contact"
    poll_at: datetime | None = None
    # procedure 1
    group: str = "CSO"
    friday: date | None = None
    linked: bool = False
    reported: bool = True
    """Whether an entry of the report stands behind it."""
    live: bool | None = None
    vacated: bool = False
    asked: bool = False
    # procedure 2
    suitability: str | None = None
    supported: bool = False
    # procedures 3 and 4
    matched: bool = False
    view: str | None = None
    agreed_at: datetime | None = None
    booked_at: datetime | None = None
    held_at: datetime | None = None
    failures: int = 0
    approved: bool = False
    taken_back: bool = False
    paper: bool = False
    done: set[str] = field(default_factory=set)
    reminders: list[datetime] = field(default_factory=list)
    chased: bool = False
    ending: str | None = None
    ends_as: str | None = None
    rated: str | None = None
    offered_at: datetime | None = None
    shown_at: datetime | None = None
    accepted: bool = False
    chosen: str | None = None

    def copy(self) -> "Case":
        """As it stands, apart from what comes later."""
        return replace(
            self, x=replace(self.x, unread=list(self.x.unread), documents=dict(self.x.documents)), said=list(self.said),
            tasks=list(self.tasks), ladder=list(self.ladder), done=set(self.done), reminders=list(self.reminders),
        )  # fmt: skip

    def open(self, kind: str, about: str = "") -> None:
        """Ask, once."""
        if Task(kind, about) not in self.tasks:
            self.tasks.append(Task(kind, about))

    def cancel(self, *kinds: str, keep: frozenset[str] = frozenset()) -> None:
        """Ask no longer: these kinds, or all but those to keep."""
        self.tasks = [t for t in self.tasks if (kinds and t.kind not in kinds) or t.kind in keep]

    def asks(self, *kinds: str) -> bool:
        """Whether one of these is asked."""
        return any(t.kind in kinds for t in self.tasks)

    @property
    def verbal(self) -> str | None:
        """Corrections' newest spoken word."""
        return newest([w for w in self.said if w.verbal])

    @property
    def newest(self) -> str | None:
        """Corrections' newest word by any channel."""
        return newest(self.said)


def newest(words: list[Word]) -> str | None:
    """The newest by the time Corrections said it, not by entry; two that contradict each other are none (AMB-P1-22)."""
    said = {w.said for w in words if w.at == max(w.at for w in words)}
    return said.pop() if len(said) == 1 else None


@dataclass
class World:
    """Everything the record knows of one person."""

    lives: str
    """tenant, applicant or historic."""
    now: datetime
    held: tuple[str, str] | None = None
    """Code and status of the assessment."""
    confirmed: str | None = None
    """The last final code that Corrections confirmed of this assessment."""
    cases: dict[str, Case] = field(default_factory=dict)
    words: list[Word] = field(default_factory=list)
    completed: list[tuple[datetime, str]] = field(default_factory=list)
    """Completed T-441s: when read, and what they say."""
    mails: list[tuple[str, str]] = field(default_factory=list)
    """Case and kind of everything that has left, in order."""
    walks: dict[str, Callable[["World", Case], None]] = field(default_factory=dict)
    returns: int = 0
    told: set[tuple[str, str]] = field(default_factory=set)
    """Which case has heard which word."""

    def copy(self) -> "World":
        """As it stands, apart from what comes later; an ended case changes no more."""
        cases = {name: case if case.outcome else case.copy() for name, case in self.cases.items()}
        words, completed, mails = list(self.words), list(self.completed), list(self.mails)
        return replace(self, cases=cases, words=words, completed=completed, mails=mails, told=set(self.told))

    def of(self, procedure: str) -> list[Case]:
        """The open cases of a procedure."""
        return [c for c in self.cases.values() if c.procedure == procedure and c.outcome is None]

    def add(self, procedure: str, step: str, x: Exchange, **known: object) -> Case:
        """A new case; its steps are walked at once."""
        count = 1 + sum(c.procedure == procedure for c in self.cases.values())
        case = Case(f"{procedure}{count}", procedure, step, x)
        for name, value in known.items():
            setattr(case, name, value)
        self.cases[case.name] = case
        self.walk(case)
        return case

    def walk(self, case: Case) -> None:
        """What the step asks now."""
        if case.outcome is None:
            self.walks[case.procedure](self, case)

    def end(self, case: Case, outcome: str) -> None:
        """Nothing is asked any more."""
        case.outcome, case.step = outcome, "end"
        case.tasks, case.paused, case.ladder, case.reminders, case.poll_at = [], None, [], [], None
        case.x.stop()

    @property
    def under_an_order(self) -> bool:
        """D1 and current."""
        return self.held == ("D1", "CUR")

    def state(self, case: Case, said: str, moment: datetime, *, verbal: bool = True) -> Word:
        """A confirmation on record."""
        word = Word(f"{case.name}-{len(self.words)}", said, verbal, moment)
        self.words.append(word)
        return word
