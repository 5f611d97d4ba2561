"""Which requests may share one call of a model: those whose rows are read the same in company."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from serving.models.model import Asked

MAX_BODY_BYTES = 16 * 1024
MAX_ROWS = 512

Orient = Literal["dataframe_split", "dataframe_records"]

_PLAIN = frozenset({"boolean", "integer", "long", "float", "double", "string"})
_WIDE = frozenset({"float", "double"})
_TYPES = frozenset({int, float, bool, str})
# Beyond these, an integer does not survive a column that other requests made one of floats.
_LARGEST = 2**53
_JSON = frozenset(
    f"application/json{rest}"
    for rest in ("", *(f";{gap}charset={name}" for gap in ("", " ") for name in ("utf-8", "UTF-8")))
)


@dataclass(frozen=True)
class Key:
    """What requests have in common that may share a call.

    kinds: the type of each column's values; `indexed`: whether rows are numbered, from 0.
    """

    orient: Orient
    columns: tuple[str, ...]
    kinds: tuple[type, ...]
    indexed: bool = False


@dataclass(frozen=True)
class Part:
    """The rows of one request, as they were sent: lists, or for records dictionaries."""

    key: Key
    rows: Sequence[Any]


def merged(parts: Sequence[Part]) -> dict[str, Any]:
    """One request's document with the rows of all parts, in order; they have one key."""
    key = parts[0].key
    rows = list(chain.from_iterable(part.rows for part in parts))
    if key.orient == "dataframe_records":
        return {key.orient: rows}
    frame: dict[str, Any] = {"columns": list(key.columns), "data": rows}
    if key.indexed:
        frame["index"] = list(range(len(rows)))
    return {key.orient: frame}


class MergeRules:
    """Finds out whether a request may share a call, for a model with these inputs.

    A table is typed column by column from all its values, so one request's values could change how
    those of another are read. They cannot where every column holds values of one JSON type, none
    missing, and the signature asks for plain types (or there is none). An integer may stand beside
    decimals where the signature makes both the same float.
    """

    def __init__(self, inputs: Sequence[Mapping[str, Any]]) -> None:
        self._wide = {column.get("name") for column in inputs if column["type"] in _WIDE} - {None}

    @classmethod
    def of_signature(cls, inputs: Sequence[Mapping[str, Any]]) -> MergeRules | None:
        """The rules for a model with this signature; None where nothing may ever be merged."""
        if all(column["type"] in _PLAIN for column in inputs):
            return cls(inputs)
        return None

    def part(self, asked: Asked) -> Part | None:
        """What of `asked` may be merged: all of it, or None."""
        if asked.content_type not in _JSON or len(asked.body) > MAX_BODY_BYTES:
            return None
        try:
            document = json.loads(asked.body)
        except (ValueError, RecursionError):
            return None
        return self.part_of(document)

    def part_of(self, document: Any) -> Part | None:
        """The same for a parsed body."""
        if not isinstance(document, dict) or len(document) != 1:
            return None
        [(orient, table)] = document.items()
        if orient == "dataframe_split":
            return self._of_split(table)
        if orient == "dataframe_records":
            return self._of_records(table)
        return None

    def _of_split(self, table: Any) -> Part | None:
        if not isinstance(table, dict) or not table.keys() <= {"columns", "data", "index"}:
            return None
        columns: Any = table.get("columns")
        rows: Any = table.get("data")
        if not _are_rows(rows, list) or not _are_names(columns):
            return None
        indexed = "index" in table
        if indexed and table["index"] != list(range(len(rows))):
            return None
        return self._of_rows("dataframe_split", tuple(columns), rows, rows, indexed)

    def _of_records(self, table: Any) -> Part | None:
        if not _are_rows(table, dict):
            return None
        columns = tuple(table[0])
        if not columns or any(tuple(row) != columns for row in table):
            return None
        return self._of_rows("dataframe_records", columns, table, [r.values() for r in table])

    def _of_rows(
        self,
        orient: Orient,
        columns: tuple[str, ...],
        rows: Sequence[Any],
        values: Sequence[Any],
        indexed: bool = False,
    ) -> Part | None:
        kinds = self._kinds(columns, values[0])
        if kinds is None or any(self._kinds(columns, row) != kinds for row in values[1:]):
            return None
        return Part(Key(orient, columns, kinds, indexed), rows)

    def _kinds(self, columns: tuple[str, ...], row: Any) -> tuple[type, ...] | None:
        """The type of each value; None where one is not plain."""
        kinds = tuple(map(type, row))
        if len(kinds) != len(columns) or not _TYPES.issuperset(kinds):
            return None
        if int not in kinds:
            return kinds
        if not all(-_LARGEST < value < _LARGEST for value in row if type(value) is int):
            return None
        return tuple(
            float if kind is int and name in self._wide else kind
            for name, kind in zip(columns, kinds, strict=True)
        )


def _are_rows(rows: Any, kind: type) -> bool:
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS:
        return False
    return all(type(row) is kind for row in rows)


def _are_names(columns: Any) -> bool:
    if not isinstance(columns, list) or not columns:
        return False
    return all(type(name) is str for name in columns) and len(set(columns)) == len(columns)
