"""Candidates beside the row of the report, and one's own search kept as evidence."""

from datetime import date

import pytest

from api.known import PersonOnRegister
from api.pages.comparison import Verdict, compare
from models.queries.reports import EntryRecord
from models.tables.report import SearchRecord
from tests.api.office import AWS, Office
from tests.pages.desk import Desk, desk, hidden, words
from tests.workflows.people import LEE, SON, TOM, import_people


async def at_the_entry(office: Office, **row: object) -> Desk:
    """The task to match a row of the report; about Lee, unless it says otherwise."""
    await import_people(office.databases.loader)
    lee = {"surname": "SAMPLE", "given_names": "Lee", "address": LEE.address}
    await office.searched_entry("C1", **{**lee, "date_of_birth": date(1975, 5, 6), **row})
    await office.task("C1-1", "C1")
    return await desk(office, AWS)


@pytest.mark.req("P1.S2.2", "P1.N1")
async def test_1_2_candidates_stand_beside_the_row_with_household_and_what_differs(office: Office) -> None:
    """Everybody at the address is a candidate, not only the tenant; each can be primary or duplicate."""
    visitor = await at_the_entry(office)
    page = await visitor.get("/tasks/C1-1")
    said = words(page)
    assert "Surname SAMPLE Sample same" in said
    assert "Date of birth 6 May 1975 6 May 1975 same" in said
    assert f'name="person_ref" value="{LEE.ref}"' in page.text
    assert f'name="duplicates" value="{SON.ref}"' in page.text
    assert "In the same home: 1" in said
    assert len(await office.audited("read households of candidates")) == 1


@pytest.mark.req("P1.S2.1", "PRV-16")
async def test_1_2_an_own_search_is_evidence_and_leaves_no_name_in_an_address(office: Office) -> None:
    """The wildcard works; whoever it finds can be picked; what was typed before is still there."""
    visitor = await at_the_entry(office, surname="Nobody", given_names="Nemo", address="77 Nowhere Row")
    before = await office.count(SearchRecord)
    assert f'value="{TOM.ref}"' not in (await visitor.get("/tasks/C1-1")).text
    found = await visitor.post(
        "/tasks/C1-1/search",
        note="still thinking",
        outcome="potential_match",
        more={"search.name": "T% Test%"},
    )
    assert found.status_code == 200
    assert "Your search found 1" in words(found)
    assert f'name="person_ref" value="{TOM.ref}"' in found.text
    assert "still thinking" in found.text
    assert await office.count(SearchRecord) == before + 1
    shown = {name: hidden(found, name) for name in ("key", "seen_version", "found")}
    wrong = await visitor.post("/tasks/C1-1", **shown, outcome="potential_match", person_ref=TOM.ref)
    assert wrong.status_code == 422
    assert f'value="{TOM.ref}" checked' in wrong.text
    (event,) = await office.audited("searched the register")
    assert "Test" not in str(event.detail)


async def test_1_2_a_search_needs_something_to_search_on(office: Office) -> None:
    visitor = await at_the_entry(office)
    empty = await visitor.post("/tasks/C1-1/search", note="kept")
    assert empty.status_code == 422
    assert 'href="#field-search-name"' in empty.text
    assert "kept" in empty.text
    short = await visitor.post("/tasks/C1-1/search", more={"search.name": "x"})
    assert "enter at least two letters" in words(short)
    date_only = await visitor.post("/tasks/C1-1/search", more={"search.date_of_birth-day": "31"})
    assert "a real date" in words(date_only)


def row(**given: object) -> EntryRecord:
    """A row of the report."""
    plain = {name: None for name in EntryRecord.model_fields}
    values = {"entry_id": "E1", "run_id": "r", "row_number": 1, "state": "accepted", "region": "R01"}
    lists = {"notes": [], "errors": [], "contradictory": False, "absent_from_correction": False}
    return EntryRecord.model_validate({**plain, **values, **lists, **given})


def person(**given: object) -> PersonOnRegister:
    """A person of the register."""
    plain = {name: None for name in PersonOnRegister.model_fields}
    texts = dict.fromkeys(
        ("id", "person_ref", "surname", "given_names", "address", "suburb", "town", "postcode", "area_office",
         "record_state", "occupancy"), "",
    )  # fmt: skip
    return PersonOnRegister.model_validate(
        {**plain, **texts, "other_names": [], "former_addresses": [], **given}
    )


@pytest.mark.parametrize(
    ("report", "register", "verdict"),
    [
        ("Māhina", "Māhina", Verdict.SAME),
        ("MAHINA", "Māhina", Verdict.NEARLY),
        ("Te Whiti-Rangi", "te whiti rangi", Verdict.NEARLY),
        ("Petrov", "Petrova", Verdict.DIFFERS),
        (None, "Petrov", Verdict.ONE_SIDED),
    ],
)
def test_every_difference_is_said_in_words(report: str | None, register: str, verdict: Verdict) -> None:
    first = compare(row(surname=report), person(surname=register))[0]
    assert (first.label, first.verdict) == ("Surname", verdict)


def test_what_the_register_holds_more_is_shown() -> None:
    rows = compare(
        row(surname="Li"), person(surname="Li", other_names=["Lee"], former_addresses=["9 Old Road"])
    )
    assert [(one.label, one.register) for one in rows[-2:]] == [
        ("Other names", "Lee"),
        ("Former addresses", "9 Old Road"),
    ]
