from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from podium.errors import UsageError
from podium.evaluation import Pair, Scores, compare, get_metric
from tests.evaluation.pairs import pair
from tests.evaluation.samples import sample


def test_two_models_with_different_truths_are_no_pair() -> None:
    one, other = sample("binary", 20, seed=1), sample("binary", 20, seed=2)
    with pytest.raises(UsageError, match="same truth"):
        Pair(one, other)
    with pytest.raises(UsageError, match="20 rows and the champion's 19"):
        Pair(one, one.take(np.arange(19)))


@pytest.mark.parametrize("group", [np.arange(19), np.zeros(20), np.array(["a"] * 20)])
def test_groups_that_are_not_an_integer_for_each_row_are_refused(group: np.ndarray) -> None:
    scores = sample("binary", 20, seed=1)
    with pytest.raises(UsageError, match="not 20 integers"):
        Pair(scores, scores, group)


def test_taking_rows_takes_them_of_both_models_and_of_the_groups() -> None:
    both = pair("binary", 20, seed=3, group=np.arange(20) // 2)
    rows = np.array([4, 7, 1])
    taken = both.take(rows)
    assert len(taken) == 3
    np.testing.assert_array_equal(taken.candidate.y, both.y[rows])
    np.testing.assert_array_equal(taken.champion.prediction, both.champion.prediction[rows])
    assert taken.group is not None
    assert taken.group.tolist() == [2, 3, 0]


def test_clusters_are_numbered_from_0_and_rows_are_their_own_without_groups() -> None:
    both = pair("regression", 5, seed=4, group=np.array([-7, 90, -7, 3, 90]))
    assert both.clusters().tolist() == [0, 2, 0, 1, 2]
    assert replace(both, group=None).clusters().tolist() == [0, 1, 2, 3, 4]


def test_a_pair_agrees_only_where_predictions_and_probabilities_are_the_same() -> None:
    both = pair("binary", 50, seed=5)
    scores = both.champion
    copy = Scores(scores.y.copy(), scores.prediction.copy(), scores.probability)
    assert Pair(copy, scores).agrees()
    assert not both.agrees()
    assert not Pair(Scores(scores.y, scores.prediction), scores).agrees()
    assert not Pair(replace(scores, prediction=1 - scores.prediction), scores).agrees()


def test_a_few_rows_answered_alike_count_as_the_same_model() -> None:
    y = np.array([0, 1, 1])
    both = Pair(Scores(y, np.array([0, 1, 0])), Scores(y, np.array([0, 1, 0])))
    found = compare(get_metric("binary", "accuracy"), both)
    assert both.agrees()
    assert (found.verdict, found.error) == ("not_worse", 0.0)
