"""Figures of an actual and a predicted column on ordinary and odd input, and the common look."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from podium.errors import UsageError
from podium.reports import figures
from tests.reports.drawn import clipped, png, words

NAN = float("nan")
Pair = tuple[np.ndarray, np.ndarray]


def scores(rows: int, seed: int = 0) -> Pair:
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.24).astype(int)
    return y, 1 / (1 + np.exp(1.3 - rng.normal(size=rows) - 0.7 * y))


def demand(rows: int) -> Pair:
    rng = np.random.default_rng(0)
    level = np.exp(rng.normal(3, 0.3, rows))
    return rng.poisson(level).astype(float), level


def two_columns(rows: int) -> dict[str, Pair]:
    """Ordinary and odd pairs of columns, by what is odd about them."""
    y, p = scores(rows)
    holes = p.copy()
    holes[: len(p) // 3] = np.nan
    return {
        "ordinary": (y, p),
        "two rows": (np.array([0, 1]), np.array([0.2, 0.7])),
        "one row": (np.array([1]), np.array([0.3])),
        "no rows": (np.array([], dtype=int), np.array([])),
        "constant scores": (y, np.full(len(y), 0.3)),
        "all zero": (y, np.zeros(len(y))),
        "one class": (np.ones(len(y), dtype=int), p),
        "holes": (y, holes),
        "only NaN": (y, np.full(len(y), np.nan)),
        "infinite": (y, np.where(p > 0.5, np.inf, p)),
    }


def roc(y: Any, p: Any) -> Figure:
    return figures.roc_figure(y, p, auc=0.69, low=0.684, high=0.696, threshold=0.31)


def precision_recall(y: Any, p: Any) -> Figure:
    return figures.precision_recall_figure(
        y, p, average_precision=0.4, low=0.39, high=0.41, threshold=0.31
    )


def calibration(y: Any, p: Any) -> Figure:
    return figures.calibration_figure(y, p, brier=0.17, baseline_rate=0.24)


def score_distribution(y: Any, p: Any) -> Figure:
    return figures.score_distribution_figure(
        y, p, threshold=0.31, positive_label="default", negative_label="paid", part="holdout"
    )


def predicted(y: Any, p: Any) -> Figure:
    return figures.predicted_against_actual_figure(y, p, unit="bikes")


COLUMN_FIGURES = (
    roc,
    precision_recall,
    calibration,
    score_distribution,
    predicted,
    figures.residuals_figure,
)


@pytest.mark.parametrize("draw", COLUMN_FIGURES)
@pytest.mark.parametrize("odd", two_columns(50))
def test_two_columns_draw_whatever_they_hold(draw: Callable[..., Figure], odd: str) -> None:
    figure = draw(*two_columns(50)[odd])
    assert isinstance(figure.canvas, FigureCanvasAgg)
    assert figure.dpi == 110
    assert clipped(figure) == []


@pytest.mark.parametrize("draw", COLUMN_FIGURES)
def test_two_columns_say_how_many_rows_they_show(draw: Callable[..., Figure]) -> None:
    assert "Holdout: 5,000 rows" in words(draw(*scores(5000)))
    assert "17 without a" in words(draw(*two_columns(51)["holes"]))


@pytest.mark.parametrize("draw", COLUMN_FIGURES)
def test_without_rows_a_sentence_stands_in_for_the_chart(draw: Callable[..., Figure]) -> None:
    assert "There are no rows" in words(draw([], []))


@pytest.mark.parametrize("draw", COLUMN_FIGURES)
def test_columns_of_different_length_are_refused(draw: Callable[..., Figure]) -> None:
    with pytest.raises(UsageError, match="one length"):
        draw([0, 1], [0.5])


@pytest.mark.parametrize("draw", COLUMN_FIGURES)
def test_300_000_rows_draw_quickly(draw: Callable[..., Figure]) -> None:
    y, p = scores(300_000)
    png(draw(*scores(10)))  # fonts are loaded once
    started = time.perf_counter()
    png(draw(y, p))
    assert time.perf_counter() - started < 3  # about 0.2 s; the bound leaves room for busy machines


def test_roc_states_the_area_and_marks_the_threshold() -> None:
    text = words(roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]))
    assert "ROC AUC 0.690 (interval 0.684 to 0.696)" in text
    assert "at 0.310: recall 100%, false positives 50%" in text
    assert "50% positive" in text


def test_roc_of_one_class_says_that_it_needs_both() -> None:
    assert "needs both" in words(roc([1, 1], [0.1, 0.4]))


def test_an_unknown_interval_is_left_out() -> None:
    figure = figures.roc_figure([0, 1], [0, 1], auc=1, low=NAN, high=NAN, threshold=NAN)
    assert "interval" not in words(figure)


def test_precision_recall_draws_the_base_rate() -> None:
    text = words(precision_recall([0, 0, 0, 1], [0.1, 0.4, 0.35, 0.8]))
    assert "Average precision 0.400" in text
    assert "calling every row positive: 25%" in text


def test_calibration_sets_the_mean_against_the_observed_share() -> None:
    text = words(calibration([0, 0, 0, 1], [0.2, 0.2, 0.2, 0.2]))
    assert "Predicted 20% positive on average, observed 25%" in text
    assert "Brier score 0.170, against 0.188 for always answering 24%" in text


def test_calibration_zooms_into_rare_scores_and_counts_what_lies_beyond() -> None:
    p = np.append(np.linspace(0.001, 0.02, 999), 0.9)
    figure = calibration(np.arange(1000) % 100 == 0, p)
    assert figure.axes[0].get_xlim()[1] < 0.2
    assert "1 rows lie beyond" not in words(figure)
    assert "1 row lies beyond" in words(figure)


def test_score_distribution_states_the_share_of_each_class_above_the_threshold() -> None:
    text = words(score_distribution([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]))
    assert "100% of 'default' and 50% of 'paid' score 0.310 or more" in text
    assert "default: 2 rows" in text


def test_predictions_state_the_median_error_with_its_unit() -> None:
    assert "within 2 bikes of the actual value" in words(predicted([1, 2, 3], [3, 4, 5]))


def test_predictions_of_many_rows_are_binned_and_far_outliers_counted() -> None:
    y, prediction = demand(4000)
    y[0] = 1e9
    assert "4,000 rows, 1 beyond the frame, darker means more rows" in words(
        predicted(y, prediction)
    )


def test_residuals_state_where_most_of_them_lie() -> None:
    text = words(figures.residuals_figure(np.arange(11), np.zeros(11), "test"))
    assert "Residuals: median 5, 80% of them between 1 and 9" in text
    assert "Test: 11 rows" in text


def test_names_with_dollars_and_unknown_letters_draw_as_text() -> None:
    figure = figures.confusion_figure(np.eye(2), ["$\\frac{$", "自行车\x07"], part="$a$")
    assert "$\\frac{$" in words(figure)


def test_drawing_leaves_the_callers_settings_alone() -> None:
    before = dict(matplotlib.rcParams)
    png(roc(*scores(50)))
    assert dict(matplotlib.rcParams) == before


def test_figures_need_no_pyplot_and_importing_them_no_matplotlib() -> None:
    code = """
import sys
from podium.reports import figures
assert "matplotlib" not in sys.modules
figures.roc_figure([0, 1], [0.2, 0.7], auc=1, low=1, high=1, threshold=0.5).canvas.draw()
assert "matplotlib.pyplot" not in sys.modules
assert not {"sklearn", "mlflow"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
