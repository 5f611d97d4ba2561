"""A project from what a past training was declared as."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.spec import load_declaration
from podium.spec.yaml_file import read_yaml
from projects.jobs.find import bundled_projects
from projects.jobs.train import TrainRequest, run
from projects.scaffolding.from_run import declared_yaml
from projects.scaffolding.yaml_words import section
from tests.scaffolding.made import customers, made, refused

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A tracking database of the test's own, in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("yaml")


@given(st.dictionaries(WORDS, JSON, min_size=1, max_size=5))
def test_any_document_comes_back_as_it_was(folder: Path, document: dict[str, object]) -> None:
    file = folder / "some.yaml"
    lines = [line for key, value in document.items() for line in section(key, value)]
    file.write_text("\n".join(lines), encoding="utf-8", newline="")
    assert read_yaml(file) == document


@pytest.mark.parametrize("name", sorted(bundled_projects()))
def test_a_bundled_declaration_is_the_same_when_it_is_written_again(
    tmp_path: Path, name: str
) -> None:
    project = load_declaration(bundled_projects()[name]).project
    (tmp_path / "project.yaml").write_text(declared_yaml(project, name, project.data.source, "r"))
    assert load_declaration(tmp_path).project == project


@pytest.mark.usefixtures("store")
def test_a_run_is_written_out_and_declares_the_same() -> None:
    customers().to_csv("customers.csv", index=False)
    made("first", "--data", "customers.csv", "--target", "left", "--estimator", "linear")
    trained = run(TrainRequest(project="first", seed=3)).document
    # what is relative to that folder is looked for in the current one, and is not there
    assert "Say where the rows are with --data" in refused("m", "--from-run", trained["run_id"])
    said = made("second", "--from-run", trained["run_id"], "--data", "customers.csv")
    assert said["rows"] == 300
    first = load_declaration(Path("first")).project
    second = load_declaration(Path("second")).project
    assert second == first.model_copy(update={"name": "second"})
    assert run(TrainRequest(project="second", seed=3)).document["holdout"] == trained["holdout"]
    for arguments, message in [
        (("--from-run", "abc"), "is no run's id"),
        (("--from-run", "0" * 32), "0000"),
        (("--from-run", trained["run_id"], "--target", "left"), "--target says otherwise"),
    ]:
        assert message in refused("third", *arguments)
