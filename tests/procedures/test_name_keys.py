"""Normalised names, addresses and dates: what is written differently and means the same comes out the same."""

from datetime import date

import pytest

from procedures.address_keys import address_search_keys, read_address
from procedures.name_keys import (
    FullName,
    edits,
    is_close,
    name_search_keys,
    near_dates,
    padded,
    read_full_name,
    sound,
    word_patterns,
    words_of,
)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Tūhoe-Rangi", ("tuhoe", "rangi")),
        ("TŪHOE–RANGI", ("tuhoe", "rangi")),
        ("T\u0075\u0304hoe", ("tuhoe",)),
        ("O'Connor", ("oconnor",)),
        ("O’Connor", ("oconnor",)),
        ("Faʻalele", ("faalele",)),
        ("Łukasz Ørsted", ("lukasz", "orsted")),
        ("  Anne \t Marie ", ("anne", "marie")),
        ("smi%", ("smi%",)),
        ("a_b\\c", ("a", "b", "c")),
        ("李 小龍", ("李", "小龍")),
        ("", ()),
    ],
)
def test_1_2_words_have_no_marks_hyphens_or_apostrophes(written: str, words: tuple[str, ...]) -> None:
    assert words_of(written) == words


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Mere Ann Tūhoe-Rangi", FullName(("mere", "ann"), ("tuhoe", "rangi"))),
        ("TŪHOE-RANGI, Mere Ann", FullName(("mere", "ann"), ("tuhoe", "rangi"))),
        ("Mr Seán O'Connor Jr.", FullName(("sean",), ("oconnor",))),
        ("Pita", FullName((), ("pita",))),
        ("Tamatea,", FullName((), ("tamatea",))),
        ("", FullName((), ())),
    ],
)
def test_1_2_full_name_is_taken_apart(written: str, name: FullName) -> None:
    assert read_full_name(written) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("tuuhoe", "tuhoe"),
        ("whetu", "fetu"),
        ("stephen", "steven"),
        ("geoffrey", "jeffrey"),
        ("kristine", "christine"),
        ("malia", "maria"),
        ("tavita", "davita"),
        ("mcdonald", "macdonald"),
    ],
)
def test_1_2_spellings_that_sound_alike_have_one_sound(one: str, other: str) -> None:
    assert sound(one) == sound(other)


def test_1_2_search_keys_are_blind_to_order_and_know_initials() -> None:
    here, there = read_full_name("Mere Tūhoe"), read_full_name("Tūhoe Mere")
    assert name_search_keys(here) == name_search_keys(there)
    assert set(name_search_keys(read_full_name("M Tuhoe"))) & set(name_search_keys(here))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("smith", "smith", 0),
        ("smith", "smyth", 1),
        ("smith", "simth", 1),
        ("smith", "smithe", 1),
        ("ab", "xyz", 3),
    ],
)
def test_1_2_edits_count_slips(one: str, other: str, expected: int) -> None:
    assert edits(one, other, 3) == edits(other, one, 3) == expected


def test_1_2_short_words_are_not_close() -> None:
    assert not is_close("ann", "ian")
    assert is_close("anne", "ann")
    assert is_close("tamatea", "tamatae")
    assert not is_close("smith", "smart")
    assert is_close("ngatamariki", "ngatumarika")


@pytest.mark.req("P1.S2.N5")
def test_1_2_wildcard_patterns_mean_words_in_any_order() -> None:
    assert word_patterns(words_of("smi% %son")) == ["% smi% %", "% %son %"]
    assert word_patterns(words_of("% %%")) == []
    assert padded(("john", "smith")) == " john smith "


@pytest.mark.parametrize(
    "written",
    [
        "2/14 Kererū Street",
        "2/14 KERERU ST",
        "Flat 2/14 Kereru St",
        "Flat 2, 14 Kereru St.",
        "Unit 2 14 Kereru St",
        "Apt 2, 14 Kererū Str",
        "2 / 14 Kereru Street",
        "14 Kereru Street, Flat 2",
    ],
)
def test_1_2_ways_to_write_a_flat_are_one(written: str) -> None:
    assert read_address(written).house == ("2", "14", "kereru", "street")


@pytest.mark.parametrize(
    ("written", "house", "place"),
    [
        ("45C Te Ara Rd, Northwick, 0627", ("c", "45", "te", "ara", "road"), ("northwick", "0627")),
        ("14 St Brannoc Bay Rd St Brannoc", ("14", "saint", "brannoc", "bay", "road"), ("saint", "brannoc")),
        ("9 Bay View Road, Mt Tallow", ("9", "bay", "view", "road"), ("mount", "tallow")),
        ("9 Bay View St", ("9", "bay", "view", "street"), ()),
        ("3 Avenue Rd", ("3", "avenue", "road"), ()),
        ("Kauri Court, 3 Tallow Ln", ("3", "tallow", "lane"), ("kauri", "court")),
        ("14, Kereru Pl", ("14", "kereru", "place"), ()),
        ("PO Box 123, Upper Wick", ("123", "po", "box"), ("upper", "wick")),
        ("P.O. Box 123, Upper Wick", ("123", "po", "box"), ("upper", "wick")),
        ("Lanternvale", ("lanternvale",), ()),
        ("", (), ()),
    ],
)
def test_1_2_addresses_are_taken_apart(written: str, house: tuple[str, ...], place: tuple[str, ...]) -> None:
    address = read_address(written)
    assert (address.house, address.place) == (house, place)


def test_1_2_address_keys_survive_a_misspelt_street() -> None:
    right, wrong = read_address("14 Kererū St, Northwick, 0627"), read_address("14 Kerreru St, Northwick")
    assert set(address_search_keys(right)) & set(address_search_keys(wrong))


def test_1_2_near_dates_name_the_slip() -> None:
    near = near_dates(date(1980, 3, 12))
    assert near[date(1980, 3, 12)].score == 1
    assert near[date(1980, 12, 3)].reason == "day and month swapped"
    assert near[date(1980, 3, 13)].reason == "one digit off in the day"
    assert near[date(1980, 3, 21)].reason == "one digit off in the day"
    assert near[date(1980, 2, 12)].reason == "one digit off in the month"
    assert near[date(1990, 3, 12)].reason == "one digit off in the year"
    assert near[date(1980, 12, 3)].score > near[date(1980, 3, 13)].score
    assert date(1981, 3, 13) not in near


def test_1_2_near_dates_are_real_days() -> None:
    near = near_dates(date(1980, 2, 29))
    assert date(1984, 2, 29) in near
    assert len(near) < len(near_dates(date(1980, 1, 11)))
