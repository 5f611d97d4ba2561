"""What a search costs, against a bare Optuna loop over the same objective.

    python benchmarks/tuning.py [--trials 50] [--rows 20000] [--repeats 3]

On flights, XGBoost of 100 rounds; everything in SQLite files of its own:
- the search of `podium tune` with one worker, with Optuna's study and a nested MLflow run for each
  trial, its curve included. The baseline is `study.optimize` in this process with the same
  objective, sampler, seed, pruner and Optuna's RDB storage, and no MLflow.
- the trials a second of two workers against one; pruning off, so that both do the same work.
- pruning on against off: the time that each takes to come to the other's final best.
The table is read and prepared before, and workers have started. The fastest of the repeats counts.
Ends with 1 where the search takes more than 1.15 times the baseline, or two workers are less than
1.6 times as fast as one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.trial import FrozenTrial

    from projects.jobs.recorder import Recorder
    from projects.tuning.prepared import Prepared
    from projects.tuning.space import Space
    from projects.tuning.trials import Asked, Ended, Tally

COST_BAR, WORKERS_BAR = 1.15, 1.6
SEARCH = {
    "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
    "max_depth": {"low": 3, "high": 8},
    "min_child_weight": {"low": 1.0, "high": 100.0, "log": True},
    "subsample": {"low": 0.5, "high": 1.0},
    "colsample_bytree": {"low": 0.4, "high": 1.0},
}


@dataclass
class Run:
    """One search: how long it took, and when it had reached which value."""

    seconds: float = 0.0
    reached: list[tuple[float, float]] = field(default_factory=list)
    complete: int = 0

    @property
    def best(self) -> float:
        """The best value (roc_auc: more is better)."""
        return max(value for _, value in self.reached)

    def seconds_to(self, value: float) -> float | None:
        """After how long `value` was reached; None where it never was."""
        return next((at for at, reached in self.reached if reached >= value), None)


class Listener:
    """Hands what it hears to the recorder, and notes when values were reached."""

    def __init__(self, recorder: Recorder, run: Run) -> None:
        self.recorder, self.run, self.began = recorder, run, time.perf_counter()

    def started(self, asked: Asked) -> None:
        self.recorder.started(asked)

    def ended(self, ended: Ended, frozen: FrozenTrial) -> None:
        self.recorder.ended(ended, frozen)
        if ended.outcome.value is not None:
            self.run.complete += 1
            self.run.reached.append((time.perf_counter() - self.began, ended.outcome.value))

    def progress(self, tally: Tally) -> None:
        if sys.stderr.isatty():
            print(f"\r{tally.ended}/{tally.wanted}", end="", file=sys.stderr)


def prepared_flights(rows: int) -> tuple[Prepared, Space]:
    """Flights as the trials see them, and the space that is searched."""
    from podium.progress import Progress
    from podium.spec import load_declaration
    from projects.jobs.find import project_folder
    from projects.training.trained import read_case
    from projects.tuning.folds import folds_of
    from projects.tuning.prepared import prepare
    from projects.tuning.space import Space

    overrides: Mapping[str, Any] = {"params": {"n_estimators": 100}, "search": SEARCH}
    declaration = load_declaration(project_folder("flight_delay"), overrides)
    progress = Progress(None)
    case = read_case(declaration, base=Path.cwd(), rows=rows, seed=0, progress=progress)
    folds = folds_of(case.project, case.table, case.parts, None, 0)
    return prepare(case.project, case.table, folds, 0), Space.of(case.project)


def bare(prepared: Prepared, space: Space, trials: int, pruner: str) -> Run:
    """Optuna's own loop, in this process."""
    import optuna

    from projects.tuning.objective import Objective
    from projects.tuning.samplers import pruner_of, sampler_of

    objective, run = Objective(prepared, cores()), Run()

    def evaluate(trial: Trial) -> float:
        def stop(step: int, value: float) -> bool:
            trial.report(value, step)
            return trial.should_prune()

        estimator, params = space.suggest(trial)
        outcome = objective.run(estimator, params, stop)
        if outcome.value is None:
            raise optuna.TrialPruned(outcome.reason)
        run.reached.append((time.perf_counter() - began, outcome.value))
        return outcome.value

    with tempfile.TemporaryDirectory() as folder:
        study = optuna.create_study(
            storage=optuna.storages.RDBStorage(f"sqlite:///{folder}/study.db"),
            sampler=sampler_of("tpe", 0, several=False, workers=1),
            pruner=pruner_of(pruner, folds=1, warmup=30),
            direction="maximize",
        )
        began = time.perf_counter()
        study.optimize(evaluate, n_trials=trials)
        run.seconds = time.perf_counter() - began
    run.complete = len(run.reached)
    return run


