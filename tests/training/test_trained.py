from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from threadpoolctl import threadpool_limits

from podium.errors import UsageError
from podium.progress import Progress
from podium.spec import FILE_NAME, load_declaration
from projects.training.trained import Trained, resolved_spec, train
from tests.real_data import real_data
from tests.training.made import mixed

BIKES = """
name: bikes
task: regression
data: {{source: "bike_table:bikes", time: at}}
target: {{column: cnt}}
features:
  numeric: [temp, hum, windspeed]
  categorical: [season, weathersit, holiday]
  datetime: {{at: [hour, weekday, month]}}
forbidden: [casual, registered]
split: {{by: time, gap: 2d}}
metric: mae
estimator: {estimator}
params: {params}
"""
BIKE_TABLE = """
from pathlib import Path
import pandas as pd

def bikes():
    frame = pd.read_csv({path!r})
    return frame.assign(at=pd.to_datetime(frame["dteday"]) + pd.to_timedelta(frame["hr"], "h"))
"""
CREDIT = """
name: credit
task: binary
data: {{source: {path!r}}}
target: {{column: default payment next month}}
features:
  numeric: [LIMIT_BAL, AGE, BILL_AMT1, PAY_AMT1]
  categorical: [SEX, EDUCATION, MARRIAGE, PAY_0, PAY_2]
decision: {{threshold: {{minimise: cost, fp: 1, fn: 4}}}}
gate: {{slices: [SEX, AGE]}}
estimator: {estimator}
params: {params}
"""
XGBOOST = "{n_estimators: 60, n_jobs: 2}"


def trained_in(folder: Path, text: str, **keys: Any) -> Trained:
    (folder / FILE_NAME).write_text(text)
    declaration = load_declaration(folder)
    given = {"base": folder, "rows": None, "seed": 0, "progress": Progress(None), **keys}
    return train(declaration, **given)


@pytest.mark.parametrize(("estimator", "params"), [("xgboost", XGBOOST), ("linear", "{}")])
def test_bike_rentals_are_predicted_better_than_by_their_median(
    tmp_path: Path, estimator: str, params: str
) -> None:
    path = real_data("bike_sharing_hour.csv.gz")
    (tmp_path / "bike_table.py").write_text(BIKE_TABLE.format(path=str(path)))
    trained = trained_in(tmp_path, BIKES.format(estimator=estimator, params=params))
    measured = trained.measured
    factor = 0.6 if estimator == "xgboost" else 0.95
    assert measured.values["holdout"]["mae"] < factor * measured.baseline["mae"]
    assert trained.span("holdout") > trained.span("validation") > trained.span("train")
    assert trained.parts.dropped > 2 * 2 * 20
    assert not trained.findings


def test_credit_defaults_are_found_at_the_cheapest_threshold(tmp_path: Path) -> None:
    path = real_data("taiwan_credit_default.csv.gz")
    text = CREDIT.format(path=str(path), estimator="xgboost", params=XGBOOST)
    trained = trained_in(tmp_path, text, rows=8_000)
    assert 0.72 < trained.measured.values["holdout"]["roc_auc"] < 0.85
    assert trained.measured.holdout["roc_auc"].low > 0.65
    assert trained.measured.values["holdout"]["cost"] < trained.measured.baseline["cost"]
    assert trained.rows() == {"train": 5_600, "validation": 800, "holdout": 1_600}
    assert {row.column for row in trained.measured.slices} == {"SEX", "AGE"}
    assert not trained.findings
    assert trained.span("train") == ""


def test_the_row_number_of_real_data_is_noticed(tmp_path: Path) -> None:
    path = real_data("bike_sharing_hour.csv.gz")
    (tmp_path / "bike_table.py").write_text(BIKE_TABLE.format(path=str(path)))
    text = BIKES.format(estimator="linear", params="{}").replace("[temp", "[instant, temp")
    trained = trained_in(tmp_path, text, rows=3_000)
    assert [(finding.check, finding.column) for finding in trained.findings] == [("id", "instant")]


def csv_project(folder: Path, **lines: str) -> str:
    mixed("binary").to_csv(folder / "table.csv", index=False)
    declared = {
        "data": "{source: table.csv, time: order}",
        "target": "{column: y}",
        "forbidden": "[when]",
        "params": "{n_estimators: 20, n_jobs: 1}",
        **lines,
    }
    return "name: m\ntask: binary\n" + "".join(f"{k}: {v}\n" for k, v in declared.items())


def test_a_training_from_a_file_infers_features_and_says_so(tmp_path: Path) -> None:
    said = io.StringIO()
    trained = trained_in(tmp_path, csv_project(tmp_path), progress=Progress(said))
    assert "  note: features were inferred: numeric number;" in said.getvalue()
    assert set(trained.seconds) == {"read", "check", "fit", "measure", "compile"}
    assert trained.table.notes[0].startswith("features were inferred: numeric number;")
    assert trained.measured.values["holdout"]["roc_auc"] > 0.7


