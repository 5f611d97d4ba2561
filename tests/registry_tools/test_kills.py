"""kill -9 at every step of promote and rollback: the next commands mend what it left.

As a program, `python -m tests.registry_tools.test_kills`: imports everything once, and forks for
each kill; see `main`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import mlflow
import pytest

from podium.errors import PodiumError
from registry_tools.entry import Evidence, Stage
from registry_tools.outcome import Outcome, Wanted
from registry_tools.port import Registry
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import as_client, process_environment, started
from tests.registry_tools.models import register_artifact

NAME = "killed"
WANTED = Wanted("ada", reason="every step")
PASSED = Evidence(verdict="pass", report_sha256="a" * 64)
Command = Literal["first", "stage", "promote", "rollback", "rollback to 1"]
Result = dict[str, Any]


def _force(number: int, stage: Stage) -> Callable[[Registrar], Outcome]:
    return lambda registrar: registrar.promote(number, stage, WANTED, forced=True)


def _earn(number: int, stage: Stage, verdict: Evidence | None) -> Callable[[Registrar], Outcome]:
    """Through the gates."""
    return lambda registrar: registrar.promote(number, stage, WANTED, verdict=verdict)


COMMANDS: Mapping[Command, Callable[[Registrar], Outcome]] = {
    "first": _earn(1, "staging", PASSED),
    "stage": _earn(2, "staging", PASSED),
    "promote": _earn(2, "production", None),
    "rollback": lambda registrar: registrar.rollback(None, WANTED),
    "rollback to 1": lambda registrar: registrar.rollback(1, WANTED),
}
BEFORE: Mapping[Command, tuple[Callable[[Registrar], Outcome], ...]] = {
    "first": (),
    "stage": (_force(1, "production"),),
    "promote": (_force(1, "production"), _earn(2, "staging", PASSED)),
    "rollback": tuple(_force(number, "production") for number in (3, 1, 2)),
    "rollback to 1": tuple(_force(number, "production") for number in (3, 1, 2)),
}
WRITES = ("create_ledger", "append", "note_head", "set_alias", "delete_alias", "set_tag")


class Deadly(MlflowRegistry):
    """Counts the calls of the port, and kills its process before or after the k-th one.

    at: which one; 0 for none. calls: the names, in order.
    """

    def __init__(self, at: int = 0, when: str = "before") -> None:
        self.calls: list[str] = []
        self._fatal = (at, when)
        super().__init__()

    def step(self, name: str, when: str) -> int:
        """One call begins or has ended."""
        if when == "before":
            self.calls.append(name)
        return len(self.calls)

    def die(self, number: int, when: str) -> None:
        """Not to come back, where that is the moment."""
        if (number, when) == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)


def _deadly(name: str) -> Callable[..., Any]:
    def call(self: Deadly, *given: Any, **named: Any) -> Any:
        number = self.step(name, "before")
        self.die(number, "before")
        answer = getattr(super(Deadly, self), name)(*given, **named)
        self.die(number, "after")
        return answer

    return call


for _name in Registry.__abstractmethods__ - {"place"}:
    setattr(Deadly, _name, _deadly(_name))


@dataclass(frozen=True)
class Kill:
    """Where a command is to be killed, on a copy of what there was before it."""

    command: Command
    at: int
    when: str
    call: str = ""

    def folder(self, root: Path) -> Path:
        return root / f"{self.command.replace(' ', '-')}-{self.at}-{self.when}"


def main() -> None:
    """In the folder that is given there are databases, one a command: kill each at every step."""
    root = Path(sys.argv[1])
    from podium.artifact import example, mlflow_model  # noqa: F401  # slow imports, done once
    from podium.artifact.scoring import opening  # noqa: F401

    _count(Kill("rollback", 0, "warm-up"), root)  # scores nothing: OpenMP does not survive a fork
    kills = []
    for command in COMMANDS:
        count = Kill(command, 0, "never")
        _wait(_in_child(lambda count=count: _count(count, root)))
        calls = json.loads((count.folder(root) / "calls.json").read_text())
        for at, call in enumerate(calls, 1):
            kills.append(Kill(command, at, "before", call))
            if call in WRITES or at == len(calls):  # after one call is before the next
                kills.append(Kill(command, at, "after", call))
    waiting: list[tuple[Kill, int]] = []
    for kill in kills:
        waiting.append((kill, _in_child(lambda kill=kill: _kill_and_mend(kill, root))))
        if len(waiting) == 2:
            _wait(waiting.pop(0)[1])
    for _, child in waiting:
        _wait(child)


def _in_child(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001  # this process ends here
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(child: int) -> int:
    """How a child ended: its exit status, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _use(kill: Kill, root: Path) -> None:
    folder = kill.folder(root)
    folder.mkdir()
    database = shutil.copy(root / f"{kill.command}.db", folder / "mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{database}")


