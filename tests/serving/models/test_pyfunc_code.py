"""Every version runs the code that came with it, whatever the versions before it imported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest

from serving.assignment import Assigned
from serving.errors import NotServable
from serving.loader import open_pyfunc
from serving.models import shipped_code
from serving.models.model import Asked, ModelSettings
from serving.models.pyfunc import PyfuncModel

pytestmark = pytest.mark.filterwarnings("ignore")

_BODY = Asked(b'{"inputs": [1]}', "application/json")

_CODE = """
from helping.inner import word

class Loaded:
    def predict(self, model_input, params=None):
        from helping import late
        return [word(), late.word()]

def _load_pyfunc(path):
    {at_load}
    return Loaded()
"""

Save = Callable[..., Assigned]


@pytest.fixture(autouse=True)
def _imports() -> Iterator[None]:
    """Leaves no modules of these models behind."""
    path, folders = list(sys.path), dict(shipped_code._folders)
    yield
    sys.path[:] = path
    shipped_code._folders.clear()
    shipped_code._folders.update(folders)
    for name in [name for name in sys.modules if name.startswith(("helping", "entrance_of"))]:
        del sys.modules[name]


@pytest.fixture
def saved(tmp_path: Path) -> Save:
    def saved(model: str, version: str, at_load: str = "pass") -> Assigned:
        source = tmp_path / "sources" / f"{model}{version}"
        package = source / "helping"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        for name in ("inner", "late"):
            (package / f"{name}.py").write_text(f"def word(): return '{name} {model}{version}'")
        entrance = f"entrance_of_{model}"
        (source / f"{entrance}.py").write_text(_CODE.format(at_load=at_load))
        folder = tmp_path / f"{model}{version}"
        code = [str(package), str(source / f"{entrance}.py")]
        mlflow.pyfunc.save_model(
            folder, loader_module=entrance, code_paths=code, pip_requirements=[]
        )
        return Assigned(model, version, "champion", str(folder))

    return saved


def _opened(assigned: Assigned) -> PyfuncModel:
    return open_pyfunc(assigned, ModelSettings())


def _says(model: PyfuncModel) -> Any:
    return model.answer_now(_BODY).body


def test_the_next_version_runs_its_own_code(saved: Save) -> None:
    first = _opened(saved("m", "1"))
    assert _says(first) == b'{"predictions": ["inner m1", "late m1"]}'
    second = _opened(saved("m", "2"))
    assert _says(second) == b'{"predictions": ["inner m2", "late m2"]}'
    assert _says(first).startswith(b'{"predictions": ["inner m1"')


def test_two_models_with_modules_of_one_name_are_not_loaded_side_by_side(saved: Save) -> None:
    first = _opened(saved("m", "1"))
    with pytest.raises(NotServable, match="The code of other and of m both hold helping"):
        _opened(saved("other", "1"))
    assert _says(first) == b'{"predictions": ["inner m1", "late m1"]}'


def test_a_version_that_hangs_while_it_is_imported_does_not_hold_up_others_for_ever(
    saved: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_code, "_LOCK_SECONDS", 0.05)
    with shipped_code._lock, pytest.raises(NotServable, match="hangs while it is imported"):
        _opened(saved("m", "1"))


def test_a_version_that_does_not_load_leaves_the_code_of_the_one_before(saved: Save) -> None:
    first = _opened(saved("m", "1"))
    with pytest.raises(NotServable):
        _opened(saved("m", "2", at_load="raise ValueError"))
    assert _says(first) == b'{"predictions": ["inner m1", "late m1"]}'
    third = _opened(saved("m", "3"))
    assert _says(third) == b'{"predictions": ["inner m3", "late m3"]}'


def test_only_one_version_of_a_model_is_in_the_path(saved: Save) -> None:
    versions = [saved("m", version) for version in "123"]
    for version in versions:
        _opened(version)
    code = [entry for entry in sys.path if any(one.folder in entry for one in versions)]
    assert code == [str(Path(versions[-1].folder) / "code")]


def test_loading_writes_nothing_into_the_folder(saved: Save) -> None:
    assigned = saved("m", "1")
    before = sorted(Path(assigned.folder).rglob("*"))
    _says(_opened(assigned))
    assert sorted(Path(assigned.folder).rglob("*")) == before
