"""A production start refuses what is unsafe or missing, all of it at once, and a complete environment passes."""

import asyncio
import shutil
import ssl
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from adapters.keys import KeyRing, Origin, create_keys
from adapters.production import Process, Unfit, UnfitForProduction, refuse_unfit
from adapters.production_record import refuse_unfit_record
from adapters.settings import SettingsError, read_settings
from models.database import Database
from models.grants import ROLES
from tests.conftest import Databases, free_port
from tests.mail_fixtures import WRONG_CERTIFICATES, wrong_context
from tests.workers.installation import MAIL, authority_in, complete_environment
from tests.workers.tls_record import tls_door
from workers.api_server import run_api
from workers.codec_command import run_codec
from workers.embedded.postgres import EmbeddedPostgres
from workers.migrate import database_url
from workers.worker import run_worker


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("installation")
    return folder, complete_environment(folder)


@pytest.fixture
def environment(pristine: tuple[Path, dict[str, str]], tmp_path: Path) -> dict[str, str]:
    """A complete environment on files that the test may spoil."""
    folder, complete = pristine
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return {name: value.replace(str(folder), str(tmp_path)) for name, value in complete.items()}


def refusals(environment: dict[str, str], process: Process) -> list[Unfit]:
    try:
        refuse_unfit(read_settings(environment), process)
    except UnfitForProduction as unfit:
        return unfit.refusals
    return []


def refused(environment: dict[str, str], process: Process) -> set[str]:
    return {refusal.setting for refusal in refusals(environment, process)}


@pytest.mark.parametrize("process", Process)
def test_a_complete_environment_passes(environment: dict[str, str], process: Process) -> None:
    assert refusals(environment, process) == []


def test_the_embedded_stack_is_refused_nothing() -> None:
    for process in Process:
        refuse_unfit(read_settings({}), process)


RECORD = {"DATABASE_URL", "PLACEMENT_DATABASE_PASSWORD_FILE"}
KEYS = {"PLACEMENT_KEYS_FILE"}
TEMPORAL = {
    "PLACEMENT_TEMPORAL_TLS",
    "PLACEMENT_TEMPORAL_CA",
    "PLACEMENT_TEMPORAL_CLIENT_CERT",
    "PLACEMENT_TEMPORAL_CLIENT_KEY",
}
MAIL_FILES = {
    "PLACEMENT_MAIL_CA",
    "PLACEMENT_SMTP_PASSWORD_FILE",
    "PLACEMENT_REPORT_PASSWORD_FILE",
    "PLACEMENT_RETURNS_PASSWORD_FILE",
    "PLACEMENT_JOURNAL_PASSWORD_FILE",
}
DOMAINS = {"PLACEMENT_MAIL_DOMAINS", "PLACEMENT_AGENCY_DOMAIN", "PLACEMENT_MAIL_ADDRESS"}
NEEDS = {
    Process.WORKER: KEYS | TEMPORAL | RECORD | set(MAIL) | MAIL_FILES,
    Process.API: KEYS | TEMPORAL | RECORD | DOMAINS | {"PLACEMENT_OIDC_ISSUER"},
    Process.OWNER: RECORD,
    Process.LOADER: RECORD,
    Process.CODEC: KEYS
    | {"PLACEMENT_OIDC_ISSUER", "PLACEMENT_CODEC_ADDRESS", "PLACEMENT_TEMPORAL_UI_ADDRESS"},
}


@pytest.mark.parametrize(
    ("process", "missing"), [(process, name) for process, names in NEEDS.items() for name in sorted(names)]
)
def test_each_missing_setting_is_refused_by_name(
    environment: dict[str, str], process: Process, missing: str
) -> None:
    """No embedded default stands in for anything."""
    del environment[missing]
    found = refusals(environment, process)
    assert missing in {refusal.setting for refusal in found}
    assert all(len(refusal.what_to_set.split()) > 3 for refusal in found)


