"""The synthetic cast is invented, complete and shows what it promises."""

import csv
import io
from collections import Counter
from datetime import date, timedelta

import pytest

from adapters.report_file import looks_like_report, read_report
from procedures.cover import DeputyEntry, Member, Office, check_deputy, required_posts
from procedures.report_rows import ReportRow, RowNote, RowsRead, read_rows
from procedures.report_values import folded
from procedures.terms import ContactKind, Occupancy, RecordState, Role
from workers.embedded.cast import (
    AREA_OFFICES,
    SCENES,
    corrections_contacts,
    deputies,
    register_csv,
    report_csv,
    report_message,
    staff,
)

FRIDAY = date(2026, 11, 27)
INVENTED_TOWNS = {"Lanternvale", "Mistwater", "Kōwhaitown", "Saltmarrow", "Farhollow", "Otherwick"}


def register() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(register_csv().decode())))


def report() -> RowsRead:
    return read_rows(read_report(report_csv(FRIDAY)).rows, today=FRIDAY)


def scene(name: str) -> ReportRow:
    return next(row for row in report().accepted if row.row_number == SCENES[name])


def found(row: ReportRow) -> dict[str, set[str]]:
    """Exact hits of the three searches, by reference."""
    street = row.address.replace(" St", " Street") if row.address.endswith(" St") else row.address
    name = folded(row.surname + row.given_names)
    born = row.date_of_birth.isoformat() if row.date_of_birth else "unknown"
    return {
        "name": {p["person_ref"] for p in register() if folded(p["surname"] + p["given_names"]) == name},
        "address": {p["person_ref"] for p in register() if p["property_ref"] and p["address"] == street},
        "born": {p["person_ref"] for p in register() if p["date_of_birth"] == born},
    }


def test_register_is_whole() -> None:
    people = register()
    assert len({p["person_ref"] for p in people}) == len(people) == 64
    assert len({p["property_ref"] for p in people if p["property_ref"]}) == 35
    assert {p["area_office"] for p in people} == set(AREA_OFFICES)
    for person in people:
        occupancy = Occupancy(person["occupancy"])
        state = RecordState(person["record_state"])
        assert occupancy.lives_in_a_home == bool(person["property_ref"])
        assert (state is RecordState.HISTORIC) == (occupancy is Occupancy.NONE)
        if person["date_of_birth"]:
            date.fromisoformat(person["date_of_birth"])
    homes = {p["property_ref"]: p["address"] for p in people if p["property_ref"]}
    assert len(set(homes.values())) == len(homes)
    for person in people:
        if person["property_ref"]:
            assert homes[person["property_ref"]] == person["address"]


def test_1_1_report_has_one_bad_row_and_accounts_for_all() -> None:
    rows = report()
    assert (rows.read, len(rows.accepted), len(rows.rejected), len(rows.repeated)) == (23, 22, 1, 0)
    assert rows.rejected[0].row_number == SCENES["bad row"]
    assert [error.code for error in rows.rejected[0].errors] == ["date_impossible"]


def test_1_2_father_and_son_share_all_but_the_birth_date() -> None:
    hits = found(scene("father and son of one name and address"))
    assert len(hits["name"]) == 2
    assert hits["name"] < hits["address"]
    assert len(hits["born"]) == 1
    assert hits["born"] < hits["name"]


def test_1_2_undeclared_occupant_is_found_by_the_address_alone() -> None:
    hits = found(scene("undeclared occupant"))
    assert hits["address"]
    assert not hits["name"] | hits["born"]


@pytest.mark.parametrize(
    ("name", "occupancy", "state"),
    [
        ("boarder", Occupancy.BOARDER, RecordState.LIVE),
        ("waiting applicant", Occupancy.APPLICANT, RecordState.LIVE),
        ("historic person", Occupancy.NONE, RecordState.HISTORIC),
        ("exit", Occupancy.TENANT, RecordState.LIVE),
        ("hyphen lost", Occupancy.TENANT, RecordState.LIVE),
    ],
)
def test_1_2_the_birth_date_finds_exactly_one(name: str, occupancy: Occupancy, state: RecordState) -> None:
    (ref,) = found(scene(name))["born"]
    person = next(p for p in register() if p["person_ref"] == ref)
    assert (person["occupancy"], person["record_state"]) == (occupancy, state)


def test_1_2_duplicate_records_are_two_of_one_person() -> None:
    hits = found(scene("duplicate records"))
    assert len(hits["born"]) == 2
    assert hits["born"] == hits["address"]


