"""What a command asks of the registrar, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from registry_tools.entry import Entry
from registry_tools.gates import Check, inconclusive
from registry_tools.projection import Difference
from registry_tools.state import State


@dataclass(frozen=True)
class Wanted:
    """How an act is to be done. actor: who does it. dry_run: look and decide, and enter nothing."""

    actor: str
    reason: str | None = None
    dry_run: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of an act.

    entries: those that were entered; of a dry run, those that would be. checks: what the gates
    found, and `refused` whether they forbid it. mended: aliases that had not said what the ledger
    says. notes: what else is worth a line.
    """

    state: State
    entries: tuple[Entry, ...] = ()
    checks: tuple[Check, ...] = ()
    refused: bool = False
    mended: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False

    @property
    def inconclusive(self) -> bool:
        """Whether it was refused for nothing but a lack of evidence."""
        return self.refused and inconclusive(list(self.checks))
