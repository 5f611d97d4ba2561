"""Where MLflow logs to: is it there, how is it looked at, and how is it written without secrets."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from podium.errors import Unreachable

_TRIES, _PAUSE_SECONDS, _CONNECT_SECONDS = 3, 1.0, 5.0
_PORTS = {"http": 80, "https": 443}
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


def without_password(uri: str) -> str:
    """`uri` with the password, if it has one, replaced by three asterisks."""
    parts = urlsplit(uri)
    return uri.replace(f":{parts.password}@", ":***@", 1) if parts.password else uri


def how_to_see(uri: str) -> str:
    """What a person does to see runs and models."""
    if urlsplit(uri).scheme in _PORTS:
        return f"open {without_password(uri)} in a browser"
    return f"mlflow ui --backend-store-uri {without_password(uri)}"


def check_reachable(uri: str) -> None:
    """Raises Unreachable, within seconds, where nothing can be logged to `uri`.

    MLflow itself tries for minutes. Looks at servers and databases (does something listen?) and at
    SQLite files (can they be written?); behind a proxy, and for other stores, MLflow finds out.
    """
    parts = urlsplit(uri)
    dialect = parts.scheme.partition("+")[0]
    if parts.scheme in _PORTS and not urllib.request.getproxies():
        _check_server(uri, parts.hostname or "", parts.port or _PORTS[parts.scheme])
    elif dialect in _DATABASE_PORTS and parts.hostname:
        _check_server(uri, parts.hostname, parts.port or _DATABASE_PORTS[dialect])
    elif parts.scheme == "sqlite":
        _check_file(uri, Path(uri.removeprefix("sqlite:///").partition("?")[0]))


def _check_server(uri: str, host: str, port: int) -> None:
    for left in reversed(range(_TRIES)):
        try:
            socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
            return
        except OSError as error:
            if not left:
                raise Unreachable(
                    f"Nothing answers at the tracking server {without_password(uri)}: {error}.",
                    remedy="Check MLFLOW_TRACKING_URI and that the server runs.",
                ) from error
        time.sleep(_PAUSE_SECONDS)


def _check_file(uri: str, file: Path) -> None:
    place = file if file.exists() else file.parent
    if not place.exists() or not os.access(place, os.W_OK):
        problem = "cannot be written" if place.exists() else "does not exist"
        raise Unreachable(
            f"MLflow would log to {uri}, but {place.absolute()} {problem}.",
            remedy="Change to a folder of yours, or set MLFLOW_TRACKING_URI.",
        )
