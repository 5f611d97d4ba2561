"""From the rows of a table to the columns and types that a model's signature asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.mlflow_model import ModelInput
from podium.artifact.scoring.values import datetime_values, numeric_values, text_values
from projects.evaluating.own_code import DoesNotAnswer, shown
from projects.training.table import MAX_INVALID_SHARE

_WHOLE = {"integer": np.int32, "long": np.int64}
_TRUTH = {"true": 1.0, "false": 0.0, "True": 1.0, "False": 0.0}
Converted = tuple[Any, np.ndarray]


def fitted_to(inputs: Sequence[ModelInput], frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of `frame` that `inputs` name, in their order and types.

    Text that is a number becomes one where a number is asked for, and numbers become text where
    text is; few values that cannot be read are taken as missing, as in training. Raises
    DoesNotAnswer naming required columns that are not there, and where much cannot be read.
    """
    missing = [each.name for each in inputs if each.required and each.name not in frame.columns]
    if missing:
        count = "a column" if len(missing) == 1 else f"{len(missing)} columns"
        raise DoesNotAnswer(
            f"The model needs {count} that the table does not have: "
            f"{', '.join(map(repr, missing))}.",
            remedy="Evaluate on a table that has every column of the model's signature.",
        )
    frame = frame.reset_index(drop=True)
    present = [each for each in inputs if each.name in frame.columns]
    columns = {each.name: _converted(each, frame[each.name]) for each in present}
    return pd.DataFrame(columns, index=frame.index)


def _converted(wanted: ModelInput, raw: pd.Series[Any]) -> pd.Series[Any]:
    convert = _CONVERT.get(wanted.type)
    if convert is None:
        return raw
    values, bad = convert(raw)
    present = int(raw.notna().sum())
    if bad.sum() > MAX_INVALID_SHARE * present:
        raise DoesNotAnswer(
            f"The model takes {wanted.name!r} as {wanted.type}, but {int(bad.sum()):,} of "
            f"{present:,} values cannot be read as such, for example "
            f"{shown(raw.iloc[int(np.argmax(bad))])}."
        )
    if wanted.type in (*_WHOLE, "boolean") and np.isnan(values).any():
        return _with_gaps(wanted, values, raw.index)
    dtype = {**_WHOLE, "boolean": np.bool_, "float": np.float32}.get(wanted.type)
    return pd.Series(values if dtype is None else values.astype(dtype), index=raw.index)


def _with_gaps(wanted: ModelInput, values: np.ndarray, index: pd.Index[Any]) -> pd.Series[Any]:
    """Truth values can be missing for MLflow; whole numbers cannot."""
    if wanted.type == "boolean":
        truth = [None if np.isnan(value) else bool(value) for value in values.tolist()]
        return pd.Series(truth, index=index, dtype=object)
    raise DoesNotAnswer(
        f"The model takes {wanted.name!r} as {wanted.type}, which cannot be missing; it is in "
        f"{int(np.isnan(values).sum()):,} of {len(values):,} rows.",
        remedy="Log the model with a signature that has double there, or fill the column.",
    )


def _whole_numbers(raw: pd.Series[Any]) -> Converted:
    values, bad = numeric_values(raw)
    fraction = ~np.isnan(values) & (values != np.trunc(values))
    return np.where(fraction, np.nan, values), bad | fraction


def _truth_values(raw: pd.Series[Any]) -> Converted:
    if raw.dtype.kind not in "biuf":
        words = [_TRUTH.get(v, v) if isinstance(v, str) else v for v in raw.tolist()]
        raw = pd.Series(words, dtype=object)
    values, bad = numeric_values(raw)
    other = ~np.isnan(values) & (values != 0) & (values != 1)
    return np.where(other, np.nan, values), bad | other


def _texts(raw: pd.Series[Any]) -> Converted:
    if isinstance(raw.dtype, pd.StringDtype):
        return raw, np.zeros(len(raw), dtype=bool)
    values, bad = text_values(raw)
    values[raw.isna().to_numpy()] = None
    return values, bad


def _times(raw: pd.Series[Any]) -> Converted:
    values, bad = datetime_values(raw)
    return values.astype("datetime64[ns]"), bad


_CONVERT: dict[str, Callable[[pd.Series[Any]], Converted]] = {
    "double": numeric_values,
    "float": numeric_values,
    "integer": _whole_numbers,
    "long": _whole_numbers,
    "boolean": _truth_values,
    "string": _texts,
    "datetime": _times,
}
