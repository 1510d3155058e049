"""Signing in at a real OpenID provider, the session behind the cookie, and what keeps a page private."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import select

from adapters.identity import OpenIdProvider
from adapters.settings import read_settings
from models.tables.web import WebSession
from procedures.terms import Role
from tests.api.office import AWS, MANAGER, NOW, Office
from tests.pages.desk import desk, hidden, words
from workers.embedded import cast
from workers.embedded.identity_provider import IdentityProvider
from workers.embedded.identity_server import provider_app


@pytest.fixture
async def provided(
    office: Office, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """The office with the embedded provider as its identity provider; a client of that provider's pages."""
    settings = read_settings({"PLACEMENT_HOME": str(tmp_path_factory.mktemp("home"))})
    app = provider_app(IdentityProvider(settings, cast.staff(), clock=NOW.timestamp))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=settings.oidc_issuer) as http:
        provider = OpenIdProvider(
            settings.oidc_issuer, settings.oidc_audience, http=http, clock=NOW.timestamp
        )
        office.resources = replace(office.resources, identity=provider)
        yield http


def browser(office: Office) -> httpx.AsyncClient:
    """A browser that nobody is signed in with."""
    made = office.client()
    made.base_url = httpx.URL("http://127.0.0.1:8000")
    return made


async def picked(provider: httpx.AsyncClient, address: str, subject: str = "advisor-1") -> str:
    """Where the provider sends the browser back to once somebody is picked."""
    asked = await provider.post(address, data={"subject": subject})
    assert asked.status_code == 303, asked.text
    return asked.headers["location"]


async def test_a_person_signs_in_and_the_header_says_who_where_and_as_what(
    office: Office, provided: httpx.AsyncClient
) -> None:
    """Code with PKCE and state; an opaque cookie no script reads; then the page that was asked for."""
    visitor = browser(office)
    turned = await visitor.get("/tasks?view=team")
    assert (turned.status_code, turned.headers["location"]) == (303, "/sign-in?next=/tasks%3Fview%3Dteam")
    leaving = await visitor.get(turned.headers["location"])
    asked = parse_qs(urlsplit(leaving.headers["location"]).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    back = await picked(provided, leaving.headers["location"])
    arrived = await visitor.get(back)
    assert (arrived.status_code, arrived.headers["location"]) == (303, "/tasks?view=team")
    cookie = next(one for one in arrived.headers.get_list("set-cookie") if one.startswith("placement="))
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    page = await visitor.get("/tasks?view=team")
    assert "Mereana Tipoki Advisor Wellbeing Support; region R01" in words(page)
    (event,) = await office.audited("signed in")
    assert (event.actor, event.detail) == ("advisor-1", {})
    async with office.databases.owner.transaction() as session:
        (row,) = list(await session.scalars(select(WebSession)))
    assert row.session_id not in cookie
    again = await visitor.get(back)
    assert again.status_code == 401, "a code is good once"


@pytest.mark.parametrize("wrong", ["state", "another browser", "code"])
async def test_a_sign_in_that_this_browser_did_not_begin_is_refused(
    office: Office, provided: httpx.AsyncClient, wrong: str
) -> None:
    """Another state, another browser, another code: no session."""
    visitor = browser(office)
    leaving = await visitor.get("/sign-in")
    back = await picked(provided, leaving.headers["location"])
    match wrong:
        case "state":
            back = back.split("&state=")[0] + "&state=made-up"
        case "another browser":
            visitor = browser(office)
        case _:
            back = back.replace("code=", "code=x")
    refused = await visitor.get(back)
    assert refused.status_code == 401
    assert "You are not signed in" in refused.text
    assert await office.count(WebSession) == 0


@pytest.mark.parametrize(
    "target",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/\t/elsewhere.example"],
)
async def test_signing_in_leads_to_a_page_of_ours_only(
    office: Office, provided: httpx.AsyncClient, target: str
) -> None:
    visitor = browser(office)
    leaving = await visitor.get("/sign-in", params={"next": target})
    arrived = await visitor.get(await picked(provided, leaving.headers["location"]))
    assert arrived.headers["location"] == "/"


async def test_signing_out_ends_the_session_at_once(office: Office) -> None:
    """The cookie, kept by whoever has it, opens nothing any more."""
    visitor = await desk(office, AWS)
    assert (await visitor.get("/")).status_code == 200
    kept = visitor.client.cookies["placement"]
    assert (await visitor.post("/sign-out")).headers["location"] == "/signed-out"
    visitor.client.cookies.set("placement", kept)
    assert (await visitor.get("/")).status_code == 303
    assert len(await office.audited("signed out")) == 1


@pytest.mark.parametrize(
    ("every", "until"),
    [(timedelta(minutes=61), timedelta(minutes=61)), (timedelta(minutes=30), timedelta(hours=8))],
)
async def test_a_session_ends_after_an_idle_hour_and_after_eight_hours(
    office: Office, every: timedelta, until: timedelta
) -> None:
    """Whoever goes on working signs in again after eight hours."""
    visitor = await desk(office, AWS)
    answers = []
    while office.now < NOW + until:
        office.now += every
        answers.append((await visitor.get("/")).status_code)
    assert set(answers[:-1]) <= {200}
    assert answers[-1] == 303


async def test_a_list_that_refreshes_itself_keeps_no_session_alive(office: Office) -> None:
    """An open page in an empty office is nobody working."""
    visitor = await desk(office, AWS)
    answers = []
    for _ in range(4):
        office.now += timedelta(minutes=20)
        answers.append(await visitor.client.get("/tasks/list", headers={"HX-Request": "true"}))
    assert [answer.status_code for answer in answers] == [200, 200, 401, 401]
    assert answers[-1].headers["hx-redirect"] == "/sign-in"


async def test_a_form_counts_only_with_the_token_of_its_session(office: Office) -> None:
    """No token, another session's token: refused, nothing changed."""
    await office.case("C1")
    await office.task("C1-1", "C1")
    visitor, other = await desk(office, AWS), await desk(office, AWS, subject="u-2")
    bare = await visitor.client.post("/tasks/C1-1/claim", data={})
    theirs = await visitor.client.post("/tasks/C1-1/claim", data={"csrf": other.csrf})
    assert [bare.status_code, theirs.status_code] == [403, 403]
    assert await office.audited("task claimed") == []
    page = await visitor.get("/tasks/C1-1")
    assert hidden(page, "csrf") == visitor.csrf
    assert (await visitor.post("/tasks/C1-1/claim")).status_code == 303


async def test_pages_are_private_and_run_nothing_inline(office: Office) -> None:
    """No cache keeps them, nothing foreign or inline runs, no frame holds them."""
    visitor = await desk(office, AWS)
    for path in ("/", "/tasks", "/policy/1.6", "/nothing-here"):
        page = await visitor.client.get(path, headers={"accept": "text/html"})
        policy = page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "<style" not in page.text
        assert " style=" not in page.text
        assert re.findall(r"<script(?![^>]* src=)", page.text) == []


async def test_static_files_are_an_allow_list(office: Office) -> None:
    """The packages' font and crest are not served, and their style sheets do not name the font."""
    client = office.client()
    for path in (
        "/static/fonts",
        "/static/..%2f..%2fpyproject.toml",
        "/assets/fonts/light-94a07e06a1-v2.woff2",
    ):
        assert (await client.get(path)).status_code == 404
    style = await client.get("/static/govuk-frontend.css")
    assert style.headers["content-type"].startswith("text/css")
    assert "GDS Transport" not in style.text
    assert "@font-face" not in style.text


async def test_static_files_are_packed_and_kept_by_their_digest_alone(office: Office) -> None:
    """Docs/decisions/0009: they hold nothing about anybody; what a script names has its digest too."""
    client = office.client()
    page = await client.get("/signed-out")
    assert "content-encoding" not in page.headers
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text):
        packed = await client.get(address, headers={"accept-encoding": "gzip"})
        plain = await client.get(address, headers={"accept-encoding": "identity"})
        assert (packed.headers["content-encoding"], packed.content) == ("gzip", plain.content)
        assert "immutable" in packed.headers["cache-control"]
        assert "content-encoding" not in plain.headers
    bare = await client.get("/static/placement.js")
    assert bare.headers["cache-control"] == "no-cache"
    (named,) = re.findall(r"from '([^']+)'", bare.text)
    assert "immutable" in (await client.get(named)).headers["cache-control"]


