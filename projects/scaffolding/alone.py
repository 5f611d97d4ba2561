"""Single columns that tell nearly all of the target: by their values, or by being missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values, datetime_values, numeric_values
from podium.evaluation import category_strength, single_feature_strength
from podium.spec.parts import Features, Task
from projects.scaffolding.findings import Leak

STRONG_AUC, STRONG_CORRELATION = 0.99, 0.99


@dataclass(frozen=True)
class Predicted:
    """The target's column and values: `y` (n,) class index, or number for a regression."""

    column: str
    task: Task
    y: np.ndarray


def strong_alone(frame: pd.DataFrame, features: Features, target: Predicted) -> Iterator[Leak]:
    """A leak for each feature in `frame` that is as good as the target; none is certain."""
    for name in (name for name in features.columns if name in frame):
        how = _by_missing(frame[name], target) or _by_values(frame[name], name, features, target)
        if how:
            yield Leak((name,), how, certain=False)


def gaps_tell(series: pd.Series, target: Predicted) -> bool:
    """Whether a value is missing in all rows of one of two classes, and in no other."""
    missing = series.isna().to_numpy()
    return target.task == "binary" and (
        np.array_equal(missing, target.y == 1) or np.array_equal(missing, target.y == 0)
    )


def _by_missing(series: pd.Series, target: Predicted) -> str:
    missing = series.isna().to_numpy()
    if missing.all() or not missing.any():
        return ""
    strength = single_feature_strength(target.task, missing.astype(np.float64), target.y)
    return _words(strength, target, "whether it is missing")


def _by_values(series: pd.Series, name: str, features: Features, target: Predicted) -> str:
    if name in features.text:
        return ""
    if name in features.categorical:
        codes = pd.factorize(category_values(series)[0])[0]
        return _words(category_strength(target.task, codes, target.y), target)
    if name in features.numeric:
        values = numeric_values(series)[0]
        return _words(single_feature_strength(target.task, values, target.y), target)
    instants = pd.Series(datetime_values(series)[0])
    each = {part: _part(instants, part) for part in features.datetime[name]}
    told = (
        _words(single_feature_strength(target.task, values, target.y), target, f"its {part}")
        for part, values in each.items()
    )
    return next(filter(None, told), "")


def _part(instants: pd.Series, part: str) -> np.ndarray:
    """(n,) the month, weekday or hour and so on; NaN where the instant is missing."""
    named = "day_of_week" if part == "weekday" else part
    return getattr(instants.dt, named).to_numpy(dtype=np.float64)  # type: ignore[no-any-return]


def _words(strength: float, target: Predicted, which: str = "") -> str:
    """What so strong a column does; empty where it is not strong. `which` of its sides does."""
    if target.task == "regression":
        owner = f"of {which} " if which else ""
        strong = strength > STRONG_CORRELATION
        return f"its |correlation| {owner}with the target is {strength:.4f}" if strong else ""
    apart = "the classes" if target.task == "binary" else "one class from the others"
    told = f"{which} alone tells {apart}" if which else f"alone it tells {apart}"
    return f"{told} apart with AUC {strength:.4f}" if strength > STRONG_AUC else ""
