"""`podium card`: the model card of a version."""

from __future__ import annotations

import sys

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.progress import Progress
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.common import open_registry


@podium_command(
    "card",
    examples="""
    podium card flight_delay 1
    podium card flight_delay @production > card.md
    podium card flight_delay latest --json
    """,
)
@click.argument("name")
@click.argument("version", type=WHICH)
def command(name: str, version: int | str) -> Result:
    """Print the model card of a version, as Markdown.

    VERSION is a number, @production or @staging as the ledger says, another alias, or latest. The
    card is the version's description in the registry; where that has none, or was cut short there,
    model_card.md of the run that made it. The exit code is 4 where there is none at all.
    """
    from registry_tools.commands._cards import find_card
    from registry_tools.commands._reading import open_model
    from registry_tools.commands.acts import quoted
    from registry_tools.which_version import resolve
    from registry_tools.words import visible

    opened = open_model(open_registry(), name)
    number = resolve(opened, version)
    card = find_card(opened.registry, opened.registry.version(name, number))
    Progress(sys.stderr).say(f"Next: podium status {quoted(name)}")
    return Result(
        "\n".join(map(visible, card.text.rstrip("\n").split("\n"))),
        {"model": name, "version": number, "from": card.source, "card": card.text},
    )
