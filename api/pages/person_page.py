"""A person across cases: the register's record, homes and household, duplicates, assessments, and the standing duty."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import Response

from activities.duty_events import duty_in_force
from api.known import PersonOnRegister
from api.pages.assessment_view import assessment_views
from api.pages.case_frame import PROCEDURES, Identity
from api.pages.due import due_words
from api.pages.rendering import render
from api.pages.routes import page_router
from api.pages.sessions import Visitor, visitor_with
from api.people import PersonWhole
from api.people import person as person_whole
from models.queries import standing, web
from models.queries.people import DuplicateLink
from models.queries.tasks import TaskRecord, tasks_of_case
from procedures.answers import ALL
from procedures.terms import Occupancy, Procedure, RecordState
from procedures.visibility import READS_PERSONS
from procedures.watch import DutyKind

router = page_router()
PersonReader = Annotated[Visitor, Depends(visitor_with(READS_PERSONS, "read persons"))]

CHANGES = {
    DutyKind.HOUSEHOLD_CHANGE: "The household has changed",
    DutyKind.UNDER_16_REQUEST: "Somebody under 16 asks to live there",
    DutyKind.RISK_CHANGE: "Something may raise the risk to others",
    DutyKind.ACCOMMODATION_CHANGE: "The home changes or is left",
}
"""What Corrections must be told of, as a link."""
_SAID = {"reported": "Thank you. If Corrections must be told, the advisor of the area is asked to."}


@router.get("/people/{person_ref}")
async def person(request: Request, visitor: PersonReader, person_ref: str, said: str = "") -> Response:
    """Everything the record holds of one person, as far as the visitor sees their cases. The read is audited."""
    caller = visitor.caller
    whole = await person_whole(caller, person_ref)
    database = caller.resources.database
    home = whole.person.property_ref
    mates = (await web.housemates(database, [home] if home else [])).get(home or "", [])
    duty_ref = primary_of(whole)
    return render(
        request,
        "people/person.html",
        visitor=visitor,
        step=_step(whole),
        whole=whole,
        identity=identity_of(whole),
        rows=_register_rows(whole.person),
        household=[mate for mate in mates if mate.person_ref != person_ref],
        homes=await standing.homes_of_person(database, person_ref),
        duplicates=[(_other(link, person_ref), link) for link in whole.duplicates],
        views=assessment_views(whole.assessments, {one.id for one in whole.cases}),
        duty_ref=duty_ref,
        in_force=await duty_in_force(database, duty_ref),
        kinds=CHANGES,
        titles={kind: asked.title for kind, asked in ALL.items()},
        watches=await standing.watches_of_person(database, person_ref),
        decisions=await standing.decisions_of_person(database, person_ref),
        disclosing=await _disclosing(visitor, whole),
        cases=[("", one) for one in whole.cases],
        names=PROCEDURES,
        visible={one.id for one in whole.cases},
        due=await due_words(caller.resources),
        message=_SAID.get(said, ""),
    )


def identity_of(whole: PersonWhole) -> Identity:
    """The person for the bar."""
    return Identity(whole.person, None, whole.assessments, restricted=whole.file is not None)


def primary_of(whole: PersonWhole) -> str:
    """The primary record, which carries the duty; the record itself unless it is a duplicate."""
    links = (link for link in whole.duplicates if link.duplicate_person_ref == whole.id)
    return next((link.primary_person_ref for link in links), whole.id)


def _step(whole: PersonWhole) -> str:
    """Where the newest open case of the person stands; else the register, where a person is looked up."""
    return next((one.step for one in whole.cases if not one.closed), "1.2")


def _register_rows(person: PersonOnRegister) -> list[tuple[str, object]]:
    address = ", ".join(filter(None, (person.address, person.suburb, person.town, person.postcode)))
    where = "Address" if person.record_state == RecordState.LIVE else "Last address known"
    lives = ("Lives as", person.occupancy.replace("_", " "))
    if person.occupancy == Occupancy.NONE:
        lives = ("Lives", "in none of our homes")
    return [
        ("Surname", person.surname),
        ("Given names", person.given_names),
        ("Other names", person.other_names),
        ("Born", person.date_of_birth),
        ("Gender", person.gender),
        (where, address),
        ("Former addresses", person.former_addresses),
        lives,
        ("Record", person.record_state),
        ("Area office", person.area_office),
        ("Changed at the source", person.updated_at),
        ("No longer in the register's file since", person.absent_since),
    ]


def _other(link: DuplicateLink, person_ref: str) -> str:
    return link.duplicate_person_ref if link.primary_person_ref == person_ref else link.primary_person_ref


async def _disclosing(visitor: Visitor, whole: PersonWhole) -> list[TaskRecord]:
    """Open tasks of telling Corrections of a change: the second click to a T-442."""
    database = visitor.caller.resources.database
    open_cases = (
        one.id for one in whole.cases if one.procedure is Procedure.DISCLOSE_CHANGE and not one.closed
    )
    return [task for case_id in open_cases for task in await tasks_of_case(database, case_id, state="open")]
