from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from podium.errors import UsageError
from podium.evaluation import (
    METRICS,
    Costs,
    Pair,
    Scores,
    Task,
    auc_covariance,
    compare,
    cost_metric,
    get_metric,
    losses,
)
from podium.evaluation.comparison import conclude
from podium.evaluation.delong import structural_components
from podium.evaluation.paired import Found
from podium.evaluation.planning import Terms
from podium.evaluation.scores import positive_probability
from tests.evaluation.pairs import pair
from tests.evaluation.samples import sample

ALL = [(task, name) for task, metrics in METRICS.items() for name in metrics]
GROUPS = {"rows": None, "clusters": np.arange(400) // 4}


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize(("task", "name"), ALL)
def test_a_model_against_itself_is_not_worse(task: Task, name: str, groups: str) -> None:
    scores = sample(task, 400, seed=1)
    found = compare(get_metric(task, name), Pair(scores, scores, GROUPS[groups]))
    assert (found.difference, found.error, found.low, found.high) == (0.0, 0.0, 0.0, 0.0)
    assert (found.p, found.verdict) == (1.0, "not_worse")


@pytest.mark.parametrize("groups", GROUPS)
@pytest.mark.parametrize(("task", "name"), ALL)
def test_swapping_the_models_changes_signs_and_nothing_else(
    task: Task, name: str, groups: str
) -> None:
    metric, both = get_metric(task, name), pair(task, 400, 2, GROUPS[groups])
    one, other = compare(metric, both, seed=3), compare(metric, both.swapped(), seed=3)
    assert one.difference != 0.0
    assert other.difference == pytest.approx(-one.difference, abs=1e-15)
    assert other.error == pytest.approx(one.error, rel=1e-12)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low), rel=1e-9)
    assert other.p == pytest.approx(one.p, rel=1e-9)
    assert (other.candidate, other.champion) == (one.champion, one.candidate)


@pytest.mark.parametrize(("task", "name"), ALL)
def test_the_difference_is_that_of_the_estimates_and_lies_in_its_interval(
    task: Task, name: str
) -> None:
    metric, both = get_metric(task, name), pair(task, 500, seed=4)
    for group in (None, np.arange(500) // 5):
        found = compare(metric, replace(both, group=group), alpha=0.1)
        assert found.candidate == metric.compute(both.candidate)
        assert found.champion == metric.compute(both.champion)
        assert found.difference == pytest.approx(found.candidate - found.champion, abs=1e-12)
        assert found.low < found.difference < found.high
        assert (found.rows, found.level, found.alpha) == (500, 0.8, 0.1)
        assert found.method.endswith("clustered") == (group is not None)


@pytest.mark.parametrize(("task", "name"), ALL)
def test_the_same_seed_gives_the_same_comparison(task: Task, name: str) -> None:
    metric, both = get_metric(task, name), pair(task, 300, seed=5)
    assert compare(metric, both, seed=7) == compare(metric, both, seed=7)


@pytest.mark.parametrize(("task", "name"), ALL)
def test_an_oracle_is_better_and_the_other_way_round_it_is_worse(task: Task, name: str) -> None:
    champion = sample(task, 600, seed=6)
    if task == "regression":
        oracle = Scores(champion.y, champion.y + 0.01)
    else:
        shape = (champion.y == 1) if task == "binary" else np.eye(3)[champion.y]
        oracle = Scores(champion.y, champion.y, np.asarray(shape, dtype=np.float64))
    found = compare(get_metric(task, name), Pair(oracle, champion))
    assert (found.verdict, found.rows_needed) == ("better", None)
    assert found.p < 1e-4
    assert compare(get_metric(task, name), Pair(champion, oracle)).verdict == "worse"


def test_the_interval_of_two_aucs_is_that_of_delong_with_two_more_extreme_rows_of_each_class() -> (
    None
):
    both = pair("binary", 300, seed=8)
    found = compare(get_metric("binary", "roc_auc"), both, alpha=0.025)
    scores = [positive_probability(scores) for scores in (both.candidate, both.champion)]
    aucs, cov = auc_covariance(both.y, np.stack(scores))
    delong = cov[0, 0] + cov[1, 1] - 2 * cov[0, 1]
    ours, theirs = (structural_components(both.y, score) for score in scores)
    each = [a - b - (a - b).mean() for a, b in zip(ours, theirs, strict=True)]
    variances = [float(np.sum(e**2)) / (len(e) * (len(e) - 1)) for e in each]
    assert sum(variances) == pytest.approx(delong)
    unseen = sum(2 * np.max(e**2) / (len(e) * (len(e) - 1)) for e in each)
    error = math.sqrt(delong + unseen)
    freedom = sum(variances) ** 2 / sum(
        v**2 / (len(e) - 1) for v, e in zip(variances, each, strict=True)
    )
    difference, reach = aucs[0] - aucs[1], stats.t.ppf(0.975, freedom) * error
    assert (found.error, found.freedom) == pytest.approx((error, freedom))
    assert (found.low, found.high) == pytest.approx((difference - reach, difference + reach))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(difference) / error, freedom))


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "brier"])
def test_among_65_000_rows_the_two_more_rows_do_not_matter(name: str) -> None:
    both, metric = pair("binary", 65_000, seed=17), get_metric("binary", name)
    few, many = compare(metric, both.take(np.arange(32_500))), compare(metric, both)
    assert few.error / many.error == pytest.approx(math.sqrt(2), rel=0.04)
    if name == "roc_auc":
        scores = [positive_probability(scores) for scores in (both.candidate, both.champion)]
        cov = auc_covariance(both.y, np.stack(scores))[1]
        plain = math.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    else:
        by_row = losses.brier if name == "brier" else losses.log_loss_binary
        each = by_row(both.candidate) - by_row(both.champion)
        plain = float(each.std(ddof=1)) / math.sqrt(65_000)
    assert plain < many.error < 1.01 * plain


