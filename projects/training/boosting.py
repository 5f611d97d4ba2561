"""Boosted trees: early stopping on the validation rows, and their learning curves."""

from __future__ import annotations

import re
from typing import Any

from podium.spec import Project
from projects.training.cuda import cuda_devices
from projects.training.history import History, Rows, Ticker, some_rows

_XGB_METRICS = {
    "roc_auc": "auc",
    "average_precision": "aucpr",
    "mae": "mae",
    "mape": "mape",
    "accuracy": "error",
}
_XGB_TASK_METRIC = {"binary": "logloss", "multiclass": "mlogloss", "regression": "rmse"}
_HIGHER_IS_BETTER = {"auc", "aucpr"}
_SHOWN_ROWS = 20_000


def fit_xgboost(
    project: Project, model: Any, rows: Rows, check: Rows, tick: Ticker
) -> tuple[History, str]:
    """Fit an XGBoost estimator, on CUDA where there is a device. Returns curve and device.

    What belongs to this machine or to training alone (device, threads, callbacks) is taken off
    the fitted estimator, so that the artifact scores the same anywhere.
    """
    shown = some_rows(rows, _SHOWN_ROWS)  # measuring all every round costs more than fitting
    metric = model.get_params().get("eval_metric") or _eval_metric(project)
    device = model.get_params().get("device") or ("cuda" if cuda_devices() else "cpu")
    model.set_params(eval_metric=metric, device=device, callbacks=[_rounds(model, metric, tick)])
    model.fit(
        rows.X,
        rows.y,
        sample_weight=rows.weight,
        eval_set=[(shown.X, shown.y), (check.X, check.y)],
        sample_weight_eval_set=None if check.weight is None else [shown.weight, check.weight],
        verbose=False,
    )
    model.set_params(device="cpu", callbacks=None, n_jobs=0)
    results = model.evals_result()
    last = list(results["validation_0"])[-1]
    values = {
        "train": [float(v) for v in results["validation_0"][last]],
        "validation": [float(v) for v in results["validation_1"][last]],
    }
    best = getattr(model, "best_iteration", None) if model.early_stopping_rounds else None
    return History(_key(str(last)), last in _HIGHER_IS_BETTER, values, best), device


def fit_hist_gradient_boosting(model: Any, rows: Rows, check: Rows) -> History:
    """Fit a HistGradientBoosting estimator, stopping early on the validation rows.

    Category codes are split in order, like numbers: marking them as categories would put a
    function into the fitted estimator, which the artifact's fixed list of types does not allow.
    The curve marks no best round: scikit-learn keeps the iterations after it too. There is no
    callback, so that no progress is told.
    """
    if model.categorical_features == "from_dtype":
        model.set_params(categorical_features=None)
    stopping = {}
    if model.early_stopping is True:
        stopping = {"X_val": check.X, "y_val": check.y, "sample_weight_val": check.weight}
    model.fit(rows.X, rows.y, sample_weight=rows.weight, **stopping)
    losses = {
        name: [-float(score) for score in getattr(model, attribute, [])]
        for name, attribute in (("train", "train_score_"), ("validation", "validation_score_"))
    }
    values = {name: curve for name, curve in losses.items() if curve}
    return History("loss", False, values)


def _eval_metric(project: Project) -> str:
    by_name = _XGB_METRICS.get(project.metric, "")
    fits = project.task != "multiclass" and by_name
    return by_name if fits else _XGB_TASK_METRIC[project.task]


def _key(metric: str) -> str:
    """`metric` in the letters that MLflow allows in a key: XGBoost has names like error@0.3."""
    return re.sub(r"[^A-Za-z0-9_\-. /]", "_", metric)


def _rounds(model: Any, metric: Any, tick: Ticker) -> Any:
    from xgboost.callback import TrainingCallback

    total = int(model.get_params().get("n_estimators") or 100)

    class Rounds(TrainingCallback):
        def after_iteration(self, booster: Any, epoch: int, evals_log: Any) -> bool:
            curve = list(evals_log["validation_1"].values())[-1]
            tick(epoch + 1, total, f"validation {metric} {float(curve[-1]):.4f}")
            return False

    return Rounds()
