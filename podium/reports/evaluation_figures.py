"""The figures that an evaluation's document holds all numbers of."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from podium.reports.differences import DifferenceBar, differences_figure
from podium.reports.evaluation_words import Document, deciding, names
from podium.reports.flips import FlipBar, flips_figure
from podium.reports.groups import GroupBar, groups_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")


def document_figures(document: Document) -> dict[str, Figure]:
    """`slices`, `flips`, and one of `groups_name` for each sensitive column, where there are any.

    The names are those under which `evaluation_page` looks for them.
    """
    figures: dict[str, Figure] = {}
    if any(part["comparison"] for part in document["slices"]):
        figures["slices"] = _differences(document)
    if document["flips"] and document["flips"]["flipped"]:
        figures["flips"] = _flips(document)
    for found in document["fairness"]:
        if found["candidate_groups"]:
            figures[groups_name(found["column"])] = groups_figure(
                found["column"],
                _groups(found["candidate_groups"]),
                _groups(found["champion_groups"]),
                names(document),
                min_rows=document["rules"]["min_slice_rows"],
            )
    return figures


def groups_name(column: str) -> str:
    """What the figure of a sensitive column's groups is called; fit for a file's name."""
    return f"groups_{re.sub(r'[^A-Za-z0-9_.-]', '_', column)[:60]}"


def _differences(document: Document) -> Figure:
    first = next(part["comparison"] for part in document["slices"] if part["comparison"])
    overall = deciding(document)
    return differences_figure(
        [_difference_bar(part, part["comparison"]) for part in document["slices"]],
        metric=first["metric"],
        higher_is_better=first["higher_is_better"],
        margin=document["rules"]["slice_margin"],
        overall=_difference_bar({"column": "", "value": ""}, overall) if overall else None,
        names=names(document),
    )


def _difference_bar(part: Mapping[str, Any], comparison: Document | None) -> DifferenceBar:
    found = comparison or {}
    return DifferenceBar(
        part["column"],
        part["value"],
        found.get("rows", part.get("rows", 0)),
        _float(found.get("difference")),
        _float(found.get("low")),
        _float(found.get("high")),
        harmed=part.get("harmed", False),
    )


def _flips(document: Document) -> Figure:
    flips = document["flips"]
    counts = {key: flips[key] for key in ("rows", "flipped", "better", "worse")}
    where = [FlipBar(**part) for part in flips["where"]]
    return flips_figure(where, overall=FlipBar("", "", **counts), names=names(document))


def _groups(groups: Sequence[Mapping[str, Any]]) -> list[GroupBar]:
    return [
        GroupBar(group["value"], group["rows"], *(_float(group[rate]) for rate in _RATES))
        for group in groups
    ]


def _float(value: float | None) -> float:
    return math.nan if value is None else value
