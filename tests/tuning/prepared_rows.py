"""Projects and tables of `tests.training.made`, prepared for trials."""

from __future__ import annotations

from typing import Any

import pandas as pd

from podium.spec import Project
from projects.training.split import Parts, split_rows
from projects.training.table import Table
from projects.tuning.folds import folds_of
from projects.tuning.objective import Objective
from projects.tuning.prepared import Prepared, prepare
from projects.tuning.trials import Outcome
from tests.training.made import MIXED_FEATURES, mixed, project_of, table_of


def mixed_project(task: str, *estimators: str, **keys: Any) -> Project:
    declared = {"data": {"source": "made", "time": "order"}, "features": MIXED_FEATURES}
    return project_of(task, **{**declared, "estimator": list(estimators), **keys})


def read(
    project: Project, frame: pd.DataFrame | None = None, rows: int = 400
) -> tuple[Table, Parts]:
    table = table_of(project, mixed(project.task, rows) if frame is None else frame)
    return table, split_rows(project, table, 0)


def prepared_of(
    project: Project,
    frame: pd.DataFrame | None = None,
    *,
    folds: int | None = None,
    rows: int = 400,
) -> Prepared:
    table, parts = read(project, frame, rows)
    return prepare(project, table, folds_of(project, table, parts, folds, 0), 0)


def go_on(*_: Any) -> bool:
    return False


def tried(prepared: Prepared, estimator: str, stop: Any = go_on, **params: Any) -> Outcome:
    return Objective(prepared, 1).run(estimator, params, stop)


class Told:
    """Keeps what it is told, and says to stop at the steps that it was given."""

    def __init__(self, *stops: int) -> None:
        self.stops = stops
        self.values: dict[int, float] = {}

    def __call__(self, step: int, value: float) -> bool:
        self.values[step] = value
        return step in self.stops
