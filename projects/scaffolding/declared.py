"""project.yaml from what was found, with the reason beside each choice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from projects.scaffolding.findings import Findings
from projects.scaffolding.wording import class_list
from projects.scaffolding.yaml_words import comment, flow_list, flow_map, scalar, sentence

_SHOWN_CLASSES = 8


def project_yaml(name: str, source: str, found: Findings) -> str:
    """The declaration of the project `name` over `source`, as people read and change it."""
    sections = (
        _head(name, found),
        _data(source, found),
        _target(found),
        _features(found),
        _forbidden(found),
        _split(found),
        _judged(found),
    )
    return "\n\n".join("\n".join(section) for section in sections) + "\n"


def _head(name: str, found: Findings) -> Iterator[str]:
    yield from comment(
        f"Written by `podium new` from {found.rows:,} rows and {found.columns:,} columns. "
        "Every choice is yours to change; `podium train` refuses what does not fit together."
    )
    yield f"name: {scalar(name)}"
    yield f"description: {scalar(f'Predicts {found.target.column}.')}"
    yield from comment(sentence(_target_words(found)))
    yield f"task: {found.target.task}"


def _target_words(found: Findings) -> str:
    target = found.target
    if not target.classes:
        return target.why
    return f"{target.why}: {class_list(target, _SHOWN_CLASSES)}"


def _data(source: str, found: Findings) -> Iterator[str]:
    yield "data:"
    yield f"  source: {scalar(source)}"
    for why in found.read.why:
        yield from comment(sentence(why), indent=2)
    if found.read.header:
        yield from flow_list("header", found.read.header, indent=2)
    if found.read.missing:
        yield from flow_list("missing", found.read.missing, indent=2)
    if found.time is not None:
        yield f"  time: {scalar(found.time)}"
    if found.group is not None:
        yield f"  group: {scalar(found.group)}"
    if found.personal:
        yield from comment("These columns look like personal data:", indent=2)
        for each in found.personal:
            yield from comment(f"  {each.column}: {each.kind} ({each.why})", indent=2, hang=4)
        yield from comment(
            "Leave out what is not needed. `snapshot: false` keeps no copy of the rows with a run.",
            indent=2,
        )


def _target(found: Findings) -> Iterator[str]:
    yield "target:"
    yield f"  column: {scalar(found.target.column)}"
    if found.target.positive is not None:
        yield from comment(f"The label that counts as 1: {found.target.positive_why}.", indent=2)
        yield f"  positive: {scalar(found.target.positive)}"


def _features(found: Findings) -> Iterator[str]:
    features = found.features
    yield "features:"
    for kind in ("numeric", "categorical", "text"):
        names = getattr(features, kind)
        if names:
            yield from flow_list(kind, names, indent=2)
    if features.datetime:
        pairs = [(name, f"[{', '.join(parts)}]") for name, parts in features.datetime.items()]
        yield from flow_map("datetime", pairs, indent=2)
    if found.left_out:
        yield from comment("Left out:")
        lines = (comment(f"  {e.column}: {e.why}", hang=4) for e in found.left_out)
        yield from chain.from_iterable(lines)


def _forbidden(found: Findings) -> Iterator[str]:
    certain = [leak for leak in found.leaks if leak.certain]
    yield from comment(
        "Columns that are known only after the fact: refused as features, and never inferred."
    )
    for leak in certain:
        yield from comment(f"  {', '.join(leak.columns)}: {leak.how}", hang=4)
    for leak in found.suspects:
        yield from comment(
            f"  To be looked at: {', '.join(leak.columns)}: {leak.how}. If nobody knows it when "
            "the prediction is made, move it from features to here.",
            hang=4,
        )
    yield from flow_list("forbidden", found.forbidden)


def _split(found: Findings) -> Iterator[str]:
    yield from comment(_split_words(found))
    yield f"split: {{by: {found.split.value}, holdout: 0.2, validation: 0.1}}"


def _split_words(found: Findings) -> str:
    if found.split.value == "time":
        return (
            f"The last rows judge ({found.split.why}). Where the target is known only some time "
            "later, add that time as a gap, such as gap: 7d."
        )
    if found.split.value == "group":
        return f"No group has rows in two parts ({found.split.why})."
    classes = ", each class in the same shares" if found.target.classes else ""
    return f"Rows at random{classes} ({found.split.why})."


def _judged(found: Findings) -> Iterator[str]:
    yield from comment(f"The metric that decides: {found.metric.why}.")
    yield f"metric: {found.metric.value}"
    yield from comment(
        f"{sentence(found.estimator.why)} There are xgboost, hist_gradient_boosting, random_forest "
        "and linear; "
        "`podium tune` searches all of a list."
    )
    yield f"estimator: {found.estimator.value}"
    if found.target.task == "binary":
        yield from comment(
            "The threshold is chosen on the validation rows. By cost: "
            "{minimise: cost, fp: 1, fn: 5}."
        )
        yield "decision: {threshold: {maximise: f1}}"
