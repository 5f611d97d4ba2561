"""Snapshots in every kind of store: written once, checked when read, whole or not there."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from uuid import uuid4

import mlflow
import pandas as pd
import pytest

from podium.data import content_digest
from podium.data.nycflights import MissingPackageError
from podium.errors import DataError, NotFound, PodiumError, Unreachable
from podium.where import without_password
from projects.data_versions.snapshot import DESCRIBED, FILES, ROWS, read_rows
from projects.jobs import snapshots
from tests.data_versions.kept import CARD, kept, names, store
from tests.data_versions.made import orders
from tests.registry_tools.backends import Backend


def put(place: str, name: str, content: bytes, scratch: Path) -> None:
    """Write a file over the one in the store."""
    (scratch / name).write_bytes(content)
    store(place).log_artifact(str(scratch / name))


def test_what_was_kept_comes_back_with_its_types(run_id: str, tmp_path: Path) -> None:
    frame = orders(seed=1)
    place, digest = kept(frame, run_id)
    assert place.endswith(f"/podium-data/{digest}")
    back = read_rows(snapshots.fetch(place, digest, tmp_path))
    pd.testing.assert_frame_equal(back, frame)
    assert content_digest(back) == digest
    assert names(place) == set(FILES)


def test_it_is_written_once(run_id: str, tmp_path: Path) -> None:
    frame = orders(seed=2)
    place, digest = kept(frame, run_id)
    (tmp_path / "other").mkdir()
    before = snapshots.described_at(place)
    put(place, "data_card.md", b"mine", tmp_path / "other")
    size = snapshots.keep(frame, place, digest, CARD, "# Another\n")
    assert before is not None
    assert (size, snapshots.described_at(place)) == (before.bytes, before)
    assert Path(store(place).download_artifacts("data_card.md", str(tmp_path))).read_text() == (
        "mine"
    )


def test_what_is_not_there_is_not_found(run_id: str, tmp_path: Path) -> None:
    place = snapshots.place_of(run_id, "0" * 64)
    assert snapshots.described_at(place) is None
    with pytest.raises(NotFound, match="There is no whole snapshot") as caught:
        snapshots.fetch(place, "0" * 64, tmp_path)
    assert place in caught.value.what
    assert "train again on the same data" in caught.value.remedy


def test_a_damaged_file_is_noticed(run_id: str, tmp_path: Path) -> None:
    place, digest = kept(orders(seed=3), run_id)
    rows = snapshots.fetch(place, digest, tmp_path).read_bytes()
    put(place, ROWS, rows[:200] + b"\0\1\2" + rows[203:], tmp_path)
    with pytest.raises(DataError, match=r"is damaged: .*its SHA-256 is not the one") as caught:
        snapshots.fetch(place, digest, tmp_path)
    assert "Delete that folder and train again" in caught.value.remedy


def test_half_a_snapshot_is_completed_by_the_next_training(run_id: str, tmp_path: Path) -> None:
    """The rows are cut, and the description is not there."""
    frame = orders(seed=4)
    digest = content_digest(frame)
    place = snapshots.place_of(run_id, digest)
    put(place, ROWS, b"PAR1 and no more", tmp_path)
    assert snapshots.described_at(place) is None
    with pytest.raises(NotFound):
        snapshots.fetch(place, digest, tmp_path)
    kept(frame, run_id)
    assert content_digest(read_rows(snapshots.fetch(place, digest, tmp_path))) == digest


def test_two_at_once_do_no_harm(run_id: str, tmp_path: Path) -> None:
    frame = orders(seed=5)
    together, failures = threading.Barrier(3), list[BaseException]()

    def keep() -> None:
        together.wait()
        try:
            kept(frame, run_id)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    threads = [threading.Thread(target=keep) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    digest = content_digest(frame)
    snapshots.fetch(snapshots.place_of(run_id, digest), digest, tmp_path)


def test_trainings_are_found_by_their_tags(run_id: str) -> None:
    client, digest = mlflow.MlflowClient(), uuid4().hex * 2
    tags = {"podium.job": "tune", "podium.data_digest": digest, "podium.snapshot": ""}
    assert snapshots.trainings_where(f"tags.`podium.data_digest` LIKE '{digest[:8]}%'") == []
    for key, value in tags.items():
        client.set_tag(run_id, key, value)
    for condition in (
        f"tags.`podium.data_digest` LIKE '{digest[:8]}%'",
        f"attributes.run_id = '{run_id}'",
    ):
        (use,) = snapshots.trainings_where(condition)
        assert (use.run_id, use.job, use.digest, use.snapshot) == (run_id, "tune", digest, "")


def test_rows_of_a_wrong_size_are_written_again(local_run: str, tmp_path: Path) -> None:
    frame = orders(seed=6)
    place, digest = kept(frame, local_run)
    put(place, ROWS, b"", tmp_path)
    assert snapshots.described_at(place) is None
    kept(frame, local_run)
    snapshots.fetch(place, digest, tmp_path)


def test_the_same_content_in_other_bytes_is_the_same(local_run: str, tmp_path: Path) -> None:
    """As another version of the Parquet library would have written it."""
    frame = orders(seed=8)
    place, digest = kept(frame, local_run)
    frame.to_parquet(tmp_path / ROWS, compression="snappy", index=False)
    store(place).log_artifact(str(tmp_path / ROWS))
    pd.testing.assert_frame_equal(read_rows(snapshots.fetch(place, digest, tmp_path)), frame)


def test_other_rows_and_other_types_are_damage(local_run: str, tmp_path: Path) -> None:
    frame = orders(seed=9)
    place, digest = kept(frame, local_run)
    for changed, how in (
        (frame.iloc[:-1], r"its rows have the content [0-9a-f]{12} \("),
        (frame.astype({"bought": "int64"}), f"its columns, or their types, are not .*{DESCRIBED}"),
    ):
        changed.to_parquet(tmp_path / ROWS, index=False)
        store(place).log_artifact(str(tmp_path / ROWS))
        with pytest.raises(DataError, match=f"is damaged: {how}"):
            snapshots.fetch(place, digest, tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": "x"}', "not json"])
def test_a_description_that_cannot_be_read_is_damage(
    local_run: str, tmp_path: Path, text: str
) -> None:
    place, digest = kept(orders(seed=10), local_run)
    put(place, DESCRIBED, text.encode(), tmp_path)
    with pytest.raises(DataError, match=f"damaged: its {DESCRIBED} cannot be read"):
        snapshots.fetch(place, digest, tmp_path)
    assert snapshots.described_at(place) is None


def test_a_newer_schema_and_another_content_are_told_apart_from_damage(
    local_run: str, tmp_path: Path
) -> None:
    place, digest = kept(orders(seed=11), local_run)
    with pytest.raises(DataError, match=f"is that of data {digest[:12]}, not of 000000000000"):
        snapshots.fetch(place, "0" * 64, tmp_path)
    written = json.loads(Path(store(place).download_artifacts(DESCRIBED)).read_text())
    put(place, DESCRIBED, json.dumps({**written, "schema": 2}).encode(), tmp_path)
    with pytest.raises(DataError, match="has schema 2; this version of Podium reads 1"):
        snapshots.fetch(place, digest, tmp_path)


def test_nothing_in_it_names_this_machine(local_run: str, tmp_path: Path) -> None:
    place, digest = kept(orders(seed=12), local_run)
    rows = snapshots.fetch(place, digest, tmp_path).read_bytes()
    described = (tmp_path / DESCRIBED).read_bytes()
    for content in (rows, described):
        for own in (str(tmp_path), os.getcwd(), str(Path.home())):
            assert own.encode() not in content


def test_a_store_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_S3_ENDPOINT_URL", "http://127.0.0.1:9")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(Unreachable, match="cannot be fetched"):
            snapshots.fetch("s3://bucket/1/podium-data/abc", "abc", tmp_path)


def test_a_place_that_no_store_knows_is_refused(tmp_path: Path) -> None:
    place = "nowhere://x/podium-data/abc"
    for ask in (
        lambda: snapshots.described_at(place),
        lambda: snapshots.fetch(place, "abc", tmp_path),
        lambda: snapshots.card_at(place, tmp_path),
    ):
        with pytest.raises(PodiumError, match="nowhere://x") as caught:
            ask()
        assert not isinstance(caught.value, Unreachable)


def test_a_client_library_that_is_not_installed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud", None)
    monkeypatch.setitem(sys.modules, "google.auth.exceptions", None)
    place = "gs://bucket/1/podium-data/abc"
    for ask in (
        lambda: snapshots.described_at(place),
        lambda: snapshots.fetch(place, "abc", tmp_path),
    ):
        with pytest.raises(MissingPackageError, match="google") as caught:
            ask()
        assert "Install the client library" in caught.value.remedy


def test_a_secret_that_a_tag_does_not_show_is_found_with_the_experiment(local: Backend) -> None:
    location = "ftp://bob:hush@127.0.0.1:9/store"
    experiment = mlflow.MlflowClient().create_experiment(f"secret {local.name}", location)
    with mlflow.start_run(experiment_id=experiment) as run:
        pass
    place = snapshots.place_of(run.info.run_id, "abc")
    assert place == f"{location}/podium-data/abc"
    masked = without_password(place)
    assert "hush" not in masked
    with pytest.raises(PodiumError, match=r"bob:\*\*\*@127") as caught:
        snapshots.described_at(masked)
    assert "hush" not in str(caught.value)
