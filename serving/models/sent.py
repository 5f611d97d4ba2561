"""From the body of a request to raw values by row or by column, without pandas.

The four JSON forms are MLflow's. What their values mean is decided by the canonical rules alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from podium.artifact.scoring.convert import sort_of
from podium.artifact.scoring.errors import InvalidTable
from podium.artifact.scoring.tables import rows_of_csv

FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
_BEYOND = float(1 << 63)  # orjson makes floats of integers beyond 64 bits
_SPLIT_KEYS = {"columns", "data", "index"}
Columns = Mapping[str, Sequence[Any]]


class Sent(NamedTuple):
    """Raw values: by row (`records`), or by column for so many `rows`."""

    rows: int
    records: Sequence[Mapping[str, Any]] | None = None
    columns: Columns | None = None

    def names_any(self, names: frozenset[str]) -> bool:
        """Whether it has any of the columns `names`."""
        if self.columns is not None:
            return not names.isdisjoint(self.columns)
        return any(not names.isdisjoint(record) for record in self.records or ())

    def may_be_rounded(self, names: Iterable[str]) -> bool:
        """Whether a number in one of the columns `names` may have lost digits as it was parsed."""
        if self.columns is not None:
            columns = [self.columns[name] for name in names if name in self.columns]
        else:
            columns = [[row.get(name) for row in self.records or ()] for name in names]
        return any(type(v) is float and abs(v) >= _BEYOND for column in columns for v in column)


def sent_as_json(body: bytes, names: frozenset[str], *, exact: bool = False) -> Sent:
    """What a JSON body says of the columns `names`, and perhaps of others; integers beyond 64 bits
    are floats unless it shall be `exact`.

    Raises InvalidTable, without quoting any of it, for what is no table in one of MLflow's forms,
    and for `params`, as Podium's models take none.
    """
    document = _exactly_parsed(body) if exact else _parsed(body)
    if not isinstance(document, dict):
        raise InvalidTable(f"expected a JSON object, found {sort_of(document)}")
    forms = [form for form in FORMS if form in document]
    if len(forms) != 1:
        raise InvalidTable(f"expected an object with exactly one of {', '.join(FORMS)}")
    if document.get("params"):
        raise InvalidTable("this model takes no params")
    content = document[forms[0]]
    if forms[0] == "dataframe_split":
        return _of_split(content)
    if forms[0] == "dataframe_records" or isinstance(content, list):
        return _of_records(content)
    return _of_columns(content, names)


def sent_as_csv(body: bytes) -> Sent:
    """What a CSV body says; all values are text. Raises InvalidTable."""
    names, rows = rows_of_csv(body)
    return _of_rows(_checked_names(names), rows)


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:  # among others for NaN, and for half of a surrogate pair
        return _exactly_parsed(body)


def _exactly_parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        at = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise InvalidTable(f"the body is not valid JSON{at}") from None


def _of_records(records: Any) -> Sent:
    if not isinstance(records, list):
        raise InvalidTable(f"the records: expected a list, found {sort_of(records)}")
    for row, record in enumerate(records):
        if type(record) is not dict:
            raise InvalidTable(f"row {row}: expected an object, found {sort_of(record)}")
    return Sent(len(records), records=records)


def _of_split(content: Any) -> Sent:
    if not isinstance(content, dict):
        raise InvalidTable(f"expected an object, found {sort_of(content)}")
    if not {"columns", "data"} <= content.keys() <= _SPLIT_KEYS:
        raise InvalidTable('expected "columns", "data" and perhaps "index", and no other key')
    rows, index = _list(content["data"], '"data"'), content.get("index")
    if index is not None and len(_list(index, '"index"')) != len(rows):
        raise InvalidTable(f'"index" has {len(index)} entries for {len(rows)} rows')
    return _of_rows(_checked_names(_list(content["columns"], '"columns"')), rows)


def _of_rows(names: Sequence[str], rows: Sequence[Any]) -> Sent:
    width = len(names)
    for place, row in enumerate(rows):
        if type(row) is not list:
            raise InvalidTable(f"row {place}: expected a list, found {sort_of(row)}")
        if len(row) != width:
            raise InvalidTable(f"row {place}: expected {width} values, found {len(row)}")
    if len(rows) == 1:
        return Sent(1, records=[dict(zip(names, rows[0], strict=True))])
    by_column = zip(*rows, strict=True) if rows else ([] for _ in names)
    return Sent(len(rows), columns=dict(zip(names, by_column, strict=True)))


def _of_columns(content: Any, names: frozenset[str]) -> Sent:
    """`inputs` or `instances` by column: lists of one length; a single value holds for all rows.

    Columns but those in `names` count for their length only, and take no room.
    """
    if not isinstance(content, dict):
        raise InvalidTable(f"expected an object or a list, found {sort_of(content)}")
    lengths = {len(values) for values in content.values() if isinstance(values, list)}
    if len(lengths) > 1:
        raise InvalidTable("the columns are not of one length")
    rows = lengths.pop() if lengths else 1
    columns = {
        name: values if isinstance(values, list) else [values] * rows
        for name, values in content.items()
        if name in names
    }
    return Sent(rows, columns=columns)


def _checked_names(names: Sequence[Any]) -> Sequence[str]:
    if len(set(map(type, names)) | {str}) > 1:
        place = next(place for place, name in enumerate(names) if type(name) is not str)
        found = sort_of(names[place])
        raise InvalidTable(f"the name of column {place}: expected text, found {found}")
    if len(set(names)) != len(names):
        places: dict[str, int] = {}
        for place, name in enumerate(names):  # which may be values, of a table without names
            if (first := places.setdefault(name, place)) != place:
                raise InvalidTable(f"columns {first} and {place} have one name: it is given twice")
    return names


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidTable(f"{what}: expected a list, found {sort_of(value)}")
    return value
