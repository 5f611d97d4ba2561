"""`podium evaluate`: files that are gone or damaged, and models that Podium did not make."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from tests.evaluating import made
from tests.jobs.evaluated import GOOD, LINES, WEAK, Store, check, declare, outcomes, parcels, train

pytestmark = pytest.mark.usefixtures("no_figures")


def damaged(folder: Path) -> None:
    (file,) = folder.glob("**/decision.json")
    file.write_text(file.read_text().replace("0.5", "0.4"))


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize("harm", [damaged, emptied])
def test_a_candidate_whose_files_are_not_in_order_fails(
    championed: Store, harm: Callable[[Path], None]
) -> None:
    number, folder = championed.copy_of(GOOD)
    harm(folder)
    said = championed.evaluate("--candidate", number, code=1)
    found = check(said, f"version {number} answers")
    assert (found["verdict"], found["needed"]) == ("fail", "it loads, and answers every row")
    assert found["found"]
    assert (said["metrics"], said["slices"], said["flips"]) == ([], [], None)
    assert championed.verdicts()[-1].evidence.verdict == "fail"
    page = championed.artifact(said["run_id"], "report.html").decode()
    assert f"version {number} answers" in page


@pytest.mark.parametrize("harm", [damaged, emptied])
def test_a_champion_whose_files_are_not_in_order_leaves_it_open(
    parcel_store: Store, harm: Callable[[Path], None]
) -> None:
    number, folder = parcel_store.copy_of(WEAK)
    parcel_store.champion(number)
    harm(folder)
    said = parcel_store.evaluate("--candidate", GOOD, code=6)
    found = check(said, f"version {number} answers")
    assert found["verdict"] == "inconclusive"
    assert found["found"]
    assert check(said, "rows new to both")["verdict"] == "pass"
    assert parcel_store.verdicts()[-1].evidence.verdict == "inconclusive"


def test_a_champion_that_was_deleted_is_said_to_be_gone(championed: Store) -> None:
    mlflow.MlflowClient().delete_model_version(championed.name, str(WEAK))
    said = championed.refused("--candidate", GOOD, code=1)
    assert "Version 1 of parcels, which is in production, was deleted" in said
    assert "podium retire parcels 1 --reason deleted" in said


def test_a_model_of_more_columns_may_follow_one_of_fewer(parcel_store: Store) -> None:
    parcel_store.champion(7)
    said = parcel_store.evaluate("--candidate", GOOD)
    assert check(said, "signature")["found"] == "compatible"


def test_a_candidate_may_take_columns_that_the_champion_does_not_know(championed: Store) -> None:
    wider = declare(championed.folder / "wider")
    frame = parcels()
    frame.assign(weight=frame["late"] + frame["gate"]).to_csv(wider / "parcels.csv", index=False)
    number = train(wider, "--estimator", "linear")
    store = Store(championed.folder, wider, championed.patch)
    said = store.evaluate("--candidate", number)
    assert said["metrics"][0]["candidate"] > 0.99
    here = championed.evaluate("--candidate", number, code=1)  # where its column is missing
    assert check(here, f"columns of version {number}")["found"] == "the data has no 'weight'"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ("return np.full(len(model_input), np.nan)", "nothing (null or NaN) in 600 of 600 rows"),
        ("raise ValueError('no luck')", "failed answering 600 rows: ValueError: no luck."),
    ],
)
def test_a_stranger_that_answers_no_sense_fails_in_a_sentence(
    championed: Store, answers: str, said: str
) -> None:
    number = championed.register(made.python(championed.folder / "strange", answers))
    found = check(championed.evaluate("--candidate", number, code=1), f"version {number} answers")
    assert said in found["found"]


@pytest.mark.slow
def test_a_stranger_that_always_answers_the_same_fails_and_it_is_noted(championed: Store) -> None:
    answers = "return np.full(len(model_input), 0.25)"
    number = championed.register(made.python(championed.folder / "strange", answers))
    said = championed.evaluate("--candidate", number, code=1)
    assert said["constant"] == ["candidate"]
    assert said["metrics"][0]["candidate"] == 0.5
    assert outcomes(said)["roc_auc against version 1"] == "fail"
    assert "The candidate gives one and the same answer for every row." in said["notes"]


@pytest.mark.slow
def test_a_stranger_with_probabilities_can_be_champion(parcel_store: Store) -> None:
    keys = {"signature": False, "pyfunc_predict_fn": "predict_proba"}
    number = parcel_store.register(made.sklearn(parcel_store.folder / "sk", **keys))
    parcel_store.champion(number)
    said = parcel_store.evaluate("--candidate", LINES)
    assert check(said, "rows new to both")["found"] == (
        f"none of 600 was trained on (not known of version {number})"
    )
    assert any(f"which rows version {number} was trained on" in note for note in said["notes"])
    assert 0.85 < said["metrics"][0]["champion"] < said["metrics"][0]["candidate"]
    parcel_store.act("promote", LINES, "--to", "staging")


@pytest.mark.slow
def test_a_stranger_with_labels_only_cannot_be_judged_by_ranks(championed: Store) -> None:
    number = championed.register(made.sklearn(championed.folder / "sk"))
    said = championed.evaluate("--candidate", number, code=1)
    found = check(said, "roc_auc")
    assert found["verdict"] == "fail"
    assert "The candidate cannot be judged: " in found["found"]
    assert "probabilities" in found["found"]
    assert check(said, "slices")["verdict"] == "inconclusive"
