"""What a server served last, so that it can start while the registry is away."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlsplit

from podium.errors import PodiumError
from serving.assignment import Assigned
from serving.following.cache import checked

_SCHEMA = 1
_LOCAL = ("", "sqlite", "file")


class Last:
    """A file for each registry and each choice of models, below the cache's folder."""

    def __init__(self, root: Path, registry_key: str, names: Sequence[str]) -> None:
        key = json.dumps([registry_key, sorted(names)])
        self.file = root / "last" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
        self._names = tuple(names)

    def write(self, served: Mapping[str, Assigned | None]) -> None:
        """Keep what is served; None where nothing is in production."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        models = {name: None if one is None else asdict(one) for name, one in served.items()}
        text = json.dumps({"schema": _SCHEMA, "models": models})
        with tempfile.NamedTemporaryFile("w", dir=self.file.parent, delete=False) as new:
            new.write(text)
        Path(new.name).replace(self.file)

    def read(self, names: Iterable[str] | None = None) -> dict[str, Assigned | None] | None:
        """What was kept, of all models or of `names`; None where something was not, or its files
        are not what they were.
        """
        models: dict[str, Assigned | None] | None = None
        with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):  # as if not there
            document = json.loads(self.file.read_text())
            if document["schema"] == _SCHEMA:
                kept = document["models"]
                models = {name: _read(kept[name]) for name in names or self._names}
        whole = models is not None and all(_whole(one) for one in models.values() if one)
        return models if whole else None


def registry_key(environ: Mapping[str, str], here: Path) -> str:
    """What tells registries apart without asking one: where MLflow is set to look."""
    uri = environ.get("MLFLOW_REGISTRY_URI") or environ.get("MLFLOW_TRACKING_URI") or ""
    local = urlsplit(uri).scheme in _LOCAL
    return f"{here}{os.sep}{uri}" if local else uri


def _read(document: Mapping[str, object] | None) -> Assigned | None:
    if document is None:
        return None
    one = Assigned.from_json(document)
    # Written before the digest of others' files was: it is the folder's name, see `_whole`.
    others = Path(one.folder).name if one.digest is None else None
    return replace(one, files_digest=others)


def _whole(one: Assigned) -> bool:
    folder = Path(one.folder)
    try:
        digest = checked(folder).digest
    except PodiumError:
        return False
    return digest == folder.name
