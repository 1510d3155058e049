"""Rows of the register's file as records for COPY into the staging tables."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from adapters.register_csv import BadRow, PersonRow
from procedures.address_keys import Address, address_search_keys, read_address
from procedures.name_keys import (
    FullName,
    name_from_parts,
    name_search_keys,
    padded,
    read_full_name,
    words_of,
)

_Record = tuple[Any, ...]


@dataclass
class Batch:
    """Some rows of the file: what to copy, by staging table, and what to tell about them."""

    rows: int
    bad: list[BadRow]
    offices: dict[str, str] = field(default_factory=dict)
    """Area offices named, with their region codes."""
    records: dict[str, list[_Record]] = field(default_factory=dict)

    @property
    def says_something_new(self) -> bool:
        """False when every good row is as the register has it."""
        return bool(self.records["staged_person"])


def stage(rows: Iterable[PersonRow | BadRow], known: Mapping[str, bytes]) -> Batch:
    """Prepare rows for COPY. One whose digest is `known` says nothing new: its person is present, and that is all."""
    persons, names, addresses, present = list[_Record](), list[_Record](), list[_Record](), list[_Record]()
    batch = Batch(0, [])
    for row in rows:
        batch.rows += 1
        if row.person_ref:
            present.append((row.person_ref,))
        if isinstance(row, BadRow):
            batch.bad.append(row)
        elif known.get(row.person_ref) != row.digest:
            persons.append(_person_record(row))
            names.extend(_name_records(row))
            addresses.extend(_address_records(row))
            if row.area_office:
                batch.offices[row.area_office] = region_code(row.area_office)
    batch.records = {
        "staged_person": persons,
        "staged_name": names,
        "staged_address": addresses,
        "present_person": present,
    }
    return batch


async def copy_batch(session: AsyncSession, batch: Batch) -> None:
    """Copy a batch into the staging tables, within the session's transaction."""
    driver = (await (await session.connection()).get_raw_connection()).driver_connection
    if driver is None:
        raise RuntimeError("the connection to the database is closed: start the import again")
    for table, records in batch.records.items():
        if records:
            await driver.copy_records_to_table(table, records=records)


def region_code(area_office: str) -> str:
    """The code under which work for an office is routed: its name in plain capitals, so it names a region and no person."""
    return "-".join(words_of(area_office)).upper()


def _person_record(row: PersonRow) -> _Record:
    return (
        row.person_ref,
        row.surname,
        row.given_names,
        row.date_of_birth,
        row.gender,
        row.area_office,
        row.record_state.value,
        row.occupancy.value,
        row.occupancy.lives_in_a_home,
        row.property_ref,
        row.household_ref,
        row.updated_at,
        row.digest,
    )


def _name_records(row: PersonRow) -> Iterator[_Record]:
    current = f"{row.given_names} {row.surname}".strip()
    yield _name_record(
        row, current, row.given_names, row.surname, name_from_parts(row.given_names, row.surname)
    )
    for other in dict.fromkeys(row.other_names):
        name = read_full_name(other)
        if other != current and name.words:
            yield _name_record(
                row, other, " ".join(name.given), " ".join(name.surname), name, is_current=False
            )


def _name_record(
    row: PersonRow, full_name: str, given: str, surname: str, name: FullName, *, is_current: bool = True
) -> _Record:
    return (row.person_ref, full_name, given, surname, is_current, padded(name.words), name_search_keys(name))


def _address_records(row: PersonRow) -> Iterator[_Record]:
    parts = (row.address, row.suburb, row.town, row.postcode)
    current = ", ".join(part for part in parts if part)
    if current:
        yield _address_record(row, current, parts, read_address(current))
    for former in dict.fromkeys(row.former_addresses):
        if former != current:
            yield _address_record(row, former, (former, "", "", ""), read_address(former), is_current=False)


def _address_record(
    row: PersonRow, full: str, parts: tuple[str, ...], address: Address, *, is_current: bool = True
) -> _Record:
    return (row.person_ref, full, *parts, is_current, address.key, address_search_keys(address))
