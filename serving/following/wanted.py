"""Which version is to be served, as the ledger says: pure functions from its state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from registry_tools.state import Holder, State

CHAMPION = "champion"


@dataclass(frozen=True)
class Wanted:
    """A version that is to be served, and what is known of its files.

    digest: what the ledger pinned; None where nothing did. files: SHA-256 by path, where the ledger
    keeps it. entry, at: the entry that brought it to production, and its time; None where an alias
    did that came before Podium.
    """

    model: str
    version: int
    digest: str | None = None
    files: Mapping[str, str] = field(default_factory=dict, compare=False)
    entry: int | None = None
    at: str | None = None


def wanted(state: State, aliases: Mapping[str, int]) -> Wanted | None:
    """The version in production; None where there is none.

    What the ledger says counts, and not the alias, once any version came to a stage by an entry.
    """
    if state.ever_held:
        return None if state.production is None else _held(state, state.production)
    number = aliases.get("production")
    return None if number is None else Wanted(state.model, number)


def expected(state: State) -> Wanted | None:
    """The version in staging, which may be wanted next; None where there is none."""
    return None if state.staging is None else _held(state, state.staging)


def _held(state: State, holder: Holder) -> Wanted:
    known, by = state.of(holder.version), holder.by
    digest = holder.digest or known.digest
    return Wanted(state.model, holder.version, digest, known.files or {}, by.seq, by.at)
