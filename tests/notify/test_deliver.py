"""Delivering from the outbox: attempts, failures, kills in the middle, one deliverer at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from podium.errors import UsageError
from podium.notify import (
    Outbox,
    Pace,
    Target,
    deliver_now,
    load_settings,
    outbox_of,
    run_deliverer,
    start_deliverer,
)
from podium.notify import deliver as deliver_module
from podium.notify.stored import to_text
from tests.notify.made import QUICK, notice, released, target
from tests.notify.receivers import Receiver, receiver, wait_until

ROOT = Path(__file__).parents[2]
HEAVY = ("mlflow", "pandas", "numpy", "requests", "sklearn", "pydantic", "click")


def bare_environment(state: Path) -> dict[str, str]:
    """This process's environment, with nothing of Podium's but a state folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PODIUM_", "XDG_"))}
    return {**kept, "HOME": str(state), "PODIUM_STATE": str(state)}


def environment(state: Path, there: Receiver) -> dict[str, str]:
    return {
        **bare_environment(state),
        "PODIUM_NOTIFY_URL": there.url,
        "PODIUM_NOTIFY_SECRET": "s3cr3t-s3cr3t",
        "PODIUM_NOTIFY_ALLOW": "http,private",
    }


def delivered_ids(there: Receiver) -> list[str]:
    return [got.headers["X-MLflow-Delivery-Id"] for got in there.got]


def test_what_is_due_is_delivered_once_and_gone(tmp_path: Path) -> None:
    with receiver() as there:
        outbox = released(tmp_path, "e1", "e2", urls=[there.url])
        outbox.prepare(notice("e3"), [target(there.url)], time.time())
        attempts = deliver_now(outbox, (target(there.url),))
        assert [a.delivery.state for a in attempts] == ["delivered"] * 2
        assert deliver_now(outbox, (target(there.url),)) == []
    assert outbox.waiting() == outbox.failed() == []
    assert len(there.got) == 2


def test_a_server_that_fails_twice_gets_the_same_delivery_a_third_time(tmp_path: Path) -> None:
    with receiver(500, 503, 200) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        assert run_deliverer(outbox, lambda: (target(there.url),), QUICK)
    assert outbox.waiting() == outbox.failed() == []
    assert len(there.got) == 3
    assert len(set(delivered_ids(there))) == 1
    assert len({got.body for got in there.got}) == 1


def test_retry_after_is_waited_for_up_to_the_cap(tmp_path: Path) -> None:
    with receiver(429, headers={"Retry-After": "9000"}) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        before = time.time()
        deliver_now(outbox, (target(there.url),))
    (delivery,) = outbox.waiting()[0].deliveries
    assert 290 < delivery.due_at - before < 330
    assert outbox.due(time.time()) == []


def test_a_429_with_a_short_retry_after_is_delivered_in_the_end(tmp_path: Path) -> None:
    with receiver(429, 200, headers={"Retry-After": "1"}) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        assert run_deliverer(outbox, lambda: (target(there.url),), Pace(0.01, 5.0))
    assert len(there.got) == 2


def test_after_the_last_attempt_a_notice_is_kept_as_failed_and_can_be_retried(
    tmp_path: Path,
) -> None:
    with receiver(*[500] * 12, 200) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        assert run_deliverer(outbox, lambda: (target(there.url),), QUICK)
        (failed,) = outbox.failed()
        assert failed.deliveries[0].attempts == 12
        assert failed.deliveries[0].reason == "HTTP 500"
        outbox.retry(failed, time.time())
        assert run_deliverer(outbox, lambda: (target(there.url),), QUICK)
    assert outbox.failed() == []
    assert len(set(delivered_ids(there))) == 1


def test_a_url_that_got_it_is_spared_when_another_fails(tmp_path: Path) -> None:
    with receiver() as good, receiver(500, 404) as bad:
        outbox = released(tmp_path, "e1", urls=[good.url, bad.url])
        assert run_deliverer(outbox, lambda: (target(good.url), target(bad.url)), QUICK)
    assert (len(good.got), len(bad.got)) == (1, 2)
    assert [d.state for d in outbox.failed()[0].deliveries] == ["delivered", "failed"]


