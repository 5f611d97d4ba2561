"""The column to predict: which task it makes, which label counts as 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values, numeric_values
from podium.errors import DataError, UsageError, did_you_mean
from podium.spec import label_text
from podium.spec.parts import Label, Task
from projects.scaffolding.asked import Asked
from projects.scaffolding.findings import TargetFound
from projects.scaffolding.holding import is_plain

MOST_CLASSES = 200  # as many as training takes
_MOST_NUMBERED_CLASSES = 20
_WORDS = re.compile(r"[^a-z0-9]+")
_TARGET_NAMES = (
    "target", "label", "class", "y", "outcome", "response", "churn", "churned", "default", "fraud",
    "survived", "price", "income",
)  # fmt: skip
_POSITIVE = (
    "yes", "true", "positive", "pos", "up", "default", "defaulted", "churn", "churned", "spam",
    "fraud", "fraudulent", "failed", "failure", "late", "bad", "sick", "malignant", "died",
    "survived", "anomaly", "attack", "won", "clicked", "bought", "approved",
)  # fmt: skip
_NEGATIVE = (
    "no", "false", "negative", "neg", "down", "ham", "normal", "ok", "good", "healthy", "benign",
    "legit", "legitimate", "stayed", "none",
)  # fmt: skip
# The negative first. Alone none of these says anything: there are M and F, x and y, 1 and 2.
_PAIRS = (
    ("0", "1"), ("-1", "1"), ("n", "y"), ("no", "y"), ("n", "yes"), ("f", "t"), ("-", "+"),
    ("stayed", "left"),
)  # fmt: skip


def target_column(asked: Asked, names: Sequence[str], *, made_up: bool = False) -> str:
    """The column that was asked for, out of the table's `names`; `made_up` ones the file has not.

    Raises UsageError where none was, or there is none of that name; with what may be meant.
    """
    if asked.target in names:
        return cast(str, asked.target)
    listed = ", ".join(names[:30]) + ", …" * (len(names) > 30)
    if asked.target is None:
        raise UsageError(
            f"What is to be predicted? The table has {len(names):,} columns: {listed}.",
            remedy=f"Name one with --target; likely {' or '.join(likely_targets(names))}.",
        )
    headless = (
        f"The file has no header line, so its columns are called {listed}. Name them all with "
        "--columns a,b,c; or, where its first line is one, say --header yes."
    )
    raise UsageError(
        f"--target: there is no column {asked.target!r}.",
        remedy=headless if made_up else _near(asked.target, names) or f"The columns are {listed}.",
    )


def _near(name: str, names: Sequence[str]) -> str:
    """What may be meant: what looks alike, or has the name as a part."""
    within = [known for known in names if name.lower() in known.lower()]
    alike = did_you_mean(name, names)
    if within and not alike.startswith("Did"):
        return f"Did you mean {' or '.join(map(repr, within[:3]))}?"
    return alike


def likely_targets(names: Sequence[str]) -> list[str]:
    """Up to three columns that are called like targets, and the last one."""
    called = [name for name in names if set(_WORDS.split(name.lower())) & set(_TARGET_NAMES)]
    return list(dict.fromkeys((*called[:3], names[-1])))


def look_at_target(series: pd.Series[Any], asked: Asked) -> TargetFound:
    """What the target's values make of the task.

    Raises DataError for missing values, a constant, dates and too many classes, and UsageError for
    a --task or --positive that does not go with the values.
    """
    column = str(series.name)
    text = _usable(series, column)
    counts = pd.Series(text).value_counts()
    if len(counts) == 1:
        raise DataError(
            f"--target: {column!r} is {counts.index[0]!r} in every row.",
            remedy="There is nothing to learn from one value; name another column, or a source "
            "that has other rows too.",
        )
    task, why = _task(series, len(counts), asked)
    _check_task(column, task, series, len(counts))
    if task == "regression":
        return TargetFound(column, task, why)
    classes = tuple((_label(series, str(name)), int(n)) for name, n in counts.items())
    if task == "multiclass":
        return TargetFound(column, task, why, classes)
    positive, positive_why = _positive(classes, asked.positive, column)
    return TargetFound(column, task, why, classes, positive, positive_why)


def _usable(series: pd.Series[Any], column: str) -> np.ndarray:
    """(n,) the values as texts; DataError where one is missing, or cannot be predicted."""
    if not is_plain(series):
        raise DataError(
            f"--target: {column!r} holds lists, bytes, durations or other objects.",
            remedy="Name a column of numbers, texts or truth values.",
        )
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        raise DataError(
            f"--target: {column!r} holds dates, which cannot be predicted.",
            remedy="Name another column, or make a number of it, such as days until then.",
        )
    text, bad = category_values(series)
    _refuse_missing(column, (text == "") & ~bad)
    if bad.any():
        raise DataError(
            f"--target: {column!r} holds {int(bad.sum()):,} values that are no finite numbers, the "
            f"first in row {int(np.argmax(bad))} (counting from 0).",
            remedy="Remove those rows, or name a source that has only rows with a number.",
        )
    return text


def _refuse_missing(column: str, missing: np.ndarray) -> None:
    if missing.any():
        raise DataError(
            f"--target: {column!r} is missing in {int(missing.sum()):,} of {len(missing):,} rows, "
            f"the first of them row {int(np.argmax(missing))} (counting from 0).",
            remedy="Nothing can be learnt from rows without it: remove them, or name a source "
            "that has only rows with it.",
        )


def _task(series: pd.Series[Any], distinct: int, asked: Asked) -> tuple[Task, str]:
    if asked.task is not None:
        return cast(Task, asked.task), "as asked for with --task"
    if distinct == 2:
        return "binary", "two different values"
    numbers = _as_numbers(series)
    if numbers is None or pd.api.types.is_bool_dtype(series.dtype):
        return "multiclass", f"{distinct:,} different values that are no numbers"
    if (numbers % 1).any():
        return "regression", f"numbers with decimals, {distinct:,} different ones"
    if distinct > _MOST_NUMBERED_CLASSES:
        return "regression", f"{distinct:,} different whole numbers"
    return (
        "multiclass",
        f"only {distinct} different whole numbers; if they are quantities, use --task regression",
    )


def _check_task(column: str, task: Task, series: pd.Series[Any], distinct: int) -> None:
    if task == "regression":
        if _as_numbers(series) is None:
            first = next(v for v in series if numeric_values(pd.Series([v], dtype=object))[1][0])
            raise UsageError(
                f"--task: {column!r} holds values that are no numbers, such as {str(first)!r}; a "
                "regression needs numbers.",
                remedy="Use --task multiclass, or name a column of numbers.",
            )
    elif (task == "binary") != (distinct == 2):
        raise UsageError(
            f"--task: {column!r} has {distinct:,} different values, and {task} needs "
            f"{'two' if task == 'binary' else 'more than two'}.",
            remedy="Leave --task out to have it told from the values.",
        )
    elif distinct > MOST_CLASSES:
        raise DataError(
            f"--target: {column!r} has {distinct:,} different values that are no numbers, such as "
            f"{str(series.dropna().iloc[0])!r}; at most {MOST_CLASSES} classes are taken.",
            remedy="Name another column, or group the rare classes; numbers are written like "
            "1234.5.",
        )


def _as_numbers(series: pd.Series[Any]) -> np.ndarray | None:
    """The values as float64; None where one of them is no number."""
    values, bad = numeric_values(series)
    return None if bad.any() else values


def _label(series: pd.Series[Any], text: str) -> Label:
    """A label as project.yaml writes it: a number or truth value where the column has these."""
    if pd.api.types.is_bool_dtype(series.dtype):
        return text == "true"
    if pd.api.types.is_numeric_dtype(series.dtype):
        return int(text) if text.removeprefix("-").isdigit() else float(text)
    return text


def _positive(
    classes: tuple[tuple[Label, int], ...], asked: str | None, column: str
) -> tuple[Label, str]:
    labels = {label_text(label): label for label, _ in classes}
    if asked is not None:
        found = labels.get(asked, next((v for k, v in labels.items() if _word(k) == asked), None))
        if found is None:
            raise UsageError(
                f"--positive: {asked!r} is not a value of {column!r}.",
                remedy=did_you_mean(asked, labels),
            )
        return found, "as asked for with --positive"
    known = _known_word([label for label, _ in classes])
    if known is not None:
        return known
    rarer = classes[-1][0]
    if classes[0][1] == classes[-1][1]:
        return rarer, "chosen at will, as both are as frequent: see that it is the one you mean"
    return rarer, "it is the rarer of the two: see that it is the one you mean"


def _known_word(labels: list[Label]) -> tuple[Label, str] | None:
    by_word = {_word(label_text(label)): label for label in labels}
    if len(by_word) < 2:  # they differ only in their spelling
        return None
    pairs = [pair for pair in _PAIRS if set(pair) == set(by_word)]
    positive = [pairs[0][1]] if pairs else [word for word in by_word if word in _POSITIVE]
    if len(positive) == 1:
        return by_word[positive[0]], "by its name"
    negative = [word for word in by_word if word in _NEGATIVE]
    if len(negative) == 1:
        (other,) = set(by_word) - set(negative)
        return by_word[other], f"as the other is {negative[0]}"
    return None


def _word(text: str) -> str:
    return text.strip().rstrip(".").lower()
