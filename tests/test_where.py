"""Where MLflow logs to: found quickly, and written without secrets."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from podium.errors import Unreachable, UsageError
from podium.where import check_reachable, how_to_see, without_password


def test_a_password_is_never_shown() -> None:
    uri = "postgresql://ann:s3cret@db.example:5432/mlflow"
    assert without_password(uri) == "postgresql://ann:***@db.example:5432/mlflow"
    assert "s3cret" not in how_to_see(uri)
    assert without_password("sqlite:////home/a/mlflow.db") == "sqlite:////home/a/mlflow.db"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("postgresql://db/m?user=ann&password=s3cret", "postgresql://db/m?user=ann&password=***"),
        ("postgresql://db/m?sslPassword=s3cret&a=1", "postgresql://db/m?sslPassword=***&a=1"),
        ("mysql://db/m?PASSWD=s3cret;s3cret#s3cret", "mysql://db/m?PASSWD=***"),
        ("https://h/?access_token=s3cret&secret=s3cret", "https://h/?access_token=***&secret=***"),
        ("mssql:///?odbc_connect=DRIVER%3Da%3BPWD%3Ds3cret", "mssql:///?odbc_connect=***"),
        ("https://s3cret@mlflow.example/x", "https://***@mlflow.example/x"),
        ("postgresql://ann:s3@cret@db/m", "postgresql://ann:***@db/m"),
        ("postgresql://ann:s3/c?r#et@db/m", "postgresql://ann:***@db/m"),
        ("postgresql://:s3cret@db/m", "postgresql://:***@db/m"),
        ("(a) 'http://u:s3@cret@h:5/x' failed: b@c", "(a) 'http://u:***@h:5/x' failed: b@c"),
    ],
)
def test_no_spelling_of_a_secret_is_shown(written: str, shown: str) -> None:
    assert without_password(written) == shown


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:5000",
        "postgresql://ann@db.example/mlflow",
        "http://127.0.0.1:5000/users/ann@example.com",
        "http://127.0.0.1:5000?user=ann@example.com",
        "https://mlflow.example/x?page_token_count=5&user=ann",
        "sqlite:///a@b.db",
        "",
    ],
)
def test_what_is_no_secret_is_shown(uri: str) -> None:
    assert without_password(uri) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:abc",
        "http://127.0.0.1:99999",
        "https://[::1",
        "postgresql://ann:s3cret/@db:54x2/m",
        "postgresql+psycopg://ann:s3cret#@db/m",
    ],
)
def test_an_address_that_is_none_is_told_with_how_to_write_one(uri: str) -> None:
    with pytest.raises(UsageError, match="MLFLOW_TRACKING_URI") as caught:
        check_reachable(uri)
    assert "s3cret" not in str(caught.value)


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
