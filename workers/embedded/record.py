"""The record as parts of the stack: the PostgreSQL cluster, then its schema."""

import asyncio
from collections.abc import Mapping

from workers.embedded.postgres import DATABASE, EmbeddedPostgres
from workers.migrate import migrate

_LOOK_EVERY = 2.0
"""Seconds between two looks at a server that is nobody's child process."""


class PostgresPart:
    """The embedded cluster with the record's database; first to start, last to stop."""

    name = "PostgreSQL"
    addresses: Mapping[str, str] = {}

    def __init__(self, cluster: EmbeddedPostgres) -> None:
        self._cluster = cluster

    @property
    def ports(self) -> Mapping[str, int]:
        """Its port; none while a cluster left running is there to be taken over."""
        return {} if self._cluster.is_running() else {"PLACEMENT_DB_PORT": self._cluster.port}

    async def start(self) -> None:
        """Start the cluster and make the database if it is new."""
        await asyncio.to_thread(self._cluster.start)
        await asyncio.to_thread(self._cluster.ensure_database, DATABASE)

    async def ready(self) -> bool:
        """Whether the server runs."""
        return await asyncio.to_thread(self._cluster.is_running)

    async def stop(self) -> None:
        """Stop the cluster and wait until it is gone."""
        await asyncio.to_thread(self._cluster.stop)

    async def ended(self) -> str:
        """Wait until the server is gone; says so, and where its log is."""
        while await self.ready():  # noqa: ASYNC110 - a server that is nobody's child raises no event here
            await asyncio.sleep(_LOOK_EVERY)
        return f"{self.name} ended by itself: see {self._cluster.log_file}"


class SchemaPart:
    """Not a server: brings the database to the newest schema before anything uses it."""

    name = "Database schema"
    ports: Mapping[str, int] = {}
    addresses: Mapping[str, str] = {}

    def __init__(self, cluster: EmbeddedPostgres) -> None:
        self._cluster = cluster
        self._migrated = False

    async def start(self) -> None:
        """Apply what is missing."""
        await migrate(self._cluster.url("owner", DATABASE))
        self._migrated = True

    async def ready(self) -> bool:
        """True once migrated."""
        return self._migrated

    async def stop(self) -> None:
        """Nothing to stop."""
