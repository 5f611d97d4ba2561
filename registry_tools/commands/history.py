"""`podium history`: every entry of a model's ledger, and who was champion at some time."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from podium.command import Result, Unset, WholeNumber
from podium.command import command as podium_command
from registry_tools.commands.common import open_registry


@podium_command(
    "history",
    examples="""
    podium history flight_delay
    podium history flight_delay --limit 20
    podium history flight_delay --at 2026-03-01T12:00
    podium history flight_delay --at 3d --json
    """,
)
@click.argument("name")
@click.option(
    "--at",
    "time",
    metavar="TIME",
    type=Unset(),
    help="Say who held which stage then: a date (its first moment), a date and time as they are "
    "printed here or in ISO 8601 (UTC where no zone is named), or an age like 12h, 3d or 2w.",
)
@click.option(
    "--limit",
    metavar="N",
    type=WholeNumber(1),
    help="Show the last N entries only.  [default: all]",
)
def command(name: str, time: str | None, limit: int | None) -> Result:
    """Show what was done to the model NAME, by whom, when and why; the newest comes last.

    With --at: the entries up to that time, and who was in production and staging then. Times are
    UTC. The exit code is 7 where the ledger is broken; what was read before the break is shown.
    """
    from registry_tools.commands import _past
    from registry_tools.times import parse_time

    at = None if time is None else parse_time(time, datetime.now(UTC))
    return _past.past(open_registry(), name, at, limit)
