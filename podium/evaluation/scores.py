"""What a model said about some rows, and what its mistakes cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from podium.errors import UsageError

Task = Literal["binary", "multiclass", "regression"]
Array = NDArray[Any]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_ROUNDING = 1e-6  # float32 probabilities may pass 1 by this much


@dataclass(frozen=True, eq=False)
class Scores:
    """The truth and a model's answers for the same n rows; n may be 0.

    y: (n,) class index 0..k-1 (binary: 1 is positive), or the target's own unit for regression.
    prediction: (n,) likewise.
    probability: binary (n,) P(positive); multiclass (n, k); None for regression, and for a
    classifier of which only the predicted classes are known. Where it is given, `y` and
    `prediction` are kept as int64.

    Raises UsageError on lengths that differ, values that are not finite numbers, probabilities
    outside 0..1, and class indices outside 0..k-1.
    """

    y: Array
    prediction: Array
    probability: Array | None = None

    def __post_init__(self) -> None:
        _check_numbers("y", self.y, ndims=(1,), rows=len(self.y))
        _check_numbers("prediction", self.prediction, ndims=(1,), rows=len(self.y))
        if self.probability is None:
            return
        _check_numbers("probability", self.probability, ndims=(1, 2), rows=len(self.y))
        _check_probability(self.probability)
        classes = 2 if self.probability.ndim == 1 else self.probability.shape[1]
        object.__setattr__(self, "y", _class_index("y", self.y, classes))
        object.__setattr__(self, "prediction", _class_index("prediction", self.prediction, classes))

    def __len__(self) -> int:
        return len(self.y)

    def take(self, rows: Array) -> Scores:
        """The same for some rows: `rows` holds indices or is a (n,) mask."""
        probability = None if self.probability is None else self.probability[rows]
        return Scores(self.y[rows], self.prediction[rows], probability)


@dataclass(frozen=True)
class Costs:
    """What one false positive and one false negative cost, in the business's own unit; >= 0."""

    fp: float = 1.0
    fn: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("fp", self.fp), ("fn", self.fn)):
            if not math.isfinite(value) or value < 0:
                raise UsageError(
                    f"The cost {name}={value!r} is not a finite number of at least 0.",
                    remedy="Give what one such mistake costs, for example 5.0.",
                )


def positive_probability(scores: Scores) -> Floats:
    """(n,) P(positive) of a binary task as float64 in 0..1."""
    if scores.probability is None or scores.probability.ndim != 1:
        raise _wrong_probability("(n,) of a binary task", scores)
    return np.clip(scores.probability.astype(np.float64), 0.0, 1.0)


def class_probability(scores: Scores) -> Floats:
    """(n, k) probabilities as float64, each row divided by its sum (a row of zeros: 1/k each).

    Dividing takes out what float32 leaves of the sum; scikit-learn warns about it otherwise.
    """
    if scores.probability is None or scores.probability.ndim != 2:
        raise _wrong_probability("(n, k) of a multiclass task", scores)
    raw = np.clip(scores.probability.astype(np.float64), 0.0, 1.0)
    total = raw.sum(axis=1, keepdims=True)
    probability = np.full_like(raw, 1.0 / max(raw.shape[1], 1))
    np.divide(raw, total, out=probability, where=total > 0)
    return probability


def _wrong_probability(wanted: str, scores: Scores) -> UsageError:
    got = "None" if scores.probability is None else f"of shape {scores.probability.shape}"
    return UsageError(
        f"The metric needs probabilities of shape {wanted}; they are {got}.",
        remedy="Score with the model's predict_proba, or ask for a metric of the predictions.",
    )


def _check_numbers(name: str, values: Array, *, ndims: tuple[int, ...], rows: int) -> None:
    if values.ndim not in ndims or len(values) != rows:
        raise UsageError(
            f"Scores.{name} has shape {values.shape}, but y has {rows} rows.",
            remedy="Give one entry for each row, in the same order.",
        )
    if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise UsageError(
            f"Scores.{name} (dtype {values.dtype}) holds values that are not finite numbers.",
            remedy="Drop rows without a target, and see why the model answers with NaN.",
        )


def _check_probability(probability: Array) -> None:
    if probability.ndim == 2 and probability.shape[1] < 2:
        raise UsageError(
            f"Probabilities have shape {probability.shape}: one class only.",
            remedy="Give a column for each class, or (n,) for a binary task.",
        )
    if probability.size and (probability.min() < -_ROUNDING or probability.max() > 1 + _ROUNDING):
        raise UsageError(
            f"Probabilities run from {probability.min()} to {probability.max()}, not within 0..1.",
            remedy="Give probabilities, not margins or log odds.",
        )


def _class_index(name: str, values: Array, classes: int) -> Ints:
    index = values.astype(np.int64)
    if values.size and (index.min() < 0 or index.max() >= classes or (index != values).any()):
        raise UsageError(
            f"Scores.{name} holds values from {values.min()} to {values.max()}, "
            f"not class indices 0..{classes - 1}.",
            remedy="Encode the classes as the model does.",
        )
    return index
