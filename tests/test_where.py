"""Where MLflow logs to: found quickly, and written without secrets."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from podium.errors import Unreachable
from podium.where import check_reachable, how_to_see, without_password


def test_a_password_is_never_shown() -> None:
    uri = "postgresql://ann:s3cret@db.example:5432/mlflow"
    assert without_password(uri) == "postgresql://ann:***@db.example:5432/mlflow"
    assert "s3cret" not in how_to_see(uri)
    assert without_password("sqlite:////home/a/mlflow.db") == "sqlite:////home/a/mlflow.db"


def test_a_server_is_looked_at_in_a_browser_and_a_database_with_mlflow_ui() -> None:
    assert how_to_see("https://mlflow.example") == "open https://mlflow.example in a browser"
    assert how_to_see("sqlite:///a.db") == "mlflow ui --backend-store-uri sqlite:///a.db"


def test_a_server_that_is_away_is_named_within_seconds() -> None:
    started = time.monotonic()
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9.*MLFLOW_TRACKING_URI"):
        check_reachable("http://127.0.0.1:9")
    assert time.monotonic() - started < 30  # MLflow tries for minutes


def test_a_server_that_listens_is_reachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_reachable(f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="gone does not exist"):
        check_reachable(f"sqlite:///{tmp_path}/gone/mlflow.db")


def test_a_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)  # tests may run as root, who may write
    with pytest.raises(Unreachable, match="cannot be written"):
        check_reachable(f"sqlite:///{tmp_path}/mlflow.db")
