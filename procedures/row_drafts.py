"""What of a refused row of the Friday report can stand in the answer that enters it, for a person to check (AMB-P1-30)."""

from collections.abc import Collection, Mapping
from datetime import date

from procedures.birth_dates import UnreadableBirthDate, read_birth_date
from procedures.report_values import SHIFTED, Column, clean, folded
from procedures.steps import step
from procedures.terms import ReportGroup

_TEXTS = {
    "surname": Column.SURNAME,
    "given_names": Column.GIVEN_NAMES,
    "gender": Column.GENDER,
    "address": Column.ADDRESS,
    "suburb": Column.SUBURB,
    "town": Column.TOWN,
    "postcode": Column.POSTCODE,
    "corrections_reference": Column.CORRECTIONS_REFERENCE,
    "corrections_office": Column.CORRECTIONS_OFFICE,
}
"""Fields of the answer by the column they come from."""


@step("1.1")
def draft_of_row(
    cells: Mapping[str, str], wrong: Collection[tuple[str, str | None]], *, today: date
) -> dict[str, str | date]:
    """Fields of the answer by name; `wrong` is the code and the column of each error, and what is wrong is left empty.

    `today` is a local date, as for reading a date of birth.
    """
    if any(code == SHIFTED for code, _ in wrong):
        return {}
    columns = {column for _, column in wrong}
    usable = {column: clean(cells.get(column, "")) for column in Column if column not in columns}
    draft: dict[str, str | date] = {name: usable.get(column, "") for name, column in _TEXTS.items()}
    draft["group"] = next(
        (one for one in ReportGroup if folded(one) == folded(usable.get(Column.GROUP, ""))), ""
    )
    draft["date_of_birth"] = _born(usable.get(Column.DATE_OF_BIRTH, ""), today)
    return {name: value for name, value in draft.items() if value}


def _born(cell: str, today: date) -> date | str:
    try:
        return read_birth_date(cell, today=today).born or ""
    except UnreadableBirthDate:
        return ""
