"""Appendix B: the prescribed title of a person file, written and read, and its characteristics."""

from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from procedures.person_file import (
    FILE_CHARACTERISTICS,
    PersonFileIdentity,
    check_characteristics,
    file_title,
    read_title,
)
from procedures.refusals import Refused


def title(
    surname: str = "Bloggs",
    given_names: str = "Joe",
    date_of_birth: date | None = date(1960, 8, 8),
    person_ref: str | None = "12345",
    area_office: str | None = "Ellerslie",
) -> str:
    return file_title(
        surname=surname,
        given_names=given_names,
        date_of_birth=date_of_birth,
        person_ref=person_ref,
        area_office=area_office,
    )


@pytest.mark.req("A-B7", "A-B8", "AMB-A-1")
def test_b_the_documents_own_example_is_written_exactly() -> None:
    assert title() == "BLOGGS – Joe – 1960AUG08 – 12345 – Ellerslie"


@pytest.mark.req("AMB-A-3", "A-B8")
@pytest.mark.parametrize(
    ("surname", "given_names", "expected"),
    [
        ("Pārara-Whiti", "Tāne Mahuta", "PĀRARA-WHITI – Tāne Mahuta"),
        ("o'malley", "SIOBHÁN", "O'MALLEY – Siobhán"),
        ("Leavasa", "FA'AFETAI", "LEAVASA – Fa'afetai"),
        ("d'arcy", "o'neil mary-jane", "D'ARCY – O'Neil Mary-Jane"),
        ("Kahn", "A'", "KAHN – A'"),
        ("Nguyen", "Thi JoAnne van", "NGUYEN – Thi JoAnne van"),
        ("Cher – Lyn", "  Ana   Maria ", "CHER-LYN – Ana Maria"),
        ("Sari", "", "SARI – "),
        ("", "Sari", "SARI – "),
        ("", "", "NONAME – "),
    ],
)
def test_b_names_of_many_kinds(surname: str, given_names: str, expected: str) -> None:
    assert title(surname, given_names) == f"{expected} – 1960AUG08 – 12345 – Ellerslie"


@pytest.mark.req("AMB-A-3")
def test_b_decomposed_macrons_are_composed_before_capitals() -> None:
    assert title("a\u0304tea") == "ĀTEA – Joe – 1960AUG08 – 12345 – Ellerslie"


@pytest.mark.req("AMB-A-3")
def test_b_what_is_not_known_has_its_own_word() -> None:
    unknown = title(date_of_birth=None, person_ref=None, area_office="")
    assert unknown == "BLOGGS – Joe – 0000XXX00 – NOREF – NOAREA"
    read = read_title(unknown)
    assert (read.date_of_birth, read.person_ref, read.area_office) == (None, None, None)


@pytest.mark.req("AMB-A-1")
@pytest.mark.parametrize(
    "written",
    [
        "BLOGGS – Joe – 1960AUG08 – 12345 – Ellerslie",
        "BLOGGS – Joe – 1960AUG08 – 12345 - Ellerslie",
        "BLOGGS - Joe - 1960AUG08 - 12345 - Ellerslie",
    ],
)
def test_b_a_hyphen_is_accepted_when_reading(written: str) -> None:
    read = read_title(written)
    assert (read.surname, read.given_names, read.date_of_birth) == ("BLOGGS", "Joe", date(1960, 8, 8))
    assert (read.person_ref, read.area_office) == ("12345", "Ellerslie")


@pytest.mark.req("AMB-A-3")
@pytest.mark.parametrize(
    "written", ["SARI –  – 1960AUG08 – 1 – Ellerslie", "SARI – – 1960AUG08 – 1 – Ellerslie"]
)
def test_b_a_single_name_is_read_back(written: str) -> None:
    assert (read_title(written).surname, read_title(written).given_names) == ("SARI", "")


@pytest.mark.req("A-B7")
@pytest.mark.parametrize(
    "other",
    [
        "BLOGGS Joe 1960AUG08 12345 Ellerslie",
        "BLOGGS – Joe – 12345 – Ellerslie",
        "BLOGGS – Joe – 8 Aug 1960 – 12345 – Ellerslie",
        "BLOGGS – Joe – 1960AUG08 – 12345",
        "BLOGGS–Joe–1960AUG08–12345–Ellerslie",
        "",
    ],
)
def test_b_another_pattern_is_refused(other: str) -> None:
    with pytest.raises(Refused) as refused:
        read_title(other)
    assert refused.value.rule == "A-B7"


