"""What a command asks of the registrar, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

from podium.errors import PodiumError, UsageError
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

    def needed_reason(self, what: str = "This") -> str:
        """Why. Raises UsageError where nothing is said: `what` does not go without."""
        if not self.reason or not self.reason.strip():
            raise UsageError(f"{what} needs a reason.", remedy="Say why with --reason.")
        return self.reason


@dataclass(frozen=True)
class Outcome:
    """What came of an act.

    entries: those that were entered; of a dry run, those that would be. checks: what the gates
    found, and `refused` whether they forbid it. mended: aliases that had not said what the ledger
    says. notes: what else is worth a line. unprojected: why the aliases could not be set to match:
    the entries count all the same, and what serves by alias goes on with the old one.
    """

    state: State
    entries: tuple[Entry, ...] = ()
    checks: tuple[Check, ...] = ()
    refused: bool = False
    mended: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    dry_run: bool = False
    unprojected: PodiumError | None = None

    @property
    def inconclusive(self) -> bool:
        """Whether it was refused for nothing but a lack of evidence."""
        return self.refused and inconclusive(list(self.checks))
