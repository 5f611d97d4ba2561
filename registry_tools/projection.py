"""Aliases, made to say what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass

from podium.errors import PodiumError
from registry_tools.entry import STAGES, Stage
from registry_tools.ledger import Ledger
from registry_tools.port import Model, Registry
from registry_tools.state import State

_ROUNDS = 20


@dataclass(frozen=True)
class Difference:
    """An alias that is not where the ledger says; None where there is none, or should be none."""

    stage: Stage
    found: int | None
    expected: int | None

    def __str__(self) -> str:
        there = "is not set" if self.found is None else f"points at version {self.found}"
        if self.expected is None:
            return (
                f"the alias @{self.stage} {there}; the ledger says that nothing is in {self.stage}"
            )
        return f"the alias @{self.stage} {there}; the ledger says version {self.expected}"


def differences(model: Model, state: State) -> tuple[Difference, ...]:
    """Where the aliases of `model` do not say what `state` says.

    None as long as no version ever came to a stage: aliases from before are adopted, not undone.
    """
    if not state.ever_held:
        return ()
    found = []
    for stage in STAGES:
        holder = state.holder(stage)
        expected = None if holder is None else holder.version
        if model.aliases.get(stage) != expected:
            found.append(Difference(stage, model.aliases.get(stage), expected))
    return tuple(found)


def project(registry: Registry, ledger: Ledger) -> None:
    """Set the aliases to what the ledger says.

    Somebody else may write at the same time: whoever has set an alias reads both once more, first
    the aliases and then the ledger, until they agree. So the last to set has seen the last entry.
    Raises PodiumError where they do not agree after many rounds.
    """
    for _ in range(_ROUNDS):
        model = registry.model(ledger.model)
        wrong = differences(model, ledger.refresh())
        if not wrong:
            return
        for difference in sorted(wrong, key=lambda found: found.stage != "production"):
            _set(registry, model.name, difference)
    raise PodiumError(
        f"The aliases of {ledger.model} at {registry.place} were changed by others again and "
        f"again, {_ROUNDS} times.",
        remedy=f"podium verify {ledger.model} says whether they are right now.",
    )


def _set(registry: Registry, name: str, difference: Difference) -> None:
    if difference.expected is None:
        registry.delete_alias(name, difference.stage)
    else:
        registry.set_alias(name, difference.stage, difference.expected)
