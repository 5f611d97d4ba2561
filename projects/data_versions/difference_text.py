"""The difference of two data versions in words, and the same for machines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from podium.data.facts import ColumnFacts
from podium.reports.text import NOTHING, number, percent, shorten, text_table
from projects.data_versions.difference import Columns, Rows
from projects.data_versions.listing import SHOWN

_VALUE, _LINE = 30, 160
_ALIKE = (
    "Of no column that both have does the missing share, the mean or the most frequent value "
    "differ as shown; rows do, as counted above."
)


@dataclass(frozen=True, eq=False)
class Difference:
    """Two data versions compared. digests, tables, facts: of the first and of the second.

    facts: of each column by name. show: how many rows of a kind are told, as examples.
    """

    digests: tuple[str, str]
    tables: tuple[pd.DataFrame, pd.DataFrame]
    facts: tuple[dict[str, ColumnFacts], dict[str, ColumnFacts]]
    columns: Columns
    rows: Rows
    show: int = 0

    def text(self) -> str:
        """For a terminal."""
        first, second = (digest[:SHOWN] for digest in self.digests)
        sections = [
            f"Data {first} and data {second}",
            "\n".join(_columns_lines(self.columns)),
            self._rows_text(),
            self._cells_text(),
            *self._examples_text(),
        ]
        return "\n\n".join(section for section in sections if section)

    def document(self) -> dict[str, Any]:
        """For machines. Rows are in it only where they were asked for."""
        rows, first, second = self.rows, *self.tables
        found: dict[str, Any] = {
            "first": self.digests[0],
            "second": self.digests[1],
            "columns": {
                "added": list(self.columns.added),
                "removed": list(self.columns.removed),
                "retyped": [asdict(column) for column in self.columns.retyped],
            },
            "key": None if rows.key is None else list(rows.key),
            "rows": {
                "first": len(first),
                "second": len(second),
                "added": len(rows.added),
                "removed": len(rows.removed),
                "changed": None if rows.key is None else len(rows.changed[0]),
                "unchanged": rows.unchanged,
                "same_order": rows.same_order,
            },
            "cells": [self._cells_document(name) for name in self.columns.shared],
        }
        return {**found, "examples": self._examples()} if self.show else found

    def _rows_text(self) -> str:
        rows, (first, second) = self.rows, self.tables
        how = f"Rows are matched by {', '.join(rows.key)}." if rows.key else (
            "No columns tell the rows apart, so they are compared as wholes: a changed row counts "
            "as one removed and one added. --key COLUMN,COLUMN names columns that do."
        )  # fmt: skip
        counts: list[tuple[str, int]] = [
            ("in the first", len(first)),
            ("in the second", len(second)),
            ("removed", len(rows.removed)),
            ("added", len(rows.added)),
            *([("changed", len(rows.changed[0]))] if rows.key else []),
            ("the same", rows.unchanged),
        ]
        order = "" if rows.same_order else "\nRows that both have stand in another order."
        return f"{text_table(('rows', 'count'), counts)}{how}{order}"

    def _cells_text(self) -> str:
        lines = [self._line(name) for name in self.columns.shared]
        told = [line for line in lines if line]
        if not told:
            return _ALIKE if self._rows_differ() else "No column that both have differs."
        headers = ("column", "cells changed", "missing", "mean or most frequent")
        table = text_table(headers, told, right={1}).rstrip()
        equal = len(lines) - len(told)
        others = f"The other {equal:,} columns differ in none of these, as shown."
        return f"{table}\n{others}" if equal else table

    def _rows_differ(self) -> bool:
        rows = self.rows
        return bool(len(rows.removed) or len(rows.added) or len(rows.changed[0]))

    def _line(self, name: str) -> tuple[str, str, str, str] | None:
        """A line of the table of columns; None where nothing in it differs."""
        one, other = (facts[name] for facts in self.facts)
        changed = self.rows.cells.get(name, 0)
        missing = _pair(percent(one.missing_share), percent(other.missing_share))
        typical = _pair(_typical(one), _typical(other))
        if not changed and not any("→" in words for words in (missing, typical)):
            return None
        return name, f"{changed:,}" if self.rows.key else NOTHING, missing, typical

    def _cells_document(self, name: str) -> dict[str, Any]:
        one, other = (_typical_document(facts[name]) for facts in self.facts)
        changed = None if self.rows.key is None else self.rows.cells.get(name, 0)
        return {"column": name, "changed": changed, "first": one, "second": other}

    def _examples(self) -> dict[str, list[dict[str, Any]]]:
        (first, second), rows, names = self.tables, self.rows, list(self.columns.shared)
        changed = zip(rows.changed[0][: self.show], rows.changed[1][: self.show], strict=True)
        return {
            "removed": [_row(first, place, names) for place in rows.removed[: self.show]],
            "added": [_row(second, place, names) for place in rows.added[: self.show]],
            "changed": [
                _change(_row(first, one, names), _row(second, other, names), rows.key or ())
                for one, other in changed
            ],
        }

    def _examples_text(self) -> Iterator[str]:
        if not self.show:
            return
        for what, examples in self._examples().items():
            if examples:
                lines = [f"  {shorten(_words(example), _LINE)}" for example in examples]
                yield "\n".join([f"Rows {what}, for example:", *lines])


def _columns_lines(columns: Columns) -> Iterator[str]:
    if columns.added:
        yield f"Columns added: {', '.join(columns.added)}"
    if columns.removed:
        yield f"Columns removed: {', '.join(columns.removed)}"
    for column in columns.retyped:
        yield f"Column {column.name} was {column.before} and is {column.after}"
    if columns.added or columns.removed or columns.retyped:
        yield f"Compared by the {len(columns.shared):,} columns that both have as they are."


def _pair(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _typical(facts: ColumnFacts) -> str:
    if facts.numbers is not None:
        return number(facts.numbers.mean)
    if facts.frequent:
        return f"{shorten(facts.frequent[0].value, _VALUE)} {percent(facts.frequent[0].share)}"
    return NOTHING


def _typical_document(facts: ColumnFacts) -> dict[str, Any]:
    return {
        "missing_share": facts.missing_share,
        "mean": facts.numbers.mean if facts.numbers else None,
        "most_frequent": asdict(facts.frequent[0]) if facts.frequent else None,
    }


def _row(table: pd.DataFrame, place: int, names: Sequence[str]) -> dict[str, Any]:
    return {name: _value(table[name].iloc[int(place)]) for name in names}


def _value(value: Any) -> Any:
    """A cell for a document: whole numbers as such, times in ISO 8601, None where missing."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    plain = value.item() if hasattr(value, "item") else value
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _change(before: dict[str, Any], after: dict[str, Any], key: Sequence[str]) -> dict[str, Any]:
    differs = [name for name in before if not _same(before[name], after[name])]
    return {
        "key": {name: before[name] for name in key},
        "before": {name: before[name] for name in differs},
        "after": {name: after[name] for name in differs},
    }


def _same(one: Any, other: Any) -> bool:
    both = isinstance(one, float) and isinstance(other, float)
    return bool(one == other or (both and math.isnan(one) and math.isnan(other)))


def _words(example: dict[str, Any]) -> str:
    if "before" not in example:
        return ", ".join(f"{name} = {_said(value)}" for name, value in example.items())
    key = ", ".join(f"{name} = {_said(value)}" for name, value in example["key"].items())
    pairs = (
        f"{name} {_said(value)} → {_said(example['after'][name])}"
        for name, value in example["before"].items()
    )
    return f"{key}: {', '.join(pairs)}"


def _said(value: Any) -> str:
    return NOTHING if value is None else str(value)
