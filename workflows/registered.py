"""Every workflow a worker runs.

Not in the package itself: the sandbox imports the package anew for each run, and so each run reads its own module alone.
"""

from workflows.check_suitability import CheckSuitability
from workflows.correct_sent import CorrectSent
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
    CorrectSent,
    OpenFriday,
    IntakeRun,
    Identify,
    CheckSuitability,
    DiscloseChange,
    MatchVoid,
    OfferProperty,
]
"""Everything a worker runs."""
