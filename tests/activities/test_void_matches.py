"""Matches as the coordinator enters them, the list of void properties, and who is told when one is gone."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from activities.match_context import MatchContexts
from activities.void_matches import EnteredMatch, NewMatch, enter_match
from activities.void_properties import import_voids, tell_cases
from adapters.register_csv import UnusableFile
from models.tables.audit import AuditEvent
from models.tables.case import CaseRecord
from models.tables.placement import PropertyHold, VoidMatch, VoidProperty
from procedures.refusals import Refused
from procedures.tasks import By
from tests.conftest import Databases
from tests.workflows.people import Person, hold, import_people

AT = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
COORDINATOR = By(subject="coordinator-1", name="Lin Example", role="coordinator-placement")
ANA = Person("P-ANA", "Ana", address="3 Elsewhere Lane", live=True, occupancy="applicant")
TENANT = Person("P-TEN", "Tenant", address="5 Made Up Road").tenant()
PARTNER = Person(
    "P-PAR", "Partner", address="5 Made Up Road", live=True, occupancy="partner", home=TENANT.home
)
HEADER = "property_ref,address,area_office,state,notes\n"


class Runs:
    """Cases that were started and told, instead of Temporal."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.gone: set[str] = set()

    async def start(self, procedure: str, case_id: str) -> bool:
        """False when it runs already."""
        assert procedure == "match_void"
        if case_id in self.started:
            return False
        self.started.append(case_id)
        return True

    async def tell(self, case_id: str, what: dict[str, Any]) -> bool:
        """False for a run that is not there."""
        self.told.append((case_id, what))
        return case_id not in self.gone


@pytest.fixture
async def record(databases: Databases) -> Databases:
    """An applicant and a couple on the register, and two void properties."""
    await import_people(databases.loader, ANA, TENANT, PARTNER)
    lines = (HEADER, "V-1,1 Empty Street,Harbourview,void,\n", "V-2,2 Empty Street,Harbourview,void,\n")
    await import_voids(databases.worker, lines, as_of=AT)
    return databases


async def enter(
    record: Databases, runs: Any, person: Person, property_ref: str = "V-1", on: date = date(2026, 11, 27)
) -> EnteredMatch:
    """As the API does."""
    match = NewMatch(
        person_ref=person.ref,
        property_ref=property_ref,
        match_date=on,
        t365_reference="T365-1",
        t365_details="Two bedrooms.",
    )
    return await enter_match(record.api, runs, match, by=COORDINATOR, at=AT)


async def rows(record: Databases, table: Any) -> list[Any]:
    """All rows of a table."""
    async with record.worker.transaction() as session:
        return list(await session.scalars(select(table)))


@pytest.mark.req("P3.S1.1", "P3.W1")
async def test_3_1_a_match_opens_a_case_that_names_coordinator_person_and_property(record: Databases) -> None:
    await hold(record.worker, ANA.ref, "D1/CUR")
    runs = Runs()
    entered = await enter(record, runs, ANA)
    [case] = await rows(record, CaseRecord)
    [match] = await rows(record, VoidMatch)
    assert entered.cases == (case.case_id,) == tuple(runs.started)
    assert (case.procedure, case.person_ref, case.step, case.region) == (
        "match_void",
        ANA.ref,
        "3.1",
        "HARBOURVIEW",
    )
    assert (match.case_id, match.applicant_ref, match.property_ref) == (case.case_id, ANA.ref, "V-1")
    assert (match.entered_by, match.entered_at) == (COORDINATOR.subject, AT)
    async with record.worker.transaction() as session:
        audited = await session.scalar(select(AuditEvent).where(AuditEvent.action == "match entered"))
    assert audited is not None
    assert (audited.actor, audited.case_id) == (COORDINATOR.subject, case.case_id)


@pytest.mark.req("AMB-P3-13")
async def test_3_1_the_same_match_entered_again_joins_the_first(record: Databases) -> None:
    await hold(record.worker, ANA.ref, "D1/CUR")
    runs = Runs()
    entered = await asyncio.gather(*(enter(record, runs, ANA) for _ in range(4)))
    assert len({one.cases for one in entered}) == 1
    assert sorted(one.repeated for one in entered) == [False, True, True, True]
    assert len(await rows(record, VoidMatch)) == len(await rows(record, CaseRecord)) == 1


@pytest.mark.req("AMB-P3-12", "AMB-P3-13")
async def test_3_1_one_case_per_person_and_property(record: Databases) -> None:
    await hold(record.worker, ANA.ref, "D1/CUR")
    runs = Runs()
    first = await enter(record, runs, ANA)
    later = await enter(record, runs, ANA, on=date(2026, 12, 4))
    other = await enter(record, runs, ANA, "V-2")
    assert later.cases == first.cases != other.cases
    assert len(await rows(record, VoidMatch)) == 3
    assert len(await rows(record, CaseRecord)) == 2
    assert [case_id for case_id, _ in runs.told] == list(first.cases)


@pytest.mark.req("P3.W1", "AMB-P4-10")
@pytest.mark.parametrize("code", ["D1/CUR", "D1P/PEN"])
async def test_3_1_any_household_member_under_an_order_opens_it(record: Databases, code: str) -> None:
    await hold(record.worker, PARTNER.ref, code)
    entered = await enter(record, Runs(), TENANT)
    [match] = await rows(record, VoidMatch)
    assert (match.person_ref, match.applicant_ref) == (PARTNER.ref, TENANT.ref)
    assert len(entered.cases) == 1


