"""What the ledger costs, against a bare MLflow client that does the same.

    python benchmarks/registry.py [--repeats 15] [--entries 100 1000 10000]

In a registry of its own (SQLite, local files), on a small flights model:
- `podium status`: reads the model, its ledger and its versions, folds and writes the screen. The
  baseline makes the same three reads with an MlflowClient and prints nothing. Both as commands,
  and in this process, where nothing but reading, checking and folding is left to compare.
- promote to staging beside a champion: reads, downloads, checks, loads, has the example answered,
  compares signatures, enters a verdict and the promotion, sets the alias. The baseline reads the
  model, its ledger and the version, loads the model with MLflow, predicts the same example once,
  writes as many model versions, and sets an alias.
- the fold from nothing, and a follower's poll, at so many entries.
The fastest of the repeats counts. Ends with 1 where `status` takes more than 1.15 times, or
promote more than 1.3 times the baseline, or the poll at the most entries more than twice the poll
at the fewest.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from registry_tools.ledger import Ledger

NAME, LEDGER = "flight_delay", "flight_delay.ledger"
STATUS_BAR, PROMOTE_BAR, POLL_BAR = 1.15, 1.3, 2.0
BARE_STATUS = """
from mlflow import MlflowClient
client = MlflowClient()
client.get_registered_model("flight_delay")
client.search_model_versions("name = 'flight_delay.ledger'", max_results=2000)
client.search_model_versions("name = 'flight_delay'", max_results=2000)
"""


def fastest(tasks: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Seconds of the fastest call of each; in turns, after one that warms the caches."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(repeats + 1):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: min(taken) for name, taken in seconds.items()}


def quietly(task: Callable[[], Any]) -> None:
    """Call `task`; what it writes goes nowhere."""
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        task()


def train() -> None:
    """Three versions of a small flights model, the first of them champion."""
    command = ["podium", "train", "--project", NAME, "--rows", "20000"]
    for estimator in ("linear", "xgboost", "xgboost"):
        subprocess.run([*command, "--estimator", estimator], check=True, capture_output=True)
    because = ["--force", "--reason", "the benchmark's champion"]
    promote = ["podium", "promote", NAME, "1", "--to", "production", *because]
    subprocess.run(promote, check=True, capture_output=True)


def promote(number: int) -> None:
    """What `podium promote NAME NUMBER --to staging --verdict pass` does."""
    from registry_tools.entry import Evidence
    from registry_tools.outcome import Wanted
    from registry_tools.registrar import Registrar
    from registry_tools.registry import MlflowRegistry

    verdict = Evidence(verdict="pass", report_sha256="0" * 64)
    wanted = Wanted("benchmark")
    outcome = Registrar(MlflowRegistry(), NAME).promote(number, "staging", wanted, verdict=verdict)
    if outcome.refused or len(outcome.entries) < 2:
        raise SystemExit(f"not promoted: {outcome.checks} {outcome.notes}")


def bare_promote(number: int) -> None:
    """The same reads and writes, and one load and predict, with MLflow alone."""
    import mlflow
    from mlflow import MlflowClient
    from mlflow.models import Model

    client = MlflowClient()
    client.get_registered_model(NAME)
    client.search_model_versions(f"name = '{LEDGER}'", max_results=2000)
    version = client.get_model_version(NAME, str(number))
    with tempfile.TemporaryDirectory() as scratch:
        uri = client.get_model_version_download_uri(NAME, str(number))
        folder = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=scratch)
        example = Model.load(folder).load_input_example(folder)
        mlflow.pyfunc.load_model(folder).predict(example)
    for _ in range(2):
        tags = {"entry": "x" * 900, "parent": "1"}
        client.create_model_version("bare", version.source, tags=tags, await_creation_for=0)
    client.set_registered_model_alias(NAME, "bare", str(number))


def promotions() -> tuple[Callable[[], None], Callable[[], None]]:
    """Both ways of promoting; each call takes the other of two candidates."""
    from mlflow import MlflowClient

    MlflowClient().create_registered_model("bare")
    turns = {"ours": 0, "bare": 0}

    def ours() -> None:
        turns["ours"] += 1
        promote(2 + turns["ours"] % 2)

    def bare() -> None:
        turns["bare"] += 1
        bare_promote(2 + turns["bare"] % 2)

    return ours, bare


def grow(ledger: Ledger, entries: int) -> None:
    """Write policy entries until there are so many."""
    from registry_tools.entry import Draft

    while ledger.state.seq < entries:
        reason = f"entry {ledger.state.seq + 1}"
        entry = ledger.entry(Draft("policy", reason=reason, policy={}), "benchmark")
        ledger.registry.append(entry, reason)
        ledger.refresh()


def folds(sizes: list[int], repeats: int) -> dict[int, dict[str, float]]:
    """Seconds of a fold from nothing and of a poll that finds nothing new, by entries."""
    from mlflow import MlflowClient

    from registry_tools.ledger import Ledger
    from registry_tools.registry import MlflowRegistry

    registry = MlflowRegistry()
    MlflowClient().create_registered_model("long")
    registry.create_ledger("long")
    follower, taken = Ledger(registry, "long"), {}
    for size in sorted(sizes):
        grow(follower, size)
        taken[size] = fastest(
            {"fold": lambda: Ledger(registry, "long").refresh()}, min(repeats, 3)
        ) | fastest({"poll": follower.refresh}, 10 * repeats)
    return taken


def status_here() -> None:
    """`podium status flight_delay`, in this process."""
    from registry_tools.commands.status import command

    quietly(lambda: command.main([NAME], standalone_mode=False))


def row(name: str, ours: float, bare: float, bar: float | None = None) -> bool:
    """Print one comparison; whether it keeps the bar, if there is one."""
    said = "" if bar is None else f" (bar: {bar})"
    print(f"{name:38}{ours:9.3f} s {bare:9.3f} s   ratio {ours / bare:5.2f}{said}")
    return bar is None or ours / bare <= bar


def measure(repeats: int, sizes: list[int]) -> bool:
    """Measure and print everything; whether all bars are kept."""
    train()
    ours, bare = promotions()
    taken = fastest({"ours": ours, "bare": bare}, repeats)
    kept = [row("promote to staging", taken["ours"], taken["bare"], PROMOTE_BAR)]
    here = {"ours": status_here, "bare": lambda: exec(BARE_STATUS)}
    taken = fastest(here, 4 * repeats)
    row("status without its imports", taken["ours"], taken["bare"])
    whole: dict[str, Callable[[], Any]] = {
        "ours": lambda: subprocess.run(["podium", "status", NAME], check=True, capture_output=True),
        "bare": lambda: subprocess.run([sys.executable, "-c", BARE_STATUS], check=True),
    }
    taken = fastest(whole, repeats)
    kept.append(row("status, as a command", taken["ours"], taken["bare"], STATUS_BAR))
    by_size = folds(sizes, repeats)
    for size, seconds in by_size.items():
        print(f"{size:6} entries: fold {seconds['fold']:.3f} s, poll {seconds['poll']:.4f} s")
    ratio = by_size[max(sizes)]["poll"] / by_size[min(sizes)]["poll"]
    print(f"poll at {max(sizes)} against {min(sizes)} entries: {ratio:.2f} (bar: {POLL_BAR})")
    return all([*kept, ratio <= POLL_BAR])


def main() -> None:
    """Measure in a registry of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--entries", type=int, nargs="+", default=[100, 1000, 10000])
    given = parser.parse_args()
    scripts = str(Path(sys.executable).parent)
    os.environ["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ.pop("PODIUM_NOTIFY_URL", None)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
        kept = measure(given.repeats, given.entries)
        os.chdir("/")
    sys.exit(not kept)


if __name__ == "__main__":
    main()
