"""Which columns to predict from, and how, where project.yaml does not say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import datetime_values
from podium.errors import DataError
from podium.spec import Features, Project
from podium.spec.parts import Part
from projects.training.ids import ID_MIN_ROWS, number_looks_like_id

_SAMPLE_ROWS = 20_000
_MAX_CATEGORIES = 1_000
_DATE = r"\d{4}-"  # strings of digits alone, which could be epoch seconds, are rather ids
_DATE_SHARE = 0.9  # so much of a column must be dates; the rest is counted as missing
_PARTS: tuple[Part, ...] = ("month", "weekday", "hour")
_MANY_CATEGORIES = 100


def infer_features(project: Project, raw: pd.DataFrame) -> tuple[Features, tuple[str, ...]]:
    """Features by type and content, and a sentence for each column that is left out.

    Numbers and booleans are numeric; dates give month, weekday and hour; strings are categories
    where they repeat, text where they are several words, and left out where they look like ids.
    """
    spoken_for = {project.target.column, project.data.time, project.data.group, *project.forbidden}
    kinds: dict[str, list[str]] = {"numeric": [], "categorical": [], "text": [], "datetime": []}
    notes = []
    for name in (str(column) for column in raw.columns if column not in spoken_for):
        kind, why = kind_of(raw[name])
        if kind in kinds:
            kinds[kind].append(name)
        else:
            notes.append(f"{name!r} is not used: {why}")
    datetimes = kinds.pop("datetime")
    features = Features(
        numeric=tuple(kinds["numeric"]),
        categorical=tuple(kinds["categorical"]),
        text=tuple(kinds["text"]),
        datetime={name: parts_of(raw[name]) for name in datetimes},
    )
    if not features.columns:
        raise DataError(
            f"No column is left to predict {project.target.column!r} from.",
            remedy="; ".join(notes) or "The table needs more columns.",
        )
    notes += _doubts(project, features, raw)
    return features, (f"features were inferred: {_summary(features)}", *notes)


def parts_of(series: pd.Series[Any]) -> tuple[Part, ...]:
    """Month and weekday, and the hour where the column has times and not dates alone."""
    instants = datetime_values(series)[0]
    known = instants[~np.isnat(instants)]
    only_dates = bool((known == known.astype("datetime64[D]")).all())
    return _PARTS[:2] if only_dates else _PARTS


def _doubts(project: Project, features: Features, raw: pd.DataFrame) -> Iterator[str]:
    """What a person would have declared otherwise, perhaps."""
    if features.datetime and project.data.time is None:
        first = next(iter(features.datetime))
        yield f"the split is {project.split_by}; declare data.time: {first} for a split by time"
    for name in features.categorical:
        distinct = raw[name].nunique()
        if distinct > _MANY_CATEGORIES:
            yield (
                f"{name!r} is taken as a category with {distinct:,} different values; dates are "
                "recognised as YYYY-MM-DD only"
            )


def kind_of(series: pd.Series[Any]) -> tuple[str, str]:
    """The kind of feature, or an empty one and why the column is left out."""
    present = series.dropna()
    distinct = present.nunique() if _hashable(present) else -1
    if distinct < 0:
        return "", "it holds lists or objects"
    if distinct < 2:
        return "", "it is constant" if distinct else "it is empty"
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return "datetime", ""
    if pd.api.types.is_numeric_dtype(series.dtype):
        if number_looks_like_id(present.to_numpy(dtype=np.float64)):
            return "", "it looks like an id: its whole numbers hardly ever repeat"
        return "numeric", ""
    return _kind_of_strings(present.astype(str), distinct)


def _kind_of_strings(present: pd.Series[str], distinct: int) -> tuple[str, str]:
    sample = present.sample(min(_SAMPLE_ROWS, len(present)), random_state=0)
    dates = sample.str.match(_DATE).to_numpy(dtype=bool) & ~datetime_values(sample)[1]
    if dates.mean() >= _DATE_SHARE:
        return "datetime", ""
    if sample.str.count(" ").mean() >= 2 and distinct > 0.2 * len(present):
        return "text", ""
    if distinct > 0.9 * len(present) and len(present) >= ID_MIN_ROWS:
        return "", "it looks like an id: a different string in nearly every row"
    if distinct > _MAX_CATEGORIES and distinct > 0.5 * len(present):
        return "", f"it has {distinct:,} different strings"
    return "categorical", ""


def _hashable(present: pd.Series[Any]) -> bool:
    return present.dtype != object or all(
        not isinstance(value, (list, dict, set, np.ndarray)) for value in present.head(100)
    )


def _summary(features: Features) -> str:
    counted = {
        "numeric": features.numeric,
        "categorical": features.categorical,
        "text": features.text,
        "datetime": tuple(f"{n} ({', '.join(p)})" for n, p in features.datetime.items()),
    }
    return "; ".join(f"{kind} {', '.join(names)}" for kind, names in counted.items() if names)
