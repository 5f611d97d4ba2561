"""The gate: its rules, the outcome of one check, and the verdict over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from podium.errors import UsageError
from podium.evaluation.scores import Costs
from podium.evaluation.spending import alpha_of_use

CheckVerdict = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True)
class GateCheck:
    """One thing that the gate looked at: what was `found` and what was `needed`, in words."""

    name: str
    verdict: CheckVerdict
    found: str
    needed: str


@dataclass(frozen=True)
class Rules:
    """What a candidate must show.

    metric: the deciding one; metrics: others to report, which decide nothing. margin: by how much
    the candidate may be worse, in the metric's unit, >= 0. alpha: the chance of a wrong pass that
    is allowed, 0..0.5; `use`: which time these rows are asked, >= 1 (see `decisive_alpha`).
    power: the chance to pass that `rows_needed` plans for, 0..1. slice_margin and
    fairness_margin: how much worse a slice, and how much larger a disparity, may get, >= 0; a
    slice or group below `min_slice_rows` rows is not judged. minimums: metric -> the value the
    candidate itself must reach (at least; at most where lower is better). latency_p95_ms: the
    most that one row may take, > 0. Raises UsageError for values outside these ranges.
    """

    metric: str
    metrics: tuple[str, ...] = ()
    margin: float = 0.0
    alpha: float = 0.05
    use: int = 1
    power: float = 0.8
    slice_margin: float = 0.03
    min_slice_rows: int = 500
    fairness_margin: float = 0.02
    minimums: Mapping[str, float] = field(default_factory=dict)
    latency_p95_ms: float | None = None
    costs: Costs | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "minimums", dict(self.minimums))
        for name in ("margin", "slice_margin", "fairness_margin"):
            self._hold(name, 0.0 <= getattr(self, name) < math.inf, "a finite number, at least 0")
        self._hold("alpha", 0.0 < self.alpha < 0.5, "a share between 0 and 0.5, such as 0.05")
        self._hold("power", 0.0 < self.power < 1.0, "a share between 0 and 1, such as 0.8")
        self._hold("use", self.use >= 1, "a count, at least 1")
        self._hold("min_slice_rows", self.min_slice_rows >= 1, "a count, at least 1")
        finite = all(math.isfinite(value) for value in self.minimums.values())
        self._hold("minimums", finite, "a finite number for each metric")
        limit = self.latency_p95_ms
        self._hold("latency_p95_ms", limit is None or limit > 0, "milliseconds, more than 0")

    def _hold(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise UsageError(
                f"The gate's {name} is {getattr(self, name)!r}.", remedy=f"Give {wanted}."
            )

    @property
    def decisive_alpha(self) -> float:
        """The share of `alpha` that this use of the rows may spend; see `alpha_of_use`."""
        return alpha_of_use(self.alpha, self.use)


@dataclass(frozen=True)
class Latency:
    """How long `calls` calls took, in milliseconds: the median, and 95 and 99 of 100."""

    calls: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Footprint:
    """What a model takes: bytes on disk, seconds to load, time to answer 1 and 100 rows."""

    size_bytes: int
    load_seconds: float
    one_row: Latency
    hundred_rows: Latency


def verdict_of(checks: Iterable[GateCheck]) -> CheckVerdict:
    """`fail` if any check fails, else `inconclusive` if any is so, else `pass`.

    No checks at all are inconclusive: nothing was shown.
    """
    verdicts = {check.verdict for check in checks}
    if "fail" in verdicts:
        return "fail"
    return "pass" if verdicts == {"pass"} else "inconclusive"
