"""What the commands that act on the ledger say: one text and one document for all of them."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from podium.command import Result, Unset
from podium.errors import Unreachable
from podium.reports.text import shorten, text_table

if TYPE_CHECKING:
    from registry_tools.gates import Check
    from registry_tools.outcome import Outcome
    from registry_tools.state import State, Traffic

FAILED, REFUSED, INCONCLUSIVE = 1, 1, 6
_FOUND_WIDTH, _NEEDED_WIDTH = 60, 64


def needed_reason(example: str) -> Callable[[Any], Any]:
    """`--reason` of a command that does not go without; `example` is one that has it."""

    def check(ctx: click.Context, _: click.Parameter, value: str | None) -> str:
        if value is None or not value.strip():
            raise click.UsageError(f"This needs a reason, as in: {example}", ctx)
        return value

    said = "Why; it stands in the ledger.  [required]"
    return click.option("--reason", type=Unset(), callback=check, metavar="TEXT", help=said)


def quoted(name: str) -> str:
    """`name` as a shell takes it."""
    return shlex.quote(name)


def report(
    outcome: Outcome,
    before: State,
    *,
    following: Sequence[str] = (),
    remedies: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Result:
    """What came of an act, and what to do next; nothing is next where it was only tried.

    before: the state that the act found. remedies: what to do about each check that failed.
    """
    following = () if outcome.dry_run and not outcome.refused else following
    notes = (*outcome.notes, *notes, *_traffic_ended(before, outcome))
    notes = (*notes, *_staging_emptied(before, outcome))
    document = _document(outcome, notes, following)
    parts = [
        _unprojected(outcome),
        _entered(outcome),
        _table(outcome.checks),
        _refusal(outcome, remedies),
        _mended(outcome),
        "".join(f"Note: {note}\n" for note in notes),
        "".join(["Next:\n", *(f"  {step}\n" for step in following)]) if following else "",
    ]
    text = "\n".join(part for part in parts if part).rstrip("\n")
    return Result(text, document, _exit_code(outcome))


def traffic_document(traffic: Traffic) -> dict[str, Any]:
    """How requests are shared, for machines."""
    keys = ("mode", "champion", "challenger", "share", "key", "verdict")
    return {key: getattr(traffic, key) for key in keys}


def _document(outcome: Outcome, notes: Sequence[str], following: Sequence[str]) -> dict[str, Any]:
    state = outcome.state
    return {
        "model": state.model,
        "done": not (outcome.refused or outcome.dry_run or outcome.unprojected),
        "refused": outcome.refused,
        "inconclusive": outcome.inconclusive,
        "dry_run": outcome.dry_run,
        "aliases_set": outcome.unprojected is None,
        "error": None if outcome.unprojected is None else str(outcome.unprojected),
        "entries": [asdict(entry) for entry in outcome.entries],
        "checks": [_check_document(check) for check in outcome.checks],
        "champion": state.champion,
        "staging": None if state.staging is None else state.staging.version,
        "traffic": traffic_document(state.traffic),
        "mended": [str(difference) for difference in outcome.mended],
        "notes": list(notes),
        "next": list(following),
    }


def _check_document(check: Check) -> dict[str, Any]:
    keys = ("name", "passed", "found", "needed", "inconclusive")
    return {key: getattr(check, key) for key in keys}


def _exit_code(outcome: Outcome) -> int:
    if outcome.unprojected is not None:
        away = isinstance(outcome.unprojected, Unreachable)
        return Unreachable.exit_code if away else FAILED
    if not outcome.refused:
        return 0
    return INCONCLUSIVE if outcome.inconclusive else REFUSED


def _unprojected(outcome: Outcome) -> str:
    """An entry that counts, and that nothing shows yet: not to be overlooked."""
    if outcome.unprojected is None:
        return ""
    return f"Error: {outcome.unprojected.what}\n{outcome.unprojected.remedy}\n"


def _entered(outcome: Outcome) -> str:
    from registry_tools.words import sentence  # entries are validated by pydantic: slow

    verb = "Would enter" if outcome.dry_run else "Entered"
    lines = [f"{verb} {entry.seq}: {sentence(entry)}\n" for entry in outcome.entries]
    if outcome.dry_run:
        lines.append("This was a dry run: nothing was changed.\n")
    return "".join(lines)


def _mended(outcome: Outcome) -> str:
    """Aliases that somebody moved, or that an interrupted command left."""
    verb = "Would set right" if outcome.dry_run else "Set right"
    return "".join(f"{verb}: {difference}.\n" for difference in outcome.mended)


def _table(checks: Sequence[Check]) -> str:
    if not checks:
        return ""
    rows = [
        (c.name, _mark(c), shorten(c.found, _FOUND_WIDTH), shorten(c.needed, _NEEDED_WIDTH))
        for c in checks
    ]
    return text_table(("check", "ok", "found", "needed"), rows, right=())


def _mark(check: Check) -> str:
    if check.passed:
        return "ok"
    return "?" if check.inconclusive else "NO"


def _refusal(outcome: Outcome, remedies: Sequence[str]) -> str:
    failed = sum(not check.passed for check in outcome.checks)
    if not failed:
        return ""
    if not outcome.refused:
        return f"By force: {failed} of {len(outcome.checks)} checks failed.\n"
    how = "Refused, for lack of evidence" if outcome.inconclusive else "Refused"
    first = f"{how}: {failed} of {len(outcome.checks)} checks failed.\n"
    return "".join([first, *(f"  {remedy}\n" for remedy in remedies)])


def _traffic_ended(before: State, outcome: Outcome) -> list[str]:
    was, now = before.traffic, outcome.state.traffic
    asked = any(entry.action == "traffic" for entry in outcome.entries)
    if was.mode == "off" or now.mode != "off" or asked:
        return []
    pinned = f"versions {was.champion} and {was.challenger}"
    return [f"This ends the traffic between {pinned} ({was.mode}): it is off."]


def _staging_emptied(before: State, outcome: Outcome) -> list[str]:
    """By force a version can come to production while another one is staged."""
    staged, entered = before.staging, outcome.entries
    promoted = [e.version for e in entered if (e.action, e.stage) == ("promote", "production")]
    if staged is None or outcome.state.staging is not None or not promoted:
        return []
    if staged.version in promoted:
        return []
    again = f"podium promote {quoted(before.model)} {staged.version} --to staging"
    return [f"This takes version {staged.version} out of staging; {again} brings it back."]
