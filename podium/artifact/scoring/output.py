"""From what a pipeline says to the table that callers get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

Task = Literal["binary", "multiclass", "regression"]
_MOST_LABELS = 1_000_000
_LABELS = {"regression": (0, 0), "binary": (2, 2), "multiclass": (2, _MOST_LABELS)}
_LARGEST_THRESHOLD = 2.0  # above 1 is a threshold that no row reaches
Label = bool | int | float | str


@dataclass(frozen=True)
class Decision:
    """The target's labels in class order (binary: negative, positive) and the threshold.

    Regression has neither. A binary row is positive where its probability is at least `threshold`.
    """

    task: Task
    labels: tuple[Label, ...] = ()
    threshold: float | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Decision:
        """Read what `to_json` wrote. Raises ValueError for a newer schema, and for a decision
        that cannot be taken.
        """
        if type(document["schema"]) is not int or document["schema"] != 1:
            raise ValueError(f"decision.json has schema {document['schema']!r}; this code reads 1")
        if not isinstance(document["labels"], list):
            raise ValueError("decision.json: labels is no list")
        decision = cls(document["task"], tuple(document["labels"]), document["threshold"])
        decision._check()
        return decision

    def _check(self) -> None:
        least, most = _LABELS.get(self.task, (0, -1))
        if not least <= len(self.labels) <= most:
            raise ValueError(f"decision.json: {self.task!r} with {len(self.labels)} labels")
        if not all(type(label) in (bool, int, float, str) for label in self.labels):
            raise ValueError("decision.json: a label is neither text, number nor boolean")
        if len({(type(label), label) for label in self.labels}) != len(self.labels):
            raise ValueError("decision.json: a label comes twice")
        if self.task == "binary" and type(self.threshold) not in (int, float):
            raise ValueError("decision.json: a binary decision needs a threshold")
        if self.threshold is not None and not abs(self.threshold) <= _LARGEST_THRESHOLD:
            raise ValueError("decision.json: the threshold is no probability")

    def to_json(self) -> dict[str, Any]:
        """The decision as JSON, with the names of the output columns for readers."""
        return {
            "schema": 1,
            "task": self.task,
            "labels": list(self.labels),
            "threshold": self.threshold,
            "outputs": list(self.output_names),
        }

    @property
    def output_names(self) -> tuple[str, ...]:
        """Columns of the output table, in order."""
        if self.task == "regression":
            return ("prediction",)
        if self.task == "binary":
            return ("prediction", "probability")
        return ("prediction", *(f"probability_{_text(label)}" for label in self.labels))

    @property
    def least_probability(self) -> float:
        """The threshold of a binary decision."""
        return 0.5 if self.threshold is None else float(self.threshold)

    def decide(self, probability: np.ndarray) -> np.ndarray:
        """Class indices (n,) for probabilities (n,) of the positive, or (n, k) of each class."""
        if self.task == "binary":
            return (probability >= self.threshold).astype(np.int64)
        return np.asarray(probability.argmax(axis=1))

    def no_scores(self) -> np.ndarray:
        """The scores of no rows."""
        return np.empty((0, len(self.labels)) if self.task == "multiclass" else 0)

    def columns(self, scores: np.ndarray) -> dict[str, list[Any]]:
        """The output table as plain values by column."""
        if self.task == "regression":
            return {"prediction": scores.tolist()}
        labels = self.labels
        decided = [labels[place] for place in self.decide(scores).tolist()]
        by_class = [scores.tolist()] if scores.ndim == 1 else scores.T.tolist()
        return dict(zip(self.output_names, [decided, *by_class], strict=True))

    def table(self, scores: np.ndarray, index: pd.Index | None = None) -> pd.DataFrame:
        """The output table for probabilities (n,) or (n, k), or for predicted numbers (n,)."""
        if self.task == "regression":
            return pd.DataFrame({"prediction": scores.astype(np.float64)}, index=index)
        labels: np.ndarray = np.array(self.labels, dtype=_dtype(self.labels))
        decided = labels[self.decide(scores)]
        columns: dict[str, Any] = {"prediction": pd.Series(decided, index, dtype=labels.dtype)}
        by_class = scores[:, None] if scores.ndim == 1 else scores
        for place, name in enumerate(self.output_names[1:]):
            columns[name] = by_class[:, place].astype(np.float64)
        return pd.DataFrame(columns, index=index)


def _dtype(labels: tuple[Label, ...]) -> type:
    kinds = {type(label) for label in labels}
    if len(kinds) == 1 and kinds <= {bool, int, float}:
        return kinds.pop()
    return object


def _text(label: Label) -> str:
    return ("true" if label else "false") if isinstance(label, bool) else str(label)
