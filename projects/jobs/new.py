"""`podium new`: a project of one's own from a table, in one command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.command import Choice, Result, Unset, YesNo
from podium.command import command as podium_command
from podium.errors import UsageError
from podium.interrupts import terminated_like_interrupted
from projects.jobs.train import ESTIMATOR_WORDS

if TYPE_CHECKING:
    from projects.reproducing.past import Past
    from projects.scaffolding.writing import Place

_OF_A_TABLE = ("target", "task", "positive", "time", "group", "estimator", "header")
_TASKS = ("binary", "multiclass", "regression")


class _Names(Unset):
    """Names with commas between; one in double quotes may hold a comma."""

    name = "a,b,c"

    def read(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        import csv

        return tuple(name.strip() for name in next(csv.reader([value], skipinitialspace=True)))


@podium_command(
    "new",
    examples="""
    podium new churn --data customers.csv --target churned
    podium new adult --data adult.data.csv --columns age,workclass,income --target income
    podium new rides --data s3://bucket/rides/*.parquet --target fare --time picked_up
    podium new cancer --data breast_cancer --target target --to my/cancer
    podium new again --from-run 0123456789abcdef0123456789abcdef --data customers.csv
    """,
)
@click.argument("name", type=Unset())
@click.option(
    "--data", type=Unset(), help="Path, folder, glob, s3://, bundled name or module:function."
)
@click.option("--target", type=Unset(), help="The column to predict.")
@click.option("--to", type=Unset(), help="The folder to write.  [default: ./NAME]")
@click.option("--task", type=Choice(*_TASKS), help=" | ".join(_TASKS) + ".  [default: by values]")
@click.option("--positive", type=Unset(), help="Which of two labels counts as 1.")
@click.option(
    "--time", type=Unset(), help="The column of times to split by; none for no such split."
)
@click.option("--group", type=Unset(), help="The column of what rows belong to.")
@click.option("--estimator", type=Choice(*ESTIMATOR_WORDS), help=" | ".join(ESTIMATOR_WORDS) + ".")
@click.option("--columns", type=_Names(), help="Names for a CSV file without a header line.")
@click.option(
    "--header", type=YesNo(), help="Whether CSV files have a header line.  [default: told]"
)
@click.option(
    "--podium", type=Unset(), help="Where environments get Podium: path, URL, requirement."
)
@click.option(
    "--from-run", type=Unset(), help="Write what the training of this run's id was declared as."
)
@click.option("--force", type=YesNo(), help="Write into a folder that is not empty.  [default: no]")
def command(**given: Any) -> Result:
    """Write a project from a table: project.yaml, README.md, MLproject and conda.yaml.

    Looks at every column and says what it makes of it: kinds, ids, constants, time, task, metric,
    leaks, personal data, words for missing. Each choice stands in project.yaml with its reason;
    the folder can be trained at once. Nothing is overwritten without --force yes.
    """
    from projects.scaffolding.asked import Asked
    from projects.scaffolding.place import home
    from projects.scaffolding.requirement import podium_requirement
    from projects.scaffolding.writing import Place, write_table

    name, base = given["name"], Path.cwd()
    _refuse_name(name)
    folder = (base / home(given["to"] or name, "--to")).resolve()
    requirement = podium_requirement(given["podium"], base)
    place = Place(base, folder, requirement, force=bool(given["force"]))
    if given["from_run"] is not None:
        return _of_run(given, place)
    if given["data"] is None:
        raise UsageError(
            "Which table? --data is not given.",
            remedy=f"podium new {name} --data FILE --target COLUMN",
        )
    asked = Asked(
        name, given["data"], columns=given["columns"] or (), **{k: given[k] for k in _OF_A_TABLE}
    )
    with terminated_like_interrupted():
        return write_table(asked, place)


def _refuse_name(name: str | None) -> None:
    from podium.spec.names import model_name_problem

    problem = model_name_problem(name or "")
    if problem:
        raise UsageError(
            f"The name {name!r} {problem}; MLflow registers the model under it.",
            remedy="Use letters, digits, - and _; --to says which folder is written.",
        )
    from projects.jobs.find import bundled_projects

    if name in bundled_projects():
        raise UsageError(
            f"The name {name!r} is that of a bundled project: the models of both would be versions "
            "of one.",
            remedy="Choose another name, such as my_" + str(name) + ".",
        )


def _of_run(given: dict[str, Any], place: Place) -> Result:
    """The project of a run; options that are about a table are refused."""
    from projects.jobs.find import bundled_projects
    from projects.scaffolding.writing import write_run

    named = [key for key in (*_OF_A_TABLE, "columns") if given[key] is not None]
    if named:
        raise UsageError(
            f"--from-run writes what the run was declared as; --{named[0]} says otherwise.",
            remedy="Leave one of them out, and change project.yaml afterwards.",
        )
    place.refuse_taken()
    past = _past(given["from_run"])
    shipped = bundled_projects().get(past.project.name, place.base)
    with terminated_like_interrupted():
        return write_run(past, given["name"], given["data"], place, [place.base, shipped])


def _past(run_id: str) -> Past:
    """The training of the run, read from where MLflow logs to."""
    from podium.where import check_reachable
    from projects.jobs import tracking
    from projects.reproducing.past import read_past
    from projects.scaffolding.from_run import refuse_no_id
    from registry_tools.registry import MlflowRegistry

    refuse_no_id(run_id)
    check_reachable(tracking.tracking_uri())
    return read_past(MlflowRegistry(), run_id)


if __name__ == "__main__":
    command()
