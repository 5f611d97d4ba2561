"""What can go wrong with a ledger; each has the exit code that a command ends with."""

from __future__ import annotations

from podium.errors import Conflict, PodiumError, Unreachable


class LedgerConflict(Conflict):
    """Somebody else wrote on top of the same entry first: nothing of this command counts."""


class LedgerBroken(PodiumError):
    """The ledger is not what was written: an entry is missing, changed, or not Podium's."""

    exit_code = 7


class OutcomeUnknown(Unreachable):
    """The registry went away before it could be read whether an entry was written."""


class Refused(PodiumError):
    """What was asked cannot be done in the present state."""


class Forbidden(PodiumError):
    """The registry, or the store of its files, does not let this login do or read that."""
