"""A process that runs trials, one at a time, until the process that leads the search is gone.

As a module that is run, this is that process. It imports neither Optuna nor MLflow.
"""

from __future__ import annotations

import importlib
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from podium.orphans import end_with_parent
from projects.training.reasons import reason_of
from projects.tuning.messages import Load, Loaded, Report, Runs, Unusable
from projects.tuning.trials import Asked, Outcome

if TYPE_CHECKING:
    from pathlib import Path


def open_objective(folder: Path, threads: int) -> Runs:
    """The objective on what was prepared in `folder`; the rows are shared between workers."""
    from projects.tuning.objective import Objective
    from projects.tuning.prepared import Prepared

    return Objective(Prepared.load(folder, mmap=True), threads)


def work(connection: Any, factory: str, threads: int) -> None:
    """Load what is said and run what is asked for, until the other side of `connection` ends.

    `factory`: `module:function` that makes what runs trials of a folder and a number of threads.
    """
    module, _, name = factory.partition(":")
    runs: Runs | None = None
    while True:
        message = connection.recv()
        if isinstance(message, Load):
            try:
                runs = getattr(importlib.import_module(module), name)(message.folder, threads)
            except Exception as error:  # noqa: BLE001 - whatever it is, the search must hear of it
                connection.send(Unusable(reason_of(error)))
                return
            connection.send(Loaded())
        elif runs is not None:
            connection.send(_run(runs, message, connection))


def _run(runs: Runs, asked: Asked, connection: Any) -> Outcome:
    def stop(step: int, value: float) -> bool:
        connection.send(Report(int(step), float(value)))
        return bool(connection.recv())

    try:
        return runs.run(asked.estimator, asked.params, stop)
    except (EOFError, ConnectionError):
        raise  # nobody is there to hear it
    except Exception as error:  # noqa: BLE001 - one trial has failed, not the search
        return Outcome("failed", reason=reason_of(error))


def _main(descriptor: str, factory: str, threads: str, *imports: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the leading process decides
    end_with_parent()
    for name in imports:  # while the leading process still reads the table
        importlib.import_module(name)
    with suppress(EOFError, ConnectionError), Connection(int(descriptor)) as connection:
        work(connection, factory, int(threads))


if __name__ == "__main__":
    _main(*sys.argv[1:])
