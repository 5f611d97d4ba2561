"""A file of a table: its format by its name, and how it is opened."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Literal, cast

from podium.errors import DataError, NotFound

Format = Literal["csv", "tsv", "parquet"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "tsv",
    ".tsv.gz": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
}


_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".zip", ".7z", ".tar.bz2", ".tar.xz")


@dataclass(frozen=True)
class Reading:
    """How files are taken: the names of columns that have no header line, and the words that mean
    missing beside the empty field.
    """

    header: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


PLAIN = Reading()


@dataclass(frozen=True)
class DataFile:
    """A readable file at `path`, which errors call `name` (its path, or the URI it came from)."""

    path: Path
    name: str
    reading: Reading = PLAIN

    @property
    def format(self) -> Format:
        return format_of(self.name)

    @property
    def gzipped(self) -> bool:
        return is_gzipped(self.name)

    def open(self) -> IO[bytes]:
        """The decompressed bytes.

        Raises:
            NotFound: The file is gone.
        """
        try:
            return cast(IO[bytes], gzip.open(self.path)) if self.gzipped else self.path.open("rb")
        except FileNotFoundError:
            raise gone(self.name) from None


def gone(name: str) -> NotFound:
    return NotFound(f"{name} is no longer there.", remedy="Put it back, or name another source.")


def is_gzipped(name: str) -> bool:
    return name.lower().endswith(".gz")


def format_of(name: str) -> Format:
    """The format that the ending of `name` stands for.

    Raises:
        DataError: It stands for none.
    """
    for suffix, format_ in SUFFIXES.items():
        if name.lower().endswith(suffix):
            return format_
    if name.lower().endswith(_ARCHIVES):
        raise DataError(
            f"{name} is an archive of files.", remedy="Unpack it, and name the folder or a file."
        )
    raise DataError(
        f"{name} is no table that can be read: its ending says neither CSV nor Parquet.",
        remedy=f"Rename it to end in one of {', '.join(SUFFIXES)}, or name only the tables, "
        "with a glob such as folder/*.csv.",
    )


def select(
    found: Iterable[tuple[str, str]], where: str, *, any_format: bool = False
) -> tuple[str, ...]:
    """The files of one table, sorted, out of pairs of a name and its path below `where`.

    Anything with a part that starts with "." or "_" (hidden, `_SUCCESS`, `_temporary`) is skipped.
    `any_format`: whatever the names end in, for a loader.

    Raises:
        NotFound: Nothing is left.
        DataError: A file is no table, or the files are of more than one format.
    """
    names = tuple(sorted(name for name, below in found if not _is_hidden(below)))
    if not names:
        raise NotFound(
            f"No table was found at {where}.",
            remedy="Name a file, a folder that holds CSV or Parquet files directly, or a glob "
            "such as folder/**/*.parquet.",
        )
    if not any_format:
        _one_format(names, where)
    return names


def _is_hidden(below: str) -> bool:
    return any(part.startswith((".", "_")) for part in PurePosixPath(below).parts)


def _one_format(names: tuple[str, ...], where: str) -> None:
    first: dict[Format, str] = {}
    for name in names:
        first.setdefault(format_of(name), name)
    if len(first) > 1:
        raise DataError(
            f"The files at {where} are of more than one format: {', '.join(first.values())}.",
            remedy="Name the files of one format with a glob such as folder/*.parquet.",
        )
