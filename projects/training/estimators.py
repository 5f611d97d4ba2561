"""The estimators that a project may name: scikit-learn classes, defaults, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.errors import UsageError, did_you_mean
from podium.spec import Project, Task
from podium.spec.parts import Range
from projects.training.cuda import cuda_devices

EARLY_STOPPING_ROUNDS = 50


@dataclass(frozen=True)
class EstimatorKind:
    """How one kind of estimator is made for a task, and what its input must look like.

    `dense_codes`: trees take category codes and numbers as they are, missing ones included;
    otherwise categories become one-hot columns and numbers are imputed and scaled.
    `search`: what tuning searches where nothing else is declared, for tables of 1k to 1M rows;
    of these, a task's class has some only. How many rounds or trees is no part of it: early
    stopping finds the first, and of the second more is better.
    `implied`: what the library takes for a parameter that its class leaves at None.
    """

    name: str
    classes: Mapping[Task, Callable[[], Any]]
    defaults: Mapping[str, Any]
    dense_codes: bool
    search: Mapping[str, Range] = field(default_factory=dict)
    implied: Mapping[str, Any] = field(default_factory=dict)

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

    def library_params(self, task: Task) -> dict[str, Any]:
        """What the library takes for each parameter that is not given; None where it decides."""
        own = self.classes[task]()().get_params()
        return {n: self.implied.get(n) if v is None else v for n, v in own.items()}


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


_XGB_SEARCH = {
    "learning_rate": Range(low=0.02, high=0.3, log=True),
    "max_depth": Range(low=3, high=10),
    "min_child_weight": Range(low=1, high=200, log=True),
    "subsample": Range(low=0.5, high=1.0),
    "colsample_bytree": Range(low=0.3, high=1.0),
    "reg_lambda": Range(low=0.01, high=100.0, log=True),
}
_XGB_IMPLIED = {
    "n_estimators": 100,
    "learning_rate": 0.3,
    "max_depth": 6,
    "max_leaves": 0,
    "grow_policy": "depthwise",
    "max_bin": 256,
    "min_child_weight": 1.0,
    "max_delta_step": 0.0,
    "gamma": 0.0,
    "subsample": 1.0,
    "colsample_bytree": 1.0,
    "colsample_bylevel": 1.0,
    "colsample_bynode": 1.0,
    "reg_alpha": 0.0,
    "reg_lambda": 1.0,
    "scale_pos_weight": 1.0,
    "num_parallel_tree": 1,
}
# l2_regularization is not logarithmic: its default, which tuning starts from, is 0.
_HIST_SEARCH = {
    "learning_rate": Range(low=0.02, high=0.3, log=True),
    "max_leaf_nodes": Range(low=7, high=127, log=True),
    "min_samples_leaf": Range(low=5, high=300, log=True),
    "l2_regularization": Range(low=0.0, high=30.0),
    "max_features": Range(low=0.3, high=1.0),
}
# Leaves of one row, and no limit to the depth, make models of gigabytes out of a million rows.
_FOREST_SEARCH = {
    "max_depth": Range(low=4, high=20),
    "min_samples_leaf": Range(low=2, high=100, log=True),
    "max_features": Range(choices=("sqrt", 0.3, 0.5, 0.7, 1.0)),
}
_LINEAR_SEARCH = {
    "C": Range(low=1e-4, high=100.0, log=True),
    "alpha": Range(low=0.01, high=10_000.0, log=True),
}

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
            search=_XGB_SEARCH,
            implied=_XGB_IMPLIED,
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
            search=_HIST_SEARCH,
        ),
        EstimatorKind(
            "random_forest",
            _for_tasks(_forest_classifier, _forest_regressor),
            {"n_estimators": 200, "min_samples_leaf": 5, "max_depth": 16, "n_jobs": -1},
            dense_codes=True,
            search=_FOREST_SEARCH,
        ),
        EstimatorKind(
            "linear",
            _for_tasks(_logistic, _ridge),
            {"max_iter": 1000},
            dense_codes=False,
            search=_LINEAR_SEARCH,
        ),
    )
}


def own_params(project: Project, estimator: str) -> dict[str, Any]:
    """Those of `params` that are meant for this one of the project's estimators.

    Where several are listed, each takes those that it has; what none has `check_search` refuses.
    """
    if len(project.estimator) == 1:
        return dict(project.params)
    known = ESTIMATORS[estimator].params(project.task)
    return {name: value for name, value in project.params.items() if name in known}


def declared_for(project: Project, chosen: Sequence[str]) -> dict[str, Any]:
    """What replaces `estimator`, `params` and `search` of project.yaml where these estimators are
    chosen instead: without what only those that are left out have, and empty where all of them are.
    """
    left = [name for name in project.estimator if name not in chosen]
    if not left:
        return {"estimator": list(chosen)}
    own, others = _params_of(project, chosen), _params_of(project, left)

    def is_meant(name: str) -> bool:  # what none has is refused later
        return len(left) < len(project.estimator) and (name in own or name not in others)

    return {
        "estimator": list(chosen),
        "params": {name: value for name, value in project.params.items() if is_meant(name)},
        "search": {name: r for name, r in ranges_of(project).items() if is_meant(name)},
    }


def ranges_of(project: Project) -> dict[str, Any]:
    """`search`, as project.yaml would say it."""
    return {
        name: declared.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        for name, declared in project.search.items()
    }


def _params_of(project: Project, estimators: Sequence[str]) -> set[str]:
    return {name for kind in estimators for name in ESTIMATORS[kind].params(project.task)}


def check_search(project: Project) -> None:
    """Refuse a key under `search` or `params` that is a parameter of none of the estimators.

    Raises UsageError, with the nearest parameter.
    """
    known = _params_of(project, project.estimator)
    for key, names in (("search", project.search), ("params", project.params)):
        for name in names:
            if name not in known:
                raise UsageError(
                    f"{key}.{name}: not a parameter of {' or '.join(project.estimator)}.",
                    remedy=did_you_mean(name, known),
                )
