"""Where MLflow logs to: is it there, how is it looked at, and how is it written without secrets."""

from __future__ import annotations

import os
import re
import socket
import time
import urllib.request
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from podium.errors import Unreachable, UsageError

_TRIES, _PAUSE_SECONDS, _CONNECT_SECONDS = 3, 1.0, 5.0
_PORTS = {"http": 80, "https": 443}
_DATABASE_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_SECRETS = (  # what each leaves of what it finds; passwords may hold any of /?#@, unlike RFC 3986
    (re.compile(r"(://[^\s:/?#@]*:)(?!\d+(?:[/?#]|\s|$))\S*@"), r"\1***@"),  # not a port and a path
    (re.compile(r"(https?://)[^\s:/?#@]+@"), r"\1***@"),  # a token; of a database it is a user
    (
        re.compile(
            r"([\w.-]*(?:passw(?:or)?d|pwd|token|secret|signature|credential|api_?key"
            r"|odbc_connect)=)[^&\s]+",
            re.IGNORECASE,
        ),
        r"\1***",
    ),
)


def without_password(text: str) -> str:
    """`text`, a URI or a message that holds some, with three asterisks for all that is secret:
    passwords, what stands alone before a server's @, and parameters such as `password` or `token`.
    """
    for secret, left in _SECRETS:
        text = secret.sub(left, text)
    return text


def how_to_see(uri: str) -> str:
    """What a person does to see runs and models."""
    if uri.partition(":")[0].lower() in _PORTS:
        return f"open {without_password(uri)} in a browser"
    return f"mlflow ui --backend-store-uri {without_password(uri)}"


def check_reachable(uri: str) -> None:
    """Raises Unreachable, within seconds, where nothing can be logged to `uri`; UsageError where it
    is no URI.

    MLflow itself tries for minutes. Looks at servers and databases (does something listen?) and at
    SQLite files (can they be written?); behind a proxy, and for other stores, MLflow finds out.
    """
    parts, port = _split(uri)
    dialect = parts.scheme.partition("+")[0]
    if parts.scheme in _PORTS and not urllib.request.getproxies():
        _check_server(uri, parts.hostname or "", port or _PORTS[parts.scheme])
    elif dialect in _DATABASE_PORTS and parts.hostname:
        _check_server(uri, parts.hostname, port or _DATABASE_PORTS[dialect])
    elif parts.scheme == "sqlite":
        _check_file(uri, Path(uri.removeprefix("sqlite:///").partition("?")[0]))


def _split(uri: str) -> tuple[SplitResult, int | None]:
    """The parts of `uri`, and its port."""
    try:
        parts = urlsplit(uri)
        listens = parts.scheme.partition("+")[0] in (*_PORTS, *_DATABASE_PORTS)
        return parts, parts.port if listens else None
    except ValueError as error:  # what it says may hold a piece of the password
        raise UsageError(
            f"{without_password(uri)!r} is no address that MLflow can log to: its host or port "
            "cannot be read.",
            remedy="Set MLFLOW_TRACKING_URI to one like http://127.0.0.1:5000; in a password, "
            "write / as %2F, @ as %40 and # as %23.",
        ) from error


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
            f"MLflow would log to {without_password(uri)}, but {place.absolute()} {problem}.",
            remedy="Change to a folder of yours, or set MLFLOW_TRACKING_URI.",
        )
