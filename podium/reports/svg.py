"""A figure as SVG that can stand inside an HTML page, next to others."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_LOOK = {"svg.hashsalt": "podium", "svg.fonttype": "path"}
_OWN_STYLE = "stroke-linejoin:round;stroke-linecap:butt"


def figure_svg(figure: Figure) -> str:
    """The figure as one `<svg>` element: the same text for the same figure, on any day.

    Letters are outlines, so that it looks alike without the font. Ids begin with a digest of the
    drawing, so that several can stand in one page. The figure's title is the element's `<title>`,
    for those who cannot see it. Comments, metadata and namespaces are left out.
    """
    raw = _drawn(figure)
    root = ElementTree.fromstring(raw)  # noqa: S314 - Matplotlib's own output
    prefix = f"f{hashlib.sha256(raw).hexdigest()[:8]}-"
    for element in root.iter():
        _make_inline(element, prefix)
    _strip(root)
    root.attrib |= {"role": "img", "style": _OWN_STYLE, "xmlns": "http://www.w3.org/2000/svg"}
    title = ElementTree.Element("title")
    title.text = _title(figure)
    root.insert(0, title)
    return ElementTree.tostring(root, encoding="unicode")


def _drawn(figure: Figure) -> bytes:
    import matplotlib

    file = io.BytesIO()
    with matplotlib.rc_context(_LOOK):  # type: ignore[arg-type]
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def _make_inline(element: ElementTree.Element, prefix: str) -> None:
    """Take the namespaces off names, and put `prefix` before ids and what refers to them."""
    element.tag = element.tag.removeprefix(_SVG)
    found = {key.removeprefix(_XLINK): value for key, value in element.attrib.items()}
    element.attrib.clear()
    element.attrib |= {key: _prefixed(key, value, prefix) for key, value in found.items()}


def _prefixed(key: str, value: str, prefix: str) -> str:
    if key == "id":
        return prefix + value
    if key == "href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    return value.replace("url(#", f"url(#{prefix}")


def _strip(root: ElementTree.Element) -> None:
    """Without metadata, and without Matplotlib's style sheet, which would hold for the page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("metadata", "style") or child.tag.endswith("}metadata"):
                parent.remove(child)


def _title(figure: Figure) -> str:
    """The figure's first line of text, which is its title."""
    return " ".join(figure.texts[0].get_text().split()) if figure.texts else "Figure"
