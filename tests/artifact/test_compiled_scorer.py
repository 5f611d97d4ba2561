from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from podium.artifact.parity import prove
from podium.artifact.scoring import (
    AnyScorer,
    BrokenArtifact,
    Canonicaliser,
    Decision,
    InputColumn,
    InvalidTable,
    InvalidValue,
    Scorer,
)
from podium.artifact.scoring.compiled import BULK_ROWS, TOLERANCE, CompiledScorer
from podium.artifact.scoring.encode import EncodedColumn, Encoder
from tests.artifact.compiled_samples import TASKS, around, compiled_of, fitted, table
from tests.artifact.samples import boosted, calibrated, forest, raw_table, regressor, xgboosted

pytestmark = pytest.mark.filterwarnings("error")

ESTIMATORS = ("xgboost", "random_forest", "hist_gradient_boosting", "linear")
NAMES = ("number", "kind", "words", "when")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def _both(estimator: str, task: str, features: str = "text") -> tuple[Scorer, CompiledScorer]:
    reference, _ = fitted(estimator, task, features)
    return reference, compiled_of(reference)


def _rows(count: int) -> list[dict[str, Any]]:
    """Rows as parsed from JSON, some of them other than those fitted on."""
    frame = table("regression", max(count, 50)).head(count)
    frame = frame[[*NAMES]].astype(object)
    rows: list[Any] = frame.where(frame.notna(), None).to_dict("records")
    changes = [
        {},
        {"kind": "violet"},
        {"number": "12.5"},
        {"when": 1.7e9},
        {"words": ""},
        {"when": ""},
    ]
    return [{**row, **changes[place % len(changes)]} for place, row in enumerate(rows)]


def _same(found: Mapping[str, Sequence[Any]], expected: Mapping[str, Sequence[Any]]) -> None:
    """Equal within the tolerance; decisions and their types are the same."""
    assert list(found) == list(expected)
    for name, column in expected.items():
        assert len(found[name]) == len(column)
        assert [type(value) for value in found[name]] == [type(value) for value in column]
        if all(isinstance(value, float) for value in column):
            np.testing.assert_allclose(found[name], column, rtol=TOLERANCE, atol=TOLERANCE)
        else:
            assert found[name] == column


def _in_every_way(
    scorer: AnyScorer, rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, list[Any]]]:
    columns = {name: [row.get(name) for row in rows] for name in NAMES}
    raw = pd.DataFrame(columns, columns=[*NAMES], dtype=object)
    table = scorer.score(raw)
    assert table.index.equals(raw.index)
    by_table = {name: table[name].tolist() for name in table.columns}
    return [by_table, scorer.score_columns(columns, len(rows)), scorer.score_rows(rows)]


@pytest.mark.parametrize("count", [0, 1, 2, 100])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_both_forms_answer_alike_in_every_way(estimator: str, task: str, count: int) -> None:
    reference, compiled = _both(estimator, task)
    assert (reference.form, compiled.form) == ("reference", "compiled")
    rows = _rows(count)
    expected, *others = _in_every_way(reference, rows)
    for found in [*others, *_in_every_way(compiled, rows)]:
        _same(found, expected)
    assert list(expected) == list(reference.decision.output_names)


@pytest.mark.parametrize("task", TASKS)
def test_each_row_alone_is_answered_as_among_others(task: str) -> None:
    reference, compiled = _both("xgboost", task)
    rows = _rows(30)
    together = reference.score_rows(rows)
    for place, row in enumerate(rows):
        expected = {name: [column[place]] for name, column in together.items()}
        _same(compiled.score_rows([row]), expected)
        _same(compiled.score_columns({name: [row[name]] for name in NAMES}, 1), expected)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("features", ["mixed", "text"])
