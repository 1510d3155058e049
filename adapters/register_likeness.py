"""How alike what is asked and what the register holds are, field by field, with the reason in one line (P1.S2.2)."""

from dataclasses import dataclass
from datetime import date

from procedures.address_keys import Address
from procedures.name_keys import FullName, is_close, near_dates, sound

_SURNAME_WEIGHT = 1.5
_ALL_ASKED = 0.5
"""At least this when every word asked is there, however many more the name has."""
_EXACT, _CLOSE, _INITIAL, _SOUNDS = 1.0, 0.85, 0.75, 0.7


@dataclass(frozen=True)
class Likeness:
    """0 to 1, 1 exact, and why."""

    score: float
    reason: str


@dataclass(frozen=True)
class _Pair:
    level: float
    asked_in_surname: bool
    held_in_surname: bool


def like_name(asked: FullName, held: FullName) -> Likeness | None:
    """Compare two names, whatever the order of their words; None when they share too little to mention."""
    whole = _whole_name(asked, held)
    if whole:
        return whole
    asked, held = _joined_alike(asked, held), _joined_alike(held, asked)
    pairs = _pairs(asked, held)
    matched = sum(pair.level * (_SURNAME_WEIGHT if pair.held_in_surname else 1) for pair in pairs)
    total = (_weight(asked) + _weight(held)) / 2
    if not total or not matched:
        return None
    reasons = [_surname_reason(asked, held, pairs), _given_reason(asked, held, pairs)]
    if pairs and all(pair.asked_in_surname != pair.held_in_surname for pair in pairs) and asked.given:
        reasons.append("names swapped")
    score = min(matched / total, 0.94)
    if len(pairs) == len(asked.words) and all(pair.level >= _CLOSE for pair in pairs):
        score = max(score, _ALL_ASKED)
    return Likeness(round(score, 3), ", ".join(reason for reason in reasons if reason))


def _whole_name(asked: FullName, held: FullName) -> Likeness | None:
    said = "".join(asked.words)
    if not said:
        return None
    if said == "".join(held.words):
        return Likeness(1.0, "surname and given names exact")
    if said in ("".join(held.surname + held.given), "".join(held.surname + held.given[::-1])):
        return Likeness(0.97, "surname and given names exact, names swapped")
    if sorted(asked.words) == sorted(held.words):
        return Likeness(0.96, "surname and given names exact, in another order")
    return None


def _joined_alike(name: FullName, other: FullName) -> FullName:
    """Join neighbouring words that the other name writes as one: Te Rangi where Terangi is held."""
    return FullName(_joined(name.given, other.words), _joined(name.surname, other.words))


