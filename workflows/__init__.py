"""One durable workflow per procedure: order, waiting, clocks."""

from workflows.check_suitability import CheckSuitability
from workflows.disclose_change import DiscloseChange
from workflows.identify import Identify
from workflows.intake import IntakeRun, OpenFriday
from workflows.link_duplicate import LinkDuplicate
from workflows.match_void import MatchVoid
from workflows.offer import OfferProperty
from workflows.sort_mail import SortReceivedMail

WORKFLOWS = [
    LinkDuplicate,
    SortReceivedMail,
    OpenFriday,
    IntakeRun,
    Identify,
    CheckSuitability,
    DiscloseChange,
    MatchVoid,
    OfferProperty,
]
"""Everything a worker runs."""