def _count(kill: Kill, root: Path) -> None:
    _use(kill, root)
    registry = Deadly()
    COMMANDS[kill.command](Registrar(registry, NAME))
    (kill.folder(root) / "calls.json").write_text(json.dumps(registry.calls))


def _kill_and_mend(kill: Kill, root: Path) -> None:
    _use(kill, root)

    def command() -> None:
        COMMANDS[kill.command](Registrar(Deadly(kill.at, kill.when), NAME))

    ended = _wait(_in_child(command))
    result: Result = {"kill": vars(kill), "ended": ended, "left": _seen()}
    try:
        again = COMMANDS[kill.command](Registrar(MlflowRegistry(), NAME))
        result |= {"entered": [e.action for e in again.entries], "notes": list(again.notes)}
    except PodiumError as error:
        result |= {"error": f"{type(error).__name__}: {error}"}
    result["mended"] = _seen()
    (kill.folder(root) / "result.json").write_text(json.dumps(result))


def _seen() -> Result:
    """What a command sees that only looks."""
    registrar = Registrar(MlflowRegistry(), NAME)
    state, model = registrar.state, registrar.model
    held = {stage: state.holder(stage) for stage in ("staging", "production")}  # type: ignore[arg-type]
    return {
        "entries": [(e.action, e.version, e.stage) for e in registrar.ledger.entries],
        "forced": [e.version for e in registrar.ledger.entries if e.forced],
        "holders": {stage: held[stage].version for stage in held if held[stage] is not None},
        "aliases": dict(model.aliases),
        "head": model.head,
        "chain_head": registrar.ledger.chain.head.text(),
    }


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Result]]:
    folder = tmp_path_factory.mktemp("kills")
    root = folder / "root"
    root.mkdir()
    with started("sqlite", folder) as backend:
        for _ in range(3):
            register_artifact(backend, NAME)
        with as_client(backend):
            _prepare(folder / "mlflow.db", root)
        command = [sys.executable, "-m", "tests.registry_tools.test_kills", str(root)]
        env = process_environment(backend, OMP_NUM_THREADS="1")
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=150
        )
        assert done.returncode == 0, done.stderr[-5000:]
        assert "Traceback" not in done.stderr, done.stderr[-5000:]
        yield [json.loads(file.read_text()) for file in sorted(root.glob("*/result.json"))]


def _prepare(database: Path, root: Path) -> None:
    """A database for each command, as it is before it."""
    bare = shutil.copy(database, root / "bare.db")
    for command, before in BEFORE.items():
        copy = shutil.copy(bare, root / f"{command}.db")
        mlflow.set_tracking_uri(f"sqlite:///{copy}")
        for step in before:
            step(Registrar(MlflowRegistry(), NAME))


def of(results: list[Result], command: Command) -> list[Result]:
    found = [result for result in results if result["kill"]["command"] == command]
    assert len(found) > 8
    assert all(result["ended"] == -signal.SIGKILL for result in found)
    return found


