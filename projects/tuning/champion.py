"""Whose parameters a search tries first: those of the version in production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from podium.errors import DataError, NotFound
from registry_tools.ledger import Ledger
from registry_tools.port import Registry

_DECLARATION = "project.json"


@dataclass(frozen=True)
class Champion:
    """The version in production, and what its training declared.

    `estimator` and `params` are empty where it is not known: then `problem` says why.
    """

    version: int
    estimator: str = ""
    params: Mapping[str, Any] | None = None
    problem: str = ""


def champion_of(registry: Registry, name: str) -> Champion | None:
    """The champion of the registered model `name`, as the ledger says, or else its alias.

    None where nothing is in production. A champion that Podium did not train has no parameters
    that could be tried. Raises Unreachable.
    """
    try:
        model = registry.model(name)
        ledger = Ledger(registry, name)
        ledger.look(model.head)
        number = ledger.state.champion or model.aliases.get("production")
        return None if number is None else _declared(registry, name, number)
    except NotFound:
        return None


def _declared(registry: Registry, name: str, number: int) -> Champion:
    version = registry.version(name, number)
    if version.run_id is None or "podium.project" not in version.tags:
        return Champion(number, problem="it was not trained by Podium")
    try:
        said = registry.run_json(version.run_id, _DECLARATION)
    except DataError as error:
        return Champion(number, problem=error.what)
    estimators, params = _key(said, "estimator", list), _key(said, "params", dict)
    if not estimators or params is None:
        return Champion(number, problem=f"its run has no {_DECLARATION} that says how it was made")
    return Champion(number, str(estimators[0]), params)


def _key(document: Any, name: str, kind: type) -> Any:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, kind) else None
