"""Holm's (1979) correction of several p values at once."""

from __future__ import annotations

import numpy as np

from podium.evaluation.scores import Array, Floats


def holm(p: Array) -> Floats:
    """(m,) adjusted p: those at most alpha may be rejected together, erring at all with alpha.

    The i-th smallest of m (from 0) is multiplied by m - i; none gets below a smaller one's, nor
    above 1. Holds for tests that depend on each other. Empty in, empty out.
    """
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    raised = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return adjusted
