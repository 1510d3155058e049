"""What procedure 2 and the standing duty write beside the common effects."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from procedures.returned_parts import Suitability
from procedures.tasks import Frozen


class SuitabilityDecided(Frozen):
    """Corrections' word on a home, with the documents that carry it (P2.S3.a, P2.S3.b)."""

    effect: Literal["suitability_decided"] = "suitability_decided"
    person_ref: str
    property_ref: str | None
    suitability: Suitability
    comment: str
    said_by: str
    documents: list[str]


class MoveWatched(Frozen):
    """A home that is not suitable is watched until the person has moved: the next review (AMB-P2-5)."""

    effect: Literal["move_watched"] = "move_watched"
    watch_id: str
    person_ref: str
    property_ref: str | None
    region: str
    next_review_at: datetime
    state: dict[str, Any] = Field(default_factory=dict)
    """From which a review begins."""


class WatchEnded(Frozen):
    """The watch ends: moved, suitable after all, or the order ended."""

    effect: Literal["watch_ended"] = "watch_ended"
    watch_id: str
    reason: str


DutyEffect = SuitabilityDecided | MoveWatched | WatchEnded
