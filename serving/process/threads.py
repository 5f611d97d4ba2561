"""How many threads the numeric libraries of each worker may use, so that workers don't fight."""

from __future__ import annotations

import os
from collections.abc import Mapping

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def thread_limits(environ: Mapping[str, str], workers: int, cores: int) -> dict[str, str]:
    """The variables to set for each worker; those that the user set stay as they are."""
    each = str(max(1, cores // workers))
    return {name: each for name in THREADS if not environ.get(name)}
