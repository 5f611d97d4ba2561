"""What MLflow does to values before Podium sees them: the table in the docs, held by tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import PyFuncModel
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import save_artifact
from podium.artifact.scoring import Canonicaliser, Decision, InputColumn, Scorer
from tests.artifact.asgi import Reply, post

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
]

CATEGORIES = ["", "7", "true", "nan", "NA", "AA", "007", "True"]
COLUMNS = (
    InputColumn("gate", "numeric"),
    InputColumn("carrier", "categorical"),
    InputColumn("at", "datetime", ("hour",)),
)
ROW = {"gate": 3.0, "carrier": "AA", "at": "2024-03-01T05:00:00Z"}
ABSENT = object()
REFUSED = "refused"
Seen = tuple[int | None, str | None, int | None] | Literal["refused"]


def _telltale() -> Scorer:
    """A regressor whose prediction tells each of its features: gate, category and hour."""
    rng = np.random.default_rng(0)
    raw = pd.DataFrame(
        {
            "gate": rng.integers(0, 20, 300).astype(float),
            "carrier": pd.Series(rng.choice(CATEGORIES, 300), dtype=object),
            "at": pd.Series(rng.integers(0, 24, 300) * 3600, dtype=object),
        }
    )
    canonicaliser = Canonicaliser(COLUMNS)
    features = canonicaliser.transform(raw)
    absent = SimpleImputer(strategy="constant", fill_value=-1)
    codes = OrdinalEncoder(
        categories=[np.array(CATEGORIES, dtype=object)],
        handle_unknown="use_encoded_value",
        unknown_value=-1,
    )
    steps = [("numbers", absent, ["gate", "at_hour"]), ("categories", codes, ["carrier"])]
    code = features["carrier"].map(CATEGORIES.index)
    y = features["gate"] + 100 * features["at_hour"] + 10_000 * code
    pipeline = Pipeline([("columns", ColumnTransformer(steps)), ("sum", LinearRegression())])
    return Scorer(canonicaliser, Decision("regression"), pipeline.fit(features, y))


def _told(prediction: float) -> Seen:
    rest = round(prediction) + 10_101
    category, rest = divmod(rest, 10_000)
    hour, gate = divmod(rest, 100)
    found = None if category == 0 else CATEGORIES[category - 1]
    return (gate - 1 if gate else None, found, hour - 1 if hour else None)


@dataclass(frozen=True)
class Case:
    """A changed value, what the canonical rules make of it, and MLflow's entrances where not so."""

    name: str
    change: dict[str, Any]
    canonical: Seen
    served: Seen | None = None  # JSON, by the scoring server
    csv: Seen | None = None
    frame: Seen | None = None  # a typed table, by `loaded.predict`


CASES = [
    Case("a plain row", {}, (3, "AA", 5)),
    Case("null number", {"gate": None}, (None, "AA", 5)),
    Case("missing number", {"gate": ABSENT}, (None, "AA", 5)),
    Case("empty number", {"gate": ""}, (None, "AA", 5), served=REFUSED, frame=REFUSED),
    Case("integer for a number", {"gate": 3}, (3, "AA", 5), frame=REFUSED),
    Case("boolean for a number", {"gate": True}, (1, "AA", 5), frame=REFUSED),
    Case("numeric text", {"gate": "3"}, (3, "AA", 5), frame=REFUSED),
    Case("text with underscore", {"gate": "1_0"}, REFUSED, served=(10, "AA", 5)),
    Case("nan as a number", {"gate": "nan"}, REFUSED, served=(None, "AA", 5), csv=(None, "AA", 5)),
    Case("null as a number", {"gate": "null"}, REFUSED, csv=(None, "AA", 5)),
    Case("inf as a number", {"gate": "inf"}, REFUSED),
    Case("a word for a number", {"gate": "many"}, REFUSED),
    Case("a list for a number", {"gate": [1]}, REFUSED),
    Case("null category", {"carrier": None}, (3, "", 5)),
    Case("missing category", {"carrier": ABSENT}, (3, "", 5)),
    Case("empty category", {"carrier": ""}, (3, "", 5)),
    Case("integer for a category", {"carrier": 7}, (3, "7", 5), frame=REFUSED),
    Case("float for a category", {"carrier": 7.0}, (3, "7", 5), frame=REFUSED),
    Case("true", {"carrier": True}, (3, "true", 5), csv=(3, "True", 5), frame=REFUSED),
    Case("leading noughts", {"carrier": "007"}, (3, "007", 5)),
    Case("unseen category", {"carrier": "ZZ"}, (3, None, 5)),
    Case("the category nan", {"carrier": "nan"}, (3, "nan", 5), csv=(3, "", 5)),
    Case("the category NA", {"carrier": "NA"}, (3, "NA", 5), csv=(3, "", 5)),
    Case("a list for a category", {"carrier": ["AA"]}, REFUSED, csv=(3, None, 5)),
    Case("epoch seconds", {"at": 1709276400}, (3, "AA", 7), frame=REFUSED),
    Case("epoch seconds as text", {"at": "1709276400"}, (3, "AA", 7)),
    Case("another zone", {"at": "2024-03-01T05:00:00-02:00"}, (3, "AA", 7)),
    Case("null time", {"at": None}, (3, "AA", None)),
    Case("a word for a time", {"at": "tomorrow"}, REFUSED),
    Case("an extra column", {"other": {"a": 1}}, (3, "AA", 5)),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PyFuncModel:
    folder = tmp_path_factory.mktemp("telltale") / "model"
    scorer = _telltale()
    save_artifact(scorer, example_of(scorer, pd.DataFrame([ROW])), folder)
    return mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(params=CASES, ids=lambda case: case.name.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def _row(case: Case) -> dict[str, Any]:
    return {name: value for name, value in (ROW | case.change).items() if value is not ABSENT}


def _seen(reply: Reply) -> Seen:
    if reply.status == 200:
        return _told(reply.json["predictions"][0]["prediction"])
    assert reply.status == 400, reply.text
    return REFUSED


def test_the_canonical_rules_say(model: PyFuncModel, case: Case) -> None:
    row = {name: pd.Series([value], dtype=object) for name, value in _row(case).items()}
    try:
        seen = _told(model.get_raw_model().score(pd.DataFrame(row))["prediction"].iloc[0])
    except ValueError:  # the InvalidValue of the artifact's own copy
        seen = REFUSED
    assert seen == case.canonical


@pytest.mark.parametrize("form", ["dataframe_records", "dataframe_split"])
def test_the_scoring_server_does_this_with_json(model: PyFuncModel, case: Case, form: str) -> None:
    row = _row(case)
    split = {"columns": list(row), "data": [list(row.values())]}
    body = {form: [row] if form == "dataframe_records" else split}
    assert _seen(post(model, json.dumps(body).encode())) == (case.served or case.canonical)


def test_the_scoring_server_does_this_with_csv(model: PyFuncModel, case: Case) -> None:
    body = pd.DataFrame([_row(case)]).to_csv(index=False).encode()
    assert _seen(post(model, body, "text/csv")) == (case.csv or case.canonical)


def test_predict_does_this_with_a_table(model: PyFuncModel, case: Case) -> None:
    try:
        seen = _told(model.predict(pd.DataFrame([_row(case)]))["prediction"].iloc[0])
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
