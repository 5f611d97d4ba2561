"""Places where MLflow keeps its registry: two databases, and three servers in their own processes.

Each comes with an experiment of its own, named in MLFLOW_EXPERIMENT_NAME, whose artifacts lie in
the folder that the backend was started in, or in its bucket. A run that goes to that experiment
(any that names no other) leaves nothing elsewhere. Of the two databases, MLflow puts what any
other experiment logs below ./mlruns of the process that makes it: in this process that is the
backend's folder whatever the working directory, but a child process that makes experiments must
run in a folder of the test's.
"""

from __future__ import annotations

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, chdir, contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import boto3
import mlflow
import pytest
import requests
from moto.server import ThreadedMotoServer
from sqlalchemy import URL, make_url

from tests.e2e import processes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Kind = Literal["sqlite", "postgresql", "server", "server_auth", "server_s3"]
KINDS: tuple[Kind, ...] = get_args(Kind)
POSTGRESQL = "PODIUM_TEST_POSTGRESQL"
BUCKET = "registry-tools"
PASSWORDS = {name: f"{name}-has-a-long-password" for name in ("admin", "ada", "bob", "eve")}
EDITORS = ("ada", "bob")
_CHOSEN_BY_A_BACKEND = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_REGISTRY_URI",
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "MLFLOW_EXPERIMENT_NAME",
    "MLFLOW_EXPERIMENT_ID",
    "MLFLOW_RUN_ID",
    "MLFLOW_S3_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
)


@dataclass(frozen=True)
class Backend:
    """A registry that runs.

    `environment`: all that a client process needs, MLFLOW_TRACKING_URI included.
    """

    name: Kind
    tracking_uri: str
    environment: Mapping[str, str]

    @property
    def experiment(self) -> str:
        """The name of its experiment, which no other started backend has."""
        return self.environment["MLFLOW_EXPERIMENT_NAME"]


def process_environment(backend: Backend, **more: str) -> dict[str, str]:
    """What a child process that uses `backend` gets: this environment, nothing of another's."""
    kept = {name: value for name, value in os.environ.items() if name not in _CHOSEN_BY_A_BACKEND}
    path = f"{processes.SCRIPTS}{os.pathsep}{kept['PATH']}"
    return {**kept, "PATH": path, "PYTHONPATH": str(processes.ROOT), **backend.environment, **more}


