"""A project from what a past training was declared as."""

from __future__ import annotations

import re
from pathlib import Path

from podium.errors import NotFound, UsageError
from podium.progress import Progress
from podium.spec import Project, load_declaration
from projects.reproducing.past import Past
from projects.scaffolding.files import with_environment
from projects.scaffolding.readme import readme_of_run
from projects.scaffolding.trial import only_what_is_written
from projects.scaffolding.yaml_words import comment, section
from projects.training.trained import read_case

RUN_ID = re.compile(r"[0-9a-f]{32}")


def refuse_no_id(run_id: str) -> None:
    """Raises UsageError for what is no run's id."""
    if not RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"--from-run: {run_id!r} is no run's id, which has 32 digits and letters.",
            remedy="The MLflow UI shows it on the run's page; podium train prints it.",
        )


def files_of_run(past: Past, name: str, source: str, requirement: str) -> dict[str, bytes]:
    """The files of the project `name` as the run declared it, over `source`."""
    run_id = past.run.run_id
    declared = declared_yaml(past.project, name, source, run_id)
    readme = readme_of_run(name, run_id, past.project.target.column)
    return with_environment(declared, readme, name, requirement)


def declared_yaml(project: Project, name: str, source: str, run_id: str) -> str:
    """project.yaml that declares `project` under another name, over `source`."""
    document = project.model_dump(mode="json", exclude_defaults=True)
    document |= {"name": name, "data": {**document["data"], "source": source}}
    lines = [
        *comment(
            f"Written by `podium new` from run {run_id}: what it was declared as, with every "
            "feature that was found then. What is as Podium has it by default is left out."
        )
    ]
    for key, value in document.items():
        lines += section(key, value)
    return "\n".join(lines) + "\n"


def loader_files(project: Project, folders: list[Path]) -> dict[str, bytes]:
    """The module of the loader, by its name, from the first of `folders` that has it."""
    if project.data.loader is None:
        return {}
    name = f"{project.data.loader.partition(':')[0]}.py"
    found = (folder / name for folder in folders if (folder / name).is_file())
    return {file.name: file.read_bytes() for file in list(found)[:1]}


def try_again(stage: Path, folder: Path, past: Past) -> int:
    """Reads and splits, as the run did, what `stage`, which is to become `folder`, declares; the
    number of rows.

    Raises NotFound, with where rows may be, for a source that is not there any more, and what
    training would raise.
    """
    declaration = load_declaration(stage)
    try:
        with only_what_is_written(declaration.project.data.source, stage, folder) as base:
            case = read_case(
                declaration, base=base, rows=None, seed=past.seed, progress=Progress(None)
            )
    except NotFound as error:
        kept = f" The run keeps a copy of its rows at {past.snapshot}." if past.snapshot else ""
        raise NotFound(
            error.what,
            remedy=f"{error.remedy} Say where the rows are with --data.{kept}".strip(),
        ) from error
    return len(case.table)
