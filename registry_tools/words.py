"""Entries as sentences, for people: descriptions in MLflow, history, notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from registry_tools.entry import Entry


def sentence(entry: Entry) -> str:
    """What an entry says, in one sentence: who did what, and why."""
    forced = " by force" if entry.forced else ""
    why = f": {entry.reason}" if entry.reason else ""
    return printable(f"{entry.actor} {deed(entry)}{forced}{why}")


def printable(text: str) -> str:
    """`text` on one line, whatever somebody gave as a name or a reason: it cannot look like another
    line. What does not print is escaped: terminals obey it, and databases do not keep it.
    """
    return visible(" ".join(text.split()))


def visible(line: str) -> str:
    """`line` with all that does not print escaped, but for tabs."""
    if line.isprintable():
        return line
    return "".join(
        c if c.isprintable() or c == "\t" else c.encode("unicode_escape").decode() for c in line
    )


def deed(entry: Entry) -> str:
    """What was done, without who did it and why."""
    version = f"version {entry.version}"
    after = f" instead of version {entry.replaced}" if entry.replaced else ""
    deeds = {
        "adopt": f"adopted {version} as it stood in {entry.stage}{after}",
        "policy": "set the policy",
        "evaluate": f"evaluated {version}{_compared(entry)}: {entry.evidence.verdict}",
        "approve": f"approved {version}",
        "reject": f"rejected {version}",
        "promote": f"promoted {version} to {entry.stage}{after}",
        "rollback": f"rolled back{_left(entry)} to {version}",
        "traffic": f"set traffic {_shared(entry)}",
        "judge": f"judged {version}: {entry.evidence.verdict}",
        "retrain": "started a new training",
        "retire": f"retired {version}",
        "restart": "began the ledger anew",
    }
    return deeds[entry.action]


def _compared(entry: Entry) -> str:
    return f" against version {entry.replaced}" if entry.replaced else ""


def _left(entry: Entry) -> str:
    return f" from version {entry.replaced}" if entry.replaced else ""


def _shared(entry: Entry) -> str:
    traffic = entry.traffic or {}
    if traffic.get("mode") == "off":
        return "off"
    share = traffic.get("share")
    amount = "" if share is None else f" with a share of {share:g}"
    key = f" by {traffic['key']}" if traffic.get("key") else ""
    pinned = f"version {traffic.get('challenger')} beside version {traffic.get('champion')}"
    return f"to {traffic.get('mode')}: {pinned}{amount}{key}"
