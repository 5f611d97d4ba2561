"""`podium evaluate`: which rows judge, and which must not."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from tests.jobs.evaluated import (
    GOOD,
    OTHER_SPLIT,
    WEAK,
    Store,
    check,
    declare,
    outcomes,
    parcels,
    train,
)

pytestmark = pytest.mark.usefixtures("no_figures")


def test_the_table_of_the_training_is_refused_with_counts_and_ways_out(championed: Store) -> None:
    table = championed.project / "parcels.csv"
    said = championed.refused("--candidate", GOOD, "--data", table, code=2)
    assert "version 2 was trained on 2,400 of the 3,000 rows" in said
    assert "--overlap drop judges by the 600 others" in said
    assert "--overlap keep" in said
    (run,) = championed.runs()
    assert run.info.status == "FAILED"
    assert "2,400 of the 3,000" in run.data.tags["podium.error"]


def test_drop_judges_by_the_rows_that_no_training_had(championed: Store) -> None:
    table = championed.project / "parcels.csv"
    holdout = championed.evaluate("--candidate", GOOD)
    said = championed.evaluate("--candidate", GOOD, "--data", table, "--overlap", "drop")
    data = said["data"]
    assert (data["part"], data["rows"], data["left_out"]) == ("all rows", 600, 2400)
    assert check(said, "rows new")["found"] == "2,400 of 3,000 were trained on, and are left out"
    assert "2,400 rows that a model was trained on are left out." in said["notes"]
    assert said["metrics"][0]["candidate"] == holdout["metrics"][0]["candidate"]
    assert data["digest"] == holdout["data"]["digest"]  # of the same table: no new chance


def test_keep_judges_by_all_rows_and_notes_it(championed: Store) -> None:
    table = championed.project / "parcels.csv"
    said = championed.evaluate("--candidate", GOOD, "--data", table, "--overlap", "keep", code=6)
    assert (said["data"]["rows"], said["data"]["left_out"]) == (3000, 0)
    for version in (GOOD, WEAK):
        note = f"version {version} was trained on 2,400 of the 3,000 rows; they are judged by all "
        assert f"{note}the same." in said["notes"]
    assert check(said, "rows new")["verdict"] == "inconclusive"


def test_a_champion_that_knows_the_rows_leaves_it_open(championed: Store) -> None:
    said = championed.evaluate("--candidate", OTHER_SPLIT, code=6)
    found = check(said, "rows new to both")
    assert found["verdict"] == "inconclusive"
    assert found["found"].startswith("version 1 was trained on 4")
    assert found["found"].endswith("of the 600 rows")
    assert {name for name, verdict in outcomes(said).items() if verdict != "pass"} == {
        "rows new to both"
    }
    assert said["sentence"] == (
        "Whether version 6 of parcels may take the place of version 1 cannot be told: "
        "rows new to both."
    )
    championed.act("promote", OTHER_SPLIT, "--to", "staging", code=6)
    rest = championed.evaluate("--candidate", OTHER_SPLIT, "--overlap", "drop")
    assert 50 < rest["data"]["rows"] == 600 - rest["data"]["left_out"] < 250


def test_rows_that_only_look_alike_are_no_reason_to_refuse_a_holdout(parcel_store: Store) -> None:
    def coarse(seed: int) -> pd.DataFrame:
        return parcels(2000, seed=seed).round({"distance": 0, "gate": 0})

    project = declare(parcel_store.folder / "coarse", name="coarse")
    coarse(3).to_csv(project / "parcels.csv", index=False)
    train(project, "--estimator", "linear")
    store = Store(parcel_store.folder, project, parcel_store.patch, "coarse")
    said = store.evaluate()
    assert check(said, "rows new")["found"] == "none of 400 was trained on"
    elsewhere = store.write("elsewhere.csv", coarse(4))
    said_so = store.refused("--data", elsewhere, code=2)
    assert re.match(r"version 1 was trained on 1,[45]\d\d of the 2,000 rows", said_so)
    kept = store.evaluate("--data", elsewhere, "--overlap", "keep", code=6)
    assert kept["data"]["rows"] == 2000


def test_a_candidate_of_fewer_rows_is_judged_by_the_holdout_of_those(championed: Store) -> None:
    number = train(championed.project, "--estimator", "linear", "--rows", "1500")
    said = championed.evaluate("--overlap", "drop")
    assert said["candidate"]["version"] == number
    assert said["data"]["rows"] + said["data"]["left_out"] == 300
    assert said["data"]["left_out"] > 200  # the champion's: it was trained on all of them
    alone = championed.refused("--rows", "3000", "--seed", "1", code=2)
    assert f"version {number} was trained on" in alone


def test_rows_of_one_class_tell_nothing(championed: Store) -> None:
    frame = parcels(800, seed=7)
    late = championed.write("late.csv", frame[frame["late"] == 1])
    said = championed.evaluate("--candidate", GOOD, "--data", late, code=6)
    assert check(said, "roc_auc")["verdict"] == "inconclusive"
    assert check(said, "roc_auc")["found"].startswith("undefined: ")
    assert said["data"]["share_positive"] == 1.0
    assert said["metrics"][0]["difference"] is None


def test_a_slice_of_three_rows_is_shown_and_not_judged(championed: Store) -> None:
    frame = parcels(900, seed=7)
    frame.loc[:2, "region"] = "island"
    said = championed.evaluate("--candidate", GOOD, "--data", championed.write("newer.csv", frame))
    slices = {each["value"]: each for each in said["slices"]}
    assert set(slices) == {"north", "west", "south", "island"}
    assert (slices["island"]["rows"], slices["island"]["comparison"]) == (3, None)
    assert slices["island"]["not_judged"]
    assert all(slices[name]["comparison"] for name in ("north", "west", "south"))
    assert check(said, "slices")["found"] == "none of 3 worse by more than 0.03 (1 not judged)"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"late": "yes"}, "hold a label that the model does not know, for example 'yes'"),
        ({"late": None}, "target 'late' is missing in 200 of 200 rows"),
    ],
)
def test_rows_without_proper_labels_are_refused(
    championed: Store, change: dict[str, object], said: str
) -> None:
    table = championed.write("newer.csv", parcels(200, seed=7).assign(**change))
    assert said in championed.refused("--candidate", GOOD, "--data", table, code=2)


def test_rows_without_the_target_are_refused_by_the_name_of_its_key(championed: Store) -> None:
    table = championed.write("newer.csv", parcels(200, seed=7).rename(columns={"late": "lat"}))
    said = championed.refused("--candidate", GOOD, "--data", table, code=2)
    assert "target.column: there is no column 'late'. Did you mean 'lat'" in said


def test_a_column_that_both_models_take_and_the_rows_lack_fails_the_candidate(
    championed: Store,
) -> None:
    table = championed.write("newer.csv", parcels(300, seed=7).drop(columns="gate"))
    said = championed.evaluate("--candidate", GOOD, "--data", table, code=1)
    assert check(said, "columns of version 2")["verdict"] == "fail"
    assert check(said, "columns of version 2")["found"] == "the data has no 'gate'"
    assert check(said, "columns of version 1")["verdict"] == "inconclusive"
