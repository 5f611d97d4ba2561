"""That the backends, the versions to register and the faulty proxy are what they say."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mlflow
import pandas as pd
import pytest
import requests
from mlflow.exceptions import MlflowException

from tests.artifact.samples import boosted, raw_table
from tests.registry_tools.backends import (
    BUCKET,
    POSTGRESQL,
    Backend,
    Backends,
    as_client,
    as_user,
    behind,
    grant,
    process_environment,
    s3_client,
)
from tests.registry_tools.faulty_proxy import (
    DROP_REPLY,
    DROP_REQUEST,
    PASS,
    REPEAT,
    Fault,
    FaultyProxy,
    always,
    answer,
    delay_reply,
    delay_request,
    on,
)
from tests.registry_tools.models import (
    artifact_digest,
    new_name,
    register_artifact,
    register_foreign,
    register_hollow,
)

CREATE = ("POST", "/model-versions/create")


def _versions(backend: Backend, name: str) -> list[int]:
    with as_client(backend) as client:
        found = client.search_model_versions(f"name = '{name}'", order_by=["version_number ASC"])
    return [int(each.version) for each in found]


def test_versions_are_numbered_and_found_in_their_order(backend: Backend) -> None:
    ledger = f"{new_name()}.ledger"
    for number in range(1, 13):
        tags = {"podium.entry": f'{{"n": {number}}}'}
        assert register_hollow(backend, ledger, source="podium:/x/1", tags=tags) == number
    with as_client(backend) as client:
        found = client.search_model_versions(
            f"name = '{ledger}' AND version_number > 2", order_by=["version_number ASC"]
        )
    assert [int(each.version) for each in found] == list(range(3, 13))
    assert {each.source for each in found} == {"podium:/x/1"}
    assert found[0].tags["podium.entry"] == '{"n": 3}'


def test_a_source_with_a_scheme_of_our_own_and_a_quoted_name_is_kept(backend: Backend) -> None:
    name = new_name()
    number = register_hollow(backend, name, source="podium:/my%20model/1")
    with as_client(backend) as client:
        assert client.get_model_version(name, str(number)).source == "podium:/my%20model/1"


def test_an_alias_is_set_read_and_moved(backend: Backend) -> None:
    name = new_name()
    for _ in range(2):
        register_hollow(backend, name)
    with as_client(backend) as client:
        for number in ("1", "2"):
            client.set_registered_model_alias(name, "champion", number)
            assert str(client.get_model_version_by_alias(name, "champion").version) == number
        client.delete_registered_model_alias(name, "champion")
        assert client.get_registered_model(name).aliases == {}


def test_a_podium_artifact_is_registered_and_scores(backend: Backend) -> None:
    name = new_name()
    assert register_artifact(backend, name, tags={"podium.estimator": "small"}) == 1
    assert register_artifact(backend, name) == 2
    with as_client(backend) as client:
        first, second = (client.get_model_version(name, number) for number in ("1", "2"))
        assert first.model_id == second.model_id
        assert first.tags["podium.digest"] == artifact_digest(backend)
        assert first.tags["podium.estimator"] == "small"
        raw = raw_table(5)
        answer = mlflow.pyfunc.load_model(f"models:/{name}/1").predict(raw)
        pd.testing.assert_frame_equal(answer, boosted().score(raw))


def test_a_foreign_model_is_registered_and_answers(backend: Backend) -> None:
    name = new_name()
    assert [register_foreign(backend, name) for _ in range(2)] == [1, 2]
    with as_client(backend):
        model = mlflow.pyfunc.load_model(f"models:/{name}/2")
        assert model.predict(pd.DataFrame({"x": [3.0]})).tolist() == [6.0]
        assert model.metadata.signature.inputs.input_names() == ["x"]
        assert model.input_example is not None


def test_a_process_of_its_own_reaches_the_backend(backend: Backend, tmp_path: Path) -> None:
    name = new_name()
    register_hollow(backend, name)
    code = f"import mlflow; print(mlflow.MlflowClient().get_registered_model({name!r}).name)"
    env = process_environment(backend)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True
    )
    assert done.stdout.strip() == name, done.stderr


def test_what_is_logged_leaves_nothing_in_the_working_directory(
    backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with as_client(backend):
        with mlflow.start_run():
            mlflow.log_text("one", "one.txt")
        mlflow.create_experiment(new_name())
        with mlflow.start_run(experiment_id=mlflow.create_experiment(new_name())):
            mlflow.log_text("two", "two.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_client_ends_with_its_block_and_may_be_nested(
    one_backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    before = dict(os.environ), mlflow.get_tracking_uri(), mlflow.get_registry_uri()
    other = behind(one_backend, "http://127.0.0.1:9")
    with as_client(one_backend):
        assert "AWS_PROFILE" not in os.environ
        with as_client(other):
            assert mlflow.get_registry_uri() == other.tracking_uri
        assert mlflow.get_tracking_uri() == mlflow.get_registry_uri() == one_backend.tracking_uri
    assert (dict(os.environ), mlflow.get_tracking_uri(), mlflow.get_registry_uri()) == before


def test_postgresql_is_skipped_where_no_server_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(POSTGRESQL, raising=False)
    with pytest.raises(pytest.skip.Exception, match=POSTGRESQL):
        Backends(tmp_path).get("postgresql")


@pytest.fixture
def guarded(backends: Backends) -> Backend:
    return backends.get("server_auth")


@pytest.mark.slow
def test_two_users_register_versions_of_one_model(guarded: Backend) -> None:
    name = new_name()
    users = [as_user(guarded, user) for user in ("ada", "bob")]
    assert [register_hollow(user, name) for user in users] == [1, 2]
    assert [register_artifact(user, name) for user in users] == [3, 4]
    with as_client(users[1]) as client:
        client.set_registered_model_alias(name, "champion", "2")
        client.set_model_version_tag(name, "1", "seen", "yes")


@pytest.mark.slow
def test_who_may_edit_a_model_may_not_delete_its_aliases_or_tags_but_its_manager_may(
    guarded: Backend,
) -> None:
    name = new_name()
    register_hollow(as_user(guarded, "ada"), name, tags={"a": "1"})
    bob = as_user(guarded, "bob")
    with as_client(bob) as client:
        client.set_registered_model_alias(name, "champion", "1")
        for refused in (
            lambda: client.delete_registered_model_alias(name, "champion"),
            lambda: client.delete_model_version_tag(name, "1", "a"),
            lambda: client.delete_model_version(name, "1"),
        ):
            with pytest.raises(MlflowException, match="Permission denied"):
                refused()
    grant(guarded, "bob", name, "MANAGE")
    with as_client(bob) as client:
        client.delete_registered_model_alias(name, "champion")
        client.delete_model_version_tag(name, "1", "a")


@pytest.mark.slow
def test_who_only_reads_registers_nothing(guarded: Backend) -> None:
    name = new_name()
    register_hollow(guarded, name)
    eve = as_user(guarded, "eve")
    with pytest.raises(MlflowException, match="Permission denied"):
        register_hollow(eve, name)
    with as_client(eve) as client, pytest.raises(MlflowException, match="Permission denied"):
        client.set_registered_model_alias(name, "champion", "1")
    assert _versions(eve, name) == [1]


@pytest.mark.slow
def test_a_wrong_password_is_refused(guarded: Backend) -> None:
    wrong = {**guarded.environment, "MLFLOW_TRACKING_PASSWORD": "another-long-password"}
    with pytest.raises(MlflowException, match="401"):
        _versions(Backend("server_auth", guarded.tracking_uri, wrong), "any")


@pytest.mark.slow
def test_artifacts_lie_in_the_bucket(backends: Backends) -> None:
    backend = backends.get("server_s3")
    name = new_name()
    register_artifact(backend, name)
    with as_client(backend) as client:
        root = client.get_model_version_download_uri(name, "1")
        local = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/1"))
    if root.startswith("models:/"):
        with as_client(backend):
            root = mlflow.get_logged_model(root.removeprefix("models:/")).artifact_location
    key = f"{root.removeprefix(f's3://{BUCKET}/')}/MLmodel"
    stored = s3_client(backend.environment).get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert stored == (local / "MLmodel").read_bytes()


@pytest.fixture
def server(backends: Backends) -> Backend:
    return backends.get("server")


@pytest.fixture
def proxy(server: Backend) -> Iterator[FaultyProxy]:
    with FaultyProxy(server.tracking_uri) as running:
        yield running


@pytest.fixture
def through(server: Backend, proxy: FaultyProxy) -> Backend:
    """The server behind the proxy."""
    return behind(server, proxy.url)


@pytest.fixture
def _no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


@pytest.mark.slow
def test_the_proxy_passes_everything_and_notes_it(through: Backend, proxy: FaultyProxy) -> None:
    name = new_name()
    assert register_artifact(through, name) == 1
    with as_client(through):
        assert mlflow.pyfunc.load_model(f"models:/{name}/1") is not None
    (created,) = proxy.asked(*CREATE)
    assert (created.fault, created.upstream, created.replied, created.done) == (
        PASS,
        (200,),
        200,
        True,
    )
    assert name.encode() in created.body


@pytest.mark.slow
def test_artifacts_and_empty_files_pass_through_the_proxy(
    through: Backend, proxy: FaultyProxy, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "big").write_bytes(os.urandom(3_000_000))
    with as_client(through), mlflow.start_run() as run:
        for name in ("empty", "big"):
            mlflow.log_artifact(str(tmp_path / name))
            uri = f"runs:/{run.info.run_id}/{name}"
            got = Path(mlflow.artifacts.download_artifacts(uri, dst_path=str(tmp_path / "got")))
            assert got.read_bytes() == (tmp_path / name).read_bytes()
    assert {each.method for each in proxy.requests} >= {"GET", "POST", "PUT"}


@pytest.mark.slow
@pytest.mark.usefixtures("_no_retries")
@pytest.mark.parametrize(("fault", "versions"), [(DROP_REQUEST, []), (DROP_REPLY, [1])])
def test_a_dropped_request_is_not_done_and_a_dropped_reply_is(
    server: Backend, through: Backend, proxy: FaultyProxy, fault: Fault, versions: list[int]
) -> None:
    name = new_name()
    proxy.rule = on(*CREATE, fault)
    with pytest.raises(MlflowException, match="closed connection without response"):
        register_hollow(through, name)
    assert _versions(server, name) == versions
    assert proxy.asked(*CREATE)[0].replied is None


@pytest.mark.slow
def test_mlflow_itself_repeats_a_post_whose_reply_was_lost(
    server: Backend, through: Backend, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    name = new_name()
    proxy.rule = on(*CREATE, DROP_REPLY)
    assert register_hollow(through, name) == 2
    assert _versions(server, name) == [1, 2]


@pytest.mark.slow
def test_a_repeated_request_is_done_twice_and_the_second_answer_comes(
    server: Backend, through: Backend, proxy: FaultyProxy
) -> None:
    name = new_name()
    proxy.rule = on(*CREATE, REPEAT)
    assert register_hollow(through, name) == 2
    assert _versions(server, name) == [1, 2]
    assert proxy.asked(*CREATE)[0].upstream == (200, 200)


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.usefixtures("_no_retries")
def test_an_error_is_answered_without_asking_the_server(
    server: Backend, through: Backend, proxy: FaultyProxy, status: int
) -> None:
    name = new_name()
    proxy.rule = always(answer(status), *CREATE)
    with pytest.raises(MlflowException, match=str(status)):
        register_hollow(through, name)
    assert _versions(server, name) == []
    assert proxy.asked(*CREATE)[0].upstream == ()


@pytest.mark.slow
def test_too_many_requests_says_when_to_come_again(proxy: FaultyProxy) -> None:
    proxy.rule = on("GET", "/health", answer(429, retry_after_seconds=1))
    first, second = (requests.get(f"{proxy.url}/health", timeout=10) for _ in range(2))
    assert (first.status_code, first.headers["Retry-After"]) == (429, "1")
    assert second.status_code == 200


@pytest.mark.slow
def test_a_held_reply_comes_late(proxy: FaultyProxy) -> None:
    proxy.rule = on("GET", "/health", delay_reply(0.5))
    began = time.monotonic()
    assert requests.get(f"{proxy.url}/health", timeout=10).status_code == 200
    assert time.monotonic() - began >= 0.5


@pytest.mark.slow
@pytest.mark.usefixtures("_no_retries")
def test_a_held_request_is_done_after_the_client_gave_up(
    server: Backend, through: Backend, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    name, release = new_name(), threading.Event()
    proxy.rule = on(*CREATE, delay_request(30, until=release))
    with pytest.raises(MlflowException, match="timed out"):
        register_hollow(through, name)
    assert _versions(server, name) == []
    release.set()
    proxy.wait_until_idle()
    assert _versions(server, name) == [1]


@pytest.mark.slow
def test_at_its_end_the_proxy_drops_what_it_holds(server: Backend) -> None:
    def ask() -> None:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{proxy.url}/health", timeout=30)

    with ThreadPoolExecutor() as pool:
        with FaultyProxy(server.tracking_uri, always(delay_request(30))) as proxy:
            asked = pool.submit(ask)
            proxy.wait_for(lambda seen: len(seen) == 1)
        asked.result(timeout=5)
    assert proxy.requests[0].upstream == ()


@pytest.mark.slow
def test_an_error_in_the_rule_is_raised_at_the_end(server: Backend) -> None:
    def rule(_method: str, _path: str, _count: int) -> Fault:
        raise LookupError("no rule")

    def ask() -> None:
        with (
            FaultyProxy(server.tracking_uri, rule) as proxy,
            pytest.raises(OSError, match="closed"),
        ):
            requests.get(f"{proxy.url}/health", timeout=10)

    with pytest.raises(LookupError, match="no rule"):
        ask()


@pytest.mark.slow
def test_many_clients_at_once_are_counted_one_by_one(proxy: FaultyProxy) -> None:
    proxy.rule = lambda _method, _path, count: answer(503) if count % 2 else PASS

    def statuses(_: int) -> list[int]:
        with requests.Session() as session:
            return [session.get(f"{proxy.url}/health", timeout=30).status_code for _ in range(10)]

    with ThreadPoolExecutor(12) as pool:
        all_statuses = [each for part in pool.map(statuses, range(12)) for each in part]
    assert (all_statuses.count(503), all_statuses.count(200)) == (60, 60)
    assert len(proxy.requests) == 120
