from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from podium.actor import current_actor


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(getpass, "getuser", lambda: "system")
    return tmp_path


def _credentials(home: Path, text: str) -> None:
    (home / ".mlflow").mkdir()
    (home / ".mlflow" / "credentials").write_text(text, encoding="utf-8")


LOGGED_IN = "[mlflow]\nmlflow_tracking_username = file\nmlflow_tracking_password = secret%\n"


def test_the_user_that_mlflow_logs_in_as_comes_first(home: Path) -> None:
    _credentials(home, LOGGED_IN)
    environ = {"MLFLOW_TRACKING_USERNAME": "env", "PODIUM_ACTOR": "claimed"}
    assert current_actor(environ, home) == "env"
    assert current_actor({"PODIUM_ACTOR": "claimed"}, home) == "file"


def test_then_the_name_that_is_claimed_and_then_the_system_s_user(home: Path) -> None:
    assert current_actor({"PODIUM_ACTOR": "claimed"}, home) == "claimed"
    assert current_actor({}, home) == "system"


@pytest.mark.parametrize("blank", ["", " ", "\t\n", "\u200b", "\x1b"])
def test_a_blank_name_is_none(home: Path, blank: str) -> None:
    environ = {"MLFLOW_TRACKING_USERNAME": blank, "PODIUM_ACTOR": "claimed"}
    assert current_actor(environ, home) == "claimed"
    assert current_actor({"PODIUM_ACTOR": blank}, home) == "system"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no section",
        "[mlflow]\n",
        "[other]\nmlflow_tracking_username = file\n",
        "[mlflow]\nmlflow_tracking_username =\n",
        "[mlflow]\n[mlflow]\n",
    ],
)
def test_credentials_that_name_nobody_are_passed_over(home: Path, text: str) -> None:
    _credentials(home, text)
    assert current_actor({}, home) == "system"


def test_credentials_that_cannot_be_read_are_passed_over(home: Path) -> None:
    (home / ".mlflow" / "credentials").mkdir(parents=True)
    assert current_actor({}, home) == "system"
    (home / ".mlflow" / "credentials").rmdir()
    (home / ".mlflow" / "credentials").write_bytes(b"[mlflow]\n\xff\xfe")
    assert current_actor({}, home) == "system"


@pytest.mark.parametrize("error", [KeyError, OSError, ImportError])
def test_a_user_without_a_name_is_unknown(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def nobody() -> str:
        raise error("no such user")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert current_actor({}, home) == "unknown"


@pytest.mark.parametrize(
    ("claimed", "name"),
    [
        ("  ann   lee\n", "ann lee"),
        ("ann\u200b", "ann"),
        ("a\x1b[31mnn", "a[31mnn"),
        ("ann\udcff", "ann"),
        ("ren\u0065\u0301", "ren\u00e9"),
        ("x" * 300, "x" * 200),
    ],
)
def test_one_person_has_one_spelling_on_one_line(home: Path, claimed: str, name: str) -> None:
    """Else one could approve as two."""
    assert current_actor({"PODIUM_ACTOR": claimed}, home) == name
