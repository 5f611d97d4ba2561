"""Words for what was found, alike on the terminal, in the README and in project.yaml."""

from __future__ import annotations

from collections.abc import Iterator

from projects.scaffolding.findings import Findings, TargetFound
from projects.scaffolding.yaml_words import shown


def choices(found: Findings) -> Iterator[tuple[str, str, str]]:
    """What was chosen: a word for it, its value, and why."""
    target = found.target
    yield "task", target.task, target.why
    if target.positive is not None:
        share = target.positive_share or 0.0
        yield "positive", shown(target.positive), f"{share:.1%} of rows; {target.positive_why}"
    yield "split", found.split.value, found.split.why
    yield "metric", found.metric.value, found.metric.why
    yield "estimator", found.estimator.value, found.estimator.why


def class_list(target: TargetFound, most: int) -> str:
    """Classes and their rows, as `no 159, yes 141`; up to `most`, and how many more there are."""
    listed = [f"{shown(label)} {rows:,}" for label, rows in target.classes[:most]]
    more = len(target.classes) - most
    return ", ".join([*listed, *[f"{more} more"] * (more > 0)])
