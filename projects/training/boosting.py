"""Boosted trees: early stopping on the validation rows, and their learning curves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from podium.spec import Project
from projects.training.cuda import cuda_devices
from projects.training.history import Hear, History, Round, Rows, Ticker, some_rows

_XGB_METRICS = {
    "roc_auc": "auc",
    "average_precision": "aucpr",
    "mae": "mae",
    "mape": "mape",
    "accuracy": "error",
}
_XGB_TASK_METRIC = {"binary": "logloss", "multiclass": "mlogloss", "regression": "rmse"}
_HIGHER_IS_BETTER = ("auc", "pre", "map", "ndcg")
_SHOWN_ROWS = 20_000


def fit_xgboost(
    project: Project, model: Any, rows: Rows, check: Rows, tick: Ticker
) -> tuple[History, str]:
    """Fit an XGBoost estimator, on CUDA where there is a device. Returns curve and device.

    What belongs to this machine or to training alone (device, threads, callbacks) is taken off
    the fitted estimator, so that the artifact scores the same anywhere.
    """
    shown = some_rows(rows, _SHOWN_ROWS)  # measuring all every round costs more than fitting

    def tell(each: Round) -> bool:
        tick(each.done, each.total, f"validation {each.metric} {each.value:.4f}")
        return False

    history, device = boost(project, model, rows, {"train": shown, "validation": check}, tell)
    model.set_params(device="cpu", callbacks=None, n_jobs=0)
    return history, device


def boost(
    project: Project, model: Any, rows: Rows, measured: Mapping[str, Rows], hear: Hear
) -> tuple[History, str]:
    """Fit an XGBoost estimator until it stops early, or `hear` says so. Returns curves, device.

    measured: the rows that each round is measured on, by name. The last of them decide when to
    stop early, and are what `hear` is told of. Raises ValueError and TypeError for parameters
    that XGBoost does not take.
    """
    if _rounds_wanted(model) < 1:  # XGBoost would fit nothing, and say nothing
        raise ValueError(f"n_estimators must be at least 1. Got {model.n_estimators} instead.")
    metric = model.get_params().get("eval_metric") or _eval_metric(project)
    device = model.get_params().get("device") or ("cuda" if cuda_devices() else "cpu")
    model.set_params(eval_metric=metric, device=device, callbacks=[_rounds(model, hear)])
    parts = list(measured.values())
    model.fit(
        rows.X,
        rows.y,
        sample_weight=rows.weight,
        eval_set=[(part.X, part.y) for part in parts],
        sample_weight_eval_set=None if rows.weight is None else [part.weight for part in parts],
        verbose=False,
    )
    results = model.evals_result()
    last = str(list(results["validation_0"])[-1])
    values = {
        name: [float(value) for value in results[f"validation_{place}"][last]]
        for place, name in enumerate(measured)
    }
    best = getattr(model, "best_iteration", None) if model.early_stopping_rounds else None
    return History(_key(last), _higher_is_better(last), values, best), device


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


def _higher_is_better(metric: str) -> bool:
    """As XGBoost's own early stopping takes it."""
    return metric != "mape" and metric.startswith(_HIGHER_IS_BETTER)


def _rounds_wanted(model: Any) -> int:
    return int(model.get_num_boosting_rounds())


def _rounds(model: Any, hear: Hear) -> Any:
    from xgboost.callback import TrainingCallback

    total = _rounds_wanted(model)

    class Rounds(TrainingCallback):
        def after_iteration(self, booster: Any, epoch: int, evals_log: Any) -> bool:
            deciding = list(evals_log.values())[-1]
            metric, curve = list(deciding.items())[-1]
            higher = _higher_is_better(metric)
            return hear(Round(epoch + 1, total, metric, float(curve[-1]), higher))

    return Rounds()
