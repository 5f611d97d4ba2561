"""How a sum of row influences spreads: by rows or by clusters, with what the rows may not show.

The sum of squares alone is too small where few rows carry a difference: with three positive rows,
or a long tail, the row that would tell is often not there. So two pseudo-rows as extreme as the
most extreme one seen are added to the squares, as Bonett & Price (2012) add one to each
discordant count. Among many rows two do not matter.

G clusters count as n^2 / (sum of their squared sizes): those of equal size as G, 20 of which one
holds half of the rows as 4. Student's t has one degree of freedom less than that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array, Floats

ONE_GROUP = "All rows belong to one group, so they cannot show how groups differ."
UNEVEN_GROUPS = "One group holds most of the rows, so they cannot show how groups differ."
_ROUNDING = 1e-12  # a spread below this share of its terms is what rounding leaves of none


@dataclass(frozen=True)
class Spread:
    """The standard error of a sum of influences, and Student's degrees of freedom.

    seen: the root of the sum of their squares. unseen: that of the pseudo-rows alone.
    """

    seen: float
    unseen: float
    freedom: float

    @property
    def error(self) -> float:
        """Both together."""
        return math.hypot(self.seen, self.unseen)


def spread_of_sum(
    influence: Floats, pair: Pair, classes: Array | None = None, least: float = 0.0
) -> Spread:
    """How a sum of influences (n,), n >= 2, of mean 0 spreads; by cluster, that of their sums.

    classes: (n,) where the rows of each are a sample of their own: then two pseudo-rows for each,
    and Satterthwaite's degrees of freedom. Clusters hold rows of all classes, so there are two
    pseudo-clusters only, all is G / (G - 1) times as much, and the degrees of freedom are G - 1,
    for the G that `effective_units` gives. least: how extreme a pseudo-row is at least. Without
    any spread there are no pseudo-rows but those; inf where squares overflow.
    """
    scale = float(np.abs(influence).max())
    if scale == 0.0 or not math.isfinite(scale):
        return Spread(scale, math.sqrt(2.0) * least, effective_units(pair) - 1.0)
    # Squares of what is beyond 1e154 are not numbers; scaled they are.
    parts = _independent(influence / scale, pair, classes)
    squares = sum(_square(part) for part in parts)
    extremes = sum(float(np.max(part**2)) for part in parts)
    if max(squares, extremes) <= _ROUNDING**2:
        return Spread(0.0, math.sqrt(2.0) * least, effective_units(pair) - 1.0)
    inflated = scale * math.sqrt(_correction(pair))
    unseen = max(inflated * math.sqrt(2.0 * extremes), math.sqrt(2.0) * least)
    return Spread(inflated * math.sqrt(squares), unseen, _freedom(parts, pair))


def effective_units(pair: Pair) -> float:
    """How many rows, or groups of equal size, would say as much: n^2 / sum of squared sizes."""
    if pair.group is None:
        return float(len(pair))
    sizes = np.unique(pair.group, return_counts=True)[1].astype(np.float64)
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def clustered_freedom(pair: Pair) -> float:
    """G - 1 for the G of `effective_units`; inf where each row stands alone."""
    return math.inf if pair.group is None else effective_units(pair) - 1.0


def too_few_groups(pair: Pair) -> str:
    """Why the groups of these rows cannot tell a spread; "" where they can, or there are none."""
    if pair.group is None:
        return ""
    if len(np.unique(pair.group)) < 2:
        return ONE_GROUP
    return UNEVEN_GROUPS if effective_units(pair) < 2.0 else ""


def clustered_correction(pair: Pair) -> float:
    """sqrt(G / (G - 1)) for the G of `effective_units`: 1 where each row stands alone."""
    return math.sqrt(_correction(pair))


def _correction(pair: Pair) -> float:
    if pair.group is None:
        return 1.0
    groups = effective_units(pair)
    return groups / (groups - 1.0)


def _independent(scaled: Floats, pair: Pair, classes: Array | None) -> list[Floats]:
    """The influences of each class; or one (G,), their sums by cluster."""
    if pair.group is not None:
        return [np.bincount(pair.clusters(), weights=scaled).astype(np.float64)]
    if classes is None:
        return [scaled]
    return [scaled[classes == c] for c in np.unique(classes)]


def _freedom(parts: Sequence[Floats], pair: Pair) -> float:
    if pair.group is not None:
        return clustered_freedom(pair)
    variances = [_square(part) for part in parts]
    each = (v**2 / max(len(p) - 1, 1) for v, p in zip(variances, parts, strict=True))
    return sum(variances) ** 2 / sum(each)


def _square(part: Floats) -> float:
    return float(part @ part)
