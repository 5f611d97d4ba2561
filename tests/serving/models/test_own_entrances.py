"""Podium's own models under Podium's server: the canonical rules, whichever way values come."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import save_artifact
from serving.assignment import Assigned
from serving.models.model import Answer, Asked, Model, ModelSettings
from serving.models.opening import open_model
from tests.artifact.asgi import post
from tests.artifact.telltale import CASES, REFUSED, ROW, Case, Seen, row_of, telltale, told

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
AS_TEXT: dict[str, Seen] = {  # CSV has no types
    "true": (3, "True", 5),
    "boolean for a number": REFUSED,
    "a list for a category": (3, None, 5),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("telltale") / "model"
    scorer = telltale()
    digest = save_artifact(scorer, example_of(scorer, pd.DataFrame([ROW])), folder)
    return open_model(Assigned("telltale", "1", "champion", str(folder), digest), ModelSettings())


def _seen(answer: Answer) -> Seen:
    document = json.loads(answer.body)
    if answer.status == 200:
        return told(document["predictions"][0]["prediction"])
    assert answer.status == 400, answer
    assert set(document) == {"error_code", "message"}
    return REFUSED


def _asked(document: Any) -> Asked:
    return Asked(json.dumps(document).encode(), JSON)


def _forms(row: dict[str, Any]) -> dict[str, Any]:
    """The same row in each of MLflow's forms."""
    return {
        "dataframe_records": [row],
        "dataframe_split": {"columns": list(row), "data": [list(row.values())]},
        "inputs": {name: [value] for name, value in row.items()},
        "instances": [row],
    }


@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split", "inputs", "instances"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_canonical_rules_hold_in_every_json_form(model: Model, case: Case, form: str) -> None:
    asked = _asked({form: _forms(row_of(case))[form]})
    assert _seen(model.answer_now(asked)) == case.canonical


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_canonical_rules_hold_for_csv(model: Model, case: Case) -> None:
    body = pd.DataFrame([row_of(case)]).to_csv(index=False).encode()
    expected = AS_TEXT.get(case.name, case.canonical)
    assert _seen(model.answer_now(Asked(body, CSV))) == expected


def test_the_canonical_rules_hold_for_parquet(model: Model) -> None:
    written = io.BytesIO()
    pd.DataFrame([ROW, ROW | {"gate": None, "carrier": "7"}]).to_parquet(written)
    answer = model.answer_now(Asked(written.getvalue(), PARQUET))
    found = [told(row["prediction"]) for row in json.loads(answer.body)["predictions"]]
    assert found == [(3, "AA", 5), (None, "7", 5)]


def test_a_number_of_many_digits_keeps_them_all_as_a_category(model: Model) -> None:
    exact = model.answer_now(
        Asked(b'{"inputs": {"carrier": 7, "gate": 18446744073709551617}}', JSON)
    )
    assert exact.status == 200  # a float takes it
    body = b'{"dataframe_records": [{"carrier": 100000000000000000000000000000000000007}]}'
    found = model.answer_now(Asked(body, JSON))
    text = model.answer_now(
        Asked(body.replace(b"100000000000000000000000000000000000007", b'"unseen"'), JSON)
    )
    assert found == text


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([], "expected a JSON object, found a list"),
        ({}, "exactly one of dataframe_split"),
        ({"inputs": {}, "instances": []}, "exactly one of"),
        ({"dataframe_records": [ROW], "params": {"a": 1}}, "takes no params"),
        ({"dataframe_records": {"gate": 1}}, "expected a list"),
        ({"dataframe_records": [1]}, "row 0: expected an object, found a number"),
        ({"dataframe_records": [{}]}, "none of the model's columns"),
        ({"dataframe_records": []}, "none of the model's columns"),
        ({"dataframe_records": [{"gaet": 1}]}, "they are at, carrier, gate"),
        ({"dataframe_split": [1]}, "expected an object"),
        ({"dataframe_split": {"data": [[1]]}}, '"columns", "data"'),
        ({"dataframe_split": {"columns": ["gate"], "data": [[1, 2]]}}, "row 0: expected 1 values"),
        ({"dataframe_split": {"columns": ["gate"], "data": [1]}}, "row 0: expected a list"),
        ({"dataframe_split": {"columns": [1], "data": [[1]]}}, "the name of column 0"),
        ({"dataframe_split": {"columns": ["gate", "gate"], "data": [[1, 2]]}}, "given twice"),
        (
            {"dataframe_split": {"columns": ["gate"], "data": [[1]], "index": []}},
            '"index" has 0 entries for 1 rows',
        ),
        ({"inputs": "x"}, "expected an object or a list, found text"),
        ({"inputs": {"gate": [1, 2], "carrier": ["AA"]}}, "not of one length"),
        ({"inputs": {"gate": [1, "many"]}}, "column 'gate', row 1: expected a number"),
    ],
)
def test_what_is_no_table_is_refused_in_words(model: Model, document: Any, words: str) -> None:
    answer = model.answer_now(_asked(document))
    assert answer.status == 400
    assert words.casefold() in json.loads(answer.body)["message"].casefold()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"{", JSON),
        (b"", JSON),
        (b"\xff", JSON),
        (b"[" * 100_000, JSON),
        (b"", CSV),
        (b"\xff", CSV),
        (b"gate\n1,2\n", CSV),
        (b'gate\n"1\n', CSV),
        (b"secret", PARQUET),
    ],
)
def test_bodies_that_cannot_be_read_are_refused_without_quoting_them(
    model: Model, body: bytes, content_type: str
) -> None:
    answer = model.answer_now(Asked(body, content_type))
    assert answer.status == 400
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body


