"""Turns the marked boxes of a tagged PDF into form fields at the same place and in the same reading order."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Pdf

_SCHEME = "field:"
_MULTILINE = 1 << 12
_RADIO = (1 << 14) | (1 << 15)
"""No toggle to off, radio."""
_TALL = 40
"""Points: a box taller than this takes several lines."""


def with_fields_to_fill_in(pdf: bytes, labels: Mapping[str, str]) -> bytes:
    """Replace every link `field:key` by a text field and every `field:key=value` by one button of a choice.

    `labels` gives the wording of each `key` and `key=value`, read out by screen readers. The output is deterministic.
    """
    with pikepdf.open(BytesIO(pdf)) as document:
        form = document.make_indirect(
            Dictionary(
                Fields=Array(),
                DA=pikepdf.String("/Helv 10.5 Tf 0 g"),
                DR=Dictionary(Font=Dictionary(Helv=_helvetica(document))),
            )
        )
        document.Root.AcroForm = form
        structure = _structure_by_parent(document)
        choices: dict[str, Any] = {}
        for page in document.pages:
            for annotation in page.obj.get(Name.Annots, Array()):
                target = str(annotation.get(Name.A, Dictionary()).get(Name.URI, ""))
                if not target.startswith(_SCHEME):
                    continue
                target = target.removeprefix(_SCHEME)
                key, _, choice = target.partition("=")
                _make_widget(annotation, page.obj, labels[target])
                structure[int(annotation.StructParent)].S = Name.Form
                if not choice:
                    _make_text_field(document, annotation, key)
                    form.Fields.append(annotation)
                    continue
                if key not in choices:
                    choices[key] = _choice_field(document, key, labels[key])
                    form.Fields.append(choices[key])
                _join_choice(document, annotation, choices[key], choice)
            page.obj.Tabs = Name.S
        output = BytesIO()
        document.save(output, deterministic_id=True)
        return output.getvalue()


def _helvetica(document: Pdf) -> Any:
    return document.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    )


def _structure_by_parent(document: Pdf) -> dict[int, Any]:
    numbers = document.Root.StructTreeRoot.ParentTree.Nums
    return {int(numbers[i]): numbers[i + 1] for i in range(0, len(numbers), 2)}


def _make_widget(annotation: Any, page: Any, label: str) -> None:
    for link_only in (Name.A, Name.Contents, Name.Border):
        if link_only in annotation:
            del annotation[link_only]
    annotation.Subtype = Name.Widget
    annotation.P = page
    annotation.TU = pikepdf.String(label)


def _size(annotation: Any) -> tuple[float, float]:
    left, bottom, right, top = (float(edge) for edge in annotation.Rect)
    return right - left, top - bottom


def _appearance(document: Pdf, annotation: Any, drawing: bytes) -> Any:
    width, height = _size(annotation)
    stream = document.make_stream(drawing)
    stream.Type, stream.Subtype = Name.XObject, Name.Form
    stream.BBox = Array([0, 0, width, height])
    stream.Resources = Dictionary()
    return stream


def _make_text_field(document: Pdf, annotation: Any, key: str) -> None:
    annotation.FT = Name.Tx
    annotation.T = pikepdf.String(key)
    annotation.Ff = _MULTILINE if _size(annotation)[1] > _TALL else 0
    annotation.DA = pikepdf.String("/Helv 10.5 Tf 0 g")
    annotation.AP = Dictionary(N=_appearance(document, annotation, b"/Tx BMC EMC"))


def _choice_field(document: Pdf, key: str, label: str) -> Any:
    return document.make_indirect(
        Dictionary(
            FT=Name.Btn,
            T=pikepdf.String(key),
            TU=pikepdf.String(label),
            Ff=_RADIO,
            V=Name.Off,
            Kids=Array(),
        )
    )


def _join_choice(document: Pdf, annotation: Any, field: Any, choice: str) -> None:
    width, height = _size(annotation)
    cross = f"1.4 w 2 2 m {width - 2:.2f} {height - 2:.2f} l 2 {height - 2:.2f} m {width - 2:.2f} 2 l S"
    on = _appearance(document, annotation, cross.encode())
    annotation.AP = Dictionary(
        N=Dictionary({"/Off": _appearance(document, annotation, b""), f"/{choice}": on})
    )
    annotation.AS = Name.Off
    annotation.Parent = field
    field.Kids.append(annotation)
