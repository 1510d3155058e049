"""Systems worked by hand: what has to be entered there, what a person is asked, and when a difference is refused."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import AwareDatetime, Field

from procedures.assessment import AssessmentCode, AssessmentStatus
from procedures.letters import MARKING
from procedures.local_time import say_instant
from procedures.match_void_record import CaseQuestionsAnswered, ViewingBooked
from procedures.outside_entry import OutsideExpected, OutsideSystem
from procedures.person_file import (
    FILE_CHARACTERISTICS,
    FileCharacteristics,
    check_characteristics,
    read_title,
)
from procedures.question_sets import QUESTION_SETS
from procedures.record import AssessmentCalculated, Effect, PersonFileCreated
from procedures.refusals import Refused
from procedures.steps import StepRef, step
from procedures.tasks import Answer, Facts, Frozen
from procedures.terms import Role

_AWS = Role.ADVISOR_WELLBEING_SUPPORT
_COVER = frozenset({Role.MANAGER_HOUSING_WELLBEING_SUPPORT, Role.ADVISOR_PLACEMENT})
"""The Advisor Placement enters what procedures 3 and 4 bring about."""


class EnteredByHand(Answer):
    """Something was entered in another system; the answer says what can be seen there now."""

    role: ClassVar = _AWS
    cover: ClassVar = _COVER
    system: ClassVar[OutsideSystem]

    @property
    def outside_number(self) -> str | None:
        """The number that the other system gave, if it gives one."""
        return None

    @property
    def seen(self) -> dict[str, str]:
        """What of it is kept with the entry: codes and instants, never a name."""
        return {}


class EnterInRegister(EnteredByHand):
    """The assessment in the person register, as the record has it."""

    kind: ClassVar = "enter_in_register"
    step: ClassVar[StepRef] = "1.7"
    system: ClassVar = OutsideSystem.PERSON_REGISTER
    title: ClassVar = "Enter the assessment in the person register and calculate there"
    guidance: ClassVar = (
        "Copy the lines below into the register, calculate the outcome there, and say which assessment number the "
        "register gave and what Key Details shows. A difference from the record is not accepted."
    )
    policy: ClassVar = "P1.N4 P1.S7.2 P1.N8 AMB-P1-20"

    number: str = Field(min_length=1, max_length=64, description="Assessment number in the register")
    code_seen: AssessmentCode = Field(description="What Key Details shows there")
    status_seen: AssessmentStatus = Field(description="The status of the assessment there")

    @property
    def outside_number(self) -> str:
        """The assessment's number in the register."""
        return self.number

    @property
    def seen(self) -> dict[str, str]:
        """Code and status."""
        return {"code": self.code_seen.value, "status": self.status_seen.value}


class EnterInDocumentStore(EnteredByHand):
    """The green file in the document store, as Appendix B prescribes it."""

    kind: ClassVar = "enter_in_document_store"
    step: ClassVar[StepRef] = "B"
    system: ClassVar = OutsideSystem.DOCUMENT_STORE
    title: ClassVar = "Create the person file in the document store"
    guidance: ClassVar = (
        "Right click on the folder named below, New > New Folder > Add File, and copy the lines. Then say what the "
        "document store shows. A file that was created earlier is opened and looked at, not created again."
    )
    policy: ClassVar = "P1.S3.1 A-B4 A-B7 A-B8 A-B9 A-B10 A-B11 A-B12 A-B13 A-B14"

    file_number: str = Field(min_length=1, max_length=64, description="The file's number in the store")
    title_seen: str = Field(min_length=1, max_length=400, description="The file's name as displayed")
    parent_seen: str = Field(description="The folder that the file lies in")
    file_type_seen: str
    creation_state_seen: str
    repository_seen: str
    displayed: bool = Field(description="Is the green file displayed in the store?")

    @property
    def outside_number(self) -> str:
        """The file's number in the store."""
        return self.file_number


