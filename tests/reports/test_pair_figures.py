"""Figures of two models on the same rows, on ordinary and odd input."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from podium.errors import UsageError
from podium.reports import figures
from podium.reports.figures import DifferenceBar, FlipBar, GroupBar
from tests.reports.drawn import clipped, png, words

NAN = float("nan")
NAMES = ("version 3", "version 2")
LONG = "a_very_long_name_that_never_seems_to_come_to_an_end_" * 3
Three = tuple[np.ndarray, np.ndarray, np.ndarray]


def scores(rows: int) -> Three:
    rng = np.random.default_rng(0)
    level = rng.normal(size=rows)
    y = (rng.random(rows) < 1 / (1 + np.exp(1.3 - level))).astype(float)
    ours, theirs = (1 / (1 + np.exp(1.3 - level - rng.normal(0, s, rows))) for s in (0.3, 0.6))
    return y, ours, theirs


def three_columns(rows: int) -> dict[str, Three]:
    """Ordinary and odd columns, by what is odd about them."""
    y, ours, theirs = scores(rows)
    holes = ours.copy()
    holes[: rows // 3] = NAN
    flat = np.full(rows, 0.3)
    return {
        "ordinary": (y, ours, theirs),
        "two rows": (np.array([0.0, 1.0]), np.array([0.2, 0.7]), np.array([0.3, 0.1])),
        "one row": (np.array([1.0]), np.array([0.3]), np.array([0.4])),
        "no rows": (np.zeros(0), np.zeros(0), np.zeros(0)),
        "constant": (y, flat, flat),
        "all zero": (np.zeros(rows), np.zeros(rows), np.zeros(rows)),
        "one class": (np.ones(rows), ours, theirs),
        "holes": (y, holes, theirs),
        "only NaN": (y, flat * NAN, theirs),
        "the same": (y, ours, ours),
    }


def both_recall(y: Any, ours: Any, theirs: Any, names: Any = NAMES) -> Figure:
    classes = [np.round(np.asarray(column, dtype=float)) for column in (y, ours, theirs)]
    return figures.both_recall_figure(*classes, ["no", LONG], names)


BOTH = (
    figures.both_roc_figure,
    figures.both_calibration_figure,
    figures.both_predicted_figure,
    figures.both_errors_figure,
    both_recall,
)


@pytest.mark.parametrize("draw", BOTH)
@pytest.mark.parametrize("odd", three_columns(60))
def test_two_models_draw_whatever_they_answer(draw: Callable[..., Figure], odd: str) -> None:
    assert clipped(draw(*three_columns(60)[odd], (LONG, "$x_{$"))) == []


@pytest.mark.parametrize("draw", BOTH)
def test_two_models_are_named_and_their_rows_counted(draw: Callable[..., Figure]) -> None:
    text = words(draw(*scores(3000), NAMES))
    assert "Holdout: 3,000 rows" in text
    assert "version 3" in text.casefold()
    assert "version 2" in text
    assert "20 without a" in words(draw(*three_columns(60)["holes"], NAMES))


@pytest.mark.parametrize("draw", BOTH)
def test_without_rows_a_sentence_stands_in_for_both(draw: Callable[..., Figure]) -> None:
    assert "There are no rows" in words(draw([], [], []))


@pytest.mark.parametrize("draw", BOTH)
def test_columns_of_different_length_are_refused(draw: Callable[..., Figure]) -> None:
    with pytest.raises(UsageError, match="one length"):
        draw([0, 1], [0.5, 0.5], [0.5])


@pytest.mark.parametrize("draw", BOTH)
def test_300_000_rows_of_two_models_draw_quickly(draw: Callable[..., Figure]) -> None:
    columns = scores(300_000)
    png(draw(*scores(10)))  # fonts are loaded once
    started = time.perf_counter()
    png(draw(*columns))
    assert time.perf_counter() - started < 4  # about 0.5 s; the bound is for busy machines


def test_both_roc_states_both_areas() -> None:
    text = words(figures.both_roc_figure([0, 1, 1], [0.1, 0.4, 0.8], [0.5, 0.4, 0.8], NAMES))
    assert "ROC AUC 1 of version 3, 0.500 of version 2" in text
    assert "needs both" not in text
    assert "needs both" not in words(figures.both_roc_figure([0, 1], [0, 1], [1, 0]))
    assert "need both" in words(figures.both_roc_figure([1, 1], [0, 1], [1, 0]))


def test_both_calibration_sets_means_against_the_observed_share() -> None:
    text = words(figures.both_calibration_figure([0, 0, 0, 1], [0.2] * 4, [0.3] * 4, NAMES))
    assert "25% are positive; version 3 predicts 20% on average, version 2 30%" in text


def test_both_predicted_and_errors_state_what_is_within_reach() -> None:
    columns = ([10, 10, 10], [12, 8, 12], [13, 7, 13])
    text = words(figures.both_predicted_figure(*columns, NAMES, unit="bikes"))
    assert "within 2 bikes of the actual value with version 3, within 3 with version 2" in text
    text = words(figures.both_errors_figure(*columns, NAMES, unit="bikes"))
    assert "off by at most 2 bikes with version 3, 3 with version 2" in text


def test_both_recall_counts_classes_that_gain_and_lose() -> None:
    y, ours, theirs = [0, 0, 1, 1, 2], [0, 0, 1, 0, 2], [0, 1, 1, 1, 2]
    text = words(figures.both_recall_figure(y, ours, theirs, ["a", "b", "c", "never"], NAMES))
    assert "Version 3 finds more of 1 classes and less of 1" in text
    assert "−50.0 points 2 rows" in text
    assert "never" not in text


@pytest.mark.parametrize("k", [3, 60])
def test_both_recall_draws_at_most_forty_classes(k: int) -> None:
    y = np.arange(600) % k
    figure = figures.both_recall_figure(y, (y + (y % 2)) % k, y, [f"{LONG}{i}" for i in range(k)])
    assert ("the 40 that change worst are shown" in words(figure)) == (k == 60)
    assert clipped(figure) == []


def differences(bars: Sequence[DifferenceBar], **more: Any) -> Figure:
    given = {"metric": "roc_auc", "higher_is_better": True, "margin": 0.03, "names": NAMES} | more
    return figures.differences_figure(bars, **given)


def test_differences_lead_with_the_harmed_slice_and_count_the_rest() -> None:
    bars = [
        DifferenceBar("origin", "JFK", 900, -0.2, -0.5, 0.1),
        DifferenceBar("origin", "LGA", 500, -0.071, -0.09, -0.052, harmed=True),
        DifferenceBar("origin", "EWR", 9, NAN, NAN, NAN),
    ]
    overall = DifferenceBar("", "", 1400, 0.01, 0.005, 0.015)
    figure = differences(bars, overall=overall)
    text = words(figure)
    assert "Harmed: origin = LGA (roc_auc −0.071)" in text
    assert "2 slices judged, 1 not judged, 1 harmed (orange)" in text
    assert "roc_auc, version 3 − version 2 (higher is better)" in text
    assert {"allowed", "equal", "all rows"} <= set(text.splitlines())
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["all rows", "origin = LGA", "origin = JFK"]
    assert clipped(figure) == []


def test_differences_where_lower_is_better_put_the_margin_on_the_other_side() -> None:
    bars = [DifferenceBar("a", v, 1, d, d - 1, d + 1) for v, d in (("x", -3.0), ("y", 2.0))]
    figure = differences(bars, higher_is_better=False, margin=5.0)
    assert figure.axes[0].get_yticklabels()[0].get_text() == "a = y"
    low, high = figure.axes[0].get_xlim()
    assert low < -4 < 5 < high
    assert "No slice is harmed" in words(figure)


def test_differences_keep_to_forty_and_draw_odd_ones() -> None:
    bars = [DifferenceBar(LONG, f"{LONG}{i}", i, -i / 100, NAN, NAN) for i in range(60)]
    figure = differences(bars, margin=0.0)
    assert "60 slices judged, the worst 40 shown" in words(figure)
    assert clipped(figure) == []
    assert "No slice was judged." in words(differences([]))
    assert clipped(differences([DifferenceBar("a", "b", 5, 0.0, 0.0, 0.0)], margin=0.0)) == []


def test_flips_name_both_sides_and_what_is_wrong_under_both() -> None:
    where = [FlipBar("origin", "JFK", 100, 20, 12, 5), FlipBar("origin", "none", 0, 0, 0, 0)]
    figure = figures.flips_figure(where, overall=FlipBar("", "", 1000, 100, 60, 30), names=NAMES)
    text = words(figure)
    assert "10% of decisions change: 60 become right, 30 become wrong" in text
    assert "from version 2 to version 3, 10 wrong under both" in text
    assert "20% of 100 rows" in text
    assert "none" not in text
    assert clipped(figure) == []


def test_flips_draw_one_sided_many_and_none() -> None:
    many = [FlipBar(LONG, f"{LONG}{i}", 100, 9, 9, 0) for i in range(50)]
    figure = figures.flips_figure(many, overall=FlipBar("", "", 5000, 450, 450, 0))
    assert "the 30 of 50 slices that change most" in words(figure)
    assert clipped(figure) == []
    none = figures.flips_figure([], overall=FlipBar("", "", 100, 0, 0, 0))
    assert "decide the same" in words(none)
    assert "no rows" in words(figures.flips_figure([], overall=FlipBar("", "", 0, 0, 0, 0)))


def test_groups_state_how_far_apart_they_are_under_both_models() -> None:
    ours = [GroupBar("f", 900, 0.2, 0.6, 0.1), GroupBar("m", 800, 0.3, 0.7, 0.2)]
    theirs = [GroupBar("f", 900, 0.25, 0.6, 0.1), GroupBar("m", 800, 0.27, 0.7, 0.2)]
    small = GroupBar("x", 3, 1.0, NAN, NAN)
    figure = figures.groups_figure("sex", [*ours, small], theirs, NAMES, min_rows=500)
    text = words(figure)
    assert "Called positive by sex: 10.0 points apart with version 3, 2.0 with version 2" in text
    assert "1 of fewer than 500 rows not compared" in text
    assert {"f (900)", "m (800)", "x (3)"} <= set(text.splitlines())
    assert clipped(figure) == []


def test_groups_draw_without_a_champion_and_with_too_few() -> None:
    many = [GroupBar(f"{LONG}{i}", i, i / 99, NAN, NAN) for i in range(50)]
    figure = figures.groups_figure(LONG, many)
    assert "the largest 30 shown" in words(figure)
    assert clipped(figure) == []
    assert "too few groups" in words(figures.groups_figure("sex", many[:1]))
    assert "no groups with rows" in words(figures.groups_figure("sex", []))
