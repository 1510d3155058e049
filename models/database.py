"""The engine and the one-transaction context that every activity and query uses."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

_FOR_PAGES = {"jit": "off", "max_parallel_workers_per_gather": "0", "random_page_cost": "1.1"}
"""Pages ask many short questions of data that is in memory or on flash: to compile, to divide up and to read in order
would cost more than it saves, and the planner would choose it by what it assumes of a disk."""


class Database:
    """One connection pool under one database role."""

    def __init__(self, url: str, *, pool_size: int = 5, for_pages: bool = False) -> None:
        """`url` may say `sslmode=verify-full` and `sslrootcert=FILE`, as libpq has them. OSError: the file is unusable.

        `for_pages`: the planner is told that questions are short and the data close by.
        """
        address, arguments = _tls_of(make_url(url))
        if for_pages:
            arguments["server_settings"] = dict(_FOR_PAGES)
        self.engine = create_async_engine(
            address,
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args=arguments,
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        async with self._sessions() as session, session.begin():
            yield session

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def _tls_of(url: URL) -> tuple[URL, dict[str, Any]]:
    """asyncpg takes a TLS context where libpq takes words; without `sslmode` the address is left as it is."""
    mode, authority = url.query.get("sslmode"), url.query.get("sslrootcert")
    if mode is None:
        return url, {}
    bare = url.difference_update_query(["sslmode", "sslrootcert"])
    if mode != "verify-full":
        return bare, {"ssl": mode}
    context = ssl.create_default_context(cafile=authority if isinstance(authority, str) else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return bare, {"ssl": context}
