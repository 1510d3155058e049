"""Step 3.2.c: the request to Corrections for more information, with the clock and the letter of procedure 2."""

from collections.abc import Mapping
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from procedures import match_void
    from procedures.changes import CorrectionsSays
    from procedures.clocks import ClockKind
    from procedures.exchange_state import ConfirmedContact
    from procedures.forms import Disclosure
    from procedures.match_void_answers import SendVoidRequest
    from procedures.match_void_state import MatchState
    from procedures.terms import Role, StatusSaid
    from workflows.case_run import CaseRun
    from workflows.form_exchange import FormExchange

_FACTS = "The person is being considered for a match to one of our void properties."


class VoidRequest(FormExchange[MatchState]):
    """T-441 and T-442 about a void property; the T-439 goes along when the person lives in one of our homes."""

    def __init__(self, case: CaseRun[MatchState]) -> None:
        super().__init__(
            case,
            "3.2",
            ClockKind.INFORMATION_RETURN,
            SendVoidRequest,
            mail_kind="T-441+T-442",
            role=Role.ADVISOR_PLACEMENT,
        )

    def about(self, *, literal: bool) -> None:
        """What the request carries for this person (AMB-P3-1); called before anything is sent, also after a restart."""
        lives = self._match.person.occupancy.lives_in_a_home
        form, self._mail_kind = match_void.request_of(lives_in_a_home=lives, literal=literal)
        if self.state.form is not form:
            self.change(form=form)

    def prepare(self, kind: str, contact: ConfirmedContact, key: str, fields: Mapping[str, Any]) -> str:
        """Every mail of the request names the void property and why it is written."""
        about = {
            "property_ref": self._match.property_ref,
            "disclosure": Disclosure.VOID_MATCH.value,
            "facts": _FACTS,
        }
        return super().prepare(kind, contact, key, {**about, **fields})

    @property
    def no_order(self) -> CorrectionsSays | None:
        """What the returned T-441 says when there is no current order; None when there is one (AMB-P3-10)."""
        returned = self.state.returned
        said = StatusSaid(returned.get("order_status", StatusSaid.CSO.value))
        if said is StatusSaid.CSO:
            return None
        return CorrectionsSays(
            said=said,
            said_by=returned["completed_by"],
            office=returned["completed_by"],
            said_at=self.case.now,
            note="Stated on the completed T-441.",
        )

    @property
    def _match(self) -> MatchState:
        assert self.case.state is not None
        return self.case.state
