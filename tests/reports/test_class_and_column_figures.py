"""Figures of classes, of training, and of what a model goes by, on ordinary and odd input."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from podium.errors import UsageError
from podium.reports import figures
from podium.reports.figures import SliceBar
from tests.reports.drawn import clipped, png, words

NAN = float("nan")
LONG = "a_very_long_column_name_that_never_seems_to_come_to_an_end_" * 3


def test_confusion_counts_rows_and_shares_and_names_the_worst() -> None:
    text = words(figures.confusion_figure([[90, 10], [3, 7]], ["paid", "default"], part="holdout"))
    assert "88.2% of rows are classified correctly" in text
    assert "'paid' taken for 'default' (10 rows)" in text
    assert "90 90%" in text


@pytest.mark.parametrize("classes", [1, 2, 15, 16, 30])
def test_confusion_writes_numbers_up_to_fifteen_classes(classes: int) -> None:
    labels = [f"{LONG}{i}" for i in range(classes)]
    figure = figures.confusion_figure(np.full((classes, classes), 1234.0), labels, part="holdout")
    cells = [line for line in words(figure).splitlines() if line.startswith("1,234 ")]
    assert len(cells) == (classes**2 if classes <= 15 else 0)
    assert clipped(figure) == []


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.full((2, 2), NAN), np.zeros((0, 0))])
def test_confusion_of_no_rows_says_so(matrix: np.ndarray) -> None:
    figure = figures.confusion_figure(matrix, ["a", "b"][: len(matrix)], part="holdout")
    assert "no rows" in words(figure)


def test_confusion_with_a_class_that_never_occurs_draws() -> None:
    assert png(figures.confusion_figure(np.array([[3, NAN], [0, 0]]), ["a", "b"], part="holdout"))


def test_confusion_refuses_labels_that_do_not_fit() -> None:
    with pytest.raises(UsageError, match="3 labels"):
        figures.confusion_figure(np.eye(2), ["a", "b", "c"], part="holdout")


def classes(rows: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y, raw = rng.integers(0, k, rows), rng.random((rows, k))
    raw[np.arange(rows), y] += np.linspace(0.1, 1, k)[y]
    return y, raw / raw.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("k", [3, 12, 40])
def test_class_curves_name_at_most_eight_and_lead_with_the_hardest(k: int) -> None:
    figure = figures.class_probability_figure(*classes(2000, k), [f"kind {i}" for i in range(k)])
    text = words(figure)
    assert "Hardest to tell apart: 'kind " in text
    assert ("the 8 hardest of" in text) == (k > 8)
    assert sum(line.startswith("kind ") for line in text.splitlines()) == min(k, 8)
    assert clipped(figure) == []


def test_class_curves_draw_on_few_constant_and_broken_rows() -> None:
    labels = ["a", "b", "c"]
    y, p = classes(9, 3)
    holes = p.copy()
    holes[:4, 0] = np.nan
    for actual, scored in ((y, holes), (y, np.full((9, 3), 1 / 3)), (y[:2], p[:2])):
        assert png(figures.class_probability_figure(actual, scored, labels, "holdout"))
    assert "one class" in words(figures.class_probability_figure(y[:1], p[:1], labels, "holdout"))
    assert "no rows" in words(figures.class_probability_figure(y, p * np.nan, labels, "holdout"))
    with pytest.raises(UsageError, match="4 labels"):
        figures.class_probability_figure(y, p, ["a", "b", "c", "d"], "holdout")


def learning(history: dict[str, list[float]], best: int | None, *, higher: bool = False) -> Figure:
    return figures.learning_curve_figure(
        history, metric="logloss", best=best, higher_is_better=higher
    )


def test_learning_curve_marks_the_best_round() -> None:
    figure = learning({"train": [0.6, 0.5, 0.4], "validation": [0.62, 0.55, 0.58]}, 1)
    text = words(figure)
    assert "logloss on validation rows is best at round 1: 0.550" in text
    assert "3 rounds, counted from 0; on train rows 0.500 at the best round" in text
    assert {"train", "validation", "logloss (lower is better)"} <= set(text.splitlines())
    assert clipped(figure) == []


@pytest.mark.parametrize(
    "history",
    [
        {"train": [0.5]},
        {"train": [0.5, 0.5], "validation": [0.5, 0.5]},
        {"train": [NAN, 0.4, NAN], "validation": [NAN, NAN, NAN]},
        {"train": [0.1, 0.2], "validation": []},
        {"other": [1.0, 2.0], "validation": [3.0]},
    ],
)
@pytest.mark.parametrize("best", [None, 0, 1, 99])
def test_learning_curve_draws_odd_histories(
    history: dict[str, list[float]], best: int | None
) -> None:
    assert clipped(learning(history, best, higher=True)) == []


@pytest.mark.parametrize("history", [{}, {"train": []}, {"train": [NAN]}])
def test_learning_curve_without_rounds_says_so(history: dict[str, list[float]]) -> None:
    assert "No round was recorded." in words(learning(history, None))


def test_importance_shows_the_top_columns_with_their_spread() -> None:
    figure = figures.importance_figure(
        ["a", "b", LONG + "1", "gone"],
        [0.1, 0.3, -0.01, NAN],
        kind="gain",
        top=2,
        errors=[0.01, 0.02, NAN, 0],
    )
    text = words(figure)
    assert "'b' matters most: 0.300" in text
    assert "2 of 4 columns" in text
    assert clipped(figure) == []


@pytest.mark.parametrize("values", [[0.0, 0.0], [NAN, 1.0], [-1.0, -2.0], [5.0, 5.0]])
def test_importance_draws_odd_values(values: list[float]) -> None:
    figure = figures.importance_figure([LONG, "$x_{$"], values, kind="gain")
    assert clipped(figure) == []


def test_importance_without_values_or_of_zero_says_so() -> None:
    assert "No column has" in words(figures.importance_figure([], [], kind="gain"))
    assert "No column has" in words(figures.importance_figure(["a"], [NAN], kind="gain"))
    assert "No column matters" in words(figures.importance_figure(["a"], [0], kind="gain"))
    with pytest.raises(UsageError, match="1 names"):
        figures.importance_figure(["a"], [1, 2], kind="gain")


def test_shap_summary_orders_columns_and_names_the_unit() -> None:
    rng = np.random.default_rng(0)
    effects = rng.normal(size=(5000, 20)) * np.arange(20)
    figure = figures.shap_summary_figure([f"x{i}" for i in range(20)], effects, effects)
    text = words(figure)
    assert "'x19' moves the prediction most" in text
    assert "log-odds" in text
    assert "1,200 of 5,000 rows, 15 of 20 columns" in text
    assert clipped(figure) == []


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_shap_summary_draws_missing_and_constant_values(rows: int) -> None:
    rng = np.random.default_rng(0)
    effects = np.column_stack((rng.normal(size=rows), np.zeros(rows), np.full(rows, np.nan)))
    values = np.column_stack((np.full(rows, np.nan), np.ones(rows), rng.normal(size=rows)))
    assert clipped(figures.shap_summary_figure(["a", LONG, "c"], effects, values)) == []


def test_shap_summary_of_nothing_says_so_and_refuses_what_does_not_fit() -> None:
    none = np.zeros((0, 2))
    assert "no SHAP values" in words(figures.shap_summary_figure(["a", "b"], none, none))
    with pytest.raises(UsageError, match="names were given"):
        figures.shap_summary_figure(["a"], np.zeros((3, 2)), np.zeros((3, 2)))


def slices(rows: list[SliceBar], *, higher: bool = True) -> Figure:
    return figures.slices_figure(rows, metric="roc_auc", overall=0.7, higher_is_better=higher)


def test_slices_lead_with_the_worst_that_is_not_worse_by_chance() -> None:
    bars = [
        SliceBar("sex", "female", 900, 0.71, 0.69, 0.73),
        SliceBar("school", "high", 500, 0.65, 0.62, 0.68),
        SliceBar("school", "other", 9, 0.5, 0.2, 0.8),
    ]
    figure = slices(bars)
    text = words(figure)
    assert "Clearly worst at school = high: roc_auc 0.650 (overall 0.700)" in text
    assert "3 slices, 1 clearly worse than overall (orange)" in text
    assert {"sex", "school", "female", "0.650 500 rows"} <= set(text.splitlines())
    assert clipped(figure) == []
    assert "Clearly worst" not in words(slices(bars[:1], higher=True))


def test_slices_read_the_other_way_when_lower_is_better() -> None:
    bars = [SliceBar("a", "x", 1, 0.9, 0.8, 1.0), SliceBar("a", "y", 1, 0.5, 0.4, 0.6)]
    assert "Clearly worst at a = x" in words(slices(bars, higher=False))


def test_slices_draw_unknown_intervals_and_long_names_and_keep_to_forty() -> None:
    bars = [SliceBar(LONG, f"{LONG}{i}", i, i / 100, NAN, NAN) for i in range(70)]
    figure = slices([*bars, SliceBar("gone", "x", 0, NAN, NAN, NAN)])
    assert "71 slices, the worst 40 shown, 1 without an estimate" in words(figure)
    assert clipped(figure) == []
    assert "No slice has an estimate." in words(slices([]))
