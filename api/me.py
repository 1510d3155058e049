"""Who the caller is here."""

from fastapi import APIRouter
from pydantic import BaseModel

from api.signed_in import SignedIn
from procedures.editions import edition_in_force
from procedures.terms import Role

router = APIRouter(tags=["me"])


class Me(BaseModel):
    """Who you are here."""

    id: str
    subject: str
    name: str
    roles: list[Role]
    regions: list[str]
    edition: str


@router.get("/api/me")
async def me(caller: SignedIn) -> Me:
    """Who you are, and the edition of the procedure in force."""
    actor = caller.actor
    return Me(
        id=actor.subject,
        subject=actor.subject,
        name=actor.name,
        roles=sorted(actor.roles),
        regions=sorted(actor.regions),
        edition=edition_in_force(caller.now).name,
    )
