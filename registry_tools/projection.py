"""Aliases, made to say what the ledger says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from podium.errors import PodiumError
from registry_tools.entry import STAGES, Stage
from registry_tools.ledger import Ledger
from registry_tools.port import Model, Registry, Version
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


@dataclass(frozen=True)
class Projected:
    """The model as it was read last, when its aliases said what the ledger says."""

    model: Model
    notes: tuple[str, ...] = ()


def project(registry: Registry, ledger: Ledger) -> Projected:
    """Set the aliases to what the ledger says.

    Somebody else may write at the same time: whoever has set an alias reads both once more, first
    the aliases and then the ledger, until they agree. So the last to set has seen the last entry.
    Where one alias cannot be set, the other one is all the same. Raises PodiumError for it at the
    end, and where they do not agree after many rounds.
    """
    notes: list[str] = []
    failed: dict[tuple[Stage, int | None], PodiumError] = {}
    for _ in range(_ROUNDS):
        model = registry.model(ledger.model)
        wrong = differences(model, ledger.refresh())
        todo = [found for found in wrong if (found.stage, found.expected) not in failed]
        if not todo:
            for found in sorted(wrong, key=_production_first):
                raise failed[found.stage, found.expected]
            return Projected(model, tuple(dict.fromkeys(notes)))
        for found in sorted(todo, key=_production_first):
            try:
                notes += _set(registry, ledger, found)
            except PodiumError as error:
                failed[found.stage, found.expected] = error
    raise PodiumError(
        f"The aliases of {ledger.model} at {registry.place} were changed by others again and "
        f"again, {_ROUNDS} times.",
        remedy=f"podium verify {ledger.model} says whether they are right now.",
    )


def _production_first(found: Difference) -> bool:
    return found.stage != "production"


def _set(registry: Registry, ledger: Ledger, found: Difference) -> list[str]:
    """Set one alias, or take it away; gives notes.

    Raises PodiumError where the version is another by now: where anything about it is odd, the
    files are compared with what the ledger pinned.
    """
    name, number, holder = ledger.model, found.expected, ledger.state.holder(found.stage)
    if number is None or holder is None:
        registry.delete_alias(name, found.stage)
        return []
    version, pinned, notes = registry.version(name, number), holder.digest, list[str]()
    odd = "" if pinned is None else _oddity(version, pinned, ledger.state)
    if pinned is not None and odd:
        there = _digest_of_files(registry, name, number)
        if there != pinned:
            raise _not_the_same(ledger, found, odd, there)
        notes = [] if version.digest is None else [wrong_tag(version, pinned)]
    registry.set_alias(name, found.stage, number)
    return notes


def _oddity(version: Version, pinned: str, state: State) -> str:
    """What speaks against its being the version that was entered; empty where nothing does."""
    if version.digest is not None:
        same = version.digest == pinned
        return "" if same else f"is registered with the digest {version.digest[:12]}"
    since = state.of(version.number).known_since
    if since is None or _moment(version.created) <= _moment(since.at):
        return ""
    return f"was registered at {version.created}, after the ledger first heard of it ({since.at})"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def wrong_tag(version: Version, pinned: str) -> str:
    """A note on a version whose tag is not the digest that the ledger pinned."""
    return (
        f"The tag podium.digest of version {version.number} is {str(version.digest)[:12]}, and the "
        f"ledger pinned {pinned[:12]}: podium verify {version.name} says whether the files are "
        "still those, and --repair sets a wrong tag back."
    )


def _digest_of_files(registry: Registry, name: str, number: int) -> str:
    """The digest of the files that are there now. Raises PodiumError where they cannot be read."""
    from registry_tools.examine import examine_files  # reads models: slow

    try:
        with registry.files(name, number) as folder:
            return examine_files(folder, answering=False).digest
    except PodiumError:
        raise
    except Exception as error:  # whatever somebody put there, the entry counts
        raise PodiumError(
            f"The files of version {number} of {name} cannot be read: {error}",
            remedy=f"podium verify {name} says what is there.",
        ) from error


def _not_the_same(ledger: Ledger, found: Difference, odd: str, there: str) -> PodiumError:
    name, holder = ledger.model, ledger.state.holder(found.stage)
    pinned = "" if holder is None else str(holder.digest)[:12]
    return PodiumError(
        f"@{found.stage} was not set: version {found.expected} of {name} {odd}, and its files have "
        f"the digest {there[:12] or 'none'}; the ledger pinned {pinned}.",
        remedy=f"Somebody changed its files, or made {name} anew: podium verify {name} says what "
        "is there; podium rollback goes back to a version that is whole.",
    )
