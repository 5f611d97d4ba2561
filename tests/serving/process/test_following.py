"""A server with two workers follows what is entered in the ledger, while callers go on asking."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path

import mlflow
import pytest

from registry_tools.outcome import Wanted
from tests.artifact.samples import boosted, regressor, xgboosted
from tests.registry_tools.backends import Backend, as_client
from tests.registry_tools.models import artifact_digest, new_name, register_artifact
from tests.serving.process.servers import (
    Reply,
    Server,
    act,
    ask_on,
    promote,
    reason_of,
    roll_back,
    serving,
    until,
)

_SWAPS, _CALLERS = 50, 4


@dataclass(frozen=True)
class _Setting:
    """A server with two models: `name` with two versions of which the first is in production,
    and `other`, with one that is in no stage yet.
    """

    backend: Backend
    name: str
    other: str
    server: Server

    @property
    def path(self) -> str:
        return f"/models/{self.name}/invocations"


@pytest.fixture(scope="module")
def setting(backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Setting]:
    name, other = new_name(), new_name()
    register_artifact(backend, name, scorer=boosted())
    register_artifact(backend, name, scorer=regressor())
    register_artifact(backend, other, scorer=boosted())
    promote(backend, name, 1)
    options = (name, other, "--workers", "2", "--poll", "0.1s")
    with serving(backend, tmp_path_factory.mktemp("server"), *options) as server:
        server.wait_for("ready")
        yield _Setting(backend, name, other, server)


def test_a_model_without_a_version_in_production_is_waited_for(setting: _Setting) -> None:
    server, path = setting.server, f"/models/{setting.other}/invocations"
    assert f"podium promote {setting.other}" in server.wait_for("waiting")["text"]
    assert server.get("/ready") == 503
    assert server.ask(path).status == 503
    promote(setting.backend, setting.other, 1)
    assert server.wait_for("swapped", model=setting.other)["before"] is None
    assert (server.ask(path).status, server.get("/ready")) == (200, 200)


def test_what_is_promoted_and_rolled_back_reaches_every_worker(setting: _Setting) -> None:
    server, path = setting.server, setting.path
    assert {server.ask(path).version for _ in range(8)} == {"1"}
    promote(setting.backend, setting.name, 2)
    swap = server.wait_for("swapped", model=setting.name, version="2", before="1")
    assert {server.ask(path).version for _ in range(20)} == {"2"}
    roll_back(setting.backend, setting.name)
    back = server.wait_for("swapped", model=setting.name, version="1", before="2")
    assert {server.ask(path).version for _ in range(20)} == {"1"}
    print("seconds after the entry:", swap["seconds_after_entry"], back["seconds_after_entry"])


@dataclass
class _Callers:
    """Clients that ask as fast as they can, each on one connection that stays open."""

    server: Server
    path: str
    replies: list[Reply] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> _Callers:
        self._threads = [threading.Thread(target=self._ask) for _ in range(_CALLERS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = self.server.connect()
        try:
            while not self.done.is_set():
                self.replies.append(ask_on(connection, self.path))
                time.sleep(0.002)
        except (OSError, HTTPException) as error:
            self.failures.append(error)
        finally:
            connection.close()


def test_fifty_swaps_under_load_fail_no_request_and_mix_no_versions(setting: _Setting) -> None:
    server, swaps = setting.server, []
    with _Callers(server, setting.path) as callers:
        for round_ in range(_SWAPS):
            seen = len(server.events)
            if round_ % 2:
                roll_back(setting.backend, setting.name)
            else:
                promote(setting.backend, setting.name, 2)
            until(lambda: len(server.events) > seen, "the swap was said")  # noqa: B023
            swaps.append(server.events[-1])
    assert [swap["version"] for swap in swaps] == ["2", "1"] * (_SWAPS // 2)
    assert callers.failures == []
    assert {reply.status for reply in callers.replies} == {200}
    pairs = {(reply.version, reply.body) for reply in callers.replies}
    assert sorted(str(version) for version, _ in pairs) == ["1", "2"]
    slowest = max(swap["seconds_after_entry"] for swap in swaps)
    print(f"{len(callers.replies)} replies; slowest swap {slowest:.2f} s after its entry")


def test_a_version_whose_files_were_changed_is_not_taken(setting: _Setting) -> None:
    server, name, backend = setting.server, setting.name, setting.backend
    version = register_artifact(backend, name, scorer=xgboosted())
    with as_client(backend) as client:
        uri = client.get_model_version_download_uri(name, str(version))
        folder = Path(mlflow.artifacts.download_artifacts(uri))
    (folder / "pipeline.skops").write_bytes(b"something else")
    promote(backend, name, version)
    refused = server.wait_for("refused", model=name, version=str(version))
    assert "pipeline.skops is not the file that was logged" in refused["text"]
    assert "Version 1 goes on being served" in refused["text"]
    assert server.ask(setting.path).version == "1"
    until(lambda: reason_of(server, name) is not None, "/ready says why")
    roll_back(backend, name)
    server.wait_for("swapped", model=name, version="1", before="1")
    assert server.get("/ready") == 200
    assert reason_of(server, name) is None


def test_a_disk_that_refuses_to_keep_what_is_served_ends_nothing(setting: _Setting) -> None:
    server, seen = setting.server, len(setting.server.events)
    last = server.lines.parent / "state" / "serving" / "last"
    aside = last.rename(last.with_name("aside"))
    last.touch()
    promote(setting.backend, setting.name, 2)
    server.wait_for("trouble", after=seen)
    last.unlink()
    aside.rename(last)
    roll_back(setting.backend, setting.name)
    server.wait_for("swapped", after=seen, model=setting.name, version="1")
    assert server.ask(setting.path).version == "1"


def test_a_killed_worker_is_replaced_while_others_answer(setting: _Setting) -> None:
    server = setting.server
    shutil.rmtree(server.lines.parent / "state" / "serving" / "metrics")
    victim, other = server.workers
    os.kill(victim, signal.SIGKILL)
    statuses = {server.ask(setting.path).status for _ in range(50)}
    assert statuses == {200}
    server.wait_for("worker_died")
    until(lambda: len(server.workers) == 2 and victim not in server.workers, "another is there")
    assert other in server.workers


def test_files_that_went_bad_on_this_machine_are_brought_once_more(setting: _Setting) -> None:
    server = setting.server
    seen = len(server.events)
    digest = artifact_digest(setting.backend, boosted())
    kept = server.lines.parent / "state" / "serving"
    (file,) = kept.glob(f"{setting.name}*/{digest}/pipeline.skops")
    good = file.read_bytes()
    file.write_bytes(b"something else")
    os.kill(server.workers[0], signal.SIGKILL)
    server.wait_for("damaged", after=seen, model=setting.name)
    until(lambda: file.exists() and file.read_bytes() == good, "the files are back")
    until(lambda: len(server.workers) == 2, "there are two workers")
    assert {server.ask(setting.path).status for _ in range(20)} == {200}


def test_retiring_the_champion_leaves_nothing_to_answer(setting: _Setting) -> None:
    server = setting.server
    wanted = Wanted("tests", "for a test")
    act(setting.backend, setting.other, lambda registrar: registrar.retire(1, wanted))
    server.wait_for("emptied", model=setting.other)
    assert server.ask(f"/models/{setting.other}/invocations").status == 503
    assert server.ask(setting.path).status == 200
