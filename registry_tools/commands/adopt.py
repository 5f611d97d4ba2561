"""`podium adopt`: take over stages that came before Podium, or were changed by hand."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.errors import UsageError
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.acts import quoted, report
from registry_tools.commands.common import dry_run_option, open_registrar, reason_option, wanted
from registry_tools.which_version import pointed_at, resolve

if TYPE_CHECKING:
    from registry_tools.entry import Stage
    from registry_tools.registrar import Registrar

    _Holders = tuple[tuple[Stage, int], ...]
    _Named = dict[Stage, int | str | None]


@podium_command(
    "adopt",
    examples="""
    podium adopt flight_delay
    podium adopt flight_delay --production @champion --reason "our alias until now"
    podium adopt flight_delay --production 3 --reason "set by hand during the outage"
    """,
)
@click.argument("name")
@click.option(
    "--production",
    type=WHICH,
    metavar="VERSION",
    help="The version in production, such as 3 or @champion.  [default: what @production says]",
)
@click.option(
    "--staging",
    type=WHICH,
    metavar="VERSION",
    help="The version in staging.  [default: what @staging says]",
)
@reason_option(required=False)
@dry_run_option()
def command(
    name: str,
    production: int | str | None,
    staging: int | str | None,
    reason: str | None,
    dry_run: bool,
) -> Result:
    """Take over versions that are in their stages without an entry in the ledger.

    For models whose aliases came before Podium: until then no command touches their aliases
    @production and @staging. Other aliases stay as they are, always. Aliases here are MLflow's,
    whatever the ledger says.

    No gate is asked, and the model is not run. So this is free only for what @production and
    @staging point at before the ledger ever knew of a stage. Everything else, such as an alias that
    somebody moved by hand or a version that was turned down, needs --reason and stays visible as
    forced; podium verify --repair sets an alias back instead.
    """
    progress = Progress(sys.stderr)
    with terminated_like_interrupted():
        registrar = open_registrar(name)
        holders = _holders(registrar, {"production": production, "staging": staging})
        before, notes = registrar.state, _left_out(registrar, holders)
        with progress.stage("examine", f"Examining {name} {_listed(holders)}"):
            outcome = registrar.adopt(holders, wanted(reason, dry_run=dry_run))
    model = quoted(name)
    following = (f"podium status {model}", f"podium policy {model}")
    return report(outcome, before, following=following, notes=notes)


def _holders(registrar: Registrar, named: _Named) -> _Holders:
    """What is in which stage: as named, and where nothing is named, as the aliases say.

    Once the ledger knows of a stage, naming one leaves the other as it is.
    """
    said = {stage: _number(registrar, word) for stage, word in named.items() if word is not None}
    if not said or not registrar.state.ever_held:
        aliases = registrar.model.aliases
        said = {stage: aliases[stage] for stage in named if stage in aliases} | said
    if not said:
        raise _nothing_to_adopt(registrar)
    if named["staging"] is None and said.get("staging") == said.get("production"):
        del said["staging"]  # a version holds one stage
    return tuple(said.items())


def _number(registrar: Registrar, word: int | str) -> int:
    if isinstance(word, str) and word.startswith("@"):
        return pointed_at(registrar.model, word.removeprefix("@"))
    return resolve(registrar, word)


def _left_out(registrar: Registrar, holders: _Holders) -> list[str]:
    alias, adopted = registrar.model.aliases.get("staging"), dict(holders)
    if alias is None or "staging" in adopted or alias != adopted.get("production"):
        return []
    return [f"Version {alias} was @staging as well; a version holds one stage, so that alias goes."]


def _nothing_to_adopt(registrar: Registrar) -> UsageError:
    aliases = sorted(registrar.model.aliases.items())
    there = ", ".join(f"@{alias} (version {number})" for alias, number in aliases)
    name, first = quoted(registrar.name), f"@{aliases[0][0]}" if aliases else "3"
    remedy = f'Name what is in production: podium adopt {name} --production {first} --reason "…"'
    if registrar.state.ever_held:
        remedy = f"podium verify {name} --repair sets them to what the ledger says."
    return UsageError(
        f"{registrar.name} has no alias @production or @staging to take over; it has "
        f"{there or 'no aliases'}.",
        remedy=remedy,
    )


def _listed(holders: _Holders) -> str:
    return " and ".join(str(number) for _, number in holders)
