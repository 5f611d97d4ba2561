"""The confusion matrix, of two classes or many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from podium.errors import UsageError
from podium.reports import style
from podium.reports.text import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MAX_NUMBERED = 15


@style.styled
def confusion_figure(
    matrix: ArrayLike, labels: Sequence[str], *, part: str, subtitle: str = ""
) -> Figure:
    """Rows of each actual class by predicted class: matrix (k, k) of counts, rows = actual.

    The shade is the share of the actual class. Cells carry count and share up to 15 classes, and
    only the shade beyond.

    Raises:
        UsageError: the matrix is not square, or there is not one label per class.
    """
    counts = np.nan_to_num(np.asarray(matrix, dtype=np.float64))
    k = len(labels)
    if counts.shape != (k, k) and counts.size:
        raise UsageError(
            f"The confusion matrix has the shape {counts.shape} for {k} labels.",
            remedy="Pass a square matrix and one label per class.",
        )
    total = counts.sum()
    if not total:
        return style.empty("Confusion matrix", "There are no rows to count.")
    title = f"{percent(np.trace(counts) / total)} of rows are classified correctly"
    line = style.facts(part, int(total), subtitle or _worst_confusion(counts, labels))
    side = float(np.clip(2.2 + 0.62 * k, 3.6, 9.5))
    figure = style.sheet(title, line, size=(max(side + 1.2, 5.4), side))
    _draw_confusion(figure.subplots(), counts, [style.name(x, 18) for x in labels])
    return figure


def _worst_confusion(counts: np.ndarray, labels: Sequence[str]) -> str:
    off = counts - np.diag(np.diag(counts))
    row, column = divmod(int(off.argmax()), len(off))
    if not off.max():
        return "no confusions"
    actual, predicted = style.name(labels[row], 18), style.name(labels[column], 18)
    return f"most often confused: {actual!r} taken for {predicted!r} ({off.max():,.0f} rows)"


def _draw_confusion(axes: Axes, counts: np.ndarray, labels: list[str]) -> None:
    k = len(labels)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.full_like(counts, np.nan), where=totals > 0)
    style.dress(axes, x="Predicted", y="Actual")
    axes.imshow(
        np.nan_to_num(shares), cmap=style.shades("white", style.BLUE), vmin=0, vmax=1, aspect="auto"
    )
    tilted = k > 4 and max(map(len, labels)) > 5
    points = style.TICK_POINTS if k <= 20 else 7.5
    axes.set_xticks(
        range(k),
        labels,
        rotation=45 if tilted else 0,
        ha="right" if tilted else "center",
        rotation_mode="anchor" if tilted else "default",
        fontsize=points,
    )
    axes.set_yticks(range(k), labels, fontsize=points)
    axes.tick_params(length=0, labelsize=points)
    axes.yaxis.labelpad = 8
    axes.set_xticks(np.arange(k - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(k - 1) + 0.5, minor=True)
    axes.grid(visible=True, which="minor", color="white", linewidth=1.5 if k <= 15 else 0.6)
    axes.tick_params(which="minor", length=0)
    axes.spines[:].set_visible(False)
    if k <= _MAX_NUMBERED:
        _write_cells(axes, counts, shares)


def _write_cells(axes: Axes, counts: np.ndarray, shares: np.ndarray) -> None:
    k = len(counts)
    points = float(np.clip(12.5 - 0.35 * k, 7.2, 10.5))
    for (row, column), count in np.ndenumerate(counts):
        share = float(shares[row, column])
        text = f"{count:,.0f}\n{percent(share)}" if count else "0"
        colour = "white" if share > 0.55 else style.INK if count else style.MISSING
        cell = axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=points)
        cell.set_in_layout(False)  # it lies inside the frame, and measuring 225 of them is slow
