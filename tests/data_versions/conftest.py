"""Places where MLflow keeps artifacts: a folder, S3 by itself, and a server that passes them on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import mlflow
import pytest
from moto.server import ThreadedMotoServer

from tests.data_versions.shops import NAME, Shop, declare, sales, train
from tests.registry_tools.backends import Backend, Backends, as_client, s3_client


@pytest.fixture(scope="session")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    """`backends.get(kind)`, each started once and only where a test asks for it."""
    all_kinds = Backends(tmp_path_factory.mktemp("data versions"))
    yield all_kinds
    all_kinds.close()


@pytest.fixture
def local(backends: Backends) -> Iterator[Backend]:
    """SQLite and a folder, whose name has a blank, for what does not depend on the store."""
    started = backends.get("sqlite")
    with as_client(started):
        yield started


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """A server that speaks S3, with the bucket `snapshots`; gives what its clients need."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "MLFLOW_S3_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    s3_client(environment).create_bucket(Bucket="snapshots")
    yield environment
    server.stop()


@pytest.fixture
def local_run(local: Backend) -> str:
    """A run whose artifacts lie in the folder of `local`."""
    with mlflow.start_run(tags={"backend": local.name}) as run:
        return str(run.info.run_id)


@pytest.fixture(params=["folder", "s3", pytest.param("server", marks=pytest.mark.slow)])
def run_id(request: pytest.FixtureRequest, backends: Backends) -> Iterator[str]:
    """A run with its artifacts in one kind of store after another, which this process uses."""
    started = backends.get("server" if request.param == "server" else "sqlite")
    environment, experiment = dict(started.environment), None
    if request.param == "s3":
        environment |= request.getfixturevalue("s3")
    with as_client(replace(started, environment=environment)) as client:
        if request.param == "s3":
            place = f"s3://snapshots/{uuid4()}"
            experiment = client.create_experiment(place.rpartition("/")[2], place)
        with mlflow.start_run(experiment_id=experiment) as run:
            pass
        yield str(run.info.run_id)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("a shop")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        project = declare(folder / NAME, licence="CC0", owner="ACME")
        first = sales()
        first.to_csv(project / "sales.csv", index=False)
        first[first.columns[::-1]].to_parquet(folder / "same.parquet", index=False)
        second = first.assign(amount=first["amount"].where(first.index > 20, first["amount"] + 1))
        second.iloc[10:].to_csv(folder / "second.csv", index=False)
        trained = (
            train(project),
            train(project, folder / "same.parquet"),
            train(project, folder / "second.csv"),
        )
        mlflow.MlflowClient().set_registered_model_alias(NAME, "production", "3")
        yield Shop(folder, project, trained)
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
