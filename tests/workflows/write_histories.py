"""Write the golden histories anew: `python -m tests.workflows.write_histories`.

Do so in the commit that changes the order of commands of a workflow on purpose, never to silence `test_replay.py`: a
history that no longer replays is a case in production that would stop. It starts a PostgreSQL and a Temporal of its own.
"""

import asyncio
import sys
import traceback

from models.database import Database
from tests.conftest import Databases, _throw_away_cluster
from tests.workflows.histories import FOLDER, golden_keys
from tests.workflows.running import local_environment, running
from tests.workflows.stories import STORIES
from workers.embedded.postgres import EmbeddedPostgres
from workers.entry import leave
from workers.migrate import migrate


async def write(cluster: EmbeddedPostgres) -> None:
    """Tell each story in a fresh database and keep the histories of its runs."""
    keys = golden_keys()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    async with await local_environment(keys) as environment:
        for name, tell in STORIES.items():
            cluster.create_database(name)
            await migrate(cluster.url("owner", name))
            roles = ("owner", "api", "worker", "loader", "auditor")
            databases = Databases(name, *(Database(cluster.url(role, name)) for role in roles))
            async with running(databases, environment, keys) as house:
                for number, run in enumerate(await tell(house), 1):
                    history = await environment.client.get_workflow_handle(run).fetch_history()
                    path = FOLDER / f"{name}-{number}.json"
                    path.write_text(history.to_json(), encoding="utf-8")
            await databases.close()
            sys.stdout.write(f"{name}\n")


def main() -> int:
    """Exit status 0 when every story was told to its end."""
    try:
        with _throw_away_cluster() as cluster:
            asyncio.run(write(cluster))
    except Exception:  # noqa: BLE001 - printed, and the status says so
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    leave(main())