def test_what_is_logged_of_a_training_declares_the_same_project(tmp_path: Path) -> None:
    trained = trained_in(tmp_path, csv_project(tmp_path))
    document = resolved_spec(trained)
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "table.csv").write_bytes((tmp_path / "table.csv").read_bytes())
    again = trained_in(tmp_path / "again", yaml.safe_dump(document))
    assert again.project.features == trained.table.declared
    assert again.project.split.by == "time"
    assert resolved_spec(again) == document
    assert again.table.digest == trained.table.digest
    features = trained.table.features
    pd.testing.assert_frame_equal(again.table.features, features)
    np.testing.assert_array_equal(
        again.fitted.scorer.scores(features), trained.fitted.scorer.scores(features)
    )
    assert again.measured.values == trained.measured.values


def test_an_unknown_parameter_is_refused_before_the_table_is_read(tmp_path: Path) -> None:
    text = csv_project(tmp_path, params="{n_estimator: 20}")
    (tmp_path / "table.csv").unlink()
    with pytest.raises(UsageError, match=r"no parameter 'n_estimator'.*'n_estimators'"):
        trained_in(tmp_path, text)


@pytest.mark.parametrize(("key", "near"), [("n_estimatrs", "'n_estimators'"), ("c", "'C'")])
def test_an_unknown_key_of_the_search_is_refused_before_the_table_is_read(
    tmp_path: Path, key: str, near: str
) -> None:
    search = f"{{{key}: {{low: 1, high: 5}}}}"
    text = csv_project(
        tmp_path, search=search, estimator="xgboost" if "n_" in key else "linear", params="{}"
    )
    (tmp_path / "table.csv").unlink()
    with pytest.raises(UsageError, match=rf"search\.{key}: not a parameter of .*{near}"):
        trained_in(tmp_path, text)


def test_a_search_for_what_another_estimator_has_is_refused(tmp_path: Path) -> None:
    text = csv_project(
        tmp_path, search="{max_depth: {low: 1, high: 5}}", estimator="linear", params="{}"
    )
    with pytest.raises(UsageError, match=r"search\.max_depth: not a parameter of linear"):
        trained_in(tmp_path, text)


def test_a_device_that_is_not_there_is_refused_before_the_table_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.training.estimators.cuda_devices", lambda: 0)
    text = csv_project(tmp_path, params="{device: 'cuda:1'}")
    (tmp_path / "table.csv").unlink()
    with pytest.raises(UsageError, match=r"params\.device: 'cuda:1' .*Leave device out"):
        trained_in(tmp_path, text)


def test_of_several_estimators_the_first_is_taken_and_the_notes_say_so(tmp_path: Path) -> None:
    said = io.StringIO()
    text = csv_project(tmp_path, estimator="[linear, xgboost]", params="{}")
    trained = trained_in(tmp_path, text, progress=Progress(said))
    note = "estimator lists 2; training takes the first, linear; podium tune tries all"
    assert trained.estimator == "linear"
    assert note in trained.table.notes
    assert f"  note: {note}\n" in said.getvalue()


def test_rows_that_a_gap_leaves_out_are_told(tmp_path: Path) -> None:
    text = csv_project(tmp_path, split="{gap: 2d}")
    trained = trained_in(tmp_path, text)
    dropped = trained.parts.dropped
    assert dropped > 0
    expected = f"{dropped} of 400 rows ({dropped / 400:.0%}) are left out: they lie in a gap of 2d"
    assert trained.table.notes[-1] == expected


FLIGHTS = Path(__file__).parents[2] / "projects" / "flight_delay"
FEWER_ROUNDS = {"n_estimators": 120, "learning_rate": 0.2}


@pytest.mark.slow
def test_late_flights_are_told_from_others_and_better_by_trees_than_by_a_line() -> None:
    declared = load_declaration(FLIGHTS).project.params
    overrides: dict[str, dict[str, Any]] = {
        "xgboost": {"params": {**declared, **FEWER_ROUNDS}},
        "linear": {"params": {}, "search": {}},
    }
    reached = {}
    for estimator, instead in overrides.items():
        with threadpool_limits(os.cpu_count()):
            declaration = load_declaration(FLIGHTS, {"estimator": estimator, **instead})
            trained = train(declaration, base=FLIGHTS, rows=None, seed=0, progress=Progress(None))
        reached[estimator] = trained.measured.values["holdout"]["roc_auc"]
    assert reached["xgboost"] >= 0.67
    assert reached["xgboost"] > reached["linear"]


def test_the_holdout_changes_nothing_but_what_is_measured_on_it(tmp_path: Path) -> None:
    text = csv_project(tmp_path, features="{numeric: [number], categorical: [kind]}")
    first = trained_in(tmp_path, text)
    frame, last = mixed("binary"), first.parts.holdout
    frame.loc[last, "y"] = 1 - frame.loc[last, "y"]
    frame.loc[last, "number"] = -1e6
    frame.to_csv(tmp_path / "table.csv", index=False)
    second = trained_in(tmp_path, text)
    assert second.fitted.threshold == first.fitted.threshold
    features = first.table.features
    np.testing.assert_array_equal(
        second.fitted.scorer.scores(features), first.fitted.scorer.scores(features)
    )
    for part in ("train", "validation"):
        assert second.measured.values[part] == first.measured.values[part]
    assert second.measured.values["holdout"] != first.measured.values["holdout"]
    assert second.findings == first.findings