class EnterInCalendar(EnteredByHand):
    """The appointment for a viewing in Outlook."""

    kind: ClassVar = "enter_in_calendar"
    step: ClassVar[StepRef] = "3.4"
    system: ClassVar = OutsideSystem.CALENDAR
    title: ClassVar = "Diary the viewing in Outlook"
    guidance: ClassVar = "Copy the lines below. The subject holds the reference only: no name and no reason."
    policy: ClassVar = "P3.S4.a2 PRV-16"

    subject_seen: str = Field(min_length=1, max_length=200)
    starts_at_seen: AwareDatetime

    @property
    def seen(self) -> dict[str, str]:
        """When the entry starts."""
        return {"starts_at": self.starts_at_seen.isoformat()}


ANSWERS: tuple[type[EnteredByHand], ...] = (EnterInRegister, EnterInDocumentStore, EnterInCalendar)
BY_HAND: Mapping[str, type[EnteredByHand]] = {asked.kind: asked for asked in ANSWERS}
"""Kinds of task that no interruption closes: what the record says must be entered, whatever happens to the case."""
ASKED_OF = {asked.system: asked for asked in ANSWERS}


class EntryFacts(Facts):
    """What the record expects of the entry that is asked for."""

    code: AssessmentCode | None = None
    status: AssessmentStatus | None = None
    known_number: str | None = None
    """The number that was given for the same thing before."""
    number_of_another: bool = False
    """The number given now belongs to something else."""
    title_agrees: bool = False
    subject: str | None = None
    starts_at: datetime | None = None


def expected(effect: Effect, *, file_of: str | None) -> tuple[OutsideSystem, dict[str, Any]] | None:
    """The system in which an effect of a turn must be entered, and what about; None when nothing follows outside.

    `file_of` is the primary reference whose person file was asked for last (empty: a file without a reference).
    """
    match effect:
        case AssessmentCalculated() | CaseQuestionsAnswered():
            return OutsideSystem.PERSON_REGISTER, {"subject": effect.number}
        case PersonFileCreated(invalid_match=False) if not _same_file(effect, file_of):
            about = {"report_entry_id": effect.entry_id, "person_refs": tuple(effect.person_refs)}
            return OutsideSystem.DOCUMENT_STORE, about
        case ViewingBooked():
            return OutsideSystem.CALENDAR, {"subject": effect.viewing_id}
        case _:
            return None


def _same_file(effect: PersonFileCreated, file_of: str | None) -> bool:
    """A file that was asked for before the person was known is the person's file afterwards (AMB-A-2)."""
    return file_of is not None and (file_of == "" or file_of in effect.person_refs)


def check_entry(answer: EnteredByHand, facts: dict[str, Any]) -> None:
    """Raise Refused, naming the rule, when what is seen outside differs from the record."""
    known = EntryFacts.model_validate(facts)
    match answer:
        case EnterInRegister():
            _check_assessment(answer, known)
        case EnterInDocumentStore():
            _check_file(answer, known)
        case EnterInCalendar():
            _check_appointment(answer, known)
        case _:
            raise TypeError(f"nobody checks {answer.kind}")
    _check_number(answer, known)


def _check_assessment(answer: EnterInRegister, known: EntryFacts) -> None:
    final = (known.code, known.status) == (AssessmentCode.D1, AssessmentStatus.CUR)
    rule = "P1.S7.2" if final else "P1.N4"
    if answer.code_seen != known.code:
        raise Refused(
            rule,
            "Key Details shows another code than the record: compare the answers there with the lines of this task, "
            "calculate again, and answer with what is displayed then",
        )
    if answer.status_seen != known.status:
        raise Refused(rule, "the assessment has another status there than in the record: calculate again")


@step("B")
def _check_file(answer: EnterInDocumentStore, known: EntryFacts) -> None:
    read_title(answer.title_seen)
    if not known.title_agrees:
        raise Refused("A-B7", "the file is named otherwise: copy the name exactly as this task shows it")
    check_characteristics(
        FileCharacteristics(
            parent=answer.parent_seen,
            created_by=FILE_CHARACTERISTICS.created_by,
            file_type=answer.file_type_seen,
            creation_state=answer.creation_state_seen,
            repository=answer.repository_seen,
        )
    )
    if not answer.displayed:
        raise Refused("A-B14", "the file must be displayed in the store: look for it again, or create it")


