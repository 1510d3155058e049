"""Reading a date of birth as the Friday report writes it: day first, four-digit year, never guessed."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

UNKNOWN_WORDS = frozenset(
    {"", "-", "--", "?", "n/a", "na", "nil", "none", "not known", "not recorded", "tbc", "unk", "unknown"}
)
"""What people write into a cell when they do not know (compared in lower case)."""

_UNKNOWN_DATES = frozenset({"0000xxx00", "00/00/0000", "0/0/0000", "00-00-0000", "0000-00-00", "dob unknown"})
_SPREADSHEET_DAY_0 = date(1899, 12, 30)
_OLDEST_AGE = 150
"""Years; an age that is merely unlikely is accepted with a note, so that nobody is lost to a slip of the keyboard."""
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MIDNIGHT = re.compile(r"[ t](0?0:00(:00(\.0+)?)?|12:00(:00)? ?a\.?m\.?)$")
_YEAR_FIRST = re.compile(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"(?P<d>\d{1,2})[-/. ](?P<m>\d{1,2})[-/. ](?P<y>\d{4}|\d{2})", re.ASCII)
_NAMED_MONTH = re.compile(
    r"(?P<d>\d{1,2})(?:st|nd|rd|th)?[-/. ]*(?P<m>[a-z]{3,9})[-/., ]*(?P<y>\d{4}|\d{2})", re.ASCII
)
_FILE_NAME_FORM = re.compile(r"(?P<y>\d{4})[- ]?(?P<m>[a-z]{3,9})[- ]?(?P<d>\d{1,2})", re.ASCII)
_COMPACT = re.compile(r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})", re.ASCII)
_SERIAL = re.compile(r"(\d{5})(\.0+)?", re.ASCII)
_YEAR = re.compile(r"(?:19|20)\d{2}", re.ASCII)


class UnreadableBirthDate(Exception):
    """The cell cannot be taken as a date of birth; the message says what to do and never repeats the cell."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class BirthDate:
    """A date of birth, or what is left of it: only the year, or nothing."""

    born: date | None = None
    year: int | None = None


def read_birth_date(text: str, *, today: date) -> BirthDate:
    """The date of birth in one cell, day before month as New Zealand writes it.

    An empty cell, "unknown" and 00/00/0000 are unknown; 00/00/1960 and 1960 leave the year. Five digits are a
    spreadsheet's day number (1900 system). `today` is a local date. Raises UnreadableBirthDate.
    """
    form = _MIDNIGHT.sub("", " ".join(text.split()).lower())
    if form in UNKNOWN_WORDS or form in _UNKNOWN_DATES:
        return BirthDate()
    if serial := _SERIAL.fullmatch(form):
        return BirthDate(born=_plausible(_SPREADSHEET_DAY_0 + timedelta(days=int(serial[1])), today))
    if _YEAR.fullmatch(form):
        return _year_only(int(form), today)
    year, month, day = _parts(form)
    if day == 0 or month == 0:
        return _year_only(year, today)
    try:
        return BirthDate(born=_plausible(date(year, month, day), today))
    except ValueError:
        raise _impossible() from None


def _parts(form: str) -> tuple[int, int, int]:
    for shape in (_YEAR_FIRST, _DAY_FIRST, _NAMED_MONTH, _FILE_NAME_FORM, _COMPACT):
        if found := shape.fullmatch(form):
            month = int(found["m"]) if found["m"].isdigit() else _month(found["m"])
            if len(found["y"]) == 2:
                raise UnreadableBirthDate(
                    "date_two_digit_year",
                    "The year has two digits. Ask Corrections for the year in full, then correct the row.",
                )
            return int(found["y"]), month, int(found["d"])
    raise _not_understood()


def _month(word: str) -> int:
    for number, name in enumerate(_MONTHS, start=1):
        if name.startswith(word):
            return number
    raise _not_understood()


def _year_only(year: int, today: date) -> BirthDate:
    _plausible(date(min(max(year, 1), 9999), 1, 1), today)
    return BirthDate(year=year)


def _plausible(born: date, today: date) -> date:
    if born > today:
        raise UnreadableBirthDate(
            "date_in_future",
            "The date lies in the future. Ask Corrections for the date of birth, then correct the row.",
        )
    if born.year < today.year - _OLDEST_AGE:
        raise UnreadableBirthDate(
            "date_too_long_ago",
            f"The date lies more than {_OLDEST_AGE} years back. Ask Corrections for the date of birth, "
            "then correct the row.",
        )
    return born


def _impossible() -> UnreadableBirthDate:
    return UnreadableBirthDate(
        "date_impossible",
        "There is no such day; dates are read day first. Ask Corrections for the date of birth, then correct the row.",
    )


def _not_understood() -> UnreadableBirthDate:
    return UnreadableBirthDate(
        "date_not_understood",
        "This is not a date we can read. Write it as 1960-08-01 or 1/08/1960, or leave the cell empty if unknown.",
    )
