"""A search over one parameter, by workers of their own, and a listener that keeps what it hears.

As a module that is run, it is the leading process of a search that keeps its trials in a database.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optuna import Trial
from optuna.trial import FrozenTrial

from projects.tuning.crew import Crew
from projects.tuning.samplers import pruner_of, sampler_of
from projects.tuning.search import Search, Stop
from projects.tuning.storage import Store
from projects.tuning.study import new_study
from projects.tuning.trials import Asked, Ended, Tally

OBJECTIVES = "tests.tuning.objectives"


@dataclass(frozen=True)
class Line:
    """x from -5 to 5, and a parameter that is fixed."""

    fixed: Mapping[str, Any] = field(default_factory=dict)

    def suggest(self, trial: Trial) -> tuple[str, dict[str, Any]]:
        return "line", {**self.fixed, "x": trial.suggest_float("x", -5, 5)}

    def enqueued(self, estimator: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
        return {"x": params.get("x", 0.0)} if estimator == "line" else None

    def names(self, estimator: str) -> tuple[str, ...]:
        return ("x",)


@dataclass
class Heard:
    """All that a listener was told, in order; `then` is called after a trial has ended."""

    then: Callable[[Ended], None] = lambda _: None
    words: list[str] = field(default_factory=list)
    frozen: list[FrozenTrial] = field(default_factory=list)
    tallies: list[Tally] = field(default_factory=list)

    def started(self, asked: Asked) -> None:
        self.words.append(f"started {asked.number}")

    def ended(self, ended: Ended, frozen: FrozenTrial) -> None:
        self.words.append(f"ended {ended.asked.number}")
        self.frozen.append(frozen)
        self.then(ended)

    def progress(self, tally: Tally) -> None:
        self.tallies.append(tally)


def search_of(
    trials: int,
    *,
    sampler: str = "random",
    pruner: str = "none",
    seed: int = 0,
    folds: int = 1,
    several: bool = False,
    before: Sequence[FrozenTrial] = (),
    **more: Any,
) -> Search:
    """A search over `Line` that wants the greatest value."""
    study = new_study(
        "maximize",
        sampler_of(sampler, seed, several=several, workers=1, before=len(before)),
        pruner_of(pruner, folds=folds),
        before,
    )
    return Search(study, more.pop("space", Line()), trials, folds=folds, **more)


@contextmanager
def crew_of(factory: str, count: int = 1) -> Iterator[Crew]:
    """Workers that run the factory of this name out of `tests.tuning.objectives`."""
    with Crew(count, 1, factory=f"{OBJECTIVES}:{factory}") as crew:
        crew.load(Path.cwd())
        yield crew


def searched(
    factory: str, search: Search, listener: Heard | None = None, *, workers: int = 1
) -> Stop:
    """Run a search to its end."""
    with crew_of(factory, workers) as crew:
        return search.run(crew, listener or Heard())


def _lead(url: str, factory: str) -> None:
    """Search without an end, and say after each ended trial how many there are."""
    with closing(Store.open(url, "led", direction="maximize", attrs={})) as store:
        heard = Heard()
        heard.then = lambda ended: _keep(store, heard, ended)
        with crew_of(factory, 2) as crew:
            print(*crew.processes, flush=True)
            search_of(1_000_000).run(crew, heard)


def _keep(store: Store, heard: Heard, ended: Ended) -> None:
    store.add(heard.frozen[-1])
    print("ended", ended.asked.number, flush=True)


if __name__ == "__main__":
    _lead(*sys.argv[1:])
