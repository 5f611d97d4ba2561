"""What a model that is given by a URI is called."""

from __future__ import annotations

import re
from pathlib import Path

REGISTERED = re.compile(r"models:/([^/@]+)(?:/([^/]+)|@([^/]+))")
# One letter before a colon is a drive. MLflow takes some with one slash: mlflow-artifacts:/0/abc.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|models:|runs:")


def is_path(uri: str) -> bool:
    """Whether it names a folder of this machine."""
    return _SCHEME.match(uri) is None


def name_of(uri: str) -> str:
    """The registered model's name, or the last word of the URI or path."""
    registered = REGISTERED.fullmatch(uri)
    if registered is not None:
        return registered[1]
    whole = str(Path(uri).expanduser().resolve()) if is_path(uri) else uri
    return whole.rstrip("/").rpartition("/")[2] or "model"
