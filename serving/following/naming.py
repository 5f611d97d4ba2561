"""What a model that is given by a URI is called."""

from __future__ import annotations

import re
from pathlib import Path

REGISTERED = re.compile(r"models:/([^/@]+)(?:/([^/]+)|@([^/]+))")


def is_path(uri: str) -> bool:
    """Whether it names a folder of this machine."""
    return "://" not in uri and not uri.startswith(("models:", "runs:"))


def name_of(uri: str) -> str:
    """The registered model's name, or the last word of the URI or path."""
    registered = REGISTERED.fullmatch(uri)
    if registered is not None:
        return registered[1]
    whole = str(Path(uri).expanduser().resolve()) if is_path(uri) else uri
    return whole.rstrip("/").rpartition("/")[2] or "model"
