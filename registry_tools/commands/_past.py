"""`podium history`: entries as a table, and the state at some time in the past."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from podium.command import Result
from podium.reports.text import text_table
from registry_tools.chain import Counted
from registry_tools.commands._reading import (
    CLAIMS,
    ENTRY_HEADERS,
    Opened,
    broken_document,
    broken_lines,
    by_whom,
    entry_document,
    entry_rows,
    holder_document,
    open_model,
    traffic_document,
    traffic_words,
)
from registry_tools.commands.acts import quoted
from registry_tools.fold import fold
from registry_tools.port import Registry
from registry_tools.state import Holder, State
from registry_tools.times import iso, to_second


def past(registry: Registry, name: str, at: datetime | None, limit: int | None) -> Result:
    """The last `limit` entries of `name` up to `at`, and the state that all of them add up to."""
    opened = open_model(registry, name)
    counted = _until(opened, at)
    shown = counted if limit is None else counted[-limit:]
    document = {
        "model": opened.name,
        "place": registry.place,
        "ledger": opened.condition,
        "broken": broken_document(opened),
        "entries_total": len(opened.ledger.chain.counted),
        "entries": [entry_document(c.number, c.entry) for c in shown],
        "then": None if at is None else _then_document(_state(opened, counted), at),
    }
    return Result(_text(opened, counted, shown, at), document, opened.exit_code)


def _until(opened: Opened, at: datetime | None) -> list[Counted]:
    """Entries up to `at`; times never decrease along the chain, and sort as they are written."""
    counted = opened.ledger.chain.counted
    return counted if at is None else [c for c in counted if c.entry.at <= iso(at)]


def _state(opened: Opened, counted: list[Counted]) -> State:
    return fold(opened.name, [c.entry for c in counted])


def _text(opened: Opened, counted: list[Counted], shown: list[Counted], at: datetime | None) -> str:
    parts = [
        [f"{opened.name} at {opened.registry.place}"],
        _table(shown, len(counted)),
        broken_lines(opened),
        ["No ledger yet: nothing was ever entered."] if opened.empty else [],
        [] if at is None else _then(opened, counted, at),
        [CLAIMS] if shown else [],
        ["Next:", f"  {_next(opened)}"],
    ]
    return "\n\n".join("\n".join(part) for part in parts if part)


def _table(shown: list[Counted], total: int) -> list[str]:
    if not shown:
        return []
    table = text_table(ENTRY_HEADERS, entry_rows([c.entry for c in shown])).rstrip("\n")
    left_out = total - len(shown)
    return [table, *([f"{left_out} earlier entries are not shown."] if left_out else [])]


def _then(opened: Opened, counted: list[Counted], at: datetime) -> list[str]:
    if not counted:
        if not opened.ledger.chain.counted:
            return []
        first = opened.ledger.chain.counted[0].entry
        return [f"At {iso(at)} the ledger had no entry: it begins {to_second(first.at)}."]
    state = _state(opened, counted)
    return [
        f"At {to_second(iso(at))}:",
        f"Production  {_held(state.production)}",
        f"Staging     {_held(state.staging)}",
        f"Traffic     {traffic_words(state.traffic)}",
    ]


def _held(holder: Holder | None) -> str:
    if holder is None:
        return "nothing"
    since = f"since {to_second(holder.by.at)}"
    return f"version {holder.version}, {since}, by {by_whom(holder.by)} (entry {holder.by.seq})"


def _then_document(state: State, at: datetime) -> dict[str, Any]:
    return {
        "at": iso(at),
        "seq": state.seq,
        "production": holder_document(state.production),
        "staging": holder_document(state.staging),
        "traffic": traffic_document(state.traffic),
    }


def _next(opened: Opened) -> str:
    if opened.broken is not None:
        return f"podium verify {quoted(opened.name)}"
    if opened.before_podium:
        return f"podium adopt {quoted(opened.name)}"
    return f"podium status {quoted(opened.name)}"
