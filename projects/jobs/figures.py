"""Which figures a training logs, by file name; each is drawn when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from matplotlib.figure import Figure

from podium.evaluation import get_metric
from podium.reports import figures
from podium.spec import label_text
from projects.training.explain import Importance, Shap, permutation_importance, shap_values
from projects.training.trained import Trained

Drawing = tuple[str, Callable[[], Figure]]
_PART = "holdout"


def drawings(trained: Trained) -> Iterator[Drawing]:
    """Path and drawing of every figure that fits the task, the most looked-for first."""
    by_task = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}
    yield from by_task[trained.project.task](trained)
    yield from _explanations(trained)
    yield from _learning_curve(trained)
    yield from _slices(trained)


def importance_of(trained: Trained) -> Importance:
    """Permutation importance on validation rows."""
    rows = trained.parts.validation
    features, y = trained.table.features.iloc[rows], trained.table.target.y[rows]
    return permutation_importance(trained.project, trained.fitted.scorer, features, y, trained.seed)


def _binary(trained: Trained) -> Iterator[Drawing]:
    scores, holdout = trained.measured.scores["holdout"], trained.measured.holdout
    y, p = scores.y, np.asarray(scores.probability)
    threshold = float(trained.fitted.scorer.decision.threshold or 0.0)
    negative, positive = (label_text(label) for label in trained.table.target.labels)
    auc, precision = holdout["roc_auc"], holdout["average_precision"]
    yield (
        "figures/roc.png",
        partial(
            figures.roc_figure,
            y,
            p,
            auc=auc.estimate,
            low=auc.low,
            high=auc.high,
            threshold=threshold,
        ),
    )
    yield (
        "figures/precision_recall.png",
        partial(
            figures.precision_recall_figure,
            y,
            p,
            average_precision=precision.estimate,
            low=precision.low,
            high=precision.high,
            threshold=threshold,
        ),
    )
    rate = float(trained.table.target.y[trained.parts.train].mean())
    brier = holdout["brier"].estimate
    yield (
        "figures/calibration.png",
        partial(figures.calibration_figure, y, p, brier=brier, baseline_rate=rate),
    )
    yield "figures/confusion_matrix.png", partial(_confusion, trained)
    yield (
        "figures/score_distribution.png",
        partial(
            figures.score_distribution_figure,
            y,
            p,
            threshold=threshold,
            positive_label=positive,
            negative_label=negative,
            part=_PART,
        ),
    )


def _multiclass(trained: Trained) -> Iterator[Drawing]:
    scores = trained.measured.scores["holdout"]
    labels = [label_text(label) for label in trained.table.target.labels]
    yield "figures/confusion_matrix.png", partial(_confusion, trained)
    yield (
        "figures/roc_by_class.png",
        partial(
            figures.class_probability_figure,
            scores.y,
            np.asarray(scores.probability),
            labels,
            part=_PART,
        ),
    )


def _regression(trained: Trained) -> Iterator[Drawing]:
    scores = trained.measured.scores["holdout"]
    unit = trained.project.target.column
    yield (
        "figures/predicted_against_actual.png",
        partial(
            figures.predicted_against_actual_figure,
            scores.y,
            scores.prediction,
            unit=unit,
            part=_PART,
        ),
    )
    yield (
        "figures/residuals.png",
        partial(figures.residuals_figure, scores.y, scores.prediction, part=_PART),
    )


def _confusion(trained: Trained) -> Figure:
    scores = trained.measured.scores["holdout"]
    labels = [label_text(label) for label in trained.table.target.labels]
    matrix = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(matrix, (scores.y, scores.prediction), 1)
    threshold = trained.fitted.threshold
    subtitle = "" if threshold is None else f"threshold {threshold.value:.3f}: {threshold.reason}"
    return figures.confusion_figure(matrix, labels, part=_PART, subtitle=subtitle)


def _explanations(trained: Trained) -> Iterator[Drawing]:
    kind = f"loss in {trained.project.metric} when shuffled (validation rows)"

    def draw_importance() -> Figure:
        found = importance_of(trained)
        return figures.importance_figure(found.names, found.loss, kind=kind, errors=found.spread)

    yield "figures/importance.png", draw_importance
    rows = trained.table.features.iloc[trained.parts.validation]
    shap = shap_values(trained.project, trained.fitted.scorer, rows, trained.seed)
    if shap is not None:
        yield "figures/shap_summary.png", partial(_shap, trained, shap)


def _shap(trained: Trained, shap: Shap) -> Figure:
    if trained.project.task == "multiclass":
        size = np.abs(shap.contributions).mean(axis=0)
        kind = "mean |SHAP| over classes, validation rows"
        return figures.importance_figure(shap.names, size, kind=kind)
    return figures.shap_summary_figure(shap.names, shap.contributions, shap.values, unit=shap.unit)


def _learning_curve(trained: Trained) -> Iterator[Drawing]:
    history = trained.fitted.history
    if history is None or not history.values:
        return
    yield (
        "figures/learning_curve.png",
        partial(
            figures.learning_curve_figure,
            history.values,
            metric=history.metric,
            best=history.best,
            higher_is_better=history.higher_is_better,
            x=history.x or None,
            x_label=history.x_label,
        ),
    )


def _slices(trained: Trained) -> Iterator[Drawing]:
    measured, metric = trained.measured, trained.project.metric
    if not measured.slices:
        return
    bars = [
        figures.SliceBar(
            row.column,
            row.value,
            row.rows,
            row.interval.estimate,
            row.interval.low,
            row.interval.high,
        )
        for row in measured.slices
    ]
    yield (
        "figures/slices.png",
        partial(
            figures.slices_figure,
            bars,
            metric=metric,
            overall=measured.values["holdout"][metric],
            higher_is_better=get_metric(trained.project.task, metric).higher_is_better,
        ),
    )
