"""From what `project.yaml` declares to a table that was found."""

from __future__ import annotations

from pathlib import Path

from podium.data.bundled import BUNDLED, resolve_bundled
from podium.data.files import resolve_files
from podium.data.function import is_function, resolve_function
from podium.data.s3 import resolve_s3
from podium.data.source import TableSource
from podium.errors import DataError


def resolve_source(source: str, base: Path) -> TableSource:
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
        return resolve_s3(source)
    if not source.strip() or "://" in source:
        raise DataError(
            f"The source {source!r} is of no kind that can be read.",
            remedy="Name a file, folder, glob, s3:// URI, module:function or bundled table.",
        )
    if is_function(source):
        return resolve_function(source, base)
    return resolve_files(source, base, also=BUNDLED)
