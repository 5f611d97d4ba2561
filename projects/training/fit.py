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
from projects.training.binned import Binned
from projects.training.boosting import boost, fit_hist_gradient_boosting, fit_xgboost
from projects.training.curves import forest_curve, linear_curve
from projects.training.deciding import decided, deciding_metric
from projects.training.estimators import ESTIMATORS, own_params
from projects.training.forest import fit_forest
from projects.training.history import Hear, History, Rows, Ticker
from projects.training.matrices import matrices_of
from projects.training.preprocessing import plain_vocabularies
from projects.training.reasons import message_of
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
    model = kind.make(project.task, own_params(project, estimator), seed)
    shown = model.get_params()
    matrices = matrices_of(project, table, kind, parts.train, parts.validation, seed)
    plain_vocabularies(matrices.preprocessing)
    check = matrices.check
    try:
        history, device = _fit_model(project, model, matrices.train, check, tick)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{estimator} could not be fitted: {message_of(error)}",
            remedy="Check its parameters under params.",
        ) from error
    pipeline = Pipeline([("features", matrices.preprocessing), ("model", model)])
    validation = table.features.iloc[parts.validation]
    if project.calibration is not None:
        pipeline = _calibrated(pipeline, project.calibration, validation, check.y)
    undecided = Scorer(table.canonicaliser, Decision(project.task, table.target.labels), pipeline)
    scorer, threshold = decided(project, undecided, validation, check.y)
    return Fitted(scorer, shown, history, threshold, device)


def scores_of(scorer: Scorer, features: pd.DataFrame, y: np.ndarray) -> Scores:
    """What `scorer` says about rows whose targets are `y`."""
    return said(scorer.decision, scorer.scores(features), y)


def said(decision: Decision, scores: np.ndarray, y: np.ndarray) -> Scores:
    """What a model's `scores` of rows, whose targets are `y`, say with this decision."""
    if decision.task == "regression":
        return Scores(y=y, prediction=scores, probability=None)
    return Scores(y=y, prediction=decision.decide(scores), probability=scores)


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


def fit_to_compare(
    project: Project, model: Any, rows: Rows, check: Rows, *, hear: Hear, binned: Binned
) -> History | None:
    """Fit the very model that `fit` fits, without what is only there to be looked at.

    The curve, where there are rounds, is that of the checked rows. XGBoost is stopped where `hear`
    says so; the others have no place to ask. Raises what the library raises.
    """
    name = type(model).__name__
    if name.startswith("XGB"):
        with binned.used_by(model, rows.X, check.X):
            history, _ = boost(project, model, rows, {"validation": check}, hear)
        if model.device != "cpu":
            model.set_params(device="cpu")  # which is where the artifact will score
        return history
    if name.startswith("HistGradientBoosting"):
        return fit_hist_gradient_boosting(model, rows, check)
    model.fit(rows.X, rows.y, sample_weight=rows.weight)
    if name.startswith("RandomForest"):
        model.set_params(n_jobs=1)  # threads add up the trees' answers in any order
    return None


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
