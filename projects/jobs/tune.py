"""`tune`: an MLproject entry point, `python -m projects.jobs.tune`, and `podium tune`."""

from __future__ import annotations

import sys
from typing import Any

import click

from podium.command import Choice, Choices, KeyValues, Length, Result, Unset, WholeNumber, YesNo
from podium.command import command as podium_command
from podium.errors import PodiumError
from projects.jobs.find import PROJECT_HELP
from projects.jobs.given_run import fail_given_run
from projects.jobs.train import ESTIMATOR_WORDS

SAMPLERS = ("tpe", "random", "qmc", "cmaes", "gp")
PRUNERS = ("auto", "none", "median", "hyperband", "wilcoxon")


@podium_command(
    "tune",
    on_refusal=fail_given_run,
    examples="""
    podium tune --trials 20 --rows 20000
    podium tune --project flight_delay --estimator xgboost,linear --trials 100 --workers 4
    podium tune --project my/folder --folds 5 --timeout 30m
    podium tune --resume 0f3c… --workers 2
    mlflow run . -e tune -P trials=40 -P workers=2 --env-manager local --experiment-name flights
    """,
)
@click.option("--project", type=Unset(), help=PROJECT_HELP)
@click.option("--data", type=Unset(), help="Another source than data.source: path, s3:// or name.")
@click.option(
    "--estimator",
    type=Choices(*ESTIMATOR_WORDS),
    help="One or more, separated by commas: " + " | ".join(ESTIMATOR_WORDS) + ".  [default: those "
    "that project.yaml lists]",
)
@click.option(
    "--params",
    type=KeyValues(),
    help="Parameters to hold fixed, on top of project.yaml's: subsample=0.8 or JSON.",
)
@click.option("--rows", type=WholeNumber(1), help="At most so many rows, spread over the table.")
@click.option("--trials", type=WholeNumber(1), help="Trials in all.  [default: 50]")
@click.option("--timeout", type=Length(), help="No trial starts after so long: 90s, 30m, 2h.")
@click.option(
    "--workers",
    type=WholeNumber(1, 1024),
    help="Trials at a time, in processes that share the cores.  [default: 1]",
)
@click.option(
    "--folds",
    type=WholeNumber(2, 20),
    help="Judge by cross-validation over training and validation rows (in order of time, by "
    "group, or stratified, as the split is).  [default: by the validation rows]",
)
@click.option("--sampler", type=Choice(*SAMPLERS), help=" | ".join(SAMPLERS) + ".  [default: tpe]")
@click.option(
    "--pruner",
    type=Choice(*PRUNERS),
    help=" | ".join(PRUNERS) + ": what stops a trial that will not win; auto is median, and "
    "wilcoxon from five folds on.  [default: auto]",
)
@click.option(
    "--stop",
    type=YesNo(),
    help="End early where Optuna's terminator expects no more of it.  [default: no]",
)
@click.option(
    "--seed", type=WholeNumber(0, 2**32 - 1), help="Seed of every random choice.  [default: 0]"
)
@click.option(
    "--resume",
    type=Unset(),
    metavar="RUN_ID",
    help="Go on with a search that was killed or interrupted.",
)
@click.option(
    "--storage",
    type=Unset(),
    metavar="URL",
    help="Database for Optuna's study.  [default: the tracking database, else a file in "
    "podium_studies/]",
)
@click.option("--engine", type=Choice("local", "spark"), help="local | spark.  [default: local]")
@click.option(
    "--master", type=Unset(), help="Spark's master, such as local[2].  [default: local[WORKERS]]"
)
@click.option("--register", type=YesNo(), help="Register the best as a candidate.  [default: yes]")
@click.option("--run-name", type=Unset(), help="Name of the run in the MLflow UI.")
def command(**given: Any) -> Result:
    """Search for better parameters, and train with the best of them.

    Each trial is fitted on the training rows and judged on the validation rows, never on the
    holdout. The champion's parameters are tried first, then the declared ones, then what Optuna
    finds promising within `search` of project.yaml, or within good ranges where it says nothing.
    Trials that will not win are stopped early. In the MLflow UI one run holds the search, with a
    nested run for each trial; the best is trained, measured on the holdout and registered by it,
    as podium train does.

    What was killed or interrupted goes on with --resume: no trial that had ended is lost.
    """
    from podium.progress import Progress

    progress = Progress(sys.stderr)
    chosen = {key: value for key, value in given.items() if value is not None}
    try:
        with progress.stage("imports", "Loading libraries"):
            from projects.jobs.search_job import search
            from projects.jobs.search_settings import TuneRequest
        return search(TuneRequest(**chosen), progress)
    except PodiumError as error:
        fail_given_run(str(error))
        raise


if __name__ == "__main__":
    command()
