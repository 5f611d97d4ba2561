"""What `podium verify --repair` or `--restart` would do, for `--dry-run`: nothing is changed."""

from __future__ import annotations

from podium.command import Result
from registry_tools.commands._mending import why_broken
from registry_tools.commands._reading import entry_document
from registry_tools.commands._verifying import Verified, open_or_explain, report, verify
from registry_tools.entry import Draft
from registry_tools.inspection import wrong_tags
from registry_tools.port import Registry

_NOTHING_DONE = "This was a dry run: nothing was changed."


def would_repair(verified: Verified) -> Result:
    """What would be set back."""
    opened = verified.opened
    wrong = wrong_tags(opened.state, verified.versions)
    would = [f"the tag podium.digest of version {number}" for number in wrong]
    would += [str(difference) for difference in opened.differences]
    notes = [f"Would set back: {line}." for line in would] or ["There is nothing to set back."]
    return report(verified, [*notes, _NOTHING_DONE], would_repair=would)


def would_restart(registry: Registry, name: str, reason: str, actor: str) -> Result:
    """On top of which entry the ledger would go on. Raises Refused where it would be refused."""
    opened = open_or_explain(registry, name)
    broken = why_broken(opened)
    entry = opened.ledger.entry(Draft("restart", reason=reason), actor)
    notes = [
        f"Would begin the ledger of {name} anew: entry {entry.seq}, on top of entry "
        f"{opened.state.seq}.",
        f"It is broken: {broken}.",
        _NOTHING_DONE,
    ]
    document = entry_document(entry.parent, entry)
    return report(verify(registry, name, None), notes, would_restart=document)
