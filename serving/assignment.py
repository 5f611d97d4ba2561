"""What a server is told to serve, and what its workers say of it: plain JSON both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Assigned:
    """One version that is to be served, from files on this machine.

    version: its number as text; empty for a model that is no registered version. role: champion, or
    fixed where nothing is followed. digest: of the manifest, as the ledger pinned it; None for
    models that Podium did not make. entry: the ledger's entry behind it. files_digest: for those
    models, of what `build_manifest` gives for their files; None where that is not known.
    """

    model: str
    version: str
    role: str
    folder: str
    digest: str | None = None
    entry: int | None = None
    files_digest: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Assigned:
        """Read what `asdict` wrote."""
        return cls(**document)


@dataclass(frozen=True)
class Assignment:
    """What is to be served; `number` grows with each change."""

    number: int
    models: tuple[Assigned, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Assignment:
        """Read what `to_json` wrote."""
        return cls(document["number"], tuple(map(Assigned.from_json, document["models"])))

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


@dataclass(frozen=True)
class ServedState:
    """What a worker says of one model.

    version: what it serves; None where it serves none yet. form: how that answers.
    refused: why the version that was assigned last was not taken, naming it.
    """

    model: str
    version: str | None = None
    form: str | None = None
    refused: str | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> ServedState:
        """Read what `asdict` wrote."""
        return cls(**document)
