"""Tables in local files: a path, a folder, or a glob."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from podium.data.columns import Columns
from podium.data.datafile import PLAIN, SUFFIXES, DataFile, Reading, format_of, select
from podium.data.filed import FiledSource
from podium.errors import NotFound, did_you_mean

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class FileSource(FiledSource):
    """Local files, `files` being their absolute paths."""

    def column_names(self) -> tuple[str, ...]:
        from podium.data.tabular import header_of, union

        return union([header_of(file).names for file in self._data_files()])

    def read(self, columns: Columns | None) -> pd.DataFrame:
        from podium.data.tabular import read_files

        return read_files(self._data_files(), columns)

    def _data_files(self) -> list[DataFile]:
        return [DataFile(Path(file), file, self.reading) for file in self.files]

    @contextmanager
    def on_disk(self) -> Iterator[list[Path]]:
        yield [Path(file) for file in self.files]


def resolve_files(
    source: str,
    base: Path,
    *,
    also: tuple[str, ...] = (),
    reading: Reading = PLAIN,
    any_format: bool = False,
) -> FileSource:
    """The files that `source` means below `base`, sorted; `also` are names it may be meant for.
    `any_format`: whatever their names end in.

    Raises:
        NotFound: There is no such path, or no table at it.
        DataError: A file is no table, or the files are of more than one format.
    """
    path = (base / Path(source).expanduser()).absolute()
    if path.is_file():
        if not any_format:
            format_of(str(path))
        return FileSource(source, "files", str(path), (str(path),), reading)
    if path.is_dir():
        found = [(str(child), child.name) for child in path.iterdir() if child.is_file()]
    elif glob.has_magic(source):
        found = _matches(path)
    else:
        raise _no_such_path(source, path, also)
    files = select(found, str(path), any_format=any_format)
    return FileSource(source, "files", str(path), files, reading)


def _matches(pattern: Path) -> list[tuple[str, str]]:
    """The files that `pattern` matches, each with its path below the part without wildcards."""
    root = pattern
    while glob.has_magic(str(root)):
        root = root.parent
    below = str(pattern.relative_to(root))
    names = glob.glob(below, root_dir=root, recursive=True)
    return [(str(root / name), name) for name in names if (root / name).is_file()]


def _no_such_path(source: str, path: Path, also: tuple[str, ...]) -> NotFound:
    folder = path.parent
    children = folder.iterdir() if folder.is_dir() else ()
    near = [
        child.name
        for child in children
        if child.is_dir() or child.name.lower().endswith(tuple(SUFFIXES))
    ]
    return NotFound(
        f"The source {source!r} was not found: there is no {path}.",
        remedy=did_you_mean(Path(source).name, [*near, *also])
        or "Name a file, folder, glob, s3:// URI, module:function or bundled table "
        f"({', '.join(also)}).",
    )
