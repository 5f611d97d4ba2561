"""Names of files that an artifact may list: plain, relative, and the same file everywhere."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PureWindowsPath

MOST_LEVELS = 32  # folders within folders; what MLflow and Podium write has at most four


def shown(name: str) -> str:
    """`name` as a message may hold it: a name with line breaks would forge lines of a log."""
    return name if name.isprintable() else ascii(name)


def fault_of(path: str) -> str | None:
    """What is wrong with a relative path with `/` between its parts; None if nothing is."""
    parts = path.split("/")
    if not path.isprintable():
        return "has characters that cannot be printed"
    if "\\" in path or PureWindowsPath(path).drive:
        return "is a path of another system"
    if any(part in ("", ".", "..") for part in parts):
        return "is no plain relative path"
    if len(parts) > MOST_LEVELS:
        return f"lies more than {MOST_LEVELS} folders deep"
    return None


def first_twin(paths: Iterable[str]) -> str | None:
    """The first path that some file systems take for one before it: by case, or by composition."""
    seen: set[str] = set()
    for path in paths:
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
        if folded in seen:
            return path
        seen.add(folded)
    return None
