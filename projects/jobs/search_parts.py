"""A study of ended trials, taken apart for drawing: one part for each estimator."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState, create_trial

from podium.reports.dimensions import Dimension
from podium.reports.search import TrialPoint

ENOUGH = 10  # complete trials without which importances are chance
_TOP_TRIALS, _TOP_SHARE = 5, 0.1  # importance is for being among so many, or that share if more
_STATES = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}

Values = dict[str, tuple[Any, BaseDistribution]]


@dataclass(frozen=True)
class Part:
    """The complete trials of one estimator.

    `study`: they alone, under their own numbers and with their parameters' plain names; every
    dimension is the same in all of them. `dimensions`: the parameters that have more than one
    value, each with a value for each of `values`.
    """

    estimator: str
    study: optuna.Study
    dimensions: tuple[Dimension, ...]
    values: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        """What the dimensions are called."""
        return [dimension.name for dimension in self.dimensions]

    @property
    def evaluator(self) -> PedAnovaImportanceEvaluator | None:
        """What tells how much each parameter matters; None where it would tell nothing.

        PED-ANOVA (Watanabe et al., IJCAI 2023): by how much the distribution of a parameter among
        the best trials differs from that among all.
        """
        told = len(self.values) >= ENOUGH and len(self.names) > 1 and len(set(self.values)) > 1
        share = max(_TOP_SHARE, _TOP_TRIALS / max(len(self.values), ENOUGH))
        return PedAnovaImportanceEvaluator(target_quantile=share) if told else None

    def between(self, low: float, high: float) -> optuna.Study:
        """The study without the trials whose value is not between these."""
        with quietly():
            made = optuna.create_study(direction=self.study.direction)
            for trial in self.study.get_trials(deepcopy=False):
                kept = _is_done(trial) and low <= (trial.value or 0.0) <= high
                made.add_trial(trial if kept else create_trial(state=TrialState.FAIL))
        return made

    def importance(self) -> dict[str, float]:
        """How much each parameter matters, as shares that add up to 1; empty where unknown."""
        evaluator = self.evaluator
        if evaluator is None:
            return {}
        with quietly():
            found = get_param_importances(self.study, evaluator=evaluator, params=self.names)
        return {name: float(share) for name, share in found.items()}


@contextmanager
def quietly() -> Iterator[None]:
    """Without what Optuna says of studies that are made only to be drawn."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(before)


def points_of(study: optuna.Study) -> list[TrialPoint]:
    """All ended trials by number."""
    trials = sorted(study.get_trials(deepcopy=False), key=_number)
    several = len({_estimator(trial) for trial in trials}) > 1
    return [
        TrialPoint(
            _number(trial),
            _STATES.get(trial.state, "failed"),  # type: ignore[arg-type]
            trial.value if _is_done(trial) else None,
            _estimator(trial) if several else "",
        )
        for trial in trials
        if trial.state.is_finished()
    ]


def parts_of(study: optuna.Study) -> tuple[Part, ...]:
    """A part for each estimator that a trial was completed with, in the order of their trials."""
    done = sorted(filter(_is_done, study.get_trials(deepcopy=False)), key=_number)
    estimators = dict.fromkeys(_estimator(trial) for trial in done)
    return tuple(
        _part(study, name, [trial for trial in done if _estimator(trial) == name])
        for name in estimators
    )


def _part(study: optuna.Study, estimator: str, trials: Sequence[FrozenTrial]) -> Part:
    own = [_own(trial) for trial in trials]
    names = dict.fromkeys(name for values in own for name in values)
    spaces = {name: _span([v[name] for v in own if name in v]) for name in names}
    rows = [
        {name: value for name, (value, _) in values.items() if _fits(value, spaces[name])}
        for values in own
    ]
    dimensions = (_dimension(name, space, rows) for name, space in spaces.items())
    return Part(
        estimator,
        _study_of(study, estimator, trials, rows, spaces),
        tuple(d for d in dimensions if len({v for v in d.values if v == v}) > 1),
        tuple(float(trial.value) for trial in trials if trial.value is not None),
    )


def _number(trial: FrozenTrial) -> int:
    return int(trial.user_attrs.get("podium.number", trial.number))


def _is_done(trial: FrozenTrial) -> bool:
    return (
        trial.state == TrialState.COMPLETE
        and trial.value is not None
        and math.isfinite(trial.value)
    )


def _estimator(trial: FrozenTrial) -> str:
    known = trial.user_attrs.get("podium.estimator", "")
    return str(trial.params.get("estimator", known))


def _own(trial: FrozenTrial) -> Values:
    """The trial's parameters by plain name, each with what it was drawn from."""
    prefix = f"{trial.params['estimator']}." if "estimator" in trial.params else ""
    return {
        name.removeprefix(prefix): (value, trial.distributions[name])
        for name, value in trial.params.items()
        if name != "estimator" and name.startswith(prefix)
    }


def _span(drawn: Sequence[tuple[Any, BaseDistribution]]) -> BaseDistribution:
    """One space that holds all values of a parameter, also those that were given, not drawn.

    Values of 0 or less have no place on a logarithmic axis; such trials count as without one.
    """
    spaces = [space for _, space in drawn]
    if isinstance(spaces[0], CategoricalDistribution):
        return spaces[0]
    log = any(getattr(space, "log", False) for space in spaces)
    values = [value for value, _ in drawn if _is_number(value) and not (log and value <= 0)]
    ends = [end for space in spaces for end in (space.low, space.high)]  # type: ignore[attr-defined]
    low, high = min(ends + values), max(ends + values)
    if all(isinstance(space, IntDistribution) for space in spaces) and all(
        float(value).is_integer() for value in values
    ):
        return IntDistribution(int(low), int(high), log=log)
    return FloatDistribution(float(low), float(high), log=log)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _fits(value: Any, space: BaseDistribution) -> bool:
    if isinstance(space, CategoricalDistribution):
        return value in space.choices
    return _is_number(value) and space.low <= value <= space.high  # type: ignore[attr-defined]


def _dimension(name: str, space: BaseDistribution, rows: Sequence[dict[str, Any]]) -> Dimension:
    if isinstance(space, CategoricalDistribution):
        values = [
            float(space.choices.index(row[name])) if name in row else math.nan for row in rows
        ]
        return Dimension(name, values, labels=tuple(str(choice) for choice in space.choices))
    return Dimension(
        name,
        [float(row.get(name, math.nan)) for row in rows],
        low=float(space.low),  # type: ignore[attr-defined]
        high=float(space.high),  # type: ignore[attr-defined]
        log=bool(space.log),  # type: ignore[attr-defined]
        whole=isinstance(space, IntDistribution),
    )


def _study_of(
    study: optuna.Study,
    name: str,
    trials: Sequence[FrozenTrial],
    rows: Sequence[dict[str, Any]],
    spaces: dict[str, BaseDistribution],
) -> optuna.Study:
    """The trials under their own numbers: failed ones, which are not drawn, fill the gaps."""
    by_number = {_number(trial): (trial, row) for trial, row in zip(trials, rows, strict=True)}
    with quietly():
        made = optuna.create_study(direction=study.direction, study_name=name or None)
        for number in range(max(by_number) + 1):
            if number not in by_number:
                made.add_trial(create_trial(state=TrialState.FAIL))
                continue
            trial, row = by_number[number]
            own = {key: spaces[key] for key in row}
            made.add_trial(create_trial(value=trial.value, params=row, distributions=own))
    return made
