"""What `podium data` says of the copies of the rows: there, gone, not kept, or not known."""

from __future__ import annotations

import shutil
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from projects.jobs import snapshots
from tests.data_versions.shops import Shop, declare, document, podium_data, sales, train


@pytest.mark.usefixtures("shop")
def test_a_copy_that_is_gone_is_said_and_cannot_be_compared() -> None:
    place = Path(document("shop", "3")["snapshot"]["uri"])
    away = place.with_name("away")
    shutil.move(place, away)
    try:
        assert "is gone, or not whole" in podium_data("shop", "3").stdout
        assert document("shop", "3")["copy"] == "gone"
        said = podium_data("diff", "shop", "1", "3", code=4).output
        assert "There is no whole snapshot" in said
        assert "train again on the same data" in said
    finally:
        shutil.move(away, place)


def test_without_a_copy_there_is_a_card_and_no_difference(shop: Shop) -> None:
    project = declare(shop.folder / "quiet", name="quiet", snapshot=False)
    sales(seed=3).to_csv(project / "sales.csv", index=False)
    trained = train(project)
    told = document("quiet", trained["data_digest"][:12])
    assert (told["snapshot"], told["copy"], told["card"]["rows"]) == (None, "none", 400)
    assert "data.snapshot: true keeps one" in podium_data("quiet", "1").stdout
    said = podium_data("diff", trained["data_digest"], shop.digests[0], code=4).output
    assert "No copy of data" in said


def test_a_store_that_takes_no_copy_costs_no_training(shop: Shop) -> None:
    project = declare(shop.folder / "full", name="full")
    sales(seed=4).to_csv(project / "sales.csv", index=False)
    experiment = mlflow.MlflowClient().create_experiment("full")
    location = Path(mlflow.get_experiment(experiment).artifact_location.removeprefix("file://"))
    location.mkdir(parents=True)
    (location / snapshots.FOLDER).write_text("in the way")
    trained = train(project)
    assert "No snapshot of the data is kept" in trained["said"]
    tags = mlflow.get_run(trained["run_id"]).data.tags
    assert (tags["podium.snapshot"], bool(tags["podium.snapshot_problem"])) == ("", True)
    assert "No copy of the rows is kept: " in podium_data("full", "1").stdout
    (location / snapshots.FOLDER).unlink()
    train(project)
    assert document("full", "1")["copy"] == "there"


def test_deleted_runs_do_not_count_and_their_versions_still_do(shop: Shop) -> None:
    run_id = shop.trained[2]["run_id"]
    client = mlflow.MlflowClient()
    client.delete_run(run_id)
    try:
        last = document("shop")["versions"][-1]
        assert (last["digest"], last["runs"], last["snapshot"]) == (shop.digests[1], [], None)
        assert podium_data("shop").stdout.split("Next:")[0].rstrip().endswith(" ?")
        text = podium_data("shop", "3").stdout
        assert "The runs that used it were deleted." in text
        assert "Copy of the rows: " in text
        assert f"/podium-data/{shop.digests[1]}" in text
        assert document("shop", "3")["copy"] == "there"
        assert document("diff", "shop", "1", "3")["rows"]["removed"] == 10
    finally:
        client.restore_run(run_id)


def test_a_copy_is_not_denied_where_nothing_says_so(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is gone for good, so that MLflow does not say where its experiment kept anything."""
    run_id = shop.trained[2]["run_id"]
    client = mlflow.MlflowClient()
    client.delete_run(run_id)
    monkeypatch.setattr(snapshots, "place_of", _gone)
    try:
        text = podium_data("shop", "3").stdout
        assert "is not known: the runs that used it were deleted" in text
        assert f"at <the experiment's artifacts>/podium-data/{shop.digests[1]}" in text
        assert "No copy of the rows is kept" not in text
        assert document("shop", "3")["copy"] == "unknown"
        said = podium_data("diff", "shop", "1", "3", code=4).output
        assert "No copy of data" in said
        assert "is known of" in said
    finally:
        client.restore_run(run_id)


def _gone(run_id: str, _digest: str) -> str:
    raise MlflowException(f"Run with id={run_id} not found", RESOURCE_DOES_NOT_EXIST)


def test_a_copy_whose_tag_was_cleared_is_looked_for(shop: Shop) -> None:
    run_id = shop.trained[2]["run_id"]
    client = mlflow.MlflowClient()
    place = client.get_run(run_id).data.tags["podium.snapshot"]
    client.delete_tag(run_id, "podium.snapshot")
    try:
        assert "  ?" in podium_data("shop").stdout
        assert document("shop", "3")["copy"] == "there"
        assert document("diff", "shop", "1", "3")["rows"]["removed"] == 10
        away = Path(place).with_name("away")
        shutil.move(place, away)
        text = podium_data("shop", "3").stdout
        shutil.move(away, place)
        assert f"the runs that used it do not say; there is none at {place}." in text
    finally:
        client.set_tag(run_id, "podium.snapshot", place)


def test_passwords_of_the_store_are_nowhere_shown(
    shop: Shop, s3: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows are read all the same: the experiment knows the whole address."""
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    project = declare(shop.folder / "secret", name="secret")
    sales(seed=5).to_csv(project / "sales.csv", index=False)
    mlflow.MlflowClient().create_experiment("secret", "s3://snapshots/secret?token=hush")
    trained = [train(project)]
    sales(390, seed=5).to_csv(project / "sales.csv", index=False)
    trained.append(train(project))
    for each in trained:
        tags = mlflow.get_run(each["run_id"]).data.tags
        assert "hush" not in str({key: tags[key] for key in tags if key.startswith("podium.")})
    listed = document("secret")
    assert "hush" not in str(listed) + podium_data("secret").output
    assert listed["versions"][0]["snapshot"]["uri"].endswith("?token=***")
    found = document("diff", "secret", "1", "2")
    assert (found["rows"]["first"], found["rows"]["second"]) == (400, 390)
