"""`placement voids import FILE`: what it keeps, what it says, and how it ends."""

from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from activities.void_properties import VoidImport
from adapters.register_csv import BadRow
from adapters.settings import read_settings
from models.tables.placement import VoidProperty
from tests.conftest import Databases
from workers.cli import build_app
from workers.void_command import import_file, report
from workers.wiring import wall_clock

HEADER = "property_ref,address,area_office,state,notes\n"


async def test_voids_import_reads_the_file_into_the_record(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "voids.csv"
    file.write_text(f"\ufeff{HEADER}V-1,1 Empty Street,Harbourview,void,\nV-2,,,void,\n", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", databases.worker.engine.url.render_as_string(False))
    monkeypatch.setenv("PLACEMENT_HOME", str(tmp_path))
    done, untold = await import_file(read_settings(), file, wall_clock())
    assert (done.good, len(done.bad), untold) == (1, 1, [])
    async with databases.api.transaction() as session:
        [kept] = await session.scalars(select(VoidProperty))
    assert (kept.property_ref, kept.state, kept.region) == ("V-1", "void", "national")


@pytest.mark.req("AMB-P3-15")
def test_voids_import_says_what_it_did_and_whom_it_could_not_tell() -> None:
    done = VoidImport(good=2, void=1, bad=[BadRow(4, "the state is wrong")], gone={"C1": "let"})
    lines = report(done, ["C1"])
    assert lines[0].startswith("3 rows: 2 good, 1 bad. 1 void; 1 open matches")
    assert lines[1] == "line 4: the state is wrong"
    assert "C1" in lines[2]
    many = VoidImport(good=1, bad=[BadRow(n, "wrong") for n in range(300)])
    assert report(many, [])[-1].startswith("and 100 more bad rows")


def test_voids_import_of_an_unusable_file_ends_with_a_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "voids.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    monkeypatch.setenv("PLACEMENT_HOME", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    result = CliRunner().invoke(build_app("voids"), ["voids", "import", str(file)])
    assert result.exit_code == 1
    assert "add property_ref" in result.output
