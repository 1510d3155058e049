"""One spelling for names and dates: the keys under which the register is searched (P1.S2.1, P1.S2.2).

Query and register pass through the same functions, so both sides agree. Stored keys carry NORMALISER_VERSION: raise it
whenever a key would come out differently, and the next import of the register rewrites them.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import combinations, permutations

NORMALISER_VERSION = 1
WILDCARD = "%"

_APOSTROPHES = "'’‘ʻʼ`´ʹ′"
_NO_APOSTROPHES = str.maketrans("", "", _APOSTROPHES)
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"}
    | dict.fromkeys(_APOSTROPHES, "")
)
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_NOT_A_WORD = re.compile(r"[^\w%]+|_")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "sir", "dame", "rev"})
_SUFFIXES = frozenset({"jr", "jnr", "junior", "sr", "snr", "senior"})
_MOST_WORDS = 8
"""Words of one name that make keys: bounds what a malformed row can cost."""

_SOUNDS = (
    (re.compile(r"([a-z])\1+"), r"\1"),  # Tuuhoe, Tūhoe; Phillip, Philip
    (re.compile(r"^(?:kn|gn|pn)"), "n"),
    (re.compile(r"^wr"), "l"),
    (re.compile(r"wh|ph|v"), "f"),  # Whetu, Fetu; Stephen, Steven
    (re.compile(r"gh(?![aeiou])"), ""),
    (re.compile(r"ng"), "n"),
    (re.compile(r"sch|sh|c(?=[eiy])|z"), "s"),
    (re.compile(r"x"), "ks"),
    (re.compile(r"ch|[cqgj]"), "k"),  # Geoffrey, Jeffrey; Chris, Kris
    (re.compile(r"b"), "p"),
    (re.compile(r"d"), "t"),  # Davita, Tavita
    (re.compile(r"r"), "l"),  # Maria, Malia
    (re.compile(r"^[aeiouy]+"), "a"),
    (re.compile(r"(?<=.)[aeiouyhw]+"), ""),
    (re.compile(r"(.)\1+"), r"\1"),
)


@dataclass(frozen=True)
class FullName:
    """A name as normalised words. Without a comma the last word (with its hyphenated halves) is taken as the surname."""

    given: tuple[str, ...]
    surname: tuple[str, ...]

    @property
    def words(self) -> tuple[str, ...]:
        """Given names, then surname."""
        return self.given + self.surname


def plain(text: str) -> str:
    """Lower case without marks; apostrophes and okina are dropped, so O'Neil, O’Neil and ONeil are one."""
    folded = text.casefold().translate(_NO_APOSTROPHES)
    if folded.isascii():
        return folded
    return _MARKS.sub("", unicodedata.normalize("NFKD", folded)).translate(_LETTERS)


@lru_cache(maxsize=65536)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text; hyphens and other punctuation divide words, % stays as the wildcard."""
    return tuple(_NOT_A_WORD.sub(" ", plain(text)).split())


def name_from_parts(given_names: str, surname: str) -> FullName:
    """A name whose parts are known, as the register holds it."""
    return FullName(words_of(given_names), words_of(surname))


def read_full_name(text: str) -> FullName:
    """A name written as `Given Names Surname` or `Surname, Given Names`; titles and Jr/Snr are left out."""
    before, comma, after = text.partition(",")
    if comma and words_of(after):
        return FullName(_without_title(words_of(after)), words_of(before))
    chunks = text.replace(",", " ").split()
    while len(chunks) > 2 and plain(chunks[-1]).strip(".") in _SUFFIXES:
        chunks.pop()
    if not chunks:
        return FullName((), ())
    return FullName(_without_title(words_of(" ".join(chunks[:-1]))), words_of(chunks[-1]))


def _without_title(words: tuple[str, ...]) -> tuple[str, ...]:
    return words[1:] if words and words[0] in _TITLES else words


def padded(words: tuple[str, ...]) -> str:
    """Words between spaces, one before and one after each, so that `% smi%` means: a word beginning with smi."""
    return f" {' '.join(words)} " if words else ""


def word_patterns(words: tuple[str, ...]) -> list[str]:
    """LIKE patterns, one a word and in any order, for words with the wildcard %; a bare % asks for nothing."""
    return [f"% {word} %" for word in words if word.strip(WILDCARD)]


@lru_cache(maxsize=65536)
def sound(word: str) -> str:
    """A coarse skeleton of how a word sounds, made for English, Māori and Pacific spellings alike."""
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    return word


def name_search_keys(name: FullName) -> list[str]:
    """Keys that survive damage: two words by sound in any order, and one word by sound with another's initial."""
    words = list(dict.fromkeys(name.words))[:_MOST_WORDS]
    if len(name.surname) > 1:
        words.append("".join(name.surname))
    if len(words) < 2:
        return [sound(word) for word in words]
    pairs = {"+".join(sorted((sound(a), sound(b)))) for a, b in combinations(words, 2)}
    initials = {f"{a[0]}.{sound(b)}" for a, b in permutations(words, 2)}
    return sorted(pairs | initials)


def edits(a: str, b: str, limit: int) -> int:
    """Letters added, dropped, changed or swapped with a neighbour between two words; above `limit` returns limit + 1."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    before, row = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        older, before, row = before, row, [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


@lru_cache(maxsize=65536)
def is_close(a: str, b: str) -> bool:
    """True for one slip between words of four letters or more, two between words of eight or more."""
    longest = max(len(a), len(b))
    if longest < 4:
        return False
    limit = 2 if longest >= 8 else 1
    return edits(a, b, limit) <= limit


@dataclass(frozen=True)
class NearDate:
    """A date of birth that may be the one asked for, with the slip that would explain it."""

    score: float
    reason: str


def near_dates(born: date) -> dict[date, NearDate]:
    """The date itself, day and month swapped, and every real date one digit (or two neighbours) away."""
    found = {born: NearDate(1.0, "date of birth exact")}
    if (swapped := _real(born.year, born.day, born.month)) is not None:
        found.setdefault(swapped, NearDate(0.9, "day and month swapped"))
    text = born.isoformat().replace("-", "")
    for other in _slips(text):
        near = _real(int(other[:4]), int(other[4:6]), int(other[6:]))
        if near is not None:
            found.setdefault(near, NearDate(0.7, f"one digit off in the {_part(text, other)}"))
    return found


def _slips(text: str) -> Iterator[str]:
    for i, digit in enumerate(text):
        yield from (text[:i] + d + text[i + 1 :] for d in "0123456789" if d != digit)
        if i not in (3, 5, 7):
            yield text[:i] + text[i + 1] + digit + text[i + 2 :]


def _part(text: str, other: str) -> str:
    if text[:4] != other[:4]:
        return "year"
    return "month" if text[4:6] != other[4:6] else "day"


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
