"""The fairness part of an evaluation's document, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from podium.reports.evaluation_words import Document
from podium.reports.text import NOTHING, fixed, percent

_MEANINGS = {
    "demographic_parity_difference": (
        "Demographic parity difference",
        "how far apart the groups are called positive; 0 is equal",
    ),
    "demographic_parity_ratio": (
        "Demographic parity ratio",
        "the group called positive least over the one most; 1 is equal",
    ),
    "equalized_odds_difference": (
        "Equalized odds difference",
        "the larger gap of true and false positive rates; 0 is equal",
    ),
    "equalized_odds_ratio": (
        "Equalized odds ratio",
        "the smaller ratio of true and false positive rates; 1 is equal",
    ),
}


@dataclass(frozen=True)
class MeasureRow:
    """One disparity under both models. `standing` is of the change: "further apart" or "closer"."""

    measure: str
    name: str
    meaning: str
    candidate: str
    champion: str
    change: str
    interval: str
    standing: str
    harmed: bool


@dataclass(frozen=True)
class GroupRow:
    """One group: candidate's and champion's rates, in pairs."""

    value: str
    rows: str
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class FairnessView:
    """One sensitive column."""

    column: str
    not_judged: str
    measures: Sequence[MeasureRow]
    groups: Sequence[GroupRow]


def fairness_views(document: Document) -> list[FairnessView]:
    """Every sensitive column, in the document's order."""
    return [
        FairnessView(
            found["column"],
            found["not_judged"],
            [_measure(each) for each in found["disparities"]],
            _groups(found["candidate_groups"], found["champion_groups"]),
        )
        for found in document["fairness"]
    ]


def _measure(found: Document) -> MeasureRow:
    name, meaning = _MEANINGS.get(found["measure"], (found["measure"], ""))
    low, high = fixed(found["low"], 3, signed=True), fixed(found["high"], 3, signed=True)
    return MeasureRow(
        measure=found["measure"],
        name=name,
        meaning=meaning,
        candidate=_estimate(found["candidate"]),
        champion=_estimate(found["champion"]),
        change=fixed(found["change"], 3, signed=True),
        interval=NOTHING if NOTHING in (low, high) else f"{low} to {high}",
        standing=_standing(found),
        harmed=found["harmed"],
    )


def _standing(found: Document) -> str:
    low, high = found["low"], found["high"]
    if low is None or high is None:
        return NOTHING
    if low <= 0 <= high:
        return "no clear change"
    grew = (low > 0) != found["measure"].endswith("ratio")
    return "further apart" if grew else "closer together"


def _estimate(interval: Mapping[str, Any] | None) -> str:
    return NOTHING if interval is None else fixed(interval["estimate"], 3)


def _groups(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]
) -> list[GroupRow]:
    others = {group["value"]: group for group in theirs}
    return [
        GroupRow(group["value"], f"{group['rows']:,}", _cells(group, others.get(group["value"])))
        for group in ours
    ]


def _cells(ours: Mapping[str, Any], theirs: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    other = theirs or {}
    shares = ("selection_rate", "true_positive_rate", "false_positive_rate")
    cells = [(percent(ours[rate]), percent(other.get(rate))) for rate in shares]
    calibration = (ours["calibration"], other.get("calibration"))
    return [*cells, (fixed(calibration[0], 3, signed=True), fixed(calibration[1], 3, signed=True))]
