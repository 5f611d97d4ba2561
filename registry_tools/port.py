"""What the ledger needs of a registry. All reads and writes go through here.

A contract: every implementation passes the same tests. An enforcing server can take the place of
plain MLflow later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from registry_tools.chain import Record
from registry_tools.entry import Entry


@dataclass(frozen=True)
class Model:
    """A registered model: its aliases, and the head of its ledger as it was last noted.

    head: `number:hash` of the last entry that somebody wrote; None where nobody did.
    """

    name: str
    aliases: Mapping[str, int]
    head: str | None = None


@dataclass(frozen=True)
class Version:
    """A registered version. created: UTC, ISO 8601."""

    name: str
    number: int
    created: str
    run_id: str | None = None
    source: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str | None:
        """The digest of its files that it was registered with, if Podium did so."""
        return self.tags.get("podium.digest")


@dataclass(frozen=True)
class Run:
    """The run that made a version: what it logged, who started it, and MLflow's word for where it
    is, such as RUNNING or FINISHED.
    """

    run_id: str
    user: str | None
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    status: str = ""


class Registry(ABC):
    """A registry of models that keeps ledgers.

    Every method raises Unreachable where the registry does not answer, after bounded retries of
    what only reads; NotFound where what is named is not there; Forbidden where this login may not;
    PodiumError for other refusals.
    """

    @property
    @abstractmethod
    def place(self) -> str:
        """Where it is, without passwords."""

    @abstractmethod
    def model(self, name: str) -> Model:
        """The registered model `name`."""

    @abstractmethod
    def models(self) -> Sequence[str]:
        """The names of all registered models but ledgers, sorted."""

    @abstractmethod
    def version(self, name: str, number: int) -> Version:
        """One version of `name`."""

    @abstractmethod
    def versions(self, name: str) -> Sequence[Version]:
        """All versions of `name` that are there, by number."""

    @abstractmethod
    def run(self, run_id: str) -> Run:
        """The run `run_id`."""

    def run_bytes(self, run_id: str, path: str) -> bytes | None:
        """The file at `path` among the run's artifacts; None where there is none."""
        return None

    def run_text(self, run_id: str, path: str) -> str | None:
        """The text at `path` among the run's artifacts; None where there is none.

        Raises DataError where it is not text.
        """
        return None

    @abstractmethod
    def run_json(self, run_id: str, path: str) -> Any:
        """The JSON document at `path` among the run's artifacts; None where there is none.

        Raises DataError where it is not JSON.
        """

    @abstractmethod
    def files(self, name: str, number: int) -> AbstractContextManager[Path]:
        """The files of a version, in a folder of their own for the length of the block."""

    @abstractmethod
    def mlmodel(self, name: str, number: int) -> Mapping[str, Any]:
        """The keys of a version's MLmodel file. Raises DataError where it is damaged."""

    @abstractmethod
    def records(self, name: str, after: int) -> Sequence[Record]:
        """The ledger's records of `name` with numbers above `after`, ascending.

        Empty where there is no ledger, and where this login may not read it.
        """

    def check_ledger(self, name: str) -> None:  # noqa: B027 - a registry without logins needs none
        """Raises Forbidden where this login may not read the ledger of `name`.

        Asked where records that must be there are not. Nothing where there is no ledger.
        """

    @abstractmethod
    def create_ledger(self, name: str) -> None:
        """Make the ledger of `name`, unless it is there."""

    @abstractmethod
    def append(self, entry: Entry, sentence: str) -> None:
        """Write `entry` as the ledger's next record, in one call that is not repeated.

        Whether it counts only reading tells, whatever this returns or raises.
        """

    @abstractmethod
    def note_head(self, name: str, head: str) -> None:
        """Keep `head` beside the model, so that a deleted tail is noticed."""

    @abstractmethod
    def set_alias(self, name: str, alias: str, number: int) -> None:
        """Point `alias` at the version `number`."""

    @abstractmethod
    def delete_alias(self, name: str, alias: str) -> None:
        """Remove `alias`; nothing where it is not there."""

    @abstractmethod
    def set_tag(self, name: str, number: int, key: str, value: str) -> None:
        """Set a tag of a version."""
