"""The register's three searches on real PostgreSQL: what must be found, in which order, and the reason given."""

from collections.abc import Iterable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from adapters.person_register import RegisterTables
from adapters.ports import PersonRegister, SearchHit
from adapters.register_import import import_register
from adapters.register_search import SearchKind, three_searches
from models.tables.register import RegisterDuplicate
from tests.conftest import Databases

NOW = datetime(2026, 11, 6, 11, 30, tzinfo=UTC)
HEADER = (
    "person_ref,surname,given_names,date_of_birth,gender,address,suburb,town,postcode,area_office,"
    "record_state,occupancy,property_ref,household_ref,other_names,former_addresses"
)
PEOPLE = """
1,Tūhoe-Marsden,Mere Ann,1980-03-12,F,2/14 Kererū Street,Northwick,Lanternvale,0627,Lanternvale,live,tenant,H1,HH1,,
2,O’Halloran,Seán,1971-07-30,M,2/14 Kererū Street,Northwick,Lanternvale,0627,Lanternvale,live,partner,H1,HH1,,
3,Faʻalele,ʻOfa,1990-01-05,F,9 Tallow Road,Eastbrook,Lanternvale,0628,Lanternvale,live,boarder,H2,HH2,,
4,Steffensen,Stephen John,1965-11-02,M,9 Tallow Road,Eastbrook,Lanternvale,0628,Lanternvale,historic,none,H2,,,
5,Okonkwo,Chidi,1988-12-25,M,77 Harbour View Terrace,Eastbrook,Lanternvale,0628,Lanternvale,live,applicant,,,,
6,Nakaji,Yuki,2001-06-15,F,5 Elm Lane,Oldtown,Bracken,9999,,live,tenant,H3,HH3,Yuki Petersen,"3 Gull Cres, Oldtown;8 Wren Cl"
7,Marsden,Aroha,1955-05-05,F,12 Kererū Street,Northwick,Lanternvale,0627,Lanternvale,live,dependent,H4,HH4,,
8,Tane,,1999-09-09,M,1 Spoon Way,Oldtown,Bracken,9999,Bracken,live,household_member,H5,HH5,,
"""


async def register_of(databases: Databases, people: str = PEOPLE) -> RegisterTables:
    lines = f"{HEADER}\n{people.strip()}\n".splitlines(keepends=True)
    report = await import_register(databases.loader, lines, as_of=NOW, clock=lambda: NOW)
    assert not report.bad
    return RegisterTables(databases.api)


def refs(hits: Iterable[SearchHit]) -> list[str]:
    return [hit.person_ref for hit in hits]


NAMES = [
    ("Mere Ann Tūhoe-Marsden", "1", "surname and given names exact"),
    ("mere ann tuhoe marsden", "1", "surname and given names exact"),
    ("TUHOE-MARSDEN, MERE ANN", "1", "surname and given names exact"),
    ("Tuuhoe-Marsden, Mere Ann", "1", "close spelling of surname, given names exact"),
    ("Tuhoe-Marsden Mere Ann", "1", "surname and given names exact, names swapped"),
    ("Ann Mere Tuhoe-Marsden", "1", "surname and given names exact, in another order"),
    ("Mere Marsden", "1", "one part of a double surname exact, some given names exact"),
    ("Mere Tuhoe", "1", "one part of a double surname exact, some given names exact"),
    ("M Tuhoe-Marsden", "1", "surname exact, initial of some given names"),
    ("Sean O'Halloran", "2", "surname and given names exact"),
    ("Sean O Halloran", "2", "surname and given names exact"),
    ("Sean OHalloran", "2", "surname and given names exact"),
    ("Halloran O, Sean", "2", None),
    ("Shean Ohaloran", "2", "close spelling of surname, close spelling of given names"),
    ("Ofa Faalele", "3", "surname and given names exact"),
    ("'Ofa Fa'alele", "3", "surname and given names exact"),
    ("Steven Stevensen", "4", "close spelling of surname, some given names sounds alike"),
    ("Steffenson, S", "4", "close spelling of surname, initial of some given names"),
    ("Okonko Chidi", "5", "close spelling of surname, given names exact, names swapped"),
    ("Yuki Petersen", "6", "former or other name: surname and given names exact"),
    ("Tāne", "8", "surname and given names exact"),
]


@pytest.mark.req("P1.W1")
async def test_1_2_names_are_found_however_they_are_written(databases: Databases) -> None:
    register = await register_of(databases)
    for term, person_ref, reason in NAMES:
        hits = await register.search_name(term)
        assert refs(hits)[:1] == [person_ref], term
        assert reason in (None, hits[0].reason), (term, hits[0])
        assert 0 < hits[0].score <= 1


