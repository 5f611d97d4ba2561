"""Searches that kill themselves at a chosen moment.

As a module that is run, `python -m tests.jobs.killed_searches FOLDER...`: imports everything once,
and forks for each folder, whose name is the moment. In it are mlflow.db and the project; what the
search says goes to said.txt.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import mlflow
import pytest
from optuna.trial import FrozenTrial

from podium.cli import main
from projects.jobs import record, search_job
from projects.tuning.storage import Store
from projects.tuning.stored import number_of
from tests.e2e.processes import environment
from tests.jobs.tuned import at_trial, quick

Moment = Literal["trial_kept", "search_over", "best_logged", "registered", "terminated"]
TRIALS = 4


def killed_at(folders: Mapping[Moment, Path]) -> dict[Moment, int]:
    """Run a search in each folder until its moment; how each ended, as `Popen.returncode` says."""
    paths = [str(folder) for folder in folders.values()]
    command = [sys.executable, "-m", "tests.jobs.killed_searches", *paths]
    some = next(iter(folders.values()))
    done = subprocess.run(
        command, cwd=some, env=environment(some), capture_output=True, text=True, check=True
    )
    return dict(zip(folders, map(int, done.stdout.split()), strict=True))


def _kill(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _after(function: Callable[..., Any]) -> Callable[..., Any]:
    def then(*given: Any, **named: Any) -> None:
        function(*given, **named)
        _kill()

    return then


def _kept(store: Store, trial: FrozenTrial) -> None:
    _ADD(store, trial)
    if number_of(trial) == 1:
        _kill()


_ADD = Store.add
_DEADLY: Mapping[Moment, tuple[object, str, Callable[..., Any]]] = {
    "trial_kept": (Store, "add", _kept),
    "search_over": (search_job, "train_case", _kill),
    "best_logged": (record, "_log_model", _kill),
    "registered": (record.tracking, "create_version", _after(record.tracking.create_version)),
}


def _search(folder: Path) -> None:
    """In a process of its own, whose output goes to a file."""
    os.chdir(folder)
    log = os.open("said.txt", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
    with pytest.MonkeyPatch.context() as patch:
        for moment, deadly in _DEADLY.items():
            if moment == folder.name:
                patch.setattr(*deadly)
        at = 2 if folder.name == "terminated" else TRIALS
        with quick(), at_trial(at, lambda: os.kill(os.getpid(), signal.SIGTERM)):
            main(["tune", "--project", "parcels", "--trials", str(TRIALS)])


def _main(folders: Sequence[str]) -> None:
    children = []
    for folder in folders:
        child = os.fork()
        if not child:
            _search(Path(folder))
            os._exit(0)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    print(*codes)


if __name__ == "__main__":
    _main(sys.argv[1:])
