"""What a supervisor keeps of its workers, without any process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import fields
from pathlib import Path

import pytest

from serving.assignment import Assigned, Assignment, ServedState
from serving.commands.serve import _OF_CALLERS, _OF_SERVER, command
from serving.following.news import Decided, Unread
from serving.process.config import Callers, WorkerConfig
from serving.process.crew import Hand
from serving.process.deaths import MOST_DEATHS, WITHIN_SECONDS, Deaths
from serving.process.fixed_files import FixedFiles
from serving.process.listening import bind, is_loopback
from serving.process.messages import MOST_CHARACTERS, Order, Report
from serving.process.metrics_folder import metrics_folder
from serving.process.running import Wish
from serving.process.saying import Saying
from serving.process.standing import Damaged, Emptied, NotTaken, Standing, Swapped
from serving.process.threads import THREADS, thread_limits

_ONE = Assigned("m", "1", "champion", "/one", "a" * 64, 1)
_TWO = Assigned("m", "2", "champion", "/two", "b" * 64, 2)


def _says(version: str | None, number: int, refused: str | None = None) -> Report:
    return Report(state=ServedState("m", version, "compiled", refused), number=number)


def _serving(assigned: Assigned) -> Standing:
    standing = Standing(["m"])
    standing.want("m", assigned)
    standing.heard(7, _says(assigned.version, 1), [7])
    return standing


def test_a_swap_is_one_when_every_worker_has_made_it() -> None:
    standing = _serving(_ONE)
    assert standing.want("m", _TWO)
    assert standing.heard(7, _says("2", 2), [7, 8]) is None
    assert standing.heard(8, _says("1", 1), [7, 8]) is None  # what it said before
    assert standing.heard(8, _says("2", 2), [7, 8]) == Swapped(_TWO, _ONE)
    assert standing.heard(7, _says("2", 2), [7, 8]) is None
    assert standing.good == {"m": _TWO}


def test_what_is_wanted_already_is_no_change() -> None:
    standing = _serving(_ONE)
    assert not standing.want("m", _ONE)


def test_a_version_that_was_not_taken_is_said_once_and_tried_again() -> None:
    standing = _serving(_ONE)
    standing.want("m", _TWO)
    not_taken = standing.heard(7, _says("1", 2, "it does not load"), [7, 8])
    assert not_taken == NotTaken(_TWO, "it does not load", _ONE)
    assert standing.heard(8, _says("1", 2, "it does not load"), [7, 8]) is None
    order = standing.order()  # for those too that took it, and for a worker that starts now
    assert order.assignment == Assignment(3, (_ONE,))
    assert order.refused == {"m": "it does not load"}
    assert standing.heard(8, _says("2", 2), [7, 8]) is None
    for worker in (7, 8):
        assert standing.heard(worker, _says("1", 3, "it does not load"), [7, 8]) is None
    assert not standing.want("m", _TWO)
    assert standing.once_more()
    assert standing.order().assignment == Assignment(4, (_TWO,))
    assert standing.heard(7, _says("2", 4), [7]) == Swapped(_TWO, _ONE)
    assert not standing.once_more()


def test_a_version_with_wrong_files_is_no_refusal_of_the_workers() -> None:
    standing = _serving(_ONE)
    standing.reject("m", "its files were changed")
    assert standing.order().refused == {"m": "its files were changed"}
    assert standing.heard(7, _says("1", 1, "its files were changed"), [7]) is None
    assert not standing.once_more()
    assert standing.want("m", _ONE)  # rolled back to what is there


def test_why_a_version_has_wrong_files_is_cut_like_workers_cut_it() -> None:
    standing = _serving(_ONE)
    standing.reject("m", "\udc80" + "x" * 1000)
    (reason,) = (standing.order().refused or {}).values()
    assert len(reason) == MOST_CHARACTERS
    said = Report.from_line(_says("1", 1, reason).to_line())
    assert standing.heard(7, said, [7]) is None


def test_files_that_went_bad_are_wanted_again_though_nothing_else_is() -> None:
    standing = _serving(_ONE)
    assert standing.heard(8, _says(None, 1, "bad files"), [7, 8]) == Damaged(_ONE, "bad files")
    assert standing.want("m", _ONE)


def test_a_start_begins_with_what_was_still_being_loaded() -> None:
    standing = Standing(["m", "n"])
    standing.want("m", _ONE)
    standing.want("n", None)
    assert standing.good == {"m": None, "n": None}
    assert standing.kept == {"m": _ONE, "n": None}
    standing.heard(7, _says(None, 1, "it does not load"), [7])
    assert standing.kept == {"m": None, "n": None}


def test_what_workers_answer_for_is_known_until_they_are_gone() -> None:
    standing = _serving(_ONE)
    standing.want("m", _TWO)
    assert standing.held_by([7]) == {"m"}
    assert not standing.held_by([8])
    standing.forget(7)
    assert not standing.held_by([7])


def test_a_worker_that_is_gone_is_not_waited_for() -> None:
    standing = _serving(_ONE)
    standing.want("m", _TWO)
    standing.heard(7, _says("2", 2), [7, 8])
    standing.forget(8)
    assert standing.heard(7, _says("2", 2), [7]) == Swapped(_TWO, _ONE)


def test_a_stage_that_was_left_empty_is_said() -> None:
    standing = _serving(_ONE)
    standing.want("m", None)
    assert standing.heard(7, _says(None, 2), [7]) == Emptied(_ONE)
    assert standing.good == {"m": None}


def test_a_worker_may_die_a_few_times_and_waits_longer_each_time() -> None:
    deaths = Deaths()
    pauses = [deaths.note(float(second)) for second in range(MOST_DEATHS)]
    assert pauses == sorted(pauses, key=lambda pause: pause or 0)
    assert deaths.note(10.0) is None
    assert deaths.note(10.0 + WITHIN_SECONDS + 1) == pauses[0]


def test_what_is_said_between_processes_is_read_as_it_was_written() -> None:
    order = Order(Assignment(3, (_ONE, _TWO)), (_ONE,), {"m": "no"}, False, stop=True)
    assert Order.from_line(order.to_line()) == order
    report = _says("1", 4, "a reason, \n «with» \udc80 everything")
    assert report.to_line().count(b"\n") == 1
    assert Report.from_line(report.to_line()).number == 4
    config = WorkerConfig(("m", "n"), 3, 4, 1.5, "off", Callers(api_keys="k", access_log=True))
    assert WorkerConfig.from_text(config.to_text()) == config


def test_the_longest_report_goes_through_a_pipe_in_one_piece() -> None:
    state = ServedState(
        "\N{SNOWMAN}" * 249, "1" * 9, "compiled", "\N{FACE WITH TEARS OF JOY}" * 500
    )
    assert len(Report(state=state, number=10**9).to_line()) < 4096


def test_threads_are_shared_among_workers_unless_the_user_chose() -> None:
    assert set(thread_limits({}, workers=2, cores=8).values()) == {"4"}
    assert set(thread_limits({}, workers=16, cores=8).values()) == {"1"}
    chosen = thread_limits({"OMP_NUM_THREADS": "3"}, workers=1, cores=2)
    assert set(chosen) == set(THREADS) - {"OMP_NUM_THREADS"}


def test_every_option_reaches_the_server() -> None:
    options = {parameter.name for parameter in command.params} - {"names", "json", "debug"}
    assert options == {*_OF_CALLERS, *_OF_SERVER}
    assert {name for name, _ in _OF_CALLERS.values()} == {each.name for each in fields(Callers)}
    left = {each.name for each in fields(Wish)} - {"names", "callers"}
    assert {name for name, _ in _OF_SERVER.values()} == left


def test_a_worker_that_does_not_read_holds_up_nobody() -> None:
    sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
    process = subprocess.Popen(sleeping, stdin=subprocess.PIPE, bufsize=0)
    hand = Hand(1, process, 0.0)
    writing = threading.Thread(target=hand.write)
    writing.start()
    order = Order(refused={"m": "x" * 50_000})
    began = time.monotonic()
    for _ in range(20):
        hand.tell(order)
    assert time.monotonic() - began < 5
    hand.kill()
    assert hand.wait() < 0
    writing.join(30)
    assert not writing.is_alive()


def test_a_reader_that_is_gone_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    lines = os.fdopen(writing, "w")
    saying = Saying(lines, lines)
    saying.say("event", "a sentence")
    saying.say("event", "another")
    with pytest.raises(BrokenPipeError):
        lines.close()
    saying.say("event", "after it was closed")


def test_folders_of_killed_servers_are_cleared_away_and_those_in_use_are_not(
    tmp_path: Path,
) -> None:
    left = tmp_path / "podium-metrics-left"
    left.mkdir()
    with metrics_folder(tmp_path) as used:
        for folder in (left, used):
            os.utime(folder, (0, 0))
        with metrics_folder(tmp_path) as other:
            assert not left.exists()
            assert used.is_dir()
            assert other.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_counters_are_kept_elsewhere_where_the_state_folder_cannot_be_written_to(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with metrics_folder(tmp_path / "file" / "metrics") as used:
        assert used.is_dir()
    assert not used.exists()


def test_one_version_by_its_uri_stays_what_it_was() -> None:
    news: list[object] = []
    FixedFiles(_ONE, lambda: _ONE, news.append).bring()
    assert news == [Decided("m", _ONE)]
    FixedFiles(_ONE, lambda: _TWO, news.append).bring()
    FixedFiles(_ONE, lambda: int("x"), news.append).bring()  # type: ignore[arg-type, return-value]
    assert [type(each) for each in news[1:]] == [Unread, Unread]


@pytest.mark.parametrize(
    ("host", "alone"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_who_can_reach_a_server_is_seen_by_its_address(host: str, alone: bool) -> None:
    with bind(host, 0) as bound:
        assert is_loopback(bound) is alone
