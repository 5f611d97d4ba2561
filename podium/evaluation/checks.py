"""What the gate's checks found and what they needed, in words that a new user understands."""

from __future__ import annotations

import math
from collections.abc import Sequence

from podium.evaluation.alone import Alone
from podium.evaluation.comparison import Comparison
from podium.evaluation.disparity import Disparity
from podium.evaluation.fairness import Fairness
from podium.evaluation.gate import CheckVerdict, Footprint, GateCheck
from podium.evaluation.harm import SliceComparison
from podium.evaluation.metrics import Metric
from podium.evaluation.wording import (
    at_most_three,
    decimals,
    milliseconds,
    number,
    p_value,
    plain,
    some_rows,
)

_OF_VERDICT: dict[str, CheckVerdict] = {
    "better": "pass",
    "not_worse": "pass",
    "worse": "fail",
    "inconclusive": "inconclusive",
}
# Metrics in which guessing at random may beat every constant answer.
_BEATEN_BY_GUESSING = ("recall", "f1_macro", "f1_weighted")
_UNDEFINED = "the metric is undefined there"


def deciding_name(metric: str, champion: str, *, baseline: bool) -> str:
    """What the check of the deciding metric is called."""
    against = "the baseline (no champion)" if baseline else champion
    return f"{metric} against {against}"


def deciding_needed(margin: float, *, baseline: bool) -> str:
    """What the check of the deciding metric needs."""
    if baseline:
        return "better than the best constant answer"
    return f"not worse by more than {plain(margin)}" if margin else "not worse at all"


def deciding_check(
    found: Comparison, champion: str, *, baseline: bool, constant: bool = False
) -> GateCheck:
    """Passes `better` and `not_worse`; against a baseline only `better`, as a constant is none.

    constant: whether the candidate gives every row the same answer; that never beats a baseline.
    """
    verdict, text = _OF_VERDICT[found.verdict], _difference(found) + _other_metric(found)
    if baseline:
        text += _low_bar(found)
        if found.verdict == "not_worse":
            verdict = "fail" if found.difference == 0.0 else "inconclusive"
        if constant:
            verdict, text = "fail", f"the candidate gives every row the same answer: {text}"
    name = deciding_name(found.metric, champion, baseline=baseline)
    return GateCheck(name, verdict, text, deciding_needed(found.margin, baseline=baseline))


def _low_bar(found: Comparison) -> str:
    """A warning where the best constant is no measure of what a model has to know."""
    if found.metric == "recall" and found.champion == 1.0:
        return (
            "; calling every row positive makes recall 1, which no model can beat: decide by "
            "another metric, such as f1 or balanced_accuracy"
        )
    if found.metric in _BEATEN_BY_GUESSING:
        return f"; even random guesses may beat a constant in {found.metric}, so this shows little"
    return ""


def _other_metric(found: Comparison) -> str:
    """What to ask instead of the precision of a model that never says positive."""
    undefined = math.isnan(found.candidate) or math.isnan(found.champion)
    if found.metric != "precision" or not undefined:
        return ""
    return (
        " Precision is undefined for a model that predicts no row positive, and more rows will "
        "not help: decide by f1, which then is 0"
    )


def _difference(found: Comparison) -> str:
    if math.isnan(found.difference) or math.isnan(found.low):
        return f"undefined: {found.reason}"
    sign = 1.0 if found.higher_is_better else -1.0
    difference = sign * found.difference
    low, high = sorted((sign * found.low, sign * found.high))
    values = (found.candidate, found.champion)
    places = decimals(values, (found.difference, found.high - found.low))
    both = " against ".join(number(value, places) for value in values)
    if low == high == 0.0:
        return f"{both}: no difference"
    seen = f"{both}: {_turned(difference, places)}"
    if found.verdict == "inconclusive":
        between = f"{_turned(low, places)} to {_turned(high, places)}"
        return f"{seen} (anywhere from {between}){_what_decides(found)}"
    if found.verdict == "worse":
        return f"{seen} (at least {number(-high, places)})"
    if low > 0.0:
        return f"{seen} (at least {number(low, places)})"
    return f"{seen} (at worst, {_turned(low, places)})"


def _turned(difference: float, places: int) -> str:
    if round(difference, places) == 0.0:
        return "no difference"
    return f"{'better' if difference > 0 else 'worse'} by {number(abs(difference), places)}"


def _what_decides(found: Comparison) -> str:
    """How many rows would, or how likely these were to."""
    if found.rows_needed is None:
        return ""
    if found.rows_needed > found.rows:
        needed, here = some_rows(found.rows_needed), f"{found.rows:,}"
        return f"; about {needed} rows would decide it if {found.rows_needed_if} (here {here})"
    if found.power is None:
        return ""
    return f"; if {found.rows_needed_if}, these rows pass with a chance of {found.power:.0%}"


