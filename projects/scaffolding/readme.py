"""README.md of a project: what it is, what was found, what to do."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from podium.reports.text import markdown_table
from podium.spec import label_text
from projects.scaffolding.findings import Findings
from projects.scaffolding.wording import choices
from projects.scaffolding.yaml_words import printable, sentence

_SHOWN_CLASSES = 20


def readme_text(name: str, source: str, found: Findings) -> str:
    """A page for whoever opens the folder."""
    return "\n\n".join(_blocks(name, source, found)) + "\n"


def readme_of_run(name: str, run_id: str, target: str) -> str:
    """The page of a project that a past training is written out as."""
    blocks = (
        f"# {_plain(name)}",
        f"Predicts {_code(target)}, as [project.yaml](project.yaml) declares: what the run "
        f"`{run_id}` was declared as, with every feature that was found then. `podium reproduce "
        f"{run_id}` trains the same once more and compares.",
        *_how_to(name),
        *_environments(),
    )
    return "\n\n".join(blocks) + "\n"


def _blocks(name: str, source: str, found: Findings) -> Iterator[str]:
    target = found.target
    yield f"# {_plain(name)}"
    yield (
        f"Predicts {_code(target.column)} of {_code(source)} ({target.task}), as "
        "[project.yaml](project.yaml) declares. `podium new` wrote this page and that file from "
        f"{found.rows:,} rows; both are yours to change."
    )
    yield from _how_to(name)
    yield "## What was found"
    rows = [(word, _code(value), _plain(why)) for word, value, why in choices(found)]
    yield markdown_table(("", "", "why"), rows).rstrip()
    if target.classes:
        yield _classes(found)
    if found.left_out:
        left = [(_code(each.column), _plain(each.why)) for each in found.left_out]
        yield "Columns that are left out:"
        yield markdown_table(("column", "why"), left).rstrip()
    yield from _warnings(found)
    yield from _environments()


def _how_to(name: str) -> Iterator[str]:
    yield "## Commands"
    yield (
        "In this folder, where `MLFLOW_TRACKING_URI` names the store that you log to; without it, "
        "MLflow has a `mlflow.db` of its own in each folder that you are in:"
    )
    yield "```sh\n" + "\n".join(_commands(name)) + "\n```"


def _commands(name: str) -> Iterator[str]:
    experiment = shlex.quote(name)
    yield "podium train                      # train, measure on the holdout, register"
    yield "podium tune --trials 20           # search for better parameters"
    yield "podium evaluate --candidate latest"
    yield f"mlflow run . -e train --env-manager local --experiment-name {experiment}"
    yield "mlflow ui                         # all runs, figures and models"


def _classes(found: Findings) -> str:
    shown = found.target.classes[:_SHOWN_CLASSES]
    rows = [(_code(label_text(k)), f"{n:,}", f"{n / found.rows:.2%}") for k, n in shown]
    table = markdown_table(("class", "rows", "share"), rows).rstrip()
    more = len(found.target.classes) - len(shown)
    return f"{table}\n\nand {more} more classes" if more else table


def _warnings(found: Findings) -> Iterator[str]:
    lines = [
        f"- {_names(leak.columns)}: {_plain(leak.how)}"
        f"{' (forbidden)' if leak.certain else ' (to be looked at)'}"
        for leak in found.leaks
    ]
    lines += [f"- {_code(p.column)} looks like personal data: {p.kind}" for p in found.personal]
    lines += [f"- {_plain(sentence(note))}" for note in (*found.read.why, *found.notes)]
    if lines:
        yield "## To look at"
        yield "\n".join(lines)


def _environments() -> Iterator[str]:
    yield "## Elsewhere"
    yield (
        "`--env-manager uv`, `virtualenv` and `conda` make an environment from "
        "[conda.yaml](conda.yaml), whose last line says where Podium is installed from. An "
        "environment is made once for each content of that file."
    )


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(map(_code, names))


def _code(text: str) -> str:
    """Text as code, also where it holds a backtick."""
    text = printable(text)
    if "`" in text:
        return f"`` {text} ``"
    return f"`{text}`" if text.strip() else f'"{text}"'


def _plain(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\")
    for character in "*_`<[#":
        escaped = escaped.replace(character, f"\\{character}")
    return escaped
