"""The `podium` command: its subcommands by name, so that help imports nothing heavy."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import click

from podium import __version__
from podium.errors import did_you_mean


@dataclass(frozen=True)
class _Entry:
    group: str
    module: str
    summary: str


COMMANDS = {
    "new": _Entry(
        "Start here", "projects.jobs.new", "Write the folder of a project for a table of yours."
    ),
    "quickstart": _Entry(
        "Start here",
        "projects.jobs.quickstart",
        "Train, tune, promote, serve, roll back and reproduce, in one go.",
    ),
    "train": _Entry(
        "Train", "projects.jobs.train", "Train a project's model, log all of it, register it."
    ),
    "tune": _Entry(
        "Train", "projects.jobs.tune", "Search for better parameters, train with the best of them."
    ),
    "evaluate": _Entry(
        "Train",
        "projects.jobs.evaluate",
        "Is a version better than the champion? A verdict, with a report.",
    ),
    "reproduce": _Entry(
        "Train", "projects.jobs.reproduce", "Train again what a run trained, and compare."
    ),
    "projects": _Entry("Train", "projects.jobs.list_projects", "List the bundled projects."),
    "status": _Entry(
        "Promote",
        "registry_tools.commands.status",
        "Who is champion, what waits, what needs attention.",
    ),
    "promote": _Entry(
        "Promote",
        "registry_tools.commands.promote",
        "Bring a version to staging or production, past the gates.",
    ),
    "approve": _Entry(
        "Promote",
        "registry_tools.commands.approve",
        "Agree that the version in staging goes to production.",
    ),
    "reject": _Entry(
        "Promote",
        "registry_tools.commands.reject",
        "Turn a version down until it is evaluated again.",
    ),
    "rollback": _Entry(
        "Promote", "registry_tools.commands.rollback", "Go back to the champion before."
    ),
    "retire": _Entry(
        "Promote", "registry_tools.commands.retire", "Take a version out of its stage."
    ),
    "policy": _Entry(
        "Promote",
        "registry_tools.commands.policy",
        "Show or set what a candidate must show, and who must agree.",
    ),
    "traffic": _Entry(
        "Promote",
        "registry_tools.commands.traffic",
        "Share requests between champion and challenger.",
    ),
    "adopt": _Entry(
        "Promote", "registry_tools.commands.adopt", "Take over aliases that came before Podium."
    ),
    "history": _Entry(
        "Look", "registry_tools.commands.history", "What happened, and who was champion when."
    ),
    "diff": _Entry("Look", "registry_tools.commands.diff", "Two versions side by side."),
    "data": _Entry(
        "Look", "projects.jobs.data", "Which data a project was trained on: list, card, difference."
    ),
    "card": _Entry("Look", "registry_tools.commands.card", "A version's model card."),
    "verify": _Entry(
        "Look",
        "registry_tools.commands.verify",
        "Check the ledger, the aliases and the files; repair them.",
    ),
    "serve": _Entry(
        "Deploy",
        "serving.commands.serve",
        "Answer requests with the version in production, and follow it.",
    ),
    "export": _Entry(
        "Deploy", "projects.jobs.export", "Write a version's compiled form, for the edge."
    ),
    "keys": _Entry(
        "Set up", "serving.commands.keys", "API keys of a scoring server: make, list, revoke."
    ),
    "notify": _Entry(
        "Set up", "podium.notify.command", "Notices of what was entered: waiting, failed, a test."
    ),
    "completion": _Entry(
        "Set up", "podium.completion", "Print the script that completes commands in your shell."
    ),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        loaded: click.Command = importlib.import_module(entry.module).command
        return loaded

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = did_you_mean(args[0], COMMANDS)
            ctx.fail(f"There is no command {args[0]!r}. {near}".strip())
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for group in dict.fromkeys(entry.group for entry in COMMANDS.values()):
            with formatter.section(group):
                formatter.write_dl(
                    [(name, e.summary) for name, e in COMMANDS.items() if e.group == group]
                )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            formatter.write("  podium quickstart\n")
            formatter.write("  podium train --project flight_delay\n")
            formatter.write("  podium train --project my/folder --estimator linear --json\n")
            formatter.write("  podium status flight_delay\n")
            formatter.write("  podium COMMAND --help\n")


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="podium")
def main(**_: Any) -> None:
    """Podium carries a model through its life on plain MLflow.

    It works on the tracking server and registry that MLFLOW_TRACKING_URI names; without it, on
    the SQLite file mlflow.db in the current folder, as MLflow does.
    """
