"""Images of a search, drawn from studies as searches leave them, ordinary and odd."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from projects.jobs.search_figures import search_drawings
from projects.jobs.search_parts import parts_of, points_of
from tests.jobs.searched import BOOSTED, LINEAR, Tried, drawn, study_of
from tests.reports.drawn import clipped, words

ALL = ["history", "importance", "parallel", "slice"]


def names(study: optuna.Study) -> list[str]:
    paths = [path for path, _ in search_drawings(study, "roc_auc")]
    assert all(path.startswith("figures/search_") for path in paths)
    return sorted(path.removeprefix("figures/search_").removesuffix(".png") for path in paths)


def draw(study: optuna.Study) -> str:
    """All texts of all drawings, none of which reaches beyond its figure."""
    figures = [drawing() for _, drawing in search_drawings(study, "roc_auc")]
    assert [text for figure in figures for text in clipped(figure)] == []
    return "\n".join(words(figure) for figure in figures)


def without_value(tried: Tried, state: str) -> Tried:
    return replace(tried, value=None, state=state)  # type: ignore[arg-type]


def odd_searches() -> dict[str, Sequence[Tried]]:
    """Searches with something odd about them, by what that is."""
    many = drawn(14)
    outside = replace(many[3], params={**many[3].params, "max_depth": 40, "learning_rate": 0.9})
    nought = replace(many[3], params={**many[3].params, "learning_rate": 0.0})
    spaces = {"none": CategoricalDistribution((None, 3, "sqrt")), "one": IntDistribution(2, 2)}
    step = {"C": FloatDistribution(0.0, 1.0, step=0.25)}
    return {
        "one trial": many[:1],
        "two trials": many[:2],
        "all pruned": [without_value(tried, "pruned") for tried in many],
        "all failed": [without_value(tried, "failed") for tried in many],
        "some without value": [*(without_value(t, "failed") for t in many[:5]), *many[5:]],
        "outside the range": [*many[:3], outside, *many[4:]],
        "nought on a logarithmic axis": [*many[:3], nought, *many[4:]],
        "one dimension": drawn(14, LINEAR),
        "nothing searched": drawn(14, {}),
        "a choice of nothing, and no choice": drawn(14, spaces),
        "steps": drawn(14, step),
        "all of one value": [replace(tried, value=0.7) for tried in many],
        "infinite": [replace(many[0], value=float("inf")), *many[1:]],
        "far worse": [replace(many[0], value=-1e9), *many[1:]],
        "gaps in the numbers": [replace(tried, number=3 * tried.number) for tried in many],
    }


@pytest.mark.parametrize("odd", sorted(odd_searches()))
def test_odd_searches_are_drawn_as_far_as_they_can_be(odd: str) -> None:
    draw(study_of(odd_searches()[odd]))


def test_where_lower_is_better_the_figures_say_so() -> None:
    text = draw(study_of(drawn(12), direction="minimize"))
    assert "lower is better" in text
    assert "higher is better" not in text


def test_a_search_has_four_images() -> None:
    assert names(study_of(drawn(14))) == ALL


def test_without_trials_there_is_no_image() -> None:
    assert names(study_of([])) == []


def test_what_cannot_be_drawn_is_left_out() -> None:
    assert names(study_of(odd_searches()["all pruned"])) == ["history"]
    assert names(study_of(odd_searches()["nothing searched"])) == ["history"]
    assert names(study_of(odd_searches()["two trials"])) == ["history", "parallel", "slice"]
    assert names(study_of(odd_searches()["one dimension"])) == ["history", "parallel", "slice"]


def both_estimators() -> list[Tried]:
    linear = drawn(12, LINEAR, seed=1)
    return drawn(12) + [
        replace(tried, number=12 + tried.number, estimator="linear") for tried in linear
    ]


def test_each_estimator_has_images_of_its_own_parameters() -> None:
    study = study_of(both_estimators(), several=True)
    assert names(study) == [
        "history",
        "importance_xgboost",
        "parallel_linear",
        "parallel_xgboost",
        "slice_linear",
        "slice_xgboost",
    ]
    boosted, linear = parts_of(study)
    assert (boosted.names, linear.names) == (list(BOOSTED), ["C"])
    text = draw(study)
    assert "xgboost.max_depth" not in text
    assert "max_depth" in text


def test_the_titles_say_which_trial_is_best_and_which_parameter_matters() -> None:
    text = draw(study_of(drawn(40)))
    assert "of 40 is the best: roc_auc 0.7" in text
    assert "'learning_rate' matters most" in text  # which alone decides in these trials
    assert "roc_auc (higher is better)" in text


def test_a_trial_keeps_its_number_in_the_search_whatever_optuna_calls_it() -> None:
    study = study_of(odd_searches()["gaps in the numbers"])
    assert [point.number for point in points_of(study)] == [3 * n for n in range(14)]
    (part,) = parts_of(study)
    done = [t.number for t in part.study.trials if t.value is not None]
    assert done == [3 * n for n in range(14)]


def test_a_range_is_widened_to_hold_the_parameters_that_were_given() -> None:
    (part,) = parts_of(study_of(odd_searches()["outside the range"]))
    ends = {dimension.name: (dimension.low, dimension.high) for dimension in part.dimensions}
    assert ends["max_depth"] == (3, 40)
    assert ends["learning_rate"] == (0.01, 0.9)
    assert ends["subsample"] == (0.5, 1.0)


def test_nought_has_no_place_on_a_logarithmic_axis() -> None:
    (part,) = parts_of(study_of(odd_searches()["nought on a logarithmic axis"]))
    rate = part.dimensions[0]
    assert rate.log
    assert [index for index, value in enumerate(rate.values) if value != value] == [3]
    assert "none" in draw(study_of(odd_searches()["nought on a logarithmic axis"]))


def test_importances_are_shares_and_need_ten_trials() -> None:
    (part,) = parts_of(study_of(drawn(10)))
    shares = part.importance()
    assert set(shares) == set(BOOSTED)
    assert sum(shares.values()) == pytest.approx(1)
    (few,) = parts_of(study_of(drawn(9)))
    assert few.importance() == {}


def test_drawing_leaves_optunas_logging_as_it_was() -> None:
    before = optuna.logging.get_verbosity()
    parts_of(study_of(drawn(3)))
    assert optuna.logging.get_verbosity() == before