@pytest.mark.parametrize("process", Process)
def test_an_empty_environment_is_told_everything_at_once(process: Process) -> None:
    found = refused({"PLACEMENT_MODE": "production"}, process)
    # The password belongs to an address, which is missing here; the default address of the mail has no default either.
    assert found == NEEDS[process] - {"PLACEMENT_DATABASE_PASSWORD_FILE"}
    with pytest.raises(SettingsError) as told:
        refuse_unfit(read_settings({"PLACEMENT_MODE": "production"}), process)
    assert all(f"\n  {name} " in str(told.value) for name in found)


@pytest.mark.parametrize(
    "address",
    [
        "mysql://record.agency.example/placement",
        "not an address",
        "postgresql:///placement?sslmode=verify-full&sslrootcert={ca}",
        "postgresql://record.agency.example/placement",
        "postgresql://record.agency.example/placement?sslmode=require&sslrootcert={ca}",
        "postgresql://record.agency.example/placement?sslmode=verify-ca&sslrootcert={ca}",
        "postgresql://record.agency.example/placement?sslmode=verify-full",
        "postgresql://record.agency.example/placement?sslmode=verify-full&sslrootcert=/nowhere/ca.pem",
        "postgresql://record.agency.example/placement?sslmode=verify-full&ssl=disable&sslrootcert={ca}",
        "postgresql://postgres@record.agency.example/placement?sslmode=verify-full&sslrootcert={ca}",
        "postgresql://placement_owner@record.agency.example/placement?sslmode=verify-full&sslrootcert={ca}",
        "postgresql://placement_api:placement@record.agency.example/placement?sslmode=verify-full&sslrootcert={ca}",
        "postgresql://placement_api:placement_api@record.agency.example/placement?sslmode=verify-full&sslrootcert={ca}",
    ],
)
def test_an_unsafe_address_of_the_record_is_refused(environment: dict[str, str], address: str) -> None:
    """Another database, no verification of the server, another role than its own, a default password."""
    environment["DATABASE_URL"] = address.format(ca=environment["PLACEMENT_MAIL_CA"])
    assert refused(environment, Process.API) == {"DATABASE_URL"}


def test_the_record_is_addressed_under_the_role_of_the_process(environment: dict[str, str]) -> None:
    """One DATABASE_URL for all: role and password are put in; commands without a full check refuse an unsafe one too."""
    settings = read_settings(environment)
    url = make_url(database_url(settings, "loader"))
    assert (url.username, url.password) == ("placement_loader", "a word of its own")
    environment["DATABASE_URL"] = "postgresql://record.agency.example/placement"
    with pytest.raises(UnfitForProduction, match="sslmode=verify-full"):
        database_url(read_settings(environment), "loader")


@pytest.mark.parametrize("content", ["", "placement", "Password\n", "changeme"])
def test_an_empty_or_default_password_is_refused(environment: dict[str, str], content: str) -> None:
    file = Path(environment["PLACEMENT_SMTP_PASSWORD_FILE"])
    own = file.with_name("another")
    own.write_text(content, encoding="utf-8")
    environment["PLACEMENT_SMTP_PASSWORD_FILE"] = str(own)
    found = refusals(environment, Process.WORKER)
    assert [refusal.setting for refusal in found] == ["PLACEMENT_SMTP_PASSWORD_FILE"]
    assert "without a password of its own" in str(found[0])


