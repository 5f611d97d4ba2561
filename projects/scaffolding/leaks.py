"""Columns that tell the target: exact copies, exact sums, and single strong predictors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values, numeric_values
from podium.spec.parts import Features
from projects.scaffolding.alone import Predicted, gaps_tell, strong_alone
from projects.scaffolding.findings import Leak
from projects.scaffolding.sums import exact_sum

_LEAST_ROWS = 20  # fewer rows agree by chance
_MOST_SUMS = 5


def find_leaks(frame: pd.DataFrame, features: Features, target: Predicted) -> tuple[Leak, ...]:
    """What tells the target in `frame`, the certain ones first.

    Every column is compared with the target; sums are looked for among the numeric `features`.
    Copies and sums are certain only as long as they leave a feature to predict from.
    """
    if len(frame) < _LEAST_ROWS:
        return ()
    certain = [Leak((name,), how, certain=True) for name, how in _copies(frame, target)]
    told = {leak.columns[0] for leak in certain}
    certain += _sums(frame, [name for name in features.numeric if name not in told], target)
    told |= {name for leak in certain for name in leak.columns}
    alone = strong_alone(frame, features, target)
    suspects = [leak for leak in alone if leak.columns[0] not in told]
    if told >= set(features.columns):  # else nothing would be left to predict from
        return tuple(Leak(leak.columns, leak.how, certain=False) for leak in (*certain, *suspects))
    return (*certain, *suspects)


def _copies(frame: pd.DataFrame, target: Predicted) -> Iterator[tuple[str, str]]:
    """Columns whose values, or gaps, and the target's values go together one to one."""
    codes = pd.factorize(target.y)[0]
    distinct = int(codes.max()) + 1
    for name in (str(column) for column in frame.columns if column != target.column):
        if gaps_tell(frame[name], target):
            yield name, f"whether it is missing tells {target.column!r} one to one"
            continue
        if frame[name].nunique(dropna=False) != distinct:
            continue
        own = pd.factorize(category_values(frame[name])[0])[0]
        pairs = len(np.unique(np.stack([own, codes]), axis=1).T)
        if pairs == distinct and (target.task != "regression" or _same_order(frame[name], target)):
            yield name, f"it tells {target.column!r} one to one"


def _same_order(series: pd.Series, target: Predicted) -> bool:
    """Whether a number grows, or falls, with the target throughout.

    Where every row has its own number, any two such columns go together one to one.
    """
    values, bad = numeric_values(series)
    if bad.any() or np.isnan(values).any():
        return False
    steps = np.diff(values[np.argsort(target.y, kind="stable")])
    return bool((steps >= 0).all() or (steps <= 0).all())


def _sums(frame: pd.DataFrame, names: list[str], target: Predicted) -> list[Leak]:
    if target.task != "regression":
        return []
    columns = {}
    for name in names:
        values, bad = numeric_values(frame[name])
        if not bad.any() and not np.isnan(values).any():
            columns[name] = values
    leaks: list[Leak] = []
    while len(leaks) < _MOST_SUMS and (found := exact_sum(columns, target.y)):
        how = f"{_sum_words(found)} is {target.column!r} in every row"
        plain = set(found.values()) <= {1, -1}
        leaks.append(Leak(tuple(found), how, certain=plain))
        for name in found:
            del columns[name]
    return leaks


def _sum_words(weights: dict[str, float]) -> str:
    """a + b - 2 · c, with a constant at the end where there is one."""
    words = ""
    for name, weight in weights.items():
        factor = "" if abs(weight) == 1 else f"{abs(weight):.6g} · "
        sign = "-" if weight < 0 else "+"
        words += f" {sign} {factor}{name}"
    return words.removeprefix(" + ").strip()
