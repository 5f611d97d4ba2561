"""How conda.yaml finds Podium."""

from __future__ import annotations

import json
import zipfile
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Any

import pytest

import podium
from podium.errors import UsageError
from projects.scaffolding import requirement
from projects.scaffolding.requirement import installed_requirement, podium_requirement

ROOT = Path(podium.__file__).resolve().parents[1]


def test_a_checkout_is_named_by_its_folder() -> None:
    assert installed_requirement() == f"podium-mlops @ {ROOT.as_uri()}"


@pytest.mark.parametrize(
    ("recorded", "wanted"),
    [
        (
            {"url": "file:///wheels/podium_mlops-1-py3-none-any.whl", "archive_info": {}},
            "podium-mlops @ file:///wheels/podium_mlops-1-py3-none-any.whl",
        ),
        ({"url": "file:///a%20b", "dir_info": {}}, "podium-mlops @ file:///a%20b"),
        (
            {
                "url": "https://host/podium.git",
                "vcs_info": {"vcs": "git", "commit_id": "abc", "requested_revision": "main"},
            },
            "podium-mlops @ git+https://host/podium.git@abc",
        ),
        (
            {"url": "https://host/x.zip", "subdirectory": "podium"},
            "podium-mlops @ https://host/x.zip#subdirectory=podium",
        ),
        (None, "podium-mlops==1.2.3"),
    ],
)
def test_an_installed_podium_is_named_by_what_it_says_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recorded: Any, wanted: str
) -> None:
    info = tmp_path / "podium_mlops-1.2.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: podium-mlops\nVersion: 1.2.3\n")
    if recorded is not None:
        (info / "direct_url.json").write_text(json.dumps(recorded))
    found: list[Distribution] = [PathDistribution(info)]
    monkeypatch.setattr(requirement, "distributions", lambda **_: found)
    monkeypatch.setattr(podium, "__file__", str(tmp_path / "podium" / "__init__.py"))
    monkeypatch.setattr(podium, "__version__", "1.2.3")
    assert installed_requirement() == wanted


def test_paths_urls_and_requirements_are_taken(tmp_path: Path) -> None:
    wheel = tmp_path / "a b" / "podium_mlops-1-py3-none-any.whl"
    wheel.parent.mkdir()
    zipfile.ZipFile(wheel, "w").close()
    named = podium_requirement("a b/podium_mlops-1-py3-none-any.whl", tmp_path)
    assert named == f"podium-mlops @ {wheel.as_uri()}"
    assert "%20" in named
    assert podium_requirement(str(ROOT), tmp_path) == f"podium-mlops @ {ROOT.as_uri()}"
    (tmp_path / "x.whl").touch()
    relative = podium_requirement("podium-mlops @ ./x.whl", tmp_path)
    assert relative == f"podium-mlops @ {(tmp_path / 'x.whl').as_uri()}"
    url = "git+ssh://git@host/podium.git@v1"
    assert podium_requirement(url, tmp_path) == f"podium-mlops @ {url}"
    for line in ("podium-mlops==1.0", "podium_mlops[shap]>=1,<2", "podium-mlops @ file:///x"):
        assert podium_requirement(line, tmp_path) == line


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nothere.whl", "no file or folder"),
        ("mlflow==3.1", "no requirement of podium-mlops"),
        ("podium-mlops==", "no requirement of podium-mlops"),
        ("podium-mlops=1.0", "no requirement of podium-mlops"),
        ("podium-mlops>=1,,<2", "no requirement of podium-mlops"),
        ("podium-mlops @ nothere.whl", "no requirement of podium-mlops"),
        ("podium-mlops @ gopher://host/x.whl", "no URL"),
        ("ftp://host/x.whl", "no URL"),
        ("https://", "no URL"),
        (".", "has no pyproject.toml"),
        ("notes.txt", "neither a wheel nor a source archive"),
    ],
)
def test_what_cannot_be_installed_is_refused(tmp_path: Path, given: str, said: str) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(UsageError, match=said) as refusal:
        podium_requirement(given, tmp_path)
    assert "wheel" in refusal.value.remedy
