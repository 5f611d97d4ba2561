"""Figures of a search from plain values: what is in view, what they say, and odd input."""

from __future__ import annotations

import numpy as np
import pytest

from podium.reports import figures
from podium.reports.dimensions import Dimension
from podium.reports.search import TrialPoint, best_of, counts_in_words, focus, value_in_words
from tests.reports.drawn import clipped, words

NAN = float("nan")


def points(values: list[float | None]) -> list[TrialPoint]:
    return [
        TrialPoint(number, "complete" if value is not None else "pruned", value)
        for number, value in enumerate(values)
    ]


def test_the_view_holds_all_values_that_are_not_far_worse() -> None:
    low, high = focus([0.70, 0.71, 0.72, 0.1], higher_is_better=True)
    assert 0.69 < low < 0.70
    assert 0.72 < high < 0.73
    low, high = focus([3.0, 3.1, 3.2, 90.0], higher_is_better=False)
    assert 2.9 < low < 3.0
    assert 3.2 < high < 3.3


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5], [0.0, 0.0, 1.0]])
def test_the_view_is_never_empty(values: list[float]) -> None:
    low, high = focus(values, higher_is_better=True)
    assert low < min(values) <= max(values) < high


def test_values_have_as_many_decimals_as_tell_them_apart() -> None:
    assert value_in_words(0.71234, [0.71234, 0.70, 0.69]) == "0.7123"
    assert value_in_words(0.71234567, [0.71234567, 0.712345, 0.712344]) == "0.71235"
    assert value_in_words(12345.6, [12345.6, 14000.0, 15000.0]) == "12,346"
    assert value_in_words(0.5, [0.5]) == "0.5000"


def test_the_best_is_the_first_of_equal_ones_and_trials_without_value_are_none() -> None:
    found = best_of(points([0.1, 0.7, None, 0.7]), higher_is_better=True)
    assert found is not None
    assert found.number == 1
    assert best_of(points([None, NAN]), higher_is_better=True) is None


def test_counts_leave_out_what_there_is_none_of() -> None:
    assert counts_in_words(points([0.1, None])) == "1 complete, 1 pruned"
    assert counts_in_words([]) == "no trial"


def test_the_history_names_the_best_and_what_else_became_of_trials() -> None:
    trials = [*points([0.6, None, 0.7]), TrialPoint(3, "failed")]
    figure = figures.search_history_figure(trials, metric="roc_auc", higher_is_better=True)
    text = words(figure)
    assert "Trial 2 of 4 is the best: roc_auc 0.70" in text
    assert "2 complete, 1 pruned, 1 failed" in text
    for label in ("best so far", "pruned", "failed", "roc_auc (higher is better)"):
        assert label in text.splitlines()


def test_the_history_names_estimators_where_there_are_several() -> None:
    trials = [
        TrialPoint(0, "complete", 0.7, "xgboost"),
        TrialPoint(1, "complete", 0.6, "linear"),
    ]
    figure = figures.search_history_figure(trials, metric="roc_auc", higher_is_better=True)
    assert {"xgboost", "linear"} <= set(words(figure).splitlines())


def test_far_worse_trials_are_drawn_at_the_edge_of_the_history() -> None:
    figure = figures.search_history_figure(
        points([0.70, 0.71, 0.72, 0.1]), metric="roc_auc", higher_is_better=True
    )
    low, _ = figure.axes[0].get_ylim()
    assert low > 0.6
    edge = [line for line in figure.axes[0].lines if line.get_marker() == "v"]
    assert [float(x) for line in edge for x in line.get_xdata()] == [3.0]


def wide() -> list[Dimension]:
    """More parameters than anybody searches, with long names and long choices."""
    rng = np.random.default_rng(0)
    named = [
        Dimension(f"a_parameter_with_a_long_name_{n}", rng.uniform(1, 9, 8).tolist(), 1, 9)
        for n in range(11)
    ]
    choices = tuple(f"a rather long choice number {n}" for n in range(5))
    return [
        *named,
        Dimension("choice", rng.integers(0, 5, 8).astype(float).tolist(), labels=choices),
    ]


@pytest.mark.parametrize(
    "draw", [figures.search_parallel_figure, figures.search_slice_figure], ids=["parallel", "slice"]
)
class TestParameterFigures:
    def test_long_names_and_many_parameters_stay_within_the_figure(self, draw) -> None:  # type: ignore[no-untyped-def]
        values = np.linspace(0.6, 0.7, 8).tolist()
        figure = draw(wide(), values, metric="roc_auc", higher_is_better=True, of="xgboost")
        assert clipped(figure) == []
        assert "of xgboost" in words(figure)
        assert "roc_auc" in words(figure)

    def test_without_parameters_there_is_a_sentence(self, draw) -> None:  # type: ignore[no-untyped-def]
        figure = draw([], [0.5], metric="roc_auc", higher_is_better=True)
        assert "There is no parameter with more than one value." in words(figure)

    def test_missing_values_are_no_problem(self, draw) -> None:  # type: ignore[no-untyped-def]
        dimension = Dimension("C", [0.1, NAN, 1.0], 0.1, 1.0, log=True)
        figure = draw([dimension], [0.5, 0.6, 0.7], metric="r2", higher_is_better=False)
        assert clipped(figure) == []


def test_the_parallel_figure_writes_the_values_of_the_best_trial() -> None:
    dimensions = [
        Dimension("max_depth", [3.0, 8.0], 3, 10, whole=True),
        Dimension("grow_policy", [0.0, 1.0], labels=("depthwise", "lossguide")),
        Dimension("C", [0.5, NAN], 0.1, 1.0, log=True),
    ]
    text = words(
        figures.search_parallel_figure(
            dimensions, [0.6, 0.7], metric="roc_auc", higher_is_better=True
        )
    ).splitlines()
    assert text.count("8") == 2  # a tick, and the best trial's
    assert text.count("lossguide") == 2
    assert text.count("none") == 2
    assert "0.700" in text
