"""Who serves, since when and why: what the ledger's entries add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from registry_tools.entry import Entry, Evidence, Stage
from registry_tools.entry import Mode as Mode
from registry_tools.policy import Policy


@dataclass(frozen=True)
class Event:
    """Who did something, when and why, as the entry `seq` says."""

    seq: int
    actor: str
    at: str
    reason: str | None = None
    forced: bool = False

    @classmethod
    def of(cls, entry: Entry) -> Event:
        """What `entry` says about itself."""
        return cls(entry.seq, entry.actor, entry.at, entry.reason, entry.forced)


@dataclass(frozen=True)
class Holder:
    """The version in a stage, how it came there, and the digest that it was pinned with.

    forced: the entry that brought it past the gates; also after a rollback to it.
    """

    version: int
    digest: str | None
    by: Event
    forced: Event | None = None


@dataclass(frozen=True)
class Evaluation:
    """The last verdict on a version, and the champion that it was compared with, if any.

    failed: the last entry before it in which the same files failed against the same champion.
    """

    verdict: str
    digest: str | None
    champion: int | None
    evidence: Evidence
    by: Event
    failed: int | None = None


@dataclass(frozen=True)
class VersionState:
    """What the ledger knows of one version.

    digest, files: what its first evaluation or its last way into a stage pinned: a later
    evaluation of other files does not pin those. barred: its last rejection, rollback or
    retirement since it last came to production, and `barred_as` which of them. replaced: the
    champion that it took over from, when it was itself promoted. was_champion: whether it ever
    was in production. forced: how it last came to a stage, if that was by force. known_since: the
    first entry about it: what was registered later under its number is another version.
    """

    digest: str | None = None
    files: Mapping[str, str] | None = None
    evaluation: Evaluation | None = None
    approvals: tuple[Event, ...] = ()
    barred: Event | None = None
    barred_as: Literal["rejected", "rolled back", "retired"] | None = None
    was_champion: bool = False
    replaced: int | None = None
    staged: Event | None = None
    forced: Event | None = None
    known_since: Event | None = None


@dataclass(frozen=True)
class Reign:
    """A time in production; `before` is the place, in `State.reigns`, of the one before it."""

    version: int
    before: int | None


@dataclass(frozen=True)
class Traffic:
    """How requests are shared between a pinned champion and a pinned challenger."""

    mode: Mode = "off"
    champion: int | None = None
    challenger: int | None = None
    share: float | None = None
    key: str | None = None
    by: Event | None = None
    verdict: str | None = None


@dataclass(frozen=True)
class State:
    """What the entries up to `seq` add up to. At most one version holds a stage.

    gate_by: the entry since which verdicts are reached as they are now. reigns: every time that a
    version came to production other than by a rollback; `reign`, the place of the last that counts.
    """

    model: str
    seq: int = 0
    policy: Policy = field(default_factory=Policy)
    policy_by: Event | None = None
    gate_by: Event | None = None
    production: Holder | None = None
    staging: Holder | None = None
    traffic: Traffic = Traffic()
    versions: Mapping[int, VersionState] = field(default_factory=dict)
    retrained: Event | None = None
    restarted: Event | None = None
    reigns: tuple[Reign, ...] = ()
    reign: int | None = None

    def holder(self, stage: Stage) -> Holder | None:
        """Who is in `stage`."""
        return self.production if stage == "production" else self.staging

    @property
    def champion(self) -> int | None:
        """The version in production."""
        return None if self.production is None else self.production.version

    @property
    def ever_held(self) -> bool:
        """Whether any version ever came to a stage; before that, aliases are not Podium's."""
        return any(known.was_champion or known.staged for known in self.versions.values())

    @property
    def champions(self) -> tuple[int, ...]:
        """The champions that led to the present one, which comes first, or to an empty stage."""
        found, place = [], self.reign
        while place is not None:
            found.append(self.reigns[place].version)
            place = self.reigns[place].before
        return tuple(found)

    def of(self, version: int) -> VersionState:
        """What is known of `version`; nothing yet where it was never entered."""
        return self.versions.get(version, VersionState())