@pytest.mark.parametrize("wrong", ["embedded", "open to others", "malformed", "away"])
def test_a_key_ring_that_is_not_the_installations_own_is_refused(
    environment: dict[str, str], wrong: str
) -> None:
    file = Path(environment["PLACEMENT_KEYS_FILE"])
    if wrong == "open to others":
        file.chmod(0o640)
    else:
        file.unlink()
    if wrong == "embedded":
        create_keys(file, KeyRing.fresh(Origin.EMBEDDED))
    if wrong == "malformed":
        file.write_text("{}", encoding="utf-8")
        file.chmod(0o600)
    for process in (Process.WORKER, Process.API, Process.CODEC):
        assert refused(environment, process) == {"PLACEMENT_KEYS_FILE"}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PLACEMENT_TEMPORAL_TLS", "off"),
        ("PLACEMENT_TEMPORAL_CA", "/nowhere/ca.pem"),
        ("PLACEMENT_TEMPORAL_CLIENT_CERT", "/nowhere/client.pem"),
        ("PLACEMENT_MAIL_CA", "/nowhere/ca.pem"),
        ("PLACEMENT_RETURNS_PASSWORD_FILE", "/nowhere/password"),
        ("PLACEMENT_MAIL_DOMAINS", ""),
        ("PLACEMENT_MAIL_ADDRESS", "wellbeing@elsewhere.example"),
        ("PLACEMENT_CORRECTIONS_FALLBACK", "desk@elsewhere.example"),
    ],
)
def test_a_worker_refuses_a_wrong_setting(environment: dict[str, str], setting: str, value: str) -> None:
    assert refused(environment | {setting: value}, Process.WORKER) == {setting}


def test_a_key_of_another_certificate_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    authority_in(tmp_path / "another")
    environment["PLACEMENT_TEMPORAL_CLIENT_KEY"] = str(tmp_path / "another" / "client.key")
    assert refused(environment, Process.WORKER) == {"PLACEMENT_TEMPORAL_CLIENT_KEY"}


def test_an_authority_file_without_a_certificate_is_refused(environment: dict[str, str]) -> None:
    environment["PLACEMENT_MAIL_CA"] = environment["PLACEMENT_SMTP_PASSWORD_FILE"]
    assert refused(environment, Process.WORKER) == {"PLACEMENT_MAIL_CA"}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("PLACEMENT_OIDC_ISSUER", "http://sign-in.agency.example"),
        ("PLACEMENT_OIDC_ISSUER", "https://127.0.0.1:9400"),
        ("PLACEMENT_CODEC_ADDRESS", "http://codec.agency.example"),
        ("PLACEMENT_TEMPORAL_UI_ADDRESS", "http://temporal.agency.example"),
    ],
)
def test_the_codec_server_refuses_plain_addresses(
    environment: dict[str, str], setting: str, value: str
) -> None:
    assert refused(environment | {setting: value}, Process.CODEC) == {setting}


