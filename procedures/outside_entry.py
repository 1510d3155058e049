"""Outside systems that are worked by hand: which, what still has to be entered there, and what was entered."""

from enum import StrEnum
from typing import Literal

from procedures.steps import StepRef
from procedures.tasks import Frozen


class OutsideSystem(StrEnum):
    """A system beside ours; one that is set to *by hand* gets its entries from a person."""

    PERSON_REGISTER = "person_register"
    DOCUMENT_STORE = "document_store"
    CALENDAR = "calendar"
    SERVICE_DESK = "service_desk"


class PendingEntry(Frozen):
    """Something that a person still has to enter. Opaque ids only."""

    entry_id: str
    system: OutsideSystem
    step: StepRef
    subject: str | None = None
    """Number of the assessment, or id of the viewing; a person file is found where the record is written."""


class ByHandState(Frozen):
    """What a case remembers of the systems worked by hand."""

    systems: tuple[OutsideSystem, ...] = ()
    """Put in when the case is read from the record: the setting does not change under a running case."""
    pending: tuple[PendingEntry, ...] = ()
    """In the order in which it happened; of each system the first has an open task."""
    entries: int = 0
    file_of: str | None = None
    """Primary reference whose person file was asked for last; empty for a file without a reference."""


class OutsideExpected(Frozen):
    """A person has to enter something outside; what exactly is read from the record when it is shown."""

    effect: Literal["outside_expected"] = "outside_expected"
    entry_id: str
    position: int
    system: OutsideSystem
    subject: str | None
    report_entry_id: str | None = None
    person_refs: tuple[str, ...] = ()


class OutsideEntered(Frozen):
    """It was entered, and what was seen there agrees with the record."""

    effect: Literal["outside_entered"] = "outside_entered"
    entry_id: str
    system: OutsideSystem
    outside_number: str | None
    seen: dict[str, str]
    """Codes and instants; never a name."""


class UrgentCallLogged(Frozen):
    """An urgent call with the Service Desk, once per logical id (P1.S1.N6)."""

    effect: Literal["urgent_call_logged"] = "urgent_call_logged"
    call_id: str
    about: str
    reference: str
    by_hand: bool
    """A person logged it and gave the reference; else the system logged it."""


OutsideEffect = OutsideExpected | OutsideEntered | UrgentCallLogged
