"""Versions to register: Podium's, a stranger's, and hollow ones that have no files."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import mlflow
import mlflow.pyfunc
import pandas as pd
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import LoggedArtifact, log_artifact
from podium.artifact.scoring import Scorer
from projects.jobs.tracking import create_version
from tests.artifact.samples import boosted, raw_table
from tests.registry_tools.backends import Backend, as_client

HOLLOW = "podium:/hollow/1"
_FOREIGN = """\
import mlflow.pyfunc
import pandas as pd
from mlflow.models import set_model


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None) -> pd.Series:
        return model_input["x"] * 2


set_model(Doubling())
"""


def new_name(stem: str = "model") -> str:
    """A model name that nobody has used; backends are shared by all tests of a session."""
    return f"{stem}-{secrets.token_hex(4)}"


def register_hollow(
    backend: Backend,
    name: str,
    *,
    source: str = HOLLOW,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
) -> int:
    """A version without files, in milliseconds. Makes the model `name` where it is not there.

    `source`: at most 500 characters; databases take any but a models: URI of nothing, servers no
    local path, no mlflow-artifacts: or models: URI, and nothing with `..` or without a `/`.
    """
    with as_client(backend) as client:
        _ensure_model(client, name)
        version = client.create_model_version(
            name, source, tags=dict(tags or {}), description=description
        )
        return int(version.version)


@cache
def small_scorer() -> Scorer:
    """What `register_artifact` logs where no other scorer is given."""
    return boosted()


def register_artifact(
    backend: Backend,
    name: str,
    *,
    tags: Mapping[str, str] | None = None,
    description: str = "",
    scorer: Scorer | None = None,
) -> int:
    """A version of a real Podium artifact, tagged as `podium train` does; `tags` come on top.

    The artifact is logged once a backend and scorer; later versions point to the same files.
    """
    scorer = scorer or small_scorer()
    with as_client(backend):
        logged, run_id = _logged_once(backend, "podium", scorer)
        known = {"podium.project": name, "podium.digest": logged.digest}
        return create_version(name, logged.model_id, run_id, {**known, **(tags or {})}, description)


def register_foreign(backend: Backend, name: str, *, tags: Mapping[str, str] | None = None) -> int:
    """A version of a pyfunc model that Podium did not make, with signature and input example.

    It takes the column `x` and doubles it. Logged once a backend.
    """
    with as_client(backend) as client:
        logged, run_id = _logged_once(backend, "foreign", None)
        _ensure_model(client, name)
        version = client.create_model_version(
            name, logged.uri, run_id, tags=dict(tags or {}), model_id=logged.model_id
        )
        return int(version.version)


def artifact_digest(backend: Backend, scorer: Scorer | None = None) -> str:
    """The digest that `register_artifact` tags the versions of `scorer` with."""
    with as_client(backend):
        return _logged_once(backend, "podium", scorer or small_scorer())[0].digest


_LOGGED: dict[tuple[str, str, int], tuple[LoggedArtifact, str]] = {}


def _logged_once(backend: Backend, kind: str, scorer: Scorer | None) -> tuple[LoggedArtifact, str]:
    key = (backend.experiment, kind, id(scorer))
    if key not in _LOGGED:
        experiment = mlflow.get_experiment_by_name(backend.experiment)
        with mlflow.start_run(experiment_id=experiment.experiment_id) as run:
            logged = _log_foreign() if scorer is None else _log_podium(scorer)
        _LOGGED[key] = (logged, run.info.run_id)
    return _LOGGED[key]


def _log_podium(scorer: Scorer) -> LoggedArtifact:
    example = example_of(scorer, raw_table(3))
    return log_artifact(scorer, example, name="model", tags={})


def _log_foreign() -> LoggedArtifact:
    example = pd.DataFrame({"x": [1.0, 2.0]})
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(scratch, "doubling.py")
        code.write_text(_FOREIGN)
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(code),
            signature=infer_signature(example, example["x"] * 2),
            input_example=example,
            pip_requirements=[f"mlflow=={mlflow.__version__}"],
        )
    return LoggedArtifact(info.model_id, f"models:/{info.model_id}", "")


def _ensure_model(client: mlflow.MlflowClient, name: str) -> None:
    with suppress(MlflowException):  # it is there; creating the version says what else is wrong
        client.create_registered_model(name)
