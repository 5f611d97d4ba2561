"""`podium approve`: agree that the version in staging goes to production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from podium.command import Result
from podium.command import command as podium_command
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.acts import quoted, report
from registry_tools.commands.common import dry_run_option, open_registrar, reason_option, wanted
from registry_tools.which_version import resolve

if TYPE_CHECKING:
    from registry_tools.gates import Check
    from registry_tools.registrar import Registrar


@podium_command(
    "approve",
    examples="""
    podium approve flight_delay 3
    podium approve flight_delay @staging --reason "looked at the worst slices"
    PODIUM_ACTOR=ada podium approve flight_delay 3
    """,
)
@click.argument("name")
@click.argument("version", type=WHICH)
@reason_option(required=False)
@dry_run_option()
def command(name: str, version: int | str, reason: str | None, dry_run: bool) -> Result:
    """Agree that the version in staging goes to production.

    How many have to agree, and whether the author counts, is the policy's word (podium policy). A
    new evaluation takes approvals back.

    You act as the user that is logged in to MLflow, else as PODIUM_ACTOR, else as the system's
    user. Unless a server checks logins, that name is a claim: approvals then prevent mistakes, not
    malice.
    """
    from registry_tools.gates import approvals

    registrar = open_registrar(name)
    before, number = registrar.state, resolve(registrar, version)
    how = wanted(reason, dry_run=dry_run)
    author = _author(registrar, number)  # before anything is entered: it may not be found out
    outcome = registrar.approve(number, how)
    check = approvals(outcome.state, number, *author)
    notes = [f"Approvals: {check.found}; needed: {check.needed}."]
    if how.actor in check.excluded_actors:
        notes.append(f"{how.actor} is the author, so this approval does not count.")
    return report(outcome, before, following=_following(name, number, check), notes=notes)


def _author(registrar: Registrar, number: int) -> tuple[str | None, bool]:
    """Who trained the version, and whether that is certain."""
    from registry_tools.examine import author_is_certain, author_of

    version = registrar.registry.version(registrar.name, number)
    return author_of(registrar.registry, version), author_is_certain(version)


def _following(name: str, number: int, check: Check) -> tuple[str, ...]:
    if check.passed:
        return (f"podium promote {quoted(name)} {number} --to production",)
    whose = "somebody else" if check.excluded is None else f"somebody else than {check.excluded}"
    return (f"podium approve {quoted(name)} {number}  # by {whose}",)
