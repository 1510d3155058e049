"""Photographs of a paper: one PDF, upright, small, and nothing of the camera; what cannot be opened is refused."""

import re
from io import BytesIO

import pikepdf
import pytest
from PIL import Image

from adapters import photographs
from adapters.photographs import is_photograph, pdf_of_photographs
from adapters.received_pdf import check_pdf
from procedures.refusals import Refused

OURS = re.compile(r"\bNO-REFERENCE\b")
_ORIENTATION, _MAKE = 0x0112, 0x010F
TURNED = 6
"""EXIF: the camera was held upright, the picture lies."""


def photograph(width: int = 400, height: int = 300, *, kind: str = "JPEG", turned: bool = False) -> bytes:
    """A picture of nothing, with the name of an invented camera."""
    exif = Image.Exif()
    exif[_MAKE] = "Invented Camera"
    if turned:
        exif[_ORIENTATION] = TURNED
    written = BytesIO()
    Image.new("RGB", (width, height), "white").save(written, kind, exif=exif)
    return written.getvalue()


def test_3_6_photographs_become_one_checked_pdf_in_order_and_upright() -> None:
    taken = [photograph(turned=True), photograph(kind="PNG")]
    paper = pdf_of_photographs(taken)
    assert check_pdf(paper, our_reference=OURS).pages == 2
    with pikepdf.open(BytesIO(paper)) as opened:
        boxes = [[float(side) for side in page.mediabox[2:]] for page in opened.pages]
    assert boxes == [[595, 842], [842, 595]]
    assert pdf_of_photographs(taken) == paper, "the same photographs are the same document"


def test_place_time_and_device_stay_behind() -> None:
    taken = photograph()
    assert b"Invented Camera" in taken
    assert b"Invented Camera" not in pdf_of_photographs([taken])


def test_a_photograph_is_made_no_larger_than_a_scan() -> None:
    with pikepdf.open(BytesIO(pdf_of_photographs([photograph(3000, 4000)]))) as opened:
        image = opened.pages[0].Resources.XObject.Paper
        assert (int(image.Width), int(image.Height)) == (1754, 2339)


def test_what_is_a_photograph_is_said_by_its_content() -> None:
    assert [is_photograph(content) for content in (photograph(), photograph(kind="PNG"))] == [True, True]
    assert not any(
        is_photograph(content) for content in (b"", b"%PDF-1.7", b"GIF89a", b"\x00\x00\x00\x18ftypheic")
    )


def test_what_cannot_be_opened_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="Photograph 2 is damaged") as caught:
        pdf_of_photographs([photograph(), photograph()[:200]])
    assert caught.value.rule == "A-B1"
    with pytest.raises(Refused, match="At most 10 photographs"):
        pdf_of_photographs([photograph()] * 11)
    monkeypatch.setattr(photographs, "MOST_PIXELS", 400 * 300 - 1)
    with pytest.raises(Refused, match="too large"):
        pdf_of_photographs([photograph()])
