"""Files that are kept on this machine, and what was served last."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from podium.artifact.scoring.manifest import write_manifest
from podium.errors import NotFound
from registry_tools.port import Version
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.cache import Cache, Kept, checked
from serving.following.fixed import fix
from serving.following.last import Last, registry_key
from serving.following.naming import is_path, name_of
from tests.registry_tools.pure.memory import MemoryRegistry


def _kept(cache: Cache, content: str, model: str = "m") -> Kept:
    with cache.scratch() as scratch:
        folder = scratch / "files"
        folder.mkdir()
        (folder / "model.txt").write_text(content)
        write_manifest(folder)
        return cache.take(model, checked(folder))


def test_what_was_put_in_is_found_by_its_digest_alone(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = _kept(cache, "one")
    assert cache.find("m", kept.digest) == kept
    assert cache.find("other", kept.digest) is None
    assert cache.find("m", "../../etc") is None
    assert _kept(cache, "one") == kept  # another server brought it at the same time


def test_files_that_were_changed_are_not_found_and_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = _kept(cache, "one")
    (kept.folder / "model.txt").write_text("two")
    assert cache.find("m", kept.digest) is None
    assert not kept.folder.exists()


def test_files_that_were_changed_give_way_to_whole_ones(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = _kept(cache, "one")
    (kept.folder / "model.txt").write_text("two")
    assert _kept(cache, "one") == kept
    assert (kept.folder / "model.txt").read_text() == "one"


def test_what_cannot_be_marked_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    Cache(tmp_path).mark(tmp_path / "file" / "inside")


def test_a_name_that_looks_like_a_path_stays_inside(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    for name in ("..", "../../outside", "a b%/c"):
        kept = _kept(cache, "one", name)
        assert tmp_path / "cache" in kept.folder.resolve().parents


def test_old_versions_go_but_not_those_that_a_server_uses(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    versions = [_kept(cache, str(number)) for number in range(8)]
    now = time.time()
    for age, kept in enumerate(reversed(versions)):
        os.utime(kept.folder, (now - 7200 - age, now - 7200 - age))
    cache.mark(versions[0].folder)  # another server serves the first one
    cache.prune("m")
    left = [number for number, kept in enumerate(versions) if kept.folder.exists()]
    assert left == [0, 4, 5, 6, 7]


def test_what_was_served_last_is_read_only_if_its_files_are_whole(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    kept = _kept(cache, "one")
    served = {"m": Assigned("m", "3", "champion", str(kept.folder), kept.digest, 9), "n": None}
    last = Last(tmp_path, "sqlite:///mlflow.db", ["m", "n"])
    assert last.read() is None
    last.write(served)
    assert last.read() == served
    assert Last(tmp_path, "sqlite:///mlflow.db", ["n", "m"]).read() == served
    assert Last(tmp_path, "http://elsewhere", ["m", "n"]).read() is None
    (kept.folder / "model.txt").write_text("two")
    assert last.read() is None
    last.file.write_text("{")
    assert last.read() is None


def test_what_an_older_server_served_last_is_read_with_the_digest_of_its_files(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}")
    found = fix(str(folder), Cache(tmp_path / "cache"), _nothing, _nothing)
    last = Last(tmp_path, "sqlite:///mlflow.db", ["mine"])
    last.write({"mine": found})
    document = json.loads(last.file.read_text())
    del document["models"]["mine"]["files_digest"]
    last.file.write_text(json.dumps(document))
    assert found.files_digest is not None
    assert last.read() == {"mine": found}


def test_registries_on_this_machine_are_told_apart_by_folder() -> None:
    here, there = Path("/here"), Path("/there")
    assert registry_key({}, here) != registry_key({}, there)
    remote = {"MLFLOW_TRACKING_URI": "http://host:5000"}
    assert registry_key(remote, here) == registry_key(remote, there)


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("models:/flights/3", "flights"),
        ("models:/flights@production", "flights"),
        ("runs:/abc/model", "model"),
        ("models:/m-123", "m-123"),
        ("s3://bucket/some/place/", "place"),
        ("mlflow-artifacts:/1/abc/artifacts/model", "model"),
        ("/models/flights/", "flights"),
    ],
)
def test_a_model_by_uri_has_a_name(uri: str, name: str) -> None:
    assert name_of(uri) == name


def test_folders_are_told_from_uris() -> None:
    assert all(map(is_path, ("model", "./a:b", "/models/flights", "~/m", "C:/m")))
    assert not any(map(is_path, ("mlflow-artifacts:/0/abc", "dbfs:/m", "file:///m", "models:m")))


def test_a_folder_with_a_model_is_served_from_a_copy(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "code" / "__pycache__").mkdir(parents=True)
    (folder / "code" / "__pycache__" / "x.pyc").write_text("bytecode")
    (folder / "MLmodel").write_text("flavors: {}")
    found = fix(str(folder), Cache(tmp_path / "cache"), _nothing, _nothing)
    assert (found.model, found.version, found.role, found.digest) == ("mine", "", "fixed", None)
    assert sorted(path.name for path in Path(found.folder).rglob("*")) == ["MLmodel", "code"]


def test_a_folder_is_served_as_it_is_even_if_its_copy_was_changed(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}")
    found = fix(str(folder), Cache(tmp_path / "cache"), _nothing, _nothing)
    (Path(found.folder) / "MLmodel").write_text("flavors: {else: {}}")
    assert fix(str(folder), Cache(tmp_path / "cache"), _nothing, _nothing) == found
    assert (Path(found.folder) / "MLmodel").read_text() == "flavors: {}"


def test_the_latest_of_no_versions_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="m has no versions"):
        fix("models:/m/latest", Cache(tmp_path), _Empty, _nothing)


def test_a_folder_whose_files_do_not_match_its_manifest_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}")
    write_manifest(folder)
    (folder / "MLmodel").write_text("flavors: {python_function: {}}")
    with pytest.raises(NotServable, match="MLmodel is not the file that was logged"):
        fix(str(folder), Cache(tmp_path / "cache"), _nothing, _nothing)


def test_a_folder_without_a_model_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="MLmodel"):
        fix(str(tmp_path), Cache(tmp_path / "cache"), _nothing, _nothing)


def _nothing(*_: object) -> Any:
    raise AssertionError("nobody asks")


class _Empty(MemoryRegistry):
    """A registered model without a version."""

    def __init__(self) -> None:
        super().__init__("m")

    def versions(self, name: str) -> Sequence[Version]:
        return []
