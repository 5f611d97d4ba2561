"""Versions to compare, trained by the real command or logged by strangers, and what comes of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from podium.artifact import parity
from podium.cli import main
from projects.evaluating.speed import footprints
from projects.jobs import record, record_evaluation
from registry_tools.entry import Entry
from registry_tools.ledger import Ledger
from registry_tools.registry import MlflowRegistry

NAME = "parcels"
GATE = {"slices": ["region"], "min_slice_rows": 80}
WEAK, GOOD, LINES = 1, 2, 3  # versions of NAME that `train_parcels` makes
SHUFFLED, SPOILT, OTHER_SPLIT, REDUCED = 4, 5, 6, 7


def parcels(count: int = 3000, seed: int = 0, *, spoilt: str = "") -> pd.DataFrame:
    """Rows whose `late` depends on the other columns.

    spoilt: the region where it is the opposite; "all": it is shuffled everywhere.
    """
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "distance": draw.normal(size=count),
            "gate": draw.normal(size=count),
            "region": draw.choice(["north", "west", "south"], count, p=[0.45, 0.37, 0.18]),
        }
    )
    score = frame["distance"] + frame["gate"] + 0.8 * (frame["region"] == "north")
    late = score + draw.normal(scale=0.6, size=count) > 0.3
    if spoilt == "all":
        late = draw.permutation(late)
    return frame.assign(late=np.where(frame["region"] == spoilt, ~late, late).astype(int))


def declare(folder: Path, **changes: Any) -> Path:
    """A folder with the project.yaml of `parcels`, which reads parcels.csv beside it."""
    declared = {
        "name": NAME,
        "task": "binary",
        "data": {"source": "parcels.csv"},
        "target": {"column": "late"},
        "params": {"n_estimators": 30, "n_jobs": 1},
        "gate": GATE,
        **changes,
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "project.yaml").write_text(yaml.safe_dump(declared))
    return folder


def podium(*arguments: object) -> Result:
    """A command in this process; whatever it says, it is no traceback."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert "Traceback" not in result.output
    return result


def train(project: Path, *arguments: object) -> int:
    """The version that `podium train` registers; without figures, which take most of its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parity, "BULK_ROWS", 100)
        patch.setattr(record, "drawings", lambda _: ())
        result = podium("train", "--project", project, *arguments, "--json")
    assert result.exit_code == 0, result.output
    return int(json.loads(result.stdout)["model_version"])


def train_parcels(folder: Path) -> None:
    """The versions WEAK, GOOD, ... REDUCED of NAME, into the store that is set."""
    project = declare(folder / NAME)
    parcels().to_csv(project / "parcels.csv", index=False)
    parcels(seed=1, spoilt="all").to_csv(folder / "shuffled.csv", index=False)
    parcels(seed=2, spoilt="south").to_csv(folder / "spoilt.csv", index=False)
    reduced = declare(
        folder / "reduced", features={"numeric": ["distance"], "categorical": ["region"]}
    )
    shutil.copy(project / "parcels.csv", reduced)
    linear = ("--estimator", "linear")
    train(project, "--params", "n_estimators=1,max_depth=1,n_jobs=1")
    train(project)
    train(project, *linear)
    train(project, *linear, "--data", folder / "shuffled.csv")
    train(project, "--data", folder / "spoilt.csv")
    train(project, *linear, "--seed", "1")
    train(reduced, *linear)


@contextmanager
def quickly(*, figures: bool) -> Iterator[None]:
    """Evaluations within time fewer calls; without `figures` none is drawn: that is most of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(footprints.__kwdefaults__, "calls", 20)
        if not figures:
            patch.setattr(record_evaluation, "drawings", lambda *_: ())
        yield