async def test_1_2_better_names_come_first(databases: Databases) -> None:
    register = await register_of(databases)
    whole, less = await register.search_name("Mere Marsden"), await register.search_name("Marsden")
    assert refs(whole) == ["1", "7"]
    assert (await register.search_name("Aroha Marsden"))[0].score == 1 > whole[0].score > whole[1].score
    assert set(refs(less)) == {"1", "7"}
    assert less[0].reason == "surname exact, no given name asked"
    assert await register.search_name("  ") == []
    assert len(await register.search_name("Marsden", limit=1)) == 1
    assert await register.search_name("Somebody Else") == []


@pytest.mark.req("P1.S2.N5")
async def test_1_2_wildcard_finds_partial_names_and_addresses(databases: Databases) -> None:
    register = await register_of(databases)
    for term, expected in [
        ("tuh%", {"1"}),
        ("Tūh%", {"1"}),
        ("mars%", {"1", "7"}),
        ("%sen", {"4", "6"}),
        ("%sen ste%", {"4"}),
        ("o'hal%", {"2"}),
        ("s%n %halloran", {"2"}),
        ("mar_den%", set()),
        ("mars%\\", {"1", "7"}),
        ("zz%", set()),
        ("%", set()),
        ("_%", set()),
    ]:
        assert set(refs(await register.search_name(term))) == expected, term
    for term, expected in [
        ("14 kere%", {"1", "2"}),
        ("kere% st", {"1", "2", "7"}),
        ("%cress%, oldtown", set()),
        ("gull cr%", {"6"}),
        ("%", set()),
    ]:
        assert set(refs(await register.search_address(term))) == expected, term


ADDRESSES = [
    ("2/14 Kererū Street, Northwick, Lanternvale 0627", {"1", "2"}, "address exact"),
    ("Flat 2/14 Kereru St", {"1", "2"}, "address exact"),
    ("Unit 2 14 Kereru St", {"1", "2"}, "address exact"),
    ("14 Kereru St Northwick", {"1", "2"}, "number and street, flat given on one side only"),
    ("2/14 Kerreru Street", {"1", "2"}, "number and close spelling of street"),
    ("9 Tallow Rd", {"3", "4"}, "address exact"),
    ("9 Tallow Rd, Bracken", {"3", "4"}, "number and street, other suburb or town"),
    ("77 Harbour View Tce", {"5"}, "address exact"),
    ("77 Harbor View Tce", {"5"}, "number and close spelling of street"),
    ("3 Gull Cres", {"6"}, "former address: address exact"),
    ("8 Wren Cl", {"6"}, "former address: address exact"),
    ("1 Spoon Wy", {"8"}, None),
    ("9 Tallowroad", {"3", "4"}, "address exact"),
]


async def test_1_2_addresses_are_found_however_they_are_written(databases: Databases) -> None:
    register = await register_of(databases)
    for term, expected, reason in ADDRESSES:
        hits = await register.search_address(term)
        best = [hit for hit in hits if hit.score == hits[0].score]
        assert set(refs(best)) == expected, term
        assert reason in (None, best[0].reason), (term, best[0])
    assert await register.search_address("") == []


async def test_1_2_date_of_birth_finds_swapped_and_one_digit_off(databases: Databases) -> None:
    register = await register_of(databases)
    assert await register.search_date_of_birth(date(1980, 3, 12)) == [
        SearchHit("1", 1.0, "date of birth exact")
    ]
    assert await register.search_date_of_birth(date(1980, 12, 3)) == [
        SearchHit("1", 0.9, "day and month swapped")
    ]
    for born, reason in [
        (date(1980, 3, 13), "one digit off in the day"),
        (date(1980, 4, 12), "one digit off in the month"),
        (date(1908, 3, 12), "one digit off in the year"),
    ]:
        assert await register.search_date_of_birth(born) == [SearchHit("1", 0.7, reason)]
    assert await register.search_date_of_birth(date(1930, 1, 1)) == []


async def test_1_2_date_of_birth_shows_exact_hits_first(databases: Databases) -> None:
    people = "".join(
        f"{n},Vale,Person,{born},,,,,,,live,none,,,,\n"
        for n, born in enumerate(["1980-03-13", "1980-12-03", "1980-03-12"])
    )
    register = await register_of(databases, people)
    assert refs(await register.search_date_of_birth(date(1980, 3, 12), limit=2)) == ["2", "1"]