@pytest.mark.req("A-B8")
@pytest.mark.parametrize(
    "other",
    [
        "Bloggs – Joe – 1960AUG08 – 12345 – Ellerslie",
        "BLOGGS – JOE – 1960AUG08 – 12345 – Ellerslie",
        "BLOGGS – joe – 1960AUG08 – 12345 – Ellerslie",
        "BLOGGS – Joe – 1960AGO08 – 12345 – Ellerslie",
        "BLOGGS – Joe – 1961FEB29 – 12345 – Ellerslie",
    ],
)
def test_b_wrong_case_or_date_is_refused_without_repeating_the_name(other: str) -> None:
    with pytest.raises(Refused) as refused:
        read_title(other)
    assert refused.value.rule == "A-B8"
    assert "bloggs" not in str(refused.value).lower()


LATIN = st.characters(max_codepoint=0x17F, categories=("Lu", "Ll"), exclude_characters="ªºßŉĸıİſµ")
_LATIN_WORDS = st.text(LATIN | st.sampled_from("-' "), min_size=1, max_size=20).filter(
    lambda word: word[0].isalpha()
)


@pytest.mark.req("A-B7", "A-B8")
@settings(max_examples=50, deadline=None)
@given(surname=_LATIN_WORDS, given_names=_LATIN_WORDS, born=st.dates(date(1900, 1, 1), date(2015, 12, 31)))
@example(surname="A -", given_names="A", born=date(2000, 1, 1))
@example(surname="A - - B", given_names="A -", born=date(2000, 1, 1))
def test_b_a_title_is_read_back_to_what_was_written(surname: str, given_names: str, born: date) -> None:
    written = title(surname, given_names, born)
    read = read_title(written)
    assert (read.date_of_birth, read.person_ref, read.area_office) == (born, "12345", "Ellerslie")
    assert title(read.surname, read.given_names, born) == written


_WORDS = st.text(st.characters(categories=("Lu", "Ll", "Nd"), include_characters="-' –\t"), max_size=20)


@pytest.mark.req("A-B7")
@settings(max_examples=50, deadline=None)
@given(
    surname=_WORDS,
    given_names=_WORDS,
    born=st.none() | st.dates(date(1900, 1, 1), date(2015, 12, 31)),
    person_ref=st.none() | st.from_regex(r"[A-Z0-9-]{1,10}", fullmatch=True),
    area=st.none() | _WORDS,
)
def test_b_whatever_is_recorded_makes_one_title_of_five_parts(
    surname: str, given_names: str, born: date | None, person_ref: str | None, area: str | None
) -> None:
    written = title(surname, given_names, born, person_ref, area)
    assert written.count(" – ") == 4
    assert written.isprintable()
    assert written.split(" – ")[0] == written.split(" – ")[0].upper()


CHARACTERISTICS = [
    pytest.param("parent", "CSO Management", "A-B9", marks=pytest.mark.req("A-B9")),
    pytest.param("created_by", "New > New Folder > Add File", "A-B10", marks=pytest.mark.req("A-B10")),
    pytest.param("file_type", "HNZC File", "A-B11", marks=pytest.mark.req("A-B11")),
    pytest.param("creation_state", "Create Virtual File", "A-B12", marks=pytest.mark.req("A-B12")),
    pytest.param("repository", "Housing New Zealand Corporation", "A-B13", marks=pytest.mark.req("A-B13")),
]


@pytest.mark.parametrize(("name", "value", "rule"), CHARACTERISTICS)
def test_b_characteristics_of_the_file(name: str, value: str, rule: str) -> None:
    assert getattr(FILE_CHARACTERISTICS, name) == value
    check_characteristics(FILE_CHARACTERISTICS)
    with pytest.raises(Refused) as refused:
        check_characteristics(FILE_CHARACTERISTICS.model_copy(update={name: "something else"}))
    assert refused.value.rule == rule


@pytest.mark.req("A-B6", "AMB-A-2")
def test_b_duplicates_share_one_file_under_the_primarys_title() -> None:
    file = PersonFileIdentity(title=title(), person_refs=("12345",)).with_reference("67890")
    assert file.person_refs == ("12345", "67890")
    assert file.title == title()
    assert file.with_reference("67890") == file
