"""Columns that tell the target: exact copies, exact sums, and single strong predictors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values, numeric_values
from podium.spec.parts import Features
from projects.scaffolding.alone import Predicted, gaps_tell, strong_alone
from projects.scaffolding.findings import Leak
from projects.scaffolding.sums import CONSTANT, exact_sum, grows_with

_LEAST_ROWS = 20  # fewer rows agree by chance
_MOST_SUMS = 5
_MOST_GAPS = 0.3  # of the rows of a column that may be a part of a sum


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
        if _goes_with(frame[name], codes, distinct) and (
            target.task != "regression" or _same_order(frame[name], target)
        ):
            yield name, f"it tells {target.column!r} one to one"


def _goes_with(series: pd.Series, codes: np.ndarray, distinct: int) -> bool:
    """Whether values go one to one with the `distinct` codes (n,): a gap is a value like others, or
    else does not count, where at least half of the rows have a value.
    """
    values = series.nunique()
    missing = series.isna().to_numpy()
    if values + bool(missing.any()) == distinct:
        known = np.ones(len(codes), dtype=bool)
    elif values == distinct and 2 * missing.sum() <= len(codes):
        known = ~missing
    else:
        return False
    if len(np.unique(codes[known])) < distinct:
        return False
    own = pd.factorize(category_values(series[known])[0])[0]
    return len(np.unique(np.stack([own, codes[known]]), axis=1).T) == distinct


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
    """Columns that add up to the target, and copies of those of them that are forbidden."""
    if target.task != "regression":
        return []
    columns = {name: values for name in names if (values := _numbers(frame[name])) is not None}
    left = {name: values for name, values in columns.items() if _gaps(values) <= _MOST_GAPS}
    leaks = _sums_of({n: v for n, v in left.items() if _gaps(v) == 0}, target)
    for leak in leaks:
        left = {name: values for name, values in left.items() if name not in leak.columns}
    if any(_gaps(values) for values in left.values()):
        leaks += _sums_of(left, target)
    forbidden = [name for leak in leaks if leak.certain for name in leak.columns]
    told = {name for leak in leaks for name in leak.columns}
    for name, values in columns.items():
        if name in told:
            continue
        of = next((each for each in forbidden if grows_with(columns[each], values)), None)
        if of is not None:
            leaks.append(Leak((name,), f"it is as good as {of!r}, which is forbidden", True))
    return leaks


def _sums_of(columns: dict[str, np.ndarray], target: Predicted) -> list[Leak]:
    """Sums of the columns (n,), each of which is in one of them at most."""
    left, leaks = dict(columns), list[Leak]()
    while len(leaks) < _MOST_SUMS and (found := exact_sum(left, target.y)):
        parts = tuple(name for name in found if name != CONSTANT)
        gaps = " that has all of them" if any(_gaps(left[name]) for name in parts) else ""
        how = f"{_sum_words(found)} is {target.column!r} in every row{gaps}"
        leaks.append(Leak(parts, how, certain={found[name] for name in parts} <= {1, -1}))
        for name in parts:
            del left[name]
    return leaks


def _numbers(series: pd.Series) -> np.ndarray | None:
    """(n,) NaN where missing; None where one of the values is no number."""
    values, bad = numeric_values(series)
    return None if bad.any() else values


def _gaps(values: np.ndarray) -> float:
    """Share of the rows in which it is missing, 0 to 1."""
    return float(np.isnan(values).mean())


def _sum_words(weights: dict[str, float]) -> str:
    """a + b - 2 · c, with a constant at the end where there is one."""
    words = ""
    for name, weight in weights.items():
        factor = "" if abs(weight) == 1 else f"{abs(weight):.6g} · "
        sign = "-" if weight < 0 else "+"
        words += f" {sign} {factor}{name}" if name != CONSTANT else f" {sign} {abs(weight):.6g}"
    return words.removeprefix(" + ").strip()