def _check_appointment(answer: EnterInCalendar, known: EntryFacts) -> None:
    if answer.subject_seen != known.subject:
        raise Refused(
            "PRV-16", "the subject must be the one of this task: a reference, no name and no reason"
        )
    if answer.starts_at_seen != known.starts_at:
        raise Refused("P3.S4.a2", "the entry starts at another time than the appointment: correct it there")


def _check_number(answer: EnteredByHand, known: EntryFacts) -> None:
    """An assessment or a file keeps its number outside, and no two have the same (AMB-P1-20, P1.S2.N1, A-B4)."""
    register = answer.system is OutsideSystem.PERSON_REGISTER
    if known.known_number and answer.outside_number != known.known_number:
        rule = "AMB-P1-20" if register else "A-B4"
        raise Refused(rule, f"it has the number {known.known_number} there already, and keeps it")
    if known.number_of_another:
        rule = "P1.S2.N1" if register else "A-B4"
        raise Refused(rule, "this number was given for something else: look at the number again")


def titles_agree(seen: str, wanted: str) -> bool:
    """True for the same name; a hyphen counts as the en dash that the pattern has (AMB-A-1)."""
    try:
        return read_title(seen) == read_title(wanted)
    except Refused:
        return False


# -- what is shown, ready to copy ------------------------------------------------------------------------------


class CalculatedVersion(Frozen):
    """One calculated version, as far as it is entered by hand."""

    person_ref: str
    code: AssessmentCode
    status: AssessmentStatus
    question_set: str | None
    answers: dict[str, Any]
    comment: str


def assessment_values(
    version: CalculatedVersion, *, known_number: str | None, viewing_at: datetime | None
) -> dict[str, str]:
    """What goes into the register, in the order of its screens; `viewing_at` for the questions of a viewing (UTC)."""
    values = {
        "Person reference": version.person_ref,
        "Assessment type": "CSO",
        "Assessment number": known_number or "none yet: create the assessment",
    }
    if viewing_at is not None:
        values["Application record, initial viewing"] = say_instant(viewing_at)
    questions = QUESTION_SETS[version.question_set] if version.question_set else None
    for item in questions.items if questions else ():
        if item.key in version.answers:
            values[item.text] = _said(version.answers[item.key])
    if version.comment:
        values["Comments"] = version.comment
    values["Key Details must then show"] = version.code.value
    values["Status must then be"] = version.status.value
    return values


def file_values(title: str, *, known_number: str | None) -> dict[str, str]:
    """The green file: name and characteristics (A-B7, A-B9 to A-B13)."""
    values = {"Name": title}
    if known_number:
        values["File number"] = f"{known_number} (created earlier: open it, do not create it again)"
    return values | {
        "Folder": FILE_CHARACTERISTICS.parent,
        "How": FILE_CHARACTERISTICS.created_by,
        "File Type": FILE_CHARACTERISTICS.file_type,
        "Creation State": FILE_CHARACTERISTICS.creation_state,
        "Repository": FILE_CHARACTERISTICS.repository,
    }


def appointment_subject(reference: str) -> str:
    """The subject of a viewing in a calendar: marking and reference (PRV-16)."""
    return f"{MARKING} - Property viewing - Ref {reference}"


def appointment_values(reference: str, *, starts_at: datetime, minutes: int, place: str) -> dict[str, str]:
    """The appointment; `place` is the reference of the property."""
    return {
        "Subject": appointment_subject(reference),
        "Starts": say_instant(starts_at),
        "Ends": say_instant(starts_at + timedelta(minutes=minutes)),
        "Location": place,
        "Private": "yes",
    }


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def expectation(
    entry_id: str, position: int, system: OutsideSystem, about: Mapping[str, Any]
) -> OutsideExpected:
    """The effect that puts an expected entry on record."""
    return OutsideExpected(entry_id=entry_id, position=position, system=system, **{"subject": None, **about})
