"""What a verdict costs: the paired test against bootstraps, the job against scoring alone.

    python benchmarks/evaluation.py [--rows 1000000] [--repeats 3] [--train-rows N]

- DeLong's paired test of two scores on a million rows. The baseline draws the same rows with
  replacement 1,000 times and takes both areas with scikit-learn's roc_auc_score each time; 50 draws
  are made, and the time of 1,000 extrapolated.
- `podium evaluate` on the flights holdout, two versions (linear and XGBoost). What grows with the
  rows (find training rows, score, compare) against the baseline: MLflow alone loads both models
  and predicts the same rows, `mlflow.pyfunc.load_model(uri).predict(frame)`. What does not grow
  with the holdout, or is done by any job that scores it, is stated apart: imports, fetching the
  versions, reading the table, measuring the latency, drawing, logging, entering.
The fastest of the repeats counts. Ends with 1 where DeLong is not 100 times faster, or the job
takes more than 3 times the baseline.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

NAME = "flight_delay"
DELONG_BAR, JOB_BAR = 100.0, 3.0
DRAWN, DRAWS = 50, 1_000
GROWS = ("identify", "score", "compare")


def seconds_of(task: Callable[[], Any]) -> float:
    """How long one call takes."""
    started = time.perf_counter()
    task()
    return time.perf_counter() - started


def two_scores(rows: int) -> Any:
    """Two correlated scores of the same rows, a tenth of them positive."""
    import numpy as np

    from podium.evaluation import Scores
    from podium.evaluation.pairs import Pair

    draw = np.random.default_rng(0)
    y = (draw.random(rows) < 0.1).astype(np.int64)
    common = draw.normal(size=rows) + 1.2 * y
    scores = []
    for noise in (0.5, 0.6):
        probability = 1 / (1 + np.exp(-(common + noise * draw.normal(size=rows) - 2)))
        scores.append(Scores(y, (probability > 0.5).astype(np.int64), probability))
    return Pair(*scores)


def bootstrap(pair: Any, draws: int) -> None:
    """The spread of the difference of both areas, by resampling rows."""
    import numpy as np
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng(0)
    for _ in range(draws):
        rows = draw.integers(0, len(pair), len(pair))
        y = pair.y[rows]
        roc_auc_score(y, pair.candidate.probability[rows])
        roc_auc_score(y, pair.champion.probability[rows])


def delong(rows: int, repeats: int) -> bool:
    """Print DeLong against the bootstrap; whether the bar is kept."""
    from podium.evaluation import get_metric
    from podium.evaluation.comparison import compare

    pair, metric = two_scores(rows), get_metric("binary", "roc_auc")
    compare(metric, pair.take(slice(0, 1000)))
    ours = min(seconds_of(lambda: compare(metric, pair)) for _ in range(repeats))
    drawn = seconds_of(lambda: bootstrap(pair, DRAWN))
    theirs = drawn * DRAWS / DRAWN
    print(
        f"DeLong on {rows:,} rows {ours:8.3f} s; {DRAWS:,} bootstraps {theirs:8.1f} s "
        f"({DRAWN} drawn): {theirs / ours:.0f} times faster (bar: {DELONG_BAR:g})"
    )
    return theirs / ours >= DELONG_BAR


def train(rows: int | None) -> None:
    """A linear version, which is made champion, and an XGBoost one."""
    limit = [] if rows is None else ["--rows", str(rows)]
    for estimator in ("linear", "xgboost"):
        command = ["podium", "train", "--project", NAME, "--estimator", estimator, *limit]
        subprocess.run(command, check=True, capture_output=True)
    because = ["--force", "--reason", "the benchmark's champion"]
    promote = ["podium", "promote", NAME, "1", "--to", "production", *because]
    subprocess.run(promote, check=True, capture_output=True)


def job() -> tuple[dict[str, float], Any]:
    """Seconds of each stage of the job, in this process, and the rows that it judged by."""
    from podium.progress import Progress
    from podium.spec import load_declaration
    from projects.evaluating.case import Asked, make_case
    from projects.evaluating.judge import judge
    from projects.evaluating.named import Named
    from projects.jobs import tracking
    from projects.jobs.contest import open_contest
    from projects.jobs.find import project_folder
    from projects.jobs.record_evaluation import enter, log
    from registry_tools.uses import use_of

    progress = Progress(None)
    with ExitStack() as opened:
        with progress.stage("versions", ""):
            declaration = load_declaration(project_folder(NAME))
            contest, registrar = open_contest(declaration, Named(2), None, opened)
        run = opened.enter_context(tracking.open_run(NAME, "evaluate", None))
        count = partial(use_of, registrar.ledger.entries)
        case = make_case(contest, Asked(), count, progress)
        judged = judge(case, progress)
        report = log(case, judged, run, progress, opens_gate=True)
        enter(registrar, case, report, run, progress)
    return progress.seconds, case.rows.raw


def as_signed(frame: Any) -> Any:
    """The rows in the types of the models' signature, without which MLflow refuses them."""
    numbers = frame.select_dtypes("number").columns
    typed = frame.astype(dict.fromkeys(numbers, "float64"))
    return typed.assign(scheduled=frame["scheduled"].astype(str)).drop(columns="late")


def alone(frame: Any) -> None:
    """MLflow loads both models and predicts the rows."""
    import mlflow

    for number in (1, 2):
        mlflow.pyfunc.load_model(f"models:/{NAME}/{number}").predict(frame)


def measure_job(repeats: int) -> bool:
    """Print the job against scoring alone; whether the bar is kept."""
    runs, bare = [], []
    for turn in range(repeats + 1):
        seconds, frame = job()
        typed = as_signed(frame)
        taken = seconds_of(partial(alone, typed))
        if turn:
            runs.append(seconds)
            bare.append(taken)
    best = min(runs, key=lambda seconds: sum(seconds[stage] for stage in GROWS))
    ours, theirs = sum(best[stage] for stage in GROWS), min(bare)
    print(
        f"evaluate on {len(frame):,} rows {ours:6.2f} s; both models loaded and asked by MLflow "
        f"{theirs:6.2f} s: ratio {ours / theirs:.2f} (bar: {JOB_BAR:g})"
    )
    print("  of that " + ", ".join(f"{stage} {best[stage]:.2f} s" for stage in GROWS))
    rest = {stage: taken for stage, taken in best.items() if stage not in GROWS}
    print("  apart   " + ", ".join(f"{stage} {taken:.2f} s" for stage, taken in rest.items()))
    return ours / theirs <= JOB_BAR


def main() -> None:
    """Measure in a registry of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--train-rows", type=int, default=None)
    given = parser.parse_args()
    scripts = str(Path(sys.executable).parent)
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ.pop("PODIUM_NOTIFY_URL", None)
    kept = delong(given.rows, given.repeats)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        train(given.train_rows)
        kept = measure_job(given.repeats) and kept
        os.chdir("/")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
