"""Which columns look like ids: numbers or strings that only tell the rows apart."""

from __future__ import annotations

import numpy as np

ID_MIN_ROWS = 100
_REPEATED_SHARE = 0.005


def number_looks_like_id(values: np.ndarray) -> bool:
    """Whether whole numbers (n,), NaN where missing, tell (nearly) all of at least 100 rows apart.

    All are different; or at most 0.5 % are repeated, and fewer than a quarter of the
    n² / (2 · range) that would be by chance (a measurement over a wide range, rounded to whole
    numbers, is also nearly distinct, but repeats as often as chance has it). Infinities are left
    out.
    """
    present = values[np.isfinite(values)]
    n = len(present)
    if n < ID_MIN_ROWS or (present % 1).any():
        return False
    repeated = n - len(np.unique(present))
    by_chance = n * n / (2 * (np.ptp(present) + 1))
    return bool(repeated <= min(_REPEATED_SHARE * n, by_chance / 4))