def _joined(words: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    for i in range(len(words) - 1):
        if words[i] + words[i + 1] in others:
            return (*words[:i], words[i] + words[i + 1], *words[i + 2 :])
    return words


def _weight(name: FullName) -> float:
    return len(name.given) + _SURNAME_WEIGHT * len(name.surname)


def _pairs(asked: FullName, held: FullName) -> list[_Pair]:
    """Each word with at most one of the other name, best levels first, words in the same role before others."""
    ranked = sorted(
        (
            (_level(a, h), (i >= len(asked.given)) == (j >= len(held.given)), -i, -j)
            for i, a in enumerate(asked.words)
            for j, h in enumerate(held.words)
        ),
        reverse=True,
    )
    pairs, asked_used, held_used = list[_Pair](), set[int](), set[int]()
    for level, _, i, j in ranked:
        if level and i not in asked_used and j not in held_used:
            asked_used.add(i)
            held_used.add(j)
            pairs.append(_Pair(level, -i >= len(asked.given), -j >= len(held.given)))
    return pairs


def _level(a: str, b: str) -> float:
    if a == b:
        return _EXACT
    if min(len(a), len(b)) == 1:
        return _INITIAL if a[0] == b[0] else 0
    if is_close(a, b):
        return _CLOSE
    return _SOUNDS if len(sound(a)) > 1 and sound(a) == sound(b) else 0


def _surname_reason(asked: FullName, held: FullName, pairs: list[_Pair]) -> str:
    found = [pair for pair in pairs if pair.held_in_surname]
    if not held.surname:
        return ""
    if not found:
        return "surname differs"
    whole = len(found) == len(held.surname) and len(asked.surname) <= len(found)
    return _spelling(found, "surname" if whole else "one part of a double surname")


def _given_reason(asked: FullName, held: FullName, pairs: list[_Pair]) -> str:
    found = [pair for pair in pairs if not pair.held_in_surname]
    spare = len(asked.words) - (len(pairs) - len(found))
    if not held.given or not spare:
        return "" if not held.given else "no given name asked"
    if not found:
        return "given names differ"
    return _spelling(found, "given names" if len(found) == len(held.given) == spare else "some given names")


def _spelling(pairs: list[_Pair], what: str) -> str:
    worst = min(pair.level for pair in pairs)
    if worst == _EXACT:
        return f"{what} exact"
    if worst == _CLOSE:
        return f"close spelling of {what}"
    return f"initial of {what}" if worst == _INITIAL else f"{what} sounds alike"


def like_date(asked: date, held: date) -> Likeness | None:
    """Compare two dates of birth; None when no single slip explains the difference."""
    near = near_dates(asked).get(held)
    return Likeness(near.score, near.reason) if near else None


def like_address(asked: Address, held: Address) -> Likeness | None:
    """Compare two addresses; None when neither the street nor enough other words agree."""
    street = _street_level(asked, held)
    if not street:
        return _like_words(asked, held)
    score, reasons = street, ["street" if street == _EXACT else "close spelling of street"]
    if asked.number != held.number:
        near = asked.number and held.number and sorted(asked.number) == sorted(held.number)
        score -= 0.3 if near or not asked.number else 0.45
        reasons.append(_number_reason(asked, held, digits_swapped=bool(near)))
    elif asked.number:
        reasons[0] = f"number and {reasons[0]}"
        score, flat = _unit(asked, held, score)
        reasons += flat
    if not _same_place(asked, held):
        score -= 0.25
        reasons.append("other suburb or town")
    if score == _EXACT:
        return Likeness(1.0, "address exact")
    return Likeness(round(score, 3), ", ".join(reasons)) if score > 0 else None


def _street_level(asked: Address, held: Address) -> float:
    a, h = "".join(asked.street), "".join(held.street)
    if not a or not h:
        return 0
    kinds_differ = bool(asked.kind and held.kind and asked.kind != held.kind)
    if not (asked.kind and held.kind):
        # A kind run into the street's name (Tallowroad) or split from it wrongly (Tallo wroad) counts as part of it.
        a, h = (a, h) if a == h else (a + asked.kind, h + held.kind)
    if a == h:
        return 0.8 if kinds_differ else _EXACT
    opens = (
        asked.street[: len(held.street)] == held.street or held.street[: len(asked.street)] == asked.street
    )
    alike = (
        is_close(a, h)
        or (opens and not (asked.kind and held.kind))
        or (len(sound(a)) > 2 and sound(a) == sound(h))
    )
    return (0.7 if kinds_differ else 0.9) if alike else 0


def _number_reason(asked: Address, held: Address, *, digits_swapped: bool) -> str:
    if not asked.number:
        return "no number asked"
    if not held.number:
        return "no number on record"
    return "digits of the number swapped" if digits_swapped else "other number"


def _unit(asked: Address, held: Address, score: float) -> tuple[float, list[str]]:
    if asked.unit == held.unit:
        return score, []
    if asked.unit and held.unit:
        return score - 0.2, ["other flat"]
    return score - 0.03, ["flat given on one side only"]


def _same_place(asked: Address, held: Address) -> bool:
    """True unless both name a place and no word of the two is the same or close."""
    if not asked.place or not held.place:
        return True
    return any(a == h or is_close(a, h) for a in asked.place for h in held.place)


def _like_words(asked: Address, held: Address) -> Likeness | None:
    """For addresses whose parts stand in each other's place: the share of words found on the other side."""
    said, known = set(asked.house + asked.place), set(held.house + held.place)
    if not said or not known:
        return None
    share = 2 * len(said & known) / (len(said) + len(known))
    return Likeness(round(share * 0.6, 3), "some words of the address") if share >= 0.4 else None
