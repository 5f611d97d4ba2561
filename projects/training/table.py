"""From a declared project and a source to rows that can be split and fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring import Canonicaliser, InputColumn
from podium.artifact.scoring.values import MISSING_CATEGORY, category_values, datetime_values
from podium.data import Columns, TableSource, columns_digest
from podium.errors import DataError, SpecError, did_you_mean
from podium.spec import Features, Project
from projects.training.content import content_columns
from projects.training.infer import infer_features
from projects.training.target import Target, read_target

MAX_INVALID_SHARE = 0.1
_SEARCHED_ROWS = 1_000
_TIME_NEEDS = "ISO 8601 text, epoch seconds or timestamps"


@dataclass(frozen=True)
class Table:
    """Rows ready to be split. All arrays have one entry a row, in the order of the source.

    `declared` are the columns that `features` come from, as project.yaml declares them, or as
    they were inferred. `digest` is that of `content`, whatever file it came from. `notes` are
    sentences on what was decided about the rows.
    """

    features: pd.DataFrame
    declared: Features
    target: Target
    canonicaliser: Canonicaliser
    raw: pd.DataFrame
    time: np.ndarray | None
    group: np.ndarray | None
    digest: str
    notes: tuple[str, ...] = ()
    invalid: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.features)

    def content(self, project: Project) -> pd.DataFrame:
        """All that the training used, in its canonical form: see `content_columns`."""
        columns = content_columns(project, self.declared, self.raw, self.features)
        return pd.DataFrame(dict(columns), copy=False)


def read_table(project: Project, source: TableSource, rows: int | None = None) -> Table:
    """Read the columns that `project` uses, and check them.

    `rows` limits the table to that many rows, spread evenly over it. Where features are inferred,
    it is read a second time as if they had been declared: the same rows, types and digest.
    Raises SpecError for columns that are not there and DataError for contents that cannot be used.
    """
    _check_columns_exist(project, source)
    notes: tuple[str, ...] = ()
    features = project.features
    if features is None:
        features, notes = infer_features(project, limited(source.read(None), rows))
    raw = limited(source.read(_wanted(project, features)), rows)
    if not len(raw):
        raise DataError(f"{source.source} has no rows.", remedy="Nothing can be trained on it.")
    return _checked(project, features, raw, notes)


def _used_columns(project: Project, features: Features) -> tuple[str, ...]:
    """Every column of the source that the project uses, each once."""
    others = (
        project.data.time,
        project.data.group,
        *project.gate.judged_columns,
        project.target.column,
    )
    named = (name for name in (*features.columns, *others) if name is not None)
    return tuple(dict.fromkeys(named))


def _checked(
    project: Project, features: Features, raw: pd.DataFrame, notes: tuple[str, ...]
) -> Table:
    raw = raw[list(_used_columns(project, features))]
    target = read_target(project, raw[project.target.column])
    canonicaliser = _canonicaliser_of(features)
    values, invalid = canonicaliser.transform_tolerantly(raw)
    _refuse_mostly_invalid(raw, canonicaliser, invalid)
    counted = tuple(
        f"{count:,} values of {name!r} could not be read and are taken as missing"
        for name, count in invalid.items()
    )
    return Table(
        features=values,
        declared=features,
        target=target,
        canonicaliser=canonicaliser,
        raw=raw,
        time=times_of(project.data.time, raw),
        group=groups_of(project.data.group, raw),
        digest=columns_digest(len(raw), content_columns(project, features, raw, values)),
        notes=(*notes, *counted),
        invalid=invalid,
    )


def _canonicaliser_of(features: Features) -> Canonicaliser:
    """The canonicaliser of declared features: numbers, categories, datetimes, text, in order."""
    columns = [InputColumn(name, "numeric") for name in features.numeric]
    columns += [InputColumn(name, "categorical") for name in features.categorical]
    columns += [InputColumn(name, "datetime", parts) for name, parts in features.datetime.items()]
    columns += [InputColumn(name, "text") for name in features.text]
    made = [name for column in columns for name in column.features]
    twice = sorted({name for name in made if made.count(name) > 1})
    if twice:
        raise SpecError(
            f"features: {', '.join(map(repr, twice))} is both a column and a part of a datetime.",
            remedy="Rename the column, or leave out that part.",
        )
    return Canonicaliser(tuple(columns))


def slice_columns(project: Project, table: Table, rows: np.ndarray) -> dict[str, np.ndarray]:
    """The declared slice columns of some rows: numbers stay numbers, NaN where missing.

    Everything else, and numbers that are declared categorical, become the categories that the
    model sees ("7" for 7.0), None where missing.
    """
    categorical = table.declared.categorical
    return {
        name: sliceable(table.raw[name].iloc[rows], number=name not in categorical)
        for name in project.gate.judged_columns
    }


def sliceable(series: pd.Series[Any], *, number: bool) -> np.ndarray:
    """A column to be cut into slices: float64 where it may be a `number` and is one, NaN where
    missing; else categories, None where missing.
    """
    is_number = pd.api.types.is_numeric_dtype(series.dtype)
    if number and is_number and not pd.api.types.is_bool_dtype(series.dtype):
        return series.to_numpy(dtype=np.float64, na_value=np.nan)
    values = category_values(series)[0]
    values[values == MISSING_CATEGORY] = None
    return values


def _check_columns_exist(project: Project, source: TableSource) -> None:
    present = source.column_names()
    features = project.features or Features()
    wanted: list[tuple[str, str]] = [("target.column", project.target.column)]
    wanted += [("data.time", project.data.time)] if project.data.time else []
    wanted += [("data.group", project.data.group)] if project.data.group else []
    wanted += [("gate.slices", name) for name in project.gate.slices]
    wanted += [("gate.sensitive", name) for name in project.gate.sensitive]
    wanted += [
        (f"features.{kind}", name)
        for kind in ("numeric", "categorical", "text", "datetime")
        for name in getattr(features, kind)
    ]
    if project.features is None:  # a misspelt one would be taken for a feature
        wanted += [("forbidden", name) for name in project.forbidden]
    problems = [
        f"{key}: there is no column {name!r}. {did_you_mean(name, present)}".strip()
        for key, name in wanted
        if name not in present
    ]
    if problems:
        raise SpecError(f"{source.source}: " + "; ".join(problems))


def _wanted(project: Project, features: Features) -> Columns:
    strings = {*features.categorical, *features.text, *features.datetime}
    strings |= {name for name in (project.data.time, project.data.group) if name is not None}
    known = strings | {*features.numeric}
    other = tuple(name for name in _used_columns(project, features) if name not in known)
    return Columns(numeric=features.numeric, text=tuple(sorted(strings)), other=other)


def limited(raw: pd.DataFrame, rows: int | None) -> pd.DataFrame:
    """At most `rows` rows of `raw`, spread evenly over it."""
    if rows is None or rows >= len(raw):
        return raw
    places = np.linspace(0, len(raw) - 1, rows).round().astype(np.int64)
    return raw.iloc[places].reset_index(drop=True)


def _refuse_mostly_invalid(
    raw: pd.DataFrame, canonicaliser: Canonicaliser, invalid: dict[str, int]
) -> None:
    for column in canonicaliser.columns:
        count, present = invalid.get(column.name, 0), int(raw[column.name].notna().sum())
        if count > MAX_INVALID_SHARE * present:
            raise DataError(
                f"{count:,} of {present:,} values of the {column.kind} column {column.name!r} "
                f"cannot be read as such, for example {_examples(raw[column.name], column)}.",
                remedy="Declare the column under another kind of feature, or clean it first.",
            )


def _examples(series: pd.Series[Any], column: InputColumn) -> str:
    """Up to three different values of `series` that `column` cannot take."""
    one, bad, present = Canonicaliser((column,)), list[str](), series.dropna()
    for value in present.sample(min(_SEARCHED_ROWS, len(present)), random_state=0):
        cell = pd.DataFrame({column.name: pd.Series([value], dtype=object)})
        shown = repr(value)[:40]
        if shown not in bad and one.transform_tolerantly(cell)[1]:
            bad.append(shown)
        if len(bad) == 3:
            break
    return ", ".join(bad)


def times_of(column: str | None, raw: pd.DataFrame) -> np.ndarray | None:
    """The column `data.time` as datetime64[us]; None where there is none. Raises DataError."""
    if column is None:
        return None
    values, bad = datetime_values(raw[column])
    bad |= np.isnat(values)
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(
            f"data.time: {int(bad.sum()):,} values of {column!r} are not times; the first is "
            f"{raw[column].iloc[row]!r} in row {row} (counting from 0).",
            remedy=f"The column needs {_TIME_NEEDS} in every row.",
        )
    return values


def groups_of(column: str | None, raw: pd.DataFrame) -> np.ndarray | None:
    """The column `data.group` as categories; None where there is none. Raises DataError."""
    if column is None:
        return None
    values, bad = category_values(raw[column])
    bad |= values == MISSING_CATEGORY
    if bad.any():
        raise DataError(
            f"data.group: {column!r} is missing or unreadable in {int(bad.sum()):,} of "
            f"{len(raw):,} rows, the first of them row {int(np.argmax(bad))} (counting from 0).",
            remedy="They would count as one group: fill the column, or remove those rows.",
        )
    return values
