"""`podium data` on real trainings: the list, one version, two compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST

from projects.jobs import snapshots
from tests.data_versions.shops import NAME, declare, document, podium_data, sales, train


@dataclass(frozen=True)
class Shop:
    """A store with three trainings: `first` of sales.csv and, as Parquet, again; `second` of a
    table with ten rows less, and eleven amounts changed.
    """

    folder: Path
    project: Path
    trained: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]

    @property
    def digests(self) -> tuple[str, str]:
        return self.trained[0]["data_digest"], self.trained[2]["data_digest"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("a shop")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
            patch.delenv(name, raising=False)
        patch.chdir(folder)
        patch.setenv("HOME", str(folder))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder}/mlflow.db")
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        project = declare(folder / NAME, licence="CC0", owner="ACME")
        first = sales()
        first.to_csv(project / "sales.csv", index=False)
        first[first.columns[::-1]].to_parquet(folder / "same.parquet", index=False)
        second = first.assign(amount=first["amount"].where(first.index > 20, first["amount"] + 1))
        second.iloc[10:].to_csv(folder / "second.csv", index=False)
        trained = (
            train(project),
            train(project, folder / "same.parquet"),
            train(project, folder / "second.csv"),
        )
        mlflow.MlflowClient().set_registered_model_alias(NAME, "production", "3")
        yield Shop(folder, project, trained)
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


def test_the_same_content_in_another_file_is_one_version(shop: Shop) -> None:
    second, first = document("shop")["versions"]
    assert (first["digest"], second["digest"]) == shop.digests
    assert [run["run_id"] for run in first["runs"]] == [
        shop.trained[1]["run_id"],
        shop.trained[0]["run_id"],
    ]
    assert [version["number"] for version in first["versions"]] == [2, 1]
    assert (first["rows"], first["columns"], second["rows"]) == (400, 6, 390)
    assert first["span"] == {"first": "2026-01-01T00:00:00Z", "last": "2026-01-17T15:00:00Z"}
    assert second["versions"][0]["stages"] == ["production"]


def test_the_list_says_what_comes_next(shop: Shop) -> None:
    one, other = (digest[:12] for digest in shop.digests)
    text = podium_data("shop").stdout
    assert f"podium data diff {one} {other}" in text
    assert "3 @production" in text


def test_a_version_is_named_by_its_digest_its_run_its_number_or_its_stage(shop: Shop) -> None:
    first, second = shop.digests
    run = shop.trained[1]["run_id"]
    for word, digest in [(first[:6], first), (first, first), (run, first), ("2", first)]:
        assert document("shop", word)["digest"] == digest
    assert document("shop", "@production")["digest"] == second


def test_a_version_shows_its_card_who_used_it_and_its_copy(shop: Shop) -> None:
    text = podium_data("shop", "1").stdout
    assert text.startswith(f"# Data of shop, version {shop.digests[0][:12]}")
    assert "| licence | CC0 |" in text
    assert "| email | e-mail |" in text
    assert "@example.com" not in text
    assert shop.trained[0]["run_id"] in text
    assert "Model versions: 2, 1" in text
    assert "Copy of the rows: " in text
    told = document("shop", "1")
    assert told["card"]["source"] == str(shop.folder / "same.parquet")
    assert told["copy"] == "there"


@pytest.mark.usefixtures("shop")
def test_the_difference_counts_rows_by_group_and_time() -> None:
    found = document("diff", "shop", "1", "@production")
    assert found["key"] == ["customer", "when"]
    assert found["rows"] == {
        "first": 400,
        "second": 390,
        "added": 0,
        "removed": 10,
        "changed": 11,
        "unchanged": 379,
        "same_order": True,
    }
    changed = {cell["column"]: cell["changed"] for cell in found["cells"]}
    assert changed == {"amount": 11, "bought": 0, "customer": 0, "email": 0, "region": 0, "when": 0}
    assert "examples" not in found


def test_digests_and_runs_need_no_project_for_a_difference(shop: Shop) -> None:
    first, second = shop.digests
    for one, other in [(first[:8], second[:8]), (shop.trained[0]["run_id"], second)]:
        found = document("diff", one, other)
        assert (found["first"], found["second"]) == (first, second)


@pytest.mark.usefixtures("shop")
def test_rows_are_printed_only_where_they_are_asked_for() -> None:
    words = ("diff", "shop", "1", "3")
    text = podium_data(*words).stdout
    assert "removed           10" in text
    for private in ("@example.com", "c0", "c10"):
        assert private not in text
    text = podium_data(*words, "--show", "2").stdout
    assert "u1@example.com" in text
    assert text.count("when = ") == 4
    examples = document(*words, "--show", "10")["examples"]
    assert [len(examples[what]) for what in ("removed", "added", "changed")] == [10, 0, 10]
    change = examples["changed"][0]
    assert change["key"] == {"customer": "c10", "when": "2026-01-01T10:00:00+00:00"}
    assert list(change["before"]) == ["amount"]


@pytest.mark.usefixtures("shop")
def test_a_key_of_ones_own_is_taken_and_one_that_is_none_is_refused() -> None:
    words = ("diff", "shop", "1", "3")
    assert document(*words, "--key", "when")["key"] == ["when"]
    said = podium_data(*words, "--key", "region,email", code=2).output
    assert "email = (not shown: it looks personal)" in said
    assert "region = " in said
    assert "no column 'emial'" in podium_data(*words, "--key", "emial", code=2).output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "needs the name of a project"),
        (("shop", "1", "2"), 2, "needs the name of a project"),
        (("diff", "shop"), 2, "diff needs two data versions"),
        (("shop", "--key", "when"), 2, "--key and --show are for diff"),
        (("shap",), 4, "Did you mean 'shop'"),
        (("sh:op",), 2, "contains a colon"),
        (("shop", "9"), 4, "Version 9 of shop"),
        (("shop", "0000"), 4, "No training used data '0000'"),
        (("shop", "xyz"), 2, "'xyz' names no data version"),
        (("shop", "@staging"), 4, "shop has no alias @staging"),
        (("shop", "0" * 32), 4, "No training used data"),
        (("diff", "1", "2"), 2, "the model is not named"),
        (("diff", "shop", "1", "2"), 2, "are the same data"),
        (("diff", "shop", "1", "3", "--show", "11"), 2, "at most 10"),
    ],
)
@pytest.mark.usefixtures("shop")
def test_what_cannot_be_meant_is_refused(words: tuple[str, ...], code: int, said: str) -> None:
    assert said in podium_data(*words, code=code).output


def test_pages_of_runs_and_of_experiments_are_all_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "_PAGE_RUNS", 1)
    monkeypatch.setattr(snapshots, "_PAGE_EXPERIMENTS", 1)
    mlflow.MlflowClient().create_experiment(f"empty beside {shop.project.name}")
    assert [len(version["runs"]) for version in document("shop")["versions"]] == [1, 2]


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


def test_digits_that_are_no_model_version_begin_a_digest(shop: Shop) -> None:
    run_id, digest = shop.trained[2]["run_id"], "12345678" + "0" * 56
    client = mlflow.MlflowClient()
    client.set_tag(run_id, "podium.data_digest", digest)
    try:
        assert document("shop", "12345678")["digest"] == digest
        assert document("shop", "1")["digest"] == shop.digests[0]
        assert "Version 12340 of shop" in podium_data("shop", "12340", code=4).output
        said = podium_data("diff", "12345", shop.digests[0][:8], code=2).output
        assert "is that of data" in said
    finally:
        client.set_tag(run_id, "podium.data_digest", shop.digests[1])


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