def test_a_client_secret_comes_from_its_file(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "client-secret"
    file.write_text("secret\n", encoding="utf-8")
    environment["PLACEMENT_OIDC_CLIENT_SECRET_FILE"] = str(file)
    assert refused(environment, Process.API) == {"PLACEMENT_OIDC_CLIENT_SECRET_FILE"}
    file.write_text("of its own\n", encoding="utf-8")
    assert read_settings(environment).oidc_client_secret == "of its own"
    assert refused(environment, Process.API) == set()


def test_no_refusal_says_a_secret(environment: dict[str, str]) -> None:
    """Passwords and keys are never part of what is printed."""
    environment["DATABASE_URL"] = "postgresql://postgres:hunter2hunter2@record.agency.example/placement"
    told = " ".join(map(str, refusals(environment, Process.WORKER)))
    assert "DATABASE_URL" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("run", [run_worker, run_api, run_codec])
async def test_the_processes_ask_before_they_start(environment: dict[str, str], run: object) -> None:
    environment["PLACEMENT_KEYS_FILE"] = "/nowhere/key-ring.json"
    assert callable(run)
    with pytest.raises(UnfitForProduction, match="PLACEMENT_KEYS_FILE"):
        await run(read_settings(environment), asyncio.Event())


async def test_the_codec_server_of_an_installation_serves_its_page(environment: dict[str, str]) -> None:
    """For the Host name of its own address, with cookies that browsers send over TLS alone."""
    environment["PLACEMENT_CODEC_PORT"] = str(free_port())
    settings, stop = read_settings(environment), asyncio.Event()
    serving = asyncio.create_task(run_codec(settings, stop))
    here = f"http://127.0.0.1:{settings.codec_port}"
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(30):
        while True:
            try:
                page = await http.get(here, headers={"Host": "codec.agency.example"})
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
        stranger = await http.get(here, headers={"Host": "elsewhere.example"})
    stop.set()
    await serving
    assert page.status_code == 200
    assert stranger.status_code == 400


# -- the record itself --------------------------------------------------------------------------------


async def test_the_record_must_be_ours_to_work_in_and_safe(databases: Databases) -> None:
    """The cluster of the tests does not write durably, on purpose: that, and only that, is refused of the right role."""
    with pytest.raises(UnfitForProduction) as unsafe:
        await refuse_unfit_record(databases.worker, "worker")
    assert {str(refusal).split(" with ")[1] for refusal in unsafe.value.refusals} == {
        "fsync = off: set it to on",
        "full_page_writes = off: set it to on",
        "synchronous_commit = off: set it to on",
    }
    with pytest.raises(UnfitForProduction, match="as placement_api, not as placement_owner"):
        await refuse_unfit_record(databases.owner, "api")


async def test_a_durable_record_with_its_roles_passes(tmp_path: Path) -> None:
    """Before the first migration a role that is missing, and one that could step over the grants, are named."""
    postgres = EmbeddedPostgres(tmp_path / "data", free_port(), tmp_path / "keys")
    postgres.start()
    try:
        postgres.create_database("placement")
        worker = Database(postgres.url("worker", "placement"), pool_size=1)
        try:
            await refuse_unfit_record(worker, "worker")
            postgres._sql("ALTER ROLE placement_worker BYPASSRLS; DROP ROLE placement_auditor;")
            with pytest.raises(UnfitForProduction) as unfit:
                await refuse_unfit_record(worker, "worker")
            assert "take its special rights away" in str(unfit.value)
            assert "without the roles placement_auditor" in str(unfit.value)
        finally:
            await worker.close()
    finally:
        postgres.stop()
    assert "placement_auditor" in ROLES
    gone = Database(postgres.url("worker", "placement"), pool_size=1)
    with pytest.raises(UnfitForProduction, match="leads to no record that answers"):
        await refuse_unfit_record(gone, "worker")
    await gone.close()


def _verifying(url: str, port: int, ca: Path, *, host: str = "localhost") -> str:
    query = {"sslmode": "verify-full", "sslrootcert": str(ca)}
    return make_url(url).set(host=host, port=port, query=query).render_as_string(hide_password=False)


async def test_the_record_is_reached_over_verified_tls(
    databases: Databases, cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    authority = authority_in(tmp_path)
    url = cluster.url("worker", databases.name)
    async with tls_door(cluster.port, authority.server_context()) as door:
        database = Database(_verifying(url, door.port, authority.ca_file), pool_size=1)
        async with database.transaction() as session:
            assert await session.scalar(text("SELECT current_user")) == "placement_worker"
        await database.close()
        assert door.shaken == 1


@pytest.mark.parametrize("wrong", [*WRONG_CERTIFICATES, "no TLS at all"])
async def test_an_unverified_record_is_not_spoken_to(
    databases: Databases, cluster: EmbeddedPostgres, tmp_path: Path, wrong: str
) -> None:
    """Not one byte of the login reaches a server that cannot prove who it is."""
    authority = authority_in(tmp_path)
    context: ssl.SSLContext | None = None
    if wrong in WRONG_CERTIFICATES:
        context = wrong_context(tmp_path, authority, wrong)
    async with tls_door(cluster.port, context) as door:
        url = _verifying(cluster.url("worker", databases.name), door.port, authority.ca_file)
        database = Database(url, pool_size=1)
        with pytest.raises((OSError, DBAPIError)):
            async with database.transaction() as session:
                await session.execute(text("SELECT 1"))
        await database.close()
        assert door.shaken == 0