def test_a_table_without_names_is_not_quoted(model: Model) -> None:
    answer = model.answer_now(Asked(b"John,s3cret,s3cret\nJane,a,b\n", CSV))
    assert answer.status == 400
    assert b"s3cret" not in answer.body


def test_a_parquet_file_that_holds_far_more_than_its_bytes_is_refused(model: Model) -> None:
    written = io.BytesIO()
    pq.write_table(pa.table({"gate": pa.array([1.0] * 1_000_001)}), written)
    assert len(written.getvalue()) < 100_000
    answer = model.answer_now(Asked(written.getvalue(), PARQUET))
    assert answer.status == 400
    assert b"more than 1000000 rows" in answer.body


def test_one_long_text_among_numbers_takes_no_more_room_than_its_own(model: Model) -> None:
    body = json.dumps({"inputs": {"gate": ["x" * 20_000, *range(10_000)]}}).encode()
    tracemalloc.start()
    assert model.answer_now(Asked(body, JSON)).status == 400
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()


def test_values_of_columns_that_nobody_reads_are_not_repeated(model: Model) -> None:
    others = {f"other{place}": 1 for place in range(3000)}
    body = json.dumps({"inputs": {"gate": [1.0] * 10_000, **others}}).encode()
    tracemalloc.start()
    assert model.answer_now(Asked(body, JSON)).status == 200
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8", 200),
        ("application/json; charset=latin-1", 415),
        ("application/json; version=1", 415),
        ("text/plain", 415),
        ("", 415),
        (None, 500),
    ],
)
def test_content_types_are_read_as_mlflow_reads_them(
    model: Model, content_type: str | None, status: int
) -> None:
    body = json.dumps({"dataframe_records": [ROW]}).encode()
    assert model.answer_now(Asked(body, content_type)).status == status


def test_numbers_that_json_has_no_words_for_come_as_mlflow_writes_them(model: Model) -> None:
    asked = Asked(b'{"dataframe_records": [{"gate": NaN, "carrier": "AA"}]}', JSON)
    assert _seen(model.answer_now(asked)) == (None, "AA", None)
    infinite = Asked(b'{"dataframe_records": [{"gate": -Infinity}]}', JSON)
    assert _seen(model.answer_now(infinite)) == REFUSED


def test_columns_repeat_a_single_value(model: Model) -> None:
    answer = model.answer_now(_asked({"inputs": {"gate": [1, 2], "carrier": "AA"}}))
    found = [told(row["prediction"]) for row in json.loads(answer.body)["predictions"]]
    assert found == [(1, "AA", None), (2, "AA", None)]


def test_no_rows_get_no_predictions(model: Model) -> None:
    asked = [
        _asked({"dataframe_split": {"columns": ["gate"], "data": []}}),
        _asked({"inputs": {"gate": []}}),
        Asked(b"gate\n", CSV),
    ]
    assert {model.answer_now(each).body for each in asked} == {b'{"predictions": []}'}


def test_the_artifact_of_another_digest_is_not_opened(tmp_path: Path) -> None:
    from serving.errors import NotServable

    scorer = telltale()
    save_artifact(scorer, example_of(scorer, pd.DataFrame([ROW])), tmp_path / "model")
    assigned = Assigned("telltale", "3", "champion", str(tmp_path / "model"), "0" * 64)
    with pytest.raises(NotServable, match="Version 3 of telltale cannot be served: its files have"):
        open_model(assigned, ModelSettings())


@pytest.mark.parametrize(
    ("document", "status", "mlflow_status"),
    [
        ({"dataframe_records": [ROW], "params": {"a": 1}}, 400, 200),
        ({"instances": [ROW, {"gate": 1}]}, 200, 400),
        ({"dataframe_split": {"data": [list(ROW.values())]}}, 400, 400),
        ({"dataframe_records": []}, 400, 400),
        ({"dataframe_records": [{"other": 1}]}, 400, 400),
        ({"inputs": {"gate": 1, "carrier": "AA"}}, 200, 200),
        ({"dataframe_records": [ROW | {"other": 1}]}, 200, 200),
    ],
)
def test_both_servers_do_what_the_table_in_the_docs_says(
    model: Model, document: Any, status: int, mlflow_status: int
) -> None:
    body = json.dumps(document).encode()
    assert model.answer_now(Asked(body, JSON)).status == status
    loaded = mlflow.pyfunc.load_model(model.assigned.folder)
    assert post(loaded, body).status == mlflow_status
