"""`train`: an MLproject entry point, `python -m projects.jobs.train`, and `podium train`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.command import Choice, KeyValues, Result, Unset, WholeNumber, YesNo
from podium.command import command as podium_command
from podium.errors import PodiumError
from podium.interrupts import terminated_like_interrupted
from projects.jobs.find import PROJECT_HELP, default_project, project_folder
from projects.jobs.given_run import fail_given_run

if TYPE_CHECKING:
    from podium.spec import Declaration

ESTIMATOR_WORDS = ("xgboost", "hist_gradient_boosting", "random_forest", "linear")


@dataclass(frozen=True)
class TrainRequest:
    """What to train, and what to take otherwise than project.yaml says."""

    project: str | None = None
    data: str | None = None
    estimator: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    rows: int | None = None
    seed: int = 0
    register: bool = True
    run_name: str | None = None


@podium_command(
    "train",
    on_refusal=fail_given_run,
    examples="""
    podium train
    podium train --project flight_delay --estimator linear --rows 20000
    podium train --project my/folder --params max_depth=4,subsample=0.8 --register no
    mlflow run . -e train -P project=flight_delay --env-manager local --experiment-name flights
    """,
)
@click.option("--project", type=Unset(), help=PROJECT_HELP)
@click.option("--data", type=Unset(), help="Another source than data.source: path, s3:// or name.")
@click.option("--estimator", type=Choice(*ESTIMATOR_WORDS), help=" | ".join(ESTIMATOR_WORDS) + ".")
@click.option(
    "--params",
    type=KeyValues(),
    help="Estimator parameters on top of project.yaml's: max_depth=4,subsample=0.8 or JSON.",
)
@click.option("--rows", type=WholeNumber(1), help="At most so many rows, spread over the table.")
@click.option(
    "--seed", type=WholeNumber(0, 2**32 - 1), help="Seed of every random choice.  [default: 0]"
)
@click.option("--register", type=YesNo(), help="Register the model as a candidate.  [default: yes]")
@click.option("--run-name", type=Unset(), help="Name of the run in the MLflow UI.")
def command(**given: Any) -> Result:
    """Train a project's model, log all of it, and register it as a candidate.

    Reads the table that project.yaml declares, refuses what would go wrong later, fits on the
    training rows, stops early and sets the threshold on the validation rows, and measures once on
    the holdout. Parameters, metrics with intervals, figures, the data's digest and the model card
    are in the MLflow UI afterwards.
    """
    return run(TrainRequest(**{key: value for key, value in given.items() if value is not None}))


def run(request: TrainRequest) -> Result:
    """Train as `request` says, inside one MLflow run."""
    from podium.progress import Progress

    progress = Progress(sys.stderr)
    try:
        declaration, base = _declared(request)
    except PodiumError as error:
        fail_given_run(str(error))
        raise
    with progress.stage("imports", "Loading libraries"):
        from projects.jobs import tracking
        from projects.jobs.card import document, summary
        from projects.jobs.record import announce, record
        from projects.training.estimators import ESTIMATORS
        from projects.training.trained import train

        ESTIMATORS[declaration.project.estimator[0]].classes[declaration.project.task]()
    with (
        terminated_like_interrupted(),
        tracking.open_run(declaration.project.name, "train", request.run_name) as opened,
    ):
        announce(declaration.project, request.seed)
        trained = train(
            declaration, base=base, rows=request.rows, seed=request.seed, progress=progress
        )
        registered = record(trained, opened.run_id, register=request.register, progress=progress)
    text = summary(trained, registered, opened)
    return Result(text, document(trained, registered, opened))


def _declared(request: TrainRequest) -> tuple[Declaration, Path]:
    """The declaration with what the request overrides, and where a relative source starts."""
    from podium.spec import load_declaration

    folder = project_folder(request.project or default_project())
    declared = load_declaration(folder).project
    overrides: dict[str, Any] = {}
    if request.estimator is not None:  # what is declared for one is not meant for another
        from projects.training.estimators import declared_for

        overrides = declared_for(declared, [request.estimator])
    overrides["params"] = {**overrides.get("params", declared.params), **request.params}
    if request.data is not None:
        overrides["data.source"] = request.data
    declaration = load_declaration(folder, overrides)
    return declaration, Path.cwd() if request.data is not None else declaration.folder


if __name__ == "__main__":
    command()
