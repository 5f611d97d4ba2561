"""Commands that the quick start runs for the user, each shown as it is typed by hand."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
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


def podium(*words: str, actor: str | None = None, expected: Sequence[int] = (0,)) -> int:
    """Run `podium` with `words` in this process; what it prints goes where this is called from.

    actor: who does it, instead of whoever is logged in. Returns the exit code; raises PodiumError
    where that is not one of the `expected`.
    """
    who = [] if actor is None else [f"PODIUM_ACTOR={actor}"]
    show([*who, "podium", *words])
    command: click.Command = importlib.import_module(COMMANDS[words[0]].module).command
    with _acting_as(actor):
        code = _exit_code(command, list(words[1:]))
    if code not in expected:
        raise PodiumError(
            f"`podium {shlex.join(words)}` ended with exit code {code}.",
            remedy="Its own message is above.",
        )
    return code


def bring_to_production(name: str, version: int) -> None:
    """Evaluate a version, promote it to staging, have it approved, and promote it on.

    Few rows may not tell whether it is better; then it goes on by force, which stays visible.
    """
    number = str(version)
    candidate = ["--project", name, "--candidate", f"models:/{name}/{version}"]
    code = podium("evaluate", *candidate, expected=(0, 1, 6))
    passed: list[str] = [] if code == 0 else ["--force", "--reason", "to see the next steps anyway"]
    podium("promote", name, number, "--to", "staging", *passed)
    podium("approve", name, number, actor=_COLLEAGUE)
    podium("promote", name, number, "--to", "production", *(_without_colleague() or passed))


def _without_colleague() -> list[str]:
    """Who is logged in to MLflow approves under that name only: then nobody else can be played."""
    with _acting_as(_COLLEAGUE):
        if current_actor(os.environ, Path.home()) == _COLLEAGUE:
            return []
    return ["--force", "--reason", "the quick start has no second login to approve with"]


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
