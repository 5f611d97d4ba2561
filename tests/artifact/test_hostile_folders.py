"""Folders as somebody would lay them out who wants more than a prediction."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from podium.artifact.scoring import BrokenArtifact
from podium.artifact.scoring.manifest import (
    MANIFEST,
    MANIFEST_LIMIT_BYTES,
    CheckedFiles,
    verify_manifest,
    write_manifest,
)
from podium.artifact.scoring.plain_files import MOST_FILES
from podium.artifact.scoring.strict_json import read_json

_LIMIT_BYTES = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "code").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "code" / "scorer.py").write_text("x = 1\n")
    write_manifest(folder)
    return folder


def _swap_content(file: Path) -> None:
    file.write_text("flavors: []\n")


def _grow(file: Path) -> None:
    file.write_bytes(file.read_bytes() * 1000)


def _shrink(file: Path) -> None:
    file.write_bytes(b"")


def _remove(file: Path) -> None:
    file.unlink()


def _link_to_the_same_bytes(file: Path) -> None:
    file.symlink_to(file.rename(file.parent.parent / "elsewhere"))


def _make_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _make_a_pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("swap", "message"),
    [
        (_swap_content, "is not the file that was logged"),
        (_grow, "is not the file that was logged"),
        (_shrink, "is not the file that was logged"),
        (_remove, "cannot be read"),
        (_link_to_the_same_bytes, "cannot be read"),
        (_make_a_folder, "is not a plain file"),
        (_make_a_pipe, "is not a plain file"),
    ],
)
def test_a_file_that_was_swapped_after_the_check_is_refused(
    folder: Path, swap: Callable[[Path], None], message: str
) -> None:
    files = CheckedFiles.open(folder)
    swap(folder / "MLmodel")
    with pytest.raises(BrokenArtifact, match=f"^MLmodel {message}"):
        files.read("MLmodel", _LIMIT_BYTES)


def test_what_is_read_is_what_was_logged(folder: Path) -> None:
    files = CheckedFiles.open(folder)
    assert files.digest == verify_manifest(folder)
    assert files.read("code/scorer.py", len("x = 1\n")) == b"x = 1\n"
    assert "MLmodel" in files
    assert MANIFEST not in files
    assert "more" not in files


@pytest.mark.parametrize("path", ["more", MANIFEST, "../model/MLmodel", "code", "", "a\nb"])
def test_what_the_manifest_does_not_list_is_not_read(folder: Path, path: str) -> None:
    with pytest.raises(BrokenArtifact, match=r"is not in the manifest$"):
        CheckedFiles.open(folder).read(path, _LIMIT_BYTES)


def test_more_than_the_limit_is_not_read(folder: Path) -> None:
    files = CheckedFiles.open(folder)
    with pytest.raises(BrokenArtifact, match=r"^MLmodel has 12 bytes; at most 11 are read"):
        files.read("MLmodel", 11)


def test_a_file_of_another_size_is_refused_without_reading_it(folder: Path) -> None:
    os.truncate(folder / "MLmodel", 1 << 42)  # nobody reads four tebibytes in a test
    with pytest.raises(BrokenArtifact, match=r"^MLmodel is not the file that was logged"):
        verify_manifest(folder)


def test_an_endless_manifest_is_refused_without_reading_it(folder: Path) -> None:
    os.truncate(folder / MANIFEST, MANIFEST_LIMIT_BYTES + (1 << 40))
    with pytest.raises(BrokenArtifact, match=f"^{MANIFEST} has more than"):
        verify_manifest(folder)


def test_a_manifest_that_is_a_link_or_a_device_is_refused(folder: Path) -> None:
    (folder / MANIFEST).rename(folder.parent / MANIFEST)
    for target in (folder.parent / MANIFEST, Path("/dev/zero")):
        (folder / MANIFEST).symlink_to(target)
        with pytest.raises(BrokenArtifact, match=f"^{MANIFEST} cannot be read"):
            verify_manifest(folder)
        (folder / MANIFEST).unlink()


@pytest.mark.parametrize("swap", [_make_a_pipe, _make_a_folder])
def test_a_manifest_that_is_a_pipe_or_a_folder_is_refused(
    folder: Path, swap: Callable[[Path], None]
) -> None:
    swap(folder / MANIFEST)
    with pytest.raises(BrokenArtifact, match=f"^{MANIFEST} is not a plain file"):
        verify_manifest(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mknod needs root")
def test_a_device_is_refused(folder: Path) -> None:
    try:
        os.mknod(folder / "zero", 0o20666, os.makedev(1, 5))
    except OSError:
        pytest.skip("this container makes no devices")
    with pytest.raises(BrokenArtifact, match=r"^zero is not a plain file"):
        verify_manifest(folder)


def test_a_file_and_a_folder_cannot_stand_in_for_each_other(folder: Path) -> None:
    _make_a_folder(folder / "MLmodel")
    with pytest.raises(BrokenArtifact, match=r"^MLmodel is missing"):
        verify_manifest(folder)
    (folder / "MLmodel" / "inside").write_text("")
    with pytest.raises(BrokenArtifact, match=r"^MLmodel is missing"):
        verify_manifest(folder)


def test_a_folder_reached_by_a_link_is_as_good_as_any(folder: Path) -> None:
    link = folder.parent / "link"
    link.symlink_to(folder)
    assert CheckedFiles.open(link).read("MLmodel", _LIMIT_BYTES) == b"flavors: {}\n"


def test_hard_links_are_plain_files(folder: Path) -> None:
    os.link(folder / "MLmodel", folder.parent / "elsewhere")
    assert CheckedFiles.open(folder).read("MLmodel", _LIMIT_BYTES) == b"flavors: {}\n"


@pytest.mark.parametrize("name", [b"a\nb is not", b"a\x1b[2J", b"\xff\xfe"])
def test_names_that_would_forge_lines_of_a_log_are_refused(folder: Path, name: bytes) -> None:
    try:
        (folder / os.fsdecode(name)).write_text("")
    except OSError:
        pytest.skip("this file system takes no such names")
    for act in (verify_manifest, write_manifest):
        with pytest.raises(BrokenArtifact, match="characters that cannot be printed") as caught:
            act(folder)
        assert str(caught.value).isprintable()


def test_a_folder_of_too_many_files_is_refused(folder: Path) -> None:
    for number in range(MOST_FILES + 1):
        (folder / "code" / f"{number}").touch()
    with pytest.raises(BrokenArtifact, match=f"holds more than {MOST_FILES} files"):
        verify_manifest(folder)


def test_a_folder_of_too_many_empty_folders_is_refused(folder: Path) -> None:
    for number in range(MOST_FILES):
        (folder / "code" / f"{number}").mkdir()
    with pytest.raises(BrokenArtifact, match=f"holds more than {MOST_FILES} files"):
        verify_manifest(folder)


def test_folders_without_end_are_refused(folder: Path) -> None:
    (folder / "/".join(["a"] * 40)).mkdir(parents=True)
    with pytest.raises(BrokenArtifact, match="lies more than 32 folders deep"):
        verify_manifest(folder)


def test_a_manifest_of_too_many_files_or_bytes_is_refused(folder: Path) -> None:
    document = json.loads((folder / MANIFEST).read_bytes())
    entry = document["files"]["MLmodel"]
    many = {f"{number}": entry for number in range(MOST_FILES + 1)}
    (folder / MANIFEST).write_text(json.dumps(document | {"files": many}))
    with pytest.raises(BrokenArtifact, match=f"lists more than {MOST_FILES} files"):
        verify_manifest(folder)
    huge = {"MLmodel": entry | {"size": 1 << 60}}
    (folder / MANIFEST).write_text(json.dumps(document | {"files": huge}))
    with pytest.raises(BrokenArtifact, match=r"lists more than .* bytes"):
        verify_manifest(folder)


def test_no_folder_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenArtifact, match="cannot be read"):
        CheckedFiles.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff", "cannot be read"),
        (b'{"a": 1, "\\u0061": 2}', "a key comes twice"),
        (b"[Infinity]", "Infinity is no JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"", "cannot be read"),
    ],
)
def test_json_that_two_readers_could_take_differently_is_refused(
    content: bytes, message: str
) -> None:
    with pytest.raises(BrokenArtifact, match=f"^features.json .*{message}"):
        read_json(content, "features.json")


def test_plain_json_is_read() -> None:
    assert read_json('{"a": [1, null, "ä"]}'.encode(), "x") == {"a": [1, None, "ä"]}
