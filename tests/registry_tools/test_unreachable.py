"""A registry that is away, slow or failing: bounded waiting, a clear message, nothing wrong."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import mlflow
import pytest

from podium.errors import NotFound, PodiumError, Unreachable
from registry_tools import registry as module
from registry_tools import single_tries as single
from registry_tools.entry import Draft
from registry_tools.errors import Forbidden
from registry_tools.ledger import Ledger
from registry_tools.outcome import Wanted
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, Backends, as_client, behind
from tests.registry_tools.faulty_proxy import (
    DROP_REPLY,
    PASS,
    Fault,
    FaultyProxy,
    always,
    answer,
    delay_reply,
)
from tests.registry_tools.models import new_name, register_artifact, register_hollow

pytestmark = pytest.mark.slow

SETTINGS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "6",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "77",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": None,
}


@pytest.fixture
def proxy(backends: Backends) -> Iterator[FaultyProxy]:
    with FaultyProxy(backends.get("server").tracking_uri) as proxy:
        yield proxy


@pytest.fixture
def through(backends: Backends, proxy: FaultyProxy) -> Iterator[Backend]:
    """The server behind the proxy, in use."""
    backend = behind(backends.get("server"), proxy.url)
    with as_client(backend):
        yield backend


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    start = time.monotonic()
    yield
    assert time.monotonic() - start < seconds


def with_password(url: str) -> str:
    return url.replace("http://", "http://ada:s3cret@")


def check_said(error: PodiumError, place: str) -> None:
    """Where it is, what to do, and nothing secret."""
    assert isinstance(error, Unreachable)
    assert error.exit_code == 5
    assert place in str(error)
    assert "MLFLOW_TRACKING_URI" in error.remedy
    assert "s3cret" not in str(error)


def test_a_server_that_is_away_is_told_within_seconds_without_the_password(
    one_backend: Backend,
) -> None:
    away = behind(one_backend, "http://ada:s3cret@127.0.0.1:9")
    with as_client(away), at_most(30), pytest.raises(Unreachable) as caught:
        MlflowRegistry()
    check_said(caught.value, "http://ada:***@127.0.0.1:9")


def test_a_database_that_is_away_is_told_within_seconds_without_the_password(
    one_backend: Backend,
) -> None:
    with as_client(one_backend), at_most(30):
        mlflow.set_tracking_uri("postgresql://ada:s3cret@127.0.0.1:9/mlflow")
        with pytest.raises(Unreachable) as caught:
            MlflowRegistry()
    check_said(caught.value, "postgresql://ada:***@127.0.0.1:9/mlflow")


def test_a_database_file_in_a_folder_that_cannot_be_is_told(
    one_backend: Backend, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with as_client(one_backend), at_most(10):
        mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/file/mlflow.db")
        with pytest.raises(Unreachable) as caught:
            MlflowRegistry()
    check_said(caught.value, f"{tmp_path}/file")


@pytest.mark.parametrize("fault", [answer(500), answer(429, 60), answer(503), DROP_REPLY])
@pytest.mark.usefixtures("through")
def test_a_server_that_only_fails_is_asked_a_few_times_and_then_given_up(
    proxy: FaultyProxy, fault: Fault
) -> None:
    registry = MlflowRegistry()
    proxy.rule = always(fault)
    with at_most(20), pytest.raises(Unreachable) as caught:
        registry.records(new_name(), 0)
    check_said(caught.value, proxy.url)
    asked = [seen for seen in proxy.requests if seen.fault == fault]
    assert len(asked) == 4


@pytest.mark.usefixtures("through")
def test_the_pauses_between_reads_grow(proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr(module.time, "sleep", paused.append)
    registry = MlflowRegistry()
    proxy.rule = always(answer(500))
    with pytest.raises(Unreachable):
        registry.models()
    assert len(paused) == 3
    assert 0.1 < paused[0] < paused[2] < 5


def test_a_failing_server_is_named_without_the_password_in_its_uri(
    backends: Backends, proxy: FaultyProxy
) -> None:
    backend = behind(backends.get("server"), with_password(proxy.url))
    with as_client(backend):
        registry = MlflowRegistry()
        assert registry.place == proxy.url.replace("http://", "http://ada:***@")
        for fault in (DROP_REPLY, answer(500)):
            proxy.rule = always(fault)
            with pytest.raises(Unreachable) as caught:
                registry.model(new_name())
            check_said(caught.value, registry.place)


@pytest.mark.parametrize("fault", [answer(401), answer(403), answer(404)])
@pytest.mark.usefixtures("through")
def test_a_server_that_refuses_is_not_asked_again(proxy: FaultyProxy, fault: Fault) -> None:
    registry = MlflowRegistry()
    proxy.rule = always(fault)
    with pytest.raises(PodiumError, match=proxy.url) as caught:
        registry.records(new_name(), 0)
    assert not isinstance(caught.value, Unreachable)
    assert len([seen for seen in proxy.requests if seen.fault == fault]) == 1


@pytest.mark.usefixtures("through")
def test_a_command_on_a_server_that_fails_says_so_and_changes_nothing(
    backends: Backends, proxy: FaultyProxy
) -> None:
    name = new_name()
    number = register_artifact(backends.get("server"), name)
    registrar = Registrar(MlflowRegistry(), name)
    proxy.rule = always(answer(500))
    with at_most(60), pytest.raises(Unreachable) as caught:
        registrar.promote(number, "staging", Wanted("ada", reason="first"), forced=True)
    check_said(caught.value, proxy.url)
    with at_most(30), pytest.raises(Unreachable):
        Registrar(MlflowRegistry(), name)
    proxy.rule = always(PASS)
    assert Registrar(MlflowRegistry(), name).state.seq == 0


@pytest.mark.usefixtures("through")
def test_a_slow_server_makes_commands_slow_and_not_wrong(
    backends: Backends, proxy: FaultyProxy
) -> None:
    """Five seconds for each reply, of a command with some ten requests."""
    name = new_name()
    register_hollow(backends.get("server"), name)
    registry = MlflowRegistry()
    registry.create_ledger(name)
    ledger = Ledger(registry, name)
    proxy.rule = always(delay_reply(5))
    start = time.monotonic()
    with at_most(60):
        state = ledger.refresh(registry.model(name).head)
        assert state.seq == 0
        ledger.append(ledger.entry(Draft("reject", version=1, reason="bad"), "ada"))
    assert time.monotonic() - start > 15
    proxy.rule = always(PASS)
    assert [record.number for record in registry.records(name, 0)] == [1]


@pytest.mark.usefixtures("through")
def test_a_server_that_never_answers_is_given_up(
    proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(single._SETTINGS, "MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    registry = MlflowRegistry()
    proxy.rule = always(delay_reply(60))
    with at_most(30), pytest.raises(Unreachable) as caught:
        registry.model(new_name())
    check_said(caught.value, proxy.url)


def test_the_longest_that_a_read_may_take_is_bounded() -> None:
    timeouts = (len(module._PAUSES_SECONDS) + 1) * float(
        single._SETTINGS["MLFLOW_HTTP_REQUEST_TIMEOUT"]
    )
    assert timeouts + 1.5 * sum(module._PAUSES_SECONDS) < 150


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)


def kept() -> bool:
    return all(os.environ.get(name) == value for name, value in SETTINGS.items())


Ask = Callable[[MlflowRegistry], object]
ASKS: dict[str, Ask] = {
    "read": lambda registry: registry.models(),
    "not found": lambda registry: registry.version(new_name(), 1),
    "refused": lambda registry: registry.note_head("", "1:a"),
}


@pytest.mark.parametrize("what", ASKS)
@pytest.mark.usefixtures("settings")
def test_settings_of_the_process_are_as_before_afterwards(one_backend: Backend, what: str) -> None:
    with as_client(one_backend):
        try:
            ASKS[what](MlflowRegistry())
        except PodiumError:
            assert what != "read"
        assert kept()


@pytest.mark.usefixtures("through")
@pytest.mark.usefixtures("settings")
def test_settings_are_as_before_after_a_server_that_fails(proxy: FaultyProxy) -> None:
    registry = MlflowRegistry()
    proxy.rule = always(answer(500))
    with pytest.raises(Unreachable):
        registry.models()
    assert kept()


@pytest.mark.usefixtures("through")
@pytest.mark.usefixtures("settings")
def test_settings_are_as_before_after_many_threads_and_no_thread_retries_meanwhile(
    proxy: FaultyProxy,
) -> None:
    registries = [MlflowRegistry() for _ in range(8)]
    proxy.clear()
    proxy.rule = lambda _method, _path, count: answer(500) if count % 5 == 0 else PASS
    asked: list[int] = []

    def ask(registry: MlflowRegistry) -> None:
        for _ in range(6):
            count = 0

            def once() -> object:
                nonlocal count
                count += 1
                assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
                return registry._client.search_registered_models(max_results=1)

            with suppress(Unreachable):  # five of five, by chance
                registry._read(once)
            asked.append(count)

    threads = [threading.Thread(target=ask, args=(registry,)) for registry in registries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 48
    assert sum(asked) == len(proxy.requests)
    assert kept()


def test_an_object_store_that_is_away_is_unreachable_and_named(
    backends: Backends, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = backends.get("server_s3")
    name = new_name()
    number = register_artifact(backend, name)
    with as_client(backend):
        monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        registry = MlflowRegistry()
        with at_most(90), pytest.raises(Unreachable), registry.files(name, number):
            pass
        with at_most(90), pytest.raises(Unreachable):
            registry.mlmodel(name, number)


def on_artifacts(fault: Fault) -> Callable[[str, str, int], Fault]:
    """The fault where an artifact is asked for; the registry itself answers."""
    return lambda _method, path, _count: fault if "mlflow-artifacts" in path else PASS


@pytest.mark.parametrize(
    ("status", "expected"), [(401, Forbidden), (403, Forbidden), (500, Unreachable)]
)
@pytest.mark.usefixtures("through")
def test_a_store_that_refuses_or_fails_does_not_look_like_a_file_that_is_not_there(
    backends: Backends, proxy: FaultyProxy, status: int, expected: type[PodiumError]
) -> None:
    name = new_name()
    number = register_artifact(backends.get("server"), name)
    registry = MlflowRegistry()
    run_id = registry.version(name, number).run_id or ""
    proxy.rule = on_artifacts(answer(status))
    asks: list[Callable[[], object]] = [
        lambda: registry.run_text(run_id, "project.json"),
        lambda: registry.run_json(run_id, "project.json"),
        lambda: registry.mlmodel(name, number),
        lambda: registry.files(name, number).__enter__(),
    ]
    for ask in asks:
        with at_most(20), pytest.raises(expected, match=str(status)):
            ask()
    proxy.rule = on_artifacts(answer(404))
    assert registry.run_text(run_id, "project.json") is None
    with pytest.raises(NotFound):
        registry.mlmodel(name, number)
