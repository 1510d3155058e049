"""Bring a database to the newest schema, under the owner's role."""

import asyncio
from pathlib import Path

import typer
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url

import migrations
from adapters.production import refuse_unfit_database, secret_in
from adapters.settings import Settings, read_settings
from models.database import Database
from workers.embedded.postgres import DATABASE, cluster_of, role_name


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings, in code: the scripts are found wherever the package is installed."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


async def migrate(owner_url: str) -> None:
    """Apply every migration not applied yet and renew the grants, in one transaction; safe to run again."""
    database = Database(owner_url, pool_size=1)
    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), "head"))
    finally:
        await database.close()


def database_url(settings: Settings, role: str) -> str:
    """The record's address for a role: DATABASE_URL where it is set, else the embedded cluster's.

    A DATABASE_URL without a role serves every process: each gets its own role, and its password from
    PLACEMENT_DATABASE_PASSWORD_FILE. Raises UnfitForProduction when production has none or an unsafe one.
    """
    if settings.production:
        refuse_unfit_database(settings, role)
    if not settings.database_url:
        return cluster_of(settings).url(role, DATABASE)
    url = make_url(settings.database_url).set(drivername="postgresql+asyncpg")
    if url.username is None:
        url = url.set(username=role_name(role))
    if url.password is None and settings.database_password_file:
        url = url.set(password=secret_in("PLACEMENT_DATABASE_PASSWORD_FILE", settings.database_password_file))
    return url.render_as_string(False)


def migrate_command() -> None:
    """Bring the record's tables to this version. Run it before the new version starts; safe to repeat."""
    settings = read_settings()
    if settings.database_url or settings.production:
        asyncio.run(migrate(database_url(settings, "owner")))
    else:
        _migrate_embedded(settings)
    print("The record is at this version.")


def _migrate_embedded(settings: Settings) -> None:
    """Start the embedded cluster for the purpose unless it already runs."""
    cluster = cluster_of(settings)
    ran_before = cluster.is_running()
    if not ran_before:
        cluster.start()
    try:
        cluster.ensure_database(DATABASE)
        asyncio.run(migrate(database_url(settings, "owner")))
    finally:
        if not ran_before:
            cluster.stop()


def add_commands(app: typer.Typer) -> None:
    """Mount `placement migrate`."""
    app.command("migrate")(migrate_command)
