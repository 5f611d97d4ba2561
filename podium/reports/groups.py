"""The figure of how two models treat the groups of a sensitive column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from podium.reports import pair, style
from podium.reports.pair import NAMES, Names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_GROUPS = 30
_PANELS = (
    ("selection_rate", "Called positive"),
    ("true_positive_rate", "True positive rate"),
    ("false_positive_rate", "False positive rate"),
)


@dataclass(frozen=True)
class GroupBar:
    """One model's rates in one group; NaN where there is nothing to divide by."""

    value: str
    rows: int
    selection_rate: float
    true_positive_rate: float
    false_positive_rate: float


@style.styled
def groups_figure(
    column: str,
    candidate: Sequence[GroupBar],
    champion: Sequence[GroupBar] = (),
    names: Names = NAMES,
    *,
    min_rows: int = 0,
) -> Figure:
    """Rates of each group under both models, side by side: the closer the dots, the more equal.

    `champion` may be empty. Of more than 30 groups the largest 30 are drawn; groups of fewer than
    `min_rows` are drawn, and do not count in the title.
    """
    name = style.name(column)
    groups = sorted(candidate, key=lambda group: -group.rows)[:_MAX_GROUPS]
    if not groups:
        return style.empty(f"Rates by {name}", "There are no groups with rows.")
    others = {group.value: group for group in champion}
    figure = style.sheet(
        _title(name, candidate, champion, names, min_rows),
        _line(candidate, groups, min_rows),
        size=(8.4, style.height_of(len(groups), each=0.3) + 0.45),
    )
    panels = figure.subplots(1, 3, sharey=True)
    for axes, (rate, label) in zip(panels, _PANELS, strict=True):
        style.dress(axes, x=label, grid="x", shares="x")
        for place, group in enumerate(groups):
            theirs = getattr(others.get(group.value), rate, math.nan)
            pair.dumbbell(axes, place, getattr(group, rate), theirs)
        style.name_rows(axes, [f"{style.name(g.value, 20)} ({g.rows:,})" for g in groups], width=36)
        style.few_ticks(axes.xaxis, 4)
        axes.margins(x=0.12)
        axes.tick_params(axis="y", labelleft=axes is panels[0])
    pair.key(panels[0], names, dots=True)
    return figure


def _title(
    name: str,
    candidate: Sequence[GroupBar],
    champion: Sequence[GroupBar],
    names: Names,
    min_rows: int,
) -> str:
    one, other = pair.named(names)
    ours, theirs = (_spread(groups, min_rows) for groups in (candidate, champion))
    if math.isnan(ours):
        return f"Rates by {name}: too few groups to compare"
    title = f"Called positive by {name}: {100 * ours:.1f} points apart with {one}"
    return title if math.isnan(theirs) else f"{title}, {100 * theirs:.1f} with {other}"


def _spread(groups: Sequence[GroupBar], min_rows: int) -> float:
    """Highest minus lowest selection rate of the groups that are large enough."""
    rates = [g.selection_rate for g in groups if g.rows >= min_rows]
    rates = [rate for rate in rates if not math.isnan(rate)]
    return max(rates) - min(rates) if len(rates) > 1 else math.nan


def _line(candidate: Sequence[GroupBar], drawn: Sequence[GroupBar], min_rows: int) -> str:
    parts = [f"{len(candidate):,} group{'s' if len(candidate) != 1 else ''} (and their rows)"]
    if len(drawn) < len(candidate):
        parts.append(f"the largest {len(drawn)} shown")
    if small := sum(group.rows < min_rows for group in candidate):
        parts.append(f"{small:,} of fewer than {min_rows:,} rows not compared")
    return ", ".join(parts)
