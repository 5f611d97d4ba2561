"""How large models are, and how long they take to load and to answer, side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.errors import UsageError
from podium.evaluation.gate import Footprint, Latency
from projects.evaluating.models import Opened

Clock = Callable[[], float]
Requests = Mapping[str, Sequence[Callable[[], Any]]]
Models = Mapping[str, Opened]

CALLS, LIMIT_SECONDS = 300, 10.0
_LOADS, _WARM_UP, _DISTINCT, _MANY_ROWS = 3, 20, 20, 100
_SHARES = {"load": 0.3, "one_row": 0.4, "hundred_rows": 0.3}  # of the time


def footprints(
    models: Models,
    rows: pd.DataFrame,
    features: Sequence[str],
    *,
    calls: int = CALLS,
    limit_seconds: float = LIMIT_SECONDS,
    seed: int = 0,
    clock: Clock = time.perf_counter,
) -> dict[str, Footprint]:
    """Size, load time and latency of each model, by its name, on rows drawn from `rows`.

    The models take turns (A, B, A, B, ...), so that what else the machine does strikes them alike,
    and get the same rows; first some calls that do not count. Latency is that of `Opened.requests`:
    in this process, without network; percentiles by nearest rank. load_seconds: median of three,
    libraries being imported; of the opening alone, imports and all, where three take too long.
    All of it ends after about `limit_seconds`, if need be with fewer than `calls` calls of each
    kind, but not before each model was called once for each. Raises DoesNotAnswer, and UsageError
    for no rows.
    """
    if not len(rows):
        raise UsageError("Speed was to be measured on no rows.", remedy="Give some rows.")
    draw = np.random.default_rng(seed)
    budget = {part: share * limit_seconds for part, share in _SHARES.items()}
    loads = _load_seconds(models, budget["load"], clock)
    one, hundred = (
        _latencies(models, _requests(models, rows, features, size, draw), calls, seconds, clock)
        for size, seconds in ((1, budget["one_row"]), (_MANY_ROWS, budget["hundred_rows"]))
    )
    return {
        name: Footprint(folder_bytes(opened.folder), loads[name], one[name], hundred[name])
        for name, opened in models.items()
    }


def folder_bytes(folder: Path) -> int:
    """The size of all files, without what Python compiled beside them."""
    files = (path for path in folder.rglob("*") if "__pycache__" not in path.parts)
    return sum(path.stat().st_size for path in files if path.is_file())


def _load_seconds(models: Models, seconds: float, clock: Clock) -> dict[str, float]:
    if sum(opened.load_seconds for opened in models.values()) > seconds:
        return {name: opened.load_seconds for name, opened in models.items()}
    taken: dict[str, list[float]] = {name: [] for name in models}
    for _ in _rounds(_LOADS, seconds, clock):
        for name, opened in models.items():
            taken[name].append(_timed(opened.load_again, clock))
    return {name: float(np.median(values)) for name, values in taken.items()}


def _requests(
    models: Models,
    rows: pd.DataFrame,
    features: Sequence[str],
    size: int,
    draw: np.random.Generator,
) -> Requests:
    """The same requests of `size` rows for every model."""
    drawn = rows.iloc[draw.integers(0, len(rows), size * _DISTINCT)]
    return {name: opened.requests(drawn, size, features) for name, opened in models.items()}


def _latencies(
    models: Models, requests: Requests, calls: int, seconds: float, clock: Clock
) -> dict[str, Latency]:
    taken = _interleaved(models, requests, _WARM_UP, seconds / 10, clock)
    spent = sum(map(sum, taken.values()))
    rounds = min(map(len, taken.values()))
    if spent / rounds <= seconds - spent:  # else the warm-up is all that there was time for
        taken = _interleaved(models, requests, calls, seconds - spent, clock)
    return {name: _latency(values) for name, values in taken.items()}


def _interleaved(
    models: Models, requests: Requests, calls: int, seconds: float, clock: Clock
) -> dict[str, list[float]]:
    """The seconds that each call took, by model."""
    taken: dict[str, list[float]] = {name: [] for name in models}
    for place in _rounds(calls, seconds, clock):
        for name, opened in models.items():
            ask = requests[name][place % _DISTINCT]
            with opened.code.running("answering a single request"):
                taken[name].append(_timed(ask, clock))
    return taken


def _rounds(most: int, seconds: float, clock: Clock) -> Iterator[int]:
    """0, 1, 2 ... for at most so many rounds and about so many seconds; at least one."""
    end = clock() + seconds
    for place in range(max(most, 1)):
        if place and clock() >= end:
            return
        yield place


def _timed(call: Callable[[], Any], clock: Clock) -> float:
    start = clock()
    call()
    return clock() - start


def _latency(seconds: Sequence[float]) -> Latency:
    p50, p95, p99 = np.percentile(seconds, [50, 95, 99], method="inverted_cdf") * 1000
    return Latency(len(seconds), float(p50), float(p95), float(p99))
