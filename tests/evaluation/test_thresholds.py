from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.evaluation import Costs, ThresholdRule, choose_threshold

# A coarse grid makes ties; the fine one, neighbours that hardly differ.
PROBABILITY = st.one_of(st.integers(0, 8).map(lambda i: i / 8), st.floats(0.0, 1.0))
ROWS = st.lists(st.tuples(st.integers(0, 1), PROBABILITY), min_size=1, max_size=25)
Rows = list[tuple[int, float]]


def _arrays(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows])


def _counts(y: np.ndarray, p: np.ndarray, threshold: float) -> tuple[int, int, int]:
    """tp, fp, fn of `p >= threshold`."""
    called = p >= threshold
    return tuple(int(c.sum()) for c in (called & (y == 1), called & (y == 0), ~called & (y == 1)))  # type: ignore[return-value]


def _every_cut(y: np.ndarray, p: np.ndarray) -> list[tuple[int, int, int]]:
    """Counts of each decision that some threshold in 0..1 makes, from all positive to none."""
    cuts = [*np.unique(p), 2.0] if p.max() < 1.0 else list(np.unique(p))
    return [_counts(y, p, cut) for cut in cuts]


@settings(deadline=None)
@given(ROWS)
def test_no_threshold_has_a_higher_f1(rows: Rows) -> None:
    y, p = _arrays(rows)
    chosen = choose_threshold(ThresholdRule("maximise_f1"), y, p)
    if not y.any():
        assert chosen.value == 0.5
        return
    best = max(2 * tp / (2 * tp + fp + fn) for tp, fp, fn in _every_cut(y, p))
    tp, fp, fn = _counts(y, p, chosen.value)
    assert 2 * tp / (2 * tp + fp + fn) == best
    assert 0.0 <= chosen.value <= 1.0


@settings(deadline=None)
@given(ROWS, st.sampled_from([0.0, 1.0, 3.0]), st.sampled_from([1.0, 5.0]))
def test_no_threshold_costs_less(rows: Rows, fp_cost: float, fn_cost: float) -> None:
    y, p = _arrays(rows)
    costs = Costs(fp=fp_cost, fn=fn_cost)
    chosen = choose_threshold(ThresholdRule("minimise_cost", costs=costs), y, p)
    least = min(fp * fp_cost + fn * fn_cost for _, fp, fn in _every_cut(y, p))
    _, fp, fn = _counts(y, p, chosen.value)
    assert fp * fp_cost + fn * fn_cost == least
    assert 0.0 <= chosen.value <= 1.0


@settings(deadline=None)
@given(ROWS, st.floats(0.0, 1.0))
def test_recall_is_kept_with_as_few_rows_called_as_can_be(rows: Rows, wanted: float) -> None:
    y, p = _arrays(rows)
    chosen = choose_threshold(ThresholdRule("recall_at_least", wanted), y, p)
    if not y.any():
        assert chosen.value == 0.5
        return
    fewest = min(tp + fp for tp, fp, fn in _every_cut(y, p) if tp / (tp + fn) >= wanted)
    tp, fp, fn = _counts(y, p, chosen.value)
    assert tp / (tp + fn) >= wanted
    assert tp + fp == fewest


@settings(deadline=None)
@given(ROWS, st.floats(0.0, 1.0))
def test_precision_is_reached_with_as_many_rows_called_as_can_be(rows: Rows, wanted: float) -> None:
    y, p = _arrays(rows)
    chosen = choose_threshold(ThresholdRule("precision_at_least", wanted), y, p)
    if not y.any():
        assert chosen.value == 0.5
        return
    cuts = [(tp / (tp + fp), tp + fp) for tp, fp, _ in _every_cut(y, p) if tp + fp]
    reached = [called for precision, called in cuts if precision >= wanted]
    tp, fp, _ = _counts(y, p, chosen.value)
    if reached:
        assert tp / (tp + fp) >= wanted
        assert tp + fp == max(reached)
    else:
        assert (tp / (tp + fp), tp + fp) == max(cuts)
        assert "no threshold reaches" in chosen.reason


@settings(deadline=None)
@given(ROWS)
def test_float32_scores_are_cut_as_planned(rows: Rows) -> None:
    y, p = _arrays(rows)
    single = p.astype(np.float32)
    for kind in ("maximise_f1", "minimise_cost"):
        value = choose_threshold(ThresholdRule(kind), y, single).value
        # numpy compares float32 with a Python float in float32.
        in_double = single.astype(np.float64) >= value
        np.testing.assert_array_equal(single >= value, in_double)


def test_the_threshold_is_the_midpoint_between_two_scores() -> None:
    y, p = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    chosen = choose_threshold(ThresholdRule("maximise_f1"), y, p)
    assert chosen.value == pytest.approx(0.4)
    assert chosen.reason == "highest F1, 1, on 4 rows, 2 of them positive"


def test_among_thresholds_of_equal_cost_the_nearest_to_a_half_is_taken() -> None:
    y, p = np.array([1, 0, 1, 0]), np.array([0.8, 0.7, 0.45, 0.1])
    chosen = choose_threshold(ThresholdRule("minimise_cost"), y, p)
    assert sum(_counts(y, p, 0.275)[1:]) == sum(_counts(y, p, 0.75)[1:]) == 1
    assert chosen.value == pytest.approx(0.275)


def test_calling_nothing_positive_is_an_answer_when_alarms_are_dear() -> None:
    y, p = np.array([0, 1, 0]), np.array([0.2, 0.5, 0.7])
    chosen = choose_threshold(ThresholdRule("minimise_cost", costs=Costs(fp=100.0)), y, p)
    assert not (p >= chosen.value).any()
    assert 0.7 < chosen.value < 0.7001


def test_a_fixed_threshold_is_taken_as_it_is() -> None:
    empty = np.empty(0)
    assert choose_threshold(ThresholdRule("fixed", 0.3), empty, empty).value == 0.3


def test_without_rows_the_default_is_taken_and_said() -> None:
    chosen = choose_threshold(ThresholdRule("minimise_cost"), np.empty(0), np.empty(0))
    assert (chosen.value, chosen.reason) == (0.5, "no rows to choose by; 0.5 is the default")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("fixed", None),
        ("fixed", 1.5),
        ("recall_at_least", math.nan),
        ("precision_at_least", -0.1),
        ("maximise_f1", 0.5),
        ("maximize_f1", None),
    ],
)
def test_a_rule_without_its_value_or_with_one_too_many_is_refused(
    kind: str, value: float | None
) -> None:
    with pytest.raises(UsageError, match=kind):
        ThresholdRule(kind, value)  # type: ignore[arg-type]


@pytest.mark.parametrize("p", [[0.5], [0.5, math.nan], [0.5, 1.5]])
def test_probabilities_that_make_no_sense_are_refused(p: list[float]) -> None:
    with pytest.raises(UsageError):
        choose_threshold(ThresholdRule("maximise_f1"), np.array([0, 1]), np.array(p))


def test_300_000_rows_are_cut_in_well_under_a_second() -> None:
    rng = np.random.default_rng(0)
    p = rng.random(300_000)
    start = time.perf_counter()
    choose_threshold(ThresholdRule("maximise_f1"), (rng.random(300_000) < p).astype(int), p)
    assert time.perf_counter() - start < 2.0
