"""Supporting information: the processes, guidelines, forms and guides that the document refers to (SUP-2 to SUP-6)."""

from dataclasses import dataclass

from procedures.terms import Procedure


@dataclass(frozen=True)
class Reference:
    """Something the document points to; the agency's own site holds it. Titles leave out whom they are about."""

    number: str | None
    title: str

    @property
    def name(self) -> str:
        """Title and number, as shown."""
        return f"{self.title} ({self.number})" if self.number else self.title


USER_GUIDE = Reference("CT-USG-103", "User guide for recording and placement")
AGREEMENT = Reference(None, "Agreement for Sharing Information")
PROCESSES = (
    Reference("CT-PRO-300", "Manage customer risk register"),
    Reference("CT-728", "Manage tenant transfer"),
    Reference("CT-PRO-001", "Match applicants and customers to a suitable home"),
)
GUIDELINES = (
    Reference("CT-GDL-006", "Guideline for matching applicants and customers to a suitable home"),
    Reference("SS-GDL-110", "Staying Safe and Secure guideline"),
    Reference(None, "Health, safety and security portal"),
)

_RISK, _TRANSFER, _MATCHING = PROCESSES
_MATCHING_GUIDE, _SAFETY, _PORTAL = GUIDELINES
_MORE: dict[Procedure, tuple[Reference, ...]] = {
    Procedure.CHECK_SUITABILITY: (_TRANSFER,),
    Procedure.MATCH_VOID: (_MATCHING, _MATCHING_GUIDE),
    Procedure.OFFER: (_MATCHING, _MATCHING_GUIDE, _RISK, _SAFETY, _PORTAL),
}


def references_for(procedure: Procedure) -> tuple[Reference, ...]:
    """What helps with the tasks of a procedure: the user guide and the Agreement always (P1.N8, P2.N1, P3.N1, P4.N2)."""
    return (USER_GUIDE, AGREEMENT, *_MORE.get(procedure, ()))
