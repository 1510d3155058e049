"""What the record says when an answer comes in: the facts that the rules of the procedure judge."""

from datetime import timedelta
from typing import Any

import pytest

from api.facts import Asked, facts_of_answer, facts_of_change, register_is_stale
from models.queries.cases import case
from models.tables.assessment import Assessment
from models.tables.mail import CorrectionsContact
from procedures import EDITION
from procedures.changes import CorrectLink
from procedures.check_suitability_answers import AnswerLocationOutcome, SupportMove
from procedures.form_exchange import SendT441
from procedures.identify_answers import CheckLiveRecord
from procedures.offer_answers import AnswerOfferQuestions
from procedures.refusals import Refused
from procedures.sort_mail import SortMail
from procedures.tasks import Answer, By
from tests.api.office import AWS, NOW, Office
from tests.workflows.people import LEE, TOM, import_people

ADVISOR = By(subject="u-1", name="Tamsin Example", role=AWS.value)


async def gathered(office: Office, case_id: str, answer: Answer) -> dict[str, Any]:
    """The facts of this answer for this case, at the office's present."""
    held = await case(office.databases.api, case_id)
    assert held is not None
    return await facts_of_answer(Asked(office.resources, held, answer, ADVISOR, office.now))


async def _person(office: Office, code: str, status: str) -> None:
    await import_people(office.databases.loader)
    await office.case("C1", person_ref=LEE.ref, step="1.6")
    await office.put(
        Assessment,
        number="A-1",
        person_ref=LEE.ref,
        code=code,
        status=status,
        version=1,
        opened_at=NOW,
    )
    await office.put(
        CorrectionsContact,
        contact_id="harbourview-1",
        office="Harbourview",
        kind="contact",
        name="Sam Contact",
        secure_address="harbourview@corrections.test",
        regions=["R01"],
        valid_from=NOW.date() - timedelta(days=9),
        version=2,
    )


def _send(version: int = 2) -> SendT441:
    return SendT441(contact_id="harbourview-1", contact_version=version, recipient_confirmed=True)


@pytest.mark.req("PRV-6")
async def test_1_6_a_confirmation_counts_for_the_contact_as_it_is_now(office: Office) -> None:
    """Unchanged and allowed: nothing refuses. An older version, or no such contact: changed."""
    await _person(office, "D1P", "PEN")
    assert await gathered(office, "C1", _send()) == {"contact_unchanged": True, "refusals": []}
    assert (await gathered(office, "C1", _send(version=1)))["contact_unchanged"] is False
    unknown = _send().model_copy(update={"contact_id": "harbourview-9"})
    assert (await gathered(office, "C1", unknown))["contact_unchanged"] is False
    assert await gathered(office, "C1", SendT441(no_contact_known=True)) == {}


@pytest.mark.req("DEF-3")
async def test_1_6_nothing_is_sent_about_a_person_without_an_order(office: Office) -> None:
    """The guard is asked before the confirmation is taken, with the person as the record has them now."""
    await _person(office, "D2P", "PEN")
    refusals = (await gathered(office, "C1", _send()))["refusals"]
    assert "DEF-3" in [rule for rule, _ in refusals]


async def test_1_6_the_register_says_whether_the_record_is_live(office: Office) -> None:
    """By the person of the case; without one the answer is refused."""
    await _person(office, "D1P", "PEN")
    answer = CheckLiveRecord(live=True, evidence="Current signatory")
    assert await gathered(office, "C1", answer) == {"record_state": "live", "occupancy": "tenant"}
    await office.case("C2")
    with pytest.raises(Refused):
        await gathered(office, "C2", answer)


async def test_2_3_and_2_4_what_the_record_displays(office: Office) -> None:
    """Code and status shown, and whether anybody else lives in the home."""
    await _person(office, "D1", "CUR")
    outcome = AnswerLocationOutcome(answers={})
    assert await gathered(office, "C1", outcome) == {"code": "D1", "status": "CUR"}
    support = SupportMove(
        support="calls weekly",
        options=("contact_with_msd",),
        person_happy=True,
        household_happy="yes",
        corrections_supports=True,
    )
    assert await gathered(office, "C1", support) == {"lives_alone": False}


@pytest.mark.req("TR-16", "P4.S4.1")
async def test_4_4_the_questions_of_an_offer_know_the_code_that_is_displayed(office: Office) -> None:
    await _person(office, "D1P", "PEN")
    questions = AnswerOfferQuestions(answers={}, comment="n")
    assert await gathered(office, "C1", questions) == {"code": "D1P", "status": "PEN"}


async def test_mail_is_given_to_cases_on_record_only(office: Office) -> None:
    """AMB-X-9: a case number is looked up."""
    await office.case("C1", "sort_mail", step="B")
    assert await gathered(office, "C1", SortMail(case_id="C1")) == {"case_known": True}
    assert await gathered(office, "C1", SortMail(case_id="CNONE")) == {"case_known": False}
    assert await gathered(office, "C1", SortMail(set_aside="advertisement")) == {"case_known": False}


async def test_a_corrected_link_names_people_on_the_register(office: Office) -> None:
    """TR-15: unknown references are named."""
    await import_people(office.databases.loader)
    change = CorrectLink(
        reason="father and son",
        asked_by="Tamsin Example",
        said_by="Sam Contact",
        office="Harbourview",
        said_at=NOW,
        person_ref=TOM.ref,
        duplicates=("P-NONE",),
    )
    assert (await facts_of_change(office.resources, change))["unknown_refs"] == ["P-NONE"]


@pytest.mark.req("AMB-P1-17")
async def test_1_2_the_register_is_stale_after_one_working_day(office: Office) -> None:
    """Never imported: stale. As of Thursday: good on Friday and over the weekend, stale on Monday."""
    stale = [await register_is_stale(office.resources, EDITION, NOW)]
    await import_people(office.databases.loader)
    for days in (0, 2, 3):
        stale.append(await register_is_stale(office.resources, EDITION, NOW + timedelta(days=days)))
    assert stale == [True, False, False, True]
