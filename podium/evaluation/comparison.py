"""Is the candidate better than the champion, not worse, worse, or can these rows not tell?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from podium.evaluation.metrics import Metric, with_costs
from podium.evaluation.paired import Asked, Found, unknown
from podium.evaluation.pairs import Pair
from podium.evaluation.planning import IF_ALIKE, NO_PLAN, Oriented, Plan, Terms, plan_of
from podium.evaluation.scores import Costs

Verdict = Literal["better", "not_worse", "worse", "inconclusive"]
_FEWEST_OF_A_CLASS = 5  # below that no correction keeps what alpha promises


@dataclass(frozen=True)
class Comparison:
    """One metric of candidate and champion on the same rows, and what that says.

    Estimates, `difference` (candidate minus champion), `error` (its standard error) and the
    interval `low`..`high` are in the metric's own unit and sign; NaN where the rows cannot tell.
    Each end of the interval errs with at most `alpha`, so its `level` is 1 - 2 alpha. `p` is
    two-sided, of no difference. `freedom` is that of Student's t behind the interval, inf for a
    normal one. `verdict` is for a candidate that may be worse by `margin`; `reason` says it in
    words. `rows_needed`, for an inconclusive verdict, and `power`, the chance to pass with these
    rows, hold if `rows_needed_if` does; None where there is no such number.
    """

    metric: str
    higher_is_better: bool
    rows: int
    candidate: float
    champion: float
    difference: float
    error: float
    low: float
    high: float
    level: float
    p: float
    freedom: float
    method: str
    margin: float
    alpha: float
    verdict: Verdict
    reason: str
    rows_needed: int | None
    rows_needed_if: str
    power: float | None


def compare(
    metric: Metric,
    pair: Pair,
    *,
    margin: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.8,
    seed: int = 0,
    costs: Costs | None = None,
) -> Comparison:
    """The verdict of the metric's paired test on the rows of `pair`.

    better: the whole interval is above 0 (and p <= 2 alpha). not_worse: all of it is above
    -margin, so that a candidate exactly `margin` worse passes with a chance of at most `alpha`.
    worse: all of it is below -margin. Else inconclusive. A model against itself differs by 0
    with p = 1 and is not worse. Where the metric or its error is undefined (no rows, one class
    only, one group that holds most rows; for binary metrics of probabilities fewer than 5 rows of
    a class; few rows and no spread), inconclusive, and the reason says why.

    `seed` settles the bootstrapped tests; `costs` replaces those of the metric `cost`.
    Raises UsageError for margin, alpha and power out of range, and as the metric does.
    """
    metric = with_costs(metric, costs)
    terms = Terms(metric.name, metric.higher_is_better, margin, alpha, power)
    estimates = metric.compute(pair.candidate), metric.compute(pair.champion)
    found = _find(metric, pair, estimates, Asked(alpha, seed))
    return conclude(terms, found, rows=len(pair), estimates=estimates)


def conclude(
    terms: Terms, found: Found, *, rows: int, estimates: tuple[float, float], planned: bool = True
) -> Comparison:
    """The verdict on what a paired test has found; `estimates` are candidate's and champion's.

    planned: whether `rows_needed` and `power` can be told, as more rows shrink the error.
    """
    sign = 1.0 if terms.higher_is_better else -1.0
    low, high = sorted((sign * found.low, sign * found.high))
    seen = Oriented(sign * found.difference, low, high)
    verdict = _verdict(seen, found.p, terms)
    plan = plan_of(seen, found, terms, rows) if planned else NO_PLAN
    return Comparison(
        metric=terms.metric,
        higher_is_better=terms.higher_is_better,
        rows=rows,
        candidate=estimates[0],
        champion=estimates[1],
        difference=found.difference,
        error=found.error,
        low=found.low,
        high=found.high,
        level=1.0 - 2.0 * terms.alpha,
        p=found.p,
        freedom=found.freedom,
        method=found.method,
        margin=terms.margin,
        alpha=terms.alpha,
        verdict=verdict,
        reason=found.why_not or _reason(verdict, seen, found, terms, plan),
        rows_needed=plan.rows_needed if verdict == "inconclusive" else None,
        rows_needed_if=plan.assumes,
        power=plan.power,
    )


def _find(metric: Metric, pair: Pair, estimates: tuple[float, float], asked: Asked) -> Found:
    name = metric.paired.name
    if math.isnan(estimates[0]) or math.isnan(estimates[1]):
        return unknown(name, _why_undefined(metric, pair, estimates))
    if pair.agrees():
        return Found(0.0, 0.0, 0.0, 0.0, 1.0, math.inf, name)
    if metric.task == "binary" and metric.needs == "probability":
        positives = int(np.count_nonzero(pair.y == 1))
        fewest = min(positives, len(pair) - positives)
        if fewest < _FEWEST_OF_A_CLASS:
            return unknown(name, few_of_a_class(fewest))
    with np.errstate(over="ignore", invalid="ignore"):
        return metric.paired.run(pair, asked)


def few_of_a_class(fewest: int) -> str:
    """Why a metric of probabilities is not compared where the rarer class has so few rows."""
    rows = f"{fewest} {'row' if fewest == 1 else 'rows'}"
    return f"One class has {rows}; {_FEWEST_OF_A_CLASS} are needed to tell how far they spread."


def _verdict(seen: Oriented, p: float, terms: Terms) -> Verdict:
    """NaN compares with nothing, and so ends as inconclusive."""
    if seen.low > 0.0 and p <= 2.0 * terms.alpha:
        return "better"
    if seen.low >= -terms.margin:
        return "not_worse"
    return "worse" if seen.high < -terms.margin else "inconclusive"


def _why_undefined(metric: Metric, pair: Pair, estimates: tuple[float, float]) -> str:
    if len(pair) == 0:
        return "There are no rows to compare on."
    names = ("the candidate", "the champion")
    whom = " and ".join(n for n, e in zip(names, estimates, strict=True) if math.isnan(e))
    constant = bool((pair.y == pair.y[0]).all())
    if not constant:
        return f"{metric.name} is undefined for {whom} on these rows."
    what = "one target value" if metric.task == "regression" else "one class"
    return f"{metric.name} is undefined: the rows hold {what} only."


def _reason(verdict: Verdict, seen: Oriented, found: Found, terms: Terms, plan: Plan) -> str:
    sure, margin = f"with {100 * (1 - terms.alpha):.4g} % confidence", f"{terms.margin:.4g}"
    if found.error == 0.0 and seen.difference == 0.0:
        return "The two do not differ on any row."
    if verdict == "better":
        return (
            f"The candidate is better by {seen.difference:.4g}, {sure} by at least {seen.low:.4g}."
        )
    if verdict == "not_worse":
        worse = max(-seen.low, 0.0)
        return f"The candidate is worse by at most {worse:.4g} {sure}, and {margin} is allowed."
    if verdict == "worse":
        return (
            f"The candidate is worse by {-seen.difference:.4g}, {sure} by at least "
            f"{-seen.high:.4g}, and {margin} is allowed."
        )
    return f"These rows cannot tell: the candidate may be {_range(seen)}{_remedy(plan, terms)}."


def _range(seen: Oriented) -> str:
    ends = (
        f"{'worse' if end < 0 else 'better'} by {abs(end):.4g}" for end in (seen.low, seen.high)
    )
    return "anything from {} to {}".format(*ends)


def _remedy(plan: Plan, terms: Terms) -> str:
    if plan.rows_needed is None:
        return ""
    if plan.assumes == IF_ALIKE:
        return f"; about {plan.rows_needed:,} rows would decide it if {plan.assumes}"
    return (
        f"; about {plan.rows_needed:,} rows would decide it in {100 * terms.power:.4g} % of "
        f"cases if {plan.assumes}"
    )
