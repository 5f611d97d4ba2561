"""One look for every figure: colours, sheet and header, axes, labels.

Matplotlib is imported inside the functions only, so importing this module costs nothing, and
figures are made with the object API: no pyplot, no state that outlives a call.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

import numpy as np

from podium.reports.text import shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

INK = "#1b1f24"
GREY = "#69707a"
RULE = "#dfe3e8"
MISSING = "#b4bac2"
BLUE = "#1f6fb2"
PALE_BLUE = "#a8c9e4"
ORANGE = "#d0580a"
PALE_ORANGE = "#f0c9a8"
# Okabe and Ito's colours, which the common forms of colour-blindness keep apart; yellow left out.
CLASSES = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#b5508d",
    "#3fa3dc",
    "#c98a00",
    "#5b4b8a",
    "#1b1f24",
)

DPI = 110
TITLE_POINTS, SUBTITLE_POINTS, LABEL_POINTS, TICK_POINTS = 12.5, 9.5, 9.5, 9.0
_TITLE_LINE, _SUBTITLE_LINE, _HEADER_PAD = 0.23, 0.18, 0.16  # inches
_LOOK: dict[Any, Any] = {
    "axes.edgecolor": GREY,
    "axes.facecolor": "white",
    "axes.grid": False,
    "axes.labelcolor": GREY,
    "axes.labelsize": LABEL_POINTS,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": LABEL_POINTS,
    "lines.linewidth": 1.8,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a column's name is a dollar sign
    "text.usetex": False,
    "xtick.color": GREY,
    "ytick.color": GREY,
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a figure function under Podium's look, and leave the caller's rcParams as they were."""

    @wraps(draw)
    def inside(*args: P.args, **kwargs: P.kwargs) -> Figure:
        import matplotlib

        with matplotlib.rc_context(_LOOK):
            return draw(*args, **kwargs)

    return inside