@contextmanager
def as_client(backend: Backend) -> Iterator[mlflow.MlflowClient]:
    """Let this process use `backend` for the length of the block; blocks may be nested.

    It is this process's environment that changes: not for threads that use two backends at once.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in _CHOSEN_BY_A_BACKEND:
            patch.setenv(name, "")  # so that it is put back, whatever MLflow sets meanwhile
            patch.delenv(name)
        for name, value in backend.environment.items():
            patch.setenv(name, value)
        mlflow.set_tracking_uri(backend.tracking_uri)
        _registry_follows_tracking()
        try:
            yield mlflow.MlflowClient()
        finally:
            _registry_follows_tracking()
            mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


def _registry_follows_tracking() -> None:
    mlflow.set_registry_uri(None)  # type: ignore[arg-type]


def as_user(backend: Backend, user: str) -> Backend:
    """The same server with the credentials of `user`, one of `PASSWORDS`.

    `ada` and `bob` may edit all models and experiments, `eve` only reads, `admin` may do anything.
    Who creates a model or an experiment may manage it.
    """
    return replace(backend, environment={**backend.environment, **_credentials(user)})


def behind(backend: Backend, url: str) -> Backend:
    """The same server, reached by `url`, such as that of a proxy."""
    environment = {**backend.environment, "MLFLOW_TRACKING_URI": url}
    return replace(backend, tracking_uri=url, environment=environment)


def grant(backend: Backend, user: str, model: str, permission: str) -> None:
    """Give `user` READ, USE, EDIT, MANAGE or DENY on the registered model `model`.

    What is lower than the user has already makes no difference, except DENY.
    """
    granted = {"resource_type": "registered_model", "resource_id": model, "permission": permission}
    _administer(backend, "3.0/mlflow/users/permissions/grant", username=user, **granted)


@dataclass
class Backends:
    """All kinds, each started when it is first asked for, and stopped with the rest."""

    folder: Path
    _started: dict[Kind, Backend] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def get(self, kind: Kind) -> Backend:
        """The backend of this kind. Skips the test where its service is not there."""
        if kind not in self._started:
            folder = self.folder / kind
            folder.mkdir(exist_ok=True)
            self._started[kind] = self._stack.enter_context(started(kind, folder))
        return self._started[kind]

    def close(self) -> None:
        """Stop all that were started."""
        self._stack.close()
        self._started.clear()


@contextmanager
def started(kind: Kind, folder: Path) -> Iterator[Backend]:
    """A new backend of this kind, with all its files in the empty `folder`.

    Skips the test where its service is not there.
    """
    with _STARTS[kind](folder) as backend:
        name = f"registry-tools-{secrets.token_hex(4)}"
        environment = {**backend.environment, "MLFLOW_TRACKING_URI": backend.tracking_uri}
        backend = replace(backend, environment={**environment, "MLFLOW_EXPERIMENT_NAME": name})
        local = (folder / "artifacts").as_uri() if kind in ("sqlite", "postgresql") else None
        with as_client(backend) as client, chdir(folder):  # see the module's docstring
            client.create_experiment(name, artifact_location=local)
        yield backend


@contextmanager
def _sqlite(folder: Path) -> Iterator[Backend]:
    yield Backend("sqlite", f"sqlite:///{folder}/mlflow.db", {})


@contextmanager
def _postgresql(_: Path) -> Iterator[Backend]:
    if not os.environ.get(POSTGRESQL):
        pytest.skip(f"{POSTGRESQL} names no server, such as postgresql://me@127.0.0.1:5432/me")
    server = make_url(os.environ[POSTGRESQL]).set(drivername="postgresql")
    database = f"podium_test_{secrets.token_hex(6)}"
    _execute(server, f"CREATE DATABASE {database}")
    try:
        uri = server.set(database=database).render_as_string(hide_password=False)
        yield Backend("postgresql", uri, {})
    finally:
        _execute(server, f"DROP DATABASE {database} WITH (FORCE)")  # MLflow keeps connections


def _execute(server: URL, statement: str) -> None:
    import psycopg

    uri = server.render_as_string(hide_password=False)
    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(statement.encode())


@contextmanager
def _server(
    folder: Path,
    *options: str,
    name: Kind = "server",
    env: Mapping[str, str] | None = None,
) -> Iterator[Backend]:
    url = f"http://127.0.0.1:{_free_port()}"
    store = f"sqlite:///{folder}/mlflow.db"
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    command = [sys.executable, "-m", "mlflow", "server", "--port", url.rpartition(":")[2]]
    command += ["--workers", "2", "--backend-store-uri", store, *options]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with processes.server(command, f"{url}/health", folder, {**own, **quiet, **(env or {})}):
        yield Backend(name, url, {})


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _serving_artifacts(folder: Path) -> tuple[str, ...]:
    return ("--serve-artifacts", "--artifacts-destination", str(folder / "artifacts"))


@contextmanager
def _server_plain(folder: Path) -> Iterator[Backend]:
    with _server(folder, *_serving_artifacts(folder)) as backend:
        yield backend


@contextmanager
def _server_auth(folder: Path) -> Iterator[Backend]:
    if find_spec("flask_wtf") is None:
        pytest.skip("mlflow[auth] is not installed")
    config = folder / "auth.ini"
    config.write_text(
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = sqlite:///{folder}/auth.db\n"
        "admin_username = admin\n"
        f"admin_password = {PASSWORDS['admin']}\n"
        "auth_cache_ttl_seconds = 3600\n"  # else MLflow hashes the password at every request
    )
    env = {"MLFLOW_AUTH_CONFIG_PATH": str(config), "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key"}
    options = (*_serving_artifacts(folder), "--app-name", "basic-auth")
    with _server(folder, *options, name="server_auth", env=env) as backend:
        _add_users(backend)
        yield as_user(backend, "ada")


def _add_users(backend: Backend) -> None:
    for name in PASSWORDS.keys() - {"admin"}:
        _administer(backend, "2.0/mlflow/users/create", username=name, password=PASSWORDS[name])
    made = _administer(backend, "3.0/mlflow/roles/create", workspace="default", name="editors")
    editors = made["role"]["id"]
    for resource in ("registered_model", "experiment"):
        all_of_them = {"resource_type": resource, "resource_pattern": "*", "permission": "EDIT"}
        _administer(backend, "3.0/mlflow/roles/permissions/add", role_id=editors, **all_of_them)
    for name in EDITORS:
        _administer(backend, "3.0/mlflow/roles/assign", role_id=editors, username=name)


def _administer(backend: Backend, path: str, **body: object) -> Any:
    """Over plain HTTP: MLflow's own client imports its whole server into this process."""
    reply = requests.post(
        f"{backend.tracking_uri}/api/{path}",
        json=body,
        auth=("admin", PASSWORDS["admin"]),
        timeout=60,
    )
    reply.raise_for_status()
    return reply.json() if reply.content else None


def _credentials(user: str) -> dict[str, str]:
    return {"MLFLOW_TRACKING_USERNAME": user, "MLFLOW_TRACKING_PASSWORD": PASSWORDS[user]}


@contextmanager
def _server_s3(folder: Path) -> Iterator[Backend]:
    with _s3() as environment:
        root = ("--no-serve-artifacts", "--default-artifact-root", f"s3://{BUCKET}/mlflow")
        with _server(folder, *root, name="server_s3", env=environment) as backend:
            yield replace(backend, environment=environment)


@contextmanager
def _s3() -> Iterator[dict[str, str]]:
    """A server that speaks S3, with a bucket; gives what its clients need."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "MLFLOW_S3_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        s3_client(environment).create_bucket(Bucket=BUCKET)
        yield environment
    finally:
        server.stop()


def s3_client(environment: Mapping[str, str]) -> S3Client:
    """boto3's client for the bucket of a backend `server_s3`."""
    return boto3.Session().client(
        "s3",
        endpoint_url=environment["MLFLOW_S3_ENDPOINT_URL"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
    )


_STARTS: dict[Kind, Callable[[Path], AbstractContextManager[Backend]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "server": _server_plain,
    "server_auth": _server_auth,
    "server_s3": _server_s3,
}
