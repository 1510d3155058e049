"""The watch over a move in tests: twenty working days pass, and the review is a case of its own."""

from datetime import timedelta

from sqlalchemy import select

from activities.deadlines import Deadlines
from activities.duties import due_reviews
from activities.running_cases import RunningCases
from models.tables.duty import MoveWatch
from tests.workflows.suitability import Home


async def review(home: Home) -> None:
    """Twenty working days pass; the home goes on as the review."""
    office, before = home.office, home.case_id
    await due_reviews(
        office.databases.worker,
        RunningCases(office.house.client),
        Deadlines(office.databases.worker),
        await office.house.now() + timedelta(days=90),
    )
    home.case_id = (await watch_of(home)).review_case_id or before
    assert home.case_id != before, "no review began"
    await home.house.task(home.case_id, "review_move")


async def watch_of(home: Home) -> MoveWatch:
    """The newest watch over the person."""
    async with home.office.databases.worker.transaction() as session:
        found = await session.scalars(
            select(MoveWatch).where(MoveWatch.person_ref == home.person.ref).order_by(MoveWatch.began_at)
        )
        return found.all()[-1]
