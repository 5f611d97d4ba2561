"""The life of a notice on disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from podium.notify import Outbox, Target
from podium.notify import outbox as outbox_module
from podium.notify.outbox import PREPARED_SECONDS
from podium.notify.stored import from_text
from tests.notify.made import notice, released, target
from tests.notify.receivers import wait_until

URL = "https://x.example/hook"


def test_a_prepared_notice_is_not_due_until_it_is_released(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    assert outbox.prepare(notice(), [target(URL)], now=100.0) is None
    assert outbox.due(1e9) == outbox.waiting() == []
    assert outbox.prepared("flight_delay") == [notice()]
    assert outbox.prepared("another") == []
    assert outbox.release("e1") is None
    assert outbox.prepared("flight_delay") == []
    assert [queued.notice for queued in outbox.due(100.0)] == [notice()]


def test_a_dropped_notice_is_forgotten(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.prepare(notice(), [target(URL)], now=0.0)
    assert outbox.drop("e1") is None
    assert outbox.release("e1") is None
    assert outbox.prepared() == []
    assert outbox.waiting() == []


def test_only_urls_that_want_the_action_are_told(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.prepare(notice(action="evaluate"), [Target(URL, actions=("promote",))], now=0.0)
    assert outbox.prepared() == []
    both = [Target("https://a.example"), Target(URL, actions=("promote",))]
    outbox.prepare(notice("e2"), both, now=0.0)
    outbox.release("e2")
    assert [d.url for d in outbox.waiting()[0].deliveries] == ["https://a.example", URL]


def test_no_secret_is_written_and_nobody_else_can_read_the_files(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.prepare(notice(), [Target(URL, "s3cr3t-s3cr3t")], now=0.0)
    (file,) = outbox.folder.glob("*/*.json")
    assert "s3cr3t" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


def test_delivery_ids_stay_the_same_and_differ_between_urls(tmp_path: Path) -> None:
    first = released(tmp_path / "a", "e1", urls=[URL, "https://b.example"]).waiting()[0]
    again = released(tmp_path / "b", "e1", urls=[URL, "https://b.example"]).waiting()[0]
    ids = [delivery.delivery_id for delivery in first.deliveries]
    assert ids == [delivery.delivery_id for delivery in again.deliveries]
    assert len(set(ids)) == 2


def test_any_text_can_be_an_entry_id(tmp_path: Path) -> None:
    odd = ["../../etc/passwd", "a/b", "x" * 5000, "é\n", ""]
    outbox = released(tmp_path / "box", *odd, urls=[URL])
    assert {queued.notice.entry_id for queued in outbox.waiting()} == set(odd)
    assert [path.name for path in tmp_path.iterdir()] == ["box"]


def test_preparing_a_released_entry_again_does_not_undo_it(tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=[URL])
    assert outbox.prepare(notice(), [target(URL)], now=0.0) is None
    assert outbox.prepared() == []


def test_prepared_notices_expire_after_seven_days(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.prepare(notice("old"), [target(URL)], now=0.0)
    outbox.prepare(notice("new"), [target(URL)], now=PREPARED_SECONDS)
    assert [n.entry_id for n in outbox.prepared(before=1.0)] == ["old"]
    assert [n.entry_id for n in outbox.expire(PREPARED_SECONDS + 1.0)] == ["old"]
    assert [n.entry_id for n in outbox.prepared()] == ["new"]


def test_a_full_outbox_refuses_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "MAX_FILES", 3)
    outbox = released(tmp_path, "e1", "e2", urls=[URL])
    outbox.prepare(notice("e3"), [target(URL)], now=0.0)
    warning = outbox.prepare(notice("e4"), [target(URL)], now=0.0)
    assert warning is not None
    assert "holds 3 notices" in warning
    assert len(outbox.waiting()) + len(outbox.prepared()) == 3


def test_a_disk_that_cannot_be_written_gives_a_warning_and_no_exception(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outbox = Outbox(tmp_path / "file")
    for warning in (
        outbox.prepare(notice(), [target(URL)], now=0.0),
        outbox.release("e1"),
        outbox.drop("e1"),
    ):
        assert warning is not None
        assert "e1" in warning
    assert outbox.prepared("flight_delay") == []


def test_data_that_is_no_json_is_kept_as_text_and_what_cannot_be_kept_is_warned_of(
    tmp_path: Path,
) -> None:
    outbox = Outbox(tmp_path)
    odd = replace(notice(), data={"path": Path("/a"), "nan": float("nan")})
    assert outbox.prepare(odd, [target(URL)], now=0.0) is None
    assert outbox.prepared()[0].data == {"path": "/a", "nan": None}
    endless: dict[str, object] = {}
    endless["self"] = endless
    assert outbox.prepare(replace(notice("e2"), data=endless), [target(URL)], 0.0) is not None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"podium_notice": 2}', "\udcff", "null"])
def test_a_corrupt_file_is_set_aside(text: str, tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=[URL])
    (tmp_path / "due" / "broken.json").write_text(text, errors="surrogateescape")
    assert [queued.notice.entry_id for queued in outbox.waiting()] == ["e1"]
    assert [file.name for file in outbox.corrupt_files()] == ["broken.json"]
    assert not (tmp_path / "due" / "broken.json").exists()


@pytest.mark.parametrize("at", ["NaN", "-1", "1e300", '"1"', "null"])
def test_a_time_that_is_none_makes_a_file_corrupt(at: str, tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=[URL])
    (file,) = (tmp_path / "due").iterdir()
    text = file.read_text()
    start, end = text.index('"at": ') + 6, text.index(",", text.index('"at": '))
    file.write_text(f"{text[:start]}{at}{text[end:]}")
    assert outbox.waiting() == []
    assert len(outbox.corrupt_files()) == 1


def test_a_failed_notice_is_kept_apart_and_can_be_retried(tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=[URL, "https://b.example"])
    queued = outbox.waiting()[0]
    delivered = replace(queued.deliveries[0], state="delivered")
    failed = replace(queued.deliveries[1], state="failed", attempts=12, reason="HTTP 500")
    outbox.settle(replace(queued, deliveries=(delivered, failed)))
    assert outbox.waiting() == []
    outbox.retry(outbox.failed()[0], now=7.0)
    assert outbox.failed() == []
    first, second = outbox.due(7.0)[0].deliveries
    assert first.state == "delivered"
    assert (second.state, second.attempts, second.due_at) == ("waiting", 0, 7.0)


def test_leftovers_of_killed_writers_are_swept_after_an_hour(tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=[URL])
    half = tmp_path / "scratch" / "half"
    half.write_text("{")
    outbox.expire(time.time())
    assert half.exists()
    os.utime(half, (0, 0))
    outbox.expire(time.time())
    assert not half.exists()


def test_a_process_killed_while_writing_leaves_whole_files_only(tmp_path: Path) -> None:
    code = textwrap.dedent(f"""
        from pathlib import Path
        from tests.notify.made import notice, target
        from podium.notify import Outbox
        outbox, n = Outbox(Path({str(tmp_path)!r})), 0
        while True:
            outbox.prepare(notice(f"e{{n}}"), [target({URL!r})], now=0.0)
            outbox.release(f"e{{n}}") if n % 2 else None
            n += 1
    """)
    root = Path(__file__).parents[2]
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=root)
        before = len(list(tmp_path.glob("*/*.json")))
        wait_until(lambda n=before: len(list(tmp_path.glob("*/*.json"))) >= n + 5)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait()
        for folder in ("prepared", "due"):
            for file in (tmp_path / folder).iterdir():
                assert from_text(file.read_text()).notice.model == "flight_delay"
        for file in tmp_path.glob("*/*.json"):
            file.unlink()
