"""Cases that belong with a case: where it came from, what came from it, and what is about the same person or row."""

from pydantic import Field

from api.case_items import CaseItem, shown_case
from api.signed_in import Caller
from models.queries.cases import CaseSummary
from models.queries.progress import linked_by_rule, linked_cases
from procedures.terms import Procedure


class LinkedCase(CaseItem):
    """A case that you see, with why it belongs here."""

    why: str = Field(description="In words")
    rule: str | None = Field(default=None, description="The requirement that links the two, if one does")


async def linked_to(caller: Caller, case: CaseSummary) -> list[LinkedCase]:
    """As far as the caller sees them, the newest first."""
    database = caller.resources.database
    by_rule = await linked_by_rule(database, case.case_id)
    found = await linked_cases(database, caller.sight, case)
    return [
        LinkedCase(
            **shown_case(one).model_dump(), why=_why(case, one, by_rule), rule=by_rule.get(one.case_id)
        )
        for one in found
    ]


def _why(case: CaseSummary, other: CaseSummary, by_rule: dict[str, str]) -> str:
    if other.case_id in by_rule:
        check = other.procedure is Procedure.CHECK_SUITABILITY
        return (
            "The check of the person's present home"
            if check
            else "The person is considered for a void property"
        )
    if other.case_id == case.parent_case_id:
        return "This case came from it"
    if other.parent_case_id == case.case_id:
        return "It came from this case"
    if (
        case.entry_id is not None
        and other.entry_id == case.entry_id
        and other.procedure is not Procedure.INTAKE
    ):
        return "The same row of the report"
    return "The same person"
