"""Where the model card of a version is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from podium.errors import NotFound
from registry_tools.port import Registry, Version

_FILE = "model_card.md"
_CUT_AT = 5_000  # characters that `podium train` keeps of a description


@dataclass(frozen=True)
class Card:
    """A model card, and where it was found."""

    text: str
    source: Literal["description", "run"]


def find_card(registry: Registry, version: Version) -> Card:
    """The description of `version`; the card of its run where that says more.

    Raises NotFound where there is neither.
    """
    said = version.description
    if said.strip() and len(said) < _CUT_AT:
        return Card(said, "description")
    whole = None if version.run_id is None else registry.run_text(version.run_id, _FILE)
    if whole and (not said.strip() or whole.startswith(said[: _CUT_AT // 2])):
        return Card(whole, "run")
    if said.strip():
        return Card(said, "description")
    raise NotFound(
        f"Version {version.number} of {version.name} has no model card: no description, and no "
        f"{_FILE} in its run.",
        remedy="podium train writes one; for others, write a description of the version in MLflow.",
    )