def _terms(higher: bool = True, margin: float = 0.0) -> Terms:
    return Terms("m", higher, margin, alpha=0.05)


def _found(low: float, high: float, p: float = 0.5) -> Found:
    return Found((low + high) / 2, (high - low) / 3.29, low, high, p, math.inf, "test")


def _verdict(found: Found, terms: Terms) -> str:
    return conclude(terms, found, rows=100, estimates=(0.5, 0.5)).verdict


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (0.01, 0.02, 0.0, "better"),
        (0.01, 0.02, 0.05, "better"),
        (0.0, 0.02, 0.0, "not_worse"),
        (-0.01, 0.02, 0.01, "not_worse"),
        (-0.02, -0.01, 0.03, "not_worse"),
        (-0.01, 0.02, 0.0, "inconclusive"),
        (-0.02, -0.01, 0.01, "inconclusive"),
        (-0.03, -0.02, 0.01, "worse"),
        (-0.03, -0.02, 0.0, "worse"),
    ],
)
def test_the_verdict_is_where_the_interval_lies(
    low: float, high: float, margin: float, verdict: str
) -> None:
    p = 0.01 if low > 0 else 0.5
    assert _verdict(_found(low, high, p), _terms(margin=margin)) == verdict
    assert _verdict(_found(-high, -low, p), _terms(higher=False, margin=margin)) == verdict


def test_better_needs_the_exact_p_as_well_as_the_interval() -> None:
    assert _verdict(_found(0.001, 0.02, p=0.1), _terms()) == "better"
    assert _verdict(_found(0.001, 0.02, p=0.101), _terms()) == "not_worse"


@settings(deadline=None)
@given(st.floats(-1, 1), st.floats(0.001, 1), st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 1))
def test_a_wider_margin_never_turns_a_pass_into_a_fail(
    middle: float, half: float, margin: float, more: float, p: float
) -> None:
    found = _found(middle - half, middle + half, p)
    order = {"worse": 0, "inconclusive": 1, "not_worse": 2, "better": 2}
    narrow, wide = (_verdict(found, _terms(margin=m)) for m in (margin, margin + more))
    assert order[wide] >= order[narrow]


def test_each_verdict_says_why_in_words() -> None:
    def said(low: float, high: float, margin: float, p: float = 0.5) -> str:
        terms = _terms(margin=margin)
        return conclude(terms, _found(low, high, p), rows=1000, estimates=(0.5, 0.5)).reason

    assert said(0.01, 0.03, 0.0, 0.01) == (
        "The candidate is better by 0.02, with 95 % confidence by at least 0.01."
    )
    assert said(-0.01, 0.03, 0.015) == (
        "The candidate is worse by at most 0.01 with 95 % confidence, and 0.015 is allowed."
    )
    assert said(-0.03, -0.02, 0.01) == (
        "The candidate is worse by 0.025, with 95 % confidence by at least 0.02, "
        "and 0.01 is allowed."
    )
    unsure = said(-0.03, 0.01, 0.01)
    assert "anything from worse by 0.03 to better by 0.01" in unsure
    assert "rows would decide it in 80 % of cases if both are equally good" in unsure


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"margin": -0.01}, "margin"),
        ({"margin": math.nan}, "margin"),
        ({"margin": math.inf}, "margin"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 0.5}, "alpha"),
        ({"alpha": 5.0}, "alpha"),
        ({"power": 1.0}, "power"),
        ({"power": 80.0}, "power"),
    ],
)
def test_a_margin_alpha_or_power_out_of_range_is_refused(
    options: dict[str, float], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        compare(get_metric("binary", "roc_auc"), pair("binary", 20, seed=0), **options)  # type: ignore[arg-type]


def test_costs_replace_those_of_the_metric_cost() -> None:
    both, costs = pair("binary", 200, seed=10), Costs(fp=1.0, fn=7.0)
    given_late = compare(get_metric("binary", "cost"), both, costs=costs)
    assert given_late == compare(cost_metric(costs), both)
    assert given_late != compare(get_metric("binary", "cost"), both)
