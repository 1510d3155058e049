"""An office for tests of the API: tokens of every role, rows put straight into the record, and the application."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import func, insert, select
from temporalio.client import Client

from activities.deadlines import Deadlines
from adapters.documents_by_key import DocumentsByKey
from adapters.identity import OpenIdProvider
from adapters.keys import FieldCipher, KeyRing
from adapters.settings import read_settings
from api.app import create_app
from api.resources import Resources
from models.database import Database
from models.tables.audit import AuditEvent
from models.tables.case import CaseRecord, Task
from models.tables.report import ReportEntry, ReportMessage, ReportRun, SearchRecord
from procedures import EDITION
from procedures.identify_state import IdentifyState
from procedures.terms import Procedure, ReportGroup, Role
from tests.conftest import Databases
from workers.wiring import register_of

ISSUER = "https://id.example"
_KEY = ECKey.generate_key("P-256", {"kid": "office"})
NOW = datetime(2026, 11, 27, 1, 0, tzinfo=UTC)
"""Friday 27 November 2026, 14:00 local."""
AWS, MANAGER, AP = (
    Role.ADVISOR_WELLBEING_SUPPORT,
    Role.MANAGER_HOUSING_WELLBEING_SUPPORT,
    Role.ADVISOR_PLACEMENT,
)


def _provider(request: httpx.Request) -> httpx.Response:
    if request.url.path == "/.well-known/openid-configuration":
        endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        return httpx.Response(
            200, json={"issuer": ISSUER, **{name: f"{ISSUER}/{name}" for name in endpoints}}
        )
    return httpx.Response(200, json={"keys": [_KEY.as_dict(private=False)]})


def token(
    *roles: Role, regions: tuple[str, ...] = ("R01",), subject: str | None = None, expires: float = 3600
) -> str:
    """A signed token of one invented person."""
    subject = subject or f"u-{roles[0].value if roles else 'nobody'}"
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "placement",
        "sub": subject,
        "name": f"{subject.title()} Example",
        "roles": [role.value for role in roles],
        "regions": list(regions),
        "exp": NOW.timestamp() + expires,
    }
    return jwt.encode({"alg": "ES256", "kid": _KEY.kid}, claims, _KEY, algorithms=["ES256"])


SPARE: list[FastAPI] = []
"""Applications that served before: their templates are read and their routes are built, which costs more than a request."""


def application(resources: Resources) -> FastAPI:
    """The application on these resources, as if it had just started. Put it into SPARE when nobody calls it any more."""
    app = SPARE.pop() if SPARE else create_app(resources)
    app.state.resources = resources
    for figure in (app.state.figures.requests, app.state.figures.seconds):
        figure.clear()
    return app


def fresh_state(case_id: str) -> dict[str, Any]:
    """What a case of procedure 1 remembers before its first step."""
    return IdentifyState(
        case_id=case_id,
        procedure=Procedure.IDENTIFY,
        edition=EDITION,
        region="R01",
        step="1.2",
        entry_id=f"E{case_id}",
        group=ReportGroup.NEW_CSO,
        friday=date(2026, 11, 27),
    ).model_dump(mode="json")


@dataclass
class Office:
    """The application with its record; `now` is the clock of the API and can be moved."""

    resources: Resources
    databases: Databases
    now: datetime = NOW
    _clients: list[httpx.AsyncClient] = field(default_factory=list)
    _app: FastAPI | None = None

    def client(self, *roles: Role, **token_of: Any) -> httpx.AsyncClient:
        """A caller with these roles."""
        headers = {"Authorization": f"Bearer {token(*roles, **token_of)}"} if roles or token_of else {}
        made = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._application(), raise_app_exceptions=False),
            base_url="http://placement.test",
            headers=headers,
        )
        self._clients.append(made)
        return made

    def _application(self) -> FastAPI:
        if self._app is None or self._app.state.resources is not self.resources:
            self._app = application(self.resources)
        return self._app

    async def close(self) -> None:
        """Give connections and the application back."""
        for client in self._clients:
            await client.aclose()
        if self._app is not None:
            SPARE.append(self._app)
            self._app = None

    async def put(self, table: type[Any], **values: Any) -> None:
        """One row, as the owner of the record."""
        async with self.databases.owner.transaction() as session:
            await session.execute(insert(table).values(**values))

    async def case(self, case_id: str, procedure: str = "identify", region: str = "R01", **more: Any) -> str:
        """A case in the record."""
        values: dict[str, Any] = {
            "edition": EDITION,
            "step": "1.2",
            "waiting_for": "advisor-wellbeing-support",
            "turn": 1,
            "state": {},
            "opened_at": NOW,
        }
        await self.put(
            CaseRecord, **{**values, "case_id": case_id, "procedure": procedure, "region": region, **more}
        )
        return case_id

    async def task(
        self, task_id: str, case_id: str, kind: str = "match_entry", role: Role = AWS, **more: Any
    ) -> str:
        """A task in the record."""
        values: dict[str, Any] = {
            "step": "1.2",
            "region": "R01",
            "state": "open",
            "urgent": False,
            "context": {},
            "opened_at": NOW,
            "version": 1,
            "procedure": select(CaseRecord.procedure).where(CaseRecord.case_id == case_id).scalar_subquery(),
        }
        await self.put(
            Task,
            **{**values, "task_id": task_id, "case_id": case_id, "kind": kind, "role": role.value, **more},
        )
        return task_id

    async def entry(self, entry_id: str, case_id: str | None, row: int = 1, **more: Any) -> str:
        """A row of the report of Friday 27 November; the run is made when it is not there."""
        async with self.databases.owner.transaction() as session:
            held = await session.get(ReportRun, "2026-11-27")
        if held is None:
            await self.case("CRUN00000", "intake", "national", step="1.1")
            await self.put(
                ReportRun,
                run_id="2026-11-27",
                friday=date(2026, 11, 27),
                case_id="CRUN00000",
                state="received",
                opened_at=NOW,
            )
            await self.put(
                ReportMessage,
                message_key="m1",
                run_id="2026-11-27",
                received_at=NOW,
                content_digest="d",
                read=3,
                accepted=1,
                rejected=1,
                repeated=1,
                unknown_columns=[],
                staged_at=NOW,
            )
        values: dict[str, Any] = {
            "run_id": "2026-11-27",
            "message_key": "m1",
            "row_number": row,
            "state": "accepted",
            "group": "New CSO",
            "surname": "Tester",
            "given_names": "Tom",
            "date_of_birth": date(1980, 1, 2),
            "address": "1 Made Up Road",
            "suburb": "",
            "town": "Faketown",
            "postcode": "0001",
            "corrections_office": "Harbourview",
            "errors": [],
            "notes": [],
            "contradictory": False,
            "absent_from_correction": False,
            "region": "R01",
        }
        await self.put(ReportEntry, **{**values, "entry_id": entry_id, "case_id": case_id, **more})
        return entry_id

    async def searched_entry(self, case_id: str, **row: Any) -> str:
        """A case of procedure 1 whose entry has its three searches on record."""
        await self.case(case_id, turn=0, entry_id=f"E{case_id}", state=fresh_state(case_id))
        await self.entry(f"E{case_id}", case_id, **row)
        for kind in ("name", "address", "date_of_birth"):
            await self.put(
                SearchRecord,
                search_id=f"E{case_id}-{kind}",
                entry_id=f"E{case_id}",
                case_id=case_id,
                kind=kind,
                term="as reported",
                hits=[],
                by="u-1",
                at=NOW,
            )
        return case_id

    async def audited(self, action: str) -> list[AuditEvent]:
        """Audit events with this action."""
        async with self.databases.owner.transaction() as session:
            rows = await session.scalars(
                select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.event_id)
            )
            return list(rows)

    async def count(self, table: type[Any]) -> int:
        """How many rows a table has."""
        async with self.databases.owner.transaction() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0


@asynccontextmanager
async def office_of(
    databases: Databases, client: Client, keys: KeyRing, *, api: Database | None = None
) -> AsyncIterator[Office]:
    """The application on this record and server."""
    http = httpx.AsyncClient(transport=httpx.MockTransport(_provider))
    provider = OpenIdProvider(ISSUER, "placement", http=http, clock=NOW.timestamp)
    made: list[Office] = []
    database = api or databases.api
    folder = TemporaryDirectory(prefix="placement-test-documents-")
    resources = Resources(
        database=database,
        temporal=client,
        register=register_of(database),
        identity=provider,
        cipher=FieldCipher(keys),
        clock=lambda: made[0].now,
        settings=read_settings({}),
        deadlines=Deadlines(database),
        documents=DocumentsByKey(Path(folder.name), keys),
    )
    office = Office(resources, databases)
    made.append(office)
    try:
        yield office
    finally:
        await office.close()
        await provider.close()
        folder.cleanup()


def with_checks(office: Office, **checks: Callable[[], Any]) -> Office:
    """The same office with other readiness checks."""
    return replace(office, resources=replace(office.resources, checks=checks), _clients=[])
