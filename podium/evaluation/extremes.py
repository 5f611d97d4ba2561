"""Bounds for the largest of several estimated quantities, from their bootstrap deviations.

The largest estimate is on average too large, more so the more quantities compete, and quantiles
of its own bootstrap are too large once more. So each quantity is held against the largest
deviation that all of them show at once (max-t), and, as Hansen (2005, A Test for Superior
Predictive Ability, JBES 23) does, only those compete that could be the largest at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from podium.evaluation.scores import Floats

_COMPETES = 3.0  # within so many standard errors of the largest estimate
_NO_ERROR = 1e-9  # a standard error below this is rounding
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Candidates:
    """Estimates (m,), m >= 1, and in how far each of b draws deviates from its centre: (b, m)."""

    estimates: Floats
    deviations: Floats

    @property
    def errors(self) -> Floats:
        """(m,) standard errors; 0 where they are but rounding."""
        errors = self.deviations.std(axis=0)
        return np.where(errors > _NO_ERROR, errors, 0.0)

    @property
    def units(self) -> Floats:
        """(m,) the standard errors, kept off 0 so that they can be divided by."""
        return np.maximum(self.errors, _NO_ERROR)

    @property
    def largest(self) -> int:
        """Which estimate is the largest."""
        return int(np.argmax(self.estimates))

    def competing(self) -> Candidates:
        """Those within 3 standard errors of the largest."""
        to_largest = self.deviations - self.deviations[:, [self.largest]]
        reach = _COMPETES * to_largest.std(axis=0) + _NO_ERROR
        close = self.estimates >= self.estimates[self.largest] - reach
        return Candidates(self.estimates[close], self.deviations[:, close])

    def minus(self, other: Candidates) -> Candidates:
        """Each less the largest of `other`, whose draws are of the same rows."""
        at = other.largest
        return Candidates(
            self.estimates - other.estimates[at],
            self.deviations - other.deviations[:, [at]],
        )


def low_of_largest(of: Candidates, alpha: float) -> float:
    """A lower bound of the largest quantity, wrong with a chance of at most `alpha`."""
    close = of.competing()
    reach = float(np.quantile(_largest_t(close), 1.0 - alpha))
    return float(np.max(close.estimates - max(reach, 0.0) * close.errors))


def high_of_largest(of: Candidates, alpha: float) -> float:
    """An upper bound, as `low_of_largest`: that of each quantity alone, the highest of them."""
    return float(np.max(of.estimates + float(special.ndtri(1.0 - alpha)) * of.errors))


def p_of_largest(of: Candidates, margin: float) -> float:
    """One-sided p of "the largest is at most `margin`"; at least 1 / (draws + 1)."""
    close = of.competing()
    seen = float(np.max((close.estimates - margin) / close.units))
    as_large = int(np.count_nonzero(_largest_t(close) >= seen - _ROUNDING))
    return (1 + as_large) / (1 + len(of.deviations))


def _largest_t(of: Candidates) -> Floats:
    """(b,) the largest standardised deviation of each draw."""
    return np.asarray((of.deviations / of.units).max(axis=1))
