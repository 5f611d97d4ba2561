"""`podium status NAME`: the whole standing of one model, in three requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podium.command import Result
from podium.reports.text import text_table
from registry_tools.commands import _advice as advice
from registry_tools.commands._reading import (
    CLAIMS,
    ENTRY_HEADERS,
    Opened,
    broken_document,
    broken_lines,
    by_whom,
    difference_document,
    entry_document,
    entry_rows,
    event_document,
    holder_document,
    open_model,
    traffic_document,
    traffic_words,
)
from registry_tools.commands.acts import quoted
from registry_tools.entry import STAGES
from registry_tools.examine import author_is_certain, author_of
from registry_tools.gates import Check, approvals
from registry_tools.policy import Policy
from registry_tools.port import Registry, Version
from registry_tools.state import Event, Holder, State
from registry_tools.times import ago, seconds_since, to_second

_MOST_CANDIDATES, _LAST_ENTRIES = 10, 5
_METRIC = "podium.holdout."


@dataclass(frozen=True)
class _Found:
    """What the versions say: those that wait, and whether that in staging has its approvals."""

    waiting: list[Version]
    agreed: Check | None


def standing(registry: Registry, name: str, now: datetime) -> Result:
    """Who holds the stages of `name`, and everything that bears on it."""
    opened = open_model(registry, name)
    versions = registry.versions(name)
    found = _Found(candidates(opened.state, versions), _agreed(opened, versions))
    text = "\n".join(_paragraphs(opened, found, now))
    return Result(text, _document(opened, found, now), opened.exit_code)


def candidates(state: State, versions: Sequence[Version]) -> list[Version]:
    """Versions registered after the champion that nobody evaluated or turned down; newest first."""
    staged = None if state.staging is None else state.staging.version
    after = state.champion or 0
    return [
        version
        for version in sorted(versions, key=lambda found: found.number, reverse=True)
        if version.number > after
        and version.number != staged
        and state.of(version.number).evaluation is None
        and state.of(version.number).barred is None
    ]


def _paragraphs(opened: Opened, found: _Found, now: datetime) -> list[str]:
    lines = [f"{opened.name} at {opened.registry.place}", *broken_lines(opened), ""]
    lines += [*_stages(opened, found.agreed, now), *_settings(opened.state), *_odd(opened)]
    lines += [*_waiting(opened.state, found.waiting), *_last(opened)]
    return [*lines, "", "Next:", f"  {_next(opened, found)}"]


def _stages(opened: Opened, agreed: Check | None, now: datetime) -> list[str]:
    state = opened.state
    if opened.before_podium:
        there = ", ".join(f"@{stage} on version {v}" for stage, v in opened.before_podium)
        return [f"No ledger entry says who is champion. Aliases from before Podium: {there}."]
    if opened.empty:
        return ["No ledger yet: nothing was ever promoted."]
    if opened.broken is not None:
        return _stages_when_broken(opened, now)
    lines = [f"Production  {_held(state.production, now)}"]
    lines += [f"Staging     {_held(state.staging, now)}"]
    if agreed is not None:
        lines.append(f"Approvals   {agreed.found}; needed: {agreed.needed}")
    return lines


def _stages_when_broken(opened: Opened, now: datetime) -> list[str]:
    """What was read before the break, and what the aliases say meanwhile."""
    aliases = opened.model.aliases
    there = [f"@{stage} on version {aliases[stage]}" for stage in STAGES if stage in aliases]
    seq = opened.state.seq
    return [
        f"Aliases     {', '.join(there) or 'none'}: what serves by them goes on",
        f"Production  {_held(opened.state.production, now)} (as of entry {seq})",
        f"Staging     {_held(opened.state.staging, now)} (as of entry {seq})",
    ]


def _held(holder: Holder | None, now: datetime) -> str:
    if holder is None:
        return "nothing"
    by = holder.by
    since = f"since {to_second(by.at)} ({ago(by.at, now)})"
    held = f"version {holder.version}, {since}, by {by_whom(by)}"
    if holder.forced is None or by.forced:
        return held
    return f"{held} [it came there FORCED, past the gates, by {by_whom(holder.forced)}]"


def _agreed(opened: Opened, versions: Sequence[Version]) -> Check | None:
    """Who approved the version in staging, as the gate to production counts; None without one."""
    if opened.state.staging is None:
        return None
    number = opened.state.staging.version
    version = next((version for version in versions if version.number == number), None)
    if version is None:
        return approvals(opened.state, number, None, False)
    author = author_of(opened.registry, version)
    return approvals(opened.state, number, author, author_is_certain(version))


def _settings(state: State) -> list[str]:
    return [
        f"Traffic     {traffic_words(state.traffic)}",
        f"Policy      {policy_words(state.policy)}; {_set_by(state.policy_by)}",
    ]


def policy_words(policy: Policy) -> str:
    """The policy in one line: what differs from Podium's own is all there."""
    gate, promotion = policy.gate, policy.promotion
    parts = [f"margin {gate.margin:g}", f"alpha {gate.alpha:g}"]
    if gate.slices:
        slices = ", ".join(gate.slices)
        parts.append(f"slices {slices} (margin {gate.slice_margin:g})")
    if gate.latency_p95_ms is not None:
        parts.append(f"p95 latency up to {gate.latency_p95_ms:g} ms")
    parts.append(f"inconclusive: {gate.on_inconclusive}")
    but = " without the author" if promotion.exclude_author else ""
    return ", ".join([*parts, f"approvals {promotion.approvals}{but}"])


