"""Working days of New Zealand: named, versioned calendars, and every day that does not count with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from holidays import country_holidays
from holidays.version import __version__ as HOLIDAYS_VERSION
from pydantic import BaseModel, ConfigDict

from procedures.refusals import ProcedureError

RULES_VERSION = "rules 1"
FIRST_YEAR, LAST_YEAR = 2022, 2052
"""Matariki begins in 2022 and its dates are fixed by statute to 2052 (CAL-NZ-2); outside, nothing is promised."""


class CalendarName(StrEnum):
    """Calendars a clock can run on. Regional ones add the anniversary day of that region (CAL-NZ-7, CAL-NZ-8)."""

    NZ_NATIONAL = "nz-national"
    NZ_LEGISLATION = "nz-legislation"
    NZ_25DEC_15JAN = "nz-25dec-15jan"
    NZ_20DEC_10JAN = "nz-20dec-10jan"
    AUCKLAND = "nz-region-AUK"
    BAY_OF_PLENTY = "nz-region-BOP"
    CANTERBURY = "nz-region-CAN"
    CHATHAM_ISLANDS = "nz-region-CIT"
    GISBORNE = "nz-region-GIS"
    HAWKES_BAY = "nz-region-HKB"
    MANAWATU_WHANGANUI = "nz-region-MWT"
    MARLBOROUGH = "nz-region-MBH"
    NELSON = "nz-region-NSN"
    NORTHLAND = "nz-region-NTL"
    OTAGO = "nz-region-OTA"
    SOUTH_CANTERBURY = "nz-region-STC"
    SOUTHLAND = "nz-region-STL"
    TARANAKI = "nz-region-TKI"
    TASMAN = "nz-region-TAS"
    WAIKATO = "nz-region-WKO"
    WELLINGTON = "nz-region-WGN"
    WESTLAND = "nz-region-WTC"


_FOLLOWS = {
    CalendarName.WAIKATO: CalendarName.AUCKLAND,
    CalendarName.BAY_OF_PLENTY: CalendarName.AUCKLAND,
    CalendarName.GISBORNE: CalendarName.AUCKLAND,
    CalendarName.MANAWATU_WHANGANUI: CalendarName.WELLINGTON,
    CalendarName.TASMAN: CalendarName.NELSON,
}
"""Regions for which the package knows no anniversary day, and whose day they keep by custom (CAL-NZ-8)."""

_PACKAGE_NAME = {CalendarName.SOUTH_CANTERBURY: "South Canterbury"}

_CLOSED = {
    CalendarName.NZ_LEGISLATION: ((12, 25), (1, 2)),
    CalendarName.NZ_25DEC_15JAN: ((12, 25), (1, 15)),
    CalendarName.NZ_20DEC_10JAN: ((12, 20), (1, 10)),
}
"""First and last closed day (month, day) over the new year (CAL-NZ-9). The Mondays and Tuesdays that
nz-legislation closes after a 1 January on Friday, Saturday or Sunday are the observed days of 1 and 2 January."""


class CalendarOutOfRange(ProcedureError):
    """The year lies outside the range for which the calendar's facts were checked."""


@dataclass(frozen=True, order=True)
class ExtraDay:
    """A day closed beyond the calendar: an office closure or a one-off holiday (CAL-NZ-11)."""

    day: date
    reason: str


class SkippedDay(BaseModel):
    """A day that was not counted, and why."""

    model_config = ConfigDict(frozen=True)
    day: date
    reason: str


@dataclass(frozen=True)
class WorkingDays:
    """The counted working days, in order, and the days between the start and the last of them that did not count."""

    counted: tuple[date, ...]
    skipped: tuple[SkippedDay, ...]

    @property
    def last(self) -> date:
        """The last counted day."""
        return self.counted[-1]


@cache
def _public_holidays(name: CalendarName, year: int) -> Mapping[date, str]:
    source = _FOLLOWS.get(name, name)
    region = source.value.removeprefix("nz-region-") if source.value.startswith("nz-region-") else None
    found = country_holidays(
        "NZ", subdiv=_PACKAGE_NAME.get(source, region), years=year, expand=False, observed=True
    )
    return dict(found.items())


@dataclass(frozen=True)
class Calendar:
    """A named calendar; `version` says all that its dates depend on and is stored with each clock (AMB-P1-2)."""

    name: CalendarName = CalendarName.NZ_NATIONAL
    extra_days: tuple[ExtraDay, ...] = ()

    @property
    def version(self) -> str:
        """Version of these rules, of the holiday data, and every extra day."""
        extra = ", ".join(day.day.isoformat() for day in sorted(self.extra_days)) or "none"
        return f"{RULES_VERSION}; holidays {HOLIDAYS_VERSION}; extra days: {extra}"

    def why_closed(self, day: date) -> str | None:
        """Why the day is not a working day, or None when it is one.

        Raises CalendarOutOfRange outside the checked years.
        """
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise CalendarOutOfRange(
                f"Calendar {self.name} is checked for {FIRST_YEAR} to {LAST_YEAR}, not for {day.year}: "
                "check the new dates and extend the range."
            )
        if day.weekday() >= 5:
            return "Saturday" if day.weekday() == 5 else "Sunday"
        return self._holiday(day) or self._new_year_closure(day) or self._extra(day)

    def _holiday(self, day: date) -> str | None:
        return _public_holidays(self.name, day.year).get(day)

    def _new_year_closure(self, day: date) -> str | None:
        if self.name not in _CLOSED:
            return None
        first, last = _CLOSED[self.name]
        if first <= (day.month, day.day) or (day.month, day.day) <= last:
            return f"closed over the new year ({self.name})"
        return None

    def _extra(self, day: date) -> str | None:
        return next((extra.reason for extra in self.extra_days if extra.day == day), None)

    def is_working_day(self, day: date) -> bool:
        """True when the day counts. Raises CalendarOutOfRange outside the checked years."""
        return self.why_closed(day) is None

    def working_days_after(self, day: date, n: int) -> WorkingDays:
        """The first `n` working days after `day`, which itself is never counted, whatever it is.

        Raises ValueError when `n` is below 1, CalendarOutOfRange outside the checked years.
        """
        if n < 1:
            raise ValueError(f"Working days are counted from 1, not {n}.")
        counted: list[date] = []
        skipped: list[SkippedDay] = []
        while len(counted) < n:
            day += timedelta(days=1)
            reason = self.why_closed(day)
            if reason is None:
                counted.append(day)
            else:
                skipped.append(SkippedDay(day=day, reason=reason))
        return WorkingDays(tuple(counted), tuple(skipped))

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.working_days_after(day, 1).last

    def working_day_on_or_after(self, day: date) -> date:
        """`day` itself when it is a working day, else the next one."""
        return day if self.is_working_day(day) else self.next_working_day(day)
