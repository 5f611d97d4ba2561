"""One holdout judged again and again: how much of the error each use of it may spend."""

from __future__ import annotations

import math

from podium.errors import UsageError


def alpha_of_use(alpha: float, use: int) -> float:
    """The error that the `use`-th verdict (1, 2, ...) on one holdout may make.

    6 alpha / (pi^2 use^2), which sums to `alpha` over all uses there may ever be: whatever
    number of candidates is tried on these rows, the chance that any worse one passes is at most
    `alpha`. Raises UsageError for a use below 1.
    """
    if use < 1:
        raise UsageError(
            f"There is no use number {use} of a holdout.", remedy="Count the uses from 1."
        )
    return 6.0 * alpha / (math.pi * use) ** 2
