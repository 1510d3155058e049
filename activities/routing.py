"""Which region a report row belongs to: the area office of its address, otherwise the national queue (P1.N2)."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from models.tables.register import RegisterAddress, RegisterAreaOffice, RegisterPerson, RegisterProperty
from procedures.report_values import folded

NATIONAL = "national"


@dataclass(frozen=True)
class Routes:
    """Regions by home and by town, as the register has them now."""

    by_address: dict[str, str]
    by_town: dict[str, str]
    national: str = NATIONAL

    @classmethod
    async def read(cls, session: AsyncSession) -> "Routes":
        """Read once per report. A town whose homes belong to several regions routes nothing by itself."""
        homes = await session.execute(
            select(RegisterProperty.address, RegisterAreaOffice.region_code).join(
                RegisterAreaOffice, RegisterAreaOffice.name == RegisterProperty.area_office
            )
        )
        towns = await session.execute(
            select(RegisterAddress.town, RegisterAreaOffice.region_code)
            .join(RegisterPerson, RegisterPerson.person_ref == RegisterAddress.person_ref)
            .join(RegisterAreaOffice, RegisterAreaOffice.name == RegisterPerson.area_office)
            .where(RegisterAddress.is_current, RegisterPerson.property_ref.is_not(None))
            .distinct()
        )
        by_town: dict[str, set[str]] = {}
        for town, region in towns:
            by_town.setdefault(folded(town or ""), set()).add(region)
        return cls(
            by_address={folded(address or ""): region for address, region in homes},
            by_town={town: regions.pop() for town, regions in by_town.items() if town and len(regions) == 1},
        )

    def region_of(self, address: str, suburb: str, town: str, postcode: str) -> str:
        """Region code of a report address."""
        whole = folded(f"{address} {suburb} {town} {postcode}")
        return self.by_address.get(whole) or self.by_town.get(folded(town)) or NATIONAL
