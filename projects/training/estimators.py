"""The estimators that a project may name: scikit-learn classes, defaults, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from podium.errors import UsageError, did_you_mean
from podium.spec import Project, Task
from projects.training.cuda import cuda_devices

EARLY_STOPPING_ROUNDS = 50


@dataclass(frozen=True)
class EstimatorKind:
    """How one kind of estimator is made for a task, and what its input must look like.

    `dense_codes`: trees take category codes and numbers as they are, missing ones included;
    otherwise categories become one-hot columns and numbers are imputed and scaled.
    """

    name: str
    classes: Mapping[Task, Callable[[], Any]]
    defaults: Mapping[str, Any]
    dense_codes: bool

    def make(self, task: Task, params: Mapping[str, Any], seed: int) -> Any:
        """An unfitted estimator.

        Raises UsageError for a parameter that it does not have, or a device that is not there.
        """
        cls = self.classes[task]()
        known = self.params(task)
        for name in params:
            if name not in known:
                raise UsageError(
                    f"{self.name} ({cls.__name__}) has no parameter {name!r}.",
                    remedy=did_you_mean(name, known),
                )
        if "device" in params:
            _refuse_absent_device(str(params["device"]))
        merged = {k: v for k, v in self.defaults.items() if k in known}
        seeded = {"random_state": seed} if "random_state" in known else {}
        return cls(**{**merged, **seeded, **params})

    def params(self, task: Task) -> tuple[str, ...]:
        """Names of the parameters that it takes."""
        return tuple(self.classes[task]()().get_params())


def _refuse_absent_device(device: str) -> None:
    if device.startswith(("cuda", "gpu")) and not cuda_devices():
        raise UsageError(
            f"params.device: {device!r} needs a CUDA device, and there is none here.",
            remedy="Leave device out: CUDA is then used where there is one.",
        )


def _xgb_classifier() -> Any:
    from xgboost import XGBClassifier

    return XGBClassifier


def _xgb_regressor() -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor


def _hist_classifier() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier


def _hist_regressor() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor


def _forest_classifier() -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier


def _forest_regressor() -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression


def _ridge() -> Any:
    from sklearn.linear_model import Ridge

    return Ridge


def _for_tasks(classifier: Callable[[], Any], regressor: Callable[[], Any]) -> Mapping[Task, Any]:
    return {"binary": classifier, "multiclass": classifier, "regression": regressor}


ESTIMATORS: Mapping[str, EstimatorKind] = {
    kind.name: kind
    for kind in (
        EstimatorKind(
            "xgboost",
            _for_tasks(_xgb_classifier, _xgb_regressor),
            {
                "n_estimators": 500,
                "learning_rate": 0.1,
                "max_depth": 6,
                "min_child_weight": 5,
                "subsample": 0.9,
                "colsample_bytree": 0.8,
                "tree_method": "hist",
                "early_stopping_rounds": EARLY_STOPPING_ROUNDS,
            },
            dense_codes=True,
        ),
        EstimatorKind(
            "hist_gradient_boosting",
            _for_tasks(_hist_classifier, _hist_regressor),
            {
                "max_iter": 500,
                "early_stopping": True,
                "n_iter_no_change": EARLY_STOPPING_ROUNDS,
            },
            dense_codes=True,
        ),
        EstimatorKind(
            "random_forest",
            _for_tasks(_forest_classifier, _forest_regressor),
            {"n_estimators": 200, "min_samples_leaf": 5, "max_depth": 16, "n_jobs": -1},
            dense_codes=True,
        ),
        EstimatorKind(
            "linear",
            _for_tasks(_logistic, _ridge),
            {"max_iter": 1000},
            dense_codes=False,
        ),
    )
}


def check_search(project: Project) -> None:
    """Refuse a key under `search` that is a parameter of none of the estimators.

    Raises UsageError, with the nearest parameter.
    """
    declared = {
        name for kind in project.estimator for name in ESTIMATORS[kind].params(project.task)
    }
    for name in project.search:
        if name not in declared:
            raise UsageError(
                f"search.{name}: not a parameter of {' or '.join(project.estimator)}.",
                remedy=did_you_mean(name, declared),
            )
