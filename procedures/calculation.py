"""Calculating the outcome on every record of a person: the primary by the transition table, duplicates alike."""

from typing import Any

from procedures.assessment import AssessmentCode, AssessmentStatus, Held, transition
from procedures.evidence import Evidence
from procedures.identify import LinkedPerson, RecordHeld
from procedures.record import AssessmentCalculated
from procedures.transitions import Trigger


def held_of(record: RecordHeld) -> Held | None:
    """The assessment a record holds, open or closed; None when it never had one."""
    if record.code is None or record.status is None:
        return None
    return Held(
        number=record.superseded or record.number,
        code=AssessmentCode(record.code),
        status=AssessmentStatus(record.status),
        version=record.version,
    )


def calculated(
    person: LinkedPerson,
    trigger: Trigger,
    evidence: Evidence,
    *,
    question_set: str | None = None,
    answers: dict[str, Any] | None = None,
    comment: str = "",
    confirmation_id: str | None = None,
    new_numbers: tuple[str, ...] = (),
) -> tuple[LinkedPerson, list[AssessmentCalculated]]:
    """Move primary and duplicates to the outcome the table allows. Raises Refused; then nothing has changed.

    The primary's comment names each duplicate, each duplicate's note names the primary assessment, and all show the
    same code (P1.S2.N2 to N4). `new_numbers` are the numbers of assessments that replace open ones (TR-14).
    """
    primary = person.held
    change = transition(held_of(primary), trigger, evidence)
    numbers = dict(zip((r.person_ref for r in person.records), new_numbers, strict=False))
    effects: list[AssessmentCalculated] = []
    records: list[RecordHeld] = []
    primary_number = numbers.get(primary.person_ref, primary.number)
    for record in sorted(person.records, key=lambda r: r.person_ref != person.primary):
        number = numbers.get(record.person_ref, record.number)
        if change.closes and number != record.number:
            effects.append(_closed(record, number))
        is_primary = record.person_ref == person.primary
        version = 1 if number != record.number or record.version == 0 else record.version + 1
        effects.append(
            AssessmentCalculated(
                number=number,
                person_ref=record.person_ref,
                version=version,
                code=change.code,
                status=change.status,
                rule=change.rule if is_primary else "P1.S2.N4",
                question_set=question_set if is_primary else None,
                answers=answers or {} if is_primary else {},
                comment=_comment(person, comment) if is_primary else _note_of_duplicate(primary_number),
                confirmation_id=confirmation_id,
                duplicate_of=None if is_primary else primary_number,
            )
        )
        records.append(
            RecordHeld(
                person_ref=record.person_ref,
                number=number,
                code=change.code.value,
                status=change.status.value,
                version=version,
                confirmed=record.confirmed,
            )
        )
    return person.model_copy(update={"records": tuple(records)}), effects


def recalculated(
    person: LinkedPerson, rule: str, *, question_set: str, answers: dict[str, Any], comment: str
) -> tuple[LinkedPerson, list[AssessmentCalculated]]:
    """A new version with the same code: answers were added up to a point, and the outcome calculated (P1.S6.b2)."""
    primary = person.held
    assert primary.code is not None
    assert primary.status is not None
    version = primary.version + 1
    effect = AssessmentCalculated(
        number=primary.number,
        person_ref=primary.person_ref,
        version=version,
        code=AssessmentCode(primary.code),
        status=AssessmentStatus(primary.status),
        rule=rule,
        question_set=question_set,
        answers=answers,
        comment=comment,
    )
    records = tuple(
        r.model_copy(update={"version": version}) if r.person_ref == person.primary else r
        for r in person.records
    )
    return person.model_copy(update={"records": records}), [effect]


def _closed(record: RecordHeld, successor: str) -> AssessmentCalculated:
    assert record.code is not None
    return AssessmentCalculated(
        number=record.number,
        person_ref=record.person_ref,
        version=record.version + 1,
        code=AssessmentCode(record.code),
        status=AssessmentStatus.CLO,
        rule="TR-14",
        comment=f"Followed by assessment {successor}.",
        superseded_by=successor,
    )


def _comment(person: LinkedPerson, comment: str) -> str:
    duplicates = [r.person_ref for r in person.records if r.person_ref != person.primary]
    if not duplicates:
        return comment
    return f"{comment} Duplicate person reference: {', '.join(duplicates)}.".strip()


def _note_of_duplicate(primary_number: str) -> str:
    return f"See assessment number {primary_number} as the primary CSO assessment for details."
