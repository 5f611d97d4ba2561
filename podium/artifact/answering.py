"""Has a model that somebody else made answer its own example, in a process of its own.

Such a model is code: it may end the process, change its environment or never come back. As a
module that is run, this is that process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from podium.errors import PodiumError
from podium.interrupts import terminated_like_interrupted
from podium.orphans import end_with_parent

LIMIT_SECONDS = 300.0
_REAP_SECONDS = 5.0
_MOST_CHARACTERS = 500


def answer_example(folder: Path, *, limit_seconds: float = LIMIT_SECONDS) -> str:
    """Load the pyfunc model in `folder`, whoever made it, and have it answer its input example.

    Runs that model's own code, in a child process, which is killed with all that it started at
    the end, also by an interrupt. Returns what was done, in words. Raises PodiumError where the
    model does not load, does not answer, or not within `limit_seconds`.
    """
    with tempfile.TemporaryDirectory() as scratch:
        result, output = Path(scratch, "result.json"), Path(scratch, "output")
        code = _run(folder, result, output, limit_seconds)
        if code is None:
            raise PodiumError(
                f"it took longer than {limit_seconds:g} seconds to load and answer its own example"
            )
        found = _read(result)
        if found is None:
            raise PodiumError(f"it ended by itself, {_ending(code)}{_last_line(output)}")
    if "answered" not in found:
        raise PodiumError(f"it does not answer its own example: {found.get('problem')}")
    return found["answered"]


def _run(folder: Path, result: Path, output: Path, limit_seconds: float) -> int | None:
    """Run the child; its exit code, or None where it was stopped for lack of time."""
    command = [sys.executable, "-m", "podium.artifact.answering", str(folder), str(result)]
    with terminated_like_interrupted(), output.open("wb") as written:
        process = subprocess.Popen(  # noqa: S603 - our own module; output to a file: no pipe hangs
            command,
            stdin=subprocess.PIPE,  # which ends when this process does, however it does
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
        try:
            return process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            with suppress(ProcessLookupError):  # nothing of it is left
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(subprocess.TimeoutExpired):  # an interrupt may have left its lock held
                process.wait(_REAP_SECONDS)
            if process.stdin is not None:
                process.stdin.close()


def _read(result: Path) -> dict[str, str] | None:
    """What the child wrote; None where it did not come to that, or not to its end."""
    try:
        found = json.loads(result.read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(found, dict) and all(isinstance(text, str) for text in found.values())
    return found if whole else None


def _ending(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    with suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _last_line(output: Path) -> str:
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {_cut(lines[-1].strip())}" if lines else ""


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]} …"


def _answer(folder: str) -> str:
    import mlflow.pyfunc
    from mlflow.models import Model

    model = mlflow.pyfunc.load_model(folder)
    example = Model.load(folder).load_input_example(folder)
    if example is None:
        return "loads; it has no input example"
    model.predict(example)
    return "loads and answers its example"


def _main(folder: str, result: str) -> None:
    """Write what came of it into the file `result`, and end whatever the model left running."""
    end_with_parent()
    try:
        found = {"answered": _answer(folder)}
    except Exception as error:  # noqa: BLE001 - whatever a stranger's code raises is the finding
        found = {"problem": _cut(f"{type(error).__name__}: {' '.join(str(error).split())}")}
    Path(result).write_text(json.dumps(found), encoding="utf-8")
    os._exit(0)


if __name__ == "__main__":
    _main(*sys.argv[1:])
