"""Papers that a task asks for: what is scanned, and which field of the answer then names the scan."""

from dataclasses import dataclass, replace

from activities.scans import Paper
from api.known import Known
from api.pages.answer_fields import Choice, FieldKind, FormField
from procedures.local_time import say_instant


@dataclass(frozen=True)
class WantedPaper:
    """A paper, and the field of the answer that names it."""

    paper: Paper
    field: str
    words: str
    when: str
    """When the answer names it."""


PAPER_OF = {
    "record_part_b": WantedPaper(
        Paper.T_438, "document_id", "The T-438 signed by Corrections", "If it came back on paper"
    ),
    "check_risk_rating": WantedPaper(
        Paper.SAFE_WORK_PLAN, "safe_work_plan_document", "SS-FRM-010, the safe work plan", "If it is required"
    ),
}
"""By kind of task."""


def with_papers(kind: str, one: FormField, known: Known | None) -> FormField:
    """The field that names a scan is picked from the papers of the case; without any it says to file one first."""
    wanted = PAPER_OF.get(kind)
    if wanted is None or one.name != wanted.field or known is None:
        return one
    papers = [paper for paper in known.papers or () if paper.form == wanted.paper.value]
    choices = tuple(
        Choice(paper.document_id, f"{paper.form}, filed {say_instant(paper.stored_at)} ({paper.document_id})")
        for paper in reversed(papers)
    )
    where = (
        "pick it from what is filed in this case"
        if choices
        else "none is filed yet, file the scan above first"
    )
    hint = f"{wanted.when}: {where}"
    return replace(one, kind=FieldKind.OPEN_LIST, choices=choices, label=wanted.words, hint=hint)
