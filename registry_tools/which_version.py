"""Which version a word names: a number, an @alias, or the word latest."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Protocol

from podium.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    from registry_tools.entry import Stage
    from registry_tools.ledger import Ledger
    from registry_tools.port import Model, Registry

LATEST = "latest"
_KEPT_BY_THE_LEDGER = ("staging", "production")


class Found(Protocol):
    """A model that was opened, to be changed or only to be read."""

    @property
    def name(self) -> str: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def model(self) -> Model: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def before_podium(self) -> tuple[tuple[Stage, int], ...]: ...


def resolve(found: Found, named: int | str) -> int:
    """The number of the version. @staging and @production are what the ledger says.

    Raises NotFound where nothing bears that name, LedgerBroken where only the ledger could tell.
    """
    if isinstance(named, int):
        return named
    alias = named.removeprefix("@")
    if named == LATEST:
        return _latest(found)
    if alias not in _KEPT_BY_THE_LEDGER or found.before_podium:
        return pointed_at(found.model, alias)
    state = found.ledger.whole()
    holder = state.production if alias == "production" else state.staging
    if holder is None:
        raise NotFound(
            f"Nothing of {found.name} is in {alias}.",
            remedy=f"podium status {shlex.quote(found.name)} shows what is where.",
        )
    return holder.version


def pointed_at(model: Model, alias: str) -> int:
    """The version that an alias in MLflow points at. Raises NotFound where there is none."""
    if alias not in model.aliases:
        near = did_you_mean(alias, model.aliases) or "It has no aliases; give a number."
        raise NotFound(f"{model.name} has no alias @{alias}.", remedy=near)
    return model.aliases[alias]


def _latest(found: Found) -> int:
    versions = found.registry.versions(found.name)
    if not versions:
        raise NotFound(f"{found.name} has no versions.", remedy="podium train registers one.")
    return max(version.number for version in versions)
