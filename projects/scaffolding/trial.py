"""Reads and splits by what was written, as training will, before the folder is put in place."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from podium.errors import DataError, PodiumError
from podium.progress import Progress
from podium.spec import label_text, load_declaration
from projects.scaffolding.findings import Findings
from projects.scaffolding.place import module_file
from projects.training.trained import read_case

_SPLIT_FOR_SURE = 10  # a class of fewer rows may miss a part


def try_declaration(stage: Path, folder: Path, found: Findings) -> None:
    """Reads the table that the project in `stage`, which is to become `folder`, declares, and
    splits it. Raises what training would raise.
    """
    declaration = load_declaration(stage)
    source = declaration.project.data.source
    try:
        with only_what_is_written(source, stage, folder) as base:
            read_case(declaration, base=base, rows=None, seed=0, progress=Progress(None))
    except DataError as error:
        raise _explained(error, found, stage / module_file(source)) from error


@contextmanager
def only_what_is_written(source: str, stage: Path, folder: Path) -> Iterator[Path]:
    """Where `source` starts, as `stage` declares it: in `folder`, or beside it as long as that is
    not there. A module that was copied into `stage` finds those beside it, and none of the current
    folder.
    """
    there = folder if folder.is_dir() else stage
    if not (stage / module_file(source)).is_file():
        yield there
        return
    before, here = list(sys.path), Path.cwd()
    wanted = {Path(each) for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each}
    if here not in wanted:
        sys.path[:] = [each for each in before if Path(each).resolve() != here]
    sys.path.insert(0, str(there))
    try:
        yield stage
    finally:
        sys.path[:] = before


def _explained(error: DataError, found: Findings, module: Path) -> PodiumError:
    """The error of a split, where small classes are the cause, with the classes; that of a copied
    module which misses another, with what to do.
    """
    if module.is_file() and isinstance(error.__cause__, ImportError):
        return DataError(
            error.what,
            remedy=f"Only {module.name} is copied into the new folder: put what it imports into "
            "it too, or write the project beside it with --to . --force yes. Nothing was written.",
        )
    small = [(label, n) for label, n in found.target.classes if n < _SPLIT_FOR_SURE]
    if found.split.value != "random" or not small:
        return DataError(error.what, remedy=f"{error.remedy} Nothing was written.".strip())
    named = ", ".join(f"{label_text(label)!r} ({n:,})" for label, n in small[:10])
    more = f" and {len(small) - 10} more" if len(small) > 10 else ""
    return DataError(
        f"{error.what} These classes have too few rows to be in training, validation and holdout: "
        f"{named}{more}.",
        remedy=f"Each needs {_SPLIT_FOR_SURE} rows: group them with others, or leave their rows "
        "out of the source. Nothing was written.",
    )
