"""What the commands about the ledger share: how it is opened, who acts, what comes next."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.actor import current_actor
from podium.command import Unset, WholeNumber

if TYPE_CHECKING:
    from registry_tools.outcome import Wanted
    from registry_tools.port import Registry
    from registry_tools.registrar import Registrar

VERSION = WholeNumber(1)
_Option = Callable[[Any], Any]


def reason_option(*, required: bool) -> _Option:
    """`--reason`: why; kept in the ledger."""
    said = "Why; it stands in the ledger." + ("" if required else "  [optional]")
    return click.option("--reason", type=Unset(), required=required, metavar="TEXT", help=said)


def dry_run_option() -> _Option:
    """`--dry-run`: look, decide and say, and change nothing."""
    return click.option(
        "--dry-run", is_flag=True, help="Say what would be done, and change nothing."
    )


def open_registry() -> Registry:
    """The registry that MLflow is set to use."""
    from registry_tools.registry import MlflowRegistry

    return MlflowRegistry()


def open_registrar(name: str) -> Registrar:
    """The registrar of the model `name`, which tells the configured URLs of what it enters."""
    from registry_tools.notices import notices_for
    from registry_tools.registrar import Registrar

    notices = notices_for(os.environ, Path.home(), lambda line: click.echo(line, err=True))
    return Registrar(open_registry(), name, notices=notices)


def wanted(reason: str | None, *, dry_run: bool) -> Wanted:
    """Who acts, and why."""
    from registry_tools.outcome import Wanted

    return Wanted(current_actor(os.environ, Path.home()), reason, dry_run)