async def test_1_2_an_address_is_known_as_one_of_our_homes(databases: Databases) -> None:
    register = await register_of(databases)
    for ours in [
        "Flat 2, 14 Kereru St",
        "14 Kererū Street, Northwick",
        "9 Tallow Road",
        "9 Talow Rd, Eastbrook",
        "5 Elm Ln, Oldtown, Bracken",
    ]:
        assert await register.is_one_of_our_homes(ours), ours
    for not_ours in [
        "3/14 Kereru St",
        "16 Kereru St",
        "9 Tallow Road, Bracken",
        "77 Harbour View Terrace",  # an applicant's own address
        "3 Gull Cres, Oldtown",  # a former address
        "Lanternvale",
        "",
    ]:
        assert not await register.is_one_of_our_homes(not_ours), not_ours


async def test_1_2_the_record_of_a_person(databases: Databases) -> None:
    port: PersonRegister = await register_of(databases)
    person = await port.person("6")
    assert person is not None
    assert (person.surname, person.given_names, person.date_of_birth) == (
        "Nakaji",
        "Yuki",
        date(2001, 6, 15),
    )
    assert (person.address, person.suburb, person.town, person.postcode) == (
        "5 Elm Lane",
        "Oldtown",
        "Bracken",
        "9999",
    )
    assert person.other_names == ("Yuki Petersen",)
    assert person.former_addresses == ("3 Gull Cres, Oldtown", "8 Wren Cl")
    assert (person.record_state, person.occupancy, person.property_ref) == ("live", "tenant", "H3")
    assert await port.person("no such") is None
    assert sorted(await port.persons(["1", "2", "no such"])) == ["1", "2"]
    assert await port.as_of() == NOW


async def test_1_2_an_empty_register_has_no_as_of(databases: Databases) -> None:
    register = RegisterTables(databases.api)
    assert await register.as_of() is None
    assert await register.search_name("Mere Marsden") == []
    assert await register.persons([]) == {}


@pytest.mark.req("P1.S2.2")
async def test_1_2_three_searches_are_made_separately_and_their_finds_joined(databases: Databases) -> None:
    register = await register_of(databases)
    found = await three_searches(
        register, full_name="Sean O'Halloran", address="9 Tallow Rd", date_of_birth=date(1980, 12, 3)
    )
    assert (found.name.term, refs(found.name.hits)) == ("Sean O'Halloran", ["2"])
    assert found.address.term == "9 Tallow Rd"
    assert {"3", "4"} <= set(refs(found.address.hits))
    assert (found.date_of_birth.term, refs(found.date_of_birth.hits)) == ("1980-12-03", ["1"])
    everyone = {
        hit.person_ref for one in (found.name, found.address, found.date_of_birth) for hit in one.hits
    }
    assert {candidate.person_ref for candidate in found.candidates} == everyone
    by_ref = {candidate.person_ref: candidate for candidate in found.candidates}
    assert by_ref["2"].found_by == (SearchKind.NAME,)
    assert by_ref["1"].reasons == {
        SearchKind.NAME: "differs",
        SearchKind.ADDRESS: "differs",
        SearchKind.DATE_OF_BIRTH: "day and month swapped",
    }


async def test_1_2_who_agrees_on_more_fields_ranks_higher(databases: Databases) -> None:
    register = await register_of(databases)
    found = await three_searches(
        register, full_name="Aroha Marsden", address="2/14 Kereru St", date_of_birth=date(1980, 3, 12)
    )
    assert [candidate.person_ref for candidate in found.candidates][:2] == ["1", "7"]
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)


async def test_1_2_what_the_report_leaves_out_is_not_searched(databases: Databases) -> None:
    register = await register_of(databases)
    found = await three_searches(register, full_name="mars%", address=None, date_of_birth=None)
    assert (found.address.term, found.address.hits) == (None, ())
    assert (found.date_of_birth.term, found.date_of_birth.hits) == (None, ())
    assert {candidate.person_ref for candidate in found.candidates} == {"1", "7"}
    assert set(found.candidates[0].reasons) == {SearchKind.NAME}


async def test_1_2_a_duplicate_has_one_primary_at_a_time(databases: Databases) -> None:
    await register_of(databases)

    async def link(primary: str, duplicate: str, *, replaced: bool = False) -> None:
        async with databases.worker.transaction() as session:
            await session.execute(
                insert(RegisterDuplicate).values(
                    primary_person_ref=primary,
                    duplicate_person_ref=duplicate,
                    found_on=NOW.date(),
                    found_by="advisor-1",
                    reason="same person",
                    replaced_at=NOW if replaced else None,
                )
            )

    await link("3", "2", replaced=True)
    await link("1", "2")
    await link("1", "4")
    for primary, duplicate in [("3", "2"), ("5", "5")]:
        with pytest.raises(IntegrityError):
            await link(primary, duplicate)