@contextmanager
def store_at(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """MLflow logs to the database in `folder`, which is also the working and the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
            patch.delenv(name, raising=False)
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        patch.setenv("HOME", str(folder))
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        yield patch
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Store:
    """A tracking store in `folder`, and in it the model `name` of the project at `project`."""

    folder: Path
    project: Path
    patch: pytest.MonkeyPatch
    name: str = NAME

    def evaluate(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        """The document that `podium evaluate --json` prints, which has to end with `code`."""
        result = podium("evaluate", "--project", self.project, *arguments, "--json")
        assert result.exit_code == code, result.output
        return dict(json.loads(result.stdout, parse_constant=pytest.fail))

    def refused(self, *arguments: object, code: int, act: str = "evaluate") -> str:
        """What the command says as it refuses with `code`; nothing is entered."""
        before = self.entries()
        given = ("--project", self.project) if act == "evaluate" else ()
        result = podium(act, *given, *arguments)
        assert result.exit_code == code, result.output
        assert result.stderr.count("Error: ") == 1
        assert self.entries() == before
        return " ".join(result.stderr.partition("Error: ")[2].split())

    def act(self, act: str, *arguments: object, code: int = 0) -> Result:
        """`podium ACT NAME …`."""
        result = podium(act, self.name, *arguments)
        assert result.exit_code == code, result.output
        return result

    def champion(self, version: int) -> None:
        """`version` comes to production, by a verdict that was reached elsewhere."""
        report = self.folder / "elsewhere.html"
        report.write_text("<p>It is better.</p>")
        verdict = ("--verdict", "pass", "--report", report)
        self.act("promote", version, "--to", "staging", *verdict)
        self.act("promote", version, "--to", "production")

    def policy(self, **gate: Any) -> None:
        """Put a gate in force."""
        file = self.folder / "policy.yaml"
        file.write_text(yaml.safe_dump({"gate": gate}))
        self.act("policy", "--file", file)

    def entries(self) -> list[Entry]:
        """What the ledger holds, in order."""
        ledger = Ledger(MlflowRegistry(), self.name)
        ledger.refresh()
        return list(ledger.entries)

    def verdicts(self) -> list[Entry]:
        """The entries of evaluations, without those that `champion` brought along."""
        return [e for e in self.entries() if e.action == "evaluate" and e.evidence.run_id]

    def runs(self) -> list[mlflow.entities.Run]:
        """Those of evaluations, the latest first."""
        wanted = "tags.`podium.job` = 'evaluate'"
        return mlflow.search_runs(
            search_all_experiments=True, filter_string=wanted, output_format="list"
        )

    def write(self, name: str, frame: pd.DataFrame) -> Path:
        """`frame` as a CSV file."""
        path = self.folder / name
        frame.to_csv(path, index=False)
        return path

    def artifact(self, run_id: str, path: str) -> bytes:
        """A file of a run, downloaded."""
        to = self.folder / "downloaded"
        found = mlflow.artifacts.download_artifacts(
            run_id=run_id, artifact_path=path, dst_path=str(to)
        )
        return Path(found).read_bytes()

    def copy_of(self, version: int) -> tuple[int, Path]:
        """One more version with files of its own, and the folder where they lie."""
        known = mlflow.MlflowClient().get_model_version(self.name, str(version))
        number = len(self.versions) + 1
        folder = self.folder / f"files_of_{number}"
        shutil.copytree(files_of(self.name, version), folder)
        made = self.register(folder, run_id=known.run_id, tags=known.tags)
        assert made == number
        return number, folder

    def register(
        self, folder: Path, *, run_id: str | None = None, tags: Mapping[str, str] | None = None
    ) -> int:
        """Register the MLflow model in `folder`, whoever made it."""
        made = mlflow.MlflowClient().create_model_version(
            self.name, str(folder), run_id=run_id, tags=dict(tags or {})
        )
        return int(made.version)

    @property
    def versions(self) -> Sequence[int]:
        """The numbers of the registered versions."""
        found = mlflow.MlflowClient().search_model_versions(f"name='{self.name}'")
        return sorted(int(each.version) for each in found)


def files_of(name: str, version: int) -> Path:
    """Where a version's files lie; other stores of the session may be copies of this one."""
    source = mlflow.MlflowClient().get_model_version(name, str(version)).source
    place = mlflow.get_logged_model(source.removeprefix("models:/")).artifact_location
    return Path(place.removeprefix("file://"))


def check(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The only check whose name begins with `name`."""
    (found,) = (each for each in document["checks"] if each["name"].startswith(name))
    return dict(found)


def outcomes(document: Mapping[str, Any]) -> dict[str, str]:
    """Verdict by the name of each check."""
    return {each["name"]: each["verdict"] for each in document["checks"]}