def test_many_rows_are_answered_in_pieces_by_threads(task: str, features: str) -> None:
    reference, compiled = _both("xgboost", task, features)
    raw = pd.concat([pd.DataFrame(_rows(1000))] * 20, ignore_index=True).iloc[::-1]
    raw["number"] = np.random.default_rng(2).normal(size=len(raw))
    found, expected = compiled.score(raw), reference.score(raw)
    pd.testing.assert_frame_equal(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert len(found) == 20_000
    assert found.index[0] == 19_999


def test_large_tables_take_the_reference_where_that_was_measured_to_be_faster() -> None:
    reference, _ = _both("random_forest", "binary", "numeric")
    compiled = replace(compiled_of(reference), bulk_form="reference")
    draw = np.random.default_rng(4)
    raw = pd.DataFrame(draw.normal(size=(BULK_ROWS, 2)), columns=["number", "other"])
    expected = reference.score(raw)
    pd.testing.assert_frame_equal(compiled.score(raw), expected, check_exact=True)
    smaller = compiled.score(raw.iloc[1:])
    assert (smaller["probability"] != expected["probability"].iloc[1:]).any()
    assert (smaller["prediction"] == expected["prediction"].iloc[1:]).all()
    always = compiled_of(reference).score(raw)
    assert (always["probability"] != expected["probability"]).any()


@pytest.mark.parametrize("estimator", ["linear", "random_forest"])
def test_long_texts_among_short_ones_are_answered_in_pieces(estimator: str) -> None:
    reference, compiled = _both(estimator, "binary")
    words = " ".join(_terms(reference))
    rows = [{**row, "words": "late"} for row in _rows(700) * 8]
    rows = [{**row, "words": words} if at % 97 == 5 else row for at, row in enumerate(rows)]
    columns = {name: [row.get(name) for row in rows] for name in NAMES}
    cells = compiled.encoder.encode(columns, len(rows))["terms_words"].size
    assert cells > 2 * (1 << 16)  # so there are several pieces
    for found in _in_every_way(compiled, rows):
        _same(found, reference.score_rows(rows))


def _terms(scorer: Scorer) -> list[str]:
    """The words that its text column knows."""
    for name, step, _ in scorer.pipeline.named_steps["features"].transformers_:
        if name == "text_0":
            words = step if isinstance(step, TfidfVectorizer) else step.steps[0][1]
            return [term for term in words.get_feature_names_out() if " " not in term]
    raise AssertionError("it has no text")


@pytest.mark.parametrize(
    "name", ["terms_of_service", "counts_and terms_", "features", "a_b", "ß ☃"]
)
def test_a_text_column_of_any_name_is_answered_in_pieces(name: str) -> None:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    steps = ColumnTransformer([("text_0", words, name)], sparse_threshold=1.0)
    pipeline = Pipeline([("features", steps), ("model", LogisticRegression())])
    texts = [f"word{place % 7} word{place % 5}" for place in range(40)]
    canonicaliser = Canonicaliser((InputColumn(name, "text"),))
    raw = pd.DataFrame({name: pd.Series(texts, dtype=object)})
    pipeline.fit(canonicaliser.transform(raw), np.arange(40) % 2)
    reference = Scorer(canonicaliser, Decision("binary", (0, 1), 0.5), pipeline)
    many = {name: [" ".join(f"word{place}" for place in range(7))] + texts * 500}
    found = compiled_of(reference).score_columns(many, 20_001)
    _same(found, reference.score_columns(many, 20_001))


# Rows close to another decision


def _at(reference: Scorer, threshold: float) -> tuple[Scorer, CompiledScorer]:
    decided = replace(reference, decision=replace(reference.decision, threshold=threshold))
    return decided, compiled_of(decided)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("away", [0.0, 4e-6, -4e-6])
def test_a_row_close_to_the_threshold_takes_the_reference(estimator: str, away: float) -> None:
    rows = _rows(60)
    plain, plainly = _both(estimator, "binary")
    exact, near = plain.score_rows(rows)["probability"], plainly.score_rows(rows)["probability"]
    place = max(range(60), key=lambda row: abs(exact[row] - near[row]))
    assert estimator == "linear" or exact[place] != near[place]  # so that they can be told apart
    reference, compiled = _at(plain, exact[place] + away)
    for found in [*_in_every_way(compiled, rows), compiled.score_rows([rows[place]])]:
        at = place if len(found["probability"]) > 1 else 0
        assert found["probability"][at] == exact[place]
        assert found["prediction"][at] == int(away <= 0)
    _same(compiled.score_rows(rows), reference.score_rows(rows))


@pytest.mark.parametrize("estimator", ["random_forest", "hist_gradient_boosting"])
def test_a_row_far_from_the_threshold_does_not(estimator: str) -> None:
    rows = _rows(60)
    plain, plainly = _both(estimator, "binary")
    exact, near = plain.score_rows(rows)["probability"], plainly.score_rows(rows)["probability"]
    place = max(range(60), key=lambda row: abs(exact[row] - near[row]))
    _, compiled = _at(plain, exact[place] + 3e-5)
    assert compiled.score_rows([rows[place]])["probability"] == [near[place]] != [exact[place]]


class _Counting(Scorer):
    """The reference, which counts the rows that it is asked for."""

    asked: list[int]

    def scores(self, features: pd.DataFrame) -> np.ndarray:
        self.asked.append(len(features))
        return super().scores(features)


def test_the_reference_is_asked_for_close_rows_only() -> None:
    rows = _rows(60)
    plain, _ = _both("random_forest", "binary")
    exact = plain.score_rows(rows)["probability"]
    reference, compiled = _at(plain, exact[7])
    counting = _Counting(reference.canonicaliser, reference.decision, reference.pipeline)
    object.__setattr__(counting, "asked", [])
    close = int((np.abs(np.array(exact) - exact[7]) < 1e-6).sum())
    _in_every_way(replace(compiled, reference=counting), rows)
    assert counting.asked == [close] * 3
    assert close < 60


def test_two_classes_that_are_as_likely_take_the_reference() -> None:
    """Two trees that disagree make shares of one half each, but for rounding."""
    reference = around(None, RandomForestClassifier(2, random_state=0), classes=3)
    compiled = compiled_of(reference)
    raw = raw_table(200, seed=9).fillna({"distance": 1.0})
    expected, found = reference.score(raw), compiled.score(raw)
    shares = np.sort(expected.iloc[:, 1:].to_numpy(), axis=1)
    ties = shares[:, 2] - shares[:, 1] < 1e-9
    assert 0 < ties.sum() < 200
    pd.testing.assert_frame_equal(found[ties], expected[ties], check_exact=True)
    assert found["prediction"].tolist() == expected["prediction"].tolist()
    rows = raw[ties].to_dict("records")
    singles = [compiled.score_rows([row]) for row in rows]
    assert singles == [reference.score_rows([row]) for row in rows]


# Labels, outputs, refusals


@pytest.mark.parametrize(
    "labels", [(False, True), (0, 1), (7, 8), ("no", "yes"), (0.5, 1.5), ("0", 1)]
)
@pytest.mark.parametrize("count", [1, 5])
def test_binary_labels_keep_their_types(labels: tuple[Any, ...], count: int) -> None:
    plain, _ = _both("linear", "binary")
    reference = replace(plain, decision=replace(plain.decision, labels=labels))
    compiled = compiled_of(reference)
    rows = [_rows(20)[place] for place in range(count)]
    for found, expected in zip(
        _in_every_way(compiled, rows), _in_every_way(reference, rows), strict=True
    ):
        _same(found, expected)
    predicted = compiled.score_rows(rows)["prediction"]
    assert {type(label) for label in predicted} <= {type(label) for label in labels}
    raw = pd.DataFrame(rows, dtype=object)
    assert compiled.score(raw).dtypes.equals(reference.score(raw).dtypes)


@pytest.mark.parametrize("labels", [(1, 2, 3), ("a", "b", "c"), (0.5, 1.5, 2.5), (True, 1.5, "c")])
def test_multiclass_labels_keep_their_types_and_name_the_columns(labels: tuple[Any, ...]) -> None:
    plain, _ = _both("linear", "multiclass")
    reference = replace(plain, decision=replace(plain.decision, labels=labels))
    compiled = compiled_of(reference)
    for rows in (_rows(1), _rows(30)):
        found = compiled.score_rows(rows)
        _same(found, reference.score_rows(rows))
        texts = ["true" if label is True else str(label) for label in labels]
        assert list(found) == ["prediction", *(f"probability_{text}" for text in texts)]
        sums = np.sum([found[name] for name in list(found)[1:]], axis=0)
        np.testing.assert_allclose(sums, 1.0, atol=1e-6)


def test_a_number_is_all_that_regression_gives() -> None:
    _, compiled = _both("linear", "regression")
    for rows in (_rows(1), _rows(3)):
        assert [*compiled.score_rows(rows)] == ["prediction"]
        assert all(type(value) is float for value in compiled.score_rows(rows)["prediction"])


@pytest.mark.parametrize("count", [1, 2, 300])
@pytest.mark.parametrize(
    ("name", "value"),
    [("number", "x"), ("number", 1e300), ("kind", [1]), ("words", {}), ("when", "tomorrow")],
)
def test_a_refusal_names_the_row(name: str, value: Any, count: int) -> None:
    rows = _rows(count)
    rows[-1] = {**rows[-1], name: value}
    columns = {each: [row[each] for row in rows] for each in NAMES}
    messages = set()
    for scorer in _both("linear", "binary"):
        for ask in (
            lambda s=scorer: s.score_rows(rows),
            lambda s=scorer: s.score_columns(columns, count),
            lambda s=scorer: s.score(pd.DataFrame(columns, dtype=object)),
        ):
            with pytest.raises(InvalidValue) as refusal:
                ask()  # type: ignore[no-untyped-call]
            assert (refusal.value.column, refusal.value.row) == (name, count - 1)
            messages.add(str(refusal.value))
    assert len(messages) == 1


@pytest.mark.parametrize("task", TASKS)
def test_a_missing_column_is_missing_throughout_and_others_are_ignored(task: str) -> None:
    reference, compiled = _both("xgboost", task)
    for count in (1, 3):
        values = {"number": [1.5] * count, "not ours": [object()] * count}
        expected = reference.score_columns(values, count)
        _same(compiled.score_columns(values, count), expected)
        rows = [{"number": 1.5, "not ours": [1]}] * count
        _same(compiled.score_rows(rows), expected)
        _same(compiled.score_rows([{}] * count), reference.score_rows([{}] * count))
        raw = pd.DataFrame({"number": [1.5] * count, "not ours": "x"})
        assert compiled.score(raw)["prediction"].tolist() == expected["prediction"]


def test_mlflows_entrance_is_the_same() -> None:
    reference, compiled = _both("xgboost", "binary")
    assert compiled.get_raw_model() is compiled
    rows = _rows(5)
    pd.testing.assert_frame_equal(
        compiled.predict(rows), reference.predict(rows), rtol=TOLERANCE, atol=TOLERANCE
    )
    with pytest.raises(ValueError, match="this model takes no parameters; got beta"):
        compiled.predict(rows, {"beta": 1})
    with pytest.raises(ValueError, match="none of the model's columns was sent"):
        compiled.predict([{"x": 1}])


def test_rows_of_missing_and_huge_numbers_are_decided_as_by_the_reference() -> None:
    reference, compiled = _both("linear", "binary", "numeric")
    values = {"number": [math.nan, None, ""], "other": [None, math.nan, 1e38]}
    _same(compiled.score_columns(values, 3), reference.score_columns(values, 3))


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x08\x08\x12\x06podium"])
def test_what_is_no_model_is_a_broken_artifact(content: bytes) -> None:
    with pytest.raises(BrokenArtifact, match=r"model.onnx cannot be read: "):
        CompiledScorer.load(fitted("linear", "binary", "mixed")[0], content)


def test_it_can_be_asked_from_many_threads_at_once() -> None:
    reference, compiled = _both("xgboost", "binary")
    rows = _rows(40)
    expected = reference.score_rows(rows)["probability"]
    with ThreadPoolExecutor(8) as threads:
        found = list(
            threads.map(lambda row: compiled.score_rows([row])["probability"][0], rows * 5)
        )
    np.testing.assert_allclose(found, expected * 5, atol=TOLERANCE)


def test_samples_of_other_pipelines_agree_too() -> None:
    raw = raw_table(200, seed=9)
    for make in (boosted, forest, regressor, xgboosted, calibrated):
        reference = make()
        found, expected = compiled_of(reference).score(raw), reference.score(raw)
        pd.testing.assert_frame_equal(found, expected, rtol=TOLERANCE, atol=TOLERANCE)
    with_model = around(None, LogisticRegression(max_iter=5000, C=1e-4))
    filled = raw.fillna({"distance": 1.0})
    pd.testing.assert_frame_equal(
        compiled_of(with_model).score(filled), with_model.score(filled), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("form", ["reference", "compiled"])
def test_columns_of_another_length_are_refused_by_name(form: str) -> None:
    scorer, rows = fitted("xgboost", "binary", "numeric")
    asked = (
        scorer if form == "reference" else CompiledScorer.load(scorer, prove(scorer, rows).model)
    )
    name = scorer.canonicaliser.columns[0].name
    for values, count in (([5.0], 3), ([5.0] * 2, 3), ([5.0] * 4, 3), ([], 1), ([5.0] * 2, 1)):
        with pytest.raises(ValueError, match=f"column '{name}' has {len(values)} values for"):
            asked.score_columns({name: values}, count)
    for foreign in (7, [], [1, 2, 3, 4]):
        assert asked.score_columns({name: [5.0], "foreign": foreign}, 1) == asked.score_rows(
            [{name: 5.0}]
        )


@pytest.mark.parametrize("form", ["reference", "compiled"])
def test_what_is_no_table_is_refused_by_what_it_is(form: str) -> None:
    reference, compiled = _both("xgboost", "binary", "numeric")
    asked = reference if form == "reference" else compiled
    name = reference.canonicaliser.columns[0].name
    for column, found in (("5", "text"), (None, "null"), (5.0, "a number"), (iter([5.0]), "a val")):
        with pytest.raises(InvalidTable, match=f"column '{name}': expected a list, found {found}"):
            asked.score_columns({name: column}, 1)
    with pytest.raises(InvalidTable, match="there cannot be -1 rows"):
        asked.score_columns({}, -1)
    for rows, message in (
        ({name: 5.0}, "the rows: expected a list, found an object"),
        ([None], "row 0: expected an object, found null"),
        ([{}, 7], "row 1: expected an object, found a number"),
    ):
        with pytest.raises(InvalidTable, match=message):
            asked.score_rows(rows)  # type: ignore[arg-type]


def test_one_long_text_among_many_short_ones_is_not_padded_to_its_length() -> None:
    encoder = Encoder(
        (EncodedColumn(InputColumn("words", "text"), 0, terms=tuple(f"w{i}" for i in range(9000))),)
    )
    texts = ["w1 w2"] * 4000 + [" ".join(f"w{i}" for i in range(9000))] + ["w3"] * 4000
    pieces = list(encoder.pieces({"words": texts}, len(texts)))
    assert sum(len(piece["terms_words"]) for piece in pieces) == len(texts)
    assert max(piece["terms_words"].size for piece in pieces) <= max(1 << 16, 9000)
