"""What is known when an assessment is to change, and the guards that a transition asks of it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict

from procedures.refusals import Refused
from procedures.terms import Channel, Procedure, StatusSaid


class Confirmation(BaseModel):
    """What Corrections said a person is, how and when Corrections said it (not when it was entered)."""

    model_config = ConfigDict(frozen=True)

    said: StatusSaid
    channel: Channel
    said_at: AwareDatetime


class Evidence(BaseModel):
    """What is known when a change is asked for."""

    model_config = ConfigDict(frozen=True)

    confirmations: tuple[Confirmation, ...] = ()
    """All that Corrections said of this person; the newest statement rules (AMB-P1-22)."""
    confirmed_since: AwareDatetime | None = None
    """Statements before this instant do not carry a change: begin of the report week in S3.b (AMB-P1-6)."""
    person_file: bool = False
    live: bool | None = None
    """Answer of step 6; None: not yet checked."""
    t441_complete: bool = False
    """Received and fully completed (P1.S6.b6)."""
    vacated: bool = False
    """Has left the home and is not considered for another one (AMB-P1-20)."""
    case_open: Procedure | None = None
    """The procedure whose questions are answered."""
    manager_approval: bool = False
    right_person_linked: bool = False
    no_right_person_reason: str = ""


Guard = Callable[[Evidence], None]
"""Raises Refused with the rule whose evidence is missing."""


def ruling(confirmations: Iterable[Confirmation]) -> Confirmation | None:
    """The newest statement by the time Corrections made it, or None when there is none (AMB-P1-22).

    Raises Refused("AMB-P1-22") when two statements of the same instant contradict each other.
    """
    newest = _of_the_newest_instant(confirmations)
    if len({one.said for one in newest}) > 1:
        raise Refused(
            "AMB-P1-22", "Two statements of the same time contradict each other: phone Corrections again."
        )
    return newest[-1] if newest else None


def known(confirmations: Iterable[Confirmation]) -> Confirmation | None:
    """The newest statement; None as well while two of the same instant contradict each other: Corrections is asked.

    Two cases may hear them at once, and neither can refuse what the other has recorded (AMB-P1-22).
    """
    newest = _of_the_newest_instant(confirmations)
    return newest[-1] if len({one.said for one in newest}) == 1 else None


def _of_the_newest_instant(confirmations: Iterable[Confirmation]) -> list[Confirmation]:
    stated = list(confirmations)
    newest = max((one.said_at for one in stated), default=None)
    return [one for one in stated if one.said_at == newest]


def _recent(at: datetime, since: datetime | None) -> bool:
    return since is None or at >= since


def _said(wanted: StatusSaid, *, verbal: bool, refused_by: str) -> Guard:
    """Corrections' newest word is `wanted`; for a final code the newest spoken word is too."""

    def guard(evidence: Evidence) -> None:
        newest = ruling(evidence.confirmations)
        if newest is None:
            raise Refused(
                "A-C4", "The report is only indicative: record Corrections' confirmation (P1.S4.N1) first."
            )
        if newest.said is not wanted:
            older = any(one.said is wanted for one in evidence.confirmations)
            rule = "AMB-P1-22" if older else refused_by
            raise Refused(
                rule, f"Corrections' newest statement is {newest.said}, not {wanted}: follow that one."
            )
        if not _recent(newest.said_at, evidence.confirmed_since):
            raise Refused(
                "AMB-P1-6", "Corrections' statement is older than this report week: phone Corrections."
            )
        if verbal:
            _spoken(evidence, wanted)

    return guard


def _spoken(evidence: Evidence, wanted: StatusSaid) -> None:
    spoken = ruling(one for one in evidence.confirmations if one.channel is Channel.VERBAL)
    if spoken is None or spoken.said is not wanted or not _recent(spoken.said_at, evidence.confirmed_since):
        raise Refused(
            "A-C5", f"A final code needs Corrections' verbal confirmation ({wanted}): phone Corrections."
        )


def _need(rule: str, reason: str, holds: Callable[[Evidence], bool]) -> Guard:
    def guard(evidence: Evidence) -> None:
        if not holds(evidence):
            raise Refused(rule, reason)

    return guard


SAID_CSO = _said(StatusSaid.CSO, verbal=False, refused_by="P1.S4.N1")
SAID_NSO = _said(StatusSaid.NSO, verbal=False, refused_by="P1.S4.N1")
SAID_NEITHER = _said(StatusSaid.NEITHER, verbal=False, refused_by="DEF-6")
SPOKEN_CSO = _said(StatusSaid.CSO, verbal=True, refused_by="P1.S4.N1")
SPOKEN_NSO = _said(StatusSaid.NSO, verbal=True, refused_by="P1.S4.N1")
SPOKEN_NEITHER = _said(StatusSaid.NEITHER, verbal=True, refused_by="DEF-6")
PERSON_FILE = _need("P1.S3.1", "Create the person file first.", lambda e: e.person_file)
LIVE_CHECKED = _need(
    "P1.S6.1", "Check first whether the person has a live record.", lambda e: e.live is not None
)
T441_COMPLETE = _need(
    "P1.S6.b6", "Wait for a T-441 that is received and fully completed.", lambda e: e.t441_complete
)
NOT_VACATED = _need(
    "P1.S6.N4", "The person has vacated: complete a new NSO assessment.", lambda e: not e.vacated
)
VACATED = _need(
    "AMB-P1-20", "The person has not vacated: update this assessment instead.", lambda e: e.vacated
)
CASE_OPEN = _need(
    "TR-16",
    "Open a suitability, match or offer case first.",
    lambda e: e.case_open in (Procedure.CHECK_SUITABILITY, Procedure.MATCH_VOID, Procedure.OFFER),
)
MATCH_OPEN = _need(
    "TR-16",
    "A re-verification is open: wait until the code is D1 and current again.",
    lambda e: e.case_open is Procedure.MATCH_VOID,
)
APPROVED = _need("AMB-X-6", "The manager must approve the correction first.", lambda e: e.manager_approval)
RIGHT_PERSON = _need(
    "AMB-X-6",
    "Link the right person, or say why there is none.",
    lambda e: e.right_person_linked or bool(e.no_right_person_reason.strip()),
)


def spoken_word(evidence: Evidence) -> None:
    newest = ruling(evidence.confirmations)
    if newest is None:
        raise Refused("AMB-X-6", "Corrections must confirm by phone that the wrong person was linked.")
    _spoken(evidence, newest.said)
