"""One spelling for New Zealand addresses: flat, number, street and place, and the keys they are searched under (P1.S2.2)."""

import re
from dataclasses import dataclass
from functools import lru_cache

from procedures.name_keys import padded, plain, sound

_TOKENS = re.compile(r"[^\W_%]*(?:%[^\W_%]*)+|[^\W_]+|[/,]")
_HOUSE = re.compile(r"(\d+)([a-z]?)")
_UNIT_WORDS = frozenset({"flat", "fl", "unit", "apartment", "apt", "villa", "room", "suite", "shop", "level"})
_UNIT_NAME = re.compile(r"\d+[a-z]?|[a-z]\d*")
_KINDS = {
    "st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "pl": "place",
    "cres": "crescent", "cr": "crescent", "dr": "drive", "drv": "drive", "tce": "terrace", "ter": "terrace",
    "terr": "terrace", "ln": "lane", "cl": "close", "ct": "court", "crt": "court", "gr": "grove", "grv": "grove",
    "pde": "parade", "hwy": "highway", "sq": "square", "blvd": "boulevard", "bvd": "boulevard", "hts": "heights",
    "esp": "esplanade", "cct": "circuit", "trk": "track",
}  # fmt: skip
_ALSO_NAMES = frozenset({"way", "rise", "view", "loop", "mews", "quay", "grange", "glade"})
"""Kinds that are as often part of a name: Bay View St is a street called Bay View."""
_KIND_NAMES = frozenset(_KINDS.values()) | _ALSO_NAMES
_WORDS = {"st": "saint", "mt": "mount", "nth": "north", "sth": "south"}


@dataclass(frozen=True)
class Address:
    """An address taken apart; what was not given is empty. `street` is the name without its kind (street, road)."""

    unit: str
    number: str
    street: tuple[str, ...]
    kind: str
    place: tuple[str, ...]

    @property
    def house(self) -> tuple[str, ...]:
        """Flat, number, street and kind: what is looked for inside a longer address."""
        return tuple(word for word in (self.unit, self.number, *self.street, self.kind) if word)

    @property
    def key(self) -> str:
        """All words in a fixed order, padded for wildcard and trigram search."""
        return padded(self.house + self.place)

    @property
    def postcode(self) -> str:
        """The four digits, or empty."""
        return next((word for word in reversed(self.place) if len(word) == 4 and word.isdigit()), "")


@lru_cache(maxsize=8192)
def read_address(text: str) -> Address:
    """Take an address apart: `Flat 2/14 Kererū St`, `2/14 Kereru Street` and `Unit 2 14 Kereru St` come out alike."""
    segments = [segment for segment in _segments(text) if segment]
    building: list[str] = []
    while (
        len(segments) > 1
        and not _begins_with_house(segments[0])
        and any(map(_begins_with_house, segments[1:]))
    ):
        building += segments.pop(0)
    if len(segments) > 1 and _is_only_house(segments[0]):
        segments[:2] = [segments[0] + segments[1]]
    unit, number, rest = _house(segments[0]) if segments else ("", "", [])
    street, kind, tail = _street(rest)
    place = tail + [word for segment in segments[1:] for word in segment]
    if not unit:
        unit, place = _late_unit(place)
    return Address(
        unit, number, street, kind, tuple(_WORDS.get(word, word) for word in place + building if word != "/")
    )


def address_search_keys(address: Address) -> list[str]:
    """Keys that survive damage: number with street by sound, number with postcode, street by sound with postcode."""
    by_sound = sound("".join(address.street))
    pairs = ((address.number, by_sound), (address.number, address.postcode), (by_sound, address.postcode))
    return sorted({f"{a}+{b}" for a, b in pairs if a and b})


def _segments(text: str) -> list[list[str]]:
    segments: list[list[str]] = [[]]
    for word in _TOKENS.findall(plain(text)):
        if word == ",":
            segments.append([])
        else:
            segments[-1].append(word)
    return segments


def _begins_with_house(segment: list[str]) -> bool:
    return (bool(_HOUSE.fullmatch(segment[0])) and len(segment) > 1) or _names_unit(segment, 0)


def _names_unit(words: list[str], at: int) -> bool:
    return words[at] in _UNIT_WORDS and at + 1 < len(words) and bool(_UNIT_NAME.fullmatch(words[at + 1]))


def _is_only_house(segment: list[str]) -> bool:
    """`Flat 2, 14 Kereru Street` and `14, Kereru Street` have a comma too many."""
    return (len(segment) == 2 and _names_unit(segment, 0)) or (
        len(segment) == 1 and bool(_HOUSE.fullmatch(segment[0]))
    )


def _house(words: list[str]) -> tuple[str, str, list[str]]:
    unit = ""
    rest = ["po", *words[2:]] if words[:2] == ["p", "o"] else [word for word in words if word != "no"]
    if rest[:2] == ["po", "box"] and len(rest) > 2:
        return "", rest[2], rest[:2] + rest[3:]
    if rest and _names_unit(rest, 0):
        unit, rest = rest[1], rest[2:]
    rest = rest[1:] if rest and rest[0] == "/" else rest
    if not rest or not (first := _HOUSE.fullmatch(rest[0])):
        return unit, "", rest
    after = rest[2:] if rest[1:2] == ["/"] else rest[1:]
    if not unit and after and (second := _HOUSE.fullmatch(after[0])):
        return rest[0], second[0], after[1:]
    return unit or first[2], first[1], rest[1:]


def _street(words: list[str]) -> tuple[tuple[str, ...], str, list[str]]:
    """The street runs up to its kind; in Avenue Road and Bay View Road a kind word is part of the name."""
    for i, word in enumerate(words):
        following = words[i + 1] if i + 1 < len(words) else ""
        if i and _is_kind(word) and not _continues(word, following):
            return tuple(_opening(words[:i])), _KINDS.get(word, word), words[i + 1 :]
    return tuple(_opening(words)), "", []


def _opening(words: list[str]) -> list[str]:
    return [_WORDS.get(word, word) if i == 0 else _KINDS.get(word, word) for i, word in enumerate(words)]


def _is_kind(word: str) -> bool:
    return word in _KINDS or word in _KIND_NAMES


def _continues(word: str, following: str) -> bool:
    """Bay View Road goes on after View; in Bay Rd St Heliers the St is a saint."""
    return _is_kind(following) and (following != "st" or word in _ALSO_NAMES)


def _late_unit(words: list[str]) -> tuple[str, list[str]]:
    for i in range(len(words)):
        if _names_unit(words, i):
            return words[i + 1], words[:i] + words[i + 2 :]
    return "", words