def sheet(title: str, subtitle: str = "", *, size: tuple[float, float] = (6.6, 4.4)) -> Figure:
    """An Agg figure with its header; `size` is what lies below the header, in inches.

    The title and the grey subtitle are left-aligned and wrapped to the width; the rest of the
    figure is laid out under them, so that nothing can run into them.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    width, height = size
    titles = textwrap.wrap(drawable(title), int(width * 9.3)) or [""]
    subtitles = textwrap.wrap(drawable(subtitle), int(width * 12.6))
    header = 2 * _HEADER_PAD + len(titles) * _TITLE_LINE + len(subtitles) * _SUBTITLE_LINE
    total = height + header
    share = 1 - header / total
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.08, rect=(0, 0, 1, share))
    figure = Figure(figsize=(width, total), dpi=DPI, layout=layout)
    FigureCanvasAgg(figure)
    y = 1 - _HEADER_PAD / total
    figure.text(_HEADER_PAD / width, y, "\n".join(titles), **_header(TITLE_POINTS, "bold"))
    y -= (len(titles) * _TITLE_LINE + 0.03) / total
    subtitle_look = {**_header(SUBTITLE_POINTS, "normal"), "color": GREY}
    figure.text(_HEADER_PAD / width, y, "\n".join(subtitles), **subtitle_look)
    return figure


def _header(points: float, weight: str) -> dict[str, Any]:
    return {"fontsize": points, "fontweight": weight, "va": "top", "linespacing": 1.25}


def empty(title: str, sentence: str) -> Figure:
    """A figure with a header and, in place of a chart, a sentence that says why there is none."""
    figure = sheet(title, size=(6.6, 2.4))
    say(figure.subplots(), sentence)
    return figure


def say(axes: Axes, sentence: str) -> None:
    """Empty a panel and write a sentence into its middle."""
    axes.set_axis_off()
    text = "\n".join(textwrap.wrap(drawable(sentence), 60))
    axes.text(0.5, 0.5, text, ha="center", va="center", color=GREY, transform=axes.transAxes)


def dress(
    axes: Axes,
    *,
    x: str = "",
    y: str = "",
    grid: Literal["", "x", "y", "both"] = "",
    shares: Literal["", "x", "y", "both"] = "",
) -> None:
    """Name the axes, write ticks as 1,000 (or as percentages where `shares` says so), rule a grid.

    Tick settings are given one by one: ticks are made when the figure is drawn, which is after
    the look's rcParams are gone.
    """
    axes.set_xlabel(drawable(x))
    axes.set_ylabel(drawable(y))
    axes.tick_params(labelsize=TICK_POINTS, labelcolor=INK, color=RULE, width=0.8, length=3)
    axes.set_axisbelow(True)
    _format_ticks(axes.xaxis, share=shares in ("x", "both"))
    _format_ticks(axes.yaxis, share=shares in ("y", "both"))
    if grid:
        axes.grid(visible=True, axis=grid, color=RULE, linewidth=0.7)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(MISSING)


def _format_ticks(axis: Axis, *, share: bool) -> None:
    from matplotlib.ticker import FuncFormatter

    scale, unit = (100.0, "%") if share else (1.0, "")
    axis.set_major_formatter(
        FuncFormatter(lambda v, _: f"{v * scale:,.10g}".replace("-", "−") + unit)
    )


def name_rows(axes: Axes, names: Sequence[str], *, width: int = 28) -> None:
    """Name the panel's horizontal rows 0, 1, ... from the top down, without axis line and ticks."""
    axes.set_yticks(range(len(names)), [name(n, width) for n in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def beside(axes: Axes, place: float, text: str, *, colour: str = GREY) -> None:
    """Write `text` to the right of the panel, at the height of row `place`."""
    axes.text(
        1.01,
        place,
        drawable(text),
        transform=axes.get_yaxis_transform(),
        va="center",
        color=colour,
        fontsize=8,
    )


def few_ticks(axis: Axis, count: int, *, whole: bool = False) -> None:
    """Draw at most about `count` ticks, at whole numbers only for `whole`."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(count, integer=whole, min_n_ticks=1))


def tag(axes: Axes, xy: tuple[float, float], text: str, *, at: tuple[float, float]) -> None:
    """Label a point; `at` is the label's offset in points, and its signs choose the alignment."""
    axes.annotate(
        drawable(text),
        xy,
        xytext=at,
        textcoords="offset points",
        ha="left" if at[0] >= 0 else "right",
        va="center" if at[1] == 0 else "bottom" if at[1] > 0 else "top",
        color=INK,
        fontsize=TICK_POINTS,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5},
    )


def name(text: object, width: int = 28) -> str:
    """A column's, class's or slice's name as one line of at most `width` drawable characters."""
    return drawable(shorten(text, width))


def drawable(text: str) -> str:
    """`text` with a box for each character that the font lacks, of which drawing would warn."""
    if text.isascii() and text.isprintable():
        return text
    known = _glyphs()
    return "".join(c if c == "\n" or (ord(c) in known and c.isprintable()) else "□" for c in text)


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return frozenset(get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def shades(*colours: str) -> LinearSegmentedColormap:
    """A colour map that runs evenly through the given colours."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("podium", list(colours))


def rgba(colour: str) -> tuple[float, float, float, float]:
    """A colour's name as red, green, blue and opacity, each in 0..1."""
    from matplotlib.colors import to_rgba

    return to_rgba(colour)


def limits(low: float, high: float, *, pad: float = 0.05) -> tuple[float, float]:
    """Axis limits around `low` to `high` with a margin of `pad`; never of zero width."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return 0.0, 1.0
    margin = (high - low) * pad or max(abs(high) * 0.1, 0.5)
    return low - margin, high + margin


def apart(positions: Sequence[float], gap: float) -> list[float]:
    """`positions` moved as little as needed to lie at least `gap` from each other, order kept."""
    order = np.argsort(positions, kind="stable")
    placed = np.asarray(positions, dtype=float)
    centre = placed.mean() if placed.size else 0.0
    for before, after in pairwise(order):
        placed[after] = max(placed[after], placed[before] + gap)
    if placed.size:
        placed -= placed.mean() - centre
    return [float(p) for p in placed]


def facts(part: str, rows: int, *more: str) -> str:
    """The subtitle's first words: which part of the data, how many rows, and what else is given."""
    counted = rows_text(rows)
    head = f"{part[:1].upper()}{part[1:]}: {counted}" if part else counted
    return ", ".join([head, *(m for m in more if m)])


def rows_text(count: int) -> str:
    """`1 row` or `65,000 rows`."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def shown_columns(shown: int, all_columns: int) -> str:
    """How many columns a figure shows, and of how many."""
    if shown == all_columns:
        return f"{shown:,} column" if shown == 1 else f"{shown:,} columns"
    return f"{shown:,} of {all_columns:,} columns"


def height_of(bars: int, *, each: float = 0.25) -> float:
    """Height in inches of a panel with that many horizontal bars."""
    return max(1.5, 0.75 + each * bars)
