"""Which of the registry's records are the ledger: one chain, without a gap, to the byte.

A record counts if and only if it was written on top of the last record that counts before it.
Numbers are contiguous. A gap, a record that cannot be read, or one that belongs to another model
breaks the chain there; only a `restart` entry that cites the last good one goes on after a break.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from registry_tools.entry import FIRST_HASH, Entry, UnreadableEntry, read_entry


@dataclass(frozen=True)
class Record:
    """One model version of the ledger, as the registry gives it: None where a tag is missing."""

    number: int
    entry: str | None
    parent: str | None


@dataclass(frozen=True)
class Counted:
    """An entry that counts, and its number in the registry."""

    number: int
    entry: Entry


@dataclass(frozen=True)
class Head:
    """The last entry that counts; `number` and `seq` are 0 where there is none."""

    number: int = 0
    seq: int = 0
    hash: str = FIRST_HASH
    at: str = ""

    def text(self) -> str:
        """As it is kept beside the model: `number:hash`."""
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True)
class Break:
    """Where the chain is broken: at which number, and what was found there."""

    number: int
    reason: str


class Chain:
    """The entries of the ledger of `model` that count, in order.

    void: numbers of records that lost against another on the same parent. lost: numbers between a
    break and the restart after it. seen: the highest number that was taken in. mended: breaks that
    a restart has ended.
    """

    def __init__(self, model: str) -> None:
        self.model = model
        self.counted: list[Counted] = []
        self.void: list[int] = []
        self.lost: list[int] = []
        self.broken: Break | None = None
        self.mended: list[Break] = []
        self.seen = 0

    @property
    def head(self) -> Head:
        """The last entry that counts."""
        if not self.counted:
            return Head()
        last = self.counted[-1]
        return Head(last.number, last.entry.seq, last.entry.hash, last.entry.at)

    def extend(self, records: Iterable[Record], *, whole: bool = False) -> list[Counted]:
        """Take in records of higher numbers, in order; returns those that count.

        whole: they are all that there are, from number 1. Else raises RestartSeen where a restart
        goes back behind what was counted here: entries were changed after they were read.
        """
        before = len(self.counted)
        for record in records:
            self._take(record, whole=whole)
        return self.counted[before:]

    def find(self, entry_id: str) -> Counted | None:
        """The entry with this id, if it counts; looked for from the end."""
        return next((c for c in reversed(self.counted) if c.entry.entry_id == entry_id), None)

    def after(self, number: int) -> Counted | None:
        """The entry that counts right after the one with this number."""
        return next((c for c in reversed(self.counted) if c.entry.parent == number), None)

    def break_at(self, number: int, reason: str) -> None:
        """Note the first break; later ones are behind it."""
        if self.broken is None:
            self.broken = Break(number, reason)

    def _take(self, record: Record, *, whole: bool) -> None:
        if record.number != self.seen + 1:
            self.break_at(self.seen + 1, _missing(self.seen + 1, record.number - 1))
            self.lost.extend(range(self.seen + 1, record.number))
        self.seen = record.number
        try:
            entry = self._read(record)
        except UnreadableEntry as error:
            self.break_at(record.number, f"entry {record.number} {error}")
            self.lost.append(record.number)
            return
        if entry.action == "restart" and self._is_restart(entry):
            self._restart(record.number, entry)
        elif self.broken is not None:
            self.lost.append(record.number)
        elif entry.action == "restart" and entry.parent < self.head.number and not whole:
            raise RestartSeen(record.number)
        elif entry.action == "restart" and self._was_undone(entry):
            self.break_at(record.number, _undone(record.number, entry.parent))
            self.lost.append(record.number)
        elif entry.parent != self.head.number:
            self.void.append(record.number)
        else:
            self._count(record.number, entry)

    def _read(self, record: Record) -> Entry:
        if record.entry is None:
            raise UnreadableEntry("is not Podium's: it has no tag podium.entry")
        entry = read_entry(record.entry)
        if record.parent != str(entry.parent):
            raise UnreadableEntry(
                f"has the tag podium.parent {record.parent!r}, but was written on {entry.parent}"
            )
        if entry.model != self.model:
            raise UnreadableEntry(
                f"is about the model {entry.model!r}: the registered model was renamed"
            )
        if not 0 <= entry.parent < record.number:
            raise UnreadableEntry(f"says that it was written on top of entry {entry.parent}")
        return entry

    def _count(self, number: int, entry: Entry) -> None:
        head = self.head
        if entry.prev_hash != head.hash or entry.seq != head.seq + 1:
            self.break_at(number, f"entry {number} does not continue entry {head.number}")
            self.lost.append(number)
            return
        self.counted.append(Counted(number, entry))

    def _is_restart(self, entry: Entry) -> bool:
        """Whether it goes on from the last good entry; where there is none, from anything."""
        head = self.head
        cites = (entry.prev_hash, entry.seq) == (head.hash, head.seq + 1)
        return entry.parent == head.number and (cites or head.number == 0)

    def _was_undone(self, entry: Entry) -> bool:
        """Whether this restart went on behind entries that count now: somebody put back what had
        broken the chain. Of two restarts at the same time the second only came too late.
        """
        first = self.after(entry.parent)
        return first is not None and first.entry.action != "restart"

    def _restart(self, number: int, entry: Entry) -> None:
        if self.broken is not None:
            self.mended.append(self.broken)
        self.broken = None
        self.counted.append(Counted(number, entry))


class RestartSeen(Exception):
    """The ledger was begun anew behind an entry that was counted before: read it again."""


def _missing(first: int, last: int) -> str:
    if first == last:
        return f"entry {first} is missing: somebody deleted it"
    return f"entries {first} to {last} are missing: somebody deleted them"


def _undone(number: int, parent: int) -> str:
    return (
        f"entry {number} began the ledger anew behind entry {parent}, and what had been broken "
        "there is whole again: somebody put it back"
    )
