"""Data versions in words: the list, one with its runs and models, and the same for machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from podium.reports.text import NOTHING, text_table
from podium.where import without_password
from projects.data_versions.listing import SHOWN, DataVersion

_HEADERS = (
    "data",
    "rows",
    "columns",
    "span",
    "first used",
    "last used",
    "runs",
    "versions",
    "copy",
)
_RIGHT = {1, 2, 6, 8}
_MOST_RUNS = 10


def list_text(versions: Sequence[DataVersion]) -> str:
    """A table, a line a version."""
    return text_table(_HEADERS, [_row(version) for version in versions], right=_RIGHT).rstrip()


def _row(version: DataVersion) -> tuple[object, ...]:
    latest = version.latest
    return (
        version.digest[:SHOWN],
        latest.rows if latest else None,
        latest.columns if latest else None,
        span_words(latest.span if latest else None),
        version.uses[-1].at[:10] if latest else NOTHING,
        latest.at[:10] if latest else NOTHING,
        len(version.uses),
        ", ".join(map(str, version.models)) or NOTHING,
        _copy_words(version),
    )


def _copy_words(version: DataVersion) -> str:
    """The size of its copy; `?` where no run that is left says whether there is one."""
    if version.kept is not None:
        return size_words(version.kept.bytes)
    return "none" if version.said_none else "?"


def span_words(span: tuple[str, str] | None) -> str:
    """First and last day; a dash without a time column."""
    return NOTHING if span is None else f"{span[0][:10]} to {span[1][:10]}"


def size_words(size: int | None) -> str:
    """Bytes in powers of a thousand: `3.8 MB`."""
    if size is None:
        return "kept"
    value, units = float(size), iter(("B", "kB", "MB", "GB"))
    unit = next(units)
    while value >= 999.5:
        following = next(units, None)
        if following is None:
            break
        value, unit = value / 1000, following
    return f"{value:.1f} {unit}" if value < 10 and unit != "B" else f"{value:.0f} {unit}"


def uses_text(version: DataVersion) -> str:
    """Which runs and model versions used it: at most ten runs, the latest first."""
    rows = [(use.at[:19].replace("T", " "), use.job, use.name, use.run_id) for use in version.uses]
    lines = [text_table(("used (UTC)", "by", "run", "id"), rows[:_MOST_RUNS]).rstrip()]
    if len(rows) > _MOST_RUNS:
        lines.append(f"and {len(rows) - _MOST_RUNS:,} earlier runs")
    if not rows:
        lines = ["The runs that used it were deleted."]
    models = ", ".join(map(str, version.models)) or "none"
    return "\n".join([*lines, f"Model versions: {models}"])


def version_document(version: DataVersion) -> dict[str, Any]:
    """A data version for machines. snapshot: None where no run that is left names one."""
    latest, kept = version.latest, version.kept
    span = latest.span if latest else None
    return {
        "digest": version.digest,
        "rows": latest.rows if latest else None,
        "columns": latest.columns if latest else None,
        "span": None if span is None else {"first": span[0], "last": span[1]},
        "first_used": version.uses[-1].at if latest else None,
        "last_used": latest.at if latest else None,
        "runs": [
            {"run_id": u.run_id, "name": u.name, "job": u.job, "at": u.at} for u in version.uses
        ],
        "versions": [
            {key: fact for key, fact in asdict(model).items() if key != "digest"}
            for model in version.models
        ],
        "snapshot": None
        if kept is None
        else {"uri": without_password(kept.snapshot or ""), "bytes": kept.bytes},
    }
