"""From raw values, or from canonical features, to the arrays that the compiled form takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .canonical import EXPECTED, InputColumn
from .coding import (
    Refused,
    canonical_text,
    category_coder,
    coded_number,
    parts_coder,
    plain_numbers,
    terms_of,
)
from .convert import kind_of
from .errors import InvalidValue
from .runs import runs_that_fit

INPUTS = "podium.inputs"  # the key under which an ONNX model holds `Encoder.to_json`
DECISION = "podium.decision"  # and the one for `Decision.to_json`
FEATURES = "features"
_ROWS_AT_ONCE = 8192
_MANY_ROWS = 8  # from which on numpy is faster at converting numbers than Python
Values = Mapping[str, Sequence[Any]]
Arrays = dict[str, np.ndarray]
Texts = Mapping[str, Sequence[str]]
Coded = tuple[np.ndarray, Texts]


@dataclass(frozen=True)
class EncodedColumn:
    """An input column, and where its numbers lie among the model's.

    `categories`: of a categorical column, in the order of their codes, the missing one first.
    `terms`: of a text column, in the order of their places.
    """

    column: InputColumn
    place: int
    categories: tuple[str, ...] | None = None
    terms: tuple[str, ...] | None = None

    @classmethod
    def from_json(cls, document: Mapping[str, Any], place: int) -> EncodedColumn:
        """Read one column of `Encoder.to_json`."""
        lists = {key: tuple(document[key]) for key in ("categories", "terms") if key in document}
        return cls(InputColumn.from_json(document), place, **lists)

    def to_json(self) -> dict[str, Any]:
        """Name, kind and parts, and categories or terms where it has any."""
        column = self.column
        document: dict[str, Any] = {"name": column.name, "kind": column.kind}
        document["parts"] = list(column.parts)
        if self.categories is not None:
            document["categories"] = list(self.categories)
        if self.terms is not None:
            document["terms"] = list(self.terms)
            document["inputs"] = list(self.text_inputs)
        return document

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features made of it."""
        return self.column.features

    @property
    def width(self) -> int:
        """How many numbers it takes up; a text none."""
        return 0 if self.column.kind == "text" else len(self.features)

    @property
    def text_inputs(self) -> tuple[str, str]:
        """The model's inputs for a text: places of terms, and how often each comes."""
        return f"terms_{self.name}", f"counts_{self.name}"

    @cached_property
    def code(self) -> Callable[[Any], Any]:
        """From a raw value to a number, to several (datetime), or to a canonical text.

        Raises Refused.
        """
        if self.column.kind == "categorical":
            return category_coder(self.categories or ())
        if self.column.kind == "datetime":
            return parts_coder(self.column.parts)
        return coded_number if self.column.kind == "numeric" else canonical_text

    @cached_property
    def _index(self) -> pd.Index[Any]:
        return pd.Index(self.categories or (), dtype=object)

    def codes_of(self, canonical: pd.Series[Any]) -> np.ndarray:
        """The codes of many canonical categories at once."""
        return np.asarray(self._index.get_indexer(pd.Index(canonical, dtype=object)))

    @cached_property
    def term_places(self) -> dict[str, int]:
        """The place of each known term."""
        return {term: place for place, term in enumerate(self.terms or ())}

    def coded(self, values: Sequence[Any]) -> list[Any]:
        """`code` of each raw value. Raises InvalidValue for the first one that is refused."""
        coded: list[Any] = []
        try:
            for value in values:
                coded.append(self.code(value))  # noqa: PERF401 - a comprehension loses its place
        except Refused:
            row = len(coded)
            expected, found = EXPECTED[self.column.kind], kind_of(values[row])
            raise InvalidValue(self.name, row, expected, found) from None
        return coded

    def found_in(self, content: str) -> dict[int, int]:
        """The places of the known terms of a canonical text, and how often each comes."""
        known = self.term_places
        return Counter(known[term] for term in terms_of(content) if term in known)

    def padded(self, found: Sequence[Mapping[int, int]]) -> Arrays:
        """What the model is fed for texts: places (rows, most terms) and counts."""
        width = max([1, *map(len, found)])
        terms = np.full((len(found), width), len(self.term_places), dtype=np.int64)
        counts = np.zeros((len(found), width))
        for row, of_row in enumerate(found):
            places = sorted(of_row)  # the order in which scikit-learn adds them up
            terms[row, : len(of_row)] = places
            counts[row, : len(of_row)] = [of_row[place] for place in places]
        return dict(zip(self.text_inputs, (terms, counts), strict=True))


