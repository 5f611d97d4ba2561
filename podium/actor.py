"""Who acts: the name that stands in the ledger."""

from __future__ import annotations

import configparser
import getpass
import unicodedata
from collections.abc import Mapping
from pathlib import Path

_VARIABLE = "PODIUM_ACTOR"
_MLFLOW_USER = "MLFLOW_TRACKING_USERNAME"


def current_actor(environ: Mapping[str, str], home: Path) -> str:
    """MLflow's user where one is logged in, else PODIUM_ACTOR, else the system's user.

    MLflow's user is the one of MLFLOW_TRACKING_USERNAME, or of `~/.mlflow/credentials`. Unless a
    server checks it, the name is a claim.
    """
    claims = (environ.get(_MLFLOW_USER), _from_credentials(home), environ.get(_VARIABLE))
    return next(filter(None, map(_name, claims)), None) or _name(_system_user()) or "unknown"


def _name(claim: str | None) -> str:
    """`claim` on one line, composed, and without what is not seen: one spelling for one person."""
    words = " ".join(unicodedata.normalize("NFC", claim or "").split())
    return "".join(c for c in words if c.isprintable())[:200].strip()


def _from_credentials(home: Path) -> str | None:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read(home / ".mlflow" / "credentials", encoding="utf-8")
        return parser.get("mlflow", "mlflow_tracking_username", fallback=None)
    except (configparser.Error, UnicodeDecodeError, OSError):
        return None  # MLflow itself says so when it logs in


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name, as in some containers
        return "unknown"
