"""Delivering the report and reading the Friday run."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from starlette.datastructures import UploadFile

from api.reports import MOST_BYTES
from models.tables.report import ReportEntry
from procedures.terms import Role
from tests.api.office import AWS, Office
from tests.workflows.people import TOM
from tests.workflows.running import HEADINGS


def _file(*rows: str) -> dict[str, Any]:
    return {"file": ("report.csv", "\n".join((HEADINGS, *rows)).encode(), "text/csv")}


@pytest.mark.req("PRV-2")
async def test_1_1_a_posted_report_is_accounted_for_row_by_row_and_kept_nowhere(
    office: Office, tmp_path: Any
) -> None:
    """Counts of the file; the same file again changes nothing; the content never touches a disk."""
    machine = office.client(Role.MACHINE, regions=())
    long_row = TOM.row().replace("1 Made Up Road", "1 Made Up Road " + "x" * 1_500_000)
    rolled: list[bool] = []
    close = UploadFile.close

    async def watched(self: UploadFile) -> None:
        rolled.append(bool(getattr(self.file, "_rolled", False)))
        await close(self)

    with patch.object(UploadFile, "close", watched):
        first = await machine.post("/api/reports", files=_file(long_row))
    assert rolled == [False]
    assert first.status_code == 201, first.text
    posted = await machine.post(
        "/api/reports", files=_file(TOM.row(), TOM.row(), "New CSO,,,,,,,,,,,"), data={"friday": "2026-11-20"}
    )
    assert posted.status_code == 201, posted.text
    assert {name: posted.json()[name] for name in ("id", "read", "accepted", "rejected", "repeated")} == {
        "id": "2026-11-20",
        "read": 3,
        "accepted": 1,
        "rejected": 1,
        "repeated": 1,
    }
    entries = await office.count(ReportEntry)
    again = await machine.post(
        "/api/reports", files=_file(TOM.row(), TOM.row(), "New CSO,,,,,,,,,,,"), data={"friday": "2026-11-20"}
    )
    assert (again.status_code, again.json()["already_known"]) == (200, True)
    assert await office.count(ReportEntry) == entries


async def test_1_1_a_run_shows_counts_and_rows_without_personal_data(office: Office) -> None:
    """read, accepted, rejected, repeated, resolved, waiting; rows page by page, with no name in them."""
    await office.case("C1", entry_id="E1")
    await office.case("C2", entry_id="E2", closed_at=datetime(2026, 11, 27, 2, tzinfo=UTC))
    await office.entry("E1", "C1", row=2, outcome="potential_match")
    await office.entry("E2", "C2", row=3, outcome="no_match")
    await office.entry("E3", None, row=4, state="rejected", raw={"Surname": "Tester"})
    client = office.client(AWS)
    run = await client.get("/api/reports/2026-11-27", params={"limit": 2})
    assert run.json()["counts"] == {
        "read": 3,
        "accepted": 1,
        "rejected": 1,
        "repeated": 1,
        "resolved": 2,
        "waiting_for_corrections": 1,
    }
    assert "Tester" not in run.text
    assert [line["id"] for line in run.json()["entries"]["items"]] == ["E1", "E2"]
    rest = await client.get(
        "/api/reports/2026-11-27", params={"limit": 2, "cursor": run.json()["entries"]["next"]}
    )
    assert [line["id"] for line in rest.json()["entries"]["items"]] == ["E3"]
    assert [item["id"] for item in (await client.get("/api/reports")).json()["items"]] == ["2026-11-27"]
    assert (await client.get("/api/reports/2026-11-20")).status_code == 404


async def test_what_is_no_report_is_refused_before_anything_is_written(office: Office) -> None:
    """No file, no form, not a Friday, too large."""
    machine = office.client(Role.MACHINE, regions=())
    assert (await machine.post("/api/reports", data={"friday": "2026-11-27"})).status_code == 422
    assert (await machine.post("/api/reports", json={})).status_code == 422
    saturday = await machine.post("/api/reports", files=_file(), data={"friday": "2026-11-28"})
    assert saturday.status_code == 422
    large = await machine.post("/api/reports", files={"file": ("r.csv", b"x" * (MOST_BYTES + 1), "text/csv")})
    assert large.status_code == 413
    assert await office.count(ReportEntry) == 0


@pytest.mark.req("P1.S1.N4")
async def test_1_1_the_report_cannot_be_downloaded(office: Office) -> None:
    """No endpoint answers a file: every answer of the API is JSON, or figures."""
    document = (await office.client().get("/openapi.json")).json()
    kinds = {
        kind
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for kind in response.get("content", {})
    }
    assert kinds <= {"application/json", "application/problem+json"}
