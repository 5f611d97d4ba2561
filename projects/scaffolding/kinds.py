"""What kind of feature each column makes, or why it makes none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from podium.artifact.scoring.values import numeric_values
from podium.spec.parts import Features, Part
from projects.scaffolding.findings import LeftOut
from projects.scaffolding.holding import is_decimal, is_plain, is_text
from projects.scaffolding.id_names import numbered_things
from projects.scaffolding.times import is_other_date
from projects.training.ids import ID_MIN_ROWS
from projects.training.infer import kind_of, parts_of

Kind = Literal["numeric", "categorical", "text", "datetime", ""]

_DIRTY_SHARE = 0.1  # training refuses a numeric column with more values that are no numbers
_CODE = r"\s*0\d"  # 007 is rather a code than a number
_OTHER_NUMBER = re.compile(  # with a sign in it that no plain number has
    r"(?=.*[,.'$€£%])\s*[-+]?[$€£]?\s*\d{1,3}([,.' ]?\d{3})*([.,]\d+)?\s*[%$€£]?\s*"
)
_SPELLING_SHARE, _SAMPLED_ROWS = 0.9, 1_000
_MANY_CATEGORIES = 100
_FEW_FOR_IDS = 10


@dataclass(frozen=True)
class Column:
    """A column's kind of feature, none where it is left out; `note` is a sentence, or empty."""

    name: str
    kind: Kind
    why: str = ""
    note: str = ""


def look_at_column(series: pd.Series[Any]) -> Column:
    """The kind of one column by its values, or why it is left out."""
    name = str(series.name)
    if not name.strip():
        return Column(name, "", "it has no name, as the row numbers that pandas writes")
    if not is_plain(series):
        return Column(name, "", "it holds lists, bytes, durations or other objects")
    if _mostly_too_large(series):
        return Column(name, "", "its numbers are infinite, or beyond ±3.4e38")
    values, note = _cleaned(series)
    numbered = numbered_things(values)
    if numbered:
        return Column(name, "", numbered)
    kind, why = kind_of(values)
    otherwise = "" if kind == "datetime" else _another_spelling(values)
    if otherwise:
        return Column(name, "", otherwise)
    distinct = values.nunique() if kind == "categorical" else 0
    if _FEW_FOR_IDS <= distinct == len(values) < ID_MIN_ROWS:
        note = f"{name!r} has another value in every row: if it is an id, leave it out of features"
    if distinct > _MANY_CATEGORIES:
        note = f"{name!r} is a category with {distinct:,} different values"
    return Column(name, kind, why, note)  # type: ignore[arg-type]


def features_of(columns: Iterable[Column], frame: pd.DataFrame) -> Features:
    """The features that the columns make, in the order of the table."""
    by_kind: dict[str, list[str]] = {"numeric": [], "categorical": [], "text": [], "datetime": []}
    for column in columns:
        if column.kind:
            by_kind[column.kind].append(column.name)
    taken = set(map(str, frame.columns))
    return Features(
        numeric=tuple(by_kind["numeric"]),
        categorical=tuple(by_kind["categorical"]),
        text=tuple(by_kind["text"]),
        datetime={
            name: parts for name in by_kind["datetime"] if (parts := _free(name, frame, taken))
        },
    )


def left_out(columns: Iterable[Column]) -> tuple[LeftOut, ...]:
    """The columns that make no feature."""
    return tuple(LeftOut(column.name, column.why) for column in columns if not column.kind)


def _free(name: str, frame: pd.DataFrame, taken: set[str]) -> tuple[Part, ...]:
    """The parts of a datetime column whose names no other column has."""
    return tuple(part for part in parts_of(frame[name]) if f"{name}_{part}" not in taken)


def _mostly_too_large(series: pd.Series[Any]) -> bool:
    if not pd.api.types.is_numeric_dtype(series.dtype):
        return False
    present = int(series.notna().sum())
    return present > 0 and bool(numeric_values(series)[1].sum() > _DIRTY_SHARE * present)


def _cleaned(series: pd.Series[Any]) -> tuple[pd.Series[Any], str]:
    """Strings that are nearly all numbers as numbers, and a sentence on the rest.

    Numbers beyond what a model takes (±3.4e38) are as good as missing, as they are in training.
    """
    if pd.api.types.is_float_dtype(series.dtype):
        values = numeric_values(series)[0]
        return pd.Series(values, index=series.index, name=series.name), ""
    if not is_text(series) and not is_decimal(series):
        return series, ""
    present = series.dropna()
    if not len(present) or present.astype(str).str.match(_CODE).any():
        return series, ""
    values, bad = numeric_values(present)
    if bad.mean() > _DIRTY_SHARE:
        return series, ""
    note = ""
    if bad.any():
        note = (
            f"{series.name!r} is no number in {int(bad.sum()):,} of {len(series):,} rows, such as "
            f"{str(present[bad].iloc[0])!r}: taken as missing there"
        )
    return pd.Series(values, index=present.index, name=series.name).reindex(series.index), note


def _another_spelling(series: pd.Series[Any]) -> str:
    """Why strings are no category: they are dates or numbers that are written otherwise."""
    if not is_text(series):
        return ""
    present = series.dropna().astype(str)
    sample = present.sample(min(_SAMPLED_ROWS, len(present)), random_state=0)
    what = "its dates are not written YYYY-MM-DD" if is_other_date(series) else ""
    fits = [_OTHER_NUMBER.fullmatch(text) is not None for text in sample]
    if fits and sum(fits) >= _SPELLING_SHARE * len(fits):
        what = what or "its numbers are not written like 1234.5"
    if not what:
        return ""
    return f"{what} ({sample.iloc[0]!r}): write them so, or make them so in a loader"
