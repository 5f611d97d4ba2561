"""What a fitted model and its baseline reach on each part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from podium.artifact.scoring import Scorer
from podium.evaluation import (
    Interval,
    Scores,
    SliceRow,
    measure,
    measure_with_intervals,
    metric_names,
    slice_table,
)
from podium.spec import Project
from projects.training.deciding import costs_of, deciding_metric
from projects.training.fit import scores_of
from projects.training.split import PARTS, PartName, Parts
from projects.training.table import Table, slice_columns

_SHOWN_SLICE_ROWS = 100


@dataclass(frozen=True)
class Measured:
    """Metrics by part and name; intervals and slices are those of the holdout."""

    values: Mapping[str, Mapping[str, float]]
    holdout: Mapping[str, Interval]
    baseline: Mapping[str, float]
    slices: tuple[SliceRow, ...]
    scores: Mapping[PartName, Scores]


def measure_parts(
    project: Project,
    table: Table,
    parts: Parts,
    scorer: Scorer,
    baseline: Scorer,
    *,
    seed: int,
) -> Measured:
    """Score every part once, and measure all metrics of the task.

    Slices are shown from 100 rows on, or from `gate.min_slice_rows` where that is less: the gate
    judges none that is not shown.
    """
    names, costs = _names(project), costs_of(project)
    scores = {part: _score_part(scorer, table, parts.rows(part)) for part in PARTS}
    values: dict[str, Mapping[str, float]] = {
        part: measure(project.task, scores[part], names, costs=costs)
        for part in PARTS
        if part != "holdout"
    }
    intervals = measure_with_intervals(
        project.task, scores["holdout"], names, seed=seed, costs=costs
    )
    values["holdout"] = {name: interval.estimate for name, interval in intervals.items()}
    dummy = _score_part(baseline, table, parts.holdout)
    columns = slice_columns(project, table, parts.holdout)
    smallest = min(_SHOWN_SLICE_ROWS, project.gate.min_slice_rows)
    slices = slice_table(scores["holdout"], columns, deciding_metric(project), min_rows=smallest)
    return Measured(
        values=values,
        holdout=intervals,
        baseline=measure(project.task, dummy, names, costs=costs),
        slices=tuple(slices),
        scores=scores,
    )


def _names(project: Project) -> tuple[str, ...]:
    """The declared metrics first, then all others of the task."""
    others = [name for name in metric_names(project.task) if name not in project.all_metrics]
    return (*project.all_metrics, *others)


def _score_part(scorer: Scorer, table: Table, rows: np.ndarray) -> Scores:
    return scores_of(scorer, table.features.iloc[rows], table.target.y[rows])
