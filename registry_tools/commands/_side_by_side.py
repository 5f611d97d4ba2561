"""What `podium diff` reads of two versions, and how it shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from podium.command import Result
from podium.errors import NotFound, PodiumError, UsageError
from podium.progress import Progress
from podium.reports.text import NOTHING, number, shorten, text_table
from registry_tools.commands._reading import Opened, open_model
from registry_tools.commands.acts import quoted
from registry_tools.comparison import (
    Comparison,
    Described,
    Interval,
    MetricPair,
    Pair,
    compare,
    read_requirements,
)
from registry_tools.port import Registry, Run
from registry_tools.signature import Signature, signature_of
from registry_tools.times import to_second
from registry_tools.which_version import resolve

_WIDTH, _APART = 40, "* apart"
_NO_TEST = (
    "difference: the second less the first. * the 95 % intervals do not overlap; this is a hint "
    "and no test, with or without it."
)


def side_by_side(
    registry: Registry,
    name: str,
    named: tuple[int | str, int | str],
    progress: Progress,
    *,
    everything: bool,
) -> Result:
    """The two versions of `name`; `everything`: equal parameters too."""
    opened = open_model(registry, name)
    one, other = (resolve(opened, each) for each in named)
    if one == other:
        raise UsageError(f"Both are version {one} of {name}.", remedy="Name two versions.")
    first, second = (_described(opened, each, progress) for each in (one, other))
    found = compare(first, second)
    headers = ["", f"version {one}", f"version {other}"]
    text = "\n\n".join(_sections(found, headers, everything=everything))
    text = f"{name} at {registry.place}\n\n{text}\n\nNext:\n  podium card {quoted(name)} {other}"
    return Result(text, {"model": name, "first": one, "second": other, **asdict(found)})


def _described(opened: Opened, which: int, progress: Progress) -> Described:
    version = opened.registry.version(opened.name, which)
    run = _run(opened.registry, version.run_id)
    with progress.stage("files", f"Downloading {opened.name} {which}"):
        signature, requirements = _of_the_files(opened, which, progress)
    return Described(
        version.number,
        version.created,
        version.tags.get("podium.author") or run.user,
        run.params,
        run.metrics,
        {**run.tags, **version.tags},
        signature,
        requirements,
    )


def _run(registry: Registry, run_id: str | None) -> Run:
    """The run that made a version; an empty one where it is not there."""
    nothing = Run(run_id or "", None, {}, {}, {})
    if run_id is None:
        return nothing
    try:
        return registry.run(run_id)
    except NotFound:
        return nothing


def _of_the_files(
    opened: Opened, which: int, progress: Progress
) -> tuple[Signature | None, dict[str, str] | None]:
    """Signature and requirements; None where they are not there."""
    try:
        with opened.registry.files(opened.name, which) as folder:
            return _signature(folder), _requirements(folder)
    except PodiumError as error:  # the registry answered: these files are what is lacking
        progress.say(f"The files of version {which} cannot be read: {error.what}")
        return None, None


def _signature(folder: Path) -> Signature | None:
    file = folder / "MLmodel"
    keys: Any = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
    return signature_of(keys) if isinstance(keys, dict) else None


def _requirements(folder: Path) -> dict[str, str] | None:
    file = folder / "requirements.txt"
    return read_requirements(file.read_text(encoding="utf-8")) if file.is_file() else None


def _sections(found: Comparison, headers: list[str], *, everything: bool) -> list[str]:
    sections = [_table(headers, [_fact(pair) for pair in found.facts])]
    sections += [_metrics(found, headers), _params(found.params, headers, everything=everything)]
    sections += [_signature_words(found.signature), _packages(found.requirements, headers)]
    return [section for section in sections if section]


def _fact(pair: Pair) -> list[object]:
    """Times to the minute, digests short; what differs has a mark."""
    first, second = (
        to_second(value) if pair.name == "registered" and value else value
        for value in (pair.first, pair.second)
    )
    return [pair.name, *(_short(value, pair.name) for value in (first, second))]


def _short(value: str | None, name: str) -> str:
    if value is None:
        return NOTHING
    return value[:12] if name in ("files", "data") else shorten(value, _WIDTH)


def _metrics(found: Comparison, headers: list[str]) -> str:
    if not found.metrics:
        return "Metrics: none were logged."
    rows = [_metric(pair) for pair in found.metrics]
    titles = ["metric", *headers[1:], "difference", ""]
    lines = [text_table(titles, rows, right={1, 2, 3}).rstrip("\n"), _NO_TEST]
    if found.same_data is False:
        lines.append("The data differ, and so may the holdouts that these were measured on.")
    return "\n".join(lines)


def _metric(pair: MetricPair) -> list[object]:
    difference = NOTHING if pair.difference is None else _signed(pair.difference)
    mark = _APART if pair.apart else ""
    return [pair.name, _interval(pair.first), _interval(pair.second), difference, mark]


def _signed(difference: float) -> str:
    return f"+{number(difference)}" if difference > 0 else number(difference)


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return NOTHING
    if interval.low is None or interval.high is None:
        return number(interval.estimate)
    return f"{number(interval.estimate)} [{number(interval.low)}, {number(interval.high)}]"


def _params(pairs: Sequence[Pair], headers: list[str], *, everything: bool) -> str:
    if not pairs:
        return "Parameters: none were logged."
    equal = sum(pair.same for pair in pairs)
    shown = [pair for pair in pairs if everything or not pair.same]
    if not shown:
        return f"Parameters: all {equal} are equal."
    hidden = "" if everything or not equal else " (--all shows them)"
    rows = [[pair.name, *(_cell(value) for value in (pair.first, pair.second))] for pair in shown]
    return f"{_table(['parameter', *headers[1:]], rows)}\nEqual: {equal}{hidden}."


def _cell(value: str | None) -> str:
    return NOTHING if value is None else shorten(value, _WIDTH)


def _signature_words(changes: tuple[str, ...] | None) -> str:
    if changes is None:
        return "Signature: not known of both."
    if not changes:
        return "Signature: the same."
    return "\n".join(["Signature, from the first to the second:", *(f"  {c}" for c in changes)])


def _packages(pairs: tuple[Pair, ...] | None, headers: list[str]) -> str:
    if pairs is None:
        return "Requirements: not known of both."
    if not pairs:
        return "Requirements: the same."
    rows = [[pair.name, *(_asked(value) for value in (pair.first, pair.second))] for pair in pairs]
    return _table(["package", *headers[1:]], rows)


def _asked(value: str | None) -> str:
    return "any version" if value == "" else _cell(value)


def _table(headers: list[str], rows: Sequence[Sequence[object]]) -> str:
    return text_table(headers, rows, right=()).rstrip("\n")
