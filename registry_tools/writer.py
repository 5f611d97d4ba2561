"""Enters what was decided, and makes everything else say the same."""

from __future__ import annotations

from collections.abc import Sequence

from podium.errors import PodiumError
from registry_tools.chain import Counted
from registry_tools.entry import Draft, Entry, Stage
from registry_tools.errors import LedgerConflict, OutcomeUnknown
from registry_tools.fold import advance
from registry_tools.ledger import Ledger
from registry_tools.notices import Notices
from registry_tools.outcome import Outcome, Wanted
from registry_tools.port import Model
from registry_tools.projection import Difference, differences, project
from registry_tools.state import State
from registry_tools.words import sentence


class Writer:
    """Writes to `ledger`, tells `notices`, and sets the aliases of `model` to match.

    found_wrong: aliases that did not say what the ledger says when this was made.
    """

    def __init__(self, ledger: Ledger, notices: Notices, model: Model) -> None:
        self.ledger = ledger
        self.notices = notices
        self.found_wrong = differences(model, ledger.state)
        self._is_head_stale = model.head != ledger.chain.head.text() and ledger.state.seq > 0

    def supposed(self, drafts: Sequence[Draft], wanted: Wanted) -> State:
        """The state as it would be after `drafts`."""
        state = self.ledger.state
        for entry in self.ledger.supposed(drafts, wanted.actor):
            state = advance(state, entry)
        return state

    def enter(self, drafts: Sequence[Draft], wanted: Wanted) -> Outcome:
        """Write `drafts` one after the other; of a dry run, only say what they would be."""
        if wanted.dry_run:
            entries = self.ledger.supposed(drafts, wanted.actor)
            return Outcome(self.supposed(drafts, wanted), tuple(entries), dry_run=True)
        return self.done(self._write_all(drafts, wanted), wanted)

    def _write_all(self, drafts: Sequence[Draft], wanted: Wanted) -> list[Entry]:
        """Write `drafts`, each right on top of the one before: all were decided on together."""
        written: list[Entry] = []
        for draft in drafts:
            try:
                if written and self.ledger.chain.head.hash != written[-1].hash:
                    raise LedgerConflict(f"Somebody else wrote about {self.ledger.model} too.")
                written.append(self._write(draft, wanted).entry)
            except LedgerConflict as error:
                if not written:
                    raise
                raise self._half_way(written, error) from error
        return written

    def _half_way(self, written: Sequence[Entry], error: LedgerConflict) -> LedgerConflict:
        done = "; ".join(map(sentence, written))
        return LedgerConflict(
            f"{error.what} Before that this was entered: {done}. The rest was not.",
            remedy=f"Look at podium history {self.ledger.model}, and run the command again if it "
            "still makes sense.",
        )

    def _write(self, draft: Draft, wanted: Wanted) -> Counted:
        if not self.ledger.chain.seen:
            self.ledger.registry.create_ledger(self.ledger.model)
        entry = self.ledger.entry(draft, wanted.actor)
        self.notices.prepare(entry)
        try:
            counted = self.ledger.append(entry)
        except OutcomeUnknown:
            raise  # the notice waits until it is known
        except Exception:
            self.notices.drop(entry)
            raise
        self.notices.release(entry)
        return counted

    def done(
        self, entries: Sequence[Entry], wanted: Wanted, notes: tuple[str, ...] = ()
    ) -> Outcome:
        """The end of every act: the aliases and the noted head say what the ledger says."""
        if wanted.dry_run:
            return Outcome(self.ledger.state, notes=notes, dry_run=True)
        mended: tuple[Difference, ...] = ()
        if entries or self.found_wrong or self._is_head_stale:
            try:
                self._note_head(project(self.ledger.registry, self.ledger))
                mended = tuple(d for d in self.found_wrong if not self._says(d.stage, d.found))
            except (PodiumError, OSError) as error:
                notes = (*notes, _unprojected(self.ledger.model, error))
        return Outcome(self.ledger.state, tuple(entries), mended=mended, notes=notes)

    def _says(self, stage: Stage, number: int | None) -> bool:
        holder = self.ledger.state.holder(stage)
        return number == (None if holder is None else holder.version)

    def _note_head(self, model: Model) -> None:
        """Keep the head beside `model`, unless somebody has noted a later one meanwhile."""
        head = self.ledger.chain.head
        noted, _, _ = (model.head or "0").partition(":")
        if not noted.isdigit() or int(noted) < head.number:
            self.ledger.registry.note_head(model.name, head.text())


def _unprojected(name: str, error: Exception) -> str:
    return (
        f"It is entered, but the aliases could not be set ({error}). The next command that writes "
        f"does it, or podium verify {name} --repair."
    )
