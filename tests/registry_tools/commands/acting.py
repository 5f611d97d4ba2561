"""Runs Podium's commands in this process, and looks at what they left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from click.testing import CliRunner, Result
from mlflow.models import infer_signature

from podium.cli import main
from projects.jobs.tracking import create_version
from registry_tools.ledger import Ledger
from registry_tools.registry import MlflowRegistry
from registry_tools.state import State
from tests.registry_tools.backends import Backend, as_client
from tests.registry_tools.models import new_name, register_artifact


@dataclass(frozen=True)
class Acting:
    """Commands on the model `name` of `backend`; `report` is the file of some evaluation."""

    backend: Backend
    name: str
    report: Path
    patch: pytest.MonkeyPatch

    def run(self, act: str, *arguments: object, by: str = "ada", code: int = 0) -> Result:
        """`podium ACT NAME …`, which has to end with `code`."""
        self.patch.setenv("PODIUM_ACTOR", by)
        result = CliRunner().invoke(main, [act, self.name, *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    def document(self, act: str, *arguments: object, by: str = "ada", code: int = 0) -> Any:
        """The one JSON document that `podium ACT NAME … --json` prints."""
        return json.loads(self.run(act, *arguments, "--json", by=by, code=code).stdout)

    def staged(self, version: int, *arguments: object, verdict: str = "pass") -> Result:
        """`podium promote NAME VERSION --to staging`, with a verdict."""
        verdicts = ("--verdict", verdict, "--report", self.report)
        return self.run("promote", version, "--to", "staging", *verdicts, *arguments)

    def staged_refused(self, version: int) -> Result:
        """The same where a gate refuses, although the verdict is pass."""
        verdicts = ("--verdict", "pass", "--report", self.report)
        return self.run("promote", version, "--to", "staging", *verdicts, code=1)

    def champion(self, *versions: int) -> None:
        """Each of `versions` comes to staging and to production, one after the other."""
        for version in versions:
            self.staged(version)
            self.run("promote", version, "--to", "production")

    def version(self, **tags: str) -> int:
        """Register one more version of a small Podium artifact."""
        return register_artifact(self.backend, self.name, tags=tags)

    def declaring(self, policy: Mapping[str, Any]) -> int:
        """Like `version`, from a run that declares `policy`."""
        source = new_name("source")
        number = register_artifact(self.backend, source)
        model_id = MlflowRegistry().version(source, number).source.removeprefix("models:/")
        with mlflow.start_run(experiment_id=_experiment(self.backend)) as run:
            mlflow.log_dict({"name": self.name, **policy}, "project.json")
        return create_version(self.name, model_id, run.info.run_id, {}, "")

    def aliases(self) -> dict[str, int]:
        """The aliases in MLflow, as they are now."""
        return dict(MlflowRegistry().model(self.name).aliases)

    def ledger(self) -> Ledger:
        """The ledger, as it is now."""
        ledger = Ledger(MlflowRegistry(), self.name)
        ledger.refresh()
        return ledger

    def state(self) -> State:
        """What the ledger says now."""
        return self.ledger().state

    def sight(self) -> tuple[object, ...]:
        """All that an act may change."""
        registry = MlflowRegistry()
        return registry.model(self.name), tuple(registry.records(self.name, 0))


@contextmanager
def acting(backend: Backend, folder: Path) -> Iterator[Acting]:
    """Commands on a new model with two versions, without notices and with no policy."""
    report = folder / "report.html"
    report.write_text("<p>It is better.</p>")
    with as_client(backend), pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        made = Acting(backend, new_name("flights"), report, patch)
        made.version()
        made.version()
        yield made


def log_linear(backend: Backend, name: str, slope: float, column: str = "x") -> tuple[int, Path]:
    """Register a scikit-learn model as anybody would; its version, and the folder of its files."""
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    table = pd.DataFrame({column: [1.0, 2.0, 3.0]})
    model = LinearRegression().fit(table, slope * table[column])
    with mlflow.start_run(experiment_id=_experiment(backend)):
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(table, model.predict(table)),
            input_example=table,
            pip_requirements=["scikit-learn"],
            registered_model_name=name,
        )
    place = mlflow.get_logged_model(info.model_id).artifact_location
    return int(info.registered_model_version), Path(place.removeprefix("file://"))


def _experiment(backend: Backend) -> str:
    found = mlflow.get_experiment_by_name(backend.experiment)
    assert found is not None
    return str(found.experiment_id)
