"""Where a registered model or its ledger went that somebody renamed in MLflow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from podium.spec.names import LEDGER_SUFFIX, model_name_problem
from registry_tools.chain import Record
from registry_tools.ledger import Ledger
from registry_tools.port import Model, Registry


@dataclass(frozen=True)
class Said:
    """What was found, and what to rename back."""

    what: str
    remedy: str


def left_behind(registry: Registry, name: str) -> Said | None:
    """What became of the model `name`, of which only the ledger is left; None without a ledger."""
    ledger = Ledger(registry, name)
    ledger.look()
    if not ledger.chain.seen:
        return None
    what = f"There is no registered model {name!r} at {registry.place}, but its ledger is there."
    heads = {f"{counted.number}:{counted.entry.hash}" for counted in ledger.chain.counted}
    for other in _names(registry):
        if registry.model(other).head in heads:
            return Said(what, f"It is called {other!r} now: rename it back to {name!r} in MLflow.")
    return Said(what, f"Somebody deleted or renamed it; rename it back to {name!r} in MLflow.")


def where_it_went(registry: Registry, model: Model) -> Said | None:
    """Where the entries of `model` are, whose ledger is gone; None where nothing is found."""
    name = model.name
    for holder in _holders(registry, name):
        return Said(
            f"the registered model {holder!r} holds entries about {name}",
            f"Rename it back to {name + LEDGER_SUFFIX!r} in MLflow, and the ledger is whole again.",
        )
    for old in _old_names(registry, name):
        ledger = Ledger(registry, old)
        ledger.look()
        if model.head in {f"{c.number}:{c.entry.hash}" for c in ledger.chain.counted}:
            return Said(
                f"its ledger is that of {old!r}, and so it was called before",
                f"Rename {name!r} back to {old!r} in MLflow, and the ledger is whole again.",
            )
    return None


def _holders(registry: Registry, name: str) -> Iterator[str]:
    """Registered models that hold entries about `name`, under whatever name."""
    for other in _names(registry):
        versions = registry.versions(other)
        if any(_about(version.tags.get("podium.entry")) == name for version in versions[:1]):
            yield other
        if any(_about(record.entry) == name for record in _first(registry, other)):
            yield f"{other}{LEDGER_SUFFIX}"


def _first(registry: Registry, name: str) -> list[Record]:
    return list(registry.records(name, 0))[:1]


def _about(text: str | None) -> str | None:
    try:
        document = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return document.get("model") if isinstance(document, dict) else None


def _old_names(registry: Registry, name: str) -> list[str]:
    """What the versions of `name` say that their model is called."""
    tags = {version.tags.get("podium.project") for version in registry.versions(name)}
    return sorted(old for old in tags if old and old != name and not model_name_problem(old))


def _names(registry: Registry) -> list[str]:
    return [name for name in registry.models() if not model_name_problem(name)]
