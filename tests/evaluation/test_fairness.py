from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from fairlearn import metrics as fair
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.errors import UsageError
from podium.evaluation import Disparity, Fairness, Pair, Scores, fairness, holm
from podium.evaluation.checks import fairness_check
from podium.evaluation.fairness import NOT_BINARY, judge_together
from podium.evaluation.rate_draws import deviations, rates_of
from tests.evaluation.samples import sample

MEASURES = (
    "demographic_parity_difference",
    "demographic_parity_ratio",
    "equalized_odds_difference",
    "equalized_odds_ratio",
)


def _people(n: int, seed: int, groups: str = "abc") -> tuple[Pair, np.ndarray]:
    """Two fair models that agree on about 85 % of n rows, and the group of each row."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    group = rng.choice(list(groups), n)
    ours = (rng.random(n) < 0.2 + 0.5 * y).astype(int)
    theirs = np.where(rng.random(n) < 0.85, ours, 1 - ours)
    return Pair(Scores(y, ours), Scores(y, theirs)), group


def _spoiled(pair: Pair, group: np.ndarray, value: str, share: float) -> Pair:
    """The candidate says no to a `share` of one group's rows."""
    rng = np.random.default_rng(99)
    said_no = (group == value) & (rng.random(len(pair)) < share)
    prediction = np.where(said_no, 0, pair.candidate.prediction)
    return Pair(Scores(pair.y, prediction), pair.champion, pair.group)


def _judge(pair: Pair, group: np.ndarray, **changed: object) -> Fairness:
    asked = {"margin": 0.02, "alpha": 0.05, "min_rows": 50, **changed}
    return fairness(pair, "sex", group, **asked)  # type: ignore[arg-type]


def _by_measure(found: Fairness) -> dict[str, Disparity]:
    return {d.measure: d for d in found.disparities}


@pytest.mark.slow
@settings(max_examples=5, deadline=None)  # fairlearn takes 0.1 s a measure
@given(st.integers(0, 10_000), st.sampled_from(["ab", "abc", "abcde"]))
def test_estimates_are_those_of_fairlearn(seed: int, groups: str) -> None:
    pair, group = _people(600, seed, groups)
    found = _by_measure(_judge(pair, group, min_rows=1))
    assert tuple(found) == MEASURES
    for measure in MEASURES:
        expected = [
            getattr(fair, measure)(pair.y, scores.prediction, sensitive_features=group)
            for scores in (pair.candidate, pair.champion)
        ]
        one = found[measure]
        assert one.champion is not None
        assert [one.candidate.estimate, one.champion.estimate] == pytest.approx(expected)
        assert one.change == pytest.approx(expected[0] - expected[1])
        assert one.candidate.low <= one.candidate.estimate <= one.candidate.high


def test_the_rates_of_each_group_are_counted_by_hand() -> None:
    y = np.array([1, 1, 0, 0, 1, 0])
    said = np.array([1, 0, 1, 0, 1, 0])
    probability = np.array([0.9, 0.4, 0.6, 0.1, 0.8, 0.2])
    scores = Scores(y, said, probability)
    found = _judge(Pair(scores, scores), np.array(list("mmmmff")), min_rows=2)
    m, f = found.candidate_groups
    assert (m.value, m.rows) == ("m", 4)
    assert (m.selection_rate, m.true_positive_rate, m.false_positive_rate) == (0.5, 0.5, 0.5)
    assert m.calibration == pytest.approx(0.0)
    assert (f.selection_rate, f.true_positive_rate, f.false_positive_rate) == (0.5, 1.0, 0.0)
    assert found.champion_groups == found.candidate_groups


@given(st.integers(0, 1000))
def test_counts_give_the_rates_that_the_rows_give(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 4, size=(3, 2, 2, 2))
    rates = rates_of(counts)
    for g in range(3):
        rows = [cell for cell in np.ndindex(2, 2, 2) for _ in range(counts[g][cell])]
        for side in (0, 1):
            for rate, chosen in enumerate(
                (rows, [r for r in rows if r[0] == 1], [r for r in rows if r[0] == 0])
            ):
                expected = np.mean([r[1 + side] for r in chosen]) if chosen else math.nan
                assert rates[side, rate, g] == pytest.approx(float(expected), nan_ok=True)


def test_a_group_that_the_candidate_turns_away_is_harm() -> None:
    pair, group = _people(6000, seed=1)
    found = _judge(_spoiled(pair, group, "b", 0.6), group)
    parity = _by_measure(found)["demographic_parity_difference"]
    assert parity.harmed
    assert parity.change > 0.1
    assert parity.p_adjusted is not None
    assert parity.p_adjusted <= 0.05
    assert 0.02 < parity.low < parity.change < parity.high


