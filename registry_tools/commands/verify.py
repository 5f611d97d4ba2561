"""`podium verify`: is the ledger whole, and does everything else say what it says?"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.actor import current_actor
from podium.command import Result, Unset
from podium.command import command as podium_command
from podium.errors import UsageError
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from registry_tools.commands.common import dry_run_option, open_registry

if TYPE_CHECKING:
    from registry_tools.port import Registry


@podium_command(
    "verify",
    examples="""
    podium verify flight_delay
    podium verify flight_delay --no-files --json
    podium verify flight_delay --repair
    podium verify flight_delay --restart --reason "an entry was deleted in the UI"
    """,
)
@click.argument("name")
@click.option(
    "--repair",
    is_flag=True,
    help="Set aliases and digests back to what the ledger says, and verify again.",
)
@click.option(
    "--restart",
    is_flag=True,
    help="Only for a broken ledger: go on from the last good entry. Needs --reason.",
)
@dry_run_option()
@click.option("--reason", type=Unset(), metavar="TEXT", help="Why; for --restart.")
@click.option(
    "--files/--no-files",
    default=True,
    help="Download the versions in the stages and compare their files.  [default: files]",
)
def command(
    name: str, repair: bool, restart: bool, dry_run: bool, reason: str | None, files: bool
) -> Result:
    """Check the ledger of NAME from its first entry, and all that hangs on it.

    Finds entries that were deleted, changed or cannot be read, registered models that were renamed,
    aliases and digests that do not say what the ledger says, versions in a stage that were deleted,
    and files that were changed. The exit code is 0 where all is well, 1 where something is wrong
    beside the ledger, and 7 where the ledger itself is broken. Of --restart it is 0 once the ledger
    is whole again, whatever else is found then.
    """
    _check_options(repair=repair, restart=restart, reason=reason)
    from registry_tools.commands import _intended, _mending, _verifying

    with terminated_like_interrupted():
        registry = open_registry()
        if restart:
            return _restarted(registry, name, (reason or "").strip(), dry_run=dry_run)
        verified = _verifying.verify(registry, name, Progress(sys.stderr) if files else None)
        if not repair:
            return _verifying.report(verified)
        return _intended.would_repair(verified) if dry_run else _mending.repaired(verified)


def _restarted(registry: Registry, name: str, reason: str, *, dry_run: bool) -> Result:
    from registry_tools.commands import _intended, _mending
    from registry_tools.notices import notices_for

    actor = current_actor(os.environ, Path.home())
    if dry_run:
        return _intended.would_restart(registry, name, reason, actor)
    notices = notices_for(os.environ, Path.home(), lambda line: click.echo(line, err=True))
    return _mending.restarted(registry, name, reason, actor, notices)


def _check_options(*, repair: bool, restart: bool, reason: str | None) -> None:
    if repair and restart:
        raise UsageError(
            "--repair and --restart are two things.", remedy="Restart first, then repair."
        )
    if restart and not (reason or "").strip():
        raise UsageError("--restart needs a reason.", remedy='Say why: --reason "…".')
    if reason is not None and not restart:
        raise UsageError("--reason goes with --restart.", remedy="Leave it out.")
