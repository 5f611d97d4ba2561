"""Reads and splits by what was written, as training will, before the folder is put in place."""

from __future__ import annotations

from pathlib import Path

from podium.errors import DataError, PodiumError
from podium.progress import Progress
from podium.spec import label_text, load_declaration
from projects.scaffolding.findings import Findings
from projects.training.trained import read_case

_SPLIT_FOR_SURE = 10  # a class of fewer rows may miss a part


def try_declaration(stage: Path, source: str, base: Path, found: Findings) -> None:
    """Reads the table that the project in `stage` declares, and splits it.

    `source` is as it was asked for, relative to `base`. Raises what training would raise.
    """
    load_declaration(stage)
    declaration = load_declaration(stage, {"data.source": source})
    try:
        read_case(declaration, base=base, rows=None, seed=0, progress=Progress(None))
    except DataError as error:
        raise _explained(error, found) from error


def _explained(error: DataError, found: Findings) -> PodiumError:
    """The error of a split, where small classes are the cause, with the classes."""
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
