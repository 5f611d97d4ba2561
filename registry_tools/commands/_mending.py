"""What `podium verify` changes: aliases and tags set back, or a broken ledger begun anew."""

from __future__ import annotations

from dataclasses import replace

from podium.command import Result
from podium.errors import PodiumError
from registry_tools.commands._reading import Opened, entry_document
from registry_tools.commands._verifying import Verified, again, open_or_explain, report, verify
from registry_tools.commands.acts import quoted
from registry_tools.entry import Draft, Entry
from registry_tools.errors import LedgerBroken, Refused
from registry_tools.inspection import NEWER, chain_findings, wrong_tags
from registry_tools.notices import Notices
from registry_tools.outcome import Wanted
from registry_tools.port import Registry
from registry_tools.projection import project
from registry_tools.state import Holder, State
from registry_tools.writer import Writer


def repaired(verified: Verified) -> Result:
    """Set back what does not say what the ledger says, and verify again.

    Raises LedgerBroken where the ledger itself is not whole: nothing can be set by it.
    """
    opened = verified.opened
    if opened.broken is not None:
        raise LedgerBroken(
            f"The ledger of {opened.name} is broken: {opened.broken.reason}.",
            remedy="Nothing was set by it. "
            f"podium verify {quoted(opened.name)} says what to do first.",
        )
    done = [*_tags(verified), *_aliases(opened), *_head(opened)]
    notes = [f"Set back: {line}." for line in done] or ["There was nothing to set back."]
    return report(again(verified), notes, repaired=done)


def restarted(registry: Registry, name: str, reason: str, actor: str, notices: Notices) -> Result:
    """Begin the ledger anew on top of its last good entry, and say what it says now.

    Raises Refused where it is whole, and where a newer Podium could read on.
    """
    opened = open_or_explain(registry, name)
    broken = why_broken(opened)
    registry.create_ledger(name)  # also refuses what is not Podium's
    on_top_of = opened.state.seq
    writer = Writer(opened.ledger, notices, opened.model)
    counted = writer.write(Draft("restart", reason=reason), Wanted(actor, reason))
    number, entry = counted.number, counted.entry
    try:
        registry.note_head(name, opened.ledger.chain.head.text())
        verified = verify(registry, name, None)
    except PodiumError as error:
        raise _restarted_but(name, entry, error) from error
    notes = [
        f"Began the ledger of {name} anew: entry {entry.seq}, on top of {_last_good(on_top_of)}.",
        f"It was broken: {broken}.",
        f"Record {number} of {name}.ledger goes on from there.",
        _says_now(verified.opened.state),
    ]
    told = report(verified, notes, restart=entry_document(number, entry), was_broken=broken)
    return replace(told, exit_code=verified.opened.exit_code)  # what was asked is done


def _restarted_but(name: str, entry: Entry, error: PodiumError) -> PodiumError:
    """`error`, which came after the restart was entered, of the same kind."""
    return type(error)(
        f"The ledger of {name} was begun anew, and that counts (entry {entry.seq}): do not restart "
        f"it again. Only what comes after could not be done: {error.what}",
        remedy=f"{error.remedy} podium verify {quoted(name)} says how it stands.".strip(),
    )


def why_broken(opened: Opened) -> str:
    """Why the ledger is broken, where that lets it begin anew."""
    name, chain = opened.name, opened.ledger.chain
    if chain.broken is None:
        raise Refused(
            f"The ledger of {name} is whole: there is nothing to restart.",
            remedy=f"podium status {quoted(name)} shows what it says.",
        )
    found = chain_findings(chain, opened.registry.records(name, 0))
    first = next((f for f in found if f.weight == "broken"), None)
    if first is not None and first.kind == NEWER:
        raise Refused(
            f"{first.what}: it is not lost.", remedy="Update Podium here, and nothing is broken."
        )
    return chain.broken.reason


def _aliases(opened: Opened) -> list[str]:
    found = opened.differences
    if not found:
        return []
    try:
        project(opened.registry, opened.ledger)
    except PodiumError:  # a version was deleted, or is another; verifying again says so
        left = {difference.stage for difference in _again(opened).differences}
        found = tuple(difference for difference in found if difference.stage not in left)
    return [str(difference) for difference in found]


def _again(opened: Opened) -> Opened:
    return open_or_explain(opened.registry, opened.name)


def _tags(verified: Verified) -> list[str]:
    """Set back tags of versions whose files are those that were pinned."""
    opened = verified.opened
    wrong = wrong_tags(opened.state, verified.versions)
    mended = [number for number, digest in wrong.items() if _files_are(opened, number, digest)]
    for number in mended:
        opened.registry.set_tag(opened.name, number, "podium.digest", wrong[number])
    return [f"the tag podium.digest of version {number}" for number in mended]


def _files_are(opened: Opened, number: int, digest: str) -> bool:
    from registry_tools.examine import examine_files

    try:
        with opened.registry.files(opened.name, number) as folder:
            return examine_files(folder, answering=False).digest == digest
    except PodiumError:  # they cannot be read: verifying again says so
        return False


def _head(opened: Opened) -> list[str]:
    head = opened.ledger.chain.head
    if not head.number or opened.model.head == head.text():
        return []
    opened.registry.note_head(opened.name, head.text())
    return [f"the noted head is entry {head.number}"]


def _last_good(seq: int) -> str:
    return f"entry {seq}" if seq else "nothing: no entry was left"


def _says_now(state: State) -> str:
    held = f"production {_named(state.production)}, staging {_named(state.staging)}"
    return f"It says now: {held}."


def _named(holder: Holder | None) -> str:
    return "nothing" if holder is None else f"version {holder.version}"
