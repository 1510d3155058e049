"""Procedure 2, section 3.3: every rule of the decision table, those with a deadline on virtual time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.tables.case import Notice
from models.tables.duty import MoveWatch
from models.tables.mail import CorrectionsContact
from procedures.local_time import instant_at, local
from tests.conftest import Databases
from tests.workflows.driving import somebody
from tests.workflows.gateway import SEND_FACTS, SERVICE_MANAGER
from tests.workflows.people import LEE
from tests.workflows.running import Said, eventually
from tests.workflows.skipping import virtual
from tests.workflows.suitability import NOT_SUITABLE, SUITABLE, Home, Office, shared_office

SENT = instant_at(date(2030, 12, 11), time(10))
"""A Wednesday: working days 1 to 5 are 10, 11, 14, 15 and 16 December; the letter may go on Thursday the 17th."""
DUE = instant_at(date(2030, 12, 18), time(23, 0))
WORKING_DAY_6 = instant_at(date(2030, 12, 19), time(9, 1))


@dataclass(frozen=True)
class Rule:
    """A line of the table; None where it has a dash."""

    number: str
    in_time: bool
    suitable: bool
    person_happy: bool | None = None
    household: str | None = None
    supports: bool | None = None
    transfer: bool = False

    @property
    def name(self) -> str:
        """As pytest shows it."""
        consents = [self.person_happy, self.household, self.supports]
        happy = "" if self.person_happy is None else "-" + "-".join(str(c).lower() for c in consents)
        return f"{self.number}-{'suitable' if self.suitable else 'not_suitable'}{happy}"

    @property
    def claims(self) -> tuple[str, ...]:
        """Requirements that this line cannot meet any more when they are broken."""
        late = () if self.in_time else ("P2.S2.b", "AMB-P2-3", "AMB-P2-4", "CLK-5WD")
        if self.suitable:
            return ("P2.S3.a", "P2.S4.1", "P2.X2", "AMB-P2-7", *late)
        return ("P2.S3.b", "P2.S3.b3", "P2.S3.b4", "AMB-P2-5", "AMB-P2-7", *late)


RULES = [
    Rule("1", True, True),
    Rule("2", True, False, True, "yes", True, transfer=True),
    Rule("2", True, False, True, "not_applicable", True, transfer=True),
    Rule("3", True, False, True, "yes", False),
    Rule("4", True, False, False, "yes", True),
    Rule("4", True, False, True, "no", True),
    Rule("4", True, False, False, "no", False),
    Rule("5", False, True),
    Rule("6", False, False, True, "yes", True, transfer=True),
    Rule("6", False, False, True, "no", True),
    Rule("6", False, False, True, "yes", False),
]
PEOPLE = [somebody(number, live=True) for number in range(len(RULES))]


@pytest.fixture(scope="module")
async def office(
    cluster: Any, migrated_template: str, server: WorkflowEnvironment, keys: KeyRing
) -> AsyncIterator[Office]:
    """A running house with one person per rule."""
    async with shared_office(cluster, migrated_template, server, keys, *PEOPLE) as office:
        yield office


async def _walk(home: Home, rule: Rule) -> None:
    """From the returned form to the end, trying what the rule forbids on the way."""
    await home.corrections_says(SUITABLE if rule.suitable else NOT_SUITABLE)
    if not rule.suitable:
        given = {
            "person_happy": rule.person_happy,
            "household_happy": rule.household,
            "corrections_supports": rule.supports,
        }
        alone = rule.household == "not_applicable"
        if not rule.transfer:
            with pytest.raises(Said) as refused:
                await home.support(alone, **given, transfer_application=True)
            assert refused.value.rule == "P2.S3.b3"
        await home.support(alone, **given, transfer_application=rule.transfer)
    await home.outcome("suitable" if rule.suitable else "not_suitable")


async def _ended_as(home: Home, rule: Rule) -> None:
    said = "suitable" if rule.suitable else "not_suitable"
    case = await home.house.closed(home.case_id)
    assert case.outcome == said
    assert f"location_{said}" in await home.notices()
    assert await home.house.code(home.person.ref) == "D1/CUR"
    assert await home.house.rules(home.person.ref) == ["earlier", "TR-16", "TR-16"]
    async with home.office.databases.worker.transaction() as session:
        watch = await session.get(MoveWatch, home.case_id)
        notices = (await session.scalars(select(Notice).where(Notice.case_id == home.case_id))).all()
    told = " ".join(str(getattr(one, c.key)) for one in notices for c in Notice.__table__.columns)
    assert not [
        word for word in (home.person.surname, home.person.given, home.person.address) if word in told
    ]
    assert not [mail for mail in await home.mails() if mail.contact_id is None]
    assert (watch is not None) == (not rule.suitable)


def _marked(rules: list[Rule]) -> list[Any]:
    return [pytest.param(rule, marks=pytest.mark.req(*rule.claims), id=rule.name) for rule in rules]


@pytest.mark.parametrize("rule", _marked([rule for rule in RULES if rule.in_time]))
async def test_2_3_decision_table_in_time(office: Office, rule: Rule) -> None:
    home = await office.begin(PEOPLE[RULES.index(rule)])
    await home.send()
    await _walk(home, rule)
    await _ended_as(home, rule)
    assert [mail.kind for mail in await home.mails()] == ["T-439+T-442"]


@pytest.mark.parametrize("rule", _marked([rule for rule in RULES if not rule.in_time]))
async def test_2_2_decision_table_late(databases: Databases, keys: KeyRing, rule: Rule) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        home = await Office(v.house, v.gateway, databases).begin(LEE)
        await home.send()
        await v.until(DUE)
        assert await _letters(home) == []
        await v.until(WORKING_DAY_6)
        await eventually(lambda: _letter_taken(home), "no letter")
        [letter] = await _letters(home)
        assert letter == datetime(2030, 12, 19, 9, 0)
        async with databases.worker.transaction() as session:
            [row] = [mail for mail in await home.mails() if mail.kind == "17-030"]
            contact = await session.get(CorrectionsContact, row.contact_id)
        assert contact
        assert contact.kind == "contact"
        assert row.fields["missing_form"] == "T-439"
        await _walk(home, rule)
        await _ended_as(home, rule)
        assert len(await _letters(home)) == 1


async def _letters(home: Home) -> list[datetime]:
    """Acceptance of each 17-030, local time without seconds."""
    return [
        local(mail.accepted_at).replace(second=0, microsecond=0, tzinfo=None)
        for mail in await home.mails()
        if mail.kind == "17-030" and mail.accepted_at
    ]


async def _letter_taken(home: Home) -> bool | None:
    return True if await _letters(home) else None


@pytest.mark.req("P2.S2.a", "P2.S1.4", "CLK-5WD", "AMB-P2-2")
async def test_2_2_in_time_no_letter_is_ever_produced(databases: Databases, keys: KeyRing) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        home = await Office(v.house, v.gateway, databases).begin(LEE)
        await home.send()
        clock = await home.clock()
        assert clock["due_at"] == "2030-12-18T10:59:59Z"
        await v.until(DUE)
        await home.corrections_says()
        await v.until(instant_at(date(2030, 12, 24), time(12)))
        assert await _letters(home) == []
        assert (await home.outcome()).outcome == "suitable"


@pytest.mark.req("AMB-P1-10", "AMB-P2-4")
async def test_2_2_rule_7_never_answered_escalates_and_stays_open(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        home = await Office(v.house, v.gateway, databases).begin(LEE)
        await home.send()
        await v.until(WORKING_DAY_6)
        await eventually(lambda: _letter_taken(home), "no letter")
        await v.until(instant_at(date(2030, 12, 30), time(12)))
        task = await home.house.task(home.case_id, "confirm_letter_recipient")
        assert task.context["round"] == 2
        await home.answer("confirm_letter_recipient", SERVICE_MANAGER, SEND_FACTS)
        await v.until(instant_at(date(2031, 1, 22), time(12)))
        letters = [mail.contact_id for mail in await home.mails() if mail.kind == "17-030"]
        assert letters == ["contact-1", "manager-1"]
        kinds = await home.house.open_kinds(home.case_id)
        assert "corrections_silent" in kinds
        assert "location_outcome" not in kinds
        case = await home.house.case(home.case_id)
        assert (case.step, case.closed_at) == ("2.2", None)
        assert await home.house.code(LEE.ref) == "D1/CUR"
        assert "letter_17_030" in await home.notices()


@pytest.mark.req("AMB-P2-10", "AMB-X-4", "P1.S5.b")
async def test_2_2_rule_8_order_ended_cancels_everything_and_procedure_1_makes_it_d2(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        office = Office(v.house, v.gateway, databases)
        home = await office.begin(LEE)
        await home.send()
        await v.until(instant_at(date(2030, 12, 16), time(12)))
        await home.change("corrections_says", await says(home, "NSO"))
        ended = await home.house.closed(home.case_id)
        assert (ended.outcome, ended.state["exchange"]["clock"]) == ("ceased_nso", None)
        following = await office.follower(home.case_id, "identify")
        assert await eventually(lambda: _code(home, "D2P/PEN"), "the code did not move")
        await v.until(instant_at(date(2030, 12, 24), time(12)))
        assert [mail.kind for mail in await home.mails()] == ["T-439+T-442"]
        answers = {"answers": {"order_ended": True, "confirmed_how": "by phone"}}
        await home.house.answer(following.case_id, "nso_questions", answers)
        assert (await home.house.closed(following.case_id)).outcome == "D2"
        assert await home.house.code(LEE.ref) == "D2/CUR"


async def _code(home: Home, wanted: str) -> bool | None:
    return True if await home.house.code(home.person.ref) == wanted else None


async def says(home: Home, said: str) -> dict[str, Any]:
    """Corrections' word, just now."""
    return {
        "said": said,
        "said_by": "Sam Contact",
        "office": "Harbourview",
        "said_at": (await home.house.now()).isoformat(),
        "note": "Told on the phone.",
    }


