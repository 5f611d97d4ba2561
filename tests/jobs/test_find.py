"""Which project is meant, and how a command names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from podium.errors import UsageError
from projects.jobs.find import bundled_projects, default_project, project_folder, project_words


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_RUN_ID", raising=False)
    (tmp_path / "credit").mkdir()
    (tmp_path / "credit" / "project.yaml").write_text("name: credit\n")
    return tmp_path


def test_the_project_of_a_model_is_the_folder_here_that_is_called_like_it(here: Path) -> None:
    assert project_folder(default_project("credit")) == here / "credit"
    assert default_project("adult_income") == "adult_income"
    with pytest.raises(UsageError, match="It is not known which project the model 'other' is of"):
        default_project("other")


def test_commands_name_a_project_unless_they_would_take_it_anyway(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = bundled_projects()
    assert project_words(known["flight_delay"]) == ""
    assert project_words(known["sms_spam"]) == "--project sms_spam "
    assert project_words(here / "credit") == "--project credit "
    monkeypatch.chdir(here / "credit")
    assert project_words(here / "credit") == ""


def test_under_mlflow_run_a_project_is_named_by_its_whole_path(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    monkeypatch.chdir(here / "credit")
    assert project_words(here / "credit") == f"--project {here / 'credit'} "
