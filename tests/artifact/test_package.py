from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from podium.artifact.package import package_name, scoring_files, write_package
from podium.artifact.scoring import Scorer
from podium.artifact.scoring.manifest import write_manifest
from tests.artifact.samples import boosted, raw_table

pytestmark = pytest.mark.filterwarnings("error")

_SCORE = """
import importlib, json, sys
import pandas as pd
code, name, folder = sys.argv[1:]
sys.path.insert(0, code)
model = importlib.import_module(name)._load_pyfunc(folder)
raw = pd.read_json(folder + "/rows.json", dtype=False)
print(json.dumps(model.predict(raw)["probability"].tolist()))
print(json.dumps(sorted(m for m in sys.modules if m.split(".")[0] in ("podium", "mlflow"))))
"""


def test_the_name_depends_on_content_only(tmp_path: Path) -> None:
    files = scoring_files()
    name = package_name(files)
    assert name == package_name(dict(files)) == write_package(tmp_path).name
    assert name.isidentifier()
    assert name != package_name(files | {"errors.py": files["errors.py"] + b"\n"})
    assert name != package_name(files | {"more.py": b""})
    renamed = {("x.py" if file == "errors.py" else file): text for file, text in files.items()}
    assert name != package_name(renamed)


def test_the_copy_is_the_code_to_the_byte(tmp_path: Path) -> None:
    package = write_package(tmp_path)
    assert {file.name: file.read_bytes() for file in package.iterdir()} == scoring_files()


def test_the_copy_scores_in_a_process_without_podium_or_mlflow(tmp_path: Path) -> None:
    package = write_package(tmp_path / "code")
    folder = tmp_path / "artifact"
    folder.mkdir()
    raw = raw_table(5)
    raw.to_json(folder / "rows.json", orient="records")
    boosted().save(folder)
    write_manifest(folder)
    command = [sys.executable, "-I", "-B", "-W", "error::DeprecationWarning:podium_scoring"]
    command += ["-c", _SCORE, str(package.parent), package.name, str(folder)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    probabilities, foreign = map(json.loads, run.stdout.splitlines())
    assert probabilities == boosted().score(raw)["probability"].tolist()
    assert foreign == []


def _written(files: dict[str, bytes], code: Path) -> Any:
    package = code / package_name(files)
    package.mkdir(parents=True)
    for name, content in files.items():
        (package / name).write_bytes(content)
    return package.name


def test_two_versions_of_the_code_live_in_one_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = scoring_files()
    before, after = b'MISSING_CATEGORY = ""', b'MISSING_CATEGORY = "?"'
    assert before in files["convert.py"]
    patched = files | {"convert.py": files["convert.py"].replace(before, after)}
    names = [_written(files, tmp_path / "a"), _written(patched, tmp_path / "b")]
    monkeypatch.syspath_prepend(tmp_path / "a")
    monkeypatch.syspath_prepend(tmp_path / "b")
    old, new = (importlib.import_module(name) for name in names)
    missing = pd.DataFrame({"x": pd.Series([None], dtype=object)})
    for module, expected in ((old, ""), (new, "?"), (old, "")):
        one = module.Canonicaliser((module.InputColumn("x", "categorical"),))
        assert one.transform(missing)["x"].iloc[0] == expected
    assert old.Scorer is not new.Scorer
    assert Scorer not in (old.Scorer, new.Scorer)


def test_the_shipped_code_names_no_module_of_podium() -> None:
    for name, content in scoring_files().items():
        for line in content.decode().splitlines():
            words = line.split()
            if words[:1] in (["from"], ["import"]):
                assert not words[1].startswith(("podium", "projects", "mlflow")), (name, line)


def test_nothing_but_modules_is_shipped() -> None:
    assert all(name.endswith(".py") and os.sep not in name for name in scoring_files())
