"""What a training gave then and gives now, number by number. Pure functions over arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

TOLERANCE = 1e-12
"""Of numbers of size 1 and below it is the difference, of larger ones its share of the size."""


@dataclass(frozen=True)
class Difference:
    """One thing that is not what it was; None where it was not there, or is not."""

    name: str
    then: str | float | None
    now: str | float | None


@dataclass(frozen=True)
class Numbers:
    """Named numbers compared: how many were there on both sides, and those that differ."""

    compared: int
    differing: tuple[Difference, ...]


@dataclass(frozen=True)
class Predictions:
    """The answers of two models for the same rows.

    largest: the largest difference of a probability, or of a prediction in the target's unit.
    differing: rows where one differs by more than the tolerance; decided: rows whose decision, the
    predicted label, is another (0 in regression).
    """

    rows: int
    largest: float
    differing: int
    decided: int

    @property
    def equal(self) -> bool:
        """Whether no row differs."""
        return not self.differing and not self.decided


def compare_words(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[Difference, ...]:
    """What differs between two sets of named words, by name."""
    names = dict.fromkeys((*then, *now))
    return tuple(
        Difference(name, then.get(name), now.get(name))
        for name in names
        if then.get(name) != now.get(name)
    )


def compare_numbers(then: Mapping[str, float], now: Mapping[str, float]) -> Numbers:
    """Which of the named numbers are not equal within the tolerance; NaN counts as not there."""
    first, second = _defined(then), _defined(now)
    names = dict.fromkeys((*first, *second))
    differing = tuple(
        Difference(name, first.get(name), second.get(name))
        for name in names
        if name not in first or name not in second or not near(first[name], second[name])
    )
    return Numbers(len(first.keys() & second.keys()), differing)


def near(one: float, other: float) -> bool:
    """Whether two numbers are equal within the tolerance."""
    if math.isinf(one) or math.isinf(other):
        return one == other
    return abs(one - other) <= TOLERANCE * max(1.0, abs(one), abs(other))


def compare_scores(
    then: np.ndarray, now: np.ndarray, decided_then: np.ndarray, decided_now: np.ndarray
) -> Predictions:
    """Scores (n,) or (n, classes) of the same rows, and the decisions (n,) made of them.

    Raises:
        ValueError: The shapes are not the same.
    """
    if then.shape != now.shape:
        raise ValueError(f"scores of shape {then.shape} and {now.shape} cannot be compared")
    first, second = then.reshape(len(then), -1), now.reshape(len(now), -1)
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    with np.errstate(invalid="ignore"):  # of infinities, whose rows are looked at above
        apart = np.where(same, 0.0, np.abs(first - second))
    finite = np.isfinite(first) & np.isfinite(second)
    size = np.maximum(1.0, np.maximum(np.abs(first), np.abs(second)))
    near_enough = same | (finite & (apart <= TOLERANCE * size))
    return Predictions(
        rows=len(then),
        largest=float(np.where(np.isnan(apart), np.inf, apart).max(initial=0.0)),
        differing=int((~near_enough).any(axis=1).sum()),
        decided=int((decided_then != decided_now).sum()),
    )


def _defined(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in numbers.items() if not math.isnan(value)}
