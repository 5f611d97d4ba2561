"""`podium evaluate` on published data, where it is at hand: what is known of it comes out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.jobs.evaluated import Store, check, declare, store_at, train
from tests.real_data import real_data

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_figures")]

ADULT = ["age", "work", "weight", "education", "years", "marital", "occupation", "relation"]
ADULT += ["race", "sex", "gain", "loss", "hours", "country", "income"]
QUICK = ("--params", "n_estimators=60,max_depth=4,n_jobs=1")


@pytest.fixture
def empty_store(store_template: Path, tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "mlflow.db").write_bytes(store_template.read_bytes())
    with store_at(tmp_path) as patch:
        yield lambda name: Store(tmp_path, tmp_path / name, patch, name)


def people(part: str) -> pd.DataFrame:
    path = real_data(f"adult_{part}_raw_noheader.csv.gz")
    table = pd.read_csv(path, header=None, names=ADULT, skipinitialspace=True, comment="|")
    return table.assign(income=table["income"].str.rstrip("."))


def rates(groups: list[dict[str, Any]]) -> dict[str, float]:
    """Share of each group that is decided for."""
    return {group["value"]: group["selection_rate"] for group in groups}


def test_women_are_chosen_far_less_often_and_widening_that_fails(empty_store: Any) -> None:
    known, newer = people("train"), people("test")
    store = empty_store("income")
    declare(
        store.project,
        name="income",
        target={"column": "income", "positive": ">50K"},
        forbidden=["weight"],
        gate={"sensitive": ["sex"], "margin": 0.02},
    )
    known.to_csv(store.project / "parcels.csv", index=False)
    spoilt = known.copy()
    women = spoilt["sex"] == "Female"
    spoilt.loc[women & (spoilt.index % 4 > 0), "income"] = "<=50K"
    train(store.project, *QUICK)
    train(store.project, "--params", "n_estimators=60,max_depth=5,n_jobs=1")
    train(store.project, *QUICK, "--data", store.write("spoilt.csv", spoilt))
    store.champion(1)
    asked = ("--data", store.write("newer.csv", newer), "--overlap", "drop")

    fair = store.evaluate("--candidate", 2, *asked)
    chosen = rates(fair["fairness"][0]["champion_groups"])
    assert set(chosen) == {"Male", "Female"}
    assert 0.04 < chosen["Female"] < 0.5 * chosen["Male"] < 0.16
    assert check(fair, "fairness on sex")["verdict"] == "pass"
    assert fair["data"]["left_out"] < 0.2 * len(newer)

    unfair = store.evaluate("--candidate", 3, *asked, code=1)
    found = check(unfair, "fairness on sex")
    assert found["verdict"] == "fail"
    assert "demographic parity difference grew by 0.0" in found["found"]
    wider = rates(unfair["fairness"][0]["candidate_groups"])
    assert wider["Female"] < 0.6 * chosen["Female"]


def test_rented_bikes_are_foreseen_better_by_more_trees(empty_store: Any) -> None:
    table = pd.read_csv(real_data("bike_sharing_hour.csv.gz"))
    hours = pd.to_timedelta(table["hr"], unit="h")
    store = empty_store("bikes")
    declare(
        store.project,
        name="bikes",
        task="regression",
        data={"source": "parcels.csv", "time": "at"},
        target={"column": "cnt"},
        features={
            "numeric": ["temp", "hum", "windspeed"],
            "categorical": ["season", "weathersit", "holiday"],
            "datetime": {"at": ["hour", "weekday", "month"]},
        },
        metric="mae",
        gate={"slices": ["season", "weathersit"]},
    )
    table = table.assign(at=pd.to_datetime(table["dteday"]) + hours)
    table.to_csv(store.project / "parcels.csv", index=False)
    train(store.project, "--params", "n_estimators=4,max_depth=3,n_jobs=1")
    train(store.project, *QUICK)
    assert store.evaluate("--candidate", 1)["data"]["span"].endswith("2012-12-31")
    store.champion(1)
    better = store.evaluate("--candidate", 2)
    assert better["metrics"][0]["verdict"] == "better"
    assert 50 < better["metrics"][0]["candidate"] < better["metrics"][0]["champion"] < 250
    store.champion(2)
    worse = store.evaluate("--candidate", 1, code=1)
    assert check(worse, "mae against version 2")["verdict"] == "fail"
    assert check(worse, "slices")["found"].startswith("worse on ")
