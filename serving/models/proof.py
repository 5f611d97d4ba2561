"""Whether a model's answer for a row is the same in company: tried out on its input example."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from serving.models.merging import MergeRules, Part, merged
from serving.models.scorer import Scorer

# As many rows as take the paths that numeric libraries keep for larger tables, in groups of many
# sizes: sums of products often differ in their last digits from one size to another.
_ROWS = 48
_GROUPS = ((48, 1), (2, 6), (3, 4), (7, 3), (16, 2))  # rows in a group, and how many groups
_EXAMPLE_ROWS = 8
_MOST_SECONDS = 10.0

_SAME, _CLOSE = 1e-9, 1e-5  # of a number; sums come out by a few units in the last place otherwise

_NOT_BY_ROW = "it does not give one prediction a row"
_DIFFERENT = "its answer for a row is not the same with other rows beside it"
_LAST_DIGITS = (
    "its answer for a row differs in its last digits with other rows beside it, by more than 1e-9;"
    " where that is welcome, switch batching on"
)


@dataclass(frozen=True)
class Proof:
    """form: of the answers, where they are the same; else the reason why not, in words."""

    form: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Told:
    """Answers, each as text. form: their types."""

    form: str
    texts: list[bytes]


def proof(scorer: Scorer, rules: MergeRules | None, example: Any) -> Proof:
    """Ask for rows one by one and in groups, and compare the answers; decimals to nine digits.

    The rows are the example's, and others made of its values: equal rows could not show whether a
    model looks at the others.
    """
    if rules is None:
        return Proof(reason="its signature has other columns than plain numbers, text and booleans")
    if example is None:
        return Proof(reason="it has no input example to try it on")
    parts = _single_rows(rules, example)
    if not parts:
        return Proof(reason="its input example is no table of plain values")
    try:
        return _compared(scorer, parts)
    except Exception as error:  # noqa: BLE001 - whatever the model raises: it is asked alone, then
        return Proof(reason=f"it raised {type(error).__name__} for rows like its input example's")


def _compared(scorer: Scorer, example: Sequence[Part]) -> Proof:
    parts = [*example, *_made_of(example)]
    if all(part.rows == parts[0].rows for part in parts):
        return Proof(reason="its input example has only one row, and nothing to vary")
    alone = _alone(scorer, parts)
    if alone is None:
        return Proof(reason=_NOT_BY_ROW)
    for group in _groups(len(alone.texts)):
        told = _told(scorer, [parts[place] for place in group])
        if told is None:
            return Proof(reason=_NOT_BY_ROW)
        expected = _Told(alone.form, [alone.texts[place] for place in group])
        if not _is_close(told, expected, _SAME):
            close = _is_close(told, expected, _CLOSE)
            return Proof(reason=_LAST_DIGITS if close else _DIFFERENT)
    return Proof(form=alone.form)


def _alone(scorer: Scorer, parts: Sequence[Part]) -> _Told | None:
    """The answer for each; for fewer of them where the model takes its time."""
    started = time.monotonic()
    first = _told(scorer, parts[:1])
    if first is None:
        return None
    for count, part in enumerate(parts[1:], 1):
        if count >= _EXAMPLE_ROWS and time.monotonic() - started > _MOST_SECONDS:
            break
        told = _told(scorer, [part])
        if told is None:
            return None
        first.texts.extend(told.texts)
    return first


def _told(scorer: Scorer, parts: Sequence[Part]) -> _Told | None:
    rows = scorer.rows(merged(parts))
    if rows is None or len(rows.values) != len(parts):
        return None
    return _Told(rows.form, [scorer.written([value]) for value in rows.values])


def _groups(count: int) -> Iterator[list[int]]:
    """Places of rows that are asked for together; the same in each run."""
    chosen = random.Random(count)
    for size, times in _GROUPS:
        for _ in range(times):
            yield chosen.choices(range(count), k=size)


def _is_close(told: _Told, expected: _Told, tolerance: float) -> bool:
    pairs = zip(told.texts, expected.texts, strict=True)
    return told.form == expected.form and all(
        one == other or _near(json.loads(one), json.loads(other), tolerance) for one, other in pairs
    )


def _near(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _near(one[key], other[key], tolerance) for key in one
        )
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(one, other, strict=False)
        return len(one) == len(other) and all(_near(a, b, tolerance) for a, b in pairs)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance * 1e-4)
    return bool(one == other)


def _single_rows(rules: MergeRules, example: Any) -> list[Part]:
    """Rows of the example that may be merged with its first, each a part of its own."""
    parts = [part for one in _documents(example) if (part := rules.part_of(one)) is not None]
    return [part for part in parts if part.key == parts[0].key]


def _documents(example: Any) -> list[dict[str, Any]]:
    match example:
        case {"dataframe_split": {"columns": columns, "data": [*rows]}}:
            few = rows[:_EXAMPLE_ROWS]
            return [{"dataframe_split": {"columns": columns, "data": [row]}} for row in few]
        case {"dataframe_records": [*rows]}:
            return [{"dataframe_records": [row]} for row in rows[:_EXAMPLE_ROWS]]
        case _:
            return []


def _made_of(example: Sequence[Part]) -> Iterator[Part]:
    """Rows with a value of some row of the example in each column, and decimals near to them."""
    key, drawn = example[0].key, random.Random(0)
    rows = [part.rows[0] for part in example]
    columns = [[_values(row)[place] for row in rows] for place in range(len(key.columns))]
    for _ in range(_ROWS - len(rows)):
        values = [_near_to(drawn.choice(column), len(rows), drawn) for column in columns]
        named = key.orient == "dataframe_records"
        yield Part(key, [dict(zip(key.columns, values, strict=True)) if named else values])


def _values(row: Any) -> list[Any]:
    return list(row.values()) if isinstance(row, dict) else row


def _near_to(value: Any, rows: int, drawn: random.Random) -> Any:
    """Decimals vary. Other values may be codes of something, and only do where there is one row."""
    if isinstance(value, float):
        return value * drawn.uniform(0.5, 1.5) + drawn.uniform(-0.1, 0.1)
    if rows > 1 or isinstance(value, str):
        return value
    return drawn.random() < 0.5 if isinstance(value, bool) else value + drawn.randrange(2)
