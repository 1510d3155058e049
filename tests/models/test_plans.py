"""Pages at the size of a country: an index for every table that grows, and no statement more because more is there."""

from bench.pages_at_scale import furnish
from bench.plans import Listener, plan_of
from bench.scale_desk import NOW, application, seal, signed_in
from bench.scale_fill import Size, fill_one_case
from bench.scale_pages import ASKERS, PAGES, samples
from models.base import Base
from tests.conftest import Databases

SMALL = frozenset(
    {
        "absence",
        "calendar_day",
        "corrections_contact",
        "corrections_contact_version",
        "deputy",
        "register_area_office",
        "register_import_run",
        "register_void_property",
        "report_message",
        "report_run",
        "staff_member",
    }
)
"""Tables that stay small, however many people there are: what an office has of itself."""
MOST_STATEMENTS = 40
"""Of one page, also of a case with 40 documents and 30 mails, and of a person with 30 cases."""
INDEXES_ONLY = {"enable_seqscan": "off"}
"""A table is then read from end to end only where no index could serve."""


async def heard_of_every_page(databases: Databases) -> Listener:
    """A few thousand cases, and every page asked for once by whoever sees it."""
    listener = Listener()
    size = Size(cases=2000, open_tasks=400, waiting=80, fridays=20, voids=50, staff=24)
    await furnish(databases.owner, databases.loader, size, 600)
    case_id, person_ref = await fill_one_case(databases.owner, now=NOW)
    held = await samples(databases.owner, case_id, person_ref)
    async with application(databases.api) as (asgi, cipher):
        persons = [*held.values["person"], *held.values["match_person"], person_ref]
        await seal(databases.owner, cipher, persons)
        desks = {name: await signed_in(databases.owner, asgi, one) for name, one in ASKERS.items()}
        with listener.listening(databases.api):
            for page in PAGES:
                listener.page = f"{page.name} ({page.asker})"
                await desks[page.asker].ask(page, held, 0)
    return listener


async def test_pages_read_no_growing_table_whole_and_ask_once_for_many(databases: Databases) -> None:
    """Queues, cases, persons, searches, runs: what an index could not serve, and what is asked row by row, fails here."""
    heard = await heard_of_every_page(databases)
    growing = frozenset(Base.metadata.tables) - SMALL
    found = {}
    for (page, sql), asked in heard.heard.items():
        plan = await plan_of(databases.api, asked, run=False, settings=INDEXES_ONLY)
        if whole := plan.read_whole(growing):
            found[page, sql] = whole
    assert found == {}
    assert {page: number for page, number in heard.asked.items() if number > MOST_STATEMENTS} == {}