def test_1_2_macron_hyphen_and_swap_differ_from_the_register_in_just_that() -> None:
    macron, hyphen, swap = scene("macrons lost"), scene("hyphen lost"), scene("day and month swapped")
    on_register = {p["surname"] for p in register()}
    assert macron.surname.title() not in on_register
    assert len(found(macron)["name"]) == 1
    assert "-" not in hyphen.surname
    assert any(folded(surname) == folded(hyphen.surname) and "-" in surname for surname in on_register)
    assert swap.date_of_birth is not None
    assert not found(swap)["born"]
    turned = swap.date_of_birth.replace(month=swap.date_of_birth.day, day=swap.date_of_birth.month)
    assert turned.isoformat() in {p["date_of_birth"] for p in register()}


def test_1_1_person_in_both_groups_is_contradictory() -> None:
    contradictory = {row.row_number for row in report().accepted if row.contradictory}
    assert contradictory == {SCENES["in both groups, as New CSO"], SCENES["in both groups, as Exit NSO"]}
    assert len(found(scene("in both groups, as New CSO"))["name"]) == 1


def test_1_2_rows_without_search_data_say_so() -> None:
    assert scene("neither date of birth nor address").not_searchable == ("address", "date_of_birth")
    year_only = scene("birth year only, office without a contact")
    assert RowNote.BIRTH_YEAR_ONLY in year_only.notes
    assert year_only.corrections_office not in {contact.office for contact in corrections_contacts()}


def test_1_2_most_of_the_rest_matches_nobody() -> None:
    for row in report().accepted:
        hits = found(row)
        if row.row_number not in SCENES.values():
            assert not any(hits.values()), row.row_number
    common = found(scene("common name, another person"))
    assert common["name"]
    assert not common["address"] | common["born"]
    matched = sum(1 for row in report().accepted if found(row)["born"] or found(row)["address"])
    assert matched < report().read / 2 + 1


def test_report_message_is_one_message_per_friday() -> None:
    message, again, next_week = (report_message(day) for day in (FRIDAY, FRIDAY, FRIDAY + timedelta(days=7)))
    assert message.as_bytes() == again.as_bytes()
    assert message["Message-ID"] != next_week["Message-ID"]
    assert message["Date"] == "Fri, 27 Nov 2026 11:30:00 +1300"
    (attachment,) = message.iter_attachments()
    assert looks_like_report(attachment.get_filename() or "", attachment.get_content_type())
    assert attachment.get_payload(decode=True) == report_csv(FRIDAY) == report_csv(FRIDAY + timedelta(days=7))
    with pytest.raises(ValueError, match="not a Friday"):
        report_message(date(2026, 11, 26))


def test_staff_has_every_role_and_a_second_advisor_in_the_region() -> None:
    roles = Counter(member.role for member in staff())
    assert set(roles) == set(Role) - {Role.MACHINE}
    advisors = [m.region for m in staff() if m.role is Role.ADVISOR_WELLBEING_SUPPORT]
    assert sorted(advisors) == ["R01", "R01", "R02"]
    assert len({member.subject for member in staff()}) == len(staff())


@pytest.mark.req("AMB-X-2")
def test_every_post_has_a_deputy_who_may_stand_in() -> None:
    members = tuple(Member(one.subject, one.name, one.role, one.region) for one in staff())
    office = Office(staff=members, deputies=deputies())
    assert sorted(deputies()) == sorted(required_posts(office, AREA_OFFICES.values()))
    for post, subject in deputies().items():
        check_deputy(DeputyEntry("D", post, subject, FRIDAY), office, FRIDAY)


def test_every_area_has_a_contact_and_a_service_manager() -> None:
    kinds = Counter((contact.regions, contact.kind) for contact in corrections_contacts())
    assert {kind for _, kind in kinds} == {ContactKind.CONTACT, ContactKind.SERVICE_MANAGER}
    offices = {row.corrections_office for row in report().accepted}
    assert {contact.office for contact in corrections_contacts()} < offices


@pytest.mark.req("PRV-27")
def test_the_cast_is_invented() -> None:
    towns = {p["town"] for p in register() if p["town"]} | {row.town for row in report().accepted}
    assert towns <= INVENTED_TOWNS
    postcodes = {p["postcode"] for p in register() if p["postcode"]}
    assert all(postcode.startswith("000") for postcode in postcodes)
    addresses = [m.email for m in staff()] + [c.secure_address for c in corrections_contacts()]
    addresses += [str(report_message(FRIDAY)[header]).strip(">") for header in ("From", "To")]
    assert all(address.endswith((".test", ".example")) for address in addresses)
    assert all(contact.phone.startswith("00 555 ") for contact in corrections_contacts())
