"""`podium completion`: shell completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from podium.command import Choice, Result
from podium.command import command as podium_command
from podium.errors import UsageError

_SHELLS = ("bash", "zsh", "fish")


@podium_command(
    "completion",
    examples="""
    eval "$(podium completion bash)"
    podium completion fish > ~/.config/fish/completions/podium.fish
    """,
)
@click.argument("shell", type=Choice(*_SHELLS))
def command(shell: str | None) -> Result:
    """Print the script that completes podium's commands and options in SHELL (bash, zsh, fish)."""
    from podium.cli import main

    completion = get_completion_class(shell or "")
    if completion is None:
        raise UsageError("No shell was named.", remedy=f"Name one of: {', '.join(_SHELLS)}.")
    script = completion(main, {}, "podium", "_PODIUM_COMPLETE").source()
    return Result(script, {"shell": shell, "script": script})
