"""From what the graph is fed to what an estimator takes: a matrix, or weighted sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from podium.artifact.compiling.graph import Graph, NotCompilable
from podium.artifact.compiling.text import TextBlock

_EACH = {"min_frequency": None, "max_categories": None}  # no category stands for several
_ONE_HOT = {**_EACH, "drop": None, "handle_unknown": "ignore"}
_ORDINAL = {**_EACH, "handle_unknown": "use_encoded_value", "unknown_value": -1}


class Block(Protocol):
    """A run of the columns that preprocessing makes."""

    @property
    def width(self) -> int:
        """How many columns."""

    def matrix(self, graph: Graph) -> str:
        """The columns themselves, double (rows, width)."""

    def weighted(self, graph: Graph, weights: np.ndarray) -> str:
        """The columns times `weights` (width, targets), double (rows, targets)."""


@dataclass(frozen=True)
class PlainBlock:
    """Numbers as they are, or category codes as numbers."""

    source: str
    places: list[int]

    @property
    def width(self) -> int:
        return len(self.places)

    def matrix(self, graph: Graph) -> str:
        return graph.columns(self.source, self.places)

    def weighted(self, graph: Graph, weights: np.ndarray) -> str:
        return graph.node("MatMul", self.matrix(graph), graph.constant(weights))


@dataclass(frozen=True)
class ScaledBlock:
    """Numbers, missing ones replaced, then marked, then all of it scaled."""

    source: str
    places: list[int]
    fill: np.ndarray
    marked: list[int]
    mean: np.ndarray
    scale: np.ndarray

    @property
    def width(self) -> int:
        return len(self.places) + len(self.marked)

    def matrix(self, graph: Graph) -> str:
        raw = graph.columns(self.source, self.places)
        missing = graph.node("IsNaN", raw)
        filled = graph.node("Where", missing, graph.constant(self.fill), raw)
        if self.marked:
            marks = graph.cast(graph.columns(missing, self.marked), "double")
            filled = graph.node("Concat", filled, marks, axis=1)
        centred = graph.node("Sub", filled, graph.constant(self.mean))
        return graph.node("Div", centred, graph.constant(self.scale))

    def weighted(self, graph: Graph, weights: np.ndarray) -> str:
        return graph.node("MatMul", self.matrix(graph), graph.constant(weights))


@dataclass(frozen=True)
class OneHotBlock:
    """Categories of which each is a column; a code of -1 is none of them."""

    source: str
    places: list[int]
    counts: list[int]

    @property
    def width(self) -> int:
        return sum(self.counts)

    def matrix(self, graph: Graph) -> str:
        return self.weighted(graph, np.eye(self.width))

    def weighted(self, graph: Graph, weights: np.ndarray) -> str:
        """Looks the rows of weights up: one row of zeros for each column stands for no category."""
        parts, starts = [], np.cumsum([0, *self.counts])
        for start, count in zip(starts, self.counts, strict=False):
            parts += [weights[start : start + count], np.zeros((1, weights.shape[1]))]
        counts = np.array(self.counts)
        first = np.cumsum(counts + 1) - (counts + 1)
        codes = graph.cast(graph.columns(self.source, self.places), "int64")
        none = graph.node("Less", codes, graph.constant(0, np.int64))
        known = graph.node("Where", none, graph.constant(counts, np.int64), codes)
        places = graph.node("Add", known, graph.constant(first, np.int64))
        rows = graph.node("Gather", graph.constant(np.concatenate(parts)), places, axis=0)
        return graph.total(rows, 1)


@dataclass(frozen=True)
class Features:
    """What an estimator is fed, as blocks in the order of its columns."""

    blocks: tuple[Block, ...]

    def matrix(self, graph: Graph) -> str:
        """All columns side by side."""
        parts = [block.matrix(graph) for block in self.blocks]
        return parts[0] if len(parts) == 1 else graph.node("Concat", *parts, axis=1)

    def weighted(self, graph: Graph, weights: np.ndarray, start: np.ndarray) -> str:
        """All columns times `weights` (columns, targets), plus `start` (targets,)."""
        total, done = graph.constant(start[None, :]), 0
        for block in self.blocks:
            part = block.weighted(graph, weights[done : done + block.width])
            total, done = graph.node("Add", total, part), done + block.width
        return total


def features_of(transformer: Any, source: str, inputs: Mapping[str, Any]) -> Features:
    """The blocks of a fitted ColumnTransformer.

    `inputs`: by feature name, its place in `source`, or a TextInput.
    Raises NotCompilable for a step that no block stands for.
    """
    blocks = tuple(_blocks(transformer, source, inputs))
    plain = [block for block in blocks if isinstance(block, PlainBlock)]
    if len(plain) == len(blocks):  # one look-up instead of several and a concatenation
        return Features((PlainBlock(source, [at for block in plain for at in block.places]),))
    return Features(blocks)


def _blocks(transformer: Any, source: str, inputs: Mapping[str, Any]) -> Iterator[Block]:
    for name, step, columns in transformer.transformers_:
        if name == "remainder" and step == "drop":
            continue
        kind = name.partition("_")[0]
        if kind == "text":
            yield TextBlock.of(step, inputs[columns])
            continue
        places = [inputs[column] for column in columns]
        yield _column_block(step, source, places)


def _column_block(step: Any, source: str, places: list[int]) -> Block:
    kind = step if isinstance(step, str) else type(step).__name__
    if kind == "passthrough" or (kind == "FunctionTransformer" and step.func is None):
        return PlainBlock(source, places)
    if kind == "OrdinalEncoder" and _settings(step, _ORDINAL):
        return PlainBlock(source, places)
    if kind == "OneHotEncoder" and _settings(step, _ONE_HOT):
        return OneHotBlock(source, places, [len(known) for known in step.categories_])
    if kind == "Pipeline":
        return _scaled(step, source, places)
    raise NotCompilable(f"it prepares columns by {kind}, or with other settings than Podium's")


def _settings(step: Any, expected: Mapping[str, Any]) -> bool:
    return all(getattr(step, name) == value for name, value in expected.items())


def _scaled(step: Any, source: str, places: list[int]) -> Block:
    kinds = [type(part).__name__ for _, part in step.steps]
    if kinds != ["SimpleImputer", "StandardScaler"]:
        raise NotCompilable("it prepares numbers otherwise than by SimpleImputer, StandardScaler")
    impute, scale = step
    if not (np.isnan(impute.missing_values) and scale.with_mean and scale.with_std):
        raise NotCompilable("it imputes or scales numbers with other settings than Podium's")
    if np.isnan(impute.statistics_).any():
        raise NotCompilable("a number was missing throughout")
    marked = [] if impute.indicator_ is None else impute.indicator_.features_.tolist()
    return ScaledBlock(source, places, impute.statistics_, marked, scale.mean_, scale.scale_)
