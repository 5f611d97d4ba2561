"""A trial as Optuna keeps it, and back: what Optuna has no place for is in its user attributes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from projects.tuning.trials import Asked, Ended, Outcome, State

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

NUMBER, ORIGIN = "podium.number", "podium.origin"
ESTIMATOR, PARAMS = "podium.estimator", "podium.params"
SECONDS, REASON = "podium.seconds", "podium.reason"
_METRICS, _FOLDS = "podium.metrics", "podium.folds"
_BEST_ROUND = "podium.best_round"
_STATES: dict[str, State] = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


def attributes_of_asked(asked: Asked) -> dict[str, Any]:
    """What is known of a trial when it begins."""
    return {
        NUMBER: asked.number,
        ORIGIN: asked.origin,
        ESTIMATOR: asked.estimator,
        PARAMS: json.dumps(dict(asked.params), default=_plain),
    }


def attributes_of_outcome(outcome: Outcome) -> dict[str, Any]:
    """What is known when it has ended. Its curve is not kept here, but in MLflow."""
    return {
        SECONDS: float(outcome.seconds),
        REASON: outcome.reason,
        _METRICS: {name: float(value) for name, value in outcome.metrics.items()},
        _FOLDS: [float(value) for value in outcome.folds],
        _BEST_ROUND: None if outcome.best_round is None else int(outcome.best_round),
    }


def number_of(frozen: FrozenTrial) -> int:
    """Its number in the search; in Optuna's study it may have another."""
    return int(frozen.user_attrs.get(NUMBER, frozen.number))


def ended_of(frozen: FrozenTrial) -> Ended:
    """The ended trial that `frozen` is, all but its curve."""
    attributes = frozen.user_attrs
    asked = Asked(
        number_of(frozen),
        attributes.get(ESTIMATOR, ""),
        json.loads(attributes[PARAMS]) if PARAMS in attributes else dict(frozen.params),
        attributes.get(ORIGIN, "sampled"),
    )
    state = _STATES[frozen.state.name]
    outcome = Outcome(
        state,
        frozen.value if state == "complete" else None,
        attributes.get(_METRICS, {}),
        tuple(attributes.get(_FOLDS, ())),
        best_round=attributes.get(_BEST_ROUND),
        seconds=attributes.get(SECONDS, 0.0),
        reason=attributes.get(REASON, ""),
    )
    return Ended(asked, outcome)


@contextmanager
def quietly() -> Iterator[None]:
    """Within the block Optuna does not say on standard error which studies it makes."""
    import optuna

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _plain(value: Any) -> Any:
    """A number of NumPy's as one of Python's; all else as text."""
    return value.item() if hasattr(value, "item") else str(value)
