"""Messages and their labels, out of the SMS Spam Collection as published and as passed on.

The published file `SMSSpamCollection` has no header; copies of it often have one. A line is a
label (`ham` or `spam`), a tab and the message, in which quotes are quotes and nothing else.

A message that comes again is left out: forwarded spam would else be in training and in the
holdout, where a model need only remember it.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from podium.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("label", "message")
_LABELS = ("ham", "spam")


def messages_columns(files: list[Path], **options: object) -> list[str]:
    """The columns of `messages`, whatever the files."""
    del files, options
    return list(COLUMNS)


def messages(files: list[Path], columns: list[str] | None = None) -> pd.DataFrame:
    """One row a different message, with its `label`, in the order of the files.

    Raises:
        DataError: A line has no label and message, or a file is not UTF-8.
    """
    import pandas as pd

    first: dict[str, str] = {}
    for file in files:
        for label, message in _rows(file):
            first.setdefault(message, label)
    frame = pd.DataFrame({"label": list(first.values()), "message": list(first)}, dtype="str")
    return frame if columns is None else frame[columns]


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    for number, line in _lines(file):
        label, tab, message = line.partition("\t")
        if tab and label in _LABELS:
            yield label, message
        elif number > 1 or not tab:  # a first line with another label is a header
            raise DataError(
                f"{file.name}, line {number}: {line[:40]!r} is not ham or spam, a tab and a "
                "message.",
                remedy="Give SMSSpamCollection of UCI, with or without a header, and nothing else.",
            )


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, and their numbers from 1 on."""
    opened = gzip.open if file.suffix == ".gz" else open
    try:
        with opened(file, "rt", encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{file.name} is not UTF-8.", remedy="Save it as UTF-8.") from error
    except (EOFError, OSError) as error:
        raise DataError(
            f"{file.name} cannot be read: {error}.", remedy="Fetch it again."
        ) from error
