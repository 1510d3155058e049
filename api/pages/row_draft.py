"""The form that enters a refused row of the report begins with what could be read of it (AMB-P1-30)."""

from datetime import date, datetime

from api.known import Known
from api.pages.forms import Values
from procedures.local_time import local
from procedures.row_drafts import draft_of_row


def values_of_row(known: Known | None, now: datetime) -> Values:
    """Values of the form's fields; none unless the task is about a row that was refused."""
    entry = known.entry if known else None
    if entry is None or not entry.raw or not entry.errors:
        return {}
    wrong = [(error["code"], error["column"]) for error in entry.errors]
    values: Values = {}
    for name, value in draft_of_row(entry.raw, wrong, today=local(now).date()).items():
        if isinstance(value, date):
            values |= {f"{name}-{part}": [str(getattr(value, part))] for part in ("day", "month", "year")}
        else:
            values[name] = [str(value)]
    return values
