"""Searches that never ran: ended trials, and studies of Optuna's that hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial, TrialState, create_trial

from projects.tuning.trials import Asked, Ended, Origin, Outcome

BOOSTED: dict[str, BaseDistribution] = {
    "learning_rate": FloatDistribution(0.01, 0.3, log=True),
    "max_depth": IntDistribution(3, 10),
    "subsample": FloatDistribution(0.5, 1.0),
    "grow_policy": CategoricalDistribution(("depthwise", "lossguide")),
}
LINEAR: dict[str, BaseDistribution] = {"C": FloatDistribution(1e-4, 100.0, log=True)}
_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


@dataclass(frozen=True)
class Tried:
    """A trial of a made-up search."""

    number: int
    value: float | None
    params: Mapping[str, Any]
    space: Mapping[str, BaseDistribution]
    estimator: str = "xgboost"
    state: Literal["complete", "pruned", "failed"] = "complete"


def drawn(
    count: int, space: Mapping[str, BaseDistribution] = BOOSTED, *, seed: int = 0
) -> list[Tried]:
    """Complete trials with parameters from all over `space`, the better the lower the first."""
    rng = np.random.default_rng(seed)
    return [
        Tried(number, 0.7 + 0.05 * float(1 - share[0]), _params(space, share), space)
        for number, share in enumerate(rng.uniform(0, 1, (count, len(space) + 1)))
    ]


def _params(space: Mapping[str, BaseDistribution], shares: Sequence[float]) -> dict[str, Any]:
    return {
        name: _at(drawn_from, float(share))
        for (name, drawn_from), share in zip(space.items(), shares, strict=False)
    }


def _at(space: BaseDistribution, share: float) -> Any:
    if isinstance(space, CategoricalDistribution):
        return space.choices[int(share * len(space.choices))]
    assert isinstance(space, (FloatDistribution, IntDistribution))
    if space.log:
        value = space.low * (space.high / space.low) ** share
    else:
        value = space.low + share * (space.high - space.low)
    return round(value) if isinstance(space, IntDistribution) else value


def study_of(
    tried: Sequence[Tried], *, several: bool = False, direction: str = "maximize"
) -> optuna.Study:
    """A study in memory that holds them as a search leaves them: one that was given parameters
    outside the ranges has them, which Optuna itself allows to a trial that it asks for.
    """
    study = optuna.create_study(direction=direction)
    storage = study._storage
    for trial in tried:
        storage.create_new_trial(study._study_id, _frozen(trial, several))
    return study


def _frozen(tried: Tried, several: bool) -> FrozenTrial:
    prefix = f"{tried.estimator}." if several else ""
    params = {f"{prefix}{name}": value for name, value in tried.params.items()}
    spaces = {f"{prefix}{name}": tried.space[name] for name in tried.params}
    if several:
        params["estimator"] = tried.estimator
        spaces["estimator"] = CategoricalDistribution(("xgboost", "linear"))
    frozen = create_trial(state=_STATES[tried.state], value=tried.value)
    frozen.params, frozen.distributions = params, spaces
    frozen.user_attrs = {"podium.number": tried.number, "podium.estimator": tried.estimator}
    return frozen


def frozen(number: int) -> FrozenTrial:
    """What a store is given of a trial."""
    return create_trial(value=0.5, user_attrs={"podium.number": number})


def ended(
    number: int,
    value: float | None = None,
    *,
    estimator: str = "xgboost",
    origin: Origin = "sampled",
    reason: str = "",
    state: Literal["complete", "pruned", "failed"] = "complete",
    folds: tuple[float, ...] = (),
    **params: Any,
) -> Ended:
    """An ended trial."""
    metrics = {} if value is None else {"roc_auc": value, "log_loss": 1 - value}
    outcome = Outcome(state, value, metrics, folds, seconds=1.25, reason=reason)
    return Ended(Asked(number, estimator, {"n_estimators": 500, **params}, origin), outcome)
