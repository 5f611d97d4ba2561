"""What a training used of its table, in one form, whatever file it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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

ContentKind = Literal["number", "category", "text", "time", "label"]
_Form = ContentKind | Literal["as_read"]

_EXACT = 2**53
"""Beyond it float64, and so the digest of a number, does not tell whole numbers apart."""


def content_kinds(
    project: Project, features: Features, raw: pd.DataFrame
) -> dict[str, ContentKind]:
    """The columns of `raw` that a training uses, in the order of their names, and what they are.

    The target of a classifier is a label; what is used as several kinds counts as text.
    """
    forms = _forms(project, features, raw)
    return {name: "text" if form == "as_read" else form for name, form in forms.items()}


def _forms(project: Project, features: Features, raw: pd.DataFrame) -> dict[str, _Form]:
    """The form in which each column is kept.

    A column that is used as several kinds (a serial number that is a group and a numeric feature,
    a time that is cut into slices) stays as it was read: no one canonical form holds what each
    use makes of it.
    """
    kinds: dict[str, _Form] = {}
    for name, kind in sorted(set(_uses(project, features, raw))):
        kinds[name] = kind if name not in kinds else "as_read"
    if project.task != "regression":
        kinds[project.target.column] = "label"
    return dict(sorted(kinds.items()))


def _uses(
    project: Project, features: Features, raw: pd.DataFrame
) -> Iterator[tuple[str, ContentKind]]:
    """Each use of a column, as what it is used."""
    as_features: tuple[tuple[Iterable[str], ContentKind], ...] = (
        (features.numeric, "number"),
        (features.categorical, "category"),
        (features.text, "text"),
        (features.datetime, "time"),
    )
    for names, kind in as_features:
        yield from ((name, kind) for name in names)
    yield project.target.column, "number"
    if project.data.time is not None:
        yield project.data.time, "time"
    if project.data.group is not None:
        yield project.data.group, "category"
    for name in project.gate.judged_columns:
        is_number = raw[name].dtype.kind in "iuf" and name not in features.categorical
        yield name, "number" if is_number else "category"


def content_columns(
    project: Project, features: Features, raw: pd.DataFrame, values: pd.DataFrame
) -> Iterator[tuple[str, pd.Series[Any]]]:
    """Each column that a training uses, in the order of their names, one after the other.

    values: the canonical features made of `raw`. Numbers are float64, NaN where missing or not
    readable; categories, texts and groups are `str`, NaN where missing; times are datetime64[us]
    in UTC; labels are int64 or float64 where they are numbers, else `str`, truth values among
    them; what is used as several kinds is as it was read. Training on a table of these columns
    gives the same features, targets, slices and splits as training on `raw`, and so the same
    model; its labels are words where they were truth values.
    """
    for name, kind in _forms(project, features, raw).items():
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
    if raw.dtype.kind not in "iuf" or not raw.between(-_EXACT, _EXACT).all():
        return _categories(raw)
    values = raw.to_numpy(dtype=np.float64)
    whole = bool((values == np.trunc(values)).all())
    return pd.Series(values.astype(np.int64) if whole else values)


def _as_read(raw: pd.Series[Any]) -> pd.Series[Any]:
    if raw.dtype.kind in "biuf" or pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return raw.reset_index(drop=True)
    return _texts(raw)


_CONVERT: dict[_Form, Callable[[pd.Series[Any]], pd.Series[Any]]] = {
    "number": _numbers,
    "category": _categories,
    "text": _texts,
    "time": _times,
    "label": _labels,
    "as_read": _as_read,
}
