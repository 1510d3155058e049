"""What directory and guard say of a recipient at the moment a person confirms it (PRV-6)."""

from datetime import datetime
from typing import Any

from activities.send_guard import WantedMail, send_facts
from api.resources import Resources
from models.queries.cases import CaseDetail
from procedures import correct_sent, disclose_change
from procedures.correct_sent import CorrectSentState
from procedures.disclose_change import DiscloseChangeState
from procedures.exchange_state import ExchangeState
from procedures.form_exchange import SendFacts
from procedures.local_time import local_date
from procedures.mail_texts import MailKind
from procedures.tasks import Answer, By
from procedures.terms import Occupancy, Procedure

_KINDS = {
    "send_t441": MailKind.T_441,
    "send_t439": MailKind.T_439_T_442,
    "send_t442": MailKind.T_442,
    "confirm_letter_recipient": MailKind.L_17_030,
    "remind_signature": MailKind.T_438_REMINDER,
    "tell_of_mistake": MailKind.CORRECTION,
}
_INCOMPLETE = frozenset({MailKind.T_441_INCOMPLETE, MailKind.T_439_INCOMPLETE})
_VOID_REQUEST = "send_void_request"


async def send_facts_of(
    resources: Resources, case: CaseDetail, answer: Answer, by: By, now: datetime
) -> SendFacts | None:
    """The facts of an answer that sends something; None for one that sends nothing or knows no contact."""
    kind = await mail_kind_of(resources, case, answer.kind)
    contact, version = getattr(answer, "contact_id", None), getattr(answer, "contact_version", None)
    if kind is None or contact is None or version is None:
        return None
    fields, reference = given_by_case(case, kind)
    wanted = WantedMail(case.case_id, kind, contact, version, fields, reference)
    return await send_facts(resources.database, resources.mail_house, wanted, by=by, at=now)


def given_by_case(case: CaseDetail, kind: MailKind) -> tuple[dict[str, Any], str]:
    """What the case itself says in such a mail (nothing while no form is out), and the reference it would have."""
    exchange = ExchangeState.model_validate(case.state.get("exchange") or {})
    if kind is MailKind.L_17_030:
        return _letter(exchange), f"{case.case_id}-{exchange.cycle}-17030-{exchange.rounds + 1}"
    if kind in _INCOMPLETE:
        return {"missing_parts": list(exchange.missing)}, f"{case.case_id}-back-{exchange.cycle}"
    reference = f"{case.case_id}-{exchange.cycle + 1}"
    if case.procedure is Procedure.CORRECT_SENT:
        return correct_sent.mail_fields(CorrectSentState.model_validate(case.state)), reference
    if case.procedure is Procedure.DISCLOSE_CHANGE:
        return disclose_change.mail_fields(DiscloseChangeState.model_validate(case.state)), reference
    return {}, reference


def _letter(exchange: ExchangeState) -> dict[str, Any]:
    if exchange.accepted_at is None or exchange.clock is None:
        return {}
    return {
        "missing_form": exchange.form.value,
        "sent_on": local_date(exchange.accepted_at).isoformat(),
        "due_on": local_date(exchange.clock.due_at).isoformat(),
        "missing_parts": list(exchange.missing),
        "round": exchange.rounds + 1,
    }


async def mail_kind_of(resources: Resources, case: CaseDetail, task_kind: str) -> MailKind | None:
    """Which message an answer to a task of this kind sends to Corrections; None when it sends none."""
    if task_kind != _VOID_REQUEST:
        return _KINDS.get(task_kind)
    person = await resources.register.person(case.person_ref) if case.person_ref else None
    lives = person is not None and Occupancy(person.occupancy).lives_in_a_home
    return MailKind.T_439_T_441_T_442 if lives else MailKind.T_441_T_442
