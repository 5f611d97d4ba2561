from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from podium.artifact.scoring import BrokenArtifact
from podium.artifact.scoring.manifest import (
    MANIFEST,
    build_manifest,
    digest_of,
    verify_manifest,
    write_manifest,
)

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "code").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "code" / "scorer.py").write_text("x = 1\n")
    write_manifest(folder)
    return folder


def _rewrite(folder: Path, **changes: Any) -> None:
    document = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps(document | changes))


def test_the_digest_depends_on_content_only(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    (other / "code").mkdir(parents=True)
    (other / "code" / "scorer.py").write_text("x = 1\n")
    (other / "MLmodel").write_text("flavors: {}\n")
    assert write_manifest(other) == verify_manifest(folder) == write_manifest(folder)
    assert digest_of(build_manifest(folder)) == (
        "8d3df8f0f2cabd867cdc901bac80960380974b8a079cadc6f6f06a47abb376b7"
    )


def _change(folder: Path) -> None:
    (folder / "code" / "scorer.py").write_text("x = 2\n")


def _add(folder: Path) -> None:
    (folder / "code" / "more.py").write_text("")


def _remove(folder: Path) -> None:
    (folder / "code" / "scorer.py").unlink()


def _rename(folder: Path) -> None:
    (folder / "MLmodel").rename(folder / "MLModel")


def _link_file(folder: Path) -> None:
    target = (folder / "code" / "scorer.py").rename(folder.parent / "scorer.py")
    (folder / "code" / "scorer.py").symlink_to(target)


def _link_folder(folder: Path) -> None:
    target = (folder / "code").rename(folder.parent / "code")
    (folder / "code").symlink_to(target)


def _link_cache(folder: Path) -> None:
    (folder / "__pycache__").symlink_to(folder / "code")


def _break_link(folder: Path) -> None:
    (folder / "more").symlink_to(folder / "nowhere")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def _hide_in_cache(folder: Path) -> None:
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "hidden.py").write_text("")


def _hide_meta(folder: Path) -> None:
    (folder / "code" / "registered_model_meta").write_text("")


@pytest.mark.parametrize(
    ("tamper", "message"),
    [
        (_change, "^code/scorer.py is not the file that was logged"),
        (_add, "^code/more.py is not in the manifest"),
        (_remove, "^code/scorer.py is missing"),
        (_rename, "^MLModel is not in the manifest"),
        (_link_file, "^code/scorer.py is a link"),
        (_link_folder, "^code is a link"),
        (_link_cache, "^__pycache__ is a link"),
        (_break_link, "^more is a link"),
        (_pipe, "^pipe is not a plain file"),
        (_hide_in_cache, "^__pycache__/hidden.py is not in the manifest"),
        (_hide_meta, "^code/registered_model_meta is not in the manifest"),
    ],
)
def test_whatever_was_tampered_with_is_named(
    folder: Path, tamper: Callable[[Path], None], message: str
) -> None:
    tamper(folder)
    with pytest.raises(BrokenArtifact, match=message):
        verify_manifest(folder)


def test_what_mlflow_adds_is_ignored(folder: Path) -> None:
    before = verify_manifest(folder)
    (folder / "registered_model_meta").write_text("model_name: x\n")
    assert verify_manifest(folder) == before
    assert digest_of(build_manifest(folder)) == before


def test_compiled_code_is_refused_unless_it_was_asked_for(folder: Path) -> None:
    before = verify_manifest(folder)
    (folder / "code" / "__pycache__").mkdir()
    (folder / "code" / "__pycache__" / "scorer.cpython-311.pyc").write_bytes(b"\0")
    assert verify_manifest(folder, imported=True) == before
    with pytest.raises(BrokenArtifact, match=r"scorer\.cpython-311\.pyc is not in the manifest"):
        verify_manifest(folder)


def test_a_newer_schema_is_refused_by_name(folder: Path) -> None:
    _rewrite(folder, schema=2)
    with pytest.raises(BrokenArtifact, match=r"podium.manifest.json has schema 2; this code reads"):
        verify_manifest(folder)


@pytest.mark.parametrize("content", ["", "{", "\xff", "[]", "1", '{"schema": 1}', '{"files": {}}'])
def test_what_is_no_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / MANIFEST).write_text(content, encoding="latin-1")
    with pytest.raises(BrokenArtifact, match=MANIFEST):
        verify_manifest(folder)


def test_no_manifest_at_all_is_refused(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(BrokenArtifact, match="cannot be read"):
        verify_manifest(folder)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../scorer.py", "is no plain relative path"),
        ("/etc/passwd", "is no plain relative path"),
        ("code/../MLmodel", "is no plain relative path"),
        ("./MLmodel", "is no plain relative path"),
        ("code//scorer.py", "is no plain relative path"),
        ("code/", "is no plain relative path"),
        ("", "is no plain relative path"),
        ("..\\MLmodel", "is a path of another system"),
        ("C:MLmodel", "is a path of another system"),
        ("code/a\nb", "has characters that cannot be printed"),
        ("code/a\0b", "has characters that cannot be printed"),
        ("a/" * 40 + "b", "lies more than 32 folders deep"),
        ("mlmodel", "differs from another path by spelling only"),
        ("Code/scorer.py", "differs from another path by spelling only"),
    ],
)
def test_a_manifest_cannot_point_outside_or_around(folder: Path, path: str, message: str) -> None:
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    _rewrite(folder, files=files | {path: files["MLmodel"]})
    with pytest.raises(BrokenArtifact, match=rf"^{MANIFEST}: '.*' {message}"):
        verify_manifest(folder)


def test_paths_that_differ_by_composition_only_are_refused(folder: Path) -> None:
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    both = dict.fromkeys(("caf\u00e9", "cafe\u0301"), files["MLmodel"])
    _rewrite(folder, files=files | both)
    with pytest.raises(BrokenArtifact, match="differs from another path by spelling only"):
        verify_manifest(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"size": True},
        {"size": -1},
        {"size": 11.0},
        {"size": "11"},
        {"sha256": "0"},
        {"sha256": None},
        {"sha256": "G" * 64},
        {"more": 1},
    ],
)
def test_an_entry_holds_a_size_and_a_digest_and_nothing_else(
    folder: Path, change: dict[str, Any]
) -> None:
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    _rewrite(folder, files=files | {"MLmodel": files["MLmodel"] | change})
    with pytest.raises(BrokenArtifact, match=f"^{MANIFEST}: 'MLmodel' "):
        verify_manifest(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"schema": 1, "schema": 1, "files": {}}', "a key comes twice"),
        ('{"schema": 1, "files": {"a": {}, "a": {}}}', "a key comes twice"),
        ('{"schema": NaN, "files": {}}', "NaN is no JSON"),
        ('{"schema": 1, "files": -Infinity}', "-Infinity is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"schema": true, "files": {}}', "has schema True"),
        ('{"schema": 1' + "0" * 5000 + "}", "cannot be read"),
    ],
)
def test_a_manifest_that_could_be_read_in_two_ways_is_refused(
    folder: Path, content: str, message: str
) -> None:
    (folder / MANIFEST).write_text(content)
    with pytest.raises(BrokenArtifact, match=f"^{MANIFEST} .*{message}"):
        verify_manifest(folder)
