"""Messages and their labels, out of the SMS Spam Collection as published and as passed on.

The published file `SMSSpamCollection` has no header; copies of it often have one, whose words are
known here: any other first line must be a message. A line is a label (`ham` or `spam`), a tab and
the message, in which quotes are quotes and nothing else.

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
_HEADER_LABELS = {"label", "class", "category", "target", "type", "v1"}
_HEADER_MESSAGES = {"message", "sms", "sms_message", "text", "v2"}


def messages_columns(files: list[Path], **options: object) -> list[str]:
    """The columns of `messages`, whatever the files."""
    del files, options
    return list(COLUMNS)


def messages(files: list[Path], columns: list[str] | None = None) -> pd.DataFrame:
    """One row a different message, with its `label`, in the order of the files.

    Raises:
        DataError: A line has no label and message, a file has no line, or it is not UTF-8.
    """
    import pandas as pd

    first: dict[str, str] = {}
    for file in files:
        for label, message in _rows(file):
            first.setdefault(message, label)
    frame = pd.DataFrame({"label": list(first.values()), "message": list(first)}, dtype="str")
    return frame if columns is None else frame[columns]


def _rows(file: Path) -> Iterator[tuple[str, str]]:
    lines = list(_lines(file))
    if lines and _is_header(lines[0][1]):
        del lines[0]
    if not lines:
        raise DataError(f"{file.name} holds no message.", remedy="Fetch it again, or leave it out.")
    for number, line in lines:
        label, tab, message = line.partition("\t")
        if not tab or label not in _LABELS:
            raise DataError(
                f"{file.name}, line {number}: {line[:40]!r} is not ham or spam, a tab and a "
                "message.",
                remedy="Give SMSSpamCollection of UCI, with or without a header, and nothing else.",
            )
        yield label, message


def _is_header(line: str) -> bool:
    label, _, message = (word.strip(' "').lower() for word in line.partition("\t"))
    return label in _HEADER_LABELS and message in _HEADER_MESSAGES


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