@pytest.mark.req("P3.W1", "OV-3", "OV-4")
@pytest.mark.parametrize("code", [None, "D2/CUR", "D2P/PEN", "D3/CUR", "D1/CLO"])
async def test_3_1_without_an_order_in_the_household_it_is_an_ordinary_match(
    record: Databases, code: str | None
) -> None:
    if code:
        await hold(record.worker, ANA.ref, code)
    runs = Runs()
    entered = await enter(record, runs, ANA)
    assert (entered.cases, runs.started) == ((), [])
    assert await rows(record, VoidMatch) == []


@pytest.mark.req("P3.X2")
async def test_3_7_a_case_that_has_ended_does_not_exclude_the_person(record: Databases) -> None:
    await hold(record.worker, ANA.ref, "D1/CUR")
    first = await enter(record, Runs(), ANA)
    async with record.worker.transaction() as session:
        (await session.get_one(CaseRecord, first.cases[0])).closed_at = AT
    again = await enter(record, Runs(), ANA, on=date(2026, 12, 4))
    assert again.cases
    assert again.cases != first.cases


@pytest.mark.parametrize("property_ref", ["V-9", "V-2"])
async def test_3_1_only_void_properties_are_matched(record: Databases, property_ref: str) -> None:
    await import_voids(
        record.worker, (HEADER, "V-2,2 Empty Street,Harbourview,let,\n"), as_of=AT + timedelta(days=1)
    )
    with pytest.raises(Refused) as refused:
        await enter(record, Runs(), ANA, property_ref)
    assert refused.value.rule == "P3.S1.1"


async def test_3_1_nobody_unknown_is_matched(record: Databases) -> None:
    with pytest.raises(Refused) as refused:
        await enter(record, Runs(), Person("P-NOBODY", "Nobody"))
    assert refused.value.rule == "P3.W1"


@pytest.mark.req("AMB-P3-12")
async def test_3_3_one_live_pre_approval_per_property(record: Databases) -> None:
    runs: Any = Runs()
    contexts = MatchContexts(record.worker, runs)
    taken = [await contexts.hold_property(case_id, "V-1", AT) for case_id in ("C1", "C2", "C1")]
    assert taken == ["held", "wait", "held"]
    await contexts.release_property("C1", "V-1", False, AT)
    await contexts.release_property("C1", "V-1", False, AT)
    assert await contexts.hold_property("C2", "V-1", AT) == "held"
    assert [h.reason for h in await rows(record, PropertyHold) if h.released_at] == ["back to matching"]
    await contexts.release_property("C2", "V-1", True, AT)
    assert await contexts.hold_property("C3", "V-1", AT) == "gone"


@pytest.mark.req("AMB-P3-15")
async def test_3_the_import_tells_the_matches_of_a_property_that_is_gone(record: Databases) -> None:
    await hold(record.worker, ANA.ref, "D1/CUR")
    runs: Any = Runs()
    [gone] = (await enter(record, runs, ANA)).cases
    await enter(record, runs, ANA, "V-2")
    done = await import_voids(
        record.worker, (HEADER, "V-1,1 Empty Street,Harbourview,withdrawn,\n"), as_of=AT
    )
    assert done.gone == {gone: "withdrawn"}
    assert await tell_cases(runs, done) == []
    assert runs.told == [(gone, {"property_gone": "withdrawn"})]
    runs.gone = {gone}
    assert await tell_cases(runs, done) == [gone]


async def test_voids_good_rows_are_kept_and_bad_rows_say_what_to_do(record: Databases) -> None:
    done = await import_voids(
        record.worker,
        (
            HEADER,
            "V-3,3 Empty Street,Harbourview,void,Near a park\n",
            "V 4,4 Empty Street,Harbourview,void,\n",
            "V-5,,Harbourview,void,\n",
            "V-6,6 Empty Street,Harbourview,free,\n",
            "V-7,7 Empty Street,Harbourview,void,x,y\n",
            "V-3,3 Empty Street,Harbourview,let,\n",
            f"V-8,8 Empty Street,Harbourview,void,{'x' * 2001}\n",
        ),
        as_of=AT,
    )
    assert (done.good, done.void, [row.line for row in done.bad]) == (1, 1, [3, 4, 5, 6, 7, 8])
    assert all("Street" not in row.problem for row in done.bad)
    async with record.worker.transaction() as session:
        kept = await session.get_one(VoidProperty, "V-3")
    assert (kept.notes, kept.region) == ("Near a park", "HARBOURVIEW")


async def test_voids_an_older_file_never_overwrites_a_newer_state(record: Databases) -> None:
    row = "V-1,1 Empty Street,Harbourview,{},\n"
    await import_voids(record.worker, (HEADER, row.format("let")), as_of=AT + timedelta(days=2))
    await import_voids(record.worker, (HEADER, row.format("void")), as_of=AT + timedelta(days=1))
    async with record.worker.transaction() as session:
        assert (await session.get_one(VoidProperty, "V-1")).state == "let"
        assert await session.get(VoidProperty, "V-2") is not None


async def test_voids_a_file_without_its_columns_is_refused(record: Databases) -> None:
    with pytest.raises(UnusableFile, match="area_office"):
        await import_voids(record.worker, ("property_ref,address,state\n", "V-3,x,void\n"), as_of=AT)
