"""`podium diff`: two versions of a model side by side."""

from __future__ import annotations

import sys

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.common import open_registry


@podium_command(
    "diff",
    examples="""
    podium diff flight_delay 1 2
    podium diff flight_delay @production @staging
    podium diff flight_delay @production latest --all --json
    """,
)
@click.argument("name")
@click.argument("first", type=WHICH)
@click.argument("second", type=WHICH)
@click.option("--all", "everything", is_flag=True, help="Show equal parameters too.")
def command(name: str, first: int | str, second: int | str, everything: bool) -> Result:
    """Show what differs between two versions of the model NAME.

    FIRST and SECOND are numbers, @production or @staging as the ledger says, other aliases, or
    latest. Compares who made them and when, parameters, metrics with their 95 % intervals, data,
    signature and requirements; the files of both are downloaded for that. What a version does not
    say is a dash.
    """
    from registry_tools.commands import _side_by_side

    with terminated_like_interrupted():
        named = (first, second)
        return _side_by_side.side_by_side(
            open_registry(), name, named, Progress(sys.stderr), everything=everything
        )
