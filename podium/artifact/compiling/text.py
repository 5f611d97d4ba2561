"""TF-IDF of words and pairs of words, from counted terms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from podium.artifact.compiling.graph import Graph, NotCompilable

_WIDEST_MATRIX = 256  # terms that a matrix is made of; more are only ever looked up
_EXPECTED = {
    "input": "content",
    "analyzer": "word",
    "ngram_range": (1, 2),
    "lowercase": True,
    "token_pattern": r"(?u)\b\w\w+\b",
    "strip_accents": None,
    "stop_words": None,
    "preprocessor": None,
    "tokenizer": None,
    "binary": False,
    "norm": "l2",
    "use_idf": True,
    "sublinear_tf": True,
}


@dataclass(frozen=True)
class TextInput:
    """What the graph is fed for a text: per row the places of its terms and how often each comes.

    Rows are padded with the place after the last term, and a count of 0.
    """

    terms: str
    counts: str


@dataclass(frozen=True)
class TextBlock:
    """`weights`: (terms, width), what each term's TF-IDF adds to each column."""

    source: TextInput
    idf: np.ndarray
    reduce: np.ndarray | None

    @classmethod
    def of(cls, step: Any, source: TextInput) -> TextBlock:
        """From a fitted TfidfVectorizer, or a Pipeline of that and a TruncatedSVD."""
        words, reduce = vectorizer_of(step)
        return cls(source, words.idf_, None if reduce is None else reduce.components_.T)

    @property
    def width(self) -> int:
        return int(len(self.idf) if self.reduce is None else self.reduce.shape[1])

    def matrix(self, graph: Graph) -> str:
        if self.width > _WIDEST_MATRIX:
            raise NotCompilable(f"it makes {self.width:,} columns of a text")
        return self._weighted(graph, np.eye(self.width) if self.reduce is None else self.reduce)

    def weighted(self, graph: Graph, weights: np.ndarray) -> str:
        return self._weighted(graph, weights if self.reduce is None else self.reduce @ weights)

    def _weighted(self, graph: Graph, by_term: np.ndarray) -> str:
        """sum over terms of l2-normalised (1 + log count) * idf, times the term's weights."""
        one, terms = graph.constant(1.0), self.source.terms
        present = graph.node("Greater", self.source.counts, graph.constant(0.0))
        counted = graph.node("Where", present, self.source.counts, one)
        frequency = graph.node("Add", graph.node("Log", counted), one)
        idf = graph.node("Gather", graph.constant(np.append(self.idf, 0.0)), terms, axis=0)
        tfidf = graph.node("Mul", frequency, idf)
        # One after the other, as scikit-learn adds: trees make much of the last bits of zeros.
        added = graph.node("CumSum", graph.node("Mul", tfidf, tfidf), graph.constant(1, np.int64))
        length = graph.node("Sqrt", graph.columns(added, [-1]))
        empty = graph.node("Equal", length, graph.constant(0.0))
        unit = graph.node("Div", tfidf, graph.node("Where", empty, one, length))
        padded = np.vstack([by_term, np.zeros((1, by_term.shape[1]))])
        rows = graph.node("Gather", graph.constant(padded), terms, axis=0)
        spread = graph.node("Unsqueeze", unit, graph.constant([2], np.int64))
        return graph.total(graph.node("Mul", rows, spread), 1)


def vectorizer_of(step: Any) -> tuple[Any, Any]:
    """The TfidfVectorizer of a text step, and its TruncatedSVD or None.

    Raises NotCompilable for another one, or with settings that the graph does not know.
    """
    parts = [part for _, part in step.steps] if type(step).__name__ == "Pipeline" else [step]
    kinds = [type(part).__name__ for part in parts]
    if kinds not in (["TfidfVectorizer"], ["TfidfVectorizer", "TruncatedSVD"]):
        raise NotCompilable(f"it prepares text by {', '.join(kinds)}")
    words = parts[0]
    for name, value in _EXPECTED.items():
        if getattr(words, name) != value:
            raise NotCompilable(f"its TfidfVectorizer has {name}={getattr(words, name)!r}")
    return words, parts[1] if len(parts) == 2 else None
