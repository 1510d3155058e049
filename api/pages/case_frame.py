"""What every page of a case has around it: who it is about, where it stands, and the tabs. Looked at once, audited."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response

from api.case_items import CaseItem, shown_case
from api.known import PersonOnRegister, audit_read, on_register
from api.pages.rendering import render
from api.pages.sessions import Visitor, visitor_with
from api.visibility import visible_case
from models.queries import people, reports
from models.queries.cases import CaseDetail
from models.queries.people import AssessmentRecord
from models.queries.reports import EntryRecord
from procedures.terms import Procedure, Role
from procedures.transitions import AssessmentCode, AssessmentStatus
from procedures.visibility import READS_CASES

CaseReader = Annotated[Visitor, Depends(visitor_with(READS_CASES, "read cases"))]

_ABOUT_NOBODY = frozenset({Procedure.INTAKE, Procedure.SORT_MAIL})

PROCEDURES = {
    Procedure.INTAKE: "The Friday report",
    Procedure.IDENTIFY: "1. Identify and record",
    Procedure.CHECK_SUITABILITY: "2. Check the current home",
    Procedure.MATCH_VOID: "3. Match to a void property",
    Procedure.OFFER: "4. Offer and outcome",
    Procedure.DISCLOSE_CHANGE: "Tell Corrections of a change",
    Procedure.SORT_MAIL: "Sort returned mail",
    Procedure.CORRECT_SENT: "Take back something that was sent",
}
"""What a case is called on pages."""


@dataclass(frozen=True)
class Identity:
    """Who a case is about, as far as it is known: on the register, or only in the report."""

    person: PersonOnRegister | None
    entry: EntryRecord | None
    assessments: list[AssessmentRecord]
    restricted: bool
    """There is a person file: documents in a folder of restricted access."""

    @property
    def key_details(self) -> str:
        """The code, with the last confirmed one beside a pending code."""
        return people.key_details_of(self.assessments)

    @property
    def invalid_match(self) -> bool:
        """Corrections has verified that this is not the person whom it reported (D3)."""
        return invalid_match(self.assessments)


@dataclass(frozen=True)
class Tab:
    """One page of a case; the overview has no name in the address."""

    name: str
    text: str


TABS = (
    Tab("", "Overview"),
    Tab("timeline", "Timeline"),
    Tab("documents", "Documents"),
    Tab("mail", "Mail"),
    Tab("assessments", "Assessments"),
    Tab("clocks", "Clocks"),
    Tab("linked", "Linked cases"),
)


@dataclass(frozen=True)
class CaseFrame:
    """A case that the visitor sees, with the person in it."""

    case: CaseDetail
    item: CaseItem
    identity: Identity | None
    """None for a case about nobody: a Friday run, mail to sort."""

    @property
    def name(self) -> str:
        """The procedure, for people."""
        return PROCEDURES[self.case.procedure]


def invalid_match(assessments: list[AssessmentRecord]) -> bool:
    """True while the open assessment says D3."""
    current = next((one for one in assessments if one.status != AssessmentStatus.CLO.value), None)
    return current is not None and current.code == AssessmentCode.D3.value


async def frame_of(visitor: Visitor, case_id: str, why: str) -> CaseFrame:
    """The case and its person for one page; `why` stands in the audit. Raises as visible_case."""
    case = await visible_case(visitor.caller, case_id)
    identity = None if case.procedure in _ABOUT_NOBODY else await _identity(visitor, case, why)
    return CaseFrame(case=case, item=shown_case(case), identity=identity)


def render_case(
    request: Request,
    visitor: Visitor,
    frame: CaseFrame,
    tab: str,
    *,
    template: str | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """One tab of a case, under the step where the case stands."""
    return render(
        request,
        template or f"cases/{tab or 'overview'}.html",
        visitor=visitor,
        status=status,
        step=frame.case.step,
        edition=frame.case.edition,
        frame=frame,
        tabs=TABS,
        tab=tab,
        administers=Role.ADMINISTRATOR in visitor.caller.sight.roles,
        **context,
    )


async def _identity(visitor: Visitor, case: CaseDetail, why: str) -> Identity:
    caller, person, assessments = visitor.caller, None, list[AssessmentRecord]()
    database, entry, file = caller.resources.database, None, None
    if case.person_ref is not None:
        found = await caller.resources.register.person(case.person_ref)
        person = on_register(found) if found else None
        assessments = await people.assessments_of_person(database, case.person_ref)
        file = await people.file_of_person(database, case.person_ref)
        await audit_read(caller, "person", case.person_ref, case_id=case.case_id, why=why)
    elif case.entry_id is not None:
        entry = await reports.entry(database, case.entry_id)
        await audit_read(caller, "report entry", case.entry_id, case_id=case.case_id, why=why)
    return Identity(person, entry, assessments, restricted=file is not None)
