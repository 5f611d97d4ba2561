from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from podium.errors import UsageError
from podium.evaluation import (
    Comparison,
    Pair,
    Scores,
    SliceComparison,
    compare,
    get_metric,
    holm,
    slice_harms,
)
from podium.evaluation.harm import p_of_harm
from tests.evaluation.samples import sample

MAE = get_metric("regression", "mae")
AUC = get_metric("binary", "roc_auc")
ACCURACY = get_metric("binary", "accuracy")


def _errors(ours: np.ndarray, theirs: np.ndarray) -> Pair:
    """Two models that are off by these amounts."""
    y = np.zeros(len(ours))
    return Pair(Scores(y, ours), Scores(y, theirs))


def _noisy(n: int, seed: int, worse_by: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Absolute errors about 5 of both models; the candidate's larger by `worse_by` on average."""
    rng = np.random.default_rng(seed)
    return 5.0 + worse_by + rng.normal(size=n) / 3, 5.0 + rng.normal(size=n) / 3


def _find(found: tuple[SliceComparison, ...], value: str) -> SliceComparison:
    (part,) = (s for s in found if s.value == value)
    return part


@settings(max_examples=12, deadline=None)  # statsmodels takes 0.1 s a call
@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40))
def test_holm_gives_what_statsmodels_gives(p: list[float]) -> None:
    assert holm(np.array(p)) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


def test_holm_of_nothing_is_nothing() -> None:
    assert len(holm(np.array([]))) == 0


@pytest.mark.slow
def test_twenty_slices_at_the_margin_are_blamed_no_more_often_than_alpha() -> None:
    """1,000 runs, seeds 0..999: each of 20 slices is exactly as much worse as is allowed.

    Measured: Holm .043, uncorrected .639.
    """
    runs, slices, rows, alpha = 1000, 20, 60, 0.05
    where = np.repeat([f"s{i}" for i in range(slices)], rows)
    blamed = uncorrected = 0
    for seed in range(runs):
        pair = _errors(*_noisy(slices * rows, seed, worse_by=0.03))
        found = slice_harms(MAE, pair, {"where": where}, margin=0.03, alpha=alpha, min_rows=50)
        blamed += any(s.harmed for s in found)
        uncorrected += any(s.p_harm is not None and s.p_harm <= alpha for s in found)
    assert blamed / runs <= alpha + 0.015
    assert uncorrected / runs > 0.5, "the harness does not see what Holm corrects"


def test_the_spoiled_slice_is_found_by_name_and_no_other() -> None:
    n = 12_000
    rng = np.random.default_rng(3)
    carrier = rng.choice(["UA", "DL", "AA"], n)
    origin = rng.choice(["JFK", "EWR"], n)
    ours, theirs = _noisy(n, seed=4)
    ours = np.where((carrier == "UA") & (origin == "JFK"), ours + 0.2, ours)
    found = slice_harms(
        MAE,
        _errors(ours, theirs),
        {"carrier": carrier, "origin": origin},
        margin=0.15,
        alpha=0.05,
        min_rows=500,
    )
    harmed = [(s.column, s.value) for s in found if s.harmed]
    assert harmed == [("carrier × origin", "UA × JFK")]
    assert len(found) == 3 + 2 + 6


def test_without_intersections_only_the_columns_themselves_are_judged() -> None:
    columns = {"a": np.repeat(["x", "y"], 50), "b": np.tile(["u", "v"], 50)}
    pair = _errors(*_noisy(100, seed=0))
    found = slice_harms(
        MAE, pair, columns, margin=0.1, alpha=0.05, min_rows=10, intersections=False
    )
    assert [s.column for s in found] == ["a", "a", "b", "b"]


