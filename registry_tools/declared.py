"""The policy that a version's own project declares, for where none is in force yet."""

from __future__ import annotations

from podium.errors import DataError
from registry_tools.policy import Policy, read_policy
from registry_tools.port import Registry, Version
from registry_tools.state import State

_DECLARATION = "project.json"


def declared_policy(registry: Registry, state: State, version: Version) -> Policy | None:
    """What the project of `version` declares; None where a policy is in force already.

    The project's metric becomes the gate's: which one decides does not change with a folder. Only
    of a version that Podium trained: other runs may have a file of that name too. Raises DataError
    for a declaration that cannot be read.
    """
    ours = "podium.project" in version.tags
    if state.policy_by is not None or version.run_id is None or not ours:
        return None
    try:
        return _read(registry, version.run_id)
    except ValueError as error:  # DataError and SpecError among them
        raise DataError(
            f"The policy that version {version.number} of {version.name} declares cannot be "
            f"read: {error}",
            remedy=f"podium policy {version.name} --file FILE sets the one that is to be.",
        ) from error


def _read(registry: Registry, run_id: str) -> Policy | None:
    declared = registry.run_json(run_id, _DECLARATION)
    if declared is None:
        return None
    if not isinstance(declared, dict):
        raise DataError(f"{_DECLARATION} of run {run_id} is no object.")
    policy = read_policy(declared, f"{_DECLARATION} of run {run_id}")
    metric = declared.get("metric")
    if policy.gate.metric is not None or not isinstance(metric, str):
        return policy
    return policy.model_copy(update={"gate": policy.gate.model_copy(update={"metric": metric})})
