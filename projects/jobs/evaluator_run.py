"""One comparison of the evaluator `podium`: who, on which rows, judged, and put into a report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from podium.actor import current_actor
from podium.errors import UsageError
from podium.progress import Progress
from projects.evaluating.case import Case
from projects.evaluating.document import document
from projects.evaluating.drawings import drawings
from projects.evaluating.given import Answered, OneColumn
from projects.evaluating.judge import Judged, judge
from projects.jobs.evaluator_case import GivenRows, features_of, given_case
from projects.jobs.evaluator_config import EvaluatorConfig
from projects.jobs.evaluator_sides import candidate_side, champion_side
from projects.jobs.record_evaluation import Report, rendered
from registry_tools.registry import MlflowRegistry

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NOT_ENTERED = (
    "Made by mlflow.models.evaluate, for looking: nothing was entered into the ledger, by rules "
    "that were given there. podium evaluate judges by the policy in force."
)


@dataclass(frozen=True, eq=False)
class Passed:
    """What MLflow passes. model: None where the answers are a column of the data.

    predictions: the column of the model's answers that counts, where there are several.
    """

    model_type: str
    dataset: Any
    run_id: str
    model: Any = None
    predictions: str | None = None


@dataclass(frozen=True, eq=False)
class Compared:
    """The report, and its figures by name."""

    report: Report
    figures: Mapping[str, Figure]


def compared(config: EvaluatorConfig, passed: Passed) -> Compared:
    """Compare the candidate with the champion, or the best constant answer. Writes nothing.

    Raises UsageError, DataError, NotFound and Unreachable.
    """
    with ExitStack() as opened:
        registry = MlflowRegistry()
        champion = None
        if config.champion is not None:
            champion = champion_side(config.champion, registry, opened)
        candidate = candidate_side(passed.model, _asked(passed), champion, registry, opened)
        case = given_case(config, _rows(passed), candidate, champion)
        timed = config.gate.latency_p95_ms is not None and _have_files(case)
        judged = judge(case, Progress(None), timed=timed)
        drawn = {name: draw() for name, draw in drawings(case, judged)}
        return Compared(rendered(_document(case, judged, passed), drawn), drawn)


def _asked(passed: Passed) -> Any:
    """What answers for the candidate."""
    if passed.model is None:
        if passed.dataset.predictions_data is None:
            raise UsageError(
                "mlflow.models.evaluate was given neither a model nor predictions.",
                remedy='Pass a model, or predictions="COLUMN" of the data.',
            )
        return Answered(passed.dataset.predictions_data)
    if passed.predictions in (None, "prediction"):  # which Podium's probabilities go with
        return passed.model
    return OneColumn(passed.model, passed.predictions)


def _rows(passed: Passed) -> GivenRows:
    dataset = passed.dataset
    features = features_of(dataset.features_data, dataset.feature_names)
    name = dataset.targets_name or "target"
    target = pd.Series(dataset.labels_data, index=features.index, name=name)
    return GivenRows(passed.model_type, features, target)


def _have_files(case: Case) -> bool:
    return all(side.folder is not None for side in case.contest.sides)


def _document(case: Case, judged: Judged, passed: Passed) -> dict[str, Any]:
    """The job's document, as far as it applies."""
    actor = current_actor(os.environ, Path.home())
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    found = document(case, judged, actor=actor, at=at, run_id=passed.run_id, opens_gate=False)
    notes = [*found["notes"], _NOT_ENTERED]
    return {**found, "project": None, "notes": notes}