def _set_by(event: Event | None) -> str:
    if event is None:
        return "nobody set one yet: the first promotion enters what the version's project declares"
    return f"set {to_second(event.at)} by {by_whom(event)}"


def _odd(opened: Opened) -> list[str]:
    lines = [f"  {found}" for found in opened.differences]
    if lines:
        lines = ["", "The aliases do not say what the ledger says:", *lines]
    restarted = opened.state.restarted
    if restarted is not None:
        lines += [
            "",
            f"The ledger was begun anew {to_second(restarted.at)} by {by_whom(restarted)}.",
        ]
    return lines


def _waiting(state: State, waiting: list[Version]) -> list[str]:
    if not waiting:
        return []
    shown = waiting[:_MOST_CANDIDATES]
    names = sorted({metric for version in shown for metric in holdout(version)})
    rows = [[v.number, to_second(v.created), *(holdout(v).get(n) for n in names)] for v in shown]
    since = "since the champion" if state.production is not None else "so far"
    more = f" (the newest {len(shown)} of {len(waiting)})" if len(waiting) > len(shown) else ""
    headers = ["version", "registered", *(f"holdout {name}" for name in names)]
    title = f"Registered {since}, and not evaluated{more}:"
    return ["", title, text_table(headers, rows).rstrip("\n")]


def holdout(version: Version) -> dict[str, object]:
    """The metrics on the holdout that the tags of a version give."""
    return {
        key.removeprefix(_METRIC): _number(value)
        for key, value in version.tags.items()
        if key.startswith(_METRIC)
    }


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _last(opened: Opened) -> list[str]:
    entries = opened.ledger.entries[-_LAST_ENTRIES:]
    if not entries:
        return []
    table = text_table(ENTRY_HEADERS, entry_rows(entries)).rstrip("\n")
    return ["", f"Last {len(entries)} of {opened.state.seq} entries:", table, "", CLAIMS]


def _next(opened: Opened, found: _Found) -> str:
    name, state = quoted(opened.name), opened.state
    if opened.broken is not None:
        return f"podium verify {name}"
    if opened.before_podium:
        return f"podium adopt {name}"
    if opened.differences:
        return f"podium verify {name} --repair"
    if state.staging is not None and found.agreed is not None:
        number, enough = state.staging.version, found.agreed.passed
        act = f"promote {name} {number} --to production" if enough else f"approve {name} {number}"
        return f"podium {act}"
    passed = _passed(state)
    if passed is not None:
        return f"podium promote {name} {passed} --to staging"
    if found.waiting:
        return advice.evaluation(opened.name, found.waiting[0].number)
    return f"podium history {name}" if state.seq else f"podium train --project {name}"


def _passed(state: State) -> int | None:
    """The newest version that passed against the present champion and is in no stage."""
    passed = [
        number
        for number, known in state.versions.items()
        if known.evaluation is not None
        and (known.evaluation.verdict, known.evaluation.champion) == ("pass", state.champion)
        and (known.staged, known.barred) == (None, None)
        and number > (state.champion or 0)
    ]
    return max(passed, default=None)


def _document(opened: Opened, found: _Found, now: datetime) -> dict[str, Any]:
    state = opened.state
    return {
        "model": opened.name,
        "place": opened.registry.place,
        "ledger": opened.condition,
        "broken": broken_document(opened),
        "seq": state.seq,
        "production": _with_age(holder_document(state.production), now),
        "staging": _staging_document(state, found.agreed, now),
        "traffic": traffic_document(state.traffic),
        "policy": {**state.policy.to_json(), "set": event_document(state.policy_by)},
        "differences": [difference_document(each) for each in opened.differences],
        "before_podium": dict(opened.before_podium),
        "restarted": event_document(state.restarted),
        "candidates": [_candidate_document(v) for v in found.waiting[:_MOST_CANDIDATES]],
        "candidates_total": len(found.waiting),
        "last_entries": [
            entry_document(counted.number, counted.entry)
            for counted in opened.ledger.chain.counted[-_LAST_ENTRIES:]
        ],
        "actors_are": "claims",
    }


def _with_age(document: dict[str, Any] | None, now: datetime) -> dict[str, Any] | None:
    if document is None:
        return None
    return {**document, "seconds_ago": seconds_since(document["since"], now)}


def _staging_document(state: State, agreed: Check | None, now: datetime) -> dict[str, Any] | None:
    document = _with_age(holder_document(state.staging), now)
    if document is None or agreed is None:
        return None
    given = state.of(document["version"]).approvals
    return {
        **document,
        "approvals": [event_document(event) for event in given],
        "approvals_needed": state.policy.promotion.approvals,
        "approved": agreed.passed,
        "not_counting": agreed.excluded,
    }


def _candidate_document(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "registered": version.created,
        "holdout": holdout(version),
    }
