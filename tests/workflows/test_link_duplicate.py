"""A duplicate found after the process has ended mirrors the primary's code and note, without a second T-441."""

import uuid

import pytest
from sqlalchemy import select

from activities.duplicates import DuplicateFound, Mirrored
from activities.running_cases import TASK_QUEUE
from models.tables.assessment import Assessment, AssessmentVersion
from models.tables.mail import PersonFileName, SecureMessage
from tests.workflows.driving import reported
from tests.workflows.people import SON, TOM, import_people
from tests.workflows.running import ADVISOR, House


async def link(house: House, primary: str, duplicate: str) -> Mirrored:
    """Link as the API does."""
    found = DuplicateFound(primary=primary, duplicate=duplicate, reason="Same birth date.", by=ADVISOR)
    linked: Mirrored = await house.client.execute_workflow(
        "link_duplicate", found, id=f"D{uuid.uuid4().hex[:12]}", task_queue=TASK_QUEUE, result_type=Mirrored
    )
    return linked


@pytest.mark.req("AMB-P1-13", "P1.S2.N4")
async def test_1_2_a_duplicate_found_later_mirrors_code_and_note(house: House) -> None:
    [advisor] = await reported(house, TOM)
    assert (await link(house, TOM.ref, SON.ref)).rule == "AMB-P1-13"
    await advisor.walk(until="final_questions")
    assert (await link(house, TOM.ref, SON.ref)).rule == "AMB-P1-12"
    await advisor.walk()
    await house.closed(advisor.case_id)
    assert (await link(house, TOM.ref, TOM.ref)).rule == "P1.S2.1"
    linked = await link(house, TOM.ref, SON.ref)
    assert linked.number is not None
    assert await link(house, TOM.ref, SON.ref) == linked
    assert await house.code(SON.ref) == await house.code(TOM.ref) == "D1/CUR"
    assert (await link(house, SON.ref, TOM.ref)).rule == "AMB-P1-12"
    async with house.database.transaction() as session:
        primary = await session.scalar(select(Assessment).where(Assessment.person_ref == TOM.ref))
        assert primary is not None
        notes = await session.scalars(
            select(AssessmentVersion.comment).where(AssessmentVersion.rule == "P1.S2.N4")
        )
        comments = sorted(notes)
        files = set(await session.scalars(select(PersonFileName.file_id)))
        assert (await session.scalars(select(SecureMessage))).all() == []
    assert SON.ref in comments[0]
    assert primary.number in comments[1]
    assert len(files) == 1


@pytest.mark.req("AMB-P1-12")
async def test_1_2_a_record_with_an_assessment_of_its_own_is_not_linked_over(house: House) -> None:
    await import_people(house.loader)
    advisors = await reported(house, TOM, SON)
    for advisor in advisors:
        advisor.said = "NSO"
        await advisor.walk()
        await house.closed(advisor.case_id)
    assert (await link(house, TOM.ref, SON.ref)).rule == "P1.S3.b"