@pytest.mark.req("PRV-19")
@pytest.mark.parametrize(
    ("role", "opens", "closed"),
    [
        (AWS, {"/", "/tasks", "/policy"}, set[str]()),
        (MANAGER, {"/", "/tasks", "/policy"}, set[str]()),
        (Role.COORDINATOR_PLACEMENT, {"/", "/tasks", "/policy"}, set[str]()),
        (Role.AUDITOR, {"/", "/policy"}, {"/tasks", "/tasks/C1-1"}),
        (Role.ADMINISTRATOR, {"/", "/policy"}, {"/tasks", "/tasks/C1-1"}),
    ],
)
async def test_each_role_sees_its_pages(
    office: Office, role: Role, opens: set[str], closed: set[str]
) -> None:
    """A page that is closed to a role says so (403), and the attempt is on record."""
    await office.case("C1")
    await office.task("C1-1", "C1")
    visitor = await desk(office, role)
    for path in opens:
        assert (await visitor.get(path)).status_code == 200, path
    for path in closed:
        assert (await visitor.get(path)).status_code == 403, path
    assert len(await office.audited("refused: work on tasks")) == len(closed)


async def test_in_production_cookies_go_over_tls_to_this_host_alone(
    office: Office, provided: httpx.AsyncClient
) -> None:
    """Whatever the proxy in front says: the provider sends people back over TLS, and cookies need it."""
    settings = replace(office.resources.settings, production=True)
    office.resources = replace(office.resources, settings=settings)
    leaving = await browser(office).get("/sign-in")
    (sent_back_to,) = parse_qs(urlsplit(leaving.headers["location"]).query)["redirect_uri"]
    assert sent_back_to.startswith("https://")
    assert "Secure" in leaving.headers["set-cookie"]
    visitor = await desk(office, AWS)
    assert (await visitor.get("/")).status_code == 303, "the embedded cookie's name means nothing here"
    visitor.client.cookies.set("__Host-placement", visitor.client.cookies["placement"])
    assert (await visitor.get("/")).status_code == 200
    gone = await visitor.post("/sign-out")
    assert "Secure" in gone.headers["set-cookie"]
