"""Style sheets and scripts: our own, and a few files of npm packages served as they come, packed for who takes gzip."""

import gzip
import hashlib
import mimetypes
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.problems import unknown

ROOM = Path(__file__).parents[1]
OWN = ROOM / "static"
VENDOR = {
    "govuk-frontend.css": "govuk-frontend/dist/govuk/govuk-frontend.min.css",
    "govuk-frontend.js": "govuk-frontend/dist/govuk/govuk-frontend.min.js",
    "moj-frontend.css": "@ministryofjustice/frontend/moj/moj-frontend.min.css",
    "htmx.js": "htmx.org/dist/htmx.min.js",
}
"""Only these: the packages also hold a font and a crest that may not be used outside their own site."""

_FONT_FACE = re.compile(rb"@font-face\s*\{[^}]*\}")
_OTHER_FONT = re.compile(rb"\"?GDS Transport\"?,\s*arial,\s*sans-serif")
"""The packages' own font is not ours to use: their style sheets are served with ours in its place."""

_IMPORT = re.compile(rb"'\./([a-z-]+\.js)'")
_A_YEAR = "public, max-age=31536000, immutable"


class AssetsMissing(Exception):
    """The npm packages are not installed; the message says how to install them."""


@dataclass(frozen=True)
class Asset:
    """One file with the digest that its address carries."""

    content: bytes
    packed: bytes
    """The same in gzip. Pages themselves are never packed: docs/decisions/0009."""
    media_type: str
    digest: str


class Assets:
    """Every file the pages may load, read once."""

    def __init__(self, packages: Path | None = None) -> None:
        """`packages` is the node_modules folder. Raises AssetsMissing."""
        packages = packages or node_modules()
        files = {path.name: path for path in sorted(OWN.iterdir()) if path.is_file()}
        files |= {name: packages / path for name, path in VENDOR.items()}
        self._held = {name: _read(name, path) for name, path in files.items()}
        self._held["placement.js"] = self._with_addresses(self._held["placement.js"])

    def get(self, name: str) -> Asset | None:
        """One file, or None."""
        return self._held.get(name)

    def _with_addresses(self, script: Asset) -> Asset:
        """A script that names another file gets its address with the digest, or browsers would keep an old one."""
        content = _IMPORT.sub(lambda found: f"'{self.address(found[1].decode())}'".encode(), script.content)
        return _asset(content, script.media_type)

    def address(self, name: str) -> str:
        """The file's address; another content has another address."""
        return f"/static/{name}?v={self._held[name].digest}"


def node_modules() -> Path:
    """The npm packages: beside the rooms in a checkout, else at the root of the Python environment."""
    checkout = ROOM.parent / "node_modules"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "node_modules"


def _read(name: str, path: Path) -> Asset:
    try:
        content = path.read_bytes()
    except OSError:
        raise AssetsMissing(
            f"{path.name} of the web pages is not installed: run `make install`, or `npm ci` beside package.json"
        ) from None
    if name.endswith(".css"):
        content = _OTHER_FONT.sub(b"var(--sp-font)", _FONT_FACE.sub(b"", content))
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return _asset(content, kind)


def _asset(content: bytes, media_type: str) -> Asset:
    packed = gzip.compress(content, mtime=0)
    return Asset(content, packed, media_type, hashlib.sha256(content).hexdigest()[:12])


def assets_router(assets: Assets) -> APIRouter:
    """Serves them; they hold nothing about anybody and may be kept by browsers."""
    router = APIRouter(include_in_schema=False)

    @router.get("/static/{name}")
    async def asset(request: Request, name: str) -> Response:
        held = assets.get(name)
        if held is None:
            raise unknown("file")
        kept = _A_YEAR if request.query_params.get("v") == held.digest else "no-cache"
        headers = {"Cache-Control": kept, "Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff"}
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(held.content, media_type=held.media_type, headers=headers)
        return Response(
            held.packed, media_type=held.media_type, headers=headers | {"Content-Encoding": "gzip"}
        )

    return router
