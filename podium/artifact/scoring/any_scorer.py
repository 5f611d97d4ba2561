"""What the reference and the compiled scorer have in common: every way to ask them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from .canonical import Canonicaliser
from .convert import sort_of
from .errors import InvalidTable
from .output import Decision

Form = Literal["reference", "compiled"]
Values = Mapping[str, Sequence[Any]]


class AnyScorer(ABC):
    """Turns raw values into the output table; by table, by column or by row.

    All three refuse with InvalidValue, naming column and row, what the canonical rules refuse; the
    latter two with InvalidTable what is not one table.
    """

    canonicaliser: Canonicaliser
    decision: Decision

    @property
    @abstractmethod
    def form(self) -> Form:
        """Which form answers."""

    @abstractmethod
    def scores(self, features: pd.DataFrame) -> np.ndarray:
        """Of a table of canonical features: probability of the positive (n,), of each class
        (n, k), or predicted numbers (n,).
        """

    @abstractmethod
    def scores_of(self, values: Mapping[str, Sequence[Any]], rows: int) -> np.ndarray:
        """The same of raw values by column."""

    def score(self, raw: pd.DataFrame) -> pd.DataFrame:
        """The output table of a table of raw values."""
        features = self.canonicaliser.transform(raw)
        scores = self.scores(features) if len(features) else self.decision.no_scores()
        return self.decision.table(scores, raw.index)

    def score_columns(self, values: Mapping[str, Sequence[Any]], rows: int) -> dict[str, list[Any]]:
        """The output table by column, for `rows` raw values a column, as parsed from JSON.

        A column that is not there is missing throughout; others than the model's are ignored.
        """
        given = self._own_columns(values, rows)
        if rows == 1:
            return self.score_row({name: column[0] for name, column in given.items()})
        return self._score_all(given, rows)

    def score_rows(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Like `score_columns`, for raw values by row; a key that is not there is missing."""
        if not isinstance(rows, (list, tuple)):
            raise InvalidTable(f"the rows: expected a list, found {sort_of(rows)}")
        for place, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise InvalidTable(f"row {place}: expected an object, found {sort_of(row)}")
        if len(rows) == 1:
            return self.score_row(rows[0])
        return self._score_all(self.by_column(rows), len(rows))

    def score_row(self, row: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Like `score_rows`, for a single row, which is not looked at whether it is an object."""
        return self._score_all(self.by_column([row]), 1)

    def _score_all(self, values: Values, rows: int) -> dict[str, list[Any]]:
        scores = self.scores_of(values, rows) if rows else self.decision.no_scores()
        return self.decision.columns(scores)

    def _own_columns(self, values: Values, rows: int) -> Values:
        """The model's columns among `values`. Raises InvalidTable for one of another length."""
        if rows < 0:
            raise InvalidTable(f"there cannot be {rows} rows")
        own = {c.name: values[c.name] for c in self.canonicaliser.columns if c.name in values}
        for name, column in own.items():
            if column is None or isinstance(column, (str, bytes)) or not hasattr(column, "__len__"):
                raise InvalidTable(f"column {name!r}: expected a list, found {sort_of(column)}")
            if len(column) != rows:
                raise InvalidTable(f"column {name!r} has {len(column)} values for {rows} rows")
        return own

    def by_column(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """The values of the model's columns; a key that is not there is null."""
        names = [column.name for column in self.canonicaliser.columns]
        return {name: [row.get(name) for row in rows] for name in names}

    def predict(self, raw: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """MLflow's entrance: like `score`. There are no parameters; `params` must be empty."""
        if params:
            raise ValueError(f"this model takes no parameters; got {', '.join(sorted(params))}")
        table = raw if isinstance(raw, pd.DataFrame) else pd.DataFrame(raw)
        names = [column.name for column in self.canonicaliser.columns]
        if names and not set(names) & set(table.columns):  # MLflow loses such rows before us
            raise ValueError(f"none of the model's columns was sent; they are {', '.join(names)}")
        return self.score(table)

    def get_raw_model(self) -> AnyScorer:
        """What `PyFuncModel.get_raw_model` gives: a way past MLflow's own checks of types."""
        return self
