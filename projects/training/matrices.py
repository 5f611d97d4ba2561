"""From rows of a table to the matrices that an estimator is fitted on and judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from podium.spec import Project
from projects.training.estimators import EstimatorKind
from projects.training.history import Rows
from projects.training.preprocessing import build_preprocessing
from projects.training.table import Table


@dataclass(frozen=True)
class Matrices:
    """What one kind of estimator takes: rows to learn from, and rows to be judged on."""

    preprocessing: Any
    train: Rows
    check: Rows


def matrices_of(
    project: Project,
    table: Table,
    kind: EstimatorKind,
    train: np.ndarray,
    check: np.ndarray,
    seed: int,
) -> Matrices:
    """Preprocessing fitted on the rows at the positions `train`, and what it makes of both.

    Classes are weighed, where the project asks for it, among the rows of each side by themselves.
    Raises DataError where the rows to learn from hold nothing to learn by.
    """
    learned, judged = (table.features.iloc[rows] for rows in (train, check))
    preprocessing = build_preprocessing(kind, table.canonicaliser, learned, seed)
    return Matrices(
        preprocessing,
        _weighted(project, preprocessing.fit_transform(learned), table.target.y[train]),
        _weighted(project, preprocessing.transform(judged), table.target.y[check]),
    )


def _weighted(project: Project, X: Any, y: np.ndarray) -> Rows:
    if project.class_weight is None:
        return Rows(X, y, None)
    from sklearn.utils.class_weight import compute_sample_weight

    return Rows(X, y, compute_sample_weight(project.class_weight, y))
