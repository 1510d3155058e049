"""Register persons of workflow tests, imported through the real import."""

from datetime import UTC, datetime

from adapters.register_import import import_register
from models.database import Database

_COLUMNS = (
    "person_ref,surname,given_names,date_of_birth,gender,address,suburb,town,postcode,area_office,"
    "record_state,occupancy,property_ref,household_ref"
)
PEOPLE = (
    "P-HIST,Tester,Tom,1980-01-02,M,1 Made Up Road,,Faketown,0001,Harbourview,historic,none,,",
    "P-LIVE,Sample,Lee,1975-05-06,M,2 Made Up Road,,Faketown,0001,Harbourview,live,tenant,H-2,HH-2",
    "P-APPLY,Waiting,Kim,1990-07-08,F,9 Elsewhere Lane,,Faketown,0001,Harbourview,live,applicant,,",
    "P-SON,Sample,Lee,1999-09-10,M,2 Made Up Road,,Faketown,0001,Harbourview,live,dependent,H-2,HH-2",
    "P-DUP1,Double,Dee,1970-03-04,F,3 Made Up Road,,Faketown,0001,Harbourview,historic,none,,",
    "P-DUP2,Double,D,1970-03-04,F,3 Made Up Road,,Faketown,0001,Harbourview,historic,none,,",
)


async def import_people(loader: Database) -> None:
    """The people above, up to date as of now."""
    at = datetime(2026, 11, 26, tzinfo=UTC)
    await import_register(
        loader, "\n".join((_COLUMNS, *PEOPLE)).splitlines(keepends=True), as_of=at, clock=lambda: at
    )
