"""Workers that do their work, die, hang, cannot start, and end with the process that leads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from podium.errors import PodiumError, UsageError
from projects.tuning.crew import Crew, Died, Event, Finished, Reported
from projects.tuning.trials import Asked, Outcome
from tests.tuning.living import is_alive, until, until_gone

OBJECTIVES = "tests.tuning.objectives"


@contextmanager
def crew_of(factory: str, count: int = 1, threads: int = 1) -> Iterator[Crew]:
    with Crew(count, threads, factory=f"{OBJECTIVES}:{factory}") as crew:
        crew.load(Path.cwd())
        yield crew


def until_idle(crew: Crew, count: int = 1) -> None:
    def idle() -> bool:
        assert crew.wait(1) == []
        return len(crew.idle) == count

    until(idle, "the workers were idle")


def next_event(crew: Crew) -> Event:
    events: list[Event] = []

    def has_come() -> bool:
        events.extend(crew.wait(1))
        return bool(events)

    until(has_come, "something happened")
    (event,) = events
    return event


def told(crew: Crew, **params: object) -> Event:
    """What comes first of a trial that the idle first worker runs."""
    crew.send(0, Asked(0, "line", params))
    return next_event(crew)


def test_a_worker_runs_one_trial_after_another() -> None:
    with crew_of("parabola") as crew:
        until_idle(crew)
        for x in (2.0, 3.0):
            event = told(crew, x=x)
            assert isinstance(event, Finished)
            assert event.outcome.value == -((x - 2) ** 2)
            assert crew.idle == (0,)


def test_a_worker_with_a_trial_is_not_idle() -> None:
    with crew_of("parabola", count=2) as crew:
        until_idle(crew, 2)
        crew.send(1, Asked(0, "line", {"x": 0.0}))
        assert crew.idle == (0,)


def test_reports_wait_for_their_answers() -> None:
    with crew_of("doing") as crew:
        until_idle(crew)
        event = told(crew, do="report")
        for step, answer in ((1, False), (2, True), (3, False)):
            assert event == Reported(0, step, step / 2)
            assert crew.wait(0.05) == []
            crew.answer(0, answer)
            event = next_event(crew)
        assert event == Finished(0, Outcome("pruned", reason="[False, True, False]"))


def test_workers_have_the_threads_and_the_folder_of_the_leading_process() -> None:
    with crew_of("doing", threads=3) as crew:
        until_idle(crew)
        event = told(crew, do="environment")
    assert isinstance(event, Finished)
    assert event.outcome.reason == f"3 {os.getcwd()}"


def test_an_error_fails_the_trial_and_not_the_worker() -> None:
    with crew_of("raising") as crew:
        until_idle(crew)
        process = crew.processes
        event = told(crew, x=-1.0)
        assert event == Finished(0, Outcome("failed", reason="ValueError: x is below 0"))
        assert isinstance(told(crew, x=1.0), Finished)
        assert crew.processes == process


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("kill", "its process was killed by SIGKILL, as the system does when memory is short"),
        ("crash", "its process was killed by SIGSEGV"),
        ("exit", "its process ended by itself, with exit code 3: the last line"),
        ("leave", "its process ended by itself, with exit code 4"),
    ],
)
def test_a_worker_that_dies_says_why_and_is_replaced(deed: str, reason: str) -> None:
    with crew_of("doing") as crew:
        until_idle(crew)
        assert told(crew, do=deed) == Died(0, reason)
        until_idle(crew)
        assert isinstance(told(crew, do="environment"), Finished)


def test_what_a_trial_printed_is_not_told_of_the_next_one() -> None:
    with crew_of("doing") as crew:
        until_idle(crew)
        told(crew, do="exit")
        until_idle(crew)
        assert told(crew, do="leave") == Died(0, "its process ended by itself, with exit code 4")


def test_workers_print_nothing_here(capfd: pytest.CaptureFixture[str]) -> None:
    with crew_of("doing") as crew:
        until_idle(crew)
        told(crew, do="exit")
    assert capfd.readouterr() == ("", "")


def test_an_idle_worker_that_dies_is_replaced_without_a_word() -> None:
    with crew_of("parabola") as crew:
        until_idle(crew)
        (process,) = crew.processes
        os.kill(process, signal.SIGKILL)
        until_gone([process])
        assert crew.wait(1) == []
        until_idle(crew)
        assert crew.processes != (process,)
        assert isinstance(told(crew, x=0.0), Finished)


def test_workers_that_cannot_start_are_an_error_and_no_loop() -> None:
    with (
        crew_of("dying_at_start") as crew,
        pytest.raises(PodiumError, match=r"exit code 9: no room left, 3 times in a row"),
    ):
        until_idle(crew)


def test_workers_that_cannot_be_imported_are_an_error() -> None:
    with crew_of("no_such_name") as crew, pytest.raises(PodiumError, match="no_such_name"):
        until_idle(crew)


def test_modules_are_imported_before_there_is_anything_to_load() -> None:
    with (
        Crew(1, 1, imports=("no_such_module",)) as crew,
        pytest.raises(PodiumError, match="No module named 'no_such_module'"),
    ):
        until_idle(crew)


def test_what_cannot_be_loaded_is_an_error_with_its_reason() -> None:
    with (
        crew_of("unloadable") as crew,
        pytest.raises(PodiumError, match=r"cannot load.*ValueError: the file is cut off"),
    ):
        until_idle(crew)


def number_in(file: Path) -> int:
    """The process whose number a trial leaves in `file`, once it has."""
    until(lambda: file.exists() and file.read_text().endswith("\n"), "the trial had begun")
    return int(file.read_text())


def test_the_end_of_the_block_ends_a_worker_that_hangs(tmp_path: Path) -> None:
    with crew_of("doing", count=2) as crew:
        until_idle(crew, 2)
        processes = crew.processes
        crew.send(0, Asked(0, "line", {"do": "hang", "file": str(tmp_path / "process")}))
        assert number_in(tmp_path / "process") == processes[0]
        assert all(map(is_alive, processes))
    assert not any(map(is_alive, processes))
    assert crew.processes == ()


def test_what_a_trial_has_started_ends_with_its_worker(tmp_path: Path) -> None:
    file = tmp_path / "process"
    with crew_of("doing") as crew:
        until_idle(crew)
        crew.send(0, Asked(0, "line", {"do": "start", "file": str(file)}))
        started = number_in(file)
        (worker,) = crew.processes
        os.kill(worker, signal.SIGKILL)
        assert isinstance(next_event(crew), Died)
        until_gone([started])


def test_ctrl_c_is_for_the_leading_process_alone() -> None:
    with crew_of("doing") as crew:
        until_idle(crew)
        event = told(crew, do="interrupt")
    assert isinstance(event, Finished)
    assert event.outcome.state == "complete"


@pytest.mark.parametrize("deed", ["hang", "start"])
def test_workers_end_when_the_leading_process_is_killed(deed: str, tmp_path: Path) -> None:
    file = tmp_path / "process"
    params = {"do": deed, "file": str(file)}
    program = (
        "import time\n"
        "from pathlib import Path\n"
        "from projects.tuning.crew import Crew\n"
        "from projects.tuning.trials import Asked\n"
        f"with Crew(2, 1, factory='{OBJECTIVES}:doing') as crew:\n"
        "    crew.load(Path.cwd())\n"
        "    while not crew.idle:\n"
        "        crew.wait(1)\n"
        f"    crew.send(crew.idle[0], Asked(0, 'line', {params!r}))\n"
        "    print(*crew.processes, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as leading:
        assert leading.stdout is not None
        processes = [int(number) for number in leading.stdout.readline().split()]
        processes.append(number_in(file))  # of the worker that hangs, or of what it started
        leading.kill()
    assert len(processes) == 3
    until_gone(processes)


@pytest.mark.parametrize(("count", "threads"), [(0, 1), (1, 0)])
def test_a_crew_of_none_is_refused(count: int, threads: int) -> None:
    with pytest.raises(UsageError, match="is 0"):
        Crew(count, threads)
