"""What two versions have in common, and where they differ: pure functions of what is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from registry_tools.signature import Column, Signature

HOLDOUT = "holdout/"
_OTHER_PARTS = ("baseline/", "validation/", "train/", "seconds/", "curve/")
_ENDS = ("_low", "_high")
_PACKAGE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(.*)")
_ROWS = "podium.rows_"


@dataclass(frozen=True)
class Described:
    """What is known of a version; what is not known is None or empty.

    tags: of the run, with those of the version on top. requirements: by package, what is asked of
    it, like `==2.1`.
    """

    number: int
    created: str
    author: str | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    signature: Signature | None = None
    requirements: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Pair:
    """One thing of both versions, None where it is not there."""

    name: str
    first: str | None
    second: str | None

    @property
    def same(self) -> bool:
        """Whether both say the same."""
        return self.first == self.second


@dataclass(frozen=True)
class Interval:
    """A metric of one version, with the ends of its 95 % interval where they were logged."""

    estimate: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class MetricPair:
    """A metric of both versions. difference: the second less the first.

    apart: whether the intervals do not overlap, None where one is lacking. That is no test: the
    intervals of one holdout overlap more than the difference is uncertain.
    """

    name: str
    first: Interval | None
    second: Interval | None
    difference: float | None
    apart: bool | None


@dataclass(frozen=True)
class Comparison:
    """Two versions side by side.

    signature: a sentence for each change from the first to the second. requirements: the packages
    that differ; None where those of one version are not known.
    """

    facts: tuple[Pair, ...]
    params: tuple[Pair, ...]
    metrics: tuple[MetricPair, ...]
    same_data: bool | None
    signature: tuple[str, ...] | None
    requirements: tuple[Pair, ...] | None


def compare(first: Described, second: Described) -> Comparison:
    """`first` and `second` side by side."""
    return Comparison(
        tuple(_facts(first, second)),
        tuple(_params(first, second)),
        tuple(_metrics(first.metrics, second.metrics)),
        _same_data(first, second),
        _signatures(first.signature, second.signature),
        _requirements(first.requirements, second.requirements),
    )


def read_requirements(text: str) -> dict[str, str]:
    """What a requirements.txt asks of each package, by its normalised name.

    A line that names no package, such as an option or a path, stands for itself.
    """
    found = {}
    for line in text.splitlines():
        bare = re.sub(r"(^|\s)#.*", "", line).strip()
        if not bare:
            continue
        match = _PACKAGE.fullmatch(bare)
        if match is None or "/" in match[1]:
            found[bare] = ""
        else:
            name = re.sub(r"[-_.]+", "-", match[1]).lower()
            found[name] = f"{match[2] or ''}{match[3]}"
    return found


def _facts(first: Described, second: Described) -> Iterator[Pair]:
    yield Pair("registered", first.created, second.created)
    yield Pair("by", first.author, second.author)
    for name, tag in (
        ("estimator", "podium.estimator"),
        ("compiled", "podium.compiled"),
        ("files", "podium.digest"),
        ("data", "podium.data_digest"),
    ):
        yield Pair(name, first.tags.get(tag), second.tags.get(tag))
    yield Pair("dataset", first.params.get("podium.source"), second.params.get("podium.source"))
    for name in _names(first.params, second.params, prefix=_ROWS):
        rows = first.params.get(_ROWS + name), second.params.get(_ROWS + name)
        yield Pair(f"rows for {name}", *rows)


def _params(first: Described, second: Described) -> Iterator[Pair]:
    for name in sorted({*first.params, *second.params}):
        if name not in ("podium.source", "podium.estimator") and not name.startswith(_ROWS):
            yield Pair(name, first.params.get(name), second.params.get(name))


def _metrics(first: Mapping[str, float], second: Mapping[str, float]) -> Iterator[MetricPair]:
    """Those on the holdout, then those that are of no part that Podium knows."""
    logged = dict.fromkeys((*first, *second))
    holdout = [name for name in logged if name.startswith(HOLDOUT) and not _is_end(name, logged)]
    others = [name for name in logged if not name.startswith((HOLDOUT, *_OTHER_PARTS))]
    for name in (*holdout, *others):
        yield _metric(name, _interval(first, name), _interval(second, name))


def _is_end(name: str, logged: Mapping[str, object]) -> bool:
    """Whether it is the end of the interval of another metric."""
    return any(name.endswith(end) and name.removesuffix(end) in logged for end in _ENDS)


def _interval(metrics: Mapping[str, float], name: str) -> Interval | None:
    if name not in metrics:
        return None
    low, high = (metrics.get(name + end) for end in _ENDS)
    return Interval(metrics[name], low, high)


def _metric(name: str, first: Interval | None, second: Interval | None) -> MetricPair:
    shown = f"{name.removeprefix(HOLDOUT)} (holdout)" if name.startswith(HOLDOUT) else name
    if first is None or second is None:
        return MetricPair(shown, first, second, None, None)
    return MetricPair(shown, first, second, second.estimate - first.estimate, _apart(first, second))


def _apart(first: Interval, second: Interval) -> bool | None:
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return None
    return first.high < second.low or second.high < first.low


def _same_data(first: Described, second: Described) -> bool | None:
    digests = [version.tags.get("podium.data_digest") for version in (first, second)]
    return None if None in digests else digests[0] == digests[1]


def _signatures(first: Signature | None, second: Signature | None) -> tuple[str, ...] | None:
    if first is None or second is None:
        return None
    return (
        *_columns("input", first.inputs, second.inputs),
        *_columns("output", first.outputs, second.outputs),
    )


def _columns(side: str, old: Mapping[str, Column], new: Mapping[str, Column]) -> Iterator[str]:
    for name, column in old.items():
        if name not in new:
            yield f"{side} {name!r} ({column.type}) removed"
        elif new[name].type != column.type:
            yield f"{side} {name!r} retyped: {column.type} to {new[name].type}"
        elif new[name].required != column.required:
            yield f"{side} {name!r} {'must be there' if new[name].required else 'may be missing'}"
    for name, column in new.items():
        if name not in old:
            yield f"{side} {name!r} ({column.type}) added"


def _requirements(
    first: Mapping[str, str] | None, second: Mapping[str, str] | None
) -> tuple[Pair, ...] | None:
    if first is None or second is None:
        return None
    pairs = (Pair(name, first.get(name), second.get(name)) for name in sorted({*first, *second}))
    return tuple(pair for pair in pairs if not pair.same)


def _names(*mappings: Mapping[str, str], prefix: str) -> list[str]:
    """What follows `prefix` in the keys, in their order."""
    keys = dict.fromkeys(key for mapping in mappings for key in mapping if key.startswith(prefix))
    return [key.removeprefix(prefix) for key in keys]
