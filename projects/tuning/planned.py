"""The trials that a search begins with: the champion's parameters, and the declared ones."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from optuna import Study, Trial
from optuna.trial import FrozenTrial

from podium.spec import Project
from projects.training.estimators import ESTIMATORS
from projects.tuning.stored import ORIGIN

PLANNED = "podium.planned"


class Space(Protocol):
    """What of `projects.tuning.space.Space` a search needs."""

    def suggest(self, trial: Trial) -> tuple[str, dict[str, Any]]:
        """An estimator and its parameters."""

    def enqueued(self, estimator: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        """What Optuna is given, so that `suggest` gives these parameters; None where it cannot."""

    def names(self, estimator: str) -> tuple[str, ...]:
        """The names of the searched parameters."""


@dataclass(frozen=True)
class Planned:
    """A trial whose parameters are known: `params` are all that differ from the defaults."""

    origin: Literal["champion", "declared"]
    estimator: str
    params: Mapping[str, Any]

    def all_params(self, suggested: Mapping[str, Any], space: Space) -> dict[str, Any]:
        """What the trial is run with: what is suggested, but for what Optuna could not be given and
        has drawn instead. A champion's is not held to what is fixed in the space.
        """
        given = space.enqueued(self.estimator, self.params) or {}
        held = {name.removeprefix(f"{self.estimator}.") for name in given}
        drawn = {name for name in space.names(self.estimator) if name not in held}
        own = {k: v for k, v in self.params.items() if k in drawn or self.origin == "champion"}
        searched = set(space.names(self.estimator)) - drawn
        kept = searched if self.origin == "champion" else suggested.keys() - drawn
        return {k: v for k, v in suggested.items() if k in kept} | own


def plans_of(
    project: Project, champion: tuple[str, Mapping[str, Any]] | None = None
) -> tuple[Planned, ...]:
    """First the champion's estimator and parameters, then what is declared for each estimator.

    A champion's declaration may have named several estimators: of its parameters those count
    that its own one has.
    """
    first = () if champion is None else (_planned("champion", project, *champion),)
    declared = (
        _planned("declared", project, name, project.params)
        for name in dict.fromkeys(project.estimator)
    )
    return (*first, *declared)


def enqueue(study: Study, space: Space, plans: Iterable[Planned]) -> deque[Planned]:
    """Have `study` ask for these first. Returns those that it will ask for, in that order.

    Those that cannot be asked for, and those that the study has had already, are left out.
    """
    queue: deque[Planned] = deque()
    for plan, given, identity in to_ask(study.get_trials(deepcopy=False), space, plans):
        study.enqueue_trial(given, {ORIGIN: plan.origin, PLANNED: identity})
        queue.append(plan)
    return queue


def to_ask(
    trials: Iterable[FrozenTrial], space: Space, plans: Iterable[Planned]
) -> Iterator[tuple[Planned, dict[str, Any], str]]:
    """Those of `plans` that can be asked for and are not among `trials`: each with what Optuna is
    given, and with what stands at PLANNED in the attributes of its trial.
    """
    had = {trial.user_attrs.get(PLANNED) for trial in trials}
    for plan in plans:
        given = space.enqueued(plan.estimator, plan.params)
        if given is None:
            continue
        identity = _identity(plan, given, space)
        if identity not in had:
            yield plan, given, identity
            had.add(identity)


def _planned(
    origin: Literal["champion", "declared"],
    project: Project,
    estimator: str,
    params: Mapping[str, Any],
) -> Planned:
    known = ESTIMATORS[estimator].params(project.task)
    return Planned(origin, estimator, {k: v for k, v in params.items() if k in known})


def _identity(plan: Planned, given: Mapping[str, Any], space: Space) -> str:
    searched = space.names(plan.estimator)
    others = {name: value for name, value in plan.params.items() if name not in searched}
    return json.dumps([plan.estimator, given, others], sort_keys=True, default=str)
