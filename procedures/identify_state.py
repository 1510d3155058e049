"""What a case of procedure 1 remembers between two waits."""

from datetime import date, datetime
from typing import Literal

from procedures.evidence import Confirmation, Evidence, known
from procedures.exchange_state import ExchangingState
from procedures.tasks import Frozen
from procedures.terms import Channel, Occupancy, RecordState, ReportGroup, StatusSaid


class RecordHeld(Frozen):
    """The CSO assessment of one register record: the number it has, or the one reserved for it."""

    person_ref: str
    number: str
    code: str | None = None
    status: str | None = None
    version: int = 0
    confirmed: str | None = None
    """The last final code that Corrections confirmed, if this assessment ever had one (TR-10)."""
    superseded: str | None = None
    """Number of the closed assessment that a new one replaces, if any."""


class LinkedPerson(Frozen):
    """The register person(s) a report row was linked to: one primary, any number of duplicates (AMB-P1-12)."""

    primary: str
    records: tuple[RecordHeld, ...]
    record_state: RecordState
    occupancy: Occupancy
    property_ref: str | None
    region: str

    @property
    def held(self) -> RecordHeld:
        """The primary record's assessment."""
        return next(r for r in self.records if r.person_ref == self.primary)


class Statement(Confirmation):
    """Something Corrections said of the person, with the id of its confirmation record."""

    confirmation_id: str


class CallingState(Frozen):
    """Attempts to reach Corrections by phone since the last answered call (AMB-P1-28)."""

    attempts: tuple[datetime, ...] = ()
    service_manager_at: datetime | None = None
    manager_at: datetime | None = None
    call: Literal["contact", "service_manager"] = "contact"
    manager_told: bool = False


class IdentifyState(ExchangingState):
    """Procedure 1 between two waits."""

    entry_id: str | None
    group: ReportGroup
    friday: date
    contradictory: bool = False
    address_only: bool = False
    person: LinkedPerson | None = None
    statements: tuple[Statement, ...] = ()
    calling: CallingState = CallingState()
    live: bool | None = None
    """Answer of step 6; None before it."""
    vacated: bool = False
    """Has left the home and is not considered for another one."""
    asked_before_t441: bool = False
    considered_for_void: bool = False
    calls: int = 0
    notes: int = 0
    followers: int = 0
    """Cases opened from this one when a link was corrected."""

    def evidence(self) -> Evidence:
        """What is known when the assessment is to change."""
        return Evidence(
            confirmations=self.statements,
            person_file=True,
            live=self.live,
            t441_complete=self.exchange.complete,
            vacated=self.vacated,
        )

    @property
    def newest(self) -> StatusSaid | None:
        """Corrections' newest word by any channel; None too while two of one instant contradict each other."""
        latest = known(self.statements)
        return latest.said if latest else None

    @property
    def verbal(self) -> StatusSaid | None:
        """Corrections' newest spoken word, if there is one and only one (AMB-P1-6, AMB-P1-22)."""
        spoken = known(one for one in self.statements if one.channel is Channel.VERBAL)
        return spoken.said if spoken else None
