"""Enters what was decided, and makes everything else say the same."""

from __future__ import annotations

from collections.abc import Sequence

from podium.errors import PodiumError
from registry_tools.chain import Counted
from registry_tools.entry import Action, Draft, Entry, Stage
from registry_tools.errors import LedgerConflict, OutcomeUnknown
from registry_tools.fold import advance
from registry_tools.ledger import Ledger
from registry_tools.notices import Notices
from registry_tools.outcome import Outcome, Wanted
from registry_tools.port import Model
from registry_tools.projection import differences, project
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
            state, wrong = self.supposed(drafts, wanted), self.found_wrong
            return Outcome(state, tuple(entries), mended=wrong, dry_run=True)
        return self.done(self._write_all(drafts, wanted), wanted)

    def _write_all(self, drafts: Sequence[Draft], wanted: Wanted) -> list[Entry]:
        """Write `drafts`, each right on top of the one before: all were decided on together.

        An error that comes after some of them says so, whatever it is.
        """
        written: list[Entry] = []
        for draft in drafts:
            try:
                if written and self.ledger.chain.head.hash != written[-1].hash:
                    raise LedgerConflict(f"Somebody else wrote about {self.ledger.model} too.")
                written.append(self.write(draft, wanted).entry)
            except PodiumError as error:
                if not written:
                    raise
                notes = self._note_head()
                raise self._half_way(written, drafts, error, notes) from error
        return written

    def _half_way(
        self,
        written: Sequence[Entry],
        drafts: Sequence[Draft],
        error: PodiumError,
        notes: Sequence[str],
    ) -> PodiumError:
        done = "; ".join(map(sentence, written))
        left = drafts[len(written) :]
        rest = ", ".join(f"{draft.action} {draft.version or ''}".strip() for draft in left)
        tense = "In doubt" if isinstance(error, OutcomeUnknown) else "Not entered"
        what = [f"{error.what} Before that this was entered: {done}. {tense}: {rest}.", *notes]
        again = f"Look at podium history {self.ledger.model}, and run it again if it makes sense."
        return type(error)(" ".join(what), remedy=f"{error.remedy} {again}".strip())

    def write(self, draft: Draft, wanted: Wanted) -> Counted:
        """Write one entry, and have others told of it once it counts; nothing else."""
        if not self.ledger.chain.seen:
            self.ledger.registry.create_ledger(self.ledger.model)
        entry = self.ledger.entry(draft, wanted.actor)
        self.notices.prepare(entry, self.ledger.registry.place)
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
        """The end of every act: the noted head and the aliases say what the ledger says.

        The head comes first, and whatever becomes of the aliases: without it nobody notices that
        the entry is deleted.
        """
        if wanted.dry_run:
            wrong = self.found_wrong
            return Outcome(self.ledger.state, notes=notes, mended=wrong, dry_run=True)
        if not (entries or self.found_wrong or self._is_head_stale):
            return Outcome(self.ledger.state, notes=notes)
        told = self._note_head()
        try:
            projected = project(self.ledger.registry, self.ledger)
        except (PodiumError, OSError) as error:
            failed = _unprojected(self.ledger.model, error, entered=bool(entries))
            return Outcome(
                self.ledger.state, tuple(entries), notes=(*notes, *told), unprojected=failed
            )
        told = self._note_head(projected.model)  # somebody may have noted an older one meanwhile
        mended = tuple(d for d in self.found_wrong if not self._says(d.stage, d.found))
        notes = (*notes, *projected.notes, *told)
        return Outcome(self.ledger.state, tuple(entries), mended=mended, notes=notes)

    def incomplete(self, action: Action, wanted: Wanted) -> Entry | None:
        """The last entry, where it is what is wanted and its command was killed after it: then the
        aliases or the noted head did not say the same when this was made.
        """
        if not self.ledger.chain.counted or not (self.found_wrong or self._is_head_stale):
            return None
        last = self.ledger.chain.counted[-1].entry
        same = (last.action, last.actor, last.reason) == (action, wanted.actor, wanted.reason)
        return last if same else None

    def _says(self, stage: Stage, number: int | None) -> bool:
        holder = self.ledger.state.holder(stage)
        return number == (None if holder is None else holder.version)

    def _note_head(self, model: Model | None = None) -> tuple[str, ...]:
        """Keep the head beside the model, unless somebody has noted a later one meanwhile.

        model: as it was just read. Gives a note where that could not be done.
        """
        registry, head = self.ledger.registry, self.ledger.chain.head
        try:
            noted, _, _ = ((model or registry.model(self.ledger.model)).head or "0").partition(":")
            if not noted.isdigit() or int(noted) < head.number:
                registry.note_head(self.ledger.model, head.text())
        except (PodiumError, OSError) as error:
            return (f"The head of the ledger could not be noted ({error}); the next command does.",)
        return ()


def _unprojected(name: str, error: Exception, *, entered: bool) -> PodiumError:
    """Why the aliases are not what they should be, of the kind that `error` is."""
    first = (
        "The entry counts, but the aliases were NOT set"
        if entered
        else "The aliases do not say what the ledger says, and were NOT set"
    )
    known = error if isinstance(error, PodiumError) else PodiumError(str(error))
    again = f"podium verify {name} --repair sets them, as does the next command that writes."
    return type(known)(
        f"{first}: what serves by alias goes on with the old one. {known.what}",
        remedy=f"{known.remedy} {again}".strip(),
    )
