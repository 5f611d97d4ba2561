"""Writes a folder whole or not at all; into a folder that is there, file by file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from podium.errors import UsageError


def refuse_taken(folder: Path, names: tuple[str, ...], *, force: bool) -> None:
    """Refuses a folder in which something would be lost.

    Raises UsageError where `folder` is a file, or holds anything and not `force`, or holds anything
    but a file where one of the files `names` goes.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file.", remedy="Name another folder with --to.")
    refuse_no_files(folder, names)
    if force or not folder.is_dir():
        return
    held = sorted(child.name for child in folder.iterdir())
    if held:
        mine = [name for name in names if name in held]
        lost = f"; {', '.join(mine)} would be overwritten" if mine else ""
        raise UsageError(
            f"The folder {folder} is not empty: it holds {', '.join(held[:5])}"
            f"{', …' if len(held) > 5 else ''}.",
            remedy=f"Name another with --to, or write into it with --force yes{lost}.",
        )


def refuse_no_files(folder: Path, names: Iterable[str]) -> None:
    """Raises UsageError where a folder, or what else is no file, is called like one of `names`."""
    taken = [name for name in names if (folder / name).exists() and not (folder / name).is_file()]
    if taken:
        raise UsageError(
            f"In {folder}, {', '.join(taken)} is no file, so none can be written there.",
            remedy="Move it away, or name another folder with --to.",
        )


@contextmanager
def staged(folder: Path, files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder beside `folder` with `files`, which takes its place when the block ends well.

    An error in the block leaves everything as it was. Other files that `folder` holds stay; where
    there is a `folder` already, each of the files is put in place whole, but one after the other.
    Raises UsageError where one of them would have to take the place of what is no file.
    """
    refuse_no_files(folder, files)
    parents = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.parent))
    try:
        stage.chmod(0o777 & ~_umask())
        for name, content in files.items():
            (stage / name).write_bytes(content)
        yield stage
        _publish(stage, folder)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        for parent in parents:  # the nearest first
            with suppress(OSError):
                parent.rmdir()
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _publish(stage: Path, folder: Path) -> None:
    if not folder.exists():
        stage.rename(folder)
        return
    for file in stage.iterdir():
        file.replace(folder / file.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
