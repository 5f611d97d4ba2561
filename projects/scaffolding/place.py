"""How a project names its source, seen from its own folder."""

from __future__ import annotations

import os
from pathlib import Path

from podium.data import BUNDLED
from podium.errors import UsageError
from podium.spec.names import is_function


def is_path(source: str) -> bool:
    """Whether `source` names local files."""
    return source not in BUNDLED and not is_function(source) and "://" not in source


def written_source(source: str, base: Path, folder: Path) -> str:
    """`source`, which is named relative to `base`, as project.yaml in `folder` names it.

    Files are relative to `folder` where both lie below `base`, or the files below `folder`; else
    absolute. Anything else is as it was named.
    """
    if not is_path(source):
        return source
    path = base / home(source, "--data")
    path = path.resolve() if ".." in path.parts else Path(os.path.normpath(path))
    together = path.is_relative_to(base) and folder.is_relative_to(base)
    if not together and not path.is_relative_to(folder):
        return str(path)
    relative = os.path.relpath(path, folder)
    return f"./{relative}" if relative in BUNDLED or is_function(relative) else relative


def home(given: str, option: str) -> Path:
    """A path whose `~` or `~user` is the home folder; UsageError where there is no such user."""
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise UsageError(
            f"{option}: {given!r} begins with the home folder of a user that is not known.",
            remedy="Write the whole path; ./~name is a folder that is called so.",
        ) from None


def module_file(source: str) -> str:
    """The file that a `module:function` lies in, where it is a single one."""
    return f"{source.partition(':')[0].partition('.')[0]}.py" if is_function(source) else ""


def modules_to_copy(source: str, base: Path, folder: Path) -> dict[str, bytes]:
    """The module of a `module:function` that lies in `base`, by its name in `folder`: it is looked
    for beside project.yaml.

    Raises UsageError for a package there, which is more than one file.
    """
    if not is_function(source) or folder == base:
        return {}
    file = base / module_file(source)
    top = file.stem
    if file.is_file():
        return {file.name: file.read_bytes()}
    if (base / top).is_dir():
        raise UsageError(
            f"--data: {source!r} is in the folder {top}, and modules are looked for beside "
            "project.yaml.",
            remedy="Put the function in a single file, or write the project here with --to . "
            "--force yes.",
        )
    return {}
