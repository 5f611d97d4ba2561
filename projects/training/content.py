"""What a training used of its table, in one form, whatever file it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import (
    MISSING_CATEGORY,
    category_values,
    datetime_values,
    numeric_values,
    text_values,
)
from podium.spec import Features, Project
from projects.training.identity import identity_columns

ContentKind = Literal["number", "category", "text", "time", "label"]


def content_kinds(
    project: Project, features: Features, raw: pd.DataFrame
) -> dict[str, ContentKind]:
    """The columns of `raw` that a training uses, in the order of their names, and what they are.

    A column that is a feature is what it is as a feature; the target of a classifier is a label;
    one that only slices are made of is a number where it holds numbers, else a category.
    """
    kinds: dict[str, ContentKind] = dict(identity_columns(project, features))
    kinds |= dict.fromkeys(features.text, "text")
    if project.task != "regression":
        kinds[project.target.column] = "label"
    for name in project.gate.judged_columns:
        kinds.setdefault(name, "number" if raw[name].dtype.kind in "iuf" else "category")
    return dict(sorted(kinds.items()))


def content_columns(
    project: Project, features: Features, raw: pd.DataFrame, values: pd.DataFrame
) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Each column that a training uses, in the order of their names, one after the other.

    values: the canonical features made of `raw`. Numbers are float64, NaN where missing or not
    readable; categories, texts and groups are `str`, NaN where missing; times are datetime64[us]
    in UTC; labels keep their own type, which decides what a model answers with: bool, int64,
    float64, or `str`. Training on a table of these columns gives the same features, targets,
    slices and splits as training on `raw`.
    """
    for name, kind in content_kinds(project, features, raw).items():
        done = kind in ("number", "category", "text") and name in values.columns
        yield name, _CONVERT[kind](values[name] if done else raw[name])


def _numbers(raw: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(numeric_values(raw)[0])


def _categories(raw: pd.Series[Any]) -> pd.Series[Any]:
    return _strings(category_values(raw)[0])


def _texts(raw: pd.Series[Any]) -> pd.Series[Any]:
    return _strings(text_values(raw)[0])


def _strings(values: np.ndarray) -> pd.Series[Any]:
    values[values == MISSING_CATEGORY] = None
    return pd.Series(values, dtype="str")


def _times(raw: pd.Series[Any]) -> pd.Series[Any]:
    instants = pd.Series(datetime_values(raw)[0].astype("datetime64[us]"))
    in_utc: pd.Series[Any] = instants.dt.tz_localize("UTC")
    return in_utc


def _labels(raw: pd.Series[Any]) -> pd.Series[Any]:
    if raw.dtype.kind == "b":
        return pd.Series(raw.to_numpy(dtype=bool))
    if raw.dtype.kind not in "iuf":
        return _categories(raw)
    values = raw.to_numpy(dtype=np.float64)
    whole = bool((values == np.trunc(values)).all())
    return pd.Series(values.astype(np.int64) if whole else values)


_CONVERT: dict[ContentKind, Callable[[pd.Series[Any]], pd.Series[Any]]] = {
    "number": _numbers,
    "category": _categories,
    "text": _texts,
    "time": _times,
    "label": _labels,
}
