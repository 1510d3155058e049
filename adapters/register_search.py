"""The three searches of one report row, and the people any of them found as one ranked list (P1.S2.2)."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from adapters.ports import PersonRegister, RegisterPerson, SearchHit
from adapters.register_likeness import Likeness, like_address, like_date, like_name
from procedures.address_keys import read_address
from procedures.name_keys import WILDCARD, name_from_parts, read_full_name

_POOL = 150
"""Hits of each search that enter the combined list; as many as are asked for are shown with each search."""


class SearchKind(StrEnum):
    """The three searches of P1.S2.2."""

    NAME = "name"
    ADDRESS = "address"
    DATE_OF_BIRTH = "date_of_birth"


_WEIGHTS = {SearchKind.NAME: 0.45, SearchKind.ADDRESS: 0.25, SearchKind.DATE_OF_BIRTH: 0.3}


@dataclass(frozen=True)
class Search:
    """One search as it was made: the evidence P1.S2.1 asks for."""

    kind: SearchKind
    term: str | None
    """None when the report gives nothing to search on: record it as not searchable, with the reason."""
    hits: tuple[SearchHit, ...]


@dataclass(frozen=True)
class Candidate:
    """A person whom at least one search found, compared on every field."""

    person_ref: str
    score: float
    """0 to 1 over the fields that both the report and the register have."""
    reasons: dict[SearchKind, str]
    found_by: tuple[SearchKind, ...]


@dataclass(frozen=True)
class ThreeSearches:
    """Name, address and date of birth, each searched separately, and their union ranked."""

    name: Search
    address: Search
    date_of_birth: Search
    candidates: tuple[Candidate, ...]


async def three_searches(
    register: PersonRegister,
    *,
    full_name: str,
    address: str | None,
    date_of_birth: date | None,
    limit: int = 50,
) -> ThreeSearches:
    """Search separately on each field that is given, then rank the union; at most `limit` hits and candidates each.

    Nothing is decided here: the order helps a person, who looks at every candidate.
    """
    asked = _Asked(full_name.strip(), (address or "").strip(), date_of_birth)
    found = dict(
        zip(
            SearchKind,
            await asyncio.gather(*(_hits(register, asked, kind) for kind in SearchKind)),
            strict=True,
        )
    )
    persons = await register.persons(sorted({hit.person_ref for hits in found.values() for hit in hits}))
    by_person = {kind: {hit.person_ref: hit for hit in hits} for kind, hits in found.items()}
    candidates = [_candidate(person, asked, by_person) for person in persons.values()]
    candidates.sort(key=lambda candidate: (-candidate.score, candidate.person_ref))
    searches = {kind: Search(kind, asked.term(kind), tuple(hits[:limit])) for kind, hits in found.items()}
    return ThreeSearches(
        name=searches[SearchKind.NAME],
        address=searches[SearchKind.ADDRESS],
        date_of_birth=searches[SearchKind.DATE_OF_BIRTH],
        candidates=tuple(candidates[:limit]),
    )


@dataclass(frozen=True)
class _Asked:
    full_name: str
    address: str
    born: date | None

    def term(self, kind: SearchKind) -> str | None:
        if kind is SearchKind.DATE_OF_BIRTH:
            return self.born.isoformat() if self.born else None
        return (self.full_name if kind is SearchKind.NAME else self.address) or None


async def _hits(register: PersonRegister, asked: _Asked, kind: SearchKind) -> list[SearchHit]:
    if kind is SearchKind.DATE_OF_BIRTH:
        return await register.search_date_of_birth(asked.born, limit=_POOL) if asked.born else []
    if kind is SearchKind.NAME:
        return await register.search_name(asked.full_name, limit=_POOL) if asked.full_name else []
    return await register.search_address(asked.address, limit=_POOL) if asked.address else []


def _candidate(
    person: RegisterPerson, asked: _Asked, found: dict[SearchKind, dict[str, SearchHit]]
) -> Candidate:
    """Missing fields count nothing; the best field counts again, which keeps a person with one exact field in sight."""
    weighed, total, best, reasons = 0.0, 0.0, 0.0, dict[SearchKind, str]()
    for kind in SearchKind:
        if asked.term(kind) is None or not _held(person, kind):
            continue
        total += _WEIGHTS[kind]
        hit = found[kind].get(person.person_ref)
        likeness = Likeness(hit.score, hit.reason) if hit else _compare(person, asked, kind)
        reasons[kind] = likeness.reason if likeness else "differs"
        weighed += _WEIGHTS[kind] * (likeness.score if likeness else 0)
        best = max(best, likeness.score if likeness else 0)
    score = 0.7 * weighed / total + 0.3 * best if total else 0.0
    by = tuple(kind for kind in SearchKind if person.person_ref in found[kind])
    return Candidate(person.person_ref, round(score, 3), reasons, by)


def _held(person: RegisterPerson, kind: SearchKind) -> bool:
    if kind is SearchKind.DATE_OF_BIRTH:
        return person.date_of_birth is not None
    return kind is SearchKind.NAME or bool(person.address or person.former_addresses)


def _compare(person: RegisterPerson, asked: _Asked, kind: SearchKind) -> Likeness | None:
    """For a field whose own search did not bring this person up: what the fields say side by side."""
    if kind is SearchKind.DATE_OF_BIRTH:
        return like_date(asked.born, person.date_of_birth) if asked.born and person.date_of_birth else None
    if kind is SearchKind.NAME:
        name = read_full_name(asked.full_name.replace(WILDCARD, ""))
        held = [name_from_parts(person.given_names, person.surname), *map(read_full_name, person.other_names)]
        return _best(like_name(name, one) for one in held)
    address = read_address(asked.address.replace(WILDCARD, ""))
    current = ", ".join((person.address, person.suburb, person.town, person.postcode))
    return _best(like_address(address, read_address(one)) for one in (current, *person.former_addresses))


def _best(likenesses: Iterable[Likeness | None]) -> Likeness | None:
    return max((one for one in likenesses if one), key=lambda one: one.score, default=None)
