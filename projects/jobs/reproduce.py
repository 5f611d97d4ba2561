"""`reproduce`: an MLproject entry point, `python -m projects.jobs.reproduce`, a command."""

from __future__ import annotations

import click

from podium.command import Result, Unset
from podium.command import command as podium_command
from podium.errors import PodiumError, UsageError
from projects.jobs.given_run import fail_given_run


@podium_command(
    "reproduce",
    on_refusal=fail_given_run,
    examples="""
    podium reproduce models:/flight_delay@production
    podium reproduce 0f3c5d2e8a9b4c7d8e1f2a3b4c5d6e7f
    podium reproduce models:/flight_delay/3 --data flights.parquet --json
    mlflow run . -e reproduce -P run=models:/flight_delay/3 --env-manager local
    """,
)
@click.argument("which", metavar="RUN", required=False, type=Unset())
@click.option(
    "--run",
    type=Unset(),
    help="The same as RUN: a run's id, or a version: models:/NAME/3, models:/NAME@production.",
)
@click.option(
    "--data",
    type=Unset(),
    help="Where its rows are, as path, s3:// or name.  [default: the copy kept with the run]",
)
@click.option(
    "--project",
    type=Unset(),
    help="Folder of its project, whose commit is compared.  [default: this folder, or one here or "
    "bundled that is called like it]",
)
@click.option("--run-name", type=Unset(), help="Name of the new run in the MLflow UI.")
def command(
    which: str | None,
    run: str | None,
    data: str | None,
    project: str | None,
    run_name: str | None,
) -> Result:
    """Train once more what a run trained, and compare: metrics, and predictions row by row.

    Takes the rows that were kept with the run, its resolved declaration, its seed and its number
    of threads; says which packages, which commit and which platform are not those of then. Equal
    means within 1e-12 (of numbers above 1: of their size). Logs what it finds into a run of its
    own, and registers nothing.

    Ends with 0 where all is equal, with 1 where something differs.
    """
    try:
        if which is not None and run not in (None, which):
            raise UsageError(f"Two runs are named: {which} and {run}.", remedy="Name one of them.")
        named = which or run
        if named is None:
            raise UsageError("No run is named.", remedy="Name one: podium reproduce RUN.")
        from projects.jobs.reproduction import Request, reproduce

        return reproduce(Request(named, data, project, run_name))
    except PodiumError as error:
        fail_given_run(str(error))
        raise


if __name__ == "__main__":
    command()
