from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from podium.errors import UsageError
from podium.evaluation import Comparison, Pair, Scores, compare, get_metric, rows_needed
from podium.evaluation.comparison import conclude
from podium.evaluation.paired import Found
from podium.evaluation.planning import IF_ALIKE, IF_AS_SEEN, IF_EQUAL, Terms
from tests.evaluation.pairs import binormal


def _terms(higher: bool = True, margin: float = 0.0) -> Terms:
    return Terms("m", higher, margin, alpha=0.05)


def _found(low: float, high: float, p: float = 0.5) -> Found:
    return Found((low + high) / 2, (high - low) / 3.29, low, high, p, math.inf, "test")


def test_an_inconclusive_comparison_of_500_rows_says_how_many_would_do_and_they_do() -> None:
    metric, rng = get_metric("binary", "roc_auc"), np.random.default_rng(9)
    few = compare(metric, binormal(rng, 500, (0.802, 0.8)), margin=0.01, power=0.95)
    assert few.verdict == "inconclusive"
    assert few.rows_needed_if == IF_EQUAL
    assert few.rows_needed is not None
    assert 5_000 < few.rows_needed < 40_000
    assert few.power is not None
    assert few.power < 0.4
    enough = compare(metric, binormal(rng, few.rows_needed, (0.802, 0.8)), margin=0.01)
    assert enough.verdict == "not_worse"
    assert enough.rows_needed is None
    assert enough.power is not None
    assert enough.power > 0.85


def test_rows_needed_are_those_of_the_formula() -> None:
    reach = stats.norm.ppf(0.95) + stats.norm.ppf(0.8)
    expected = math.ceil(2000 * (reach * 0.004 / 0.01) ** 2)
    assert rows_needed(2000, 0.004, 0.01, alpha=0.05, power=0.8) == expected
    assert rows_needed(2000, 0.0, 0.01, alpha=0.05, power=0.8) == 1


@pytest.mark.parametrize("distance", [0.0, -0.01, math.nan])
def test_rows_needed_for_no_distance_are_refused(distance: float) -> None:
    with pytest.raises(UsageError, match="not above 0"):
        rows_needed(2000, 0.004, distance, alpha=0.05, power=0.8)


def test_a_thousand_times_as_many_rows_are_not_asked_for() -> None:
    seen = conclude(_terms(margin=1e-4), _found(-0.02, 0.02), rows=100, estimates=(0.5, 0.5))
    assert (seen.verdict, seen.rows_needed) == ("inconclusive", None)
    assert seen.reason.endswith("better by 0.02.")
    near = conclude(_terms(margin=2e-3), _found(-0.02, 0.02), rows=100, estimates=(0.5, 0.5))
    assert near.rows_needed is not None
    assert 10_000 < near.rows_needed < 100_000


@pytest.mark.parametrize("name", ["roc_auc", "f1", "accuracy"])
def test_rows_needed_where_none_shows_a_spread_are_those_that_then_just_pass(name: str) -> None:
    def perfect(n: int) -> Comparison:
        # Both are right on all rows, with other probabilities.
        y = np.arange(n) % 2
        both = Pair(Scores(y, y, 0.2 + 0.5 * y), Scores(y, y, 0.1 + 0.8 * y))
        return compare(get_metric("binary", name), both, margin=0.05)

    first = perfect(20)
    assert first.rows_needed is not None
    if name == "f1":  # rows are added to the counts: there is a spread
        assert first.rows_needed_if == IF_EQUAL
        return
    assert (first.verdict, first.rows_needed_if, first.power) == ("inconclusive", IF_ALIKE, None)
    assert f"about {first.rows_needed} rows would decide it if they show no" in first.reason
    assert perfect(first.rows_needed + first.rows_needed % 2).verdict == "not_worse"
    assert perfect(first.rows_needed - 2).verdict == "inconclusive"


def test_rows_needed_give_the_power_that_they_were_asked_for() -> None:
    found = Found(0.0, 0.01, -0.0165, 0.0165, 1.0, math.inf, "test")
    once = conclude(_terms(margin=0.005), found, rows=1000, estimates=(0.5, 0.5))
    assert once.rows_needed is not None
    smaller = replace(found, error=0.01 * math.sqrt(1000 / once.rows_needed))
    again = conclude(_terms(margin=0.005), smaller, rows=once.rows_needed, estimates=(0.5, 0.5))
    assert again.power == pytest.approx(0.8, abs=0.001)


def test_without_a_margin_the_rows_needed_are_for_the_difference_that_was_seen() -> None:
    seen = conclude(_terms(), _found(-0.01, 0.03), rows=1000, estimates=(0.5, 0.5))
    assert seen.rows_needed_if == IF_AS_SEEN
    assert seen.rows_needed == rows_needed(1000, seen.error, 0.01, alpha=0.05, power=0.8)
    none = conclude(_terms(), _found(-0.02, 0.02), rows=1000, estimates=(0.5, 0.5))
    assert (none.verdict, none.rows_needed) == ("inconclusive", None)


def test_rows_that_were_enough_for_equal_models_are_not_asked_for_again() -> None:
    # These rows would have passed an equal model almost surely: the candidate is not one.
    seen = conclude(_terms(margin=0.1), _found(-0.11, -0.07), rows=1000, estimates=(0.5, 0.6))
    assert (seen.verdict, seen.rows_needed_if) == ("inconclusive", IF_AS_SEEN)
    assert seen.rows_needed is not None
    assert seen.rows_needed > 1000


def test_what_pseudo_rows_add_to_the_error_fades_faster_than_the_rest() -> None:
    found = replace(_found(-0.02, 0.02), fading=0.005)
    once = conclude(_terms(margin=0.005), found, rows=200, estimates=(0.5, 0.5))
    assert once.rows_needed is not None
    x = 200 / once.rows_needed
    seen = found.error**2 - found.fading**2
    error = math.sqrt(seen * x + found.fading**2 * x**2)
    again = conclude(
        _terms(margin=0.005), replace(found, error=error), rows=200, estimates=(0.5, 0.5)
    )
    assert again.power == pytest.approx(0.8, abs=0.002)
