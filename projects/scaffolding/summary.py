"""What `podium new` prints: the table, the choices with their reasons, what to look at."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from podium.reports.text import text_table
from projects.scaffolding.findings import Findings
from projects.scaffolding.wording import choices, class_list
from projects.scaffolding.yaml_words import printable, sentence

_SHOWN = 12
_SHOWN_CLASSES = 6
_WIDTH = 72


def summary(found: Findings, name: str, source: str, folder: str, files: tuple[str, ...]) -> str:
    """One screen for a terminal, ending in the next commands. `folder` as a command names it."""
    blocks = [
        f"{source}: {found.rows:,} rows, {found.columns:,} columns",
        text_table(("choice", "value", "why"), list(_choices(found))).rstrip(),
        text_table(("features", "columns", "which"), list(_features(found))).rstrip(),
        *_section("Forbidden, as they tell the target:", _leaks(found, certain=True)),
        *_section("To be looked at, as they may tell it:", _leaks(found, certain=False)),
        *_section("Personal data, it seems:", _personal(found)),
        *_section("Notes:", [sentence(note) for note in (*found.read.why, *found.notes)]),
        written(name, folder, files),
    ]
    return "\n\n".join(blocks)


def document(found: Findings, name: str, source: str, folder: Path) -> dict[str, Any]:
    """The same facts for machines."""
    facts = asdict(found) | {"features": found.features.model_dump()}
    classes = [{"label": label, "rows": rows} for label, rows in found.target.classes]
    facts["target"] |= {"classes": classes, "positive_share": found.target.positive_share}
    return {
        "project": name,
        "folder": str(folder),
        "source": source,
        **facts,
        "forbidden": list(found.forbidden),
    }


def written(name: str, folder: str, files: tuple[str, ...]) -> str:
    """The files that were written, and the commands that come next."""
    commands = [f"  {command}" for command in next_commands(name, folder)]
    return "\n".join([f"Wrote {', '.join(files)} in {folder}", "", "Next:", *commands])


def next_commands(name: str, folder: str) -> tuple[str, ...]:
    """What comes after `podium new`, for the project in `folder`."""
    place = "" if folder == "." else f" --project {shlex.quote(folder)}"
    return (
        f"podium train{place}",
        f"podium tune{place} --trials 20",
        f"mlflow run {shlex.quote(folder)} -e train --env-manager local "
        f"--experiment-name {shlex.quote(name)}",
    )


def _choices(found: Findings) -> Iterator[tuple[str, str, str]]:
    yield "target", printable(found.target.column), ""
    if found.target.classes:
        yield "classes", f"{len(found.target.classes)}", class_list(found.target, _SHOWN_CLASSES)
    yield from ((word, value, printable(why)) for word, value, why in choices(found))


def _features(found: Findings) -> Iterator[tuple[str, str, str]]:
    features = found.features
    for kind in ("numeric", "categorical", "text"):
        names = getattr(features, kind)
        if names:
            yield kind, f"{len(names):,}", _names(names)
    if features.datetime:
        names = tuple(f"{n} ({', '.join(parts)})" for n, parts in features.datetime.items())
        yield "datetime", f"{len(names):,}", _names(names)
    for left in found.left_out[:_SHOWN]:
        yield "left out", "", printable(f"{left.column}: {left.why}")
    if len(found.left_out) > _SHOWN:
        yield "left out", f"{len(found.left_out):,}", "in all; project.yaml lists them"


def _names(names: tuple[str, ...]) -> str:
    """As many names as fit a line, and how many more there are."""
    fitting = 1
    while fitting < len(names) and len(", ".join(names[: fitting + 1])) <= _WIDTH:
        fitting += 1
    more = f" and {len(names) - fitting:,} more" if fitting < len(names) else ""
    return printable(", ".join(names[:fitting])) + more


def _leaks(found: Findings, *, certain: bool) -> list[str]:
    leaks = [leak for leak in found.leaks if leak.certain == certain]
    lines = [f"{', '.join(leak.columns)}: {leak.how}" for leak in leaks[:_SHOWN]]
    return [*lines, *[f"and {len(leaks) - _SHOWN} more"] * (len(leaks) > _SHOWN)]


def _personal(found: Findings) -> list[str]:
    return [f"{each.column}: {each.kind} ({each.why})" for each in found.personal]


def _section(title: str, lines: list[str]) -> list[str]:
    return ["\n".join([title, *(f"  {printable(line)}" for line in lines)])] if lines else []
