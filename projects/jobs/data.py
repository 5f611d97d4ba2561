"""`podium data`: which data a project's trainings used, and how two versions of it differ."""

from __future__ import annotations

import click

from podium.command import Result, Unset, WholeNumber
from podium.command import command as podium_command
from podium.errors import UsageError

_DIFF = "diff"
_MOST_SHOWN = 10


@podium_command(
    "data",
    examples="""
    podium data flight_delay
    podium data flight_delay 61b696bbdbd7
    podium data flight_delay @production --json
    podium data diff 61b696bbdbd7 0f3c9a
    podium data diff flight_delay 1 @staging --key carrier,scheduled --show 5
    """,
)
@click.argument("words", nargs=-1, metavar="NAME [WHICH] | diff [NAME] WHICH WHICH")
@click.option("--key", type=Unset(), metavar="COLUMNS", help="diff: match rows by these columns.")
@click.option(
    "--show",
    type=WholeNumber(1, _MOST_SHOWN),
    help="diff: print so many example rows, which may be personal data. At most 10.",
)
def command(words: tuple[str, ...], key: str | None, show: int | None) -> Result:
    """List the data versions of the project NAME, show one of them, or compare two.

    A data version is the content that trainings used: its digest does not depend on the file's
    name or format. WHICH is a digest or its first four characters or more, the id of a run that
    used it, or, of the project NAME, a model version: a number, @production or @staging.

    diff counts rows added, removed and changed between the copies kept with the trainings. Rows are
    matched by --key, else by the project's group and time, else by a column that is unique in both.
    No row is printed without --show.
    """
    if words and words[0] == _DIFF and len(words) > 1:
        if len(words) not in (3, 4):
            raise UsageError(
                "diff needs two data versions.",
                remedy="podium data diff 61b696bbdbd7 0f3c9a, or podium data diff NAME 1 2.",
            )
        return _diff(words, key, show or 0)
    if key is not None or show is not None:
        raise UsageError("--key and --show are for diff.", remedy="podium data diff --help")
    if len(words) not in (1, 2):
        raise UsageError(
            "podium data needs the name of a project, and at most one data version.",
            remedy="podium data flight_delay; podium projects lists those that ship with Podium.",
        )
    from projects.jobs import data_versions

    if len(words) == 1:
        return data_versions.listed(words[0])
    return data_versions.shown(*words)


def _diff(words: tuple[str, ...], key: str | None, show: int) -> Result:
    from projects.jobs import data_versions

    columns = [name.strip() for name in (key or "").split(",") if name.strip()]
    project = words[1] if len(words) == 4 else None
    return data_versions.compared(project, (words[-2], words[-1]), columns, show)


if __name__ == "__main__":
    command()
