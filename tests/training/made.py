"""Tables made in memory, and the projects that declare them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from podium.data import Columns, TableSource
from podium.spec import Project
from projects.training.fit import Fitted, fit
from projects.training.split import Parts, split_rows
from projects.training.table import Table, read_table

SMALL: dict[str, dict[str, Any]] = {
    "xgboost": {"n_estimators": 40, "n_jobs": 1},
    "hist_gradient_boosting": {"max_iter": 40, "max_leaf_nodes": 8},
    "random_forest": {"n_estimators": 30, "n_jobs": 1},
    "linear": {},
}


@dataclass(frozen=True)
class Memory(TableSource):
    """A source that is already a table."""

    frame: pd.DataFrame = field(default_factory=pd.DataFrame)

    def column_names(self) -> tuple[str, ...]:
        return tuple(self.frame.columns)

    def read(self, columns: Columns | None) -> pd.DataFrame:
        return self.frame if columns is None else self.frame[list(columns.names)]


def project_of(task: str = "binary", **keys: Any) -> Project:
    declared = {"name": "m", "task": task, "data": {"source": "made"}, "target": {"column": "y"}}
    return Project.model_validate({**declared, **keys})


def table_of(project: Project, frame: pd.DataFrame, rows: int | None = None) -> Table:
    return read_table(project, Memory("made", "function", "made", frame=frame), rows)


def fitted_of(project: Project, frame: pd.DataFrame, seed: int = 0) -> tuple[Fitted, Table, Parts]:
    table = table_of(project, frame)
    parts = split_rows(project, table, seed)
    return fit_parts(project, table, parts, seed), table, parts


def fit_parts(project: Project, table: Table, parts: Parts, seed: int = 0) -> Fitted:
    name = project.estimator[0]
    return fit(project, table, parts, estimator=name, seed=seed, tick=lambda *_: None)


def mixed(task: str, rows: int = 400) -> pd.DataFrame:
    """Numbers, categories, text and times, some missing; the target depends on each kind."""
    draw = np.random.default_rng(5)
    number = draw.normal(size=rows)
    kind = draw.choice(["red", "green", "blue"], rows)
    words = draw.choice(["late again", "in time", "much too late", "all fine"], rows)
    when = pd.date_range("2024-01-01", periods=rows, freq="7h")
    score = number + 1.5 * (kind == "red") + np.char.find(words, "late").clip(-1, 0) * 1.5
    score = score + 1.0 * (when.hour.to_numpy() > 12) + draw.normal(scale=0.3, size=rows)
    y: Any = score
    if task == "binary":
        y = (score > np.median(score)).astype(int)
    if task == "multiclass":
        y = np.digitize(score, np.quantile(score, [0.33, 0.66]))
    frame = pd.DataFrame({"number": number, "kind": kind, "words": words, "y": y})
    frame["when"] = when.strftime("%Y-%m-%dT%H:%M:%S")
    for column in ("number", "kind", "words", "when"):
        frame.loc[draw.random(rows) < 0.04, column] = None
    return frame.assign(order=when)


MIXED_FEATURES = {
    "numeric": ["number"],
    "categorical": ["kind"],
    "text": ["words"],
    "datetime": {"when": ["hour", "weekday"]},
}
