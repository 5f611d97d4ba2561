"""The ledger of one model: read, folded, and written to, whoever else writes at the same time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from podium.errors import PodiumError, Unreachable, UsageError
from registry_tools.chain import Break, Chain, Counted, Head, Record, RestartSeen
from registry_tools.entry import MOST_CHARACTERS, Draft, Entry, Place, make_entry
from registry_tools.errors import LedgerBroken, LedgerConflict, OutcomeUnknown
from registry_tools.fold import advance
from registry_tools.ids import uuid7
from registry_tools.port import Registry
from registry_tools.state import State
from registry_tools.words import sentence

_TRIES, _PAUSE_SECONDS = 4, 0.2


@dataclass(frozen=True)
class Surroundings:
    """What a ledger takes from outside, so that tests can choose it.

    now: the time, in UTC. new_id: a UUIDv7. pause: waits so many seconds.
    """

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    new_id: Callable[[], uuid.UUID] = uuid7
    pause: Callable[[float], None] = time.sleep


class Ledger:
    """The ledger of `model` in `registry`, as far as it was read.

    Keeps the highest head that it saw, so that entries that vanish later are noticed.
    """

    def __init__(
        self, registry: Registry, model: str, surroundings: Surroundings | None = None
    ) -> None:
        self.registry = registry
        self.model = model
        self.around = surroundings or Surroundings()
        self.chain = Chain(model)
        self.state = State(model)

    @property
    def entries(self) -> list[Entry]:
        """Every entry that counts, in order."""
        return [counted.entry for counted in self.chain.counted]

    def refresh(self, noted_head: str | None = None) -> State:
        """Take in what is new, and give the state that it adds up to.

        noted_head: as `Model.head` says. Raises LedgerBroken where the chain is broken; what was
        folded before then stays in `state`.
        """
        self.look(noted_head)
        return self.whole()

    def read_again(self, noted_head: str | None = None) -> State:
        """Like `refresh`, but from the first entry on, so that what somebody changed or deleted
        among those that were read before is noticed too. Costs time in proportion to all of them.
        """
        self._read_again()
        if noted_head is not None:
            self._compare(noted_head)
        return self.whole()

    def look(self, noted_head: str | None = None) -> None:
        """Like `refresh`, but a break is only noted in `chain.broken`."""
        again = self.chain.broken is not None
        followed = self.chain.seen > 0
        try:
            if not again:
                self._take(self._new_records())
                again = followed and self.chain.broken is not None
        except RestartSeen:
            again = True
        if again:
            self._read_again()  # a restart may have ended the break meanwhile
        if noted_head is not None:
            self._compare(noted_head)

    def entry(self, draft: Draft, actor: str, head: Head | None = None) -> Entry:
        """The entry that puts `draft` on top of `head`, which is the present one unless given.

        Nothing is written yet. Raises UsageError where it is longer than the registry takes.
        """
        head = self.chain.head if head is None else head
        at = max(self.around.now().isoformat(timespec="microseconds"), head.at)
        entry_id = str(self.around.new_id())
        place = Place(self.model, entry_id, actor, at, head.seq + 1, head.number, head.hash)
        entry = make_entry(draft, place)
        if len(entry.text()) > MOST_CHARACTERS:
            raise UsageError(
                f"The entry would have {len(entry.text()):,} characters; the registry takes "
                f"{MOST_CHARACTERS:,}.",
                remedy="Give a shorter reason; a report belongs into a file.",
            )
        return entry

    def supposed(self, drafts: Iterable[Draft], actor: str) -> list[Entry]:
        """The entries that `drafts` would be, each on top of the one before, if nobody else wrote
        meanwhile.
        """
        head, number, entries = self.chain.head, self.chain.seen, []
        for draft in drafts:
            entries.append(self.entry(draft, actor, head))
            number += 1
            head = Head(number, entries[-1].seq, entries[-1].hash, entries[-1].at)
        return entries

    def append(self, entry: Entry) -> Counted:
        """Write `entry`, and see that it counts.

        Raises LedgerConflict, naming the winner, where somebody else was first; OutcomeUnknown
        where the registry went away before that could be read; LedgerBroken.
        """
        failure: PodiumError | None = None
        for attempt in range(_TRIES):
            if attempt:
                self.around.pause(_PAUSE_SECONDS * 2**attempt)
            failure = self._try(entry)
            found = self._settle(entry)
            if found is not None:
                return found
            if failure is not None and not isinstance(failure, Unreachable):
                raise failure
        raise OutcomeUnknown(
            f"The registry at {self.registry.place} has taken no entry for {self.model} so far, "
            f"and whether one still comes in is not known: "
            f"{failure or 'it said that it did, and did not'}.",
            remedy=f"Run podium history {self.model} before you try again: the entry counts if "
            f"{entry.entry_id} is there.",
        ) from failure

    def _try(self, entry: Entry) -> PodiumError | None:
        """Ask for `entry` to be written; what the registry said against it decides nothing."""
        try:
            self.registry.append(entry, sentence(entry))
        except PodiumError as error:
            return error
        return None

    def whole(self) -> State:
        """The state. Raises LedgerBroken where the chain is broken."""
        if self.chain.broken is None:
            return self.state
        raise LedgerBroken(
            f"The ledger of {self.model} at {self.registry.place} is broken: "
            f"{self.chain.broken.reason}.",
            remedy=f"Nothing was changed. podium verify {self.model} says what is left; "
            f"podium verify {self.model} --restart --reason … begins anew from there.",
        )

    def _settle(self, entry: Entry) -> Counted | None:
        """The entry as it counts; None where it has not come in, and nothing else has either."""
        try:
            self.look()
        except Unreachable as error:
            raise OutcomeUnknown(
                f"The registry at {self.registry.place} went away while an entry for {self.model} "
                f"was written: whether it counts is not known ({error.what})",
                remedy=f"Run podium history {self.model} when it is back, before you try again: "
                f"the entry counts if {entry.entry_id} is there.",
            ) from error
        found = self.chain.find(entry.entry_id)
        if found is not None and found.entry == entry:
            return found
        if entry.action != "restart":
            self.whole()
        if self.chain.head.number == entry.parent:
            return None
        winner = self.chain.after(entry.parent)
        raise LedgerConflict(
            f"Somebody else was first on {self.model}: {_named(winner)}.",
            remedy=f"Nothing of yours was entered. Look at podium status {self.model}, and run "
            "the command again if it still makes sense.",
        )

    def _new_records(self) -> Sequence[Record]:
        """What came after the last record that was seen, which must still be there."""
        seen = self.chain.seen
        if not seen:
            return self.registry.records(self.model, 0)
        head = self.chain.head
        first = head.number or seen  # behind the head are void ones only
        records = self.registry.records(self.model, first - 1)
        known = [record for record in records if record.number <= seen]
        if len(known) != seen - first + 1:
            there = {record.number for record in known}
            gone = next(number for number in range(first, seen + 1) if number not in there)
            self.chain.break_at(gone, f"entry {gone} was there, and somebody deleted it")
        elif head.number and known[0].entry != self.chain.counted[-1].entry.text():
            self.chain.break_at(first, f"entry {first} was changed")
        return records[len(known) :]

    def _take(self, records: Iterable[Record]) -> None:
        whole = self.chain.seen == 0
        for record in records:
            for counted in self.chain.extend([record], whole=whole):
                self.state = advance(self.state, counted.entry)

    def _read_again(self) -> None:
        """Read everything anew; what was held stays unless what is there now goes on from it."""
        again = Ledger(self.registry, self.model, self.around)
        again._take(self.registry.records(self.model, 0))
        broken = again.chain.broken
        if broken is None and not self._led_to(again.chain):
            number = self.chain.head.number
            broken = Break(number, f"entry {number} was there, and somebody deleted or changed it")
        if broken is None or not self.chain.counted:
            self.chain, self.state = again.chain, again.state
        else:
            self.chain.break_at(broken.number, broken.reason)

    def _led_to(self, chain: Chain) -> bool:
        """Whether `chain` has the last entry that counts here, or begins anew behind it."""
        known = {counted.entry.hash for counted in self.chain.counted}
        return not known or any(
            counted.entry.hash == self.chain.head.hash
            or (counted.entry.action == "restart" and counted.entry.hash not in known)
            for counted in chain.counted
        )

    def _compare(self, noted_head: str) -> None:
        """A head that somebody noted, and that is not there, was deleted, unless it is hidden."""
        number, _, digest = noted_head.partition(":")
        if not number.isdecimal():
            return
        if int(number) and not self.chain.seen:
            self.registry.check_ledger(self.model)
        if int(number) > self.chain.seen:
            last = self.chain.seen
            self.chain.break_at(
                last + 1,
                f"it reached up to entry {number} once, and ends with entry {last} now: "
                "entries were deleted, or the model or its ledger was renamed or deleted",
            )
            return
        same = [c for c in self.chain.counted if c.number == int(number)]
        if not same and (int(number) == 0 or int(number) in self.chain.lost):
            return  # a restart, or the break itself, says so
        if not same or same[0].entry.hash != digest:
            self.chain.break_at(int(number), f"entry {number} is not the one that was written")


def _named(winner: Counted | None) -> str:
    if winner is None:
        return "the entry that this one was written on top of is gone"
    return f"{sentence(winner.entry)} (entry {winner.entry.seq}, {winner.entry.at})"
