"""`podium status`: who is champion, since when and why, and what needs attention."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from podium.command import Result, Unset
from podium.command import command as podium_command
from registry_tools.commands.common import open_registry


@podium_command(
    "status",
    examples="""
    podium status
    podium status flight_delay
    podium status flight_delay --json
    """,
)
@click.argument("name", required=False, type=Unset())
def command(name: str | None) -> Result:
    """Say who is champion, since when, by whom and why.

    Without NAME: one line for each registered model, with what needs attention. With NAME: the
    holders of production and staging, approvals, newer versions that nobody evaluated, traffic,
    the policy in force, aliases that do not say what the ledger says, and the last entries.
    Times are UTC. The exit code is 7 where a ledger is broken.
    """
    now = datetime.now(UTC)
    if name is None:
        from registry_tools.commands import _all_models

        return _all_models.overview(open_registry(), now)
    from registry_tools.commands import _one_model

    return _one_model.standing(open_registry(), name, now)
