"""Batching is switched on by itself only for models that showed that it changes nothing."""

from __future__ import annotations

import itertools
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from serving.assignment import Assigned
from serving.models.merging import MergeRules
from serving.models.model import Answer, Asked, Description, ModelSettings
from serving.models.proof import proof
from serving.models.pyfunc import PyfuncModel
from serving.models.scorer import Rows

Predict = Callable[[list[dict[str, Any]]], Any]

_COLUMNS = ["d", "n", "s"]
_INPUTS = [
    {"name": "d", "type": "double"},
    {"name": "n", "type": "long"},
    {"name": "s", "type": "string"},
]
_EXAMPLE = {"dataframe_split": {"columns": _COLUMNS, "data": [[0.5, 1, "a"], [2.5, 2, "b"]]}}
_ONE_ROW = {"dataframe_records": [{"d": 0.5, "n": 1, "s": "a"}]}


class _Scorer:
    def __init__(self, predict: Predict) -> None:
        self._predict = predict

    def answer(self, asked: Asked) -> Answer:
        rows = self.rows(json.loads(asked.body))
        return Answer(200, self.written([] if rows is None else rows.values))

    def rows(self, document: Mapping[str, Any]) -> Rows | None:
        table = document.get("dataframe_split")
        rows = document.get("dataframe_records") or [
            dict(zip(table["columns"], row, strict=True)) for row in table["data"]
        ]
        predictions = self._predict(rows)
        kinds = sorted({type(one).__name__ for one in predictions})
        return Rows(str(kinds), predictions) if isinstance(predictions, list) else None

    def written(self, values: Sequence[Any]) -> bytes:
        return json.dumps({"predictions": values}).encode()


def _by_row(rows: list[dict[str, Any]]) -> list[Any]:
    return [row["d"] * row["n"] + len(row["s"]) for row in rows]


def _reason(predict: Predict, example: Any = _EXAMPLE) -> str | None:
    return proof(_Scorer(predict), MergeRules.of_signature(_INPUTS), example).reason


def _centred(rows: list[dict[str, Any]]) -> list[float]:
    mean = sum(row["d"] for row in rows) / len(rows)
    return [row["d"] - mean for row in rows]


def _ranked(rows: list[dict[str, Any]]) -> list[int]:
    return [sorted(other["d"] for other in rows).index(row["d"]) for row in rows]


def _summed_by_size(rows: list[dict[str, Any]]) -> list[float]:
    return [row["d"] * (1 + 1e-15 * (len(rows) > 6)) for row in rows]


def _rounded_by_size(rows: list[dict[str, Any]]) -> list[float]:
    return [row["d"] * (1 + 1e-7 * (len(rows) > 6)) for row in rows]


def _typed_by_company(rows: list[dict[str, Any]]) -> list[Any]:
    whole = all(row["d"] == int(row["d"]) for row in rows)
    return [int(row["d"]) if whole else row["d"] for row in rows]


@pytest.mark.parametrize("example", [_EXAMPLE, _ONE_ROW])
def test_a_model_that_answers_row_by_row_is_proved(example: Any) -> None:
    assert _reason(_by_row, example) is None


@pytest.mark.parametrize("example", [_EXAMPLE, _ONE_ROW])
@pytest.mark.parametrize("predict", [_centred, _ranked])
def test_a_model_that_looks_at_other_rows_is_found(predict: Predict, example: Any) -> None:
    assert _reason(predict, example) == (
        "its answer for a row is not the same with other rows beside it"
    )


def test_sums_that_come_out_in_another_order_are_the_same_answer() -> None:
    assert _reason(_summed_by_size) is None


def test_a_model_whose_last_digits_change_is_found_and_named() -> None:
    assert "last digits" in str(_reason(_rounded_by_size))


def test_a_model_whose_types_change_is_found() -> None:
    rows = [[1.0, 1, "a"], [2.5, 2, "b"]]
    example = {"dataframe_split": {"columns": _COLUMNS, "data": rows}}
    assert _reason(_typed_by_company, example) is not None


def test_a_model_that_counts_its_calls_is_found() -> None:
    calls = itertools.count()
    assert _reason(lambda rows: [next(calls) for _ in rows]) is not None


@pytest.mark.parametrize(
    "predict",
    [lambda _: [0.5], lambda rows: [0.5, *_by_row(rows)], lambda rows: {"p": _by_row(rows)}],
)
def test_a_model_without_one_answer_a_row_is_found(predict: Predict) -> None:
    assert "one prediction a row" in str(_reason(predict))


def test_a_model_that_fails_in_company_is_found() -> None:
    def predict(rows: list[dict[str, Any]]) -> list[Any]:
        if len(rows) > 10:
            raise MemoryError
        return _by_row(rows)

    assert "MemoryError" in str(_reason(predict))


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        (None, "no input example"),
        ({"inputs": [[1, 2]]}, "no table of plain values"),
        ({"dataframe_split": {"columns": ["d"], "data": [[None]]}}, "no table of plain values"),
        ({"dataframe_records": [{"s": "a"}, {"s": "a"}]}, "only one row"),
    ],
)
def test_without_a_usable_example_nothing_is_proved(example: Any, reason: str) -> None:
    assert reason in str(_reason(_by_row, example))


def test_codes_and_texts_are_only_those_of_the_example() -> None:
    seen: set[tuple[int, str]] = set()

    def predict(rows: list[dict[str, Any]]) -> list[Any]:
        seen.update((row["n"], row["s"]) for row in rows)
        return _by_row(rows)

    assert _reason(predict) is None
    assert {number for number, _ in seen} == {1, 2}
    assert {text for _, text in seen} == {"a", "b"}


@pytest.mark.parametrize(
    ("batching", "predict", "on"),
    [
        ("auto", _by_row, True),
        ("auto", _centred, False),
        ("on", _centred, True),
        ("off", _by_row, False),
    ],
)
def test_the_setting_decides_and_auto_says_why_not(
    batching: Any, predict: Predict, on: bool, caplog: pytest.LogCaptureFixture
) -> None:
    described = Description(inputs=_INPUTS, example=_EXAMPLE)
    assigned = Assigned("flights", "3", "champion", "")
    with caplog.at_level(logging.INFO):
        model = PyfuncModel(assigned, _Scorer(predict), described, ModelSettings(batching=batching))
    assert model.batching is on
    said = "flights version 3 is asked without batching: its answer" in caplog.text
    assert said == (batching == "auto" and not on)
