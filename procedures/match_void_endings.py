"""How a match or an offer can end without an accepted offer, and what each ending still asks of people."""

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """Why the match ends; none of them excludes the person from later matches (P3.X2)."""

    UNSUITABLE = "unsuitable"
    CORRECTIONS_DISAGREES = "corrections_disagrees"
    NOT_SUITABLE = "not_suitable"
    WE_DISAGREE = "we_disagree"
    NO_VIEWING = "no_viewing"
    PROPERTY_GONE = "property_gone"
    MATCH_WITHDRAWN = "match_withdrawn"
    NO_LONGER_APPLICANT = "no_longer_applicant"
    APPROVAL_WITHDRAWN = "approval_withdrawn"
    IN_ERROR = "in_error"
    NOT_ACCEPTED = "not_accepted"
    ORDER_ENDED = "order_ended"
    DIED = "died"


@dataclass(frozen=True)
class Closing:
    """What an ending asks: `outcome` closes the case, the rest are tasks."""

    outcome: str
    entered: bool
    """The Coordinator Placement enters the outcome, and the property goes back to matching."""
    questions: bool
    """The questions about it are answered and the outcome calculated; the code does not move (TR-16)."""
    tell: bool
    """Corrections is phoned, if it had agreed or given its approval before."""


CLOSINGS: dict[Ending, Closing] = {
    Ending.UNSUITABLE: Closing("withdrawn", entered=True, questions=True, tell=False),
    Ending.CORRECTIONS_DISAGREES: Closing("withdrawn", entered=True, questions=True, tell=False),
    Ending.NOT_SUITABLE: Closing("withdrawn", entered=True, questions=True, tell=False),
    Ending.WE_DISAGREE: Closing("withdrawn", entered=True, questions=True, tell=True),
    Ending.NO_VIEWING: Closing("withdrawn", entered=True, questions=True, tell=True),
    Ending.PROPERTY_GONE: Closing("withdrawn", entered=True, questions=True, tell=True),
    Ending.MATCH_WITHDRAWN: Closing("withdrawn", entered=True, questions=True, tell=True),
    Ending.NO_LONGER_APPLICANT: Closing("withdrawn", entered=True, questions=False, tell=True),
    Ending.APPROVAL_WITHDRAWN: Closing("withdrawn", entered=True, questions=True, tell=True),
    Ending.IN_ERROR: Closing("withdrawn", entered=True, questions=False, tell=True),
    Ending.NOT_ACCEPTED: Closing("not_accepted", entered=True, questions=True, tell=True),
    Ending.ORDER_ENDED: Closing("ceased_nso", entered=False, questions=False, tell=False),
    Ending.DIED: Closing("died", entered=False, questions=False, tell=False),
}
"""AMB-P3-3, 15 and 16, AMB-P4-5 and 7, AMB-X-4, AMB-X-13."""
