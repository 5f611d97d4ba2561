"""What the bundled projects reach on the published data."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.bundled import TIMES, TWINS, UNLIKE, case_of, reached
from podium.progress import Progress
from podium.spec import load_declaration
from projects.disk_failure.loader import drive_days
from projects.jobs.find import bundled_projects
from projects.training.split import groups_in_several
from projects.training.trained import Trained, train
from tests.bundled.drives import plain_labels
from tests.real_data import real_data

pytestmark = pytest.mark.slow


def trained_on(name: str, data: Path | str, **instead: Any) -> Trained:
    folder = bundled_projects()[name]
    declaration = load_declaration(folder, {"data.source": str(data), **instead})
    return train(declaration, base=folder, rows=None, seed=0, progress=Progress(None))


def test_drives_that_fail_are_found_far_above_their_share(drives: Path) -> None:
    trained = trained_on("disk_failure", drives)
    holdout = trained.measured.values["holdout"]
    share = trained.table.target.y[trained.parts.holdout].mean()
    assert holdout["average_precision"] > 20 * share
    assert holdout["roc_auc"] > 0.78
    assert trained.measured.values["holdout"]["cost"] < trained.measured.baseline["cost"]
    assert trained.table.group is not None
    assert groups_in_several(trained.table.group, trained.parts) == 0
    assert {finding.check for finding in trained.findings} == {"constant"}


def test_drives_that_fail_are_found_whichever_seed_splits_them(drives: Path) -> None:
    case = case_of("disk_failure", str(drives))
    rows = [reached(case, seed) for seed in range(5)]
    assert statistics.median(row[TIMES] for row in rows) >= 20
    assert statistics.median(row["roc_auc"] for row in rows) >= 0.78


def test_labels_of_published_drives_are_those_of_the_plainest_reading(drives: Path) -> None:
    files = sorted(drives.glob("*.csv"))
    columns = ["date", "serial_number", "failure"]
    raw = pd.concat([pd.read_csv(file, usecols=columns) for file in files])
    last = raw.groupby("serial_number")["date"].transform("max")
    failing = raw.groupby("serial_number")["failure"].transform("max").to_numpy() == 1
    telling = set(raw["serial_number"][failing | (last < raw["date"].max())])
    telling |= set(sorted(set(raw["serial_number"]))[:100])
    first = pd.Timestamp(raw["date"].min())
    raw = raw[raw["serial_number"].isin(telling)]
    days = (pd.to_datetime(raw["date"]) - first).dt.days
    expected: dict[tuple[int, str], int] = {}
    for serial, rows in raw.assign(day=days).groupby("serial_number"):
        sights = [(int(d), str(serial), int(f)) for d, f in rows[["day", "failure"]].to_numpy()]
        expected |= plain_labels([*sights, (len(files) - 1, "the last day", 0)], 7)
    found = drive_days(files, [*columns, "fails"])
    found = found[found["serial_number"].isin(telling)]
    day = ((found["date"] - first) / np.timedelta64(1, "D")).astype(int)
    keys = zip(day, found["serial_number"], strict=True)
    assert dict(zip(keys, found["fails"], strict=True)) == expected


def test_bike_demand_is_predicted_far_better_than_by_its_median() -> None:
    trained = trained_on("bike_demand", real_data("bike_sharing_hour.csv.gz"))
    assert trained.measured.values["holdout"]["mae"] < 0.3 * trained.measured.baseline["mae"]
    assert trained.measured.values["holdout"]["r2"] > 0.85
    assert len(trained.table) == 17_379
    assert not trained.findings


def test_spam_is_ranked_above_other_messages() -> None:
    trained = trained_on("sms_spam", real_data("sms_spam_5574.tsv.gz"))
    assert trained.measured.values["holdout"]["average_precision"] >= 0.97
    assert trained.measured.values["holdout"]["precision"] > 0.95
    assert len(trained.table) == 5_171
    shares = [
        trained.table.target.y[trained.parts.rows(part)].mean() for part in ("train", "holdout")
    ]
    assert shares[0] == pytest.approx(shares[1], abs=0.002)
    assert not trained.findings


def test_spam_is_ranked_above_other_messages_over_ten_seeds() -> None:
    case = case_of("sms_spam", str(real_data("sms_spam_5574.tsv.gz")))
    rows = [reached(case, seed) for seed in range(10)]
    assert statistics.mean(row["average_precision"] for row in rows) >= 0.97
    assert statistics.mean(row[UNLIKE] for row in rows) >= 0.96
    assert {16, 20, 26} <= {row[TWINS] for row in rows} <= set(range(16, 27))


def test_as_many_spam_messages_are_like_others_as_the_page_says() -> None:
    table = case_of("sms_spam", str(real_data("sms_spam_5574.tsv.gz"))).table
    letters = table.features["message"].str.lower().str.replace(r"[\W\d_]+", "", regex=True)
    assert letters[table.target.y == 1].duplicated(keep=False).sum() == 121


def test_incomes_are_told_apart_and_differences_between_groups_are_measured() -> None:
    path = real_data("adult_train_raw_noheader.csv.gz")
    params = {**load_declaration(bundled_projects()["adult_income"]).project.params}
    trained = trained_on(
        "adult_income",
        path.parent / "adult_*_raw_noheader.csv.gz",
        params={**params, "n_estimators": 150, "learning_rate": 0.15},
    )
    assert trained.measured.values["holdout"]["roc_auc"] > 0.91
    assert len(trained.table) == 48_842
    assert trained.table.target.y.mean() == pytest.approx(0.2393, abs=1e-4)
    assert {row.column for row in trained.measured.slices} >= {"sex", "race"}
    assert not trained.findings
