"""`evaluate`: an MLproject entry point, `python -m projects.jobs.evaluate`, `podium evaluate`."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.command import Choice, Result, Unset, WholeNumber
from podium.command import command as podium_command
from podium.errors import PodiumError, UsageError
from podium.interrupts import terminated_like_interrupted
from projects.evaluating.named import Named, NamedVersion
from projects.jobs.find import (
    PROJECT_HELP,
    default_project,
    project_folder,
    unknown_project,
)
from projects.jobs.given_run import fail_given_run

if TYPE_CHECKING:
    from podium.evaluation.gate import CheckVerdict
    from projects.evaluating.case import Asked
    from projects.evaluating.overlap import Overlap

_EXIT_CODES: dict[CheckVerdict, int] = {"pass": 0, "fail": 1, "inconclusive": 6}


@podium_command(
    "evaluate",
    on_refusal=fail_given_run,
    examples="""
    podium evaluate
    podium evaluate --candidate models:/flight_delay/3
    podium evaluate --candidate @staging --data newer_flights.csv
    podium evaluate --candidate 3 --against 1 --out report
    mlflow run . -e evaluate -P candidate=models:/flight_delay/3 --env-manager local
    """,
)
@click.option("--project", type=Unset(), help=PROJECT_HELP)
@click.option(
    "--candidate",
    type=NamedVersion(),
    help="models:/NAME/3, models:/NAME@ALIAS, 3, @ALIAS, latest, or the id of the run that "
    "trained it.  [default: latest]",
)
@click.option(
    "--against",
    type=NamedVersion(),
    help="Another version than the champion. Such a verdict opens no gate.  [default: the "
    "champion, or a baseline where there is none]",
)
@click.option(
    "--data",
    type=Unset(),
    help="Newer labelled rows to judge by, as path, s3:// or name.  [default: the project's "
    "holdout, as the candidate's training cut it]",
)
@click.option("--rows", type=WholeNumber(1), help="At most so many rows, spread over the table.")
@click.option(
    "--overlap",
    type=Choice("refuse", "drop", "keep"),
    help="Rows that a model was trained on: refuse | drop (leave them out) | keep (for looking: "
    "the verdict is inconclusive at best).  [default: refuse]",
)
@click.option(
    "--seed", type=WholeNumber(0, 2**32 - 1), help="Seed of the split.  [default: the candidate's]"
)
@click.option(
    "--out",
    type=Unset(),
    metavar="DIR",
    help="Folder to write report.html and report.json to as well; both are in the run anyway.",
)
@click.option("--run-name", type=Unset(), help="Name of the run in the MLflow UI.")
def command(
    project: str | None,
    candidate: Named | None,
    against: Named | None,
    data: str | None,
    rows: int | None,
    overlap: Overlap | None,
    seed: int | None,
    out: str | None,
    run_name: str | None,
) -> Result:
    """Is the candidate better than the champion? A verdict, a report, an entry in the ledger.

    Scores both versions on the same labelled rows, through the files that would serve, and tests
    the difference: pass where it is better, or worse by less than the gate's margin; fail where it
    is worse, or harms a slice; else inconclusive, with the rows that would tell. Rows that the
    candidate was trained on are refused. Each further verdict by the same rows has to be clearer.
    Where there is no champion yet, the candidate has to beat the best constant answer.

    Ends with 0 for pass, 1 for fail, 6 for inconclusive. The rules are those of the policy in
    force (podium policy).
    """
    from projects.evaluating.case import Asked

    asked = Asked(data, rows, seed, overlap or "refuse")
    try:
        folder = None if out is None else _writable(Path(out))
        return _run(project, candidate or Named(), against, asked, folder, run_name)
    except PodiumError as error:
        fail_given_run(str(error))
        raise


def _writable(folder: Path) -> Path:
    """`folder`, made where it is not there. Raises UsageError, before any work is done, for one
    that cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise UsageError(
            f"--out: nothing can be written to {folder}: {error.strerror}.",
            remedy="Name another folder; the reports are in the run anyway.",
        ) from error


def _run(
    project: str | None,
    candidate: Named,
    against: Named | None,
    asked: Asked,
    folder: Path | None,
    run_name: str | None,
) -> Result:
    from podium.progress import Progress
    from podium.spec import load_declaration

    declaration = load_declaration(project_folder(project or default_project(candidate.model)))
    if project is None and candidate.model not in (None, declaration.project.name):
        raise unknown_project(str(candidate.model))
    progress = Progress(sys.stderr)
    with progress.stage("imports", "Loading libraries"):
        from projects.evaluating.case import make_case
        from projects.evaluating.judge import judge
        from projects.jobs import tracking
        from projects.jobs.contest import open_contest
        from projects.jobs.record_evaluation import enter, log, result_of, write
        from registry_tools.uses import use_of

    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with terminated_like_interrupted(), ExitStack() as opened:
        with progress.stage("versions", "Fetching the versions to compare"):
            contest, registrar = open_contest(declaration, candidate, against, opened)
        name = declaration.project.name
        run = opened.enter_context(tracking.open_run(name, "evaluate", run_name))
        case = make_case(contest, asked, partial(use_of, registrar.ledger.entries), progress)
        judged = judge(case, progress)
        compared = None if contest.champion is None else contest.champion.number
        opens_gate = compared == registrar.state.champion
        recorded = log(case, judged, run, progress, opens_gate=opens_gate)
        if folder is not None:
            write(recorded, folder)
        outcome = enter(registrar, case, recorded, run, progress)
    verdict = judged.evaluation.verdict
    return result_of(recorded, outcome, run, _EXIT_CODES[verdict])


if __name__ == "__main__":
    command()