def test_undoing_a_disparity_is_no_harm() -> None:
    pair, group = _people(6000, seed=1)
    found = _judge(_spoiled(pair, group, "b", 0.6).swapped(), group)
    assert not any(d.harmed for d in found.disparities)
    assert _by_measure(found)["demographic_parity_difference"].high < 0


def test_ratios_are_shown_and_not_tested() -> None:
    pair, group = _people(2000, seed=2)
    for measure, one in _by_measure(_judge(pair, group)).items():
        assert (one.p_harm is None) == measure.endswith("_ratio")
        assert one.low <= one.change <= one.high


def test_the_change_of_a_ratio_that_was_nothing_has_no_interval() -> None:
    pair, group = _people(2000, seed=2)
    nobody = _spoiled(pair, group, "b", 1.0)  # a ratio of 0: one group gets no yes at all
    change = _by_measure(_judge(nobody.swapped(), group))["demographic_parity_ratio"]
    assert change.champion is not None
    assert (change.champion.estimate, math.isnan(change.low), math.isnan(change.high)) == (0, 1, 1)
    assert change.change == change.candidate.estimate > 0.5


def test_the_change_of_a_ratio_stays_within_what_a_ratio_can_be() -> None:
    pair, group = _people(300, seed=3)
    found = _by_measure(_judge(_spoiled(pair, group, "b", 0.9).swapped(), group))
    for measure in ("demographic_parity_ratio", "equalized_odds_ratio"):
        one = found[measure]
        assert one.champion is not None
        assert -one.champion.estimate <= one.low <= one.change <= one.high
        assert one.high <= 1 - one.champion.estimate


def test_a_model_against_itself_does_not_change_and_harms_nobody_without_margin() -> None:
    pair, group = _people(2000, seed=3)
    found = _judge(Pair(pair.candidate, pair.candidate), group, margin=0.0)
    for one in found.disparities:
        assert (one.change, one.low, one.high) == (0.0, 0.0, 0.0)
        assert one.p_harm in (1.0, None)
        assert not one.harmed


def test_the_same_seed_gives_the_same_intervals_and_another_other_ones() -> None:
    pair, group = _people(900, seed=4)
    assert _judge(pair, group, seed=7) == _judge(pair, group, seed=7)
    assert _judge(pair, group, seed=7) != _judge(pair, group, seed=8)


def test_small_groups_are_shown_and_take_no_part() -> None:
    pair, group = _people(600, seed=5, groups="ab")
    group = np.where(np.arange(600) < 3, "tiny", group)
    found = _judge(pair, group)
    assert [g.value for g in found.candidate_groups][-1] == "tiny"
    assert found.not_judged == "below 50 rows and not compared: tiny (3)"
    expected = fair.demographic_parity_difference(
        pair.y[3:], pair.candidate.prediction[3:], sensitive_features=group[3:]
    )
    parity = _by_measure(found)["demographic_parity_difference"]
    assert parity.candidate.estimate == pytest.approx(expected)


@pytest.mark.parametrize(
    "values",
    [np.array(["x"] * 60), np.full(60, math.nan), np.array([None] * 60, dtype=object),
     np.array(["x"] * 57 + ["y"] * 3)],
)  # fmt: skip
def test_fewer_than_two_groups_are_shown_and_not_judged(values: np.ndarray) -> None:
    pair, _ = _people(60, seed=6)
    found = _judge(pair, values)
    assert found.disparities == ()
    assert found.not_judged == "fewer than two groups have 50 rows"
    assert found.candidate_groups[0].rows >= 57


def test_a_group_without_positive_rows_has_no_true_positive_rate() -> None:
    y = np.repeat([0, 1, 0], 100)
    said = np.tile([0, 1], 150)
    scores = Scores(y, said)
    group = np.repeat(["none", "some", "some"], 100)
    found = _judge(Pair(scores, scores), group)
    rates = {g.value: g for g in found.candidate_groups}
    assert math.isnan(rates["none"].true_positive_rate)
    assert rates["some"].true_positive_rate == 0.5
    assert _by_measure(found)["equalized_odds_difference"].candidate.estimate == 0.0
    assert found.not_judged == (
        "true positive rates are not told: fewer than two groups have positive rows"
    )


