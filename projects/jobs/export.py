"""`podium export`: the compiled form of a registered version, for the edge."""

from __future__ import annotations

import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from podium.command import Result
from podium.command import command as podium_command
from podium.errors import UsageError
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from registry_tools.which_version import pointed_at

if TYPE_CHECKING:
    from podium.artifact.export import Exported, Origin
    from registry_tools.port import Registry

_VERSION = re.compile(r"[0-9]{1,9}|@.+")


@podium_command(
    "export",
    examples="""
    podium export flight_delay 1 --to edge
    podium export flight_delay @production --to edge
    python edge/score.py edge/example.json
    """,
)
@click.argument("name")
@click.argument("version")
@click.option(
    "--to",
    "folder",
    metavar="DIR",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write; it must not be there yet, or be empty.",
)
def command(name: str, version: str, folder: Path) -> Result:
    """Write a version's compiled form to a folder, for devices without Podium.

    NAME is a registered model, VERSION a number or an @alias. DIR gets the ONNX model that was
    proved to answer like the trained one, an example in Python that needs onnxruntime and numpy
    only (score.py), its inputs as JSON for other languages, rows with the expected answers, and a
    README. A version without a proved compiled form is refused, with the reason.
    """
    if not _VERSION.fullmatch(version):
        raise UsageError(
            f"{version!r} is no version.",
            remedy="Give a number, like 3, or an alias, like @staging.",
        )
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # ours says enough
    progress = Progress(sys.stderr)
    with progress.stage("imports", "Loading libraries"):
        from podium.artifact.export import Origin, check_free, export
        from registry_tools.registry import MlflowRegistry
    check_free(folder)
    with terminated_like_interrupted(), ExitStack() as opened:
        with progress.stage("download", f"Downloading {name} {version}"):
            registry = MlflowRegistry()
            number = _number(registry, name, version)
            origin = Origin(name, number, registry.version(name, number).digest)
            stored = opened.enter_context(registry.files(name, number))
        with progress.stage("export", f"Checking and exporting {origin}"):
            exported = export(stored, origin, folder)
    return Result(_summary(origin, exported), _document(origin, exported))


def _number(registry: Registry, name: str, version: str) -> int:
    """The number that is given, or that of the version which the alias in MLflow points at."""
    if not version.startswith("@"):
        return int(version)
    return pointed_at(registry.model(name), version.removeprefix("@"))


def _summary(origin: Origin, exported: Exported) -> str:
    size = sum(exported.sizes_bytes.values()) / 1e3
    folder = exported.folder
    return (
        f"Wrote {origin} to {folder}: {', '.join(exported.sizes_bytes)} ({size:,.0f} kB).\n"
        f"Proved on {exported.parity.rows:,} rows and {exported.parity.probes:,} probes with "
        f"onnxruntime {exported.parity.onnxruntime}; digest {exported.digest[:12]}.\n"
        f"{folder / 'README.md'} says how to score in another language.\n\n"
        f"Next:\n  python {folder / 'score.py'} {folder / 'example.json'}"
    )


def _document(origin: Origin, exported: Exported) -> dict[str, object]:
    return {
        "model": origin.name,
        "version": origin.version,
        "digest": exported.digest,
        "folder": str(exported.folder.resolve()),
        "files_bytes": dict(exported.sizes_bytes),
        "parity": exported.parity.to_json(),
    }
