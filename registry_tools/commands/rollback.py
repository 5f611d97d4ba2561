"""`podium rollback`: back to an earlier champion."""

from __future__ import annotations

import click

from podium.command import Result
from podium.command import command as podium_command
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.acts import needed_reason, quoted, report
from registry_tools.commands.common import dry_run_option, open_registrar, wanted
from registry_tools.which_version import resolve

_EXAMPLE = 'podium rollback flight_delay --reason "alarms since noon"'


@podium_command(
    "rollback",
    examples=f"""
    {_EXAMPLE}
    podium rollback flight_delay --to 2 --reason "3 and 4 share the same fault"
    """,
)
@click.argument("name")
@click.option(
    "--to",
    "target",
    type=WHICH,
    metavar="VERSION",
    help="An earlier champion.  [default: the one that the present one took over from]",
)
@needed_reason(_EXAMPLE)
@dry_run_option()
def command(name: str, target: int | str | None, reason: str, dry_run: bool) -> Result:
    """Go back to the champion before the present one, or to an earlier one.

    Needs a reason, and no gate. Champions that were themselves rolled back, rejected or retired
    are passed over. What was rolled back from needs a new evaluation to come back.
    """
    registrar = open_registrar(name)
    before = registrar.state
    to = None if target is None else resolve(registrar, target)
    outcome = registrar.rollback(to, wanted(reason, dry_run=dry_run))
    model = quoted(name)
    following = (f"podium status {model}", f"podium history {model}")
    return report(outcome, before, following=following)