def test_a_dead_url_is_attempted_once_in_a_pass_and_others_are_served(tmp_path: Path) -> None:
    taken = threading.Semaphore(0)

    def hang_up(handler: BaseHTTPRequestHandler) -> None:
        taken.release()
        handler.connection.close()
        raise ConnectionError

    with receiver() as good, receiver(before_reply=hang_up) as dead:
        outbox = released(tmp_path, "e1", "e2", "e3", urls=[dead.url, good.url])
        deliver_now(outbox, (target(good.url), target(dead.url)))
    assert len(good.got) == 3
    assert len(dead.got) == 1
    assert [q.deliveries[0].attempts for q in outbox.waiting()] == [1, 1, 1]


def test_a_url_that_the_settings_do_not_name_waits_and_then_fails(tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=["https://gone.example"])
    deliver_now(outbox, ())
    assert outbox.waiting()[0].deliveries[0].reason == "the settings do not name this URL"
    assert run_deliverer(outbox, lambda: (), QUICK)
    assert len(outbox.failed()) == 1


def test_a_notice_that_a_kill_left_settled_in_its_place_is_put_away(tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=["https://x.example"])
    (queued,) = outbox.waiting()
    failed = replace(queued.deliveries[0], state="failed")
    (file,) = (tmp_path / "due").iterdir()
    file.write_text(to_text(replace(queued, deliveries=(failed,))))
    assert run_deliverer(outbox, lambda: (), QUICK)
    assert outbox.waiting() == []
    assert len(outbox.failed()) == 1


def test_a_secret_that_was_changed_meanwhile_signs_the_next_attempt(tmp_path: Path) -> None:
    with receiver(500, 200) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        secrets = iter(["old", "old", "new", "new", "new"])
        run_deliverer(outbox, lambda: (target(there.url, next(secrets)),), QUICK)
    first, second = (got.headers["X-MLflow-Signature"] for got in there.got)
    assert first != second


def test_settings_that_broke_meanwhile_leave_the_former_ones(tmp_path: Path) -> None:
    reads: list[int] = []

    def read() -> tuple[Target, ...]:
        reads.append(1)
        if len(reads) > 1:
            raise UsageError("broken")
        return (target(there.url),)

    with receiver(500, 200) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        assert run_deliverer(outbox, read, QUICK)
    assert len(there.got) == 2


def test_one_deliverer_at_a_time(tmp_path: Path) -> None:
    outbox = released(tmp_path, "e1", urls=["https://x.example"])
    with outbox.delivering() as is_deliverer:
        assert is_deliverer
        assert not run_deliverer(Outbox(tmp_path), lambda: ())
    assert len(outbox.waiting()) == 1


def test_a_sleeping_deliverer_wakes_up_for_a_new_notice_and_when_all_is_delivered(
    tmp_path: Path,
) -> None:
    with receiver(500, 200, 200) as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        slow = Pace(first_seconds=200.0)
        thread = threading.Thread(
            target=run_deliverer, args=(outbox, lambda: (target(there.url),), slow)
        )
        thread.start()
        wait_until(lambda: len(there.got) == 1)
        released(tmp_path, "e2", urls=[there.url])
        wait_until(lambda: len(there.got) == 2)
        deliver_now(outbox, (target(there.url),), is_forced=True)
        thread.join(timeout=20)
    assert not thread.is_alive()
    assert len(there.got) == 3
    assert outbox.waiting() == []


