"""What MLflow does to values before Podium sees them, it does to both forms alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from mlflow.pyfunc import PyFuncModel
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import save_artifact
from podium.artifact.parity import NOT_TRIED, RealRows, prove
from podium.artifact.scoring import Canonicaliser, Decision, Scorer
from podium.artifact.scoring.compiled import TOLERANCE
from tests.artifact.asgi import Reply, post
from tests.artifact.telltale import ABSENT, CASES, CATEGORIES, COLUMNS, ROW, Case

pytestmark = [
    pytest.mark.filterwarnings("error"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:mlflow"),
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
]
DECISIONS = {
    "binary": Decision("binary", (False, True), 0.4),
    "multiclass": Decision("multiclass", ("early", "on time", "late")),
}
DIFFERENT_SCORES = 10  # at least so many among the cases: the models see what is sent


@dataclass(frozen=True)
class Forms:
    """One scorer, saved without and with its compiled form."""

    reference: PyFuncModel
    compiled: PyFuncModel

    def post(self, body: bytes, content_type: str = "application/json") -> tuple[Reply, Reply]:
        """What MLflow's scoring server replies for each."""
        return post(self.reference, body, content_type), post(self.compiled, body, content_type)


def _raw(rows: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    gates = rng.integers(0, 20, rows).astype(float)
    return pd.DataFrame(
        {
            "gate": np.where(rng.random(rows) < 0.1, np.nan, gates),
            "carrier": pd.Series(rng.choice(CATEGORIES, rows), dtype=object),
            "at": pd.Series(rng.integers(0, 24, rows) * 3600, dtype=object),
        }
    )


def _fitted(decision: Decision, raw: pd.DataFrame) -> Scorer:
    """XGBoost with a target that depends on gate, category and hour."""
    from xgboost import XGBClassifier

    canonicaliser = Canonicaliser(COLUMNS)
    features = canonicaliser.transform(raw)
    codes = OrdinalEncoder(
        categories=[np.array(CATEGORIES, dtype=object)],
        handle_unknown="use_encoded_value",
        unknown_value=-1,
    )
    numbers = ("numeric", "passthrough", ["gate", "at_hour"])
    transformer = ColumnTransformer([numbers, ("categorical", codes, ["carrier"])])
    sums = features["gate"].fillna(30) + features["at_hour"]
    sums += 5 * features["carrier"].map(CATEGORIES.index)
    sums += np.random.default_rng(1).normal(0, 15, len(sums))
    classes = pd.qcut(sums, len(decision.labels), labels=False)
    model = XGBClassifier(n_estimators=20, max_depth=4, n_jobs=1, random_state=0)
    pipeline = Pipeline([("features", transformer), ("model", model)])
    return Scorer(canonicaliser, decision, pipeline.fit(features, classes))


@pytest.fixture(scope="module", params=DECISIONS)
def forms(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Forms:
    raw = _raw(600)
    scorer = _fitted(DECISIONS[request.param], raw)
    parity = prove(scorer, RealRows.of(scorer, scorer.canonicaliser.transform(raw), raw))
    assert not parity.reason, parity.reason
    folder, example = tmp_path_factory.mktemp("forms"), example_of(scorer, pd.DataFrame([ROW]))
    save_artifact(scorer, example, folder / "reference", parity=NOT_TRIED)
    save_artifact(scorer, example, folder / "compiled", parity=parity)
    loaded = {form: _load(folder / form) for form in ("reference", "compiled")}
    assert {form: model.get_raw_model().form for form, model in loaded.items()} == {
        form: form for form in loaded
    }
    return Forms(**loaded)


def _load(folder: Path) -> PyFuncModel:
    return mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(params=CASES, ids=lambda case: case.name.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


def _row(case: Case) -> dict[str, Any]:
    return {name: value for name, value in (ROW | case.change).items() if value is not ABSENT}


def _alike(reference: Reply, compiled: Reply) -> int:
    """Holds where both answer, or refuse, with the same words; returns the status."""
    assert compiled.status == reference.status
    if reference.status != 200:
        assert reference.status == 400
        assert _words(compiled) == _words(reference)
        return reference.status
    answers, expected = (pd.DataFrame(reply.json["predictions"]) for reply in (compiled, reference))
    pd.testing.assert_frame_equal(answers, expected, rtol=0, atol=TOLERANCE)
    return reference.status


def _words(reply: Reply) -> tuple[str, str, list[str]]:
    """Error code, message, and what Podium or pandas said last."""
    said = reply.json
    return said["error_code"], said["message"], said.get("stack_trace", "").splitlines()[-1:]


def _predicted(model: PyFuncModel, table: pd.DataFrame) -> pd.DataFrame | str:
    try:
        return model.predict(table)
    except (mlflow.MlflowException, ValueError) as error:
        return str(error)


def _taken_alike(forms: Forms, table: pd.DataFrame) -> bool:
    """Holds where both predict, or refuse, alike; returns whether they predict."""
    expected, answer = (_predicted(model, table) for model in (forms.reference, forms.compiled))
    if isinstance(expected, str):
        assert answer == expected
        return False
    pd.testing.assert_frame_equal(answer, expected, rtol=0, atol=TOLERANCE)
    return True


@pytest.mark.parametrize("layout", ["dataframe_records", "dataframe_split"])
def test_json_is_answered_alike(forms: Forms, case: Case, layout: str) -> None:
    row = _row(case)
    split = {"columns": list(row), "data": [list(row.values())]}
    body = {layout: [row] if layout == "dataframe_records" else split}
    refused = (case.served or case.canonical) == "refused"
    assert _alike(*forms.post(json.dumps(body).encode())) == (400 if refused else 200)


def test_csv_is_answered_alike(forms: Forms, case: Case) -> None:
    body = pd.DataFrame([_row(case)]).to_csv(index=False).encode()
    refused = (case.csv or case.canonical) == "refused"
    assert _alike(*forms.post(body, "text/csv")) == (400 if refused else 200)


def test_a_table_is_answered_alike(forms: Forms, case: Case) -> None:
    table = pd.DataFrame([_row(case)])
    refused = (case.frame or case.canonical) == "refused"
    assert _taken_alike(forms, table) != refused


def test_all_rows_that_are_taken_are_answered_alike_in_one_request(forms: Forms) -> None:
    taken = [_row(case) for case in CASES if "refused" not in (case.canonical, case.served)]
    reference, compiled = forms.post(json.dumps({"dataframe_records": taken}).encode())
    assert _alike(reference, compiled) == 200
    scores = pd.DataFrame(compiled.json["predictions"]).drop(columns="prediction")
    assert len(scores.round(4).drop_duplicates()) >= DIFFERENT_SCORES


@pytest.mark.parametrize(
    ("table", "taken"),
    [
        ({"carrier": [7, 8]}, False),
        ({"carrier": [7.0, np.nan]}, False),
        ({"gate": np.array([1, 0])}, True),
        ({"gate": np.array([3, 8])}, False),
        ({"gate": np.array([3, 8], dtype=np.int32)}, True),
        ({"gate": [True, False]}, False),
        ({"gate": ["3", "8"]}, False),
        ({"at": [1709276400, 0]}, False),
        ({"gate": [3.0, np.nan], "carrier": ["NA", None]}, True),
    ],
    ids=str,
)
def test_typed_tables_are_answered_alike(forms: Forms, table: dict[str, Any], taken: bool) -> None:
    assert _taken_alike(forms, pd.DataFrame(table)) == taken


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"dataframe_records": [{}]}, 400),
        ({"dataframe_records": [{"carier": "EV"}]}, 400),
        ({"dataframe_records": [ROW], "params": {"temperature": 1}}, 200),
        ({"dataframe_split": {"columns": ["gate", "gate"], "data": [[1, 2]]}}, 400),
        ({"dataframe_split": {"columns": ["gate"], "data": [[1], [None], ["4"]]}}, 200),
    ],
    ids=["none-of-the-columns", "a-misspelt-column", "params", "a-column-twice", "one-column"],
)
def test_odd_requests_are_answered_alike(forms: Forms, body: dict[str, Any], status: int) -> None:
    assert _alike(*forms.post(json.dumps(body).encode())) == status


@pytest.mark.parametrize("text", ["carier\nEV\n", "gate,gate\n1,2\n", "gate,carrier\nNA,null\n"])
def test_odd_csv_is_answered_alike(forms: Forms, text: str) -> None:
    assert _alike(*forms.post(text.encode(), "text/csv")) == (400 if "carier" in text else 200)
