"""From what `project.yaml` declares to a table that was found."""

from __future__ import annotations

from pathlib import Path

from podium.data.bundled import BUNDLED, resolve_bundled
from podium.data.datafile import PLAIN, Reading
from podium.data.filed import FiledSource
from podium.data.files import resolve_files
from podium.data.function import resolve_function
from podium.data.loaded import loaded
from podium.data.s3 import resolve_s3
from podium.data.source import TableSource
from podium.errors import DataError, NotFound
from podium.spec.names import is_function
from podium.spec.parts import Data


def resolve_source(source: str, base: Path, *, reading: Reading = PLAIN) -> TableSource:
    """The table that `source` names.

    `source` is a bundled name, an `s3://` URI, `module:function`, or a path, folder or glob of
    CSV (gzipped or not) or Parquet. Relative paths and modules are looked for in `base`. A folder
    that is called like a bundled table is written `./name`.

    Raises:
        NotFound: There is nothing of that name.
        DataError: What is there is no table, or a function cannot be imported.
        MissingPackageError: The package that holds a bundled table is not installed.
        Unreachable: The object store does not answer.
    """
    if source in BUNDLED:
        return resolve_bundled(source)
    if source.startswith("s3://"):
        return resolve_s3(source, reading=reading)
    if not source.strip() or "://" in source:
        raise DataError(
            f"The source {source!r} is of no kind that can be read.",
            remedy="Name a file, folder, glob, s3:// URI, module:function or bundled table.",
        )
    if is_function(source):
        return resolve_function(source, base)
    return resolve_files(source, base, also=BUNDLED, reading=reading)


def declared_source(data: Data, *, base: Path, folder: Path) -> TableSource:
    """The table that `data` declares. `base` is where a relative source starts, `folder` where the
    module of a loader is.

    Raises what `resolve_source` raises, and:
        DataError: What was declared beside the source does not go with it.
    """
    reading = Reading(data.header, data.missing)
    is_files = data.source not in BUNDLED and not is_function(data.source)
    if not is_files and (reading != PLAIN or data.loader is not None):
        raise DataError(
            f"data.loader, data.header and data.missing are about files; the source "
            f"{data.source!r} is a table already.",
            remedy="Remove them, or name files.",
        )
    try:
        if data.loader is None:
            return resolve_source(data.source, base, reading=reading)
        return loaded(_files(data.source, base), data.loader, data.options, folder)
    except NotFound as error:
        if not data.home:
            raise
        raise NotFound(
            error.what, remedy=f"Get it from {data.home}, and name it with --data."
        ) from error


def _files(source: str, base: Path) -> FiledSource:
    """The files that `source` means, whatever their names end in."""
    if source.startswith("s3://"):
        return resolve_s3(source, any_format=True)
    return resolve_files(source, base, also=BUNDLED, any_format=True)
