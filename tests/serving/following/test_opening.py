"""Files of models that Podium did not make are compared before MLflow loads them."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from podium.artifact.scoring.manifest import write_manifest
from serving.assignment import Assigned
from serving.errors import NotServable
from serving.following.cache import checked
from serving.models.model import ModelSettings
from serving.models.opening import open_model
from tests.serving.protocol.models import MODELS


def _assigned(folder: Path) -> Assigned:
    return Assigned("m", "1", "champion", str(folder), files_digest=checked(folder).digest)


@pytest.mark.parametrize("how", ["changed", "added", "changed, with a manifest", "gone"])
def test_what_was_changed_is_not_loaded(tmp_path: Path, how: str) -> None:
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "MLmodel").write_text("flavors: {}")
    assigned = _assigned(folder)
    if how == "gone":
        shutil.rmtree(folder)
    else:
        (folder / ("new.py" if how == "added" else "MLmodel")).write_text("flavors: {x: {}}")
    if how == "changed, with a manifest":
        write_manifest(folder)
    with pytest.raises(NotServable, match=r"were changed|cannot be read"):
        open_model(assigned, ModelSettings())


@pytest.mark.filterwarnings("ignore")
def test_what_is_as_it_was_is_loaded_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    MODELS["sklearn"](tmp_path / "m")
    assigned = _assigned(tmp_path / "m")
    for _ in range(2):
        open_model(assigned, ModelSettings()).close()
    assert sys.dont_write_bytecode  # else a later import would leave files there