@dataclass(frozen=True)
class Encoder:
    """What the compiled form takes: one matrix of numbers, and two for each text.

    `features`, float64 (rows, width): numbers with NaN for missing, and categories by their codes:
    0 is missing, -1 is not among those known.
    """

    columns: tuple[EncodedColumn, ...]

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Encoder:
        """Read what `to_json` wrote. Raises ValueError for a newer schema."""
        if document["schema"] != 1:
            raise ValueError(f"{INPUTS} has schema {document['schema']}; this code reads 1")
        columns: list[EncodedColumn] = []
        place = 0
        for described in document["columns"]:
            columns.append(EncodedColumn.from_json(described, place))
            place += columns[-1].width
        return cls(tuple(columns))

    def to_json(self) -> dict[str, Any]:
        """The columns in the order of their numbers."""
        return {"schema": 1, "columns": [column.to_json() for column in self.columns]}

    @cached_property
    def width(self) -> int:
        """Columns of the matrix."""
        return sum(column.width for column in self.columns)

    @cached_property
    def _plan(self) -> tuple[tuple[EncodedColumn, str, Callable[[Any], Any], bool], ...]:
        return tuple((c, c.name, c.code, c.column.kind == "datetime") for c in self.columns)

    def encode_row(self, row: Mapping[str, Any]) -> Arrays:
        """From one raw row; a key that is not there is missing. Raises InvalidValue."""
        numbers: list[float] = []
        arrays: Arrays = {}
        for column, name, code, several in self._plan:
            try:
                coded = code(row.get(name))
            except Refused:
                column.coded([row.get(name)])  # raises with the words for it
                raise
            if several:
                numbers += coded
            elif column.terms is None:
                numbers.append(coded)
            else:
                arrays |= column.padded([column.found_in(coded)])
        if numbers:
            arrays[FEATURES] = np.array((numbers,))
        return arrays

    def encode(self, values: Values, rows: int) -> Arrays:
        """From raw values by column; a column that is not there is missing throughout.

        Raises InvalidValue, naming column and row, for the first value that is refused.
        """
        return self._arrays(*self._coded(values, rows))

    def pieces(self, values: Values, rows: int) -> Iterator[Arrays]:
        """Like `encode`, a piece at a time, so that neither many rows nor long texts fill the
        memory. What is refused is refused before the first piece.
        """
        return self._in_pieces(*self._coded(values, rows))

    def encode_features(self, features: pd.DataFrame) -> Arrays:
        """From a table of canonical features."""
        return self._arrays(*self._coded_features(features))

    def pieces_of_features(self, features: pd.DataFrame) -> Iterator[Arrays]:
        """Like `encode_features`, in pieces."""
        return self._in_pieces(*self._coded_features(features))

    def _coded(self, values: Values, rows: int) -> Coded:
        matrix = np.empty((rows, self.width))
        texts: dict[str, Sequence[str]] = {}
        absent = [None] * rows
        done = self._plain_numbers(values, matrix)
        for column in self.columns:
            if column.place in done:
                continue
            coded = column.coded(values.get(column.name, absent))
            if column.terms is not None:
                texts[column.name] = coded
            elif column.column.kind == "datetime":
                if rows:
                    matrix[:, column.place : column.place + column.width] = coded
            else:
                matrix[:, column.place] = coded
        return matrix, texts

    def _plain_numbers(self, values: Values, matrix: np.ndarray) -> Collection[int]:
        """Fill in the numeric columns of many rows at once, if they hold nothing but numbers; the
        places that were filled in.
        """
        there = [column for column in self._numeric if column.name in values]
        if len(matrix) < _MANY_ROWS or not there:
            return ()
        numbers = plain_numbers([values[column.name] for column in there])
        if numbers is None:
            return ()
        places = [column.place for column in there]
        matrix[:, places] = numbers.T
        return set(places)

    @cached_property
    def _numeric(self) -> tuple[EncodedColumn, ...]:
        return tuple(column for column in self.columns if column.column.kind == "numeric")

    def _coded_features(self, features: pd.DataFrame) -> Coded:
        matrix = np.empty((len(features), self.width))
        texts: dict[str, Sequence[str]] = {}
        for column in self.columns:
            if column.terms is not None:
                texts[column.name] = features[column.name].tolist()
            elif column.categories is not None:
                matrix[:, column.place] = column.codes_of(features[column.name])
            else:
                for place, name in enumerate(column.features, column.place):
                    matrix[:, place] = features[name]
        return matrix, texts

    def _arrays(self, matrix: np.ndarray, texts: Texts) -> Arrays:
        found = {column: [column.found_in(t) for t in texts[column.name]] for column in self._texts}
        return self._joined(matrix, found)

    def _in_pieces(self, matrix: np.ndarray, texts: Texts) -> Iterator[Arrays]:
        for start in range(0, len(matrix), _ROWS_AT_ONCE):
            block = slice(start, start + _ROWS_AT_ONCE)
            if self.width and not self._texts:
                yield {FEATURES: matrix[block]}
                continue
            found = {
                column: [column.found_in(text) for text in texts[column.name][block]]
                for column in self._texts
            }
            for run in runs_that_fit(list(found.values()), len(matrix[block])):
                part = {column: rows[run] for column, rows in found.items()}
                yield self._joined(matrix[block][run], part)

    def _joined(self, matrix: np.ndarray, found: Mapping[EncodedColumn, Any]) -> Arrays:
        arrays = {FEATURES: matrix} if self.width else {}
        for column, rows in found.items():
            arrays |= column.padded(rows)
        return arrays

    @cached_property
    def _texts(self) -> tuple[EncodedColumn, ...]:
        return tuple(column for column in self.columns if column.terms is not None)
