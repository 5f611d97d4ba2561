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


def project(registry: Registry, ledger: Ledger) -> Model:
    """Set the aliases to what the ledger says; returns the model as it was read last.

    Somebody else may write at the same time: whoever has set an alias reads both once more, first
    the aliases and then the ledger, until they agree. So the last to set has seen the last entry.
    Raises PodiumError where they do not agree after many rounds.
    """
    for _ in range(_ROUNDS):
        model = registry.model(ledger.model)
        wrong = differences(model, ledger.refresh())
        if not wrong:
            return model
        for difference in sorted(wrong, key=lambda found: found.stage != "production"):
            _set(registry, ledger, difference)
    raise PodiumError(
        f"The aliases of {ledger.model} at {registry.place} were changed by others again and "
        f"again, {_ROUNDS} times.",
        remedy=f"podium verify {ledger.model} says whether they are right now.",
    )


def _set(registry: Registry, ledger: Ledger, difference: Difference) -> None:
    """Set one alias, or take it away. Raises PodiumError where the version is another by now."""
    name, number = ledger.model, difference.expected
    holder = ledger.state.holder(difference.stage)
    if number is None or holder is None:
        registry.delete_alias(name, difference.stage)
        return
    digest = registry.version(name, number).digest
    if None not in (digest, holder.digest) and digest != holder.digest:
        raise PodiumError(
            f"@{difference.stage} was not set: version {number} of {name} is registered with the "
            f"digest {str(digest)[:12]}, and the ledger pinned {str(holder.digest)[:12]}.",
            remedy=f"Somebody changed the tag podium.digest, or made {name} anew: podium verify "
            f"{name} says which files are there.",
        )
    registry.set_alias(name, difference.stage, number)
