from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from projects.evaluating.outputs import answers_to_scores
from projects.evaluating.own_code import DoesNotAnswer

Y = np.array([0, 1, 1, 0])
Y3 = np.array([0, 1, 2, 0])
AT = ("on time", "late")  # negative, positive; sorted it is the other way round
P = [0.1, 0.9, 0.5, 0.4]


def of(output: Any, labels: Any = AT, task: Any = "binary", **keys: Any) -> Any:
    y = {"binary": Y, "multiclass": Y3, "regression": Y.astype(float)}[task]
    return answers_to_scores(task, labels, y, output, **keys)


def test_podiums_own_binary_table_keeps_its_own_decisions() -> None:
    table = pd.DataFrame({"prediction": ["late", "late", "on time", "on time"], "probability": P})
    scores = of(table.set_axis([9, 8, 7, 6]))
    assert scores.prediction.tolist() == [1, 1, 0, 0]
    assert scores.probability.tolist() == P
    np.testing.assert_array_equal(scores.y, Y)


def test_a_probability_of_the_other_label_is_turned_round() -> None:
    table = pd.DataFrame({"prediction": ["late", "late", "on time", "on time"], "probability": P})
    scores = of(table, positive="on time")
    assert scores.prediction.tolist() == [1, 1, 0, 0]
    np.testing.assert_allclose(scores.probability, 1 - np.array(P))
    assert of(table, positive="late").probability.tolist() == P


def test_podiums_own_table_of_several_classes_is_read_by_name() -> None:
    table = pd.DataFrame(
        {
            "prediction": [3, 1, 2, 1],
            "probability_2": [0.1, 0.2, 0.7, 0.1],
            "probability_1": [0.2, 0.7, 0.1, 0.8],
            "probability_3": [0.7, 0.1, 0.2, 0.1],
        }
    )
    scores = of(table, (1, 2, 3), "multiclass")
    assert scores.prediction.tolist() == [2, 0, 1, 0]
    assert scores.probability[0].tolist() == [0.2, 0.1, 0.7]


@pytest.mark.parametrize(
    ("labels", "answers"),
    [
        ((0, 1), [0, 1, 1, 0]),
        ((0, 1), np.array([0.0, 1.0, 1.0, 0.0], dtype=np.float32)),
        ((0, 1), ["0", "1", "1.0", "0.0"]),
        ((0, 1), [False, True, True, False]),
        ((False, True), np.array([0, 1, 1, 0], dtype=np.int8)),
        ((False, True), ["false", "true", "true", "false"]),
        (("0", "1"), [0.0, 1.0, 1.0, 0.0]),
        ((-1, 1), np.array([[-1], [1], [1], [-1]])),
        (AT, pd.Series(["on time", "late", "late", "on time"], index=[3, 3, 3, 3])),
        (AT, pd.DataFrame({"anything": ["on time", "late", "late", "on time"]})),
        (AT, pd.Series(["on time", "late", "late", "on time"], dtype="category")),
        (AT, ("on time", "late", "late", "on time")),
        ((1, 0), [1, 0, 0, 1]),
    ],
)
def test_labels_are_told_by_their_canonical_text(labels: Any, answers: Any) -> None:
    scores = of(answers, labels)
    assert scores.prediction.tolist() == [0, 1, 1, 0]
    assert scores.probability is None


@pytest.mark.parametrize("answers", [P, np.float32(P), pd.Series(P), pd.DataFrame({"p": P})])
def test_floats_that_cannot_be_labels_are_probabilities_of_the_positive(answers: Any) -> None:
    for labels in (AT, (0, 1), (False, True), (1, 0)):
        scores = of(answers, labels)
        np.testing.assert_allclose(scores.probability, P, rtol=1e-6)
        assert scores.prediction.tolist() == [0, 1, 1, 0]


def test_floats_of_a_list_may_be_mixed_with_whole_ones() -> None:
    assert of([0, 1, 0.5, 0]).probability.tolist() == [0, 1, 0.5, 0]
    assert of([0.0, 1.0, 1.0, 0.0], AT).prediction.tolist() == [0, 1, 1, 0]


def test_a_table_without_names_has_the_sorted_labels() -> None:
    both = np.column_stack([P, 1 - np.array(P)])  # "late" < "on time"
    for answers in (
        both,
        both.tolist(),
        pd.DataFrame(both),
        pd.DataFrame(both, columns=["a", "b"]),
    ):
        np.testing.assert_allclose(of(answers).probability, P)
    np.testing.assert_allclose(of(both[:, ::-1], (0, 1)).probability, P)
    np.testing.assert_allclose(of(both, (1, 0)).probability, P)
    np.testing.assert_allclose(of(both[:, ::-1], (2, 10)).probability, P)
    np.testing.assert_allclose(of(both, ("2", "10")).probability, P)  # text sorts as text


