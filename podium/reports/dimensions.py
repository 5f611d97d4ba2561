"""A parameter that was searched, as an axis from 0 to 1 with ticks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from podium.reports.text import number, plain, shorten

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Tick:
    """A value on an axis, its place there, 0 to 1, and how it is written."""

    value: float
    place: float
    text: str


@dataclass(frozen=True)
class Dimension:
    """A searched parameter and the value that each of n trials had.

    `values` (n,), NaN where a trial has none; where there are `labels`, places in them. `low` and
    `high` are the ends of the range, which holds all values; above 0 where it is logarithmic.
    `whole`: only whole numbers lie in it.
    """

    name: str
    values: Sequence[float]
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    whole: bool = False
    labels: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name, and that the axis is logarithmic where it is."""
        return f"{self.name} (log)" if self.log else self.name

    def places(self, values: Sequence[float] | None = None) -> NDArray[np.float64]:
        """Where on the axis the trials' values (or others) lie, 0 to 1; NaN where there is none."""
        given = np.asarray(self.values if values is None else values, dtype=np.float64)
        if self.labels:
            return given / (len(self.labels) - 1) if len(self.labels) > 1 else given + 0.5
        if self.low == self.high:
            return given * 0 + 0.5
        if self.log:
            return np.log(given / self.low) / math.log(self.high / self.low)
        return (given - self.low) / (self.high - self.low)

    def text(self, value: float) -> str:
        """A value of this parameter, written."""
        if math.isnan(value):
            return "none"
        return shorten(self.labels[int(value)], 14) if self.labels else number(value)

    def ticks(self, count: int) -> list[Tick]:
        """About `count` round values within the range, at least one; all choices."""
        if self.labels:
            found = [float(index) for index in range(len(self.labels))]
        else:
            found = self._round_values(count)
        return [
            Tick(value, float(place), self.text(value) if self.labels else _short(value))
            for value, place in zip(found, self.places(found), strict=True)
        ]

    def _round_values(self, count: int) -> list[float]:
        if self.low == self.high:
            return [self.low]
        if self.log:
            decades = _decades(self.low, self.high)
            for factors in ((1, 2, 5), (1, 3), (1,)):
                found = [d * f for d in decades for f in factors if self._holds(d * f)]
                if 2 <= len(found) <= count:
                    return found
            if len(found) > count:
                return found[:: -(-len(found) // count)]
        return self._even_values(count)

    def _even_values(self, count: int) -> list[float]:
        rough = (self.high - self.low) / count
        size = 10.0 ** math.floor(math.log10(rough))
        steps = [step * size for step in _STEPS if step * size >= rough * 0.999]
        step = max(math.ceil(steps[0]), 1) if self.whole else steps[0]
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [float(f"{index * step:.12g}") for index in range(first, last + 1)] or [self.low]

    def _holds(self, value: float) -> bool:
        return self.low * 0.999 <= value <= self.high * 1.001


def _short(value: float) -> str:
    return plain(value).replace("e−0", "e−")


def _decades(low: float, high: float) -> list[float]:
    return [10.0**e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
