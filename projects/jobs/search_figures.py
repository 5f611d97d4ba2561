"""Which images a search logs, by file name; each is drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import optuna
from matplotlib.figure import Figure
from optuna.study import StudyDirection

from podium.reports import figures
from projects.jobs.search_parts import Part, parts_of, points_of

Drawing = tuple[str, Callable[[], Figure]]
_IMPORTANCE = "share of what decides whether a trial is among the best"


def search_drawings(study: optuna.Study, metric: str) -> Iterator[Drawing]:
    """Path and drawing of each image that these ended trials give, the most looked-for first.

    With several estimators each has images of its own, and its name ends theirs.
    """
    better: dict[str, Any] = {
        "metric": metric,
        "higher_is_better": study.direction == StudyDirection.MAXIMIZE,
    }
    points = points_of(study)
    if points:
        yield "figures/search_history.png", partial(figures.search_history_figure, points, **better)
    parts = parts_of(study)
    for part in parts:
        own, of = (f"_{part.estimator}", part.estimator) if len(parts) > 1 else ("", "")
        if part.importance():
            yield f"figures/search_importance{own}.png", partial(_importance, part)
        if part.dimensions:
            drawn = (part.dimensions, part.values)
            parallel = partial(figures.search_parallel_figure, *drawn, of=of, **better)
            yield f"figures/search_parallel{own}.png", parallel
            slices = partial(figures.search_slice_figure, *drawn, of=of, **better)
            yield f"figures/search_slice{own}.png", slices


def _importance(part: Part) -> Figure:
    found = part.importance()
    told = f"{len(found)} parameters of {part.estimator or 'the estimator'}, by "
    told += f"{len(part.values):,} complete trials (PED-ANOVA)"
    return figures.importance_figure(
        list(found), list(found.values()), kind=_IMPORTANCE, subtitle=told
    )
