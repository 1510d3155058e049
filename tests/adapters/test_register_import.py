"""The import of the register on real PostgreSQL: nothing is deleted, nothing changes twice, bad rows are told apart."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from adapters.person_register import RegisterTables
from adapters.register_csv import REQUIRED_COLUMNS, BadRow, PersonRow, UnusableFile, read_rows
from adapters.register_import import ImportReport, import_register
from adapters.register_staging import region_code
from models.base import Base
from models.tables import register as tables
from tests.conftest import Databases
from workers.cli import build_app

NOW = datetime(2026, 11, 6, 11, 30, tzinfo=UTC)
TODAY = date(2026, 11, 7)
ROW = {
    "person_ref": "1",
    "surname": "Tamatea",
    "given_names": "Pita",
    "date_of_birth": "1980-03-12",
    "gender": "M",
    "address": "14 Kererū Street",
    "suburb": "Northwick",
    "town": "Lanternvale",
    "postcode": "0627",
    "area_office": "Lanternvale",
    "record_state": "live",
    "occupancy": "tenant",
    "property_ref": "H1",
    "household_ref": "HH1",
}


def row(**cells: str) -> dict[str, str]:
    return ROW | cells


def csv_lines(*rows: dict[str, str], columns: Iterable[str] = REQUIRED_COLUMNS) -> list[str]:
    names = list(columns)
    text_rows = [names, *([f'"{one.get(name, "")}"' for name in names] for one in rows)]
    return [",".join(cells) + "\n" for cells in text_rows]


async def load(
    databases: Databases, *rows: dict[str, str], hours: int = 0, columns: Iterable[str] = REQUIRED_COLUMNS
) -> ImportReport:
    at = NOW + timedelta(hours=hours)
    return await import_register(
        databases.loader, csv_lines(*rows, columns=columns), as_of=at, clock=lambda: at
    )


async def contents(databases: Databases) -> dict[str, list[Any]]:
    """Every register table but the runs, with the system column that tells whether a row was written again."""
    names = [name for name in Base.metadata.tables if name.startswith("register_")]
    async with databases.owner.transaction() as session:
        return {
            name: sorted(map(str, await session.execute(text(f"SELECT xmin, t.* FROM {name} t"))))
            for name in names
            if name != "register_import_run"
        }


async def runs(databases: Databases) -> list[tables.RegisterImportRun]:
    async with databases.api.transaction() as session:
        found = await session.scalars(
            select(tables.RegisterImportRun).order_by(tables.RegisterImportRun.run_id)
        )
        return list(found)


async def test_1_2_the_same_file_twice_changes_nothing_but_the_run(databases: Databases) -> None:
    rows = [row(), row(person_ref="2", occupancy="none", property_ref="H2", address="1 Spoon Way")]
    assert await load(databases, *rows) == ImportReport(rows=2, good=2, bad=(), added=2)
    before = await contents(databases)
    assert await load(databases, *rows, hours=1) == ImportReport(rows=2, good=2, bad=())
    assert await contents(databases) == before
    assert [(run.added, run.changed, run.as_of) for run in await runs(databases)] == [
        (2, 0, NOW),
        (0, 0, NOW + timedelta(hours=1)),
    ]


async def test_1_2_a_file_of_several_batches_is_one_import(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.register_import._BATCH", 2)
    rows = [row(person_ref=str(n), property_ref=f"H{n % 2}", occupancy="tenant") for n in range(5)]
    rows.insert(2, row(person_ref="bad", occupancy="guest"))
    report = await load(databases, *rows)
    assert (report.rows, report.good, [bad.line for bad in report.bad], report.added) == (6, 5, [4], 5)
    before = await contents(databases)
    again = await load(databases, *rows, hours=1)
    assert (again.good, again.added, again.changed, again.flagged_absent) == (5, 0, 0, 0)
    assert await contents(databases) == before
    fewer = await load(databases, *rows[:2], row(person_ref="4", surname="Ngata"), hours=2)
    assert (fewer.changed, fewer.flagged_absent) == (1, 2)


async def test_1_2_a_person_the_file_lacks_is_flagged_and_unflagged_when_back(databases: Databases) -> None:
    register = RegisterTables(databases.api)
    await load(databases, row(), row(person_ref="2"))
    gone = await load(databases, row(), hours=1)
    assert (gone.flagged_absent, gone.changed) == (1, 0)
    await load(databases, row(), hours=2)
    person = await register.person("2")
    assert person is not None
    assert person.absent_since == NOW + timedelta(hours=1)
    assert [hit.person_ref for hit in await register.search_name("Pita Tamatea")] == ["1", "2"]
    back = await load(databases, row(), row(person_ref="2"), hours=3)
    assert (back.returned, back.changed, back.flagged_absent) == (1, 1, 0)
    again = await register.person("2")
    assert again is not None
    assert again.absent_since is None


async def test_1_2_a_bad_row_does_not_make_its_person_absent(databases: Databases) -> None:
    await load(databases, row(), row(person_ref="2"))
    report = await load(databases, row(), row(person_ref="2", record_state="lively"), hours=1)
    assert (report.good, len(report.bad), report.flagged_absent) == (1, 1, 0)


async def test_1_2_replaced_names_and_addresses_stay_as_former_ones(databases: Databases) -> None:
    register = RegisterTables(databases.api)
    await load(databases, row())
    report = await load(
        databases, row(surname="Ngata", address="8 Wren Close", suburb="", town="", postcode=""), hours=1
    )
    assert (report.added, report.changed) == (0, 1)
    person = await register.person("1")
    assert person is not None
    assert (person.surname, person.address) == ("Ngata", "8 Wren Close")
    assert person.other_names == ("Pita Tamatea",)
    assert person.former_addresses == ("14 Kererū Street, Northwick, Lanternvale, 0627",)
    assert (await register.search_name("Pita Tamatea"))[0].reason.startswith("former or other name")
    assert (await register.search_address("14 Kereru St"))[0].reason.startswith("former address")
    await load(databases, row(), hours=2)
    back = await register.person("1")
    assert back is not None
    assert (back.surname, back.other_names) == ("Tamatea", ("Pita Ngata",))
    assert back.former_addresses == ("8 Wren Close",)


async def test_1_2_moves_end_a_tenancy_and_begin_another(databases: Databases) -> None:
    await load(databases, row())
    await load(databases, row(property_ref="H2", address="8 Wren Close"), hours=1)
    await load(databases, row(property_ref="H2", address="8 Wren Close", occupancy="boarder"), hours=2)
    await load(databases, row(property_ref="", address="8 Wren Close", occupancy="applicant"), hours=3)
    async with databases.api.transaction() as session:
        held = tables.RegisterTenancy
        spells = [
            (one.property_ref, one.occupancy, one.first_seen, one.ended_by)
            for one in await session.scalars(select(held).order_by(held.first_seen))
        ]
    hour = timedelta(hours=1)
    assert spells == [
        ("H1", "tenant", NOW, NOW + hour),
        ("H2", "tenant", NOW + hour, NOW + 2 * hour),
        ("H2", "boarder", NOW + 2 * hour, NOW + 3 * hour),
    ]


async def test_1_2_a_home_keeps_its_address_when_occupants_leave(databases: Databases) -> None:
    register = RegisterTables(databases.api)
    await load(databases, row())
    await load(databases, row(occupancy="none", address="8 Wren Close"), hours=1)
    assert await register.is_one_of_our_homes("14 Kereru St")
    assert not await register.is_one_of_our_homes("8 Wren Close")


async def test_1_2_unknown_area_offices_are_created_with_a_region_code(databases: Databases) -> None:
    await load(
        databases, row(), row(person_ref="2", area_office="Te Ārai Bay"), row(person_ref="3", area_office="")
    )
    await load(databases, row(area_office="Te Ārai Bay"), hours=1)
    async with databases.api.transaction() as session:
        held = tables.RegisterAreaOffice
        offices = {one.name: one.region_code for one in await session.scalars(select(held))}
    assert offices == {"Lanternvale": "LANTERNVALE", "Te Ārai Bay": "TE-ARAI-BAY"}
    assert region_code("te arai  BAY") == "TE-ARAI-BAY"


async def test_1_2_columns_in_any_order_with_optional_ones(databases: Databases) -> None:
    columns = ["updated_at", "other_names", *reversed(REQUIRED_COLUMNS), "former_addresses", "remarks"]
    more = row(
        updated_at="2026-10-01T09:00:00+13:00",
        other_names="Peter Tamatea; ;Pita Tamatea",
        former_addresses="3 Gull Crescent; 14 Kererū Street, Northwick, Lanternvale, 0627",
        remarks="ignored",
    )
    await load(databases, more, columns=columns)
    person = await RegisterTables(databases.api).person("1")
    assert person is not None
    assert person.other_names == ("Peter Tamatea",)
    assert person.former_addresses == ("3 Gull Crescent",)
    assert person.updated_at == datetime(2026, 9, 30, 20, 0, tzinfo=UTC)
    assert person.address == "14 Kererū Street"


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"person_ref": " "}, "person_ref is empty"),
        ({"surname": "", "given_names": "-"}, "surname and given_names are both empty"),
        ({"date_of_birth": "12/03/1980"}, "date_of_birth must be written YYYY-MM-DD"),
        ({"date_of_birth": "1980-02-30"}, "date_of_birth is no real day"),
        ({"date_of_birth": "2026-11-08"}, "date_of_birth is in the future"),
        ({"date_of_birth": "1802-11-08"}, "date_of_birth is in the future or too long ago"),
        ({"record_state": "current"}, "record_state must be one of live, historic"),
        ({"occupancy": "guest"}, "occupancy must be one of tenant"),
        ({"area_office": "???"}, "area_office has no letters"),
        ({"surname": "Tama\udce9"}, "surname is not readable text"),
        ({"suburb": "a\x00b"}, "suburb is not readable text"),
        ({"address": "x" * 301}, "address is too long"),
    ],
)
def test_1_2_a_bad_row_says_what_to_do_and_no_value(cells: dict[str, str], problem: str) -> None:
    good, bad = read_rows(csv_lines(row(person_ref="7"), row(**cells)), today=TODAY)
    assert isinstance(good, PersonRow)
    assert isinstance(bad, BadRow)
    assert bad.line == 3
    assert bad.problem.startswith(problem)
    value = next(iter(cells.values())).strip(" -?")
    assert not value or value not in bad.problem


def test_1_2_the_second_row_of_a_person_is_refused() -> None:
    first, second = read_rows(csv_lines(row(), row(surname="Ngata")), today=TODAY)
    assert isinstance(first, PersonRow)
    assert isinstance(second, BadRow)
    assert "already on line 2" in second.problem


def test_1_2_a_stray_quotation_mark_costs_its_own_line_only() -> None:
    lines = csv_lines(*(row(person_ref=str(n)) for n in range(1, 6)))
    lines[2] = lines[2].replace('"Northwick"', '"North"wick')
    lines[3] = lines[3].replace('"Northwick"', '"Northwick')
    lines.insert(5, "\n")
    lines[6:] = ["6,too,few\r\n"]
    read = list(read_rows(lines, today=TODAY))
    assert [one.person_ref for one in read if isinstance(one, PersonRow)] == ["1", "4"]
    assert [one.line for one in read if isinstance(one, BadRow)] == [3, 4, 7]


def test_1_2_a_field_may_hold_line_breaks_and_quotation_marks() -> None:
    lines = csv_lines(row(), row(person_ref="2"))
    lines[1:2] = (
        lines[1].replace("14 Kererū Street", '""The Lodge"" \n14 Kererū Street').splitlines(keepends=True)
    )
    first, second = read_rows(lines, today=TODAY)
    assert isinstance(first, PersonRow)
    assert first.address == '"The Lodge" 14 Kererū Street'
    assert isinstance(second, PersonRow)


def test_1_2_a_file_without_the_columns_is_refused() -> None:
    for lines, said in [
        ([], "lacks: person_ref"),
        (csv_lines(row(), columns=REQUIRED_COLUMNS[:-1]), "lacks: household_ref"),
        (csv_lines(row(), columns=[*REQUIRED_COLUMNS, "surname"]), "more than one column named: surname"),
    ]:
        with pytest.raises(UnusableFile, match=said):
            list(read_rows(lines, today=TODAY))
    marked = csv_lines(row())
    marked[0] = "\ufeff" + marked[0].upper()
    assert all(isinstance(one, PersonRow) for one in read_rows(marked, today=TODAY))


async def test_1_2_with_no_good_row_the_register_stays_as_it_is(databases: Databases) -> None:
    await load(databases, row())
    before = await contents(databases)
    report = await load(databases, row(occupancy="guest"), hours=1)
    assert (report.good, report.flagged_absent) == (0, 0)
    assert await contents(databases) == before
    run = (await runs(databases))[-1]
    assert (run.good, run.bad, run.bad_rows[0]["line"]) == (0, 1, 2)
    assert await RegisterTables(databases.api).as_of() == NOW


async def test_1_2_an_older_extract_and_one_from_the_future_are_refused(databases: Databases) -> None:
    await load(databases, row(), hours=1)
    with pytest.raises(UnusableFile, match="already newer"):
        await load(databases, row())
    with pytest.raises(UnusableFile, match="in the future"):
        await import_register(
            databases.loader,
            csv_lines(row()),
            as_of=NOW + timedelta(hours=3),
            clock=lambda: NOW + timedelta(hours=2),
        )


async def test_1_2_two_imports_do_not_run_at_once(databases: Databases) -> None:
    async with databases.owner.transaction() as session:
        await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('register_import'))"))
        with pytest.raises(UnusableFile, match="another import"):
            await load(databases, row())
    assert (await load(databases, row())).added == 1


async def test_1_2_a_failed_import_leaves_nothing_behind(databases: Databases) -> None:
    def unplugged() -> Iterator[str]:
        yield from csv_lines(row())
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        await import_register(databases.loader, unplugged(), as_of=NOW, clock=lambda: NOW)
    assert not any((await contents(databases)).values())
    assert await runs(databases) == []


async def test_1_2_the_command_lists_bad_rows_and_tells_success_by_its_status(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def invoke(*lines: str) -> tuple[int, str]:
        file = tmp_path / "register.csv"
        file.write_text("".join(lines), encoding="utf-8")
        result = CliRunner().invoke(build_app(), ["register", "import", str(file)])
        return result.exit_code, result.output

    url = databases.loader.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    code, output = await asyncio.to_thread(invoke, *csv_lines(row(), row(person_ref="2", occupancy="guest")))
    assert code == 0
    assert "2 rows: 1 good, 1 bad. 1 added" in output
    assert "line 3: occupancy must be one of" in output
    code, output = await asyncio.to_thread(invoke, *csv_lines(row(occupancy="guest")))
    assert code == 1
    assert "No good row" in output
    code, output = await asyncio.to_thread(invoke, "name\n")
    assert code == 1
    assert "the header row lacks: person_ref" in output
    monkeypatch.setenv("DATABASE_URL", url.replace(f":{databases.loader.engine.url.port}/", ":1/"))
    code, output = await asyncio.to_thread(invoke, *csv_lines(row()))
    assert code == 1
    assert "cannot be reached" in output
