"""The imported register of persons (the real one is Kotahi): a mirror that flags and dates, and never deletes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


def _search_indexes(table: str, key: str) -> tuple[Index, Index]:
    return (
        Index(f"ix_{table}_{key}_trgm", key, postgresql_using="gin", postgresql_ops={key: "gin_trgm_ops"}),
        Index(f"ix_{table}_search_keys", "search_keys", postgresql_using="gin"),
    )


class RegisterAreaOffice(Base):
    """An area office as the register names it; spellings that differ only in marks or case share a region code."""

    __tablename__ = "register_area_office"

    name: Mapped[str] = mapped_column(primary_key=True)
    region_code: Mapped[str]


class RegisterProperty(Base):
    """A home of the agency, from the records of those who live or lived in it."""

    __tablename__ = "register_property"

    property_ref: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str | None]
    """The whole address: house, suburb, town, postcode; null while only applicants name the home."""
    address_key: Mapped[str | None]
    search_keys: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    area_office: Mapped[str | None] = mapped_column(ForeignKey("register_area_office.name"))

    __table_args__ = _search_indexes("register_property", "address_key")


class RegisterHousehold(Base):
    """People recorded together, and the home they are in, if any."""

    __tablename__ = "register_household"

    household_ref: Mapped[str] = mapped_column(primary_key=True)
    property_ref: Mapped[str | None] = mapped_column(ForeignKey("register_property.property_ref"))


class RegisterPerson(Base):
    """A person's record as the last import that had it said.

    Office, home and household are written first by the same import; foreign keys on them would cost it a tenth of its time.
    """

    __tablename__ = "register_person"

    person_ref: Mapped[str] = mapped_column(primary_key=True)
    surname: Mapped[str]
    given_names: Mapped[str]
    date_of_birth: Mapped[date | None]
    gender: Mapped[str | None]
    area_office: Mapped[str | None]
    record_state: Mapped[str]
    occupancy: Mapped[str]
    property_ref: Mapped[str | None]
    household_ref: Mapped[str | None]
    updated_at: Mapped[datetime | None]
    """When the source last changed the record, if it says so."""
    absent_since: Mapped[datetime | None]
    """As-of of the first import that came without this person; null again when the person comes back."""
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the imported row and the normaliser version: equal means there is nothing to change."""

    __table_args__ = (
        Index("ix_register_person_date_of_birth", "date_of_birth"),
        Index("ix_register_person_property_ref", "property_ref"),
        Index("ix_register_person_household_ref", "household_ref"),
    )


class RegisterName(Base):
    """A name a person has or had. A current name that an import replaces stays, as another name."""

    __tablename__ = "register_name"

    person_ref: Mapped[str] = mapped_column(ForeignKey("register_person.person_ref"), primary_key=True)
    full_name: Mapped[str] = mapped_column(primary_key=True)
    given_names: Mapped[str]
    surname: Mapped[str]
    is_current: Mapped[bool]
    name_key: Mapped[str]
    search_keys: Mapped[list[str]] = mapped_column(ARRAY(Text))

    __table_args__ = _search_indexes("register_name", "name_key")


class RegisterAddress(Base):
    """An address a person has or had. A current address that an import replaces stays, as a former one."""

    __tablename__ = "register_address"

    person_ref: Mapped[str] = mapped_column(ForeignKey("register_person.person_ref"), primary_key=True)
    full_address: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    suburb: Mapped[str]
    town: Mapped[str]
    postcode: Mapped[str]
    is_current: Mapped[bool]
    address_key: Mapped[str]
    search_keys: Mapped[list[str]] = mapped_column(ARRAY(Text))

    __table_args__ = _search_indexes("register_address", "address_key")


class RegisterTenancy(Base):
    """That a person lives or lived in a home, and how."""

    __tablename__ = "register_tenancy"

    person_ref: Mapped[str] = mapped_column(ForeignKey("register_person.person_ref"), primary_key=True)
    property_ref: Mapped[str] = mapped_column(primary_key=True)
    first_seen: Mapped[datetime] = mapped_column(primary_key=True)
    """As-of of the import that first showed it."""
    occupancy: Mapped[str]
    ended_by: Mapped[datetime | None]
    """As-of of the import that no longer showed it; null while it goes on."""

    __table_args__ = (Index("ix_register_tenancy_property_ref", "property_ref"),)


class RegisterImportRun(Base):
    """One import: when, as of when, and what came of each row. Holds line numbers and problems, no row's values."""

    __tablename__ = "register_import_run"

    run_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime]
    as_of: Mapped[datetime]
    rows: Mapped[int]
    good: Mapped[int]
    bad: Mapped[int]
    added: Mapped[int]
    changed: Mapped[int]
    returned: Mapped[int]
    flagged_absent: Mapped[int]
    bad_rows: Mapped[list[Any]]


class RegisterDuplicate(Base):
    """Two records of one person (DEF-4). A link is replaced by a new one, never changed or deleted.

    A duplicate has exactly one primary at a time (the partial unique index). The writer must also refuse a primary that is
    itself a duplicate of another record.
    """

    __tablename__ = "register_duplicate"

    link_id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    primary_person_ref: Mapped[str] = mapped_column(ForeignKey("register_person.person_ref"))
    duplicate_person_ref: Mapped[str] = mapped_column(ForeignKey("register_person.person_ref"))
    found_on: Mapped[date]
    found_by: Mapped[str]
    reason: Mapped[str]
    replaced_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("primary_person_ref <> duplicate_person_ref", name="two_records"),
        Index(
            "uq_register_duplicate_one_primary",
            "duplicate_person_ref",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
        Index("ix_register_duplicate_primary_person_ref", "primary_person_ref"),
    )


staging = MetaData()
"""What COPY fills during an import; dropped with the transaction, so nothing of a failed import stays behind."""


def _staged(name: str, *columns: Column[Any]) -> Table:
    return Table(name, staging, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


staged_person = _staged(
    "staged_person",
    Column("person_ref", Text),
    Column("surname", Text),
    Column("given_names", Text),
    Column("date_of_birth", Date),
    Column("gender", Text),
    Column("area_office", Text),
    Column("record_state", Text),
    Column("occupancy", Text),
    Column("lives_in_home", Boolean),
    Column("property_ref", Text),
    Column("household_ref", Text),
    Column("updated_at", DateTime(timezone=True)),
    Column("digest", LargeBinary),
)
staged_name = _staged(
    "staged_name",
    Column("person_ref", Text),
    Column("full_name", Text),
    Column("given_names", Text),
    Column("surname", Text),
    Column("is_current", Boolean),
    Column("name_key", Text),
    Column("search_keys", ARRAY(Text)),
)
staged_address = _staged(
    "staged_address",
    Column("person_ref", Text),
    Column("full_address", Text),
    Column("address", Text),
    Column("suburb", Text),
    Column("town", Text),
    Column("postcode", Text),
    Column("is_current", Boolean),
    Column("address_key", Text),
    Column("search_keys", ARRAY(Text)),
)
present_person = _staged("present_person", Column("person_ref", Text))
"""Everyone in the file, also with a row that says nothing new or cannot be taken."""
touched_person = _staged("touched_person", Column("person_ref", Text), Column("added", Boolean))
"""Persons this batch of the import added or changed; filled by the import itself."""
