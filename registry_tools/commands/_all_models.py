"""`podium status` without a name: one line for each registered model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podium.command import Result
from podium.reports.text import NOTHING, text_table
from podium.spec.names import model_name_problem
from registry_tools.commands._reading import (
    CLAIMS,
    Opened,
    broken_document,
    difference_document,
    holder_document,
    open_model,
    traffic_document,
    traffic_words,
)
from registry_tools.commands.acts import quoted
from registry_tools.entry import STAGES
from registry_tools.errors import LedgerBroken
from registry_tools.port import Registry
from registry_tools.times import ago, to_second
from registry_tools.words import printable

_HEADERS = ("model", "production", "since", "by", "staging", "traffic", "attention")


@dataclass(frozen=True)
class _Line:
    """A model in the table; `todo` is the command that its attention asks for."""

    cells: tuple[object, ...]
    document: dict[str, Any]
    todo: str = ""
    broken: bool = False


def overview(registry: Registry, now: datetime) -> Result:
    """The table of all registered models."""
    lines = [_line(registry, name, now) for name in registry.models()]
    document = {"place": registry.place, "models": [line.document for line in lines]}
    code = LedgerBroken.exit_code if any(line.broken for line in lines) else 0
    if not lines:
        nothing = f"There are no registered models at {registry.place}."
        return Result(f"{nothing}\n\nNext:\n  podium quickstart", document)
    table = text_table(_HEADERS, [line.cells for line in lines])
    return Result(f"{table}\n{CLAIMS}\n\n{_next(lines)}", document, code)


def _line(registry: Registry, name: str, now: datetime) -> _Line:
    problem = model_name_problem(name)
    if problem:
        dashes = (NOTHING,) * (len(_HEADERS) - 2)
        unnamed = f"no ledger: its name {problem}"
        return _Line((name, *dashes, unnamed), {"model": name, "attention": [unnamed]})
    opened = open_model(registry, name)
    attention = attention_of(opened)
    words = "; ".join(text for text, _ in attention)
    todo = next((command for _, command in attention if command), "")
    cells = (name, *_holders(opened, now), traffic_words(opened.state.traffic), words)
    document = {**_document(opened), "attention": [text for text, _ in attention]}
    return _Line(cells, document, todo, opened.broken is not None)


def attention_of(opened: Opened) -> list[tuple[str, str]]:
    """What needs attention, the gravest first, each with the command for it if there is one."""
    name = quoted(opened.name)
    if opened.broken is not None:
        return [("ledger broken", f"podium verify {name}")]
    found = []
    if opened.before_podium:
        found.append(("aliases from before Podium: podium adopt", f"podium adopt {name}"))
    elif opened.empty:
        found.append(("no ledger yet", f"podium status {name}"))
    if opened.differences:
        found.append(("aliases differ", f"podium verify {name}"))
    forced = [s for s in reversed(STAGES) if (h := opened.state.holder(s)) and h.forced]
    found += [(f"{stage} forced", "") for stage in forced]
    if opened.state.restarted is not None:
        found.append(("ledger was begun anew", ""))
    return found


def _holders(opened: Opened, now: datetime) -> tuple[object, ...]:
    """Cells: production, since, by, staging. An alias from before Podium stands in brackets."""
    production, staging = opened.state.production, opened.state.staging
    before = {stage: f"({version})" for stage, version in opened.before_podium}
    staged = before.get("staging", NOTHING) if staging is None else str(staging.version)
    if production is None:
        return before.get("production", NOTHING), NOTHING, NOTHING, staged
    by = production.by
    return (
        str(production.version),
        f"{to_second(by.at)} ({ago(by.at, now)})",
        printable(by.actor),
        staged,
    )


def _document(opened: Opened) -> dict[str, Any]:
    return {
        "model": opened.name,
        "ledger": opened.condition,
        "broken": broken_document(opened),
        "production": holder_document(opened.state.production),
        "staging": holder_document(opened.state.staging),
        "traffic": traffic_document(opened.state.traffic),
        "differences": [difference_document(found) for found in opened.differences],
        "before_podium": dict(opened.before_podium),
    }


def _next(lines: list[_Line]) -> str:
    todo = next((line.todo for line in lines if line.broken), "")
    todo = todo or next((line.todo for line in lines if line.todo), "")
    return f"Next:\n  {todo or f'podium status {quoted(str(lines[0].cells[0]))}'}"
