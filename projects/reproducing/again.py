"""Trains once more what a run trained, on the rows that it used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from threadpoolctl import threadpool_limits

from podium.artifact.scoring import Scorer
from podium.errors import DataError
from podium.progress import Progress
from podium.spec import Declaration, Project
from podium.spec.parts import Data
from projects.reproducing.comparing import Predictions, compare_scores
from projects.reproducing.past import Past
from projects.training.trained import Trained, read_case, train_case


@dataclass(frozen=True)
class Rows:
    """Where the rows of a past training come from now.

    kept: a snapshot of exactly those rows, else a source that is read as then. declaration: the
    project as it was, with that source; base: where a relative source starts.
    """

    declaration: Declaration
    base: Path
    kept: bool


def kept_rows(past: Past, snapshot: Path) -> Rows:
    """The rows that were kept with the run, in the file `snapshot`."""
    data = Data(source=snapshot.name, time=past.project.data.time, group=past.project.data.group)
    return Rows(Declaration(_as_trained(past, data), snapshot), snapshot.parent, kept=True)


def source_rows(past: Past, folder: Path, source: str | None) -> Rows:
    """The rows of another `source`, relative to the current folder, or of the declared one.

    folder: the project's, where a loader's module is and a declared path starts.
    """
    data = past.project.data
    if source is not None:
        data = data.model_copy(update={"source": source})
    declaration = Declaration(_as_trained(past, data), folder / "project.yaml")
    return Rows(declaration, Path.cwd() if source is not None else folder, kept=False)


def train_again(past: Past, rows: Rows, progress: Progress) -> Trained:
    """Read, split and fit as then, on as many threads.

    Raises:
        DataError: The rows are not those that the run used.
    """
    case = read_case(
        rows.declaration,
        base=rows.base,
        rows=None if rows.kept else past.rows_limit,
        seed=past.seed,
        progress=progress,
    )
    if case.table.digest != past.digest:
        raise DataError(
            f"The rows of {rows.declaration.project.data.source} are not those that the run used: "
            f"their content is {case.table.digest[:12]}, and was {past.digest[:12]}.",
            remedy=f"Name the rows of then with --data; they came from {past.project.data.source}. "
            "Where the run keeps a copy of them, leave --data out.",
        )
    with threadpool_limits(past.threads or None):
        return train_case(case, progress)


def compare_predictions(then: Scorer, trained: Trained) -> Predictions:
    """What the model of then and the one of now say about every row of the table."""
    features, now = trained.table.features, trained.fitted.scorer
    scores = [scorer.scores(features) for scorer in (then, now)]
    if trained.project.task == "regression":
        none = scores[0][:0]
        return compare_scores(scores[0], scores[1], none, none)
    decided = [s.decision.decide(given) for s, given in zip((then, now), scores, strict=True)]
    return compare_scores(scores[0], scores[1], decided[0], decided[1])


def _as_trained(past: Past, data: Data) -> Project:
    """The project as it was; XGBoost stays on the CPU where it was trained there."""
    project = past.project
    on_cpu = past.run.params.get("podium.device") == "cpu" and project.estimator[0] == "xgboost"
    params = {**({"device": "cpu"} if on_cpu else {}), **project.params}
    return project.model_copy(update={"data": data, "params": params})