def test_columns_with_the_names_of_the_labels_are_told_by_them() -> None:
    table = pd.DataFrame({"on time": 1 - np.array(P), "late": P})
    np.testing.assert_allclose(of(table).probability, P)
    numbers = pd.DataFrame({1: P, 0: 1 - np.array(P)})
    np.testing.assert_allclose(of(numbers, (0, 1)).probability, P)


def test_several_classes_decide_for_the_likeliest() -> None:
    by_class = np.array([[0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.0, 0.1, 0.9], [0.4, 0.3, 0.3]])
    scores = of(by_class, ("a", "b", "c"), "multiclass")
    assert scores.prediction.tolist() == [0, 1, 2, 0]
    np.testing.assert_allclose(scores.probability, by_class)
    assert of(["a", "b", "c", "a"], ("a", "b", "c"), "multiclass").probability is None


@pytest.mark.parametrize(
    "answers",
    [[1, 2.5, 3, 4], pd.DataFrame({"prediction": [1, 2.5, 3, 4]}), ["1", "2.5", "3", "4"]],
)
def test_numbers_are_taken_for_a_regression(answers: Any) -> None:
    scores = of(answers, (), "regression")
    assert scores.prediction.tolist() == [1, 2.5, 3, 4]
    assert scores.probability is None


def test_no_rows_are_no_scores() -> None:
    for task, labels in (("binary", AT), ("regression", ())):
        scores = answers_to_scores(task, labels, np.empty(0, dtype=int), [])  # type: ignore[arg-type]
        assert len(scores) == 0


WRONG = [
    (["late", "late", "late"], r"answered 3 rows where 4 were asked"),
    (["late", None, "late", float("nan")], r"nothing \(null or NaN\) in 2 of 4 rows"),
    ([0.2, float("nan"), 0.3, 0.4], r"nothing \(null or NaN\) in 1 of 4 rows"),
    (["late", "soon", "x", "late"], r"'soon', which is none of .* \(on time, late\).* 2 of 4 rows"),
    ([0, 1, 1, 0], r"answered 0, which is none of the target's labels"),
    ([-3.2, 0.5, 4.0, 0.1], r"answered -3\.2, which is none of"),
    ([[0.2, 0.9]] * 4, r"in one row they sum to 1\.1"),
    ([[-0.2, 1.2]] * 4, r"probabilities run from -0\.2 to 1\.2"),
    ([[0.5, float("nan")]] * 4, r"nothing .* in 4 of 4 rows"),
    ([[0.2, 0.3, 0.5]] * 4, r"3 columns a row \(0, 1, 2\), which is not understood"),
    ([[1, 2], [1], [2], [3]], r"answered \[1, 2\], which is none of"),
    (np.zeros((4, 2, 2)), r"an array of shape \(4, 2, 2\)"),
    ({"prediction": [1]}, r"answered with dict"),
    (None, r"answered with NoneType"),
    ("late", r"answered with str"),
    ([{"a": 1}] * 4, r"which is none of the target's labels"),
    (
        pd.DataFrame({"prediction": ["late"] * 4, "probability": ["x", 0.1, 0.2, 0.3]}),
        r"not a probability in 1 of 4 rows, for example 'x'",
    ),
    (pd.DataFrame({"prediction": ["late"] * 4, "probability": [2, 0, 0, 0]}), r"run from 0 to 2"),
]


@pytest.mark.parametrize(("answers", "said"), WRONG)
def test_what_cannot_be_understood_is_one_sentence(answers: Any, said: str) -> None:
    with pytest.raises(DoesNotAnswer, match=said) as caught:
        of(answers)
    assert caught.value.what.endswith(".")
    assert "\n" not in caught.value.what


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([1.0, 2.0, float("nan"), float("nan")], r"nothing .* in 2 of 4 rows"),
        ([1.0, 2.0, float("inf"), 0.0], r"not a number in 1 of 4 rows, for example inf"),
        (["a", 1, 2, 3], r"not a number in 1 of 4 rows, for example 'a'"),
        ([[1.0, 2.0]] * 4, r"2 columns a row"),
    ],
)
def test_a_regression_needs_finite_numbers(answers: Any, said: str) -> None:
    with pytest.raises(DoesNotAnswer, match=said):
        of(answers, (), "regression")
