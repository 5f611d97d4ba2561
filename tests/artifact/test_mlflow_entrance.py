"""What MLflow does to values before Podium sees them: the table in the docs, held by tests."""

from __future__ import annotations

import json

import mlflow.pyfunc
import pandas as pd
import pytest
from mlflow.pyfunc import PyFuncModel

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import save_artifact
from tests.artifact.asgi import Reply, post
from tests.artifact.telltale import CASES, REFUSED, ROW, Case, Seen, row_of, telltale, told

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PyFuncModel:
    folder = tmp_path_factory.mktemp("telltale") / "model"
    scorer = telltale()
    save_artifact(scorer, example_of(scorer, pd.DataFrame([ROW])), folder)
    return mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(params=CASES, ids=lambda case: case.name.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def _seen(reply: Reply) -> Seen:
    if reply.status == 200:
        return told(reply.json["predictions"][0]["prediction"])
    assert reply.status == 400, reply.text
    return REFUSED


def test_the_canonical_rules_say(model: PyFuncModel, case: Case) -> None:
    row = {name: pd.Series([value], dtype=object) for name, value in row_of(case).items()}
    try:
        seen = told(model.get_raw_model().score(pd.DataFrame(row))["prediction"].iloc[0])
    except ValueError:  # the InvalidValue of the artifact's own copy
        seen = REFUSED
    assert seen == case.canonical


@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split"])
def test_the_scoring_server_does_this_with_json(model: PyFuncModel, case: Case, form: str) -> None:
    row = row_of(case)
    split = {"columns": list(row), "data": [list(row.values())]}
    body = {form: [row] if form == "dataframe_records" else split}
    assert _seen(post(model, json.dumps(body).encode())) == (case.served or case.canonical)


def test_the_scoring_server_does_this_with_csv(model: PyFuncModel, case: Case) -> None:
    body = pd.DataFrame([row_of(case)]).to_csv(index=False).encode()
    assert _seen(post(model, body, "text/csv")) == (case.csv or case.canonical)


def test_predict_does_this_with_a_table(model: PyFuncModel, case: Case) -> None:
    try:
        seen = told(model.predict(pd.DataFrame([row_of(case)]))["prediction"].iloc[0])
    except (mlflow.MlflowException, ValueError):
        seen = REFUSED
    assert seen == (case.frame or case.canonical)


def test_a_table_as_a_caller_would_send_it_passes_predict(model: PyFuncModel) -> None:
    scorer = model.get_raw_model()
    raw = pd.DataFrame({"gate": [True, False], "carrier": [7, 8], "at": [1709276400, 0]})
    pd.testing.assert_frame_equal(model.predict(example_of(scorer, raw)), scorer.score(raw))


def test_a_column_given_twice_is_refused_everywhere(model: PyFuncModel) -> None:
    body = {"dataframe_split": {"columns": ["gate", "gate"], "data": [[1, 2]]}}
    assert post(model, json.dumps(body).encode()).status == 400


@pytest.mark.parametrize("record", [b"{}", b'{"carier": "EV"}'])
def test_records_with_none_of_the_columns_are_refused_since_mlflow_loses_them(
    model: PyFuncModel, record: bytes
) -> None:
    answer = post(model, b'{"dataframe_records": [' + record + b"]}")
    assert answer.status == 400
    assert "columns was sent; they are" in answer.text


def test_mlflow_ignores_parameters_that_the_model_does_not_have(model: PyFuncModel) -> None:
    body = {"dataframe_records": [ROW], "params": {"temperature": 1}}
    assert _seen(post(model, json.dumps(body).encode())) == (3, "AA", 5)


def test_the_refused_value_is_not_in_the_reply_for_a_time(model: PyFuncModel) -> None:
    body = json.dumps({"dataframe_records": [ROW | {"at": "secret-4711"}]}).encode()
    reply = post(model, body)
    assert "column 'at', row 0: expected ISO 8601 or epoch seconds" in reply.text
    assert "4711" not in reply.text
