"""An evaluation's document as the page shows it: sections of finished texts, nothing to work out.

Nothing here is HTML; the template escapes all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from podium.reports.evaluation_words import (
    BASELINE,
    Document,
    Standing,
    Written,
    common_decimals,
    names,
    p_text,
    ranked_slices,
    standing,
    written,
)
from podium.reports.interval_drawing import Bar, bar_of, reach_of
from podium.reports.style import rows_text
from podium.reports.text import duration, fixed, percent, plain

_FIRST_SLICES = 10


@dataclass(frozen=True)
class MetricRow:
    """One metric of both models."""

    name: str
    toward: str
    text: Written
    standing: Standing
    bar: Bar | None
    level: str
    method: str
    decides: bool = False
    reason: str = ""


@dataclass(frozen=True)
class SliceRow:
    """One judged slice."""

    column: str
    value: str
    rows: str
    text: Written
    standing: Standing
    bar: Bar | None
    harmed: bool
    p: str


@dataclass(frozen=True)
class Slices:
    """The judged slices, those to show at once and the others, and those that were not judged."""

    metric: str
    margin: str
    first: Sequence[SliceRow]
    others: Sequence[SliceRow]
    left_out: Sequence[tuple[str, str, str]]
    harmed: int

    @property
    def sentence(self) -> str:
        """How many were judged and harmed."""
        judged = len(self.first) + len(self.others)
        if not judged:
            return "No slice has enough rows to be judged."
        harmed = f"{self.harmed:,} harmed" if self.harmed else "none harmed"
        rest = f"; {len(self.left_out):,} could not be judged" if self.left_out else ""
        return f"{judged:,} {'slice' if judged == 1 else 'slices'} judged, {harmed}{rest}."


@dataclass(frozen=True)
class Facts:
    """A list of terms and what they are; `code` marks digests and the like."""

    title: str
    items: Sequence[tuple[str, str]] = field(default=())
    code: frozenset[str] = frozenset({"Digest", "Digest of the content", "Run", "Address"})


def metric_rows(document: Document) -> list[MetricRow]:
    """All metrics side by side, the deciding one first."""
    return [
        MetricRow(
            name=found["metric"],
            toward="higher is better" if found["higher_is_better"] else "lower is better",
            text=written(found),
            standing=standing(found),
            bar=bar_of(found, reach_of([found])),
            level=percent(found["level"]),
            method=found["method"],
            decides=place == 0,
            reason=found["reason"],
        )
        for place, found in enumerate(document["metrics"])
    ]


def slices(document: Document) -> Slices | None:
    """The slices, worst first; None where there are none."""
    if not document["slices"]:
        return None
    ranked, margin = ranked_slices(document), document["rules"]["slice_margin"]
    found = [part["comparison"] for part in ranked]
    reach, decimals = reach_of(found, margin), common_decimals(found)
    rows = [_slice_row(part, reach, margin, decimals) for part in ranked]
    harmed = sum(row.harmed for row in rows)
    shown = max(_FIRST_SLICES, harmed)
    shown = len(rows) if len(rows) <= shown + 2 else shown
    return Slices(
        metric=ranked[0]["comparison"]["metric"] if ranked else document["rules"]["metric"],
        margin=plain(margin),
        first=rows[:shown],
        others=rows[shown:],
        left_out=[
            (part["column"], part["value"], part["not_judged"])
            for part in document["slices"]
            if part["comparison"] is None
        ],
        harmed=harmed,
    )


def _slice_row(part: Document, reach: float, margin: float, decimals: int) -> SliceRow:
    found = part["comparison"]
    return SliceRow(
        column=part["column"],
        value=part["value"],
        rows=f"{part['rows']:,}",
        text=written(found, decimals),
        standing=standing(found),
        bar=bar_of(found, reach, margin),
        harmed=part["harmed"],
        p=p_text(part["p_adjusted"]),
    )


def speeds(document: Document) -> list[tuple[str, str, str]]:
    """Size and times of both models, one row each; empty where neither was measured."""
    sides = [document["candidate"], document["champion"]]
    prints = [side["footprint"] if side else None for side in sides]
    if not any(prints):
        return []
    ours, theirs = (_speed_cells(found) for found in prints)
    return [(label, ours[label], theirs[label]) for label in _SPEEDS]


_SPEEDS: dict[str, Callable[[Document], str]] = {
    "Size": lambda f: size_text(f["size_bytes"]),
    "Time to load": lambda f: duration(f["load_seconds"]),
    "One row: median": lambda f: _milliseconds(f["one_row"]["p50_ms"]),
    "One row: 95 of 100 within": lambda f: _milliseconds(f["one_row"]["p95_ms"]),
    "One row: 99 of 100 within": lambda f: _milliseconds(f["one_row"]["p99_ms"]),
    "100 rows: median": lambda f: _milliseconds(f["hundred_rows"]["p50_ms"]),
    "100 rows: 95 of 100 within": lambda f: _milliseconds(f["hundred_rows"]["p95_ms"]),
}


def _speed_cells(footprint: Mapping[str, Any] | None) -> dict[str, str]:
    return {label: "–" if footprint is None else cell(footprint) for label, cell in _SPEEDS.items()}


def flip_rows(document: Document) -> list[tuple[str, str, str, str, str, str]]:
    """Column, value, rows, and the shares that change, become right and become wrong."""
    where = document["flips"]["where"] if document["flips"] else []
    return [
        (
            part["column"],
            part["value"],
            f"{part['rows']:,}",
            *(percent(part[key] / part["rows"]) for key in ("flipped", "better", "worse")),
        )
        for part in where
        if part["rows"]
    ]


def _milliseconds(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{fixed(value, 2 if value < 10 else 1 if value < 100 else 0)} ms"


def size_text(count: int | None) -> str:
    """Bytes as `960 kB` or `1.5 MB`."""
    if count is None:
        return "–"
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"


def facts(document: Document) -> list[Facts]:
    """The data, the rules and both models, as lists."""
    one, other = names(document)
    found = [
        Facts("The rows", list(_data(document["data"]))),
        Facts("The rules", list(_rules(document["rules"]))),
        Facts(one, list(_side(document["candidate"]))),
    ]
    if document["champion"]:
        found.append(Facts(other, list(_side(document["champion"]))))
    elif other == BASELINE:
        found.append(Facts(other, [("What it is", "the best constant answer, known in hindsight")]))
    return found


def _data(data: Document) -> Iterator[tuple[str, str]]:
    yield "Source", data["source"]
    yield "Rows", f"{rows_text(data['rows'])} ({data['part']})"
    if data["left_out"]:
        yield "Left out", rows_text(data["left_out"])
    if data["span"]:
        yield "Span", data["span"]
    positive = f", positive: {data['positive']}" if data["positive"] is not None else ""
    yield "Target", f"{data['target']}{positive}"
    if data["share_positive"] is not None:
        yield "Share positive", percent(data["share_positive"])
    if data["group"]:
        yield "Rows that belong together", f"one {data['group']}"
    yield "Use of these rows", f"{data['use']:,}"
    yield "Digest", data["digest"] or "–"
    yield "Digest of the content", data["content_digest"] or "–"


def _rules(rules: Document) -> Iterator[tuple[str, str]]:
    yield "Deciding metric", rules["metric"]
    yield "May be worse by", plain(rules["margin"])
    yield "Chance of a wrong verdict (alpha)", percent(rules["alpha"])
    yield "Of it for this verdict", percent(rules["decisive_alpha"])
    yield "Power that is planned for", percent(rules["power"])
    yield "A slice may be worse by", plain(rules["slice_margin"])
    yield "Rows that a slice needs", f"{rules['min_slice_rows']:,}"
    yield "A disparity may grow by", plain(rules["fairness_margin"])
    for metric, bound in rules["minimums"].items():
        yield f"{metric} has to reach", plain(bound)
    if rules["latency_p95_ms"] is not None:
        yield "95 of 100 rows answered within", f"{plain(rules['latency_p95_ms'])} ms"


def _side(side: Document) -> Iterator[tuple[str, str]]:
    for term, key in (
        ("Estimator", "estimator"),
        ("Address", "uri"),
        ("Run", "run_id"),
        ("Digest", "digest"),
    ):
        yield term, side[key] or "–"
