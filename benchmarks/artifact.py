"""Scoring by the artifact's two forms, against ONNX Runtime alone on ready arrays.

    python benchmarks/artifact.py [--estimator xgboost] [--rows 20000] [--repeats 7]

Trains the bundled flights project, saves the artifact and opens it as the reference (scikit-learn)
and as the compiled scorer. The baseline, "bare session", is `InferenceSession.run` with the same
model and arrays that were encoded before. All are timed in turns; the fastest call counts. 1 and
100 rows are parsed JSON values, 100,000 rows a pandas table. Then: what opening costs, in this
process, and in one of its own, with its start and imports. Ends with 1 where scoring one row takes
more than 3 times the bare session, or is not 50 times as fast as the reference.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from podium.artifact.scoring import Scorer
    from podium.artifact.scoring.compiled import CompiledScorer

MOST_TIMES_BARE, LEAST_SPEED_UP = 3.0, 50.0
MANY, SOME = 100_000, 100
SINGLE_ROWS, SLOW_ROWS = 50, 10  # different ones, since a tree's path depends on the row
BARE, REFERENCE, COMPILED = "bare session", "reference", "compiled"
Tasks = Mapping[str, Callable[[], Any]]


@dataclass(frozen=True)
class Subject:
    """An artifact opened in every way, and what it is asked."""

    folder: Path
    reference: Scorer
    compiled: CompiledScorer
    table: pd.DataFrame
    rows: list[dict[str, Any]]

    @classmethod
    def open(cls, folder: Path, raw: pd.DataFrame) -> Subject:
        """Open both forms; `raw` is spread over as many rows as are asked."""
        import numpy as np

        from podium.artifact.example import example_of
        from podium.artifact.scoring import Scorer, open_scorer

        reference, compiled = Scorer.open(folder), open_scorer(folder)
        if compiled.form != "compiled":
            raise SystemExit(f"not compiled: {(folder / 'parity.json').read_text()}")
        table = raw.iloc[np.linspace(0, len(raw) - 1, MANY).astype(int)]
        sent = example_of(reference, table.iloc[:: MANY // SOME]).astype(object)
        rows = json.loads(json.dumps(sent.where(sent.notna(), None).to_dict("records")))
        return cls(folder, reference, compiled, table, rows)


def bare_session(folder: Path, threads: int) -> Any:
    """Open the compiled form with nothing but ONNX Runtime."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    return onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=providers)


def trained(estimator: str, rows: int | None, folder: Path) -> Subject:
    """Train the flights project and open the artifact that it gives."""
    from podium.artifact.example import example_of
    from podium.artifact.mlflow_model import save_artifact
    from podium.progress import Progress
    from podium.spec import load_declaration
    from projects.jobs.find import project_folder
    from projects.training.trained import train

    project = project_folder("flight_delay")
    overrides = {"estimator": estimator, "params": {}, "search": {}}
    declaration = load_declaration(project, {} if estimator == "xgboost" else overrides)
    found = train(declaration, base=project, rows=rows, seed=0, progress=Progress(sys.stderr))
    scorer, raw = found.fitted.scorer, found.table.raw
    save_artifact(scorer, example_of(scorer, raw.iloc[:3]), folder, parity=found.parity)
    return Subject.open(folder, raw)


def fastest(tasks: Tasks, repeats: int, loops: Mapping[str, int] | int = 1) -> dict[str, float]:
    """Seconds of the fastest call of each: `loops` calls in each of `repeats` turns.

    In another order each time: the reference's idle threads spin on while the next is timed.
    """
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    order = random.Random(0)
    for task in tasks.values():
        task()
    for _ in range(repeats):
        for name, task in order.sample(list(tasks.items()), len(tasks)):
            for _ in range(loops if isinstance(loops, int) else loops[name]):
                started = time.perf_counter()
                task()
                seconds[name].append(time.perf_counter() - started)
    return {name: min(taken) for name, taken in seconds.items()}


