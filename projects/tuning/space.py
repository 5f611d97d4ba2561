"""What a search may try: the estimators, their searched parameters, and the fixed ones."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podium.errors import UsageError
from podium.spec import Project
from podium.spec.parts import Range
from projects.training.estimators import ESTIMATORS, EstimatorKind, check_search
from projects.tuning.dimension import Dimension, dimension_of, numbers_of

if TYPE_CHECKING:
    from optuna import Trial

_WHICH = "estimator"


@dataclass(frozen=True)
class EstimatorSpace:
    """One estimator's part of the space.

    `fixed`: parameters that are declared and not searched. `defaults` and `library`: what
    training takes for a searched one that is not declared, and what the library takes for None.
    """

    dimensions: Mapping[str, Dimension]
    fixed: Mapping[str, Any]
    defaults: Mapping[str, Any]
    library: Mapping[str, Any]

    def held(self, name: str, params: Mapping[str, Any]) -> tuple[Any, ...]:
        """The value of `name` in `params`, as training takes it, if Optuna may be given it."""
        dimension = self.dimensions[name]
        value = params.get(name, self.defaults[name])
        held = dimension.held(value)
        return dimension.held(self.library[name]) if value is None and not held else held


@dataclass(frozen=True)
class Space:
    """What a search may try, by estimator, in the order of the declaration."""

    parts: Mapping[str, EstimatorSpace]

    @classmethod
    def of(cls, project: Project) -> Space:
        """The space that `project` declares, over the estimators' own.

        A key of `search` or `params` is for each estimator that has such a parameter. What is
        under `params`, and not under `search`, is fixed. Raises UsageError for a parameter that
        no estimator has, a range that does not suit it, an estimator with nothing to search, and
        a device that is not there.
        """
        check_search(project)
        kinds = (ESTIMATORS[name] for name in dict.fromkeys(project.estimator))
        return cls({kind.name: _part_of(project, kind) for kind in kinds})

    @property
    def several(self) -> bool:
        """Whether there is more than one estimator."""
        return len(self.parts) > 1

    def names(self, estimator: str) -> tuple[str, ...]:
        """The names of the searched parameters of `estimator`, without any prefix."""
        return tuple(self.parts[estimator].dimensions)

    def suggest(self, trial: Trial) -> tuple[str, dict[str, Any]]:
        """An estimator and its parameters: fixed ones first, then those that `trial` suggests."""
        with _values_outside_are_meant(trial):
            names = tuple(self.parts)
            estimator = trial.suggest_categorical(_WHICH, names) if self.several else names[0]
            part = self.parts[estimator]
            suggested = {
                name: dimension.suggest(trial, self._optuna_name(estimator, name))
                for name, dimension in part.dimensions.items()
            }
        return estimator, {**part.fixed, **suggested}

    def enqueued(self, estimator: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """What to give `study.enqueue_trial`, so that `suggest` gives what training makes of
        `params`: a searched parameter that is not in them has its default.

        Numbers outside a range are kept. What Optuna cannot be given is left out, and then
        sampled, see `Dimension.held`. None where the estimator is not in the space.
        """
        part = self.parts.get(estimator)
        if part is None:
            return None
        given: dict[str, Any] = {_WHICH: estimator} if self.several else {}
        for name in part.dimensions:
            for value in part.held(name, params):
                given[self._optuna_name(estimator, name)] = value
        return given

    def to_json(self) -> dict[str, Any]:
        """Each estimator's `search` and fixed `params`, equal to itself after JSON."""
        plain = {
            estimator: {
                "search": {name: d.to_json() for name, d in part.dimensions.items()},
                "params": dict(part.fixed),
            }
            for estimator, part in self.parts.items()
        }
        said: dict[str, Any] = json.loads(json.dumps(plain, default=str))
        return said

    def _optuna_name(self, estimator: str, name: str) -> str:
        return f"{estimator}.{name}" if self.several else name


def _part_of(project: Project, kind: EstimatorKind) -> EstimatorSpace:
    library = kind.library_params(project.task)
    defaults = {**library, **{k: v for k, v in kind.defaults.items() if k in library}}
    ranges = _ranges(project, kind, library)
    declared = {name: value for name, value in project.params.items() if name in library}
    alone = {name: r.choices[0] for name, r in ranges.items() if r.choices and len(r.choices) == 1}
    dimensions = {
        name: dimension_of(name, r, numbers_of(name, defaults[name], library[name]))
        for name, r in ranges.items()
        if name not in alone
    }
    fixed = {k: v for k, v in {**declared, **alone}.items() if k not in dimensions}
    if not dimensions:
        raise UsageError(
            f"search: nothing to search for {kind.name}: fixed under params: {', '.join(fixed)}.",
            remedy="Take one of them out of params, or declare a range for it under search.",
        )
    kind.make(project.task, fixed, seed=0)  # refuses a device that is not there
    return EstimatorSpace(dimensions, fixed, defaults, library)


def _ranges(project: Project, kind: EstimatorKind, known: Collection[str]) -> dict[str, Range]:
    """The declared ranges, and the estimator's own for what is not declared at all."""
    declared, fixed = project.search, project.params
    both = {**kind.search, **declared}
    return {
        name: both[name]
        for name in both
        if name in known and (name in declared or name not in fixed)
    }


@contextmanager
def _values_outside_are_meant(trial: Trial) -> Iterator[None]:
    """Optuna warns of values outside their range, which for a champion's are as they should be.

    Only where the trial was given values: Python's filters are those of all threads.
    """
    if not getattr(trial, "_fixed_params", None):
        yield
        return
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Fixed parameter .* out of range", UserWarning)
        yield
