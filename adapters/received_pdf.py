"""Looks at a PDF that came from outside before anyone keeps it: harmless, readable, and which of our forms it is."""

import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pikepdf
import pypdf
from pikepdf import Array, Dictionary, Name, Pdf
from pypdf.errors import PyPdfError

from procedures.refusals import Refused

SIZE_LIMIT = 20 * 1024 * 1024
"""Bytes."""
PAGE_LIMIT = 100

_RULE = "A-B1"
_ODD = (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError)
"""What the readers raise on a file whose parts are not what they claim to be."""
_PRINT_AGAIN = "print it to a new PDF and send that, or scan the paper"
_ACTIVE_ACTIONS = (
    "/JavaScript",
    "/Launch",
    "/ImportData",
    "/SubmitForm",
    "/GoToE",
    "/Movie",
    "/Rendition",
    "/RichMediaExecute",
)
_ACTIVE_KEYS = ("/JS", "/JavaScript", "/EmbeddedFiles", "/RichMediaContent", "/XFA")
_ACTIVE_TYPES = ("/EmbeddedFile",)
_ACTIVE_SUBTYPES = ("/FileAttachment", "/RichMedia", "/Movie", "/Screen", "/3D")

# pypdf reports odd files in its log, with pieces of them.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class ReceivedPdf:
    """What a checked file is; nothing of this is logged."""

    pages: int
    sha256: str
    text_sha256: str | None
    """Digest of the text and the filled-in parts without their spacing; None for a scan, which holds no text."""
    our_reference: str | None
    """The one reference of ours in the text; None when there is none or when there are several."""
    filled_in: Mapping[str, str]
    """Parts filled in on screen, by the key of the part; empty for a scan."""


def check_pdf(content: bytes, *, our_reference: re.Pattern[str]) -> ReceivedPdf:
    """Check a received file. Blocks for up to seconds on a large file: call it in a thread.

    Raises Refused (A-B1) with what to do when it is not a PDF, too large, encrypted, damaged or holds active content.
    """
    if len(content) > SIZE_LIMIT:
        raise Refused(
            _RULE, f"The file is larger than {SIZE_LIMIT // 2**20} MB: scan it in grey at 200 dots per inch."
        )
    if b"%PDF-" not in content[:1024]:
        raise Refused(_RULE, "The file is not a PDF: save it as PDF and send it again.")
    try:
        with pikepdf.open(BytesIO(content)) as document:
            pages = _refuse_unfit(document)
            filled_in = _filled_in(document)
    except pikepdf.PasswordError:
        raise Refused(
            _RULE, "The PDF is protected by a password: ask for it without; secure mail protects it."
        ) from None
    except (pikepdf.PdfError, *_ODD):
        raise Refused(_RULE, f"The PDF is damaged and cannot be read in full: {_PRINT_AGAIN}.") from None
    text = _text(content)
    words = "".join((text + "".join(filled_in.values())).split())
    found = {match.group(0) for match in our_reference.finditer(text)}
    return ReceivedPdf(
        pages=pages,
        sha256=hashlib.sha256(content).hexdigest(),
        text_sha256=hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else None,
        our_reference=found.pop() if len(found) == 1 else None,
        filled_in=filled_in,
    )


def _refuse_unfit(document: Pdf) -> int:
    if document.is_encrypted:
        raise Refused(_RULE, f"The PDF is encrypted: {_PRINT_AGAIN}.")
    pages = len(document.pages)
    if not 0 < pages <= PAGE_LIMIT:
        raise Refused(_RULE, f"The PDF has {pages} pages: send between 1 and {PAGE_LIMIT}.")
    if any(_is_active(entry) for entry in document.objects):
        raise Refused(_RULE, f"The PDF holds a program, an attached file or an action: {_PRINT_AGAIN}.")
    return pages


def _is_active(entry: Any, depth: int = 0) -> bool:
    """True when an object, or one written inside it, can run, fetch or carry something besides pages."""
    if depth > 60:
        return True
    if isinstance(entry, Array):
        return any(_is_active(inner, depth + 1) for inner in entry if not _is_reference(inner))
    if not isinstance(entry, Dictionary | pikepdf.Stream):
        return False
    if (
        str(entry.get(Name.S, "")) in _ACTIVE_ACTIONS
        or str(entry.get(Name.Type, "")) in _ACTIVE_TYPES
        or str(entry.get(Name.Subtype, "")) in _ACTIVE_SUBTYPES
        or any(key in entry for key in _ACTIVE_KEYS)
    ):
        return True
    return any(_is_active(inner, depth + 1) for inner in entry.values() if not _is_reference(inner))


def _is_reference(entry: Any) -> bool:
    """An indirect object is looked at by itself, in the list of all objects."""
    return isinstance(entry, pikepdf.Object) and entry.is_indirect


def _filled_in(document: Pdf) -> dict[str, str]:
    form = document.Root.get(Name.AcroForm, Dictionary())
    values: dict[str, str] = {}
    for field in form.get(Name.Fields, Array()):
        key, value = field.get(Name.T), field.get(Name.V)
        if key is None or not isinstance(value, pikepdf.String | Name):
            continue
        words = str(value).removeprefix("/") if isinstance(value, Name) else str(value)
        if words.strip() and words != "Off":
            values[str(key)] = "\n".join(words.splitlines()).strip()
    return values


def _text(content: bytes) -> str:
    """The text of all pages; empty for a scan or where it cannot be read, which refuses nothing."""
    try:
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages)
    except (PyPdfError, *_ODD):
        return ""
