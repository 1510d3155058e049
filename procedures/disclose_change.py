"""2 and 4, What happens next: the duty to tell Corrections of a change with form T-442."""

from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import Field

from procedures import changes, form_exchange
from procedures.check_suitability_state import FollowingState
from procedures.exchange_state import ExchangeState
from procedures.form_exchange import SendForm
from procedures.refusals import Refused
from procedures.steps import StepRef
from procedures.tasks import Answer
from procedures.terms import Form, Procedure, Role
from procedures.watch import DutyKind

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_MANAGER = Role.MANAGER_HOUSING_WELLBEING_SUPPORT
_COVER = frozenset({_MANAGER})


class DiscloseChangeState(FollowingState):
    """One change that Corrections must be told of, between two waits."""

    exchange: ExchangeState = ExchangeState(form=Form.T_442)
    kind: DutyKind
    facts: str
    aware_on: date
    about: str | None = None
    """Names the change, so that it is not raised twice."""
    event_id: str | None = None
    target_at: datetime | None = None
    """Soft target: the end of the next working day after awareness; reported, never automatic (AMB-P2-13)."""
    proposed: bool = False
    privacy_check: str | None = None
    """The manager's answered task that approves a risk disclosure (PRV-14)."""


class ProposeRiskDisclosure(Answer):
    """F3: the advisor checks what privacy law allows, and proposes."""

    kind: ClassVar = "propose_risk_disclosure"
    step: ClassVar[StepRef] = "A"
    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    title: ClassVar = "Privacy check: propose what Corrections is told about the risk"
    guidance: ClassVar = (
        "The Privacy Act 2020 and other legislation set limits. Say what is to be told, why it is needed, and what limits "
        "apply. The manager approves or refuses."
    )
    policy: ClassVar = "P2.F3 P4.F3 PRV-14 AMB-P2-15"

    facts: str = Field(min_length=1, max_length=4000, description="What Corrections would be told")
    reason: str = Field(min_length=1, description="Why it is needed, and which limits were considered")


class ApproveRiskDisclosure(Answer):
    """F3: the manager approves or refuses, with a reason; a refusal ends the duty without sending."""

    kind: ClassVar = "approve_risk_disclosure"
    step: ClassVar[StepRef] = "A"
    role: ClassVar = _MANAGER
    title: ClassVar = "Approve or refuse to tell Corrections of a changed risk"
    guidance: ClassVar = (
        "Approve only what the Privacy Act 2020 and other legislation allow. Give your reason."
    )
    policy: ClassVar = "P2.F3 P4.F3 PRV-14 AMB-P2-15"

    approved: bool
    reason: str = Field(min_length=1)


class SendT442(SendForm):
    """Tell Corrections of the change."""

    kind: ClassVar = "send_t442"
    step: ClassVar[StepRef] = "A"
    title: ClassVar = "Tell Corrections of the change: send the T-442 by SEEMail"
    guidance: ClassVar = (
        "Corrections only: the community is never informed. Say what has changed or is intended. SEEMail does not check "
        "the recipient: confirm name, office and address against the directory."
    )
    policy: ClassVar = "P2.F5 P4.F5 P2.X3 P4.X1 AMB-P2-13 AMB-P2-19 A-A4 PRV-6"

    facts: str | None = Field(
        default=None, min_length=1, max_length=4000, description="What the T-442 says; empty: as reported"
    )

    def mail_fields(self) -> dict[str, Any]:
        """The advisor's own words, if there are any."""
        return {"facts": self.facts} if self.facts else {}


ANSWERS: tuple[type[Answer], ...] = (ProposeRiskDisclosure, ApproveRiskDisclosure, SendT442)


def mail_fields(state: DiscloseChangeState) -> dict[str, Any]:
    """What the T-442 of this change says, unless the advisor says it otherwise."""
    return {
        "disclosure": state.kind.disclosure.value,
        "facts": state.facts,
        "aware_on": state.aware_on.isoformat(),
        "privacy_check": state.privacy_check,
    }


def check_answer(state: DiscloseChangeState, answer: Answer, facts: dict[str, Any]) -> None:
    """Refuse what the duty forbids. Raises Refused naming the rule."""
    match answer:
        case SendT442() if state.kind is DutyKind.RISK_CHANGE and state.privacy_check is None:
            raise Refused("PRV-14", "the manager must approve the disclosure first")
        case form_exchange.SendFailed(action="do_not_send"):
            raise Refused("P2.F5", "the duty ends only with a sent T-442: remove the cause and send it again")
        case _:
            form_exchange.check_answer(state.exchange, answer, facts)


def check_change(state: DiscloseChangeState, change: changes.Change, now: datetime) -> None:
    """Refuse an interruption that does not fit. Raises Refused naming the rule."""
    match change:
        case changes.Withdraw():
            raise Refused("P2.F5", "the duty ends only with a sent T-442, or a refused privacy check")
        case changes.Vacated() if state.kind is DutyKind.ACCOMMODATION_CHANGE:
            raise Refused("P2.F4", "the leaving is what Corrections must be told: send the T-442")
        case changes.CorrectionsSays():
            changes.check_said_before(change.said_at, now)
        case changes.ExtendDeadline() | changes.RecalculateDeadline():
            raise Refused("NFR-4", "no clock runs in this case")
        case changes.WrongRecipient() if change.mail_id != state.exchange.mail_id:
            raise Refused("AMB-X-7", "this case has sent no such mail in the present cycle")
        case _:
            changes.check_known(change, Procedure.DISCLOSE_CHANGE)
