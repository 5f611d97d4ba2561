"""Figures of a search for parameters: how it went on, and where in the ranges good trials lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.reports import style
from podium.reports.dimensions import Dimension
from podium.reports.text import decimals_of, fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "TrialPoint",
    "best_of",
    "counts_in_words",
    "focus",
    "search_history_figure",
    "search_slice_figure",
    "value_in_words",
]

GROUPS = tuple(colour for colour in style.CLASSES if colour != style.CLASSES[1])  # best is orange
_STATES = ("complete", "pruned", "failed")
_PANELS_A_ROW = 4
_LABELS = 26  # characters that have room below a panel
_REACH = 4.0  # times the median's distance from the best: what is farther is not in view


@dataclass(frozen=True)
class TrialPoint:
    """A trial; `value` of the complete ones only. `group`: the estimator, where there are many."""

    number: int
    state: Literal["complete", "pruned", "failed"]
    value: float | None = None
    group: str = ""


def focus(values: Sequence[float], *, higher_is_better: bool) -> tuple[float, float]:
    """The part of an axis that tells good trials apart: from the best value (n >= 1) to the worst
    that is not more than four times as far from it as the median, and a margin.
    """
    found = np.asarray(values, dtype=np.float64)
    best = found.max() if higher_is_better else found.min()
    far = np.abs(found - best)
    middle = float(np.median(far))
    reach = float(far[far <= _REACH * middle].max()) if middle else float(far.max())
    end = best - reach if higher_is_better else best + reach
    return style.limits(float(min(best, end)), float(max(best, end)), pad=0.07)


def best_of(trials: Sequence[TrialPoint], *, higher_is_better: bool) -> TrialPoint | None:
    """The trial with the best value, of equal ones the first; None where none has a value."""
    done = _done(trials)
    if not done:
        return None
    return (max if higher_is_better else min)(done, key=_value)


def counts_in_words(trials: Sequence[TrialPoint]) -> str:
    """How many trials are complete, pruned and failed."""
    counts = {state: sum(t.state == state for t in trials) for state in _STATES}
    found = [f"{count:,} {state}" for state, count in counts.items() if count]
    return ", ".join(found) or "no trial"


def value_in_words(value: float, values: Sequence[float], *, best: float | None = None) -> str:
    """`value` with as many decimals as tell the best of `values` from half of them; at most five
    significant digits. `best`: the best one where that is not `value`.
    """
    top = value if best is None else best
    far = np.abs(np.asarray(values, dtype=np.float64) - top)
    width = float(np.median(far)) or float(far.max())
    return fixed(value, min(decimals_of(width, top), decimals_of(None, top) + 1))


@style.styled
def search_history_figure(
    trials: Sequence[TrialPoint], *, metric: str, higher_is_better: bool
) -> Figure:
    """Every trial's value in the order of the trials, and the best until then.

    Pruned and failed trials have no value and are marked below. Values far worse than the others
    are drawn at the edge.
    """
    metric = style.name(metric)
    done, best = _done(trials), best_of(trials, higher_is_better=higher_is_better)
    if best is None:
        return style.empty("How the search went", counts_in_words(trials))
    low, high = _view(done, higher_is_better)
    reached = value_in_words(_value(best), [_value(t) for t in done])
    title = f"Trial {best.number} of {len(trials):,} is the best: {metric} {reached}"
    figure = style.sheet(title, counts_in_words(trials), size=(7.4, 4.3))
    axes = figure.subplots()
    style.dress(axes, x="Trial", y=_directed(metric, higher_is_better), grid="y")
    style.few_ticks(axes.xaxis, 9, whole=True)
    style.few_ticks(axes.yaxis, 6)
    room = (high - low) * 0.1 if len(done) < len(trials) else 0.0
    axes.set_ylim(low - room, high)
    axes.set_xlim(*style.limits(trials[0].number, trials[-1].number, pad=0.03))
    _draw_values(axes, done, (low, high))
    _draw_best(axes, done, trials[-1].number, higher_is_better)
    _draw_others(axes, trials, low - room / 2)
    _mark_best(axes, best)
    look: dict[str, Any] = {"frameon": False, "fontsize": style.TICK_POINTS, "ncols": 8}
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), **look)
    return figure


def _done(trials: Sequence[TrialPoint]) -> list[TrialPoint]:
    return [t for t in trials if t.value is not None and np.isfinite(t.value)]


def _value(trial: TrialPoint) -> float:
    return float("nan") if trial.value is None else float(trial.value)


def _view(done: Sequence[TrialPoint], higher_is_better: bool) -> tuple[float, float]:
    """The part of the axis in which the good values of each group lie."""
    groups: dict[str, list[float]] = {}
    for trial in done:
        groups.setdefault(trial.group, []).append(_value(trial))
    views = [focus(values, higher_is_better=higher_is_better) for values in groups.values()]
    return min(low for low, _ in views), max(high for _, high in views)


def _directed(metric: str, higher_is_better: bool) -> str:
    return f"{metric} ({'higher' if higher_is_better else 'lower'} is better)"


def _draw_values(axes: Axes, done: Sequence[TrialPoint], view: tuple[float, float]) -> None:
    groups = list(dict.fromkeys(t.group for t in done))
    for index, group in enumerate(groups):
        colour = GROUPS[index % len(GROUPS)] if len(groups) > 1 else style.BLUE
        mine = [t for t in done if t.group == group]
        x, y = np.array([t.number for t in mine]), np.array([_value(t) for t in mine])
        inside = (y >= view[0]) & (y <= view[1])
        label = style.name(group) if len(groups) > 1 else "trial"
        axes.plot(x[inside], y[inside], "o", color=colour, alpha=0.75, markersize=5, label=label)
        for edge, marker, out in ((view[0], "v", y < view[0]), (view[1], "^", y > view[1])):
            axes.plot(x[out], np.full(out.sum(), edge), marker, color=colour, clip_on=False)


def _draw_best(axes: Axes, done: Sequence[TrialPoint], last: int, higher_is_better: bool) -> None:
    x = [t.number for t in done]
    y = np.array([_value(t) for t in done])
    best = np.maximum.accumulate(y) if higher_is_better else np.minimum.accumulate(y)
    line: dict[str, Any] = {"color": style.INK, "linewidth": 1.3, "zorder": 1}
    axes.plot([*x, last], [*best, best[-1]], drawstyle="steps-post", label="best so far", **line)


def _draw_others(axes: Axes, trials: Sequence[TrialPoint], place: float) -> None:
    for state, marker, colour in (("pruned", "|", style.GREY), ("failed", "x", style.ORANGE)):
        x = [t.number for t in trials if t.state == state]
        if x:
            axes.plot(x, [place] * len(x), marker, color=colour, markersize=6, label=state)


def _mark_best(axes: Axes, best: TrialPoint) -> None:
    point = (float(best.number), _value(best))
    axes.plot(*point, "o", color=style.ORANGE, markersize=8, markeredgecolor="white", zorder=5)


@style.styled
def search_slice_figure(
    dimensions: Sequence[Dimension],
    values: Sequence[float],
    *,
    metric: str,
    higher_is_better: bool,
    of: str = "",
) -> Figure:
    """A panel for each dimension: the values (n,) of the complete trials, in their order, over it.

    Each panel spans the range that was searched. Values far worse than the others are not in view.
    `of`: whose parameters these are.
    """
    metric = style.name(metric)
    y = np.asarray(values, dtype=np.float64)
    title = f"{metric} over each parameter{f' of {of}' if of else ''}"
    if not dimensions or not y.size:
        return style.empty(title, "There is no parameter with more than one value.")
    columns = min(len(dimensions), _PANELS_A_ROW)
    rows = -(-len(dimensions) // columns)
    low, high = focus(y.tolist(), higher_is_better=higher_is_better)
    away = int(((y < low) | (y > high)).sum())
    figure = style.sheet(
        title, _slice_words(y.size, away), size=(max(2.35 * columns, 5.4), 2.35 * rows)
    )
    panels = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    best = int(y.argmax() if higher_is_better else y.argmin())
    for index, (axes, dimension) in enumerate(zip(panels, dimensions, strict=False)):
        first = index % columns == 0
        style.dress(axes, y=_directed(metric, higher_is_better) if first else "", grid="y")
        _draw_slice(axes, dimension, y, best)
        axes.set_ylim(low, high)
    for axes in panels[len(dimensions) :]:
        axes.set_axis_off()
    return figure


def _slice_words(trials: int, away: int) -> str:
    counted = f"{trials:,} complete trial{'s' if trials != 1 else ''}"
    out = f"; {away:,} far worse not in view" if away else ""
    return f"{counted}, later ones darker, the best orange{out}; each axis is the range searched"


def _draw_slice(axes: Axes, dimension: Dimension, y: NDArray[np.float64], best: int) -> None:
    x = dimension.places()
    if dimension.labels:
        x = x + _beside(y, len(dimension.labels))
    shade = style.shades(style.PALE_BLUE, style.BLUE, style.INK)
    axes.scatter(x, y, c=np.arange(y.size), cmap=shade, s=20, alpha=0.85, linewidth=0)
    axes.plot(
        x[best], y[best], "o", color=style.ORANGE, markersize=7, markeredgecolor="white", zorder=5
    )
    ticks = dimension.ticks(4)
    turned: dict[str, Any] = {}
    if bool(dimension.labels) and sum(len(tick.text) + 2 for tick in ticks) > _LABELS:
        turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks([t.place for t in ticks], [style.drawable(t.text) for t in ticks], **turned)
    axes.set_xlim(-0.12 if dimension.labels else -0.05, 1.12 if dimension.labels else 1.05)
    axes.set_xlabel(style.name(dimension.title, 24))


def _beside(y: NDArray[np.float64], choices: int) -> NDArray[np.float64]:
    """Small offsets that keep trials with one choice apart, the same at every drawing."""
    return np.random.default_rng(0).uniform(-0.07, 0.07, y.size) * 2 / max(choices, 2)
