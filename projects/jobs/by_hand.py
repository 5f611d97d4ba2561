"""Commands that the quick start runs for the user, each shown as it is typed by hand."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from podium.actor import current_actor
from podium.cli import COMMANDS
from podium.errors import PodiumError

_COLLEAGUE = "a-colleague"


def show(command: list[str]) -> None:
    """Print a command, as a shell takes it."""
    click.echo(f"\n  $ {shlex.join(command)}\n", err=True)
    sys.stderr.flush()


def podium(*words: str, actor: str | None = None) -> None:
    """Run `podium` with `words` in this process; what it prints goes where this is called from.

    actor: who does it, instead of whoever is logged in. Raises PodiumError where it does not end
    with 0.
    """
    who = [] if actor is None else [f"PODIUM_ACTOR={actor}"]
    show([*who, "podium", *words])
    command: click.Command = importlib.import_module(COMMANDS[words[0]].module).command
    with _acting_as(actor):
        code = _exit_code(command, list(words[1:]))
    if code:
        raise PodiumError(
            f"`podium {shlex.join(words)}` ended with exit code {code}.",
            remedy="Its own message is above.",
        )


def bring_to_production(name: str, version: int) -> None:
    """Promote a version to staging on the strength of its card, approve it, and promote it on.

    The verdict is the user's: here it is said to be a pass, with the model card as its report.
    """
    number = str(version)
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / f"card_{version}.md"
        click.echo(f"\n  $ podium card {name} {version} > {report}", err=True)
        report.write_text(_card(name, version), encoding="utf-8")
        judged = ["--verdict", "pass", "--report", str(report)]
        podium("promote", name, number, "--to", "staging", *judged)
    podium("approve", name, number, actor=_COLLEAGUE)
    podium("promote", name, number, "--to", "production", *_without_colleague())


def _without_colleague() -> list[str]:
    """Who is logged in to MLflow approves under that name only: then nobody else can be played."""
    with _acting_as(_COLLEAGUE):
        if current_actor(os.environ, Path.home()) == _COLLEAGUE:
            return []
    return ["--force", "--reason", "the quick start has no second login to approve with"]


def _card(name: str, version: int) -> str:
    from registry_tools.registry import MlflowRegistry

    return MlflowRegistry().version(name, version).description


def _exit_code(command: click.Command, words: list[str]) -> int:
    try:
        code = command.main(words, standalone_mode=False)
    except SystemExit as end:
        code = end.code
    return code if isinstance(code, int) else 0


@contextmanager
def _acting_as(actor: str | None) -> Iterator[None]:
    before = os.environ.get("PODIUM_ACTOR")
    if actor is not None:
        os.environ["PODIUM_ACTOR"] = actor
    try:
        yield
    finally:
        if actor is not None and before is None:
            del os.environ["PODIUM_ACTOR"]
        elif before is not None:
            os.environ["PODIUM_ACTOR"] = before