def single_rows(subject: Subject, repeats: int) -> dict[str, float]:
    """Seconds a row, one by one; a call is short, since a busy machine spoils long ones."""
    singles = [[row] for row in subject.rows[:: SOME // SINGLE_ROWS]]
    arrays = [subject.compiled.encoder.encode_row(row) for (row,) in singles]
    session = bare_session(subject.folder, 1)
    slow = singles[:SLOW_ROWS]
    tasks: Tasks = {
        REFERENCE: lambda: [subject.reference.score_rows(row) for row in slow],
        COMPILED: lambda: [subject.compiled.score_rows(row) for row in singles],
        BARE: lambda: [session.run(None, array) for array in arrays],
    }
    taken = fastest(tasks, 5 * repeats, {REFERENCE: 1, COMPILED: 20, BARE: 20})
    asked = {REFERENCE: len(slow), COMPILED: len(singles), BARE: len(singles)}
    return {name: seconds / asked[name] for name, seconds in taken.items()}


def some_rows(subject: Subject, repeats: int) -> dict[str, float]:
    """Seconds for 100 rows in one call."""
    rows, reference, compiled = subject.rows, subject.reference, subject.compiled
    values = {
        column.name: [row[column.name] for row in rows] for column in compiled.encoder.columns
    }
    arrays, session = compiled.encoder.encode(values, SOME), bare_session(subject.folder, 1)
    tasks: Tasks = {
        f"{REFERENCE}, score_rows": lambda: reference.score_rows(rows),
        f"{COMPILED}, score_rows": lambda: compiled.score_rows(rows),
        f"{COMPILED}, score_columns": lambda: compiled.score_columns(values, SOME),
        BARE: lambda: session.run(None, arrays),
    }
    loops = {name: 2 if name.startswith(REFERENCE) else 10 for name in tasks}
    return fastest(tasks, 5 * repeats, loops)


def many_rows(subject: Subject, repeats: int) -> dict[str, float]:
    """Seconds for 100,000 rows of a table."""
    table, reference, compiled = subject.table, subject.reference, subject.compiled
    features = compiled.canonicaliser.transform(table)
    arrays = compiled.encoder.encode_features(features)
    cores = os.cpu_count() or 1
    one, all_cores = bare_session(subject.folder, 1), bare_session(subject.folder, cores)
    tasks: Tasks = {
        f"{REFERENCE}, raw values": lambda: reference.score(table),
        f"{REFERENCE}, canonical features": lambda: reference.scores(features),
        f"{COMPILED}, raw values": lambda: compiled.score(table),
        f"{COMPILED}, canonical features": lambda: compiled.scores(features),
        f"{BARE}, {cores} threads": lambda: all_cores.run(None, arrays),
        BARE: lambda: one.run(None, arrays),
    }
    return fastest(tasks, repeats)


def opener(form: str, folder: Path) -> Callable[[], Any]:
    """Opens one form of the artifact, and imports what that needs."""

    def opened() -> Any:
        if form == BARE:
            return bare_session(folder, 1)
        from podium.artifact.scoring import Scorer, open_scorer

        return Scorer.open(folder) if form == REFERENCE else open_scorer(folder)

    return opened


def in_child(form: str, folder: Path) -> None:
    """Open one form in a process of its own."""
    command = [sys.executable, __file__, "--child", form, str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def show(what: str, taken: Mapping[str, float]) -> None:
    """Print milliseconds, and ratios of the baseline's."""
    print(f"\n{what:<36}{'ms':>12}{'/ ' + BARE:>18}")
    for name, seconds in taken.items():
        print(f"  {name:<34}{seconds * 1000:>12.3f}{seconds / taken[BARE]:>18.2f}")


def verdicts(single: Mapping[str, float]) -> bool:
    """Print whether the bars hold."""
    times, speed_up = single[COMPILED] / single[BARE], single[REFERENCE] / single[COMPILED]
    passed = times <= MOST_TIMES_BARE, speed_up >= LEAST_SPEED_UP
    words = ["passed" if one else "MISSED" for one in passed]
    print(
        f"\n1 row, compiled: {times:.2f} times the {BARE} (at most {MOST_TIMES_BARE}): {words[0]}"
    )
    print(f"1 row, compiled: {speed_up:.0f} times as fast as the {REFERENCE}", end=" ")
    print(f"(at least {LEAST_SPEED_UP:.0f}): {words[1]}")
    return all(passed)


def main() -> None:
    """Train, time, print, and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--estimator", default="xgboost", help="another than the project declares")
    parser.add_argument("--rows", type=int, help="train on at most so many rows")
    parser.add_argument("--repeats", type=int, default=7, help="turns of each")
    parser.add_argument("--child", nargs=2, metavar=("FORM", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        opener(given.child[0], Path(given.child[1]))()
        return
    forms = (REFERENCE, COMPILED, BARE)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        subject = trained(given.estimator, given.rows, folder)
        print(f"{given.estimator}; baseline: {BARE}, 1 thread; the fastest call counts")
        single = single_rows(subject, given.repeats)
        show("1 row of parsed JSON", single)
        show(f"{SOME} rows of parsed JSON", some_rows(subject, given.repeats))
        show(f"{MANY:,} rows of a table", many_rows(subject, given.repeats))
        here = {form: opener(form, folder) for form in forms}
        show("opening, warm process", fastest(here, given.repeats))
        apart = {form: lambda form=form: in_child(form, folder) for form in forms}
        show("opening, fresh process", fastest(apart, given.repeats))
    raise SystemExit(0 if verdicts(single) else 1)


if __name__ == "__main__":
    main()
