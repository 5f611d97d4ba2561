"""Paired tests in closed form: each row's part in the difference, summed by cluster where asked.

A difference of two metrics is, to first order, a sum of one *influence* a row (of mean 0). Its
variance is the sum of their squares; where rows come in clusters, the influences are summed
within each cluster first, and the sums are squared (Liang & Zeger 1986; for the AUC Obuchowski
1997). DeLong's test of two AUCs, the paired t of a mean loss and the delta method for a root mean
square are all this. `spread` says what is added for what the rows may not show.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from scipy import special

from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Floats, Scores
from podium.evaluation.spread import Spread, spread_of_sum, too_few_groups

# The loss or gain of each row, (n,), of one model.
ByRow = Callable[[Scores], Floats]

_ROUNDING = 1e-12  # a spread below this share of its terms is what rounding leaves of none
_OTHERWISE = 0.1  # rows that are all alike tell something if so many could not be otherwise

FEW_ROWS = "There are fewer than 2 rows to tell a spread from."
ALL_ALIKE = "All rows show the same difference, and they are too few to tell a spread from."
TOO_LARGE = "The values are too large for their spread to be computed."


@dataclass(frozen=True)
class Asked:
    """What a paired test is asked for: ends of the interval that err with at most `alpha` each."""

    alpha: float
    seed: int = 0


@dataclass(frozen=True)
class Found:
    """What a paired test says of candidate minus champion, in the metric's own unit and sign.

    error: the standard error. low, high: the interval at level 1 - 2 alpha. p: two-sided, of no
    difference. freedom: Student's degrees of freedom behind the interval, inf for a normal one.
    unseen: by what rule the interval got its width where the rows show no spread at all, else "".
    fading: the part of `error` that is pseudo-rows'; with n rows it shrinks as 1 / n.
    Where the rows cannot tell, all numbers are NaN and `why_not` is a sentence that says so.
    """

    difference: float
    error: float
    low: float
    high: float
    p: float
    freedom: float
    method: str
    why_not: str = ""
    unseen: Literal["", "rule of three", "score"] = ""
    fading: float = 0.0


@dataclass(frozen=True)
class PairedTest:
    """A paired test by its name, as reports give it, and what runs it."""

    name: str
    run: Callable[[Pair, Asked], Found]


def unknown(method: str, why_not: str) -> Found:
    """No answer, and why."""
    nan = math.nan
    return Found(nan, nan, nan, nan, nan, nan, method, why_not)


def student(
    difference: float, error: float, asked: Asked, method: str, freedom: float = math.inf
) -> Found:
    """difference +- t(freedom, 1 - alpha) x error; normal for infinite degrees of freedom.

    An error of 0 gives an interval without width, p = 1 for a difference of 0 and else p = 0.
    """
    if not (math.isfinite(difference) and math.isfinite(error)):
        return unknown(method, TOO_LARGE)
    if error == 0.0:
        p = 1.0 if difference == 0.0 else 0.0
        return Found(difference, 0.0, difference, difference, p, freedom, method)
    reach = float(special.stdtrit(freedom, 1.0 - asked.alpha)) * error
    p = 2.0 * float(special.stdtr(freedom, -abs(difference / error)))
    return Found(difference, error, difference - reach, difference + reach, p, freedom, method)


def spread_or_rule_of_three(
    difference: float, spread: Spread, asked: Asked, method: str, *, support: int
) -> Found:
    """Student's interval; where no spread was seen at all, the rule of three.

    That `support` units show none does not mean that there is none: two models that both rank
    five rows perfectly may still differ. What would make a difference is rarer than
    1 - alpha^(1/support) with confidence 1 - alpha, and a share of units moves a metric of
    width 1 by at most itself. The error is the one that such an interval would come from.
    """
    if spread.error != 0.0:
        return _spread_out(difference, spread, asked, method)
    reach = -math.expm1(math.log(asked.alpha) / support)
    p = min(1.0, 2.0 * max(0.0, 1.0 - abs(difference)) ** support)
    method = f"{method}; no spread, rule of three"
    implied = reach / float(special.ndtri(1.0 - asked.alpha))
    low, high = difference - reach, difference + reach
    return Found(difference, implied, low, high, p, math.inf, method, unseen="rule of three")


def spread_or_unknown(
    difference: float, spread: Spread, pair: Pair, asked: Asked, method: str
) -> Found:
    """Student's interval; for a metric without bounds, few rows without any spread say nothing.

    Few: more than a tenth of all rows could be otherwise, by the rule of three. That is below 29
    rows (or groups) for alpha = 5 %.
    """
    if spread.error == 0.0 and too_few_alike(pair, asked):
        return unknown(method, ALL_ALIKE)
    return _spread_out(difference, spread, asked, method)


def _spread_out(difference: float, spread: Spread, asked: Asked, method: str) -> Found:
    found = student(difference, spread.error, asked, method, spread.freedom)
    return found if found.why_not else replace(found, fading=spread.unseen)


def too_few_alike(pair: Pair, asked: Asked) -> bool:
    """Whether more than a tenth of all rows could be otherwise than these, were they all alike."""
    return -math.expm1(math.log(asked.alpha) / units(pair)) > _OTHERWISE


def alike(each: Floats) -> bool:
    """Whether all differences are equal but for rounding; there is no spread in them."""
    return float(np.ptp(each)) <= _ROUNDING * float(np.abs(each).max())


def mean_test(by_row: ByRow, span: float, pair: Pair, asked: Asked) -> Found:
    """Student's t of the per-row differences, with n - 1 degrees of freedom; or clustered.

    With two pseudo-rows as extreme as the most extreme one seen, or as `span` where that is more:
    the most that one row can differ by, for losses that are 0 on most rows (a cost), else 0.
    At alpha = 5 % a Brier score or log loss exactly the margin worse then passes in 3.5 to 6 % of
    holdouts of 300 to 2,000 rows with 10 to 40 positives (without, in up to 13 %), a mean of
    lognormal absolute errors in 2.5 to 4 % of 50 to 1,000 rows (without, in 7 %).
    """
    each = by_row(pair.candidate) - by_row(pair.champion)
    return _test_of_rows(each, "paired t", pair, asked, span)


def root_mean_test(squares: ByRow, pair: Pair, asked: Asked) -> Found:
    """The difference of two root mean squares by the delta method.

    d sqrt(m) = dm / (2 sqrt(m)): each model's squares are divided by twice its root, and the
    rest is the t of means, pseudo-rows and all. Squares have the longest tails: for lognormal
    errors a candidate exactly the margin worse passes in 7 % of cases with 50 rows, in 5 % with
    300 and in 4 % with 1,000, at alpha = 5 % (without the pseudo-rows in 21, 14 and 12 %). A model
    without any error has no slope; its squares are all 0.
    """
    ours, theirs = squares(pair.candidate), squares(pair.champion)
    if len(pair) == 0:
        return unknown("paired t, delta method", FEW_ROWS)
    roots = [math.sqrt(float(values.mean())) for values in (ours, theirs)]
    slopes = [0.5 / root if root > 0 else 0.0 for root in roots]
    each = ours * slopes[0] - theirs * slopes[1]
    found = _test_of_rows(each, "paired t, delta method", pair, asked)
    if found.why_not:
        return found
    moved = student(roots[0] - roots[1], found.error, asked, found.method, found.freedom)
    return moved if moved.why_not else replace(moved, fading=found.fading)


def _test_of_rows(each: Floats, method: str, pair: Pair, asked: Asked, span: float = 0.0) -> Found:
    method, n = clustered_name(method, pair), len(each)
    why_not = FEW_ROWS if n < 2 else too_few_groups(pair)
    if why_not:
        return unknown(method, why_not)
    difference = float(each.mean())
    count = math.sqrt(n * (n - 1)) if pair.group is None else n
    influence = np.zeros(n) if alike(each) else (each - difference) / count
    spread = spread_of_sum(influence, pair, least=span / count)
    return spread_or_unknown(difference, spread, pair, asked, method)


def clustered_name(method: str, pair: Pair) -> str:
    """`method`, or with ", clustered" where the pair has groups."""
    return method if pair.group is None else f"{method}, clustered"


def units(pair: Pair) -> int:
    """How many rows, or groups, are independent of each other."""
    return len(pair) if pair.group is None else len(np.unique(pair.group))


def support(pair: Pair) -> int:
    """The rows of the rarest class that occurs, or the groups where those are fewer."""
    return min(units(pair), int(np.unique(pair.y, return_counts=True)[1].min()))
