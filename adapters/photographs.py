"""Photographs of a paper become one PDF: upright, no larger than they need be, and without what the camera adds."""

from collections.abc import Sequence
from io import BytesIO

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image, ImageOps

from procedures.refusals import Refused

MOST_PAGES = 10
MOST_PIXELS = 80_000_000
"""More than telephones take; an image that would unfold to more is not opened."""
_LONG_SIDE = 2339
"""Pixels: A4 at 200 dots per inch, as papers are scanned."""
_QUALITY = 80
_A4 = (595.0, 842.0)
"""Points."""
_RULE = "A-B1"
_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def is_photograph(content: bytes) -> bool:
    """True for JPEG and PNG, by their first bytes; what a file is called says nothing."""
    return content.startswith(_STARTS)


def pdf_of_photographs(photographs: Sequence[bytes]) -> bytes:
    """One page for each photograph, in order; the same photographs give the same bytes. Blocks: call it in a thread.

    Place, time and device stay behind: only the picture goes along. Raises Refused (A-B1) for what cannot be opened.
    """
    if len(photographs) > MOST_PAGES:
        raise Refused(_RULE, f"At most {MOST_PAGES} photographs make one paper: scan a longer one to a PDF.")
    with Pdf.new() as document:
        for number, content in enumerate(photographs, start=1):
            _add_page(document, _picture(content, number))
        written = BytesIO()
        document.save(written, static_id=True)
    return written.getvalue()


def _picture(content: bytes, number: int) -> Image.Image:
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Refused(_RULE, f"Photograph {number} is too large: take it with fewer pixels.")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused(_RULE, f"Photograph {number} is damaged and cannot be read: take it again.") from None
    upright.thumbnail((_LONG_SIDE, _LONG_SIDE))
    return upright


def _add_page(document: Pdf, picture: Image.Image) -> None:
    """The picture as large as the page allows, the page lying when the picture lies."""
    packed = BytesIO()
    picture.save(packed, "JPEG", quality=_QUALITY)
    image = Stream(document, packed.getvalue())
    image.Type, image.Subtype, image.Filter = Name.XObject, Name.Image, Name.DCTDecode
    image.Width, image.Height, image.BitsPerComponent = picture.width, picture.height, 8
    image.ColorSpace = Name.DeviceRGB
    width, height = _A4 if picture.height >= picture.width else _A4[::-1]
    scale = min(width / picture.width, height / picture.height)
    drawn = f"q {picture.width * scale:.2f} 0 0 {picture.height * scale:.2f} 0 0 cm /Paper Do Q"
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, width, height]),
        Resources=Dictionary(XObject=Dictionary(Paper=image)),
        Contents=Stream(document, drawn.encode()),
    )
    document.pages.append(pikepdf.Page(document.make_indirect(page)))
