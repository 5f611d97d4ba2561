from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.artifact.scoring import Canonicaliser, Decision, Scorer

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize(
    ("labels", "dtype"),
    [
        ((0, 1), np.int64),
        ((False, True), np.bool_),
        ((0.5, 1.5), np.float64),
        (("no", "yes"), object),
        (("no", 1), object),
    ],
)
def test_predictions_have_the_type_of_the_label(labels: Any, dtype: Any) -> None:
    table = Decision("binary", labels, 0.5).table(np.array([0.4, 0.6]))
    assert table["prediction"].dtype == np.dtype(dtype)
    assert table["prediction"].tolist() == list(labels)
    assert [type(value) for value in table["prediction"].tolist()] == [type(x) for x in labels]


def test_the_threshold_itself_is_positive() -> None:
    below = np.nextafter(0.3, 0)
    table = Decision("binary", (0, 1), 0.3).table(np.array([below, 0.3]))
    assert table["prediction"].tolist() == [0, 1]
    assert table["probability"].tolist() == [below, 0.3]


def test_of_several_classes_the_likeliest_is_predicted_and_each_has_its_column() -> None:
    decision = Decision("multiclass", ("a", "b", "c"))
    table = decision.table(np.array([[0.1, 0.7, 0.2], [0.4, 0.3, 0.3]]), pd.Index([5, 6]))
    assert list(table.columns) == [
        "prediction",
        "probability_a",
        "probability_b",
        "probability_c",
    ]
    assert table["prediction"].tolist() == ["b", "a"]
    assert table.index.tolist() == [5, 6]
    assert tuple(table.columns) == decision.output_names


def test_boolean_classes_name_their_columns_as_categories_are_spelt() -> None:
    names = Decision("multiclass", (False, True)).output_names
    assert names == ("prediction", "probability_false", "probability_true")


def test_regression_gives_doubles() -> None:
    table = Decision("regression").table(np.array([1, 2]))
    assert table.dtypes.to_dict() == {"prediction": np.dtype(np.float64)}


@pytest.mark.parametrize(
    "decision",
    [
        Decision("binary", (False, True), 0.25),
        Decision("multiclass", ("a", 1, 2.5)),
        Decision("regression"),
    ],
)
def test_a_decision_survives_json(decision: Decision) -> None:
    again = Decision.from_json(decision.to_json())
    assert again == decision
    assert [type(label) for label in again.labels] == [type(label) for label in decision.labels]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2"),
        ({"task": "ranking"}, "'ranking' with 2 labels"),
        ({"labels": ["one"]}, "'binary' with 1 labels"),
        ({"labels": ["one", "two", "three"]}, "'binary' with 3 labels"),
        ({"labels": "ab"}, "labels is no list"),
        ({"labels": [[1], [2]]}, "neither text, number nor boolean"),
        ({"labels": [None, "b"]}, "neither text, number nor boolean"),
        ({"labels": ["a", "a"]}, "comes twice"),
        ({"schema": True}, "schema True"),
        ({"threshold": None}, "needs a threshold"),
        ({"threshold": True}, "needs a threshold"),
        ({"threshold": 10**400}, "no probability"),
        ({"threshold": -5}, "no probability"),
        ({"threshold": float("nan")}, "no probability"),
    ],
)
def test_a_decision_that_cannot_be_taken_is_refused(change: Any, message: str) -> None:
    document = Decision("binary", (0, 1), 0.5).to_json()
    with pytest.raises(ValueError, match=message):
        Decision.from_json(document | change)


def test_a_scorer_without_columns_answers_every_row() -> None:
    from sklearn.dummy import DummyClassifier

    model = DummyClassifier(strategy="prior").fit(np.zeros((4, 1)), [0, 0, 0, 1])
    scorer = Scorer(Canonicaliser(()), Decision("binary", (0, 1), 0.5), model)
    assert scorer.score(pd.DataFrame({"x": [1, 2, 3]}))["probability"].tolist() == [0.25] * 3


def test_a_scorer_takes_no_parameters() -> None:
    from tests.artifact.samples import linear

    with pytest.raises(ValueError, match="no parameters; got temperature"):
        linear().predict(pd.DataFrame({"gate": [1.0]}), {"temperature": 1})
    assert len(linear().predict({"gate": [1.0]})) == 1