def check_mended(result: Result, *expected: tuple[str, int, Stage | None]) -> None:
    """What the command enters is in the ledger once, and everything else says the same."""
    mended, left = result["mended"], result["left"]
    entries = [tuple(entry) for entry in mended["entries"]]
    assert [tuple(entry) for entry in left["entries"]] == entries[: len(left["entries"])], result
    for entry in expected:
        assert entries.count(entry) == 1, result
    assert mended["aliases"] == mended["holders"], result
    assert mended["head"] == mended["chain_head"], result


pytestmark = pytest.mark.slow


def test_each_write_of_a_promotion_was_killed_before_and_after(results: list[Result]) -> None:
    killed = {(r["kill"]["call"], r["kill"]["when"]) for r in of(results, "first")}
    for call in ("create_ledger", "append", "note_head", "set_alias"):
        assert {(call, "before"), (call, "after")} <= killed


def test_a_first_promotion_is_completed_after_a_kill_at_any_step(results: list[Result]) -> None:
    for result in of(results, "first"):
        check_mended(result, ("promote", 1, "staging"))
        assert result["mended"]["holders"] == {"staging": 1}


def test_a_promotion_to_staging_is_completed_after_a_kill_at_any_step(
    results: list[Result],
) -> None:
    for result in of(results, "stage"):
        check_mended(result, ("promote", 2, "staging"), ("promote", 1, "production"))
        assert result["mended"]["holders"] == {"staging": 2, "production": 1}


def test_a_promotion_to_production_is_completed_after_a_kill_at_any_step(
    results: list[Result],
) -> None:
    for result in of(results, "promote"):
        check_mended(result, ("promote", 2, "production"), ("promote", 2, "staging"))
        assert result["mended"]["holders"] == {"production": 2}


@pytest.mark.parametrize("command", ["first", "stage", "promote"])
def test_what_came_through_the_gates_is_not_marked_as_forced_by_a_kill(
    results: list[Result], command: Command
) -> None:
    for result in of(results, command):
        before = set() if command == "first" else {1}
        assert set(result["mended"]["forced"]) == before, result


def was_completed(result: Result) -> bool:
    """Whether nothing was left undone: all that was still to come was to look."""
    left = result["left"]
    entered = ["rollback", 1, "production"] in left["entries"]
    return entered and left["aliases"] == left["holders"] and left["head"] == left["chain_head"]


@pytest.mark.parametrize("command", ["rollback", "rollback to 1"])
def test_a_rollback_is_completed_after_a_kill_at_any_step_and_goes_no_further(
    results: list[Result], command: Command
) -> None:
    killed = [result for result in of(results, command) if not was_completed(result)]
    moments = {(r["kill"]["call"], r["kill"]["when"]) for r in killed}
    assert {("append", "after"), ("note_head", "after"), ("set_alias", "before")} <= moments
    for result in killed:
        check_mended(result, ("rollback", 1, "production"))
        assert _rollbacks(result) == 1, result
        assert result["mended"]["holders"] == {"production": 1}


@pytest.mark.parametrize("command", ["rollback", "rollback to 1"])
def test_after_a_kill_behind_the_last_write_the_same_rollback_is_another_one(
    results: list[Result], command: Command
) -> None:
    """In an incident: who rolls back once more means it."""
    completed = [result for result in of(results, command) if was_completed(result)]
    assert completed
    for result in completed:
        if command == "rollback":
            assert (result["mended"]["holders"], _rollbacks(result)) == ({"production": 3}, 2)
        else:
            assert "in production already" in result["error"]
            assert (result["mended"]["holders"], _rollbacks(result)) == ({"production": 1}, 1)
        assert result["mended"]["aliases"] == result["mended"]["holders"], result


def _rollbacks(result: Result) -> int:
    return sum(entry[0] == "rollback" for entry in result["mended"]["entries"])


if __name__ == "__main__":
    main()
