"""`podium promote`: a version to staging or production, past the gates."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.command import Choice, Result, Unset
from podium.command import command as podium_command
from podium.errors import UsageError, did_you_mean
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from registry_tools.commands import _advice as advice
from registry_tools.commands._which_version import WHICH
from registry_tools.commands.acts import report
from registry_tools.commands.common import dry_run_option, open_registrar, reason_option, wanted
from registry_tools.which_version import resolve

if TYPE_CHECKING:
    from registry_tools.entry import Evidence, Stage
    from registry_tools.outcome import Outcome

_STAGES = ("staging", "production")
_EXAMPLE = "podium promote flight_delay 3 --to staging"


def _stage(ctx: click.Context, _: click.Parameter, value: str | None) -> str:
    if value in _STAGES:
        return str(value)
    problem = "Say where to" if value is None else f"{value!r} is no stage"
    near = "" if value is None else f" {did_you_mean(value, _STAGES)}"
    raise click.UsageError(f"{problem}, as in: {_EXAMPLE}.{near}", ctx)


@podium_command(
    "promote",
    examples="""
    podium promote flight_delay 3 --to staging --verdict pass --report evaluation.html
    podium promote flight_delay @staging --to production
    podium promote flight_delay latest --to staging --dry-run
    podium promote flight_delay 3 --to production --force --reason "the champion is broken"
    """,
)
@click.argument("name")
@click.argument("version", type=WHICH)
@click.option(
    "--to",
    "stage",
    type=Unset(),
    callback=_stage,
    metavar="STAGE",
    help="staging or production.  [required]",
)
@click.option(
    "--verdict",
    type=Choice("pass", "fail", "inconclusive"),
    metavar="WORD",
    help="What an evaluation against the present champion said: pass, fail or inconclusive. It "
    "is entered first; needs --report.  [optional]",
)
@click.option(
    "--report",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The report of that evaluation; its SHA-256 is entered.  [optional]",
)
@click.option(
    "--force", is_flag=True, help="Whatever the gates say. Needs --reason, and stays visible."
)
@reason_option(required=False)
@dry_run_option()
def command(
    name: str,
    version: int | str,
    stage: Stage,
    verdict: str | None,
    file: Path | None,
    force: bool,
    reason: str | None,
    dry_run: bool,
) -> Result:
    """Bring a version to staging or production, if the gates let it.

    NAME is a registered model; VERSION a number, an @alias or latest. Its files are downloaded,
    compared with what was registered, loaded, and have to answer their example. Staging needs a
    passing evaluation of these files against the present champion; production needs the approvals
    that the policy asks for as well. The gates are those of the policy in force (podium policy),
    not the version's own.

    Ends with 0 where it is done, 1 where a gate refuses, and 6 where it refuses for nothing but a
    lack of evidence.
    """
    evidence = _evidence(verdict, file)
    if force and not (reason or "").strip():
        raise UsageError(
            "--force needs a reason.", remedy=f'Say why: {_EXAMPLE} --force --reason "…"'
        )
    progress = Progress(sys.stderr)
    with terminated_like_interrupted():
        with progress.stage("imports", "Loading libraries"):
            registrar = open_registrar(name)
        before, number = registrar.state, resolve(registrar, version)
        with progress.stage("examine", f"Examining {name} {number}"):
            outcome = registrar.promote(
                number,
                stage,
                wanted(reason, dry_run=dry_run),
                forced=force,
                verdict=evidence,
            )
    steps = advice.remedies(outcome.checks, name, number, stage) if outcome.refused else []
    following = advice.commands(steps, name) if steps else _following(outcome, number, stage)
    return report(outcome, before, following=following, remedies=[str(step) for step in steps])


def _following(outcome: Outcome, number: int, stage: Stage) -> tuple[str, ...]:
    """What comes next."""
    if outcome.refused:
        return ()
    approved = not outcome.state.policy.promotion.approvals
    return advice.after_promotion(outcome.state, number, stage, approved)


def _evidence(verdict: str | None, file: Path | None) -> Evidence | None:
    """The verdict, with the SHA-256 of its report."""
    if (verdict is None) != (file is None):
        given, lacking = ("--verdict", "--report") if file is None else ("--report", "--verdict")
        raise UsageError(
            f"{given} needs {lacking}.",
            remedy=f"Give both: {_EXAMPLE} --verdict pass --report evaluation.html",
        )
    if verdict is None or file is None:
        return None
    from registry_tools.entry import Evidence

    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return Evidence(verdict=verdict, report_sha256=digest)