@given(st.integers(0, 10_000), st.integers(1, 40))
def test_intersections_are_the_rows_that_two_slices_share(seed: int, min_rows: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.choice(list("xyz"), 100), rng.choice(list("uv"), 100)
    found = slice_harms(
        MAE, _errors(*_noisy(100, seed)), {"a": a, "b": b}, margin=0.1, alpha=0.05,
        min_rows=min_rows,
    )  # fmt: skip
    crossed = {s.value: s.rows for s in found if s.column == "a × b"}
    for x in np.unique(a):
        for u in np.unique(b):
            shared = int(((a == x) & (b == u)).sum())
            wanted = min_rows <= shared < min((a == x).sum(), (b == u).sum())
            assert crossed.get(f"{x} × {u}") == (shared if wanted else None)


def test_an_intersection_that_is_all_of_one_slice_is_left_out() -> None:
    columns = {"code": np.repeat(["a", "b"], 100), "name": np.repeat(["Ann", "Bob"], 100)}
    found = slice_harms(
        MAE, _errors(*_noisy(200, seed=0)), columns, margin=0.1, alpha=0.05, min_rows=10
    )
    assert [s.column for s in found] == ["code", "code", "name", "name"]


def test_small_slices_are_listed_with_their_rows_and_not_judged() -> None:
    where = np.array(["big"] * 97 + ["few"] * 2 + ["one"])
    pair = _errors(*_noisy(100, seed=0, worse_by=3.0))
    found = slice_harms(MAE, pair, {"where": where}, margin=0.1, alpha=0.05, min_rows=50)
    assert [(s.value, s.not_judged) for s in found] == [
        ("big", ""),
        ("few", "2 rows; at least 50 are needed"),
        ("one", "1 row; at least 50 are needed"),
    ]
    assert [s.harmed for s in found] == [True, False, False]
    assert (found[1].comparison, found[1].p_harm, found[1].p_adjusted) == (None, None, None)


def test_a_slice_of_one_class_is_not_judged_and_says_so() -> None:
    pair = Pair(sample("binary", 400, seed=0), sample("binary", 400, seed=0))
    found = slice_harms(AUC, pair, {"y": pair.y}, margin=0.1, alpha=0.05, min_rows=10)
    assert len(found) == 2
    for part in found:
        assert "one class" in part.not_judged
        assert not part.harmed


def test_only_judged_slices_count_in_the_correction() -> None:
    where = np.array(["a"] * 100 + ["b"] * 100 + ["c"] * 5)
    pair = _errors(*_noisy(205, seed=1, worse_by=0.15))
    found = slice_harms(MAE, pair, {"where": where}, margin=0.1, alpha=0.05, min_rows=50)
    p = [s.p_harm for s in found if s.p_harm is not None]
    assert len(p) == 2
    assert [s.p_adjusted for s in found[:2]] == pytest.approx(holm(np.array(p)).tolist())


@pytest.mark.parametrize("min_rows", [1, 3])
def test_three_rows_missing_columns_and_constant_columns_do_no_harm(min_rows: int) -> None:
    columns = {
        "never": np.full(3, math.nan),
        "nobody": np.array([None, None, None], dtype=object),
        "same": np.array(["x", "x", "x"]),
        "each": np.array([1.0, 2.0, 3.0]),
    }
    for metric, pair in (
        (MAE, _errors(*_noisy(3, seed=0))),
        (AUC, Pair(*(sample("binary", 3, seed=s).take(np.arange(3)) for s in (1, 1)))),
        (ACCURACY, Pair(Scores(np.zeros(3), np.ones(3)), Scores(np.zeros(3), np.zeros(3)))),
    ):
        found = slice_harms(metric, pair, columns, margin=0.1, alpha=0.05, min_rows=min_rows)
        assert [s.value for s in found[:3]] == ["(missing)", "(missing)", "x"]
        for part in found:
            assert (part.comparison is None) == bool(part.not_judged)


def test_a_model_against_itself_harms_no_slice_even_without_margin() -> None:
    scores = sample("binary", 2000, seed=0)
    where = np.arange(2000) % 4
    for name in ("roc_auc", "accuracy", "log_loss", "f1"):
        found = slice_harms(
            get_metric("binary", name), Pair(scores, scores), {"where": where}, margin=0.0,
            alpha=0.05, min_rows=10,
        )  # fmt: skip
        assert [s.p_harm for s in found] == [1.0] * 4
        assert not any(s.harmed for s in found)


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(UsageError, match="'x'"):
        slice_harms(
            MAE, _errors(*_noisy(9, 0)), {"x": np.arange(4.0)}, margin=0, alpha=0.05, min_rows=1
        )


def test_clusters_make_harm_less_sure() -> None:
    """20 clusters, each with an offset of its own: 2,000 rows know no more than 20."""
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(20), 100)
    ours, theirs = _noisy(2000, seed=6)
    offsets = rng.normal(size=20)
    ours = ours + 0.2 + 0.8 * (offsets - offsets.mean())[group]
    alone = _errors(ours, theirs)
    clustered = Pair(alone.candidate, alone.champion, group)
    where = {"all": np.array(["x"] * 2000)}
    ask = {"margin": 0.0, "alpha": 0.05, "min_rows": 10}
    (by_row,), (by_cluster,) = (slice_harms(MAE, p, where, **ask) for p in (alone, clustered))
    assert by_row.p_harm is not None
    assert by_cluster.p_harm is not None
    assert by_row.p_harm < by_cluster.p_harm / 1000


