"""Leakage checks: what makes a model look better than it will be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from podium.evaluation import category_strength, single_feature_strength
from podium.spec import Project
from projects.training.ids import ID_MIN_ROWS, number_looks_like_id
from projects.training.split import Parts, groups_in_several
from projects.training.table import Table

_LEAK_AUC, _LEAK_CORRELATION = 0.99, 0.999
_ID_SHARE = 0.95


@dataclass(frozen=True)
class Finding:
    """Something to look at before the model is believed."""

    check: str
    column: str
    message: str


def find_leaks(project: Project, table: Table, parts: Parts) -> list[Finding]:
    """Look for leaks in the training rows (never in the holdout)."""
    findings = list(_group_findings(project, table, parts))
    y = table.target.y[parts.train]
    kinds = {name: c.kind for c in table.canonicaliser.columns for name in c.features}
    for name, kind in kinds.items():
        values = table.features[name].to_numpy()[parts.train]
        if kind == "numeric" and number_looks_like_id(values):
            message = f"{name!r} looks like an id: its whole numbers hardly ever repeat"
            findings.append(Finding("id", name, message))
        findings += _feature_findings(project, name, kind, values, y)
    return findings


def _group_findings(project: Project, table: Table, parts: Parts) -> Iterator[Finding]:
    if table.group is None or project.data.group is None:
        return
    shared = groups_in_several(table.group, parts)
    if shared:
        yield Finding(
            "group",
            project.data.group,
            f"{shared:,} groups of {project.data.group!r} have rows in more than one part",
        )


def _feature_findings(
    project: Project, name: str, kind: str, values: np.ndarray, y: np.ndarray
) -> Iterator[Finding]:
    codes, distinct = pd.factorize(values)
    if len(distinct) + bool((codes < 0).any()) < 2:
        yield Finding("constant", name, f"{name!r} is constant in the training rows")
        return
    if kind == "text":
        return
    if kind == "categorical":
        if len(values) >= ID_MIN_ROWS and len(distinct) > _ID_SHARE * len(values):
            yield Finding(
                "id", name, f"{name!r} looks like an id: {len(distinct):,} different values"
            )
        strength = category_strength(project.task, codes, y)
    else:
        strength = single_feature_strength(project.task, values.astype(np.float64), y)
    regression = project.task == "regression"
    if strength > (_LEAK_CORRELATION if regression else _LEAK_AUC):
        measure = "|r|" if regression else "AUC"
        yield Finding(
            "leak", name, f"{name!r} alone predicts the target with {measure} {strength:.4f}"
        )
