"""What a case of procedure 2 remembers between two waits."""

from datetime import date, datetime

from procedures.exchange_state import ExchangeState, ExchangingState
from procedures.identify_state import LinkedPerson
from procedures.returned_parts import Suitability
from procedures.tasks import Frozen
from procedures.terms import Form


class Pause(Frozen):
    """The report names the person in the Exit group: no new disclosure until Corrections confirms (AMB-X-5)."""

    since: datetime
    service_manager_at: datetime
    manager_at: datetime
    told: int = 0
    """How many of the two have been told (UTC instants above)."""


class FollowingState(ExchangingState):
    """A case about a person whom procedure 1 has identified; it never moves the code itself."""

    person: LinkedPerson
    notes: int = 0
    statements: int = 0
    followers: int = 0
    """Cases opened from this one."""


class CheckSuitabilityState(FollowingState):
    """Procedure 2 between two waits."""

    exchange: ExchangeState = ExchangeState(form=Form.T_439)
    entry_id: str
    """A report entry of the person: without one there is no such case (P2.W2, AMB-P2-17)."""
    friday: date
    """Of that entry's report."""
    suitability: Suitability | None = None
    """Corrections' word alone (P2.X1)."""
    source_documents: tuple[str, ...] = ()
    """The documents that carry that word."""
    supported: bool = False
    """The not-suitable branch: support was recorded."""
    paused: Pause | None = None
    vacated: bool = False
    watch_id: str | None = None
    """The watch this case reviews, if it began as a review of a home that is not suitable."""
    reviewing: bool = False
