"""`podium evaluate` for other tasks than two classes, and for rows that come in groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest

from tests.jobs.evaluated import Store, check, declare, parcels, quickly, store_at, train


@pytest.fixture
def empty_store(store_template: Path, tmp_path: Path) -> Any:
    (tmp_path / "mlflow.db").write_bytes(store_template.read_bytes())
    with store_at(tmp_path) as patch:
        yield lambda name: Store(tmp_path, tmp_path / name, patch, name)


def figures(run_id: str) -> set[str]:
    found = mlflow.MlflowClient().list_artifacts(run_id, "figures")
    return {Path(each.path).stem for each in found}


@pytest.mark.usefixtures("few_calls")
def test_numbers_are_judged_by_their_errors(empty_store: Any) -> None:
    store = empty_store("delays")
    frame = parcels(1500).drop(columns="late")
    frame["delay"] = 10 * frame["distance"] + np.random.default_rng(5).normal(size=len(frame))
    declare(
        store.project,
        name="delays",
        task="regression",
        target={"column": "delay"},
        metric="mae",
        metrics=["rmse", "r2"],
    )
    frame.to_csv(store.project / "parcels.csv", index=False)
    train(store.project, "--params", "n_estimators=3,n_jobs=1")
    train(store.project, "--estimator", "linear")
    with quickly(figures=False):
        first = store.evaluate("--candidate", 1)
    assert check(first, "mae against the baseline")["verdict"] == "pass"
    store.champion(1)
    said = store.evaluate("--candidate", 2)
    assert [found["metric"] for found in said["metrics"]] == ["mae", "rmse", "r2"]
    assert said["metrics"][0]["high"] < 0  # lower is better
    assert (said["metrics"][0]["verdict"], said["flips"]) == ("better", None)
    assert said["metrics"][0]["candidate"] == pytest.approx(0.8, abs=0.1)  # of a unit normal
    assert figures(said["run_id"]) == {"predicted", "errors", "slices"}
    store.champion(2)
    with quickly(figures=False):
        worse = store.evaluate("--candidate", 1, code=1)
    assert worse["metrics"][0]["verdict"] == "worse"


@pytest.mark.usefixtures("few_calls")
def test_several_classes_are_judged_by_their_probabilities(empty_store: Any) -> None:
    store = empty_store("places")
    frame = parcels(1500).drop(columns="late")
    noise = np.random.default_rng(5).normal(scale=0.4, size=len(frame))
    cut = np.digitize(frame["distance"] + noise, [-0.5, 0.5])
    frame["place"] = np.array(["left", "middle", "right"])[cut]
    declare(store.project, name="places", task="multiclass", target={"column": "place"})
    frame.to_csv(store.project / "parcels.csv", index=False)
    train(store.project, "--params", "n_estimators=1,max_depth=1,n_jobs=1")
    train(store.project, "--estimator", "linear")
    store.champion(1)
    said = store.evaluate("--candidate", 2)
    assert said["metrics"][0]["verdict"] == "better"
    assert figures(said["run_id"]) == {"recall", "flips", "slices"}
    assert said["flips"]["better"] > said["flips"]["worse"]


@pytest.mark.usefixtures("no_figures")
def test_rows_of_one_group_count_as_one_draw(empty_store: Any) -> None:
    store = empty_store("customers")
    frame = parcels(400)
    draw = np.random.default_rng(6)
    frame = frame.loc[np.repeat(frame.index, 5)].reset_index(drop=True)
    frame["gate"] += draw.normal(scale=0.01, size=len(frame))
    frame["customer"] = [f"c{row // 5}" for row in range(len(frame))]
    declare(
        store.project,
        name="customers",
        data={"source": "parcels.csv", "group": "customer"},
        features={"numeric": ["distance", "gate"], "categorical": ["region"]},
    )
    frame.to_csv(store.project / "parcels.csv", index=False)
    train(store.project, "--params", "n_estimators=1,max_depth=1,n_jobs=1")
    train(store.project, "--estimator", "linear")
    store.champion(1)
    said = store.evaluate("--candidate", 2)
    assert (said["data"]["group"], said["data"]["rows"]) == ("customer", 400)
    found = said["metrics"][0]
    assert found["method"] == "paired DeLong, clustered"
    declare(
        store.project,
        name="customers",
        split={"by": "random"},
        features={"numeric": ["distance", "gate"], "categorical": ["region"]},
    )
    rows = store.write("rows.csv", _holdout(frame, store))
    alone = store.evaluate("--candidate", 2, "--data", rows)["metrics"][0]
    assert alone["method"] == "paired DeLong"
    assert alone["difference"] == pytest.approx(found["difference"])
    assert found["error"] > 1.8 * alone["error"]  # five copies: √5 = 2.2 times


def _holdout(frame: pd.DataFrame, store: Store) -> pd.DataFrame:
    """The rows that the training of version 2 kept out."""
    from podium.data import resolve_source
    from podium.spec import load_declaration
    from projects.training.split import split_rows
    from projects.training.table import read_table

    grouped = {"data.group": "customer", "split": {"by": "group"}}
    declaration = load_declaration(store.project, grouped)
    table = read_table(declaration.project, resolve_source("parcels.csv", store.project))
    return frame.iloc[split_rows(declaration.project, table, 0).holdout]
