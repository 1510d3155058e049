"""What a task's page says beside its guidance: until when a viewing would have to start, what Corrections would learn."""

from dataclasses import dataclass
from datetime import datetime

from api.facts_of_sending import mail_kind_of
from api.known import audit_read
from api.pages.sessions import Visitor
from api.resources import Resources
from models.queries.cases import CaseDetail
from models.queries.placing import MatchMade, placing_of_case
from models.queries.tasks import TaskRecord
from procedures.clocks import viewing_window
from procedures.editions import parameters_for
from procedures.local_time import say_instant
from procedures.match_void_answers import PhoneAboutProperty
from procedures.match_void_outcome_answers import EnterWithdrawn
from procedures.offer_answers import EnterOfferOutcome, PrepareSignUp

_BY_THE_COORDINATOR = frozenset({EnterWithdrawn.kind, PrepareSignUp.kind, EnterOfferOutcome.kind})


@dataclass(frozen=True)
class OwnMatch:
    """What the Coordinator Placement must know of a match to act on it: what they entered, and no code (P3.S7.1)."""

    match: MatchMade
    address: str
    chosen: str
    """What the Advisor Placement has chosen for an offer that was not accepted; else empty."""


def before_the_call(task: TaskRecord, now: datetime) -> str:
    """Before a call that may start the 48 hours (P3.S4.a3): what agreeing now would mean; empty for other tasks."""
    if task.kind != PhoneAboutProperty.kind or task.state != "open":
        return ""
    closes_at = viewing_window(now, parameters_for(task.edition)).closes_at
    return (
        f"If Corrections agrees in a call that ends now, the viewing must start by {say_instant(closes_at)}."
    )


async def mail_to_preview(resources: Resources, task: TaskRecord, case: CaseDetail | None) -> str:
    """The message that the answer sends, so that it can be looked at before; empty for a task that sends none."""
    if case is None or task.state != "open":
        return ""
    kind = await mail_kind_of(resources, case, task.kind)
    return kind.value if kind else ""


async def own_match(visitor: Visitor, task: TaskRecord, case: CaseDetail | None) -> OwnMatch | None:
    """The match that a task of the Coordinator Placement is about; None for every other task. The read is audited."""
    if case is None or task.kind not in _BY_THE_COORDINATOR:
        return None
    found = await placing_of_case(visitor.caller.resources.database, case.case_id)
    if found is None:
        return None
    match = found.match
    await audit_read(visitor.caller, "match", match.match_id, case_id=case.case_id, why=f"task {task.kind}")
    chosen = case.state.get("kotahi_outcome") if task.kind == EnterOfferOutcome.kind else None
    return OwnMatch(match, found.home.address if found.home else match.property_ref, chosen or "")
