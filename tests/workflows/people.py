"""Register persons of workflow tests, imported through the real import, and the report rows that name them."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert

from adapters.register_import import import_register
from models.database import Database
from models.tables.assessment import Assessment, AssessmentVersion, Confirmation

_COLUMNS = (
    "person_ref,surname,given_names,date_of_birth,gender,address,suburb,town,postcode,area_office,"
    "record_state,occupancy,property_ref,household_ref"
)


@dataclass(frozen=True)
class Person:
    """Somebody on the register."""

    ref: str
    surname: str
    given: str = "Tom"
    born: date = date(1980, 1, 2)
    address: str = "1 Made Up Road"
    live: bool = False
    occupancy: str = "none"
    home: str = ""

    @property
    def line(self) -> str:
        """As the register's file has the person."""
        return (
            f"{self.ref},{self.surname},{self.given},{self.born},M,{self.address},,Faketown,0001,Harbourview,"
            f"{'live' if self.live else 'historic'},{self.occupancy},{self.home},{self.home and 'H' + self.home}"
        )

    @property
    def facts(self) -> dict[str, str]:
        """What the register says when the live record is checked."""
        return {"record_state": "live" if self.live else "historic", "occupancy": self.occupancy}

    def row(self, group: str = "New CSO", reference: str | None = None) -> str:
        """A line of the report about the person."""
        status = "current" if group == "New CSO" else "not current"
        return (
            f"{group},{self.surname},{self.given},{self.born},M,{self.address},,Faketown,0001,{status},"
            f"{reference if reference is not None else 'CR' + self.ref},Harbourview"
        )

    def tenant(self) -> "Person":
        """The same person as the tenant of a home of ours."""
        return replace(self, live=True, occupancy="tenant", home=f"H-{self.ref}")


TOM = Person("P-HIST", "Tester")
LEE = Person("P-LIVE", "Sample", "Lee", date(1975, 5, 6), "2 Made Up Road").tenant()
SON = replace(LEE, ref="P-SON", born=date(1999, 9, 10), occupancy="dependent")
KIM = Person(
    "P-APPLY", "Waiting", "Kim", date(1990, 7, 8), "9 Elsewhere Lane", live=True, occupancy="applicant"
)
DEE = Person("P-DUP1", "Double", "Dee", date(1970, 3, 4), "3 Made Up Road")
DEE_AGAIN = replace(DEE, ref="P-DUP2", given="D")


async def import_people(loader: Database, *others: Person) -> None:
    """The people above and these, up to date as of now."""
    at = datetime(2026, 11, 26, tzinfo=UTC)
    people = [person.line for person in (TOM, LEE, KIM, SON, DEE, DEE_AGAIN, *others)]
    await import_register(
        loader, "\n".join((_COLUMNS, *people)).splitlines(keepends=True), as_of=at, clock=lambda: at
    )


async def hold(
    worker: Database, ref: str, held: str, *, said: str | None = None, said_at: datetime | None = None
) -> str:
    """Give a record the assessment it came to in an earlier case, such as D1/CUR; answers its number."""
    number, at = f"A-{ref}", datetime(2026, 3, 6, tzinfo=UTC)
    code, status = held.split("/")
    confirmed: dict[str, Any] = {}
    if status == "CUR":
        confirmed = {"confirmed_code": code, "confirmed_at": at}
    async with worker.transaction() as session:
        await session.execute(
            insert(Assessment).values(
                number=number, person_ref=ref, code=code, status=status, version=1, opened_at=at, **confirmed
            )
        )
        await session.execute(
            insert(AssessmentVersion).values(
                number=number, version=1, code=code, status=status, rule="earlier", step="1.7",
                case_id="C00000000", answers={}, comment="", by="advisor-9", calculated_at=at,
            )
        )  # fmt: skip
        if said:
            await session.execute(
                insert(Confirmation).values(
                    confirmation_id=f"S-{ref}", case_id="C00000000", person_ref=ref, said_by="Sam Contact",
                    office="Harbourview", channel="verbal", status_said=said, said_at=said_at or at,
                    note="Earlier call.", recorded_by="advisor-9", recorded_at=said_at or at,
                )
            )  # fmt: skip
    return number
