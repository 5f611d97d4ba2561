"""Learning curves of estimators that have no rounds of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from podium.evaluation import Metric, Scores
from podium.spec import Project
from projects.training.history import History, Rows, some_rows

_CURVE_ROWS = 5_000
_FOREST_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_LINEAR_SIZES = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000)


def forest_curve(metric: Metric, project: Project, model: Any, rows: Rows, check: Rows) -> History:
    """The metric by number of trees, from the trees of one fitted forest.

    Curves decide for the likeliest class: the threshold is chosen only when fitting is over.
    """
    sizes = [size for size in _FOREST_SIZES if size < len(model.estimators_)]
    sizes.append(len(model.estimators_))
    curves: dict[str, list[float]] = {}
    for name, part in (("train", rows), ("validation", check)):
        shown = some_rows(part, _CURVE_ROWS)
        X, y = np.asarray(shown.X, dtype=np.float32), shown.y
        each = (
            tree.predict(X) if project.task == "regression" else tree.predict_proba(X)
            for tree in model.estimators_
        )
        running, curve = 0.0, []
        for count, values in enumerate(each, 1):
            running = running + values
            if count in sizes:
                curve.append(metric.compute(_scores(project, y, running / count)))
        curves[name] = curve
    return History(
        metric.name, metric.higher_is_better, curves, x=tuple(map(float, sizes)), x_label="trees"
    )


def linear_curve(
    metric: Metric, project: Project, model: Any, rows: Rows, check: Rows
) -> History | None:
    """The metric by number of training rows: the model refitted on growing parts of them."""
    from sklearn.base import clone

    order = np.random.default_rng(0).permutation(len(rows.y))
    sizes, curves = [], {"train": list[float](), "validation": list[float]()}
    shown = some_rows(check, _CURVE_ROWS)
    for size in (size for size in _LINEAR_SIZES if size < len(rows.y)):
        some = order[:size]
        if project.task != "regression" and len(np.unique(rows.y[some])) < len(np.unique(rows.y)):
            continue
        weight = None if rows.weight is None else rows.weight[some]
        part = clone(model).fit(rows.X[some], rows.y[some], sample_weight=weight)
        sizes.append(float(size))
        curves["train"].append(metric.compute(_said(project, part, rows.X[some], rows.y[some])))
        curves["validation"].append(metric.compute(_said(project, part, shown.X, shown.y)))
    if len(sizes) < 2:
        return None
    return History(
        metric.name, metric.higher_is_better, curves, x=tuple(sizes), x_label="training rows"
    )


def _said(project: Project, model: Any, X: Any, y: np.ndarray) -> Scores:
    raw = model.predict(X) if project.task == "regression" else model.predict_proba(X)
    return _scores(project, y, raw)


def _scores(project: Project, y: np.ndarray, raw: Any) -> Scores:
    if project.task == "regression":
        return Scores(y=y, prediction=raw, probability=None)
    probability = raw[:, 1] if project.task == "binary" else raw
    return Scores(y=y, prediction=raw.argmax(axis=1), probability=probability)
