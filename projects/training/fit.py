"""Fits what a project declares: preprocessing, estimator, calibration, threshold, baseline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring import Canonicaliser, Decision, Scorer
from podium.errors import UsageError
from podium.evaluation import Scores, Threshold
from podium.spec import Project
from projects.training.boosting import fit_hist_gradient_boosting, fit_xgboost
from projects.training.curves import forest_curve, linear_curve
from projects.training.deciding import decided, deciding_metric
from projects.training.estimators import ESTIMATORS
from projects.training.forest import fit_forest
from projects.training.history import History, Rows, Ticker
from projects.training.preprocessing import build_preprocessing, plain_vocabularies
from projects.training.split import Parts
from projects.training.table import Table


@dataclass(frozen=True)
class Fitted:
    """What training made. `scorer` is what the artifact will hold."""

    scorer: Scorer
    params: Mapping[str, Any]
    history: History | None
    threshold: Threshold | None
    device: str = "cpu"


def fit(
    project: Project, table: Table, parts: Parts, *, estimator: str, seed: int, tick: Ticker
) -> Fitted:
    """Fit on the training rows; stop early, calibrate and set the threshold on validation rows.

    `tick` hears of the rounds of xgboost and of the trees of random_forest; linear and
    hist_gradient_boosting have no place to ask after how far they are. Raises UsageError for
    parameters that the estimator does not take.
    """
    from sklearn.pipeline import Pipeline

    kind = ESTIMATORS[estimator]
    model = kind.make(project.task, project.params, seed)
    shown = model.get_params()
    train, validation = (table.features.iloc[parts.rows(p)] for p in ("train", "validation"))
    preprocessing = build_preprocessing(kind, table.canonicaliser, train, seed)
    rows = _weighted(project, preprocessing.fit_transform(train), table.target.y[parts.train])
    plain_vocabularies(preprocessing)
    check = _weighted(
        project, preprocessing.transform(validation), table.target.y[parts.validation]
    )
    try:
        history, device = _fit_model(project, model, rows, check, tick)
    except (TypeError, ValueError) as error:
        first_line = str(error).partition("\n")[0]
        raise UsageError(
            f"{estimator} could not be fitted: {first_line}",
            remedy="Check its parameters under params.",
        ) from error
    pipeline = Pipeline([("features", preprocessing), ("model", model)])
    if project.calibration is not None:
        pipeline = _calibrated(pipeline, project.calibration, validation, check.y)
    undecided = Scorer(table.canonicaliser, Decision(project.task, table.target.labels), pipeline)
    scorer, threshold = decided(project, undecided, validation, check.y)
    return Fitted(scorer, shown, history, threshold, device)


def scores_of(scorer: Scorer, features: pd.DataFrame, y: np.ndarray) -> Scores:
    """What `scorer` says about rows whose targets are `y`."""
    raw = scorer.scores(features)
    if scorer.decision.task == "regression":
        return Scores(y=y, prediction=raw, probability=None)
    return Scores(y=y, prediction=scorer.decision.decide(raw), probability=raw)


def fit_baseline(project: Project, table: Table, parts: Parts) -> Scorer:
    """A model that ignores the features: class shares, or the median or mean of the target.

    It decides by a threshold of its own, found on the validation rows by the declared rule.
    """
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if project.task == "regression":
        model = DummyRegressor(strategy="median" if project.metric in ("mae", "mape") else "mean")
    else:
        model = DummyClassifier(strategy="prior")
    y = table.target.y[parts.train]
    model.fit(np.zeros((len(y), 1)), y)
    undecided = Scorer(Canonicaliser(()), Decision(project.task, table.target.labels), model)
    rows = parts.validation
    return decided(project, undecided, table.features.iloc[rows], table.target.y[rows])[0]


def _weighted(project: Project, X: Any, y: np.ndarray) -> Rows:
    if project.class_weight is None:
        return Rows(X, y, None)
    from sklearn.utils.class_weight import compute_sample_weight

    return Rows(X, y, compute_sample_weight(project.class_weight, y))


def _fit_model(
    project: Project, model: Any, rows: Rows, check: Rows, tick: Ticker
) -> tuple[History | None, str]:
    name = type(model).__name__
    if name.startswith("XGB"):
        return fit_xgboost(project, model, rows, check, tick)
    if name.startswith("HistGradientBoosting"):
        return fit_hist_gradient_boosting(model, rows, check), "cpu"
    metric = deciding_metric(project)
    if name.startswith("RandomForest"):
        fit_forest(model, rows, tick)
        return forest_curve(metric, project, model, rows, check), "cpu"
    model.fit(rows.X, rows.y, sample_weight=rows.weight)
    return linear_curve(metric, project, model, rows, check), "cpu"


def _calibrated(pipeline: Any, method: str, validation: pd.DataFrame, y: np.ndarray) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    return CalibratedClassifierCV(FrozenEstimator(pipeline), method=method).fit(validation, y)
