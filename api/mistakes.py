"""Reporting a mistake in something that a case has sent, also when the case has ended (AMB-X-6)."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from activities.commands import CommandReused
from activities.sent_mistakes import ReportedMistake, report_sent_mistake
from api.new_ids import new_id
from api.problems import refused
from api.signed_in import Caller, allowed
from api.task_actions import IdempotencyKey
from api.visibility import visible_case
from models.queries import cases
from models.queries.mail import sent_in_case
from procedures.correct_sent import Mistake
from procedures.refusals import Refused
from procedures.visibility import READS_CASES

router = APIRouter(prefix="/api/cases/{case_id}/mistakes", tags=["cases"])
Reporter = Annotated[Caller, Depends(allowed(READS_CASES, "report mistakes in what was sent"))]


class NewMistake(BaseModel):
    """What was wrong with something that went out."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    mistake: Mistake = Field(description="What was wrong")
    reason: str = Field(
        min_length=1, max_length=2000, description="What happened, and who found it; a note of the follow-up"
    )
    mails: list[str] = Field(
        default=[], description="Ids of the mails that were wrong; none named: everything that went out"
    )


class FollowedUp(BaseModel):
    """The cases in which an advisor decides what Corrections is told, one for each recipient."""

    id: str
    cases: list[str]


@router.post("", status_code=201)
async def report(caller: Reporter, case_id: str, asked: NewMistake, command_id: IdempotencyKey) -> FollowedUp:
    """Open the follow-up; the same command again finds what it opened before. 409 when nothing went out."""
    held, database = await visible_case(caller, case_id), caller.resources.database
    follow_up_id = new_id(caller, "X", command_id)
    before = await cases.case(database, follow_up_id)
    if before and (before.state["about_case_id"], before.state["mistake"]) != (case_id, asked.mistake.value):
        raise CommandReused
    strange = set(asked.mails) - {mail.mail_id for mail in await sent_in_case(database, case_id)}
    if strange:
        raise refused("AMB-X-6", f"{len(strange)} of the mails were not sent in this case: look at its mail")
    reported = ReportedMistake(
        follow_up_id=follow_up_id,
        case_id=held.case_id,
        mistake=asked.mistake,
        reason=asked.reason,
        by=caller.by(READS_CASES),
        mails=tuple(asked.mails),
    )
    try:
        opened = await report_sent_mistake(database, caller.resources.cases, reported, at=caller.now)
    except Refused as error:
        raise refused(error.rule, error.reason) from None
    return FollowedUp(id=opened[0], cases=opened)
