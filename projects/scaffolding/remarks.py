"""What a person should know of a table beside the choices that were made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from podium.spec import label_text
from projects.scaffolding.findings import Findings
from projects.scaffolding.holding import is_plain
from projects.scaffolding.id_names import called_like_an_id
from projects.scaffolding.kinds import Column
from projects.scaffolding.order import order_note
from projects.scaffolding.sums import MOST_COLUMNS

_RARE_ROWS = 50
_NEARLY_ALL = 0.9
_SHOWN = 5


def remarks(
    frame: pd.DataFrame, found: Findings, columns: list[Column], y: np.ndarray
) -> Iterator[str]:
    """Sentences on columns, classes, the order of the rows and possible groups.

    y: (n,) class index, or number for a regression.
    """
    yield from (column.note for column in columns if column.note)
    yield from _class_notes(found)
    yield from _twins(frame)
    if found.target.task == "regression" and len(found.features.numeric) > MOST_COLUMNS:
        yield f"sums were looked for among the first {MOST_COLUMNS} numeric columns only"
    if found.time is None:
        note = order_note(found.target.task, y)
        yield from [note] * bool(note)
    if found.group is None:
        yield from (
            f"{name!r} looks like what rows belong to: --group {name} keeps them together"
            for name in _possible_groups(frame, found)
        )


def _twins(frame: pd.DataFrame) -> Iterator[str]:
    """On rows that are there more than once."""
    plain = frame[[name for name in frame.columns if is_plain(frame[name])]]
    twins = int(plain.duplicated().sum())
    if twins and plain.shape[1] == frame.shape[1]:
        yield (
            f"{twins:,} of {len(frame):,} rows are exact copies of another: where one is learnt "
            "from and the other judges, the figures flatter"
        )


def _class_notes(found: Findings) -> Iterator[str]:
    """On classes that are rare, and on one that is nearly all."""
    classes = found.target.classes
    alike: dict[str, list[str]] = {}
    for label, _ in classes:
        alike.setdefault(_plain(label_text(label)), []).append(label_text(label))
    for spellings in alike.values():
        if len(spellings) > 1:
            shown = " and ".join(map(repr, spellings[:_SHOWN]))
            yield f"labels that differ only in their spelling are different classes: {shown}"
    even = found.rows / max(len(classes), 1)
    rare = [(label, n) for label, n in classes if n < min(_RARE_ROWS, even / 2)]
    if rare:
        named = ", ".join(f"{label_text(label)} ({n:,})" for label, n in rare[:_SHOWN])
        more = f" and {len(rare) - _SHOWN} more" if len(rare) > _SHOWN else ""
        yield f"classes with few rows, about which little can be said: {named}{more}"
    if classes and classes[0][1] >= _NEARLY_ALL * found.rows:
        share = classes[0][1] / found.rows
        yield (
            f"{share:.1%} of the rows are {label_text(classes[0][0])!r}: a model that always says "
            "so is as often right, so accuracy says little"
        )


def _plain(label: str) -> str:
    """Without what people take for the same: blanks, full stops at the end, capitals."""
    return " ".join(label.casefold().split()).rstrip(". ") or label


def _possible_groups(frame: pd.DataFrame, found: Findings) -> Iterator[str]:
    """Columns called like ids, each value of which has some rows, but not many of them all."""
    for name in (str(column) for column in frame.columns):
        if not called_like_an_id(name) or name in (found.target.column, found.time):
            continue
        distinct = frame[name].nunique()
        if distinct >= _RARE_ROWS and len(frame) >= 2 * distinct:
            yield name
