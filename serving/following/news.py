"""What followers tell the server that they work for."""

from __future__ import annotations

from dataclasses import dataclass

from podium.errors import PodiumError
from serving.assignment import Assigned


@dataclass(frozen=True)
class Decided:
    """What is to be served of a model from now on; None where nothing is in production.

    at: the time of the entry that says so, in UTC, ISO 8601.
    """

    model: str
    assigned: Assigned | None
    at: str | None = None


@dataclass(frozen=True)
class Rejected:
    """A version that is in production and is not served, since its files are not as they were."""

    model: str
    version: str
    error: PodiumError


@dataclass(frozen=True)
class Unread:
    """What is to be served could not be found out; said once, and again when it is something else.

    Followers go on trying.
    """

    model: str
    error: PodiumError


@dataclass(frozen=True)
class Again:
    """What could not be found out, as `Unread` said, can be found out again."""

    model: str


@dataclass(frozen=True)
class Contact:
    """Whether the registry answers; said when that changes."""

    reachable: bool
    why: str = ""
    seconds_away: float = 0.0


News = Decided | Rejected | Unread | Again | Contact
