"""`podium retire`: take a version out of its stage until it is evaluated again."""

from __future__ import annotations

import click

from podium.command import Result
from podium.command import command as podium_command
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.acts import needed_reason, quoted, report
from registry_tools.commands.common import dry_run_option, open_registrar, wanted
from registry_tools.which_version import resolve

_EXAMPLE = 'podium retire flight_delay 2 --reason "trained on leaked columns"'


@podium_command("retire", examples=_EXAMPLE)
@click.argument("name")
@click.argument("version", type=WHICH)
@needed_reason(_EXAMPLE)
@dry_run_option()
def command(name: str, version: int | str, reason: str, dry_run: bool) -> Result:
    """Take a version out of its stage until it is evaluated again.

    Nothing takes its place: retiring the champion leaves production empty. A rollback passes over
    a retired version. A version that was deleted in MLflow can be retired too.
    """
    registrar = open_registrar(name)
    before, number = registrar.state, resolve(registrar, version)
    outcome = registrar.retire(number, wanted(reason, dry_run=dry_run))
    notes = ["This leaves production empty."] if before.champion == number else []
    return report(outcome, before, following=(f"podium status {quoted(name)}",), notes=notes)
