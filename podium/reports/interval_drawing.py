"""Where the parts of an interval lie on a line, as shares of its width, for a page to draw.

Positions are CSS lengths such as `41.50%`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from podium.reports.evaluation_words import Document

_PAD = 0.3


@dataclass(frozen=True)
class Scale:
    """The deciding interval on a line in the metric's own direction.

    `better` is the side, left or right, that is better; `allowed` is empty without a margin.
    """

    left: str
    width: str
    dot: str
    zero: str
    allowed: str
    bad_left: str
    bad_width: str
    good_left: str
    good_width: str
    better: str


@dataclass(frozen=True)
class Bar:
    """A small interval around the middle of a line; to the right of it is better."""

    left: str
    width: str
    dot: str
    allowed: str


def scale_of(comparison: Document) -> Scale | None:
    """The line for one comparison; None where its interval is unknown."""
    low, high, difference = (comparison[key] for key in ("low", "high", "difference"))
    if None in (low, high, difference):
        return None
    higher = comparison["higher_is_better"]
    allowed = -comparison["margin"] if higher else comparison["margin"]
    first, last = min(low, 0.0, allowed), max(high, 0.0, allowed)
    pad = (last - first) * _PAD or 1.0
    first, width = first - pad, last - first + 2 * pad

    def at(value: float) -> float:
        return float(100 * (value - first) / width)

    bad, good = (
        ((0.0, at(allowed)), (at(0), 100.0)) if higher else ((at(allowed), 100.0), (0.0, at(0)))
    )
    return Scale(
        left=_css(at(low)),
        width=_css(at(high) - at(low)),
        dot=_css(at(difference)),
        zero=_css(at(0)),
        allowed=_css(at(allowed)) if allowed else "",
        bad_left=_css(bad[0]),
        bad_width=_css(bad[1] - bad[0]),
        good_left=_css(good[0]),
        good_width=_css(good[1] - good[0]),
        better="right" if higher else "left",
    )


def reach_of(comparisons: Sequence[Document], margin: float = 0.0) -> float:
    """How far a common line for several comparisons has to go to either side of 0."""
    ends = [abs(c[key]) for c in comparisons for key in ("low", "high") if c[key] is not None]
    return 1.05 * max([*ends, margin], default=0.0) or 1.0


def bar_of(comparison: Document, reach: float, margin: float = 0.0) -> Bar | None:
    """The interval on a line of ±`reach`, turned so that right is better; None where unknown."""
    low, high, difference = (comparison[key] for key in ("low", "high", "difference"))
    if None in (low, high, difference):
        return None
    if not comparison["higher_is_better"]:
        low, high, difference = -high, -low, -difference

    def at(value: float) -> float:
        return 50 + 50 * min(max(value / reach, -1.0), 1.0)

    allowed = _css(at(-margin)) if margin else ""
    return Bar(_css(at(low)), _css(at(high) - at(low)), _css(at(difference)), allowed)


def _css(share: float) -> str:
    return f"{share:.2f}%"
