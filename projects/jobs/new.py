"""`podium new`: a project of one's own from a table, in one command."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from podium.command import Choice, Result, Unset, YesNo
from podium.command import command as podium_command
from podium.errors import UsageError
from projects.jobs.train import ESTIMATOR_WORDS

if TYPE_CHECKING:
    from projects.reproducing.past import Past
    from projects.scaffolding.asked import Asked
    from projects.scaffolding.findings import Findings

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


@dataclass(frozen=True)
class _Place:
    """Where the project goes, and how its conda.yaml finds Podium."""

    folder: Path
    force: bool
    requirement: str


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
    from projects.scaffolding.requirement import podium_requirement

    name, base = given["name"], Path.cwd()
    _refuse_name(name)
    folder = Path(os.path.normpath(base / Path(given["to"] or name).expanduser()))
    place = _Place(folder, bool(given["force"]), podium_requirement(given["podium"], base))
    if given["from_run"] is not None:
        _refuse_together_with_run(given)
        return _write_run(given["from_run"], name, given["data"], place, base)
    if given["data"] is None:
        raise UsageError(
            "Which table? --data is not given.",
            remedy=f"podium new {name} --data FILE --target COLUMN",
        )
    asked = Asked(
        name, given["data"], columns=given["columns"] or (), **{k: given[k] for k in _OF_A_TABLE}
    )
    return _write(asked, place, base)


def _refuse_name(name: str | None) -> None:
    from podium.spec.names import model_name_problem

    problem = model_name_problem(name or "")
    if problem:
        raise UsageError(
            f"The name {name!r} {problem}; MLflow registers the model under it.",
            remedy="Use letters, digits, - and _; --to says which folder is written.",
        )


def _refuse_together_with_run(given: dict[str, Any]) -> None:
    named = [key for key in (*_OF_A_TABLE, "columns") if given[key] is not None]
    if named:
        raise UsageError(
            f"--from-run writes what the run was declared as; --{named[0]} says otherwise.",
            remedy="Leave one of them out, and change project.yaml afterwards.",
        )


def _write(asked: Asked, place: _Place, base: Path) -> Result:
    """Look at the table, and write what it says; by another split where time does not do."""
    from podium.errors import DataError
    from projects.scaffolding.asked import NO_TIME
    from projects.scaffolding.files import FILES
    from projects.scaffolding.findings import Choice
    from projects.scaffolding.folder import refuse_taken
    from projects.scaffolding.looking import look
    from projects.scaffolding.reading import read_table

    refuse_taken(place.folder, FILES, force=place.force)
    frame, read = read_table(asked, base)
    found = look(frame, asked, read)
    try:
        return _put(found, asked, place, base)
    except DataError as error:
        if found.time is None or asked.time is not None:
            raise
        other = look(frame, replace(asked, time=NO_TIME), read)
        split = Choice(other.split.value, f"not by {found.time!r}: {error.what}")
        return _put(replace(other, split=split), asked, place, base)


def _put(found: Findings, asked: Asked, place: _Place, base: Path) -> Result:
    """Write beside the folder, try, put in place; nothing is left of what fails."""
    from projects.scaffolding.files import files_of
    from projects.scaffolding.folder import staged
    from projects.scaffolding.place import modules_to_copy, written_source
    from projects.scaffolding.summary import document, summary
    from projects.scaffolding.trial import try_declaration

    written = written_source(asked.source, base, place.folder)
    files = files_of(asked.name, written, found, place.requirement)
    files |= modules_to_copy(asked.source, base, place.folder)
    with staged(place.folder, files) as stage:
        try_declaration(stage, asked.source, base, found)
    text = summary(found, asked.name, asked.source, _shown(place.folder, base), tuple(files))
    return Result(text, document(found, asked.name, written, place.folder))


def _write_run(run_id: str, name: str, data: str | None, place: _Place, base: Path) -> Result:
    """Write what a past training was declared as, over its source or `data`."""
    from projects.jobs.find import bundled_projects
    from projects.scaffolding.files import FILES
    from projects.scaffolding.folder import refuse_taken, staged
    from projects.scaffolding.from_run import files_of_run, loader_files, try_again
    from projects.scaffolding.place import modules_to_copy, written_source
    from projects.scaffolding.summary import written

    refuse_taken(place.folder, FILES, force=place.force)
    past = _past(run_id)
    source = data or past.project.data.source
    shipped = [bundled_projects().get(past.project.name, base)]
    named = written_source(source, base, place.folder)
    files = files_of_run(past, name, named, place.requirement)
    files |= modules_to_copy(source, base, place.folder)
    files |= loader_files(past.project, [base, *shipped])
    with staged(place.folder, files) as stage:
        rows = try_again(stage, source, base, past)
    text = (
        f"{name}: as run {run_id} of {past.project.name} was declared, over {rows:,} rows of "
        f"{source}\n\n{written(name, _shown(place.folder, base), tuple(files))}"
    )
    told = {"project": name, "folder": str(place.folder), "source": named, "rows": rows}
    return Result(text, {**told, "run_id": run_id})


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


def _shown(folder: Path, base: Path) -> str:
    """The folder as a command in `base` names it."""
    return str(folder.relative_to(base)) if folder.is_relative_to(base) else str(folder)


if __name__ == "__main__":
    command()
