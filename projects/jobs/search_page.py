"""A search as one page of Optuna's own interactive figures, which needs no network."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import optuna
from optuna.study import StudyDirection

from podium.reports import style
from podium.reports.dimensions import Dimension
from podium.reports.search import GROUPS, best_of, counts_in_words, focus, value_in_words
from podium.reports.search_page import PagePart, search_page
from projects.jobs.search_parts import ENOUGH, Part, parts_of, points_of, quietly

if TYPE_CHECKING:
    import plotly.graph_objects as go

PAGE = "tuning/search.html"
_SLICES_A_ROW = 3
_MARGINS = {"l": 70, "r": 30, "t": 40, "b": 55}  # pixels
_BEYOND = 0.05  # of an axis, beyond its range
_FEW_TRIALS = 12
_LINES = 200
_LOOK: dict[str, Any] = {
    "template": "plotly_white",
    "title": None,
    "colorway": list(style.CLASSES),
    "font": {
        "family": 'system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif',
        "size": 13,
        "color": style.INK,
    },
}
_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,  # the page keeps what it shows to itself
    "modeBarButtonsToRemove": ["select2d", "lasso2d", "sendChartToCloud"],
}


@dataclass(frozen=True)
class _Aim:
    """What the search was for."""

    metric: str
    higher_is_better: bool

    @property
    def better(self) -> str:
        return "higher" if self.higher_is_better else "lower"

    def view(self, parts: Sequence[Part]) -> tuple[float, float]:
        """The part of the axis in which the good values of each of these lie."""
        views = [focus(part.values, higher_is_better=self.higher_is_better) for part in parts]
        return min(low for low, _ in views), max(high for _, high in views)

    def out_of_view(self, parts: Sequence[Part]) -> int:
        """How many values lie outside it."""
        low, high = self.view(parts)
        return sum(not low <= value <= high for part in parts for value in part.values)


def page_of(study: optuna.Study, name: str, metric: str) -> str:
    """The page on the ended trials of the search for the project `name`, as HTML.

    For what cannot be drawn of them there is the reason.
    """
    from plotly.offline import get_plotlyjs

    points, aim = points_of(study), _Aim(metric, study.direction == StudyDirection.MAXIMIZE)
    best = best_of(points, higher_is_better=aim.higher_is_better)
    title = f"Search for {name}: no trial was completed"
    parts: list[PagePart] = []
    if best is not None and best.value is not None:
        values = [point.value for point in points if point.value is not None]
        reached = value_in_words(best.value, values)
        title = f"Search for {name}: {metric} {reached} in trial {best.number}"
        with quietly():
            parts = list(_parts(parts_of(study), aim))
    words = f"{counts_in_words(points).capitalize()}; {aim.better} {metric} is better."
    return search_page(title, words, parts, script=get_plotlyjs())


def _parts(parts: Sequence[Part], aim: _Aim) -> Iterator[PagePart]:
    told = "A dot is a complete trial, and a line is the best until then."
    far = aim.out_of_view(parts)
    told += f" {far:,} that came far below are out of view; zoom out for them." if far else ""
    yield PagePart(
        "How the search went",
        told,
        (_html(_history(parts, aim), 420),),
    )
    for part in parts:
        of = f" of {part.estimator}" if len(parts) > 1 else ""
        if not part.dimensions:
            yield PagePart(f"Parameters{of}", "None of them has more than one value.")
            continue
        yield _parallel(part, of, aim)
        yield _importance(part, of)
        yield _slices(part, of, aim)


def _html(figure: go.Figure, height: int, margin: dict[str, int] | None = None) -> str:
    figure.update_layout(**_LOOK, height=height, margin=margin or _MARGINS)
    options = {"config": _CONFIG, "default_width": "100%", "default_height": f"{height}px"}
    return str(figure.to_html(full_html=False, include_plotlyjs=False, **options))


def _history(parts: Sequence[Part], aim: _Aim) -> go.Figure:
    from optuna.visualization import plot_optimization_history

    studies = [part.study for part in parts]
    several = len(studies) > 1
    figure = plot_optimization_history(studies if several else studies[0], target_name=aim.metric)
    traces = [trace for trace in figure.data if trace.showlegend is None]  # dots, line, dots, …
    for index, trace in enumerate(traces):
        colour = GROUPS[index // 2 % len(GROUPS)]
        if trace.mode == "lines":
            trace.name = f"best so far{f' of {parts[index // 2].estimator}' if several else ''}"
            trace.line = {"shape": "hv", "width": 1.5, "color": colour if several else style.INK}
        else:
            trace.name = parts[index // 2].estimator if several else "trial"
            trace.marker.color = colour
        trace.hovertemplate = "trial %{x}: %{y:.6g}"
    few = max(len(study.trials) for study in studies) <= _FEW_TRIALS
    figure.update_xaxes(zeroline=False, dtick=1 if few else None)
    figure.update_yaxes(title=f"{aim.metric} ({aim.better} is better)", range=aim.view(parts))
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0})
    return figure


def _parallel(part: Part, of: str, aim: _Aim) -> PagePart:
    from optuna.visualization import plot_parallel_coordinate

    near = _near(part, aim)
    shown = sum(trial.value is not None for trial in near.get_trials(deepcopy=False))
    out = f" The best {shown:,} of {len(part.values):,}." if shown < len(part.values) else ""
    figure = plot_parallel_coordinate(near, params=part.names, target_name=aim.metric)
    figure.update_xaxes(side="top")
    return PagePart(
        f"Trials across the parameters{of}",
        f"A line is a complete trial, and the darker the better its {aim.metric}.{out}",
        (_html(_darker(figure), 440, margin={"l": 70, "r": 30, "t": 60, "b": 10}),),
    )


def _near(part: Part, aim: _Aim) -> optuna.Study:
    """The study with the trials in view only, and so many that a browser draws them at once."""
    low, high = aim.view([part])
    ranked = sorted(part.values, reverse=aim.higher_is_better)
    last = ranked[min(_LINES, len(ranked)) - 1]
    return part.between(
        *((max(low, last), high) if aim.higher_is_better else (low, min(high, last)))
    )


def _importance(part: Part, of: str) -> PagePart:
    from optuna.visualization import plot_param_importances

    title = f"Importances{of}"
    if part.evaluator is None:
        needed = f"at least 2 parameters and {ENOUGH} complete trials, not all of one value"
        found = f"{len(part.names)} and {len(part.values)}"
        return PagePart(title, f"They need {needed}; there are {found}.")
    figure = plot_param_importances(part.study, evaluator=part.evaluator, params=part.names)
    figure.update_xaxes(title="share")
    figure.update_yaxes(title=None, ticklabelstandoff=6)
    return PagePart(
        title,
        "By how much each parameter decides whether a trial is among the best (PED-ANOVA).",
        (_html(figure, 130 + 32 * len(part.names)),),
    )


def _slices(part: Part, of: str, aim: _Aim) -> PagePart:
    rows = -(-len(part.dimensions) // _SLICES_A_ROW)
    figures = [_slice_row(part, part.dimensions[row::rows], aim) for row in range(rows)]
    return PagePart(
        f"{aim.metric} over each parameter{of}",
        f"A dot is a complete trial, and the darker the later; {aim.better} is better.",
        tuple(_html(_darker(figure), 330) for figure in figures),
    )


def _slice_row(part: Part, dimensions: Sequence[Dimension], aim: _Aim) -> go.Figure:
    from optuna.visualization import plot_slice

    named = {dimension.name: dimension for dimension in dimensions}
    figure = plot_slice(part.study, params=list(named), target_name=aim.metric)
    figure.update_yaxes(range=aim.view([part]))
    figure.for_each_xaxis(lambda axis: axis.update(_axis(named[axis.title.text])))
    figure.update_traces(hovertemplate="trial %{marker.color}: %{x}, %{y:.6g}<extra></extra>")
    return figure


def _axis(dimension: Dimension) -> dict[str, Any]:
    """A slice's axis over the whole range that was searched, with round values on it."""
    if dimension.labels:
        return {}
    ticks = dimension.ticks(5)
    ends = (math.log10(dimension.low), math.log10(dimension.high)) if dimension.log else ()
    low, high = ends or (dimension.low, dimension.high)
    beyond = (high - low) * _BEYOND
    return {
        "title": dimension.title,
        "range": (low - beyond, high + beyond),
        "tickvals": [tick.value for tick in ticks],
        "ticktext": [tick.text for tick in ticks],
        "zeroline": False,
    }


def _darker(figure: go.Figure) -> go.Figure:
    """The figure with its blues darker: the palest of Optuna's cannot be told from paper."""
    for trace in figure.data:
        if str(trace.line.color).startswith("rgb("):
            trace.line.color = _dark(trace.line.color)
        if trace.marker.colorscale:
            trace.marker.colorscale = [(at, _dark(c)) for at, c in trace.marker.colorscale]
    return figure


def _dark(colour: str) -> str:
    channels = (float(channel) for channel in colour[4:-1].split(","))
    return f"rgb({', '.join(str(round(0.82 * channel)) for channel in channels)})"