def test_a_notice_that_comes_as_the_deliverer_ends_is_not_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, works = deliver_module._work, list[int]()

    def work(*arguments: object) -> None:
        real(*arguments)  # type: ignore[arg-type]
        works.append(1)
        if len(works) == 1:  # it saw nothing waiting, and still holds the lock
            released(tmp_path, "e2", urls=[there.url])
            assert not run_deliverer(Outbox(tmp_path), lambda: ())

    monkeypatch.setattr(deliver_module, "_work", work)
    with receiver() as there:
        outbox = released(tmp_path, "e1", urls=[there.url])
        assert run_deliverer(outbox, lambda: (target(there.url),), QUICK)
    assert len(there.got) == 2


def test_two_processes_that_deliver_at_once_send_each_notice_once(tmp_path: Path) -> None:
    entries = [f"e{n}" for n in range(30)]
    with receiver() as there:
        outbox = released(tmp_path / "notify", *entries, urls=[there.url])
        code = textwrap.dedent("""
            from podium.notify import deliver_now, outbox_of, settings_of_this_process
            settings = settings_of_this_process()
            deliver_now(outbox_of(settings), settings.notify)
        """)
        both = [
            subprocess.Popen([sys.executable, "-c", code], env=environment(tmp_path, there))
            for _ in range(2)
        ]
        assert [process.wait(timeout=20) for process in both] == [0, 0]
    assert outbox.waiting() == []
    assert len(there.got) == len(set(delivered_ids(there))) == 30


def test_a_killed_deliverer_loses_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    entries = [f"e{n}" for n in range(20)]
    is_held, held = threading.Event(), threading.Event()

    def hold_the_fifth(_: BaseHTTPRequestHandler) -> None:
        if len(there.got) == 5 and not held.is_set():
            held.set()
            is_held.wait(20)

    with receiver(before_reply=hold_the_fifth) as there:
        outbox = released(tmp_path / "notify", *entries, urls=[there.url])
        command = [sys.executable, "-m", "podium.notify"]
        first = subprocess.Popen(command, env=environment(tmp_path, there), cwd=ROOT)
        wait_until(held.is_set)
        first.send_signal(signal.SIGKILL)
        first.wait()
        is_held.set()
        assert len(outbox.waiting()) == 16
        subprocess.run(command, env=environment(tmp_path, there), cwd=ROOT, check=True, timeout=20)
    assert outbox.waiting() == outbox.failed() == []
    ids = delivered_ids(there)
    assert len(set(ids)) == 20
    assert len(ids) == 21  # the fifth came twice, under the same id


def test_start_deliverer_returns_at_once_and_the_notice_arrives(tmp_path: Path) -> None:
    with receiver() as there:
        environ = environment(tmp_path, there)
        settings = load_settings(environ, tmp_path)
        outbox = outbox_of(settings)
        outbox.prepare(notice(), settings.notify, time.time())
        outbox.release("e1")
        assert start_deliverer(settings, environ)
        wait_until(lambda: not outbox.waiting())
        log = outbox.folder / "deliverer.log"
        wait_until(lambda: "delivered: promote of flight_delay (e1)" in log.read_text())
    everything = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert b"s3cr3t" not in everything


def test_start_deliverer_says_false_where_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    assert not start_deliverer(load_settings({}, tmp_path), {})
    assert "did not start" in caplog.text


def test_a_deliverer_with_broken_settings_says_so_in_its_log(tmp_path: Path) -> None:
    environ = {**bare_environment(tmp_path), "PODIUM_NOTIFY_URL": "ftp://x"}
    ended = subprocess.run([sys.executable, "-m", "podium.notify"], env=environ, cwd=ROOT)
    assert ended.returncode == 2
    assert "no address to send to" in (tmp_path / "notify" / "deliverer.log").read_text()


def test_the_deliverer_imports_nothing_heavy_even_with_a_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("notify: [{url: https://x.example}]")
    code = (
        "import sys, podium.notify, podium.notify.__main__ as deliverer\n"
        "assert deliverer.main() == 0\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    environ = {**bare_environment(tmp_path), "PODIUM_SETTINGS": str(file)}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environ, cwd=ROOT, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "[]", ran.stderr