def test_equalized_odds_that_no_two_groups_have_rows_for_are_not_told() -> None:
    """One group has only positive rows, the other only negative ones."""
    y = np.repeat([0, 1], 100)
    scores = Scores(y, np.tile([0, 1], 100))
    found = _judge(Pair(scores, scores), np.repeat(["none", "all"], 100))
    odds = _by_measure(found)["equalized_odds_difference"]
    assert math.isnan(odds.candidate.estimate)
    assert (odds.p_harm, odds.harmed) == (None, False)
    check = fairness_check(found, 0.02, baseline=False, family=1)
    assert "equalized odds difference not told" in check.found
    assert "true positive rates are not told" in check.found
    assert "false positive rates are not told" in check.found


def test_no_bound_is_a_negative_zero() -> None:
    pair, group = _people(900, seed=3)
    found = _judge(Pair(pair.candidate, pair.candidate), group, margin=0.0)
    for one in found.disparities:
        assert [math.copysign(1.0, end) for end in (one.low, one.high)] == [1.0, 1.0]


def test_one_class_everywhere_leaves_what_can_be_told() -> None:
    for y, said in ((np.zeros(200, int), np.zeros(200, int)), (np.ones(200, int),) * 2):
        scores = Scores(y, said)
        found = _judge(Pair(scores, scores), np.repeat(["a", "b"], 100))
        assert _by_measure(found)["demographic_parity_difference"].candidate.estimate == 0.0
        assert not any(d.harmed for d in found.disparities)


def test_without_a_champion_the_candidates_own_rates_are_shown() -> None:
    pair, group = _people(600, seed=7)
    found = _judge(pair, group, has_champion=False)
    assert found.champion_groups == ()
    assert len(found.candidate_groups) == 3
    for one in found.disparities:
        assert (one.champion, one.p_harm, one.harmed) == (None, None, False)
        assert math.isnan(one.change)
        assert one.candidate.high > 0


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_are_not_judged(task: str) -> None:
    scores = sample(task, 200, seed=0)  # type: ignore[arg-type]
    found = _judge(Pair(scores, scores), np.repeat(["a", "b"], 100))
    assert found == Fairness("sex", (), (), (), NOT_BINARY)
    assert fairness_check(found, 0.02, baseline=False, family=0).found == (
        "not judged: disparities are defined for binary tasks only; its groups are judged as slices"
    )


def test_numbers_are_cut_into_groups_of_similar_size() -> None:
    pair, _ = _people(1000, seed=8)
    found = _judge(pair, np.arange(1000.0))
    assert [g.rows for g in found.candidate_groups] == [200] * 5


def test_a_column_of_another_length_is_refused() -> None:
    pair, _ = _people(60, seed=0)
    with pytest.raises(UsageError, match="'sex'"):
        _judge(pair, np.arange(5))


def test_several_columns_are_corrected_together() -> None:
    pair, group = _people(900, seed=9)
    pair = _spoiled(pair, group, "b", 0.15)
    alone = [_judge(pair, group, margin=0.0), _judge(pair, np.arange(900) % 2, margin=0.0)]
    together = judge_together(alone, 0.05)
    found = [d for c in together for d in c.disparities if d.p_harm is not None]
    assert len(found) == 4
    assert [d.p_adjusted for d in found] == pytest.approx(
        holm(np.array([d.p_harm for d in found])).tolist()
    )
    assert [d.harmed for d in found] == [d.p_adjusted <= 0.05 for d in found]  # type: ignore[operator]
    assert [replace(c, disparities=()) for c in together] == [
        replace(c, disparities=()) for c in alone
    ]


def test_clusters_widen_the_intervals() -> None:
    """40 clusters of 50 rows of one group, each answered alike within."""
    rng = np.random.default_rng(10)
    cluster = np.repeat(np.arange(40), 50)
    y = rng.integers(0, 2, 2000)
    ours = rng.integers(0, 2, 40)[cluster]
    theirs = rng.integers(0, 2, 40)[cluster]
    group = np.where(cluster < 20, "a", "b")
    pair = Pair(Scores(y, ours), Scores(y, theirs))
    clustered = Pair(pair.candidate, pair.champion, cluster)
    widths = [
        d.high - d.low
        for found in (_judge(pair, group), _judge(clustered, group))
        for d in found.disparities
        if d.measure == "demographic_parity_difference"
    ]
    assert widths[1] > 4 * widths[0]


def test_clusters_of_one_row_agree_with_the_bootstrap_of_rows() -> None:
    pair, group = _people(3000, seed=11)
    code = np.searchsorted(list("abc"), group)
    each = Pair(pair.candidate, pair.champion, np.arange(3000))
    by_row, by_cluster = (deviations(p, code, 3, seed=0).std(axis=0) for p in (pair, each))
    assert by_cluster == pytest.approx(by_row, rel=0.08)