@pytest.mark.req("AMB-P2-11", "P1.S6.N3", "P2.F4")
async def test_2_2_rule_9_vacated_keeps_d1_and_tells_corrections(databases: Databases, keys: KeyRing) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        office = Office(v.house, v.gateway, databases)
        home = await office.begin(LEE)
        await home.send()
        await home.change("vacated", {"reason": "The home was given back.", "still_considered": False})
        ended = await home.house.closed(home.case_id)
        assert (ended.outcome, ended.state["exchange"]["clock"]) == ("ceased_vacated", None)
        duty = await office.follower(home.case_id, "disclose_change")
        assert duty.state["kind"] == "accommodation_change"
        await home.house.task(duty.case_id, "send_t442")
        assert await home.house.code(LEE.ref) == "D1/CUR"
        await v.until(instant_at(date(2030, 12, 24), time(12)))
        assert [mail.kind for mail in await home.mails()] == ["T-439+T-442"]


MISREAD = {"to_step": "2.2", "asked_by": "Aroha Example", "reason": "It was another form."}
NOT_THE_FORM = {"verdict": "not_the_form"}


@pytest.mark.req("AMB-X-6", "P2.S2.b")
async def test_2_2_a_letter_held_back_for_a_form_that_was_none_goes_out_once(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        home = await Office(v.house, v.gateway, databases).begin(LEE)
        await home.send()
        v.gateway.answers = ["away"] * 400
        await v.until(WORKING_DAY_6)
        await eventually(lambda: _written(home, "17-030"), "no letter was written")
        await home.corrections_says()
        v.gateway.answers = []
        await v.until(instant_at(date(2030, 12, 19), time(12)))
        assert await _letters(home) == []
        await home.change("go_back", MISREAD)
        await home.answer("review_return", NOT_THE_FORM)
        await eventually(lambda: _letter_taken(home), "no letter")
        await eventually(lambda: _clock_number(home, 1), "the letter's own clock does not run")
        await v.until(instant_at(date(2030, 12, 24), time(12)))
        assert len(await _letters(home)) == 1


@pytest.mark.req("AMB-X-6", "AMB-X-8")
async def test_2_2_forms_that_never_left_are_sent_anew_when_what_came_was_none(
    databases: Databases, keys: KeyRing
) -> None:
    async with virtual(databases, keys, start=SENT) as v:
        home = await Office(v.house, v.gateway, databases).begin(LEE)
        v.gateway.answers = ["away"] * 400
        await home.answer("send_t439", home.forms(), home.send_facts())
        await home.corrections_says()
        v.gateway.answers = []
        await home.change("go_back", MISREAD)
        await home.answer("review_return", NOT_THE_FORM)
        await home.send()
        assert [mail.state for mail in await home.mails()] == ["cancelled", "accepted"]


async def _written(home: Home, kind: str) -> bool | None:
    return True if any(mail.kind == kind for mail in await home.mails()) else None


async def _clock_number(home: Home, number: int) -> bool | None:
    clock = await home.clock()
    return True if clock and clock["number"] == number else None
