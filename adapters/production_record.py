"""What a production start refuses of the record itself: the wrong database role, roles that are missing, unsafe writing."""

from collections.abc import Iterable, Iterator

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from adapters.production import Unfit, UnfitForProduction
from models.database import Database
from models.grants import ROLES

_SAFE_WRITING = ("fsync", "full_page_writes", "synchronous_commit")
"""With any of them off, an answer that was acknowledged can be gone after a crash of the machine."""


async def refuse_unfit_record(database: Database, role: str) -> None:
    """Raise UnfitForProduction unless we work as placement_`role`, every role is there, and a commit is on disk."""
    try:
        async with database.transaction() as session:
            rights = await session.execute(
                text(
                    "SELECT rolname, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb FROM pg_roles"
                    " WHERE rolname = current_user"
                )
            )
            name, powerful = rights.one()
            present = set(await session.scalars(text("SELECT rolname FROM pg_roles")))
            unsafe = [key for key in _SAFE_WRITING if await session.scalar(text(f"SHOW {key}")) == "off"]
    except (OSError, DBAPIError):
        raise UnfitForProduction([Unfit("DATABASE_URL", "leads to no record that answers")]) from None
    refusals = [*_of_role(f"placement_{role}", name, bool(powerful)), *_of_cluster(present, unsafe)]
    if refusals:
        raise UnfitForProduction(refusals)


def _of_role(wanted: str, name: str, powerful: bool) -> Iterator[Unfit]:
    if name != wanted:
        yield Unfit("DATABASE_URL", f"must lead to the record as {wanted}, not as {name}")
    if powerful:
        yield Unfit(
            "DATABASE_URL", f"names {name}, who could step over the grants: take its special rights away"
        )


def _of_cluster(present: Iterable[str], unsafe: Iterable[str]) -> Iterator[Unfit]:
    missing = sorted(set(ROLES) - set(present))
    if missing:
        yield Unfit(
            "DATABASE_URL",
            f"leads to a record without the roles {', '.join(missing)}: run `placement migrate`",
        )
    for key in unsafe:
        yield Unfit("DATABASE_URL", f"leads to a server with {key} = off: set it to on")
