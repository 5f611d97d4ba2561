"""From whatever a model answers to scores that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from podium.artifact.scoring.convert import category
from podium.artifact.scoring.values import category_values, numeric_values
from podium.evaluation import Scores
from podium.evaluation.scores import Task
from podium.spec import label_text
from podium.spec.parts import Label
from projects.evaluating.own_code import DoesNotAnswer, shown

_ROUNDING = 1e-6
_SUM_TOLERANCE = 0.01
_SHOWN = 10
_TWINS = {"0": "false", "1": "true", "false": "0", "true": "1"}
_FLOATS = ("floating", "mixed-integer-float", "decimal")
Floats = NDArray[np.float64]


def answers_to_scores(
    task: Task,
    labels: Sequence[Label],
    y: np.ndarray,
    output: Any,
    *,
    positive: Label | None = None,
) -> Scores:
    """The scores of a model that gave `output` for rows whose targets are `y`.

    labels: the target's, in class order (binary: negative, positive); none for regression.
    positive: the label that a single probability is of, where that is known and may be another.

    Understood are Podium's own table (`prediction`, and `probability` or one `probability_<label>`
    each), a table with a column of probabilities for each label, and a vector or table of one
    column: labels, numbers, or for a binary task P(positive), decided at 0.5, if its floats in 0..1
    cannot be labels. A (n, k) table or array without names holds the probabilities of the sorted
    labels, as scikit-learn's do. Labels are told by their canonical text: 7, 7.0 and "7" are one,
    and so are true and 1 where the target has no other. Raises DoesNotAnswer for everything else:
    unknown labels, missing values, another number of rows.
    """
    table = _as_table(output, len(y))
    reading = _Reading(task, tuple(labels), y)
    if task == "regression":
        return Scores(y, reading.numbers(_only_column(table), "a number"))
    named = reading.named_probabilities(table, positive)
    if "prediction" in table.columns:
        return reading.decided(table["prediction"], named)
    if named is not None:
        return reading.by_probability(named)
    if table.shape[1] == len(labels) > 1:
        return reading.by_probability(reading.of_sorted_labels(table))
    return reading.decided(_only_column(table), None)


class _Reading:
    """Reads answers about rows whose targets are `y`; codes of labels are places in `labels`."""

    def __init__(self, task: Task, labels: tuple[Label, ...], y: np.ndarray) -> None:
        self.task = task
        self.labels = labels
        self.y = y
        known = {str(category(label)): code for code, label in enumerate(labels)}
        twins = {_TWINS[text]: code for text, code in known.items() if text in _TWINS}
        self._codes = twins | known

    def named_probabilities(self, table: pd.DataFrame, positive: Label | None) -> Floats | None:
        """(n,) or (n, k) from columns that say what they are; None where there are none."""
        if self.task == "binary" and "probability" in table.columns:
            probability = self._probabilities(table[["probability"]])[:, 0]
            flipped = positive is not None and self._code(positive) == 0
            return 1 - probability if flipped else probability
        by_class = self._by_class(table, "probability_")
        if by_class is None:  # or they bear the names of the labels alone
            others = table.drop(columns="prediction", errors="ignore")
            by_class = self._by_class(others) if others.shape[1] == len(self.labels) else None
        return None if by_class is None else self._of_task(self._probabilities(by_class))

    def _by_class(self, table: pd.DataFrame, prefix: str = "") -> pd.DataFrame | None:
        """The columns named `prefix` and a label, in class order; None where one lacks."""
        names = [str(name) for name in table.columns]
        labels = [name[len(prefix) :] if name.startswith(prefix) else "" for name in names]
        codes = [self._code(label) for label in labels]
        if not set(range(len(self.labels))) <= set(codes):
            return None
        return table.iloc[:, [codes.index(code) for code in range(len(self.labels))]]

    def of_sorted_labels(self, table: pd.DataFrame) -> Floats:
        """(n,) or (n, k) from columns in the order of the sorted labels."""
        keys = [label if not isinstance(label, str) else 0.0 for label in self.labels]
        order = sorted(range(len(keys)), key=lambda place: (keys[place], str(self.labels[place])))
        return self._of_task(self._probabilities(table)[:, np.argsort(order)])

    def by_probability(self, probability: Floats) -> Scores:
        """Decides for the likeliest class; of two, for the positive from 0.5 on."""
        binary = probability.ndim == 1
        decided = probability >= 0.5 if binary else probability.argmax(axis=1)
        return Scores(self.y, decided.astype(np.int64), probability)

    def decided(self, raw: pd.Series[Any], probability: Floats | None) -> Scores:
        """Of predicted labels; or, for a binary task, of P(positive) where they are none."""
        texts = _texts_of(raw)
        _refuse_missing(texts == "", len(raw))
        codes = np.array([self._codes.get(text, -1) for text in texts.tolist()], dtype=np.int64)
        if (codes >= 0).all():
            return Scores(self.y, codes, probability)
        values, unreadable = numeric_values(raw)
        floats = pd.api.types.infer_dtype(raw, skipna=False) in _FLOATS and not unreadable.any()
        if self.task == "binary" and probability is None and floats and _within(values, 0.0, 1.0):
            return self.by_probability(np.clip(values, 0.0, 1.0))
        raise self._unknown(raw, codes)

    def numbers(self, raw: pd.Series[Any], what: str) -> Floats:
        """(n,) finite numbers."""
        values, bad = numeric_values(raw)
        _refuse_missing(np.isnan(values) & ~bad, len(raw))
        if bad.any():
            raise DoesNotAnswer(
                f"The model answered with what is not {what} in {int(bad.sum()):,} of "
                f"{len(raw):,} rows, for example {shown(raw.iloc[int(np.argmax(bad))])}."
            )
        return values

    def _code(self, label: Label) -> int | None:
        return self._codes.get(str(category(label)))

    def _probabilities(self, table: pd.DataFrame) -> Floats:
        """(n, columns) in 0..1; where there are several, they sum to 1."""
        columns = [self.numbers(table.iloc[:, k], "a probability") for k in range(table.shape[1])]
        values = np.column_stack(columns)
        if not _within(values, 0.0, 1.0):
            raise DoesNotAnswer(
                f"The model's probabilities run from {values.min():.4g} to {values.max():.4g}.",
                remedy="Log a model that answers with labels, or with probabilities in 0..1.",
            )
        if values.shape[1] > 1 and not _within(values.sum(axis=1) - 1, -_SUM_TOLERANCE):
            total = values.sum(axis=1)[np.abs(values.sum(axis=1) - 1).argmax()]
            raise DoesNotAnswer(
                f"The model answered with {values.shape[1]} numbers a row that are no "
                f"probabilities of the classes: in one row they sum to {total:.4g}."
            )
        return np.clip(values, 0.0, 1.0)

    def _of_task(self, by_class: Floats) -> Floats:
        return by_class[:, 1] if self.task == "binary" else by_class

    def _unknown(self, raw: pd.Series[Any], codes: np.ndarray) -> DoesNotAnswer:
        known = ", ".join(label_text(label) for label in self.labels[:_SHOWN])
        return DoesNotAnswer(
            f"The model answered {shown(raw.iloc[int(np.argmin(codes))])}, which is none of the "
            f"target's labels ({known}{', …' * (len(self.labels) > _SHOWN)}), or another such "
            f"value, in {int((codes < 0).sum()):,} of {len(raw):,} rows.",
            remedy="Log a model that answers with the target's labels, or with probabilities.",
        )


def _as_table(output: Any, rows: int) -> pd.DataFrame:
    """Raises DoesNotAnswer where there is no table of so many rows in it."""
    if isinstance(output, pd.DataFrame):
        table = output.reset_index(drop=True)
    elif isinstance(output, pd.Series):
        table = pd.DataFrame({0: output.reset_index(drop=True)})
    elif isinstance(output, (np.ndarray, list, tuple)):
        table = _table_of(output)
    else:
        raise _not_understood(type(output).__name__)
    if len(table) != rows:
        raise DoesNotAnswer(f"The model answered {len(table):,} rows where {rows:,} were asked.")
    return table


def _table_of(output: Any) -> pd.DataFrame:
    try:
        array = np.asarray(output, dtype=None if isinstance(output, np.ndarray) else object)
        if array.ndim not in (1, 2):
            raise _not_understood(f"an array of shape {array.shape}")
        return pd.DataFrame(array)
    except ValueError as error:  # lists of unequal length
        raise _not_understood(f"a {type(output).__name__} that is no table") from error


def _only_column(table: pd.DataFrame) -> pd.Series[Any]:
    if "prediction" in table.columns:
        return table["prediction"]
    if table.shape[1] != 1:
        names = ", ".join(str(name)[:40] for name in table.columns[:_SHOWN])
        raise _not_understood(f"{table.shape[1]} columns a row ({names})")
    return table.iloc[:, 0]


def _texts_of(raw: pd.Series[Any]) -> np.ndarray:
    """Canonical labels, "" for missing; what is no label at all is not among any target's."""
    texts, bad = category_values(raw)
    texts[bad] = "\0"
    return texts


def _refuse_missing(missing: np.ndarray, rows: int) -> None:
    if missing.any():
        raise DoesNotAnswer(
            f"The model answered nothing (null or NaN) in {int(missing.sum()):,} of {rows:,} rows."
        )


def _within(values: Floats, low: float, high: float | None = None) -> bool:
    """Whether all lie in low..high (default: -low), but for rounding."""
    high = -low if high is None else high
    return bool(((values >= low - _ROUNDING) & (values <= high + _ROUNDING)).all())


def _not_understood(what: str) -> DoesNotAnswer:
    return DoesNotAnswer(
        f"The model answered with {what}, which is not understood.",
        remedy="Understood are labels, numbers, probabilities, and tables of them.",
    )
