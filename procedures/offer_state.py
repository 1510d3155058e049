"""What a case of procedure 4 remembers between two waits."""

from datetime import datetime
from typing import Literal

from procedures.match_void_state import PlacingState
from procedures.tasks import Frozen

OfferOutcome = Literal["accepted", "withdrawn", "declined"]
"""What the Coordinator Placement enters."""


class RatingCheck(Frozen):
    """The check of the customer risk rating (CRR), apart from the CSO code (P4.S1.N1)."""

    rating_id: str
    action: Literal["none", "update", "new"]
    done: bool
    """Nothing was to be done, or it is done."""


class OfferState(PlacingState):
    """Procedure 4 between two waits."""

    match_case_id: str
    """The case of procedure 3; the property is held in its name."""
    rating: RatingCheck | None = None
    rating_checks: int = 0
    offered_at: datetime | None = None
    shown_at: datetime | None = None
    reminders: tuple[datetime, ...] = ()
    """When no answer is asked after: after two working days, and when the advisor decides (AMB-P4-4)."""
    reminded: int = 0
    accepted: bool = False
    kotahi_outcome: OfferOutcome | None = None
    reason: str | None = None
    policy_reference: str | None = None
    entered: bool = False
    """The Coordinator Placement has entered the outcome."""

    @property
    def offer_id(self) -> str:
        """One offer per case."""
        return f"{self.case_id}-F"
