"""The card of a data version in Markdown, from its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from podium.reports.text import NOTHING, markdown_table, percent, shorten

_WIDTH = 40


def data_card(facts: Mapping[str, Any]) -> str:
    """A page: where the table is from, its rows, each column, and what looks personal.

    facts: the document that `DataFacts.to_json` gives.
    """
    sections = [
        f"# Data of {_line(facts['project'])}, version {facts['digest'][:12]}",
        _summary(facts),
        markdown_table(("what", "as declared"), list(_declared(facts))).rstrip(),
        *_classes(facts),
        "## Personal data\n" + _personal(facts["personal"]),
        *_columns(facts["columns"]),
        f"Content: SHA-256 `{facts['digest']}`. Shares are of all rows. Values "
        "of categories and classes are shown only where at least 10 rows have them; min, max, and "
        "the first and last time may be those of one row.",
    ]
    return "\n\n".join(sections) + "\n"


def _summary(facts: Mapping[str, Any]) -> str:
    span = facts["span"]
    when = f", from {span['first']} to {span['last']}" if span else ""
    rows = _counted(facts["rows"], "row")
    return f"{rows} and {_counted(len(facts['columns']), 'column')}{when}."


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _declared(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in ("source", "home", "licence", "owner", "task", "target", "time", "group"):
        yield key, _line(facts[key] or "not declared")


def _classes(facts: Mapping[str, Any]) -> Iterator[str]:
    classes, others = facts["classes"], facts["other_classes"]
    rows = [(_value(c["value"]), c["rows"], percent(c["share"])) for c in classes]
    if others:
        rows.append(("others, not shown", others, percent(others / facts["rows"])))
    if rows:
        table = markdown_table(("class", "rows", "share"), rows).rstrip()
        yield f"## Classes of {_line(facts['target'])}\n{table}"


def _personal(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return (
            "No column looks like personal data, by its name or its values. That is no proof: look."
        )
    rows = [(each["column"], each["kind"], each["why"]) for each in found]
    return (
        "These columns look like it; their values are not shown here.\n\n"
        + markdown_table(("column", "looks like", "why"), rows).rstrip()
    )


def _columns(columns: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    numbers = [column for column in columns if column["numbers"]]
    others = [column for column in columns if not column["numbers"]]
    if numbers:
        headers = ("column", "missing", "distinct", "min", "mean", "median", "max", "std")
        cells = [(*_start(column), *_numbers(column["numbers"])) for column in numbers]
        yield "## Numbers\n" + markdown_table(headers, cells).rstrip()
    if others:
        words = [(*_start(column), column["kind"], _shown(column)) for column in others]
        table = markdown_table(("column", "missing", "distinct", "kind", "values"), words)
        yield f"## Other columns\n{table.rstrip()}"


def _start(column: Mapping[str, Any]) -> tuple[str, str, int]:
    role = f" ({column['role']})" if column["role"] else ""
    missing = percent(column["missing_share"])
    return f"{column['name']}{role}", missing, column["distinct"]


def _numbers(numbers: Mapping[str, Any]) -> tuple[float | None, ...]:
    return tuple(numbers[key] for key in ("min", "mean", "median", "max", "std"))


def _shown(column: Mapping[str, Any]) -> str:
    if column["personal"]:
        return f"looks like: {column['personal']}"
    if column["first"]:
        return f"{column['first']} to {column['last']}"
    shown = (f"{_value(each['value'])} {percent(each['share'])}" for each in column["frequent"])
    return ", ".join(shown) or NOTHING


def _value(value: str) -> str:
    return shorten(value, _WIDTH) or "(empty)"


def _line(text: object) -> str:
    return " ".join(str(text).split())
