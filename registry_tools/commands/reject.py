"""`podium reject`: turn a version down."""

from __future__ import annotations

import click

from podium.command import Result
from podium.command import command as podium_command
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.acts import needed_reason, quoted, report
from registry_tools.commands.common import dry_run_option, open_registrar, wanted
from registry_tools.which_version import resolve

_EXAMPLE = 'podium reject flight_delay 3 --reason "worse for night flights"'


@podium_command("reject", examples=_EXAMPLE)
@click.argument("name")
@click.argument("version", type=WHICH)
@needed_reason(_EXAMPLE)
@dry_run_option()
def command(name: str, version: int | str, reason: str, dry_run: bool) -> Result:
    """Turn a version down until it is evaluated again.

    It leaves staging, if it was there, and loses its approvals. The champion cannot be rejected:
    that is a rollback, or a retirement.
    """
    registrar = open_registrar(name)
    before, number = registrar.state, resolve(registrar, version)
    outcome = registrar.reject(number, wanted(reason, dry_run=dry_run))
    return report(outcome, before, following=(f"podium status {quoted(name)}",))
