"""What the tests read off a figure, after drawing it."""

from __future__ import annotations

import io

from matplotlib.figure import Figure
from matplotlib.text import Text


def png(figure: Figure) -> bytes:
    """The figure as MLflow saves it."""
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def words(figure: Figure) -> str:
    """Every visible text of the drawn figure, on one line each; wrapped lines are joined."""
    return "\n".join(" ".join(text.get_text().split()) for text in _texts(figure))


def clipped(figure: Figure) -> list[str]:
    """Texts that reach beyond the figure's edge by more than a pixel."""
    frame = figure.bbox.padded(1)
    found = []
    for text in _texts(figure):
        box = text.get_window_extent()
        inside = frame.x0 <= box.x0 and frame.y0 <= box.y0
        if not (inside and box.x1 <= frame.x1 and box.y1 <= frame.y1):
            found.append(text.get_text())
    return found


def _texts(figure: Figure) -> list[Text]:
    png(figure)
    unseen = _labels_out_of_view(figure)
    texts = figure.findobj(Text)
    return [t for t in texts if t.get_visible() and t.get_text().strip() and t not in unseen]


def _labels_out_of_view(figure: Figure) -> set[Text]:
    """Labels of ticks beyond the axis' limits: Matplotlib holds them and does not draw them."""
    labels = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
            if not (axis.axes.axison and low <= tick.get_loc() <= high):
                labels |= {tick.label1, tick.label2}
    return labels
