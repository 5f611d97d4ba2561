"""From what was asked for to a folder that can be trained, and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from podium.command import Result
from podium.errors import DataError
from projects.reproducing.past import Past
from projects.scaffolding.asked import NO_TIME, Asked
from projects.scaffolding.files import FILES, files_of
from projects.scaffolding.findings import Choice, Findings, LeftOut
from projects.scaffolding.folder import refuse_taken, staged
from projects.scaffolding.from_run import files_of_run, loader_files, try_again
from projects.scaffolding.looking import look
from projects.scaffolding.place import modules_to_copy, written_source
from projects.scaffolding.reading import read_table
from projects.scaffolding.summary import document, summary, written
from projects.scaffolding.trial import try_declaration


@dataclass(frozen=True)
class Place:
    """Where the project goes, seen from `base`, the current folder; `requirement` installs Podium.

    `force`: files of the same names may be overwritten.
    """

    base: Path
    folder: Path
    requirement: str
    force: bool = False

    @property
    def shown(self) -> str:
        """The folder as a command in `base` names it."""
        near = self.folder.is_relative_to(self.base)
        return str(self.folder.relative_to(self.base)) if near else str(self.folder)

    def refuse_taken(self) -> None:
        """Raises UsageError where something would be lost."""
        refuse_taken(self.folder, FILES, force=self.force)


def write_table(asked: Asked, place: Place) -> Result:
    """Look at the table, and write what it says; by another split where time does not do.

    Raises PodiumError, having written nothing.
    """
    place.refuse_taken()
    frame, read = read_table(asked, place.base)
    found = look(frame, asked, read)
    try:
        return _put(found, asked, place)
    except DataError as error:
        if found.time is None or asked.time is not None:
            raise
        other = look(frame, replace(asked, time=NO_TIME), read)
        if not set(other.features.columns) - {found.time}:
            raise
        return _put(_not_by_time(other, found.time, error.what), asked, place)


def _not_by_time(found: Findings, time: str, problem: str) -> Findings:
    """What was found without a split by the column `time`, which has a `problem`."""
    parts = {name: each for name, each in found.features.datetime.items() if name != time}
    left = LeftOut(time, "it orders the rows, and the split at random mixes them")
    note = (
        f"the split is at random, as one by {time!r} does not do; it mixes early and late rows, so "
        "the figures flatter where the rows change with time"
    )
    return replace(
        found,
        features=found.features.model_copy(update={"datetime": parts}),
        left_out=(*(each for each in found.left_out if each.column != time), left),
        leaks=tuple(leak for leak in found.leaks if leak.columns != (time,)),
        split=Choice(found.split.value, f"not by {time!r}: {problem.rstrip('.')}"),
        notes=(note, *found.notes),
    )


def write_run(
    past: Past, name: str, data: str | None, place: Place, loader_folders: list[Path]
) -> Result:
    """Write what a past training was declared as, over its source or `data`.

    The module of its loader is taken from the first of `loader_folders` that has it. Raises
    PodiumError, having written nothing.
    """
    source = data or past.project.data.source
    named = written_source(source, place.base, place.folder)
    files = files_of_run(past, name, named, place.requirement)
    files |= modules_to_copy(source, place.base, place.folder)
    files |= loader_files(past.project, loader_folders)
    with staged(place.folder, files) as stage:
        rows = try_again(stage, place.folder, past)
    run_id = past.run.run_id
    text = (
        f"{name}: as run {run_id} of {past.project.name} was declared, over {rows:,} rows of "
        f"{source}\n\n{written(name, place.shown, tuple(files))}"
    )
    told = {"project": name, "folder": str(place.folder), "source": named, "rows": rows}
    return Result(text, {**told, "run_id": run_id})


def _put(found: Findings, asked: Asked, place: Place) -> Result:
    """Write beside the folder, try, put in place."""
    named = written_source(asked.source, place.base, place.folder)
    files = files_of(asked.name, named, found, place.requirement)
    files |= modules_to_copy(asked.source, place.base, place.folder)
    with staged(place.folder, files) as stage:
        try_declaration(stage, place.folder, found)
    text = summary(found, asked.name, asked.source, place.shown, tuple(files))
    return Result(text, document(found, asked.name, named, place.folder))
