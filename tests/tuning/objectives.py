"""What workers run in the tests of crews and searches: small, and badly behaved where asked.

Each factory takes a folder and a number of threads, as `projects.tuning.worker` says.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from projects.tuning.trials import Outcome

Stop = Callable[[int, float], bool]
Do = Callable[[Mapping[str, Any], Stop], Outcome]


def value_at(x: float) -> float:
    """What `parabola` is at x: best at 2."""
    return -((x - 2.0) ** 2)


class _Runs:
    def __init__(self, do: Do) -> None:
        self._do = do

    def run(self, estimator: str, params: Mapping[str, Any], stop: Stop) -> Outcome:
        return self._do(params, stop)


def parabola(*_: object) -> _Runs:
    """The value at x."""
    return _Runs(lambda params, _: _complete(value_at(params["x"])))


def slow(*_: object) -> _Runs:
    """A twentieth of a second for each."""

    def run(params: Mapping[str, Any], _: Stop) -> Outcome:
        time.sleep(0.05)
        return _complete(value_at(params["x"]))

    return _Runs(run)


def constant(*_: object) -> _Runs:
    """The same value everywhere."""
    return _Runs(lambda *_: _complete(1.0))


def rounds(*_: object) -> _Runs:
    """Ten reports on the way to the value at x."""

    def run(params: Mapping[str, Any], stop: Stop) -> Outcome:
        for step in range(1, 11):
            if stop(step, value_at(params["x"]) - 10 / step):
                return Outcome("pruned", reason=f"pruned after round {step}")
        return _complete(value_at(params["x"]))

    return _Runs(run)


def folds(*_: object) -> _Runs:
    """The value at x on eight folds, of which each is harder than the one before."""

    def run(params: Mapping[str, Any], stop: Stop) -> Outcome:
        values: list[float] = []
        for step in range(1, 9):
            values.append(value_at(params["x"]) - step)
            if stop(step, values[-1]) and step < 8:
                return Outcome("pruned", folds=tuple(values), reason=f"pruned after fold {step}")
        return Outcome("complete", sum(values) / 8, folds=tuple(values))

    return _Runs(run)


def raising(*_: object) -> _Runs:
    """An error below 0, the value at x above."""

    def run(params: Mapping[str, Any], _: Stop) -> Outcome:
        if params["x"] < 0:
            raise ValueError(f"x is below 0\nit is {params['x']}")
        return _complete(value_at(params["x"]))

    return _Runs(run)


def undefined(*_: object) -> _Runs:
    """NaN below 0, the value at x above."""
    return _Runs(
        lambda params, _: _complete(float("nan") if params["x"] < 0 else value_at(params["x"]))
    )


def doing(*_: object) -> _Runs:
    """What the parameter `do` says."""

    def run(params: Mapping[str, Any], stop: Stop) -> Outcome:
        return _DEEDS[params["do"]](params, stop)

    return _Runs(run)


def unloadable(*_: object) -> _Runs:
    """Nothing: it cannot be loaded."""
    raise ValueError("the file is cut off")


def dying_at_start(*_: object) -> _Runs:
    """Nothing: the process ends while it loads."""
    print("no room left", file=sys.stderr, flush=True)
    os._exit(9)


def _complete(value: float) -> Outcome:
    return Outcome("complete", value, {"value": value}, seconds=0.01)


def _environment(*_: object) -> Outcome:
    return Outcome("failed", reason=f"{os.environ['OMP_NUM_THREADS']} {os.getcwd()}")


def _reports(_: Mapping[str, Any], stop: Stop) -> Outcome:
    answers = [stop(step, step / 2) for step in (1, 2, 3)]
    return Outcome("pruned", reason=str(answers))


def _exits(*_: object) -> Outcome:
    print("first line\nthe last line", flush=True)
    os._exit(3)


def _crashes(*_: object) -> Outcome:
    ctypes.string_at(0)
    raise AssertionError("reading address 0 ends a process")


def _is_killed(*_: object) -> Outcome:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
    raise AssertionError("SIGKILL ends a process")


def _hangs(params: Mapping[str, Any], _: Stop) -> Outcome:
    """For ages, in C code that lets no other thread run; leaves its number in `params["file"]`."""
    Path(params["file"]).write_text(f"{os.getpid()}\n")
    re.match(r"(a+)+$", "a" * 60 + "b")
    raise AssertionError("that takes years")


def _starts_another(params: Mapping[str, Any], _: Stop) -> Outcome:
    """A process of its own, whose number it leaves in the file `params["file"]`, and hangs."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(params["file"]).write_text(f"{child.pid}\n")
    time.sleep(600)
    raise AssertionError("that is longer than any test")


def _is_interrupted(*_: object) -> Outcome:
    os.kill(os.getpid(), signal.SIGINT)
    return _complete(0.0)


def _leaves(*_: object) -> Outcome:
    sys.exit(4)


_DEEDS: dict[str, Do] = {
    "environment": _environment,
    "report": _reports,
    "exit": _exits,
    "crash": _crashes,
    "kill": _is_killed,
    "hang": _hangs,
    "start": _starts_another,
    "interrupt": _is_interrupted,
    "leave": _leaves,
}