def minimum_check(metric: Metric, found: Alone | str, limit: float) -> GateCheck:
    """The candidate alone against `limit`: at least it, or at most where lower is better.

    found: between what it surely is, or why the candidate cannot be asked at all, which fails.
    """
    word = "at least" if metric.higher_is_better else "at most"
    name, needed = f"{metric.name} {word} {plain(limit)}", f"surely {word} {plain(limit)}"
    if isinstance(found, str):
        return GateCheck(name, "fail", f"the candidate cannot be judged: {found}", needed)
    places = decimals((found.estimate, limit), (found.high - found.low,))
    estimate = number(found.estimate, places)
    if found.why_not:
        text = f"{estimate}, but these rows cannot tell how surely: {found.why_not}"
        return GateCheck(name, "inconclusive", text, needed)
    low, high = number(found.low, places), number(found.high, places)
    text = f"{estimate}, surely between {low} and {high}"
    sign = 1.0 if metric.higher_is_better else -1.0
    worst, best = sorted((sign * found.low, sign * found.high))
    verdict: CheckVerdict = "inconclusive"
    if worst >= sign * limit:
        verdict = "pass"
    elif best < sign * limit:
        verdict = "fail"
    return GateCheck(name, verdict, text, needed)


def slices_check(slices: Sequence[SliceComparison], margin: float) -> GateCheck:
    """Fails when any slice is harmed; those not judged are counted, and pass."""
    needed = f"no slice worse by more than {plain(margin)}"
    harmed = sorted((s for s in slices if s.harmed), key=lambda s: s.p_harm or 0.0)
    judged = [s for s in slices if s.comparison is not None]
    if harmed:
        slices_judged = f"{len(judged):,} {'slice' if len(judged) == 1 else 'slices'}"
        over = f" after Holm's correction over {slices_judged}"
        named = at_most_three(_harmed(s, "" if i else over) for i, s in enumerate(harmed))
        return GateCheck("slices", "fail", f"worse on {named}", needed)
    rest = len(slices) - len(judged)
    if not judged:
        text = f"none of {rest:,} could be judged: each is too small, or {_UNDEFINED}"
        return GateCheck("slices", "pass", text, needed)
    aside = f" ({rest:,} not judged)" if rest else ""
    text = f"none of {len(judged):,} worse by more than {plain(margin)}{aside}"
    return GateCheck("slices", "pass", text, needed)


def no_slices_check(metric: str, margin: float) -> GateCheck:
    """When a model lacks what the metric needs, no slice can be judged either."""
    found = f"not judged: {metric} could not be computed for both models"
    return GateCheck(
        "slices", "inconclusive", found, f"no slice worse by more than {plain(margin)}"
    )


def _harmed(part: SliceComparison, over: str) -> str:
    difference = part.comparison.difference if part.comparison else math.nan
    amount = number(abs(difference), _places(difference))
    p = p_value(part.p_adjusted or 0.0)
    return f"{part.column} = {part.value} by {amount} ({part.rows:,} rows; {p}{over})"


def _places(difference: float) -> int:
    size = abs(difference)
    if size >= 10:
        return 1
    return 3 if size >= 0.01 else decimals((), (difference,))


def fairness_check(found: Fairness, margin: float, *, baseline: bool, family: int) -> GateCheck:
    """Fails when a disparity grew; family: how many were tested together."""
    name = f"fairness on {found.column}"
    needed = f"no disparity between groups grew by more than {plain(margin)}"
    if not found.disparities:
        return GateCheck(name, "pass", f"not judged: {found.not_judged}", needed)
    differences = [d for d in found.disparities if d.measure.endswith("_difference")]
    harmed = [d for d in differences if d.harmed]
    if harmed:
        text = "; ".join(_grew(d, family) for d in harmed)
        return GateCheck(name, "fail", text, needed)
    shown = "; ".join(_shown(d) for d in differences)
    shown += f" ({found.not_judged})" if found.not_judged else ""
    if baseline:
        return GateCheck(name, "pass", f"no champion to compare with: {shown}", needed)
    return GateCheck(name, "pass", f"none grew by more than {plain(margin)}: {shown}", needed)


def _grew(found: Disparity, family: int) -> str:
    p = p_value(found.p_adjusted or 0.0)
    over = f"{p} after Holm's correction over {family:,} measures"
    return f"{_spoken(found)} grew by {number(found.change, 3)} ({_values(found)}; {over})"


def _shown(found: Disparity) -> str:
    return f"{_spoken(found)} {_values(found)}"


def _spoken(found: Disparity) -> str:
    return found.measure.replace("_", " ")


def _values(found: Disparity) -> str:
    told = [found.candidate, *([] if found.champion is None else [found.champion])]
    if any(math.isnan(one.estimate) for one in told):
        return "not told"
    return " against ".join(number(one.estimate, 3) for one in told)


def latency_check(footprint: Footprint | None, limit_ms: float) -> GateCheck:
    """The candidate's time for one row, which 95 of 100 calls keep, against the limit."""
    needed = f"95 of 100 calls within {plain(limit_ms)} ms"
    if footprint is None or not footprint.one_row.calls or math.isnan(footprint.one_row.p95_ms):
        return GateCheck("latency", "inconclusive", "not measured", needed)
    seen = footprint.one_row
    text = f"{milliseconds(seen.p95_ms)} for one row (p95 of {seen.calls:,} calls)"
    return GateCheck("latency", "pass" if seen.p95_ms <= limit_ms else "fail", text, needed)
