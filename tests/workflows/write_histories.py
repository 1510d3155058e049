"""Write the golden histories of new stories: `python -m tests.workflows.write_histories [--again STORY ...]`.

What is written is released: a history that no longer replays is a case in production that would stop, so no run of this
command changes one that is there. `--again` adds another edition of a story beside the first, for a deliberate change of
its path; the story's docstring must say why, in a line that begins with "Again:". A PostgreSQL and a Temporal of its own.
"""

import argparse
import asyncio
import json
import sys
import traceback
from collections.abc import Sequence

from temporalio.testing import WorkflowEnvironment

from adapters.keys import KeyRing
from models.database import Database
from models.tables.case import CaseRecord
from tests.conftest import Databases, _throw_away_cluster
from tests.workflows.histories import FOLDER, golden_keys
from tests.workflows.running import local_environment
from tests.workflows.stories import STORIES, Story
from tests.workflows.suitability import Office
from tests.workflows.telling import house_of
from workers.embedded.postgres import EmbeddedPostgres
from workers.entry import leave
from workers.migrate import migrate


def wanted(again: Sequence[str]) -> list[str]:
    """Stories without a history, and those of which another edition is asked. Raises ValueError without its reason."""
    for name in again:
        if name not in STORIES:
            raise ValueError(f"there is no story {name}: its name is that of its function")
        if "Again:" not in (STORIES[name].tell.__doc__ or ""):
            raise ValueError(f'say in the docstring of {name} why it is told again, after "Again:"')
    return [name for name in STORIES if name in again or not editions(name)]


def editions(name: str) -> list[int]:
    """Numbers of the kept runs of a story."""
    found = (path.stem.rpartition("-") for path in FOLDER.glob(f"{name}-*.json"))
    return [int(number) for story, _, number in found if story == name]


async def write(cluster: EmbeddedPostgres, names: Sequence[str]) -> None:
    """Tell each story in a fresh database and keep the histories of its runs."""
    keys = golden_keys()
    FOLDER.mkdir(exist_ok=True)
    async with await local_environment(keys) as server:
        for name in names:
            cluster.create_database(name)
            await migrate(cluster.url("owner", name))
            roles = ("owner", "api", "worker", "loader", "auditor")
            databases = Databases(name, *(Database(cluster.url(role, name)) for role in roles))
            await _keep(name, STORIES[name], databases, server, keys)
            await databases.close()
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()


async def _keep(
    name: str, story: Story, databases: Databases, server: WorkflowEnvironment, keys: KeyRing
) -> None:
    async with house_of(story, databases, server, keys) as office:
        runs = await story.tell(office)
        texts = [await history_of(office, run) for run in runs]
    for number, text in enumerate(texts, max(editions(name), default=0) + 1):
        with (FOLDER / f"{name}-{number}.json").open("x", encoding="utf-8") as file:
            file.write(text)


async def history_of(office: Office, run: str) -> str:
    """The history of a run, whole if the record says that it has ended."""
    handle = office.house.client.get_workflow_handle(run)
    async with office.databases.worker.transaction() as session:
        case = await session.get(CaseRecord, run)
    if case is not None and case.closed_at:
        await handle.result()
    history = (await handle.fetch_history()).to_json_dict()
    started = history["events"][0]["workflowExecutionStartedEventAttributes"]
    started["workflowId"] = run  # the virtual server does not say it, and the codec is bound to it
    return json.dumps(history, separators=(",", ":"))


def main() -> int:
    """Exit status 0 when every story was told to its end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--again", nargs="+", default=[], metavar="STORY", help="another edition of these")
    try:
        names = wanted(parser.parse_args().again)
        with _throw_away_cluster() as cluster:
            asyncio.run(write(cluster, names))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except Exception:  # noqa: BLE001 - printed, and the status says so
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
