"""The register of persons on our own tables: three searches, ranked, each hit with its reason (P1.S2.1, P1.S2.2, P1.S2.N5).

Candidates come from trigrams and stored keys; procedures' normalised forms then say how alike they are. The real
register is Kotahi, reached through the same port.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Date, Row, Select, Text, any_, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from adapters.ports import RegisterPerson, SearchHit
from adapters.register_likeness import Likeness, like_address, like_name
from models.database import Database
from models.tables import register as tables
from procedures.address_keys import Address, address_search_keys, read_address
from procedures.name_keys import (
    WILDCARD,
    name_from_parts,
    name_search_keys,
    near_dates,
    padded,
    read_full_name,
    word_patterns,
    words_of,
)

_POOL = 300
"""Candidates compared in full for each search."""
_WORTH_SHOWING = 0.45
_SURE_OF_HOME = 0.85
"""Address likeness that makes an address one of our homes: flat left out or street misspelt, but no other flat or town."""
_FORMER = 0.9
"""What a former name or address counts of a current one."""
_SETTINGS = {
    "enable_seqscan": "off",
    "pg_trgm.similarity_threshold": "0.4",
    "pg_trgm.word_similarity_threshold": "0.6",
}
_Searched = type[tables.RegisterName] | type[tables.RegisterAddress]
_FORMER_WORDS: dict[_Searched, str] = {
    tables.RegisterName: "former or other name",
    tables.RegisterAddress: "former address",
}


class RegisterTables:
    """adapters.ports.PersonRegister on the imported register."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def search_name(self, term: str, *, limit: int = 50) -> list[SearchHit]:
        """Full name as `Given Surname` or `Surname, Given`; with % each word is a pattern, in any order."""
        held = tables.RegisterName
        if WILDCARD in term:
            return await self._by_pattern(held, held.name_key, words_of(term), limit)
        asked = read_full_name(term)
        if not asked.words:
            return []
        key, keys = padded(asked.words), literal(name_search_keys(asked), ARRAY(Text))
        likeness = func.similarity(held.name_key, key) + func.word_similarity(key, held.name_key)
        found = (
            select(held.person_ref, held.given_names, held.surname, held.is_current)
            .where(
                or_(held.name_key.op("%")(key), held.name_key.op("%>")(key), held.search_keys.overlap(keys))
            )
            .order_by(likeness.desc(), held.person_ref)
            .limit(_POOL)
        )
        compared = (
            (row.person_ref, like_name(asked, name_from_parts(row.given_names, row.surname)), row.is_current)
            for row in await self._rows(found)
        )
        return _ranked(compared, _FORMER_WORDS[held], limit)

    async def search_address(self, term: str, *, limit: int = 50) -> list[SearchHit]:
        """Present and former addresses, in any usual way of writing; with % each word is a pattern, in any order."""
        held = tables.RegisterAddress
        asked = read_address(term)
        words = asked.house + asked.place
        if WILDCARD in term:
            return await self._by_pattern(held, held.address_key, words, limit)
        if not words:
            return []
        near, order = _near_address(held.address_key, held.search_keys, asked)
        found = select(held.person_ref, held.full_address, held.is_current).where(near)
        compared = (
            (row.person_ref, like_address(asked, read_address(row.full_address)), row.is_current)
            for row in await self._rows(found.order_by(order, held.person_ref).limit(_POOL))
        )
        return _ranked(compared, _FORMER_WORDS[held], limit)

    async def search_date_of_birth(self, born: date, *, limit: int = 50) -> list[SearchHit]:
        """The date itself, day and month swapped, and dates one digit away, in that order."""
        near = near_dates(born)
        days = literal(sorted(near, key=lambda day: -near[day].score), ARRAY(Date))
        person = tables.RegisterPerson
        found = (
            select(person.person_ref, person.date_of_birth)
            .where(person.date_of_birth == any_(days))
            .order_by(func.array_position(days, person.date_of_birth), person.person_ref)
            .limit(limit)
        )
        hits = []
        for row in await self._rows(found):
            slip = near[row.date_of_birth]
            hits.append(SearchHit(row.person_ref, slip.score, slip.reason))
        return hits

    async def is_one_of_our_homes(self, address: str) -> bool:
        """True when the address is one of the agency's homes, also with the flat left out or the street misspelt."""
        asked = read_address(address)
        if not asked.street:
            return False
        held = tables.RegisterProperty
        near, order = _near_address(held.address_key, held.search_keys, asked)
        rows = await self._rows(
            select(held.address).where(near).order_by(order, held.property_ref).limit(_POOL)
        )
        found = (like_address(asked, read_address(row.address)) for row in rows)
        return any(likeness is not None and likeness.score >= _SURE_OF_HOME for likeness in found)

    async def person(self, person_ref: str) -> RegisterPerson | None:
        """The record of one person, or None."""
        return (await self.persons([person_ref])).get(person_ref)

    async def persons(self, person_refs: list[str]) -> dict[str, RegisterPerson]:
        """The records of several persons by reference; unknown references are left out."""
        person, name, address = tables.RegisterPerson, tables.RegisterName, tables.RegisterAddress
        refs = literal(person_refs, ARRAY(Text))
        names, addresses = (
            defaultdict[str, list[str]](list),
            defaultdict[str, list[tables.RegisterAddress]](list),
        )
        async with self._database.transaction() as session:
            await _prepare(session)
            found = (await session.scalars(select(person).where(person.person_ref == any_(refs)))).all()
            others = (
                select(name).where(name.person_ref == any_(refs), ~name.is_current).order_by(name.full_name)
            )
            for row in await session.scalars(others):
                names[row.person_ref].append(row.full_name)
            all_addresses = (
                select(address).where(address.person_ref == any_(refs)).order_by(address.full_address)
            )
            for home in await session.scalars(all_addresses):
                addresses[home.person_ref].append(home)
        return {
            one.person_ref: _record(one, names[one.person_ref], addresses[one.person_ref]) for one in found
        }

    async def as_of(self) -> datetime | None:
        """As-of of the last import that had a good row (UTC), or None before the first."""
        run = tables.RegisterImportRun
        async with self._database.transaction() as session:
            newest: datetime | None = await session.scalar(select(func.max(run.as_of)).where(run.good > 0))
        return newest

    async def _rows(self, found: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        async with self._database.transaction() as session:
            await _prepare(session)
            return (await session.execute(found)).all()

    async def _by_pattern(
        self, held: _Searched, key: InstrumentedAttribute[str], words: tuple[str, ...], limit: int
    ) -> list[SearchHit]:
        patterns = word_patterns(words)
        if not patterns:
            return []
        plainly = padded(tuple(word.replace(WILDCARD, "") for word in words))
        likeness = func.similarity(key, plainly).label("likeness")
        found = (
            select(held.person_ref, held.is_current, likeness)
            .where(*(key.like(pattern) for pattern in patterns))
            .order_by(likeness.desc(), held.person_ref)
            .limit(_POOL)
        )
        return _ranked(
            (
                (
                    row.person_ref,
                    Likeness(round(0.5 + row.likeness / 2, 3), "matches the % pattern"),
                    row.is_current,
                )
                for row in await self._rows(found)
            ),
            _FORMER_WORDS[held],
            limit,
        )


async def _prepare(session: AsyncSession) -> None:
    """Settings of this transaction: array overlap is estimated so badly that the planner would scan the table."""
    for name, value in _SETTINGS.items():
        await session.execute(select(func.set_config(name, value, True)))


def _near_address(
    key: InstrumentedAttribute[Any], search_keys: InstrumentedAttribute[Any], asked: Address
) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
    """The house is looked for inside the longer stored key; the whole is compared with the whole."""
    house, whole = padded(asked.house), asked.key
    near = or_(
        key.op("%>")(house),
        key.op("%")(whole),
        search_keys.overlap(literal(address_search_keys(asked), ARRAY(Text))),
    )
    order = func.greatest(func.word_similarity(house, key), func.similarity(key, whole))
    return near, order.desc()


def _ranked(found: Iterable[tuple[str, Likeness | None, bool]], former: str, limit: int) -> list[SearchHit]:
    """The best hit of each person, best first; equal scores by reference, so that the order never changes."""
    best: dict[str, SearchHit] = {}
    for person_ref, likeness, is_current in found:
        if likeness is None or likeness.score < _WORTH_SHOWING:
            continue
        score = likeness.score if is_current else round(likeness.score * _FORMER, 3)
        reason = likeness.reason if is_current else f"{former}: {likeness.reason}"
        if person_ref not in best or best[person_ref].score < score:
            best[person_ref] = SearchHit(person_ref, score, reason)
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.person_ref))[:limit]


def _record(
    person: tables.RegisterPerson, other_names: list[str], addresses: list[tables.RegisterAddress]
) -> RegisterPerson:
    current = next((address for address in addresses if address.is_current), None)
    return RegisterPerson(
        person_ref=person.person_ref,
        surname=person.surname,
        given_names=person.given_names,
        date_of_birth=person.date_of_birth,
        gender=person.gender,
        address=current.address if current else "",
        suburb=current.suburb if current else "",
        town=current.town if current else "",
        postcode=current.postcode if current else "",
        area_office=person.area_office or "",
        record_state=person.record_state,
        occupancy=person.occupancy,
        property_ref=person.property_ref,
        household_ref=person.household_ref,
        other_names=tuple(other_names),
        former_addresses=tuple(address.full_address for address in addresses if not address.is_current),
        updated_at=person.updated_at,
        absent_since=person.absent_since,
    )
