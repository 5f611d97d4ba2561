"""The folder is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from podium.data import declared_source
from podium.errors import UsageError
from podium.spec.parts import Data
from projects.scaffolding.folder import refuse_taken, staged
from projects.scaffolding.mlproject import ENTRY_POINTS, conda_text, mlproject_text
from projects.scaffolding.place import modules_to_copy, written_source
from tests.contracts.test_environment_files import ROOT, mlproject


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("name", ["new", "deep/er/new", "with blanks"])
def test_files_appear_when_the_block_ends_well(tmp_path: Path, name: str) -> None:
    with staged(tmp_path / name, {"a": b"1", "b": b"2"}) as stage:
        assert not (tmp_path / name).exists()
        assert tree(stage) == {"a": b"1", "b": b"2"}
    assert tree(tmp_path) == {f"{name}/a": b"1", f"{name}/b": b"2"}
    assert (tmp_path / name).stat().st_mode & 0o777 == tmp_path.stat().st_mode & 0o700 | (
        0o077 & ~_umask()
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("name", ["new", "deep/er/new"])
def test_an_error_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyboardInterrupt), staged(tmp_path / name, {"a": b"1"}):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    (folder / "mine.csv").write_text("x")
    (folder / "a").write_text("old")
    with pytest.raises(ValueError, match="no"), staged(folder, {"a": b"new"}):
        raise ValueError("no")
    assert tree(folder) == {"mine.csv": b"x", "a": b"old"}
    with staged(folder, {"a": b"new"}):
        pass
    assert tree(tmp_path) == {"held/mine.csv": b"x", "held/a": b"new"}


def test_a_folder_that_holds_something_is_refused_unless_forced(tmp_path: Path) -> None:
    folder = tmp_path / "held"
    folder.mkdir()
    refuse_taken(folder, ("a",), force=False)
    (folder / "a").touch()
    with pytest.raises(UsageError, match="is not empty: it holds a") as refusal:
        refuse_taken(folder, ("a", "b"), force=False)
    assert "a would be overwritten" in refusal.value.remedy
    refuse_taken(folder, ("a",), force=True)
    with pytest.raises(UsageError, match="is a file"):
        refuse_taken(folder / "a", (), force=True)


def test_a_folder_in_a_files_place_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "held" / "b").mkdir(parents=True)
    with (
        pytest.raises(UsageError, match="b is no file"),
        staged(tmp_path / "held", {"a": b"", "b": b""}),
    ):
        pass
    with pytest.raises(UsageError, match="b is no file"):
        refuse_taken(tmp_path / "held", ("a", "b"), force=True)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize(
    ("source", "folder", "written"),
    [
        ("x.csv", "here/new", "../x.csv"),
        ("data/x.csv", "here/new", "../data/x.csv"),
        ("./data/../x.csv", "here/a/b", "../../x.csv"),
        ("new/x.csv", "here/new", "x.csv"),
        ("x.csv", "elsewhere/new", "{tmp}/here/x.csv"),
        ("../x.csv", "here/new", "{tmp}/x.csv"),
        ("../x.csv", "x", "{tmp}/x.csv"),
        ("{tmp}/here/x.csv", "here/new", "../x.csv"),
        ("data/*.csv", "here/new", "../data/*.csv"),
        ("./iris", "here", "./iris"),
        ("iris", "here/new", "iris"),
    ],
)
def test_sources_are_named_as_the_folder_sees_them(
    tmp_path: Path, source: str, folder: str, written: str
) -> None:
    base = tmp_path / "here"
    for place in ("x.csv", "here/x.csv", "here/data/x.csv", "here/new/x.csv", "here/iris/x.csv"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("a\n1\n")
    data = Data(source=source.format(tmp=tmp_path))
    found = declared_source(data, base=base, folder=base)
    assert written_source(data.source, base, tmp_path / folder) == written.format(tmp=tmp_path)
    if found.kind == "files":
        again = Data(source=written.format(tmp=tmp_path))
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        assert [
            Path(f).resolve() for f in declared_source(again, base=place, folder=place).files
        ] == [Path(f).resolve() for f in found.files]


def test_a_module_goes_along_and_a_package_is_refused(tmp_path: Path) -> None:
    code = "import pandas\ndef table():\n    return pandas.DataFrame({'a': [1]})\n"
    (tmp_path / "some_rows.py").write_text(code)
    (tmp_path / "some_pack").mkdir()
    (tmp_path / "some_pack" / "__init__.py").write_text(code)

    def copied(source: str, folder: Path) -> dict[str, bytes]:
        return modules_to_copy(source, tmp_path, folder)

    assert copied("some_rows:table", tmp_path / "new") == {"some_rows.py": code.encode()}
    assert copied("some_rows:table", tmp_path) == {}
    assert copied("iris", tmp_path / "new") == {}
    with pytest.raises(UsageError, match="is in the folder some_pack"):
        copied("some_pack:table", tmp_path / "new")


@pytest.mark.parametrize("entry", ["main", "train", "tune", "evaluate"])
def test_entry_points_take_what_those_of_the_repository_take(entry: str) -> None:
    own = mlproject()[entry]
    assert isinstance(own, dict)
    assert set(ENTRY_POINTS[entry]) == set(own["parameters"]) - {"project"}


@pytest.mark.parametrize("entry", sorted(ENTRY_POINTS))
def test_commands_pass_every_parameter_on(entry: str) -> None:
    import yaml

    point = yaml.safe_load(mlproject_text("m"))["entry_points"][entry]
    assert set(point["parameters"]) == set(ENTRY_POINTS[entry])
    for name in ENTRY_POINTS[entry]:
        assert point["parameters"][name] == {"type": "string", "default": ""}
        assert f"--{name.replace('_', '-')} {{{name}}}" in point["command"]


def test_the_python_is_that_of_the_repository() -> None:
    import yaml

    own = yaml.safe_load((ROOT / "conda.yaml").read_text())["dependencies"]
    assert yaml.safe_load(conda_text("m", "x"))["dependencies"][:2] == own[:2]