def ours(prepared: Prepared, space: Space, trials: int, pruner: str, workers: int = 1) -> Run:
    """The search of `podium tune`, written down in MLflow and in Optuna's storage."""
    import mlflow

    from projects.jobs.recorder import Recorder
    from projects.jobs.trial_runs import TrialRuns
    from projects.tuning.crew import Crew
    from projects.tuning.samplers import pruner_of, sampler_of
    from projects.tuning.search import Search
    from projects.tuning.storage import Store
    from projects.tuning.study import new_study

    run = Run()
    with tempfile.TemporaryDirectory() as folder, Crew(workers, cores() // workers or 1) as crew:
        uri = f"sqlite:///{folder}/mlflow.db"
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient()
        experiment = client.create_experiment("search", f"{Path(folder).as_uri()}/artifacts")
        parent = client.create_run(experiment).info.run_id
        store = Store.open(uri, "search", direction="maximize", attrs={})
        prepared.save(Path(folder))
        crew.load(Path(folder))
        while len(crew.idle) < workers:
            crew.wait(0.1)
        sampler = sampler_of("tpe", 0, several=False, workers=workers)
        study = new_study("maximize", sampler, pruner_of(pruner, folds=1, warmup=30))
        search = Search(study, space, trials)
        began = time.perf_counter()
        with Recorder(TrialRuns(parent, experiment, "flight_delay", "roc_auc"), store) as recorder:
            search.run(crew, Listener(recorder, run))
        run.seconds = time.perf_counter() - began
        store.close()
    return run


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fastest(runs: list[Run]) -> Run:
    """The fastest of them."""
    return min(runs, key=lambda run: run.seconds)


def show_time_to_best(on: Run, off: Run) -> None:
    """When each had reached what the other ended with."""
    for name, run, other in (("on", on, off), ("off", off, on)):
        at = run.seconds_to(other.best)
        when = "never" if at is None else f"after {at:.1f} s"
        print(
            f"  pruning {name}: best {run.best:.4f} in {run.seconds:.1f} s, {run.complete} trials"
        )
        print(
            f"    reached the other's {other.best:.4f} {when} (the other took {other.seconds:.1f})"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore")
    prepared, space = prepared_flights(given.rows)
    work, trials, repeats = (prepared, space), given.trials, range(given.repeats)
    pairs = [(bare(*work, trials, "median"), ours(*work, trials, "median")) for _ in repeats]
    base, found = (fastest([pair[place] for pair in pairs]) for place in range(2))
    cost = found.seconds / base.seconds
    print(f"{trials} trials: {found.seconds:.1f} s, bare Optuna {base.seconds:.1f} s: {cost:.2f}")
    print(f"  best {found.best:.6f}, bare {base.best:.6f}")
    pairs = [(ours(*work, trials, "none"), ours(*work, trials, "none", 2)) for _ in repeats]
    one, two = (fastest([pair[place] for pair in pairs]) for place in range(2))
    gain = one.seconds / two.seconds
    print(f"2 workers: {two.seconds:.1f} s, 1 worker {one.seconds:.1f} s: {gain:.2f} times as fast")
    show_time_to_best(found, one)
    return int(cost > COST_BAR or gain < WORKERS_BAR)


if __name__ == "__main__":
    sys.exit(main())