def _harm(pair: Pair, name: str, margin: float, alpha: float = 0.05) -> tuple[Comparison, float]:
    task = "regression" if name in ("mae", "rmse") else "binary"
    found = compare(get_metric(task, name), pair, margin=margin, alpha=alpha)
    return found, p_of_harm(found)


@given(st.integers(0, 500), st.sampled_from(["roc_auc", "accuracy", "log_loss", "f1", "cost"]))
def test_one_slice_alone_is_harmed_exactly_when_its_verdict_is_worse(seed: int, name: str) -> None:
    good = sample("binary", 300, seed=seed)
    rng = np.random.default_rng(seed)
    noise = np.clip(good.probability + 0.35 * rng.normal(size=300), 0.001, 0.999)
    poor = Scores(good.y, (noise > 0.5).astype(int), noise)
    found, p = _harm(Pair(poor, good), name, margin=0.03)
    assert (p <= 0.05) == (found.verdict == "worse")


@pytest.mark.parametrize("name", ["mae", "rmse"])
def test_p_of_harm_is_the_alpha_at_which_the_verdict_turns(name: str) -> None:
    pair = _errors(*_noisy(30, seed=2, worse_by=0.35))
    _, p = _harm(pair, name, margin=0.1)
    assert 0.001 < p < 0.4
    assert _harm(pair, name, margin=0.1, alpha=p * 1.001)[0].verdict == "worse"
    assert _harm(pair, name, margin=0.1, alpha=p * 0.999)[0].verdict == "inconclusive"


def test_harm_to_accuracy_has_the_p_of_tangos_score_test() -> None:
    """Of 400 rows the candidate loses 30 and gains 4; p is where the verdict turns, far in the
    tail too."""
    y = np.ones(400, dtype=int)
    ours, theirs = y.copy(), y.copy()
    ours[:30], theirs[30:34] = 0, 0
    pair, everyone = Pair(Scores(y, ours), Scores(y, theirs)), {"all": np.zeros(400)}
    for margin in (0.0, 0.01, 0.03):
        (part,) = slice_harms(ACCURACY, pair, everyone, margin=margin, alpha=0.05, min_rows=1)
        p = part.p_harm
        assert p is not None
        assert compare(ACCURACY, pair, margin=margin, alpha=p * 1.001).verdict == "worse"
        assert compare(ACCURACY, pair, margin=margin, alpha=p * 0.999).verdict != "worse"


def test_the_same_difference_on_every_row_decides_by_itself() -> None:
    theirs = np.full(50, 4.0)
    assert _harm(_errors(theirs + 1.0, theirs), "mae", margin=0.5)[1] == 0.0
    assert _harm(_errors(theirs + 1.0, theirs), "mae", margin=1.0)[1] == 1.0
    assert _harm(_errors(theirs - 1.0, theirs), "mae", margin=0.5)[1] == 1.0


def test_perfect_rankings_without_spread_use_the_rule_of_three() -> None:
    """5 rows of either class, ranked perfectly by one and upside down by the other."""
    y = np.repeat([0, 1], 5)
    up = np.linspace(0.1, 0.9, 10)
    perfect, wrong = Scores(y, (up > 0.5) * 1, up), Scores(y, (up < 0.5) * 1, 1 - up)
    found, p = _harm(Pair(wrong, perfect), "roc_auc", margin=0.5)
    assert "rule of three" in found.method
    assert found.difference == -1.0
    assert p == pytest.approx(0.5**5)
    stricter, _ = _harm(Pair(wrong, perfect), "roc_auc", margin=0.5, alpha=0.5**5 * 1.001)
    assert stricter.verdict == "worse"
    stricter, _ = _harm(Pair(wrong, perfect), "roc_auc", margin=0.5, alpha=0.5**5 * 0.999)
    assert stricter.verdict == "inconclusive"
