"""The facts of a data version's card, from the table that a training used. No row is in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from podium.data.personal import PersonalKind, Suspicion, personal_columns
from podium.where import without_password

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
ContentKind = Literal["number", "category", "text", "time", "label"]
FEWEST_ROWS = 10  # a value of fewer rows is not shown: it could tell who somebody is
_MOST_VALUES, _MOST_CLASSES = 5, 20
_RARE_SHARE = 0.5  # a column with more different values than this, of its rows, is nobody's group


@dataclass(frozen=True)
class About:
    """What project.yaml says of the table.

    kinds: each column's, in the order of the table. time, group: columns, or None. task: binary,
    multiclass or regression.
    """

    project: str
    task: str
    target: str
    kinds: Mapping[str, ContentKind]
    time: str | None = None
    group: str | None = None
    source: str = ""
    licence: str = ""
    owner: str = ""
    home: str = ""


@dataclass(frozen=True)
class Numbers:
    """Of the finite values. std: of the sample, n - 1; None for a single value."""

    min: float
    mean: float
    median: float
    max: float
    std: float | None


@dataclass(frozen=True)
class Frequent:
    """A value, how many rows have it, and their share of all rows."""

    value: str
    rows: int
    share: float


@dataclass(frozen=True)
class ColumnFacts:
    """A column. role: target, time, group, or nothing for the rest.

    distinct: different values, missing ones not counted. numbers, frequent, first and last are
    empty where they do not apply, of the group, and where the column looks personal. first, last:
    UTC.
    """

    name: str
    kind: ContentKind
    role: str
    missing: int
    missing_share: float
    distinct: int
    personal: PersonalKind | None = None
    numbers: Numbers | None = None
    frequent: tuple[Frequent, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class DataFacts:
    """All of a data version. span: first and last time, None without a time column.

    classes: the target's that at least 10 rows have, the most frequent first, at most 20; empty for
    a regression. other_classes: how many rows have one that is not told.
    """

    digest: str
    about: About
    rows: int
    span: tuple[str, str] | None
    columns: tuple[ColumnFacts, ...]
    classes: tuple[Frequent, ...]
    personal: tuple[Suspicion, ...]
    other_classes: int = 0

    def to_json(self) -> dict[str, Any]:
        """As a document, with the schema's number."""
        about = asdict(self.about)
        del about["kinds"]
        return {
            "schema": SCHEMA,
            "digest": self.digest,
            **about,
            "source": without_password(self.about.source),
            "home": without_password(self.about.home),
            "rows": self.rows,
            "span": None if self.span is None else {"first": self.span[0], "last": self.span[1]},
            "columns": [asdict(column) for column in self.columns],
            "classes": [asdict(each) for each in self.classes],
            "other_classes": self.other_classes,
            "personal": [asdict(each) for each in self.personal],
        }


def facts_of(frame: pd.DataFrame, digest: str, about: About) -> DataFacts:
    """The facts of the canonical table `frame`, whose content has this `digest`.

    Values of categories are told only where at least 10 rows have them and they are not rare
    altogether; those of texts, of the group and of columns that look personal never are, nor are
    these columns' statistics. Minimum and maximum, first and last, may be those of one row.
    """
    personal = personal_columns(frame)
    suspected: dict[str, PersonalKind] = {each.column: each.kind for each in personal}
    columns = tuple(
        _column(frame[name], name, about, suspected.get(name)) for name in map(str, frame.columns)
    )
    time = next((c for c in columns if c.name == about.time), None)
    span = None
    if time is not None and time.first is not None and time.last is not None:
        span = (time.first, time.last)
    classes, others = _classes(frame, about, suspected)
    return DataFacts(digest, about, len(frame), span, columns, classes, personal, others)


def _column(
    series: pd.Series[Any], name: str, about: About, personal: PersonalKind | None
) -> ColumnFacts:
    kind, missing = about.kinds[name], int(series.isna().sum())
    present = series.dropna() if missing else series
    distinct = _distinct(present)
    facts: dict[str, Any] = {}
    if personal is None and len(present) and name != about.group:
        if kind == "time":
            facts = {"first": _instant(present.min()), "last": _instant(present.max())}
        elif kind == "number":
            facts = {"numbers": _numbers(present.to_numpy(dtype=np.float64))}
        elif kind != "text" and distinct <= _RARE_SHARE * len(present):
            facts = {"frequent": _frequent(present, len(series))}
    return ColumnFacts(
        name=name,
        kind=kind,
        role=_role(name, about),
        missing=missing,
        missing_share=missing / len(series) if len(series) else 0.0,
        distinct=distinct,
        personal=personal,
        **facts,
    )


def _distinct(present: pd.Series[Any]) -> int:
    """How many different values there are; by sorting, where that is faster."""
    if present.dtype.kind not in "ifM":
        return int(present.nunique())
    plain = present.dt.tz_convert(None) if getattr(present.dtype, "tz", None) else present
    ordered = np.sort(plain.to_numpy())
    return int((ordered[1:] != ordered[:-1]).sum()) + bool(len(ordered))


def _role(name: str, about: About) -> str:
    roles = {about.group: "group", about.time: "time", about.target: "target"}
    return roles.get(name, "")


def _instant(value: Any) -> str:
    """ISO 8601 in UTC, to the second where it is one."""
    return str(value.isoformat()).replace("+00:00", "Z")


def _numbers(values: np.ndarray[Any, np.dtype[np.float64]]) -> Numbers | None:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return None
    return Numbers(
        min=float(finite.min()),
        mean=float(finite.mean()),
        median=float(np.median(finite)),
        max=float(finite.max()),
        std=float(finite.std(ddof=1)) if len(finite) > 1 else None,
    )


def _frequent(present: pd.Series[Any], rows: int) -> tuple[Frequent, ...]:
    counts = present.value_counts(sort=False)
    return _ranked(counts[counts >= FEWEST_ROWS], rows)[:_MOST_VALUES]


def _classes(
    frame: pd.DataFrame, about: About, suspected: Mapping[str, PersonalKind]
) -> tuple[tuple[Frequent, ...], int]:
    """The classes that are told, and how many rows have another one."""
    if about.task == "regression" or about.target in {about.group, *suspected}:
        return (), 0
    counts = frame[about.target].value_counts(sort=False)
    told = _ranked(counts[counts >= FEWEST_ROWS], len(frame))[:_MOST_CLASSES]
    return told, int(counts.sum()) - sum(each.rows for each in told)


def _ranked(counts: pd.Series[Any], rows: int) -> tuple[Frequent, ...]:
    """The most frequent first; among equals by their words."""
    pairs = sorted(((str(value), int(n)) for value, n in counts.items()), key=lambda p: (-p[1], p))
    return tuple(Frequent(value, n, n / rows) for value, n in pairs)
