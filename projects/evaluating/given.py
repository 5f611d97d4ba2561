"""Models and rows that are given from Python, rather than found in the registry and in a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from podium.data import Columns, TableSource
from projects.evaluating.models import DoesNotAnswer, Opened, already_open
from projects.evaluating.sides import Side


@dataclass(frozen=True, eq=False)
class GivenSide(Side):
    """A model that need not be a registered version, and that may be loaded already.

    called: what it is called where its version has no number (0). model: as MLflow loaded it, or
    whatever else has `predict(table)`; None: it is loaded from its folder. nowhere: an empty
    folder, for a model without files.
    """

    called: str
    model: Any
    nowhere: Path

    @property
    def label(self) -> str:
        return self.called if self.number is None else super().label

    @property
    def title(self) -> str:
        return self.called if self.number is None else super().title

    def opened(self) -> Opened:
        if self.model is None:
            return super().opened()
        if self.problem:
            raise DoesNotAnswer(self.problem)
        return already_open(self.model, self.folder or self.nowhere, self.nowhere)


class Answered:
    """A model that has answered before: its answers for the rows that will be asked about."""

    def __init__(self, answers: Any) -> None:
        self._answers = answers

    def predict(self, table: pd.DataFrame) -> Any:
        """The answers, whatever is asked."""
        return self._answers


class OneColumn:
    """A model of whose answers only one column counts."""

    def __init__(self, model: Any, column: str) -> None:
        self._model = model
        self._column = column

    @property
    def metadata(self) -> Any:
        """The model's own."""
        return self._model.metadata

    def predict(self, table: pd.DataFrame) -> Any:
        """The column, where there are several."""
        answers = self._model.predict(table)
        if not isinstance(answers, pd.DataFrame):
            return answers
        if self._column not in answers.columns:
            found = ", ".join(map(repr, answers.columns[:10]))
            raise DoesNotAnswer(f"The model answers no column {self._column!r}, only {found}.")
        return answers[self._column]


@dataclass(frozen=True)
class GivenTable(TableSource):
    """A table that is in memory already."""

    names: tuple[str, ...] = ()

    def column_names(self) -> tuple[str, ...]:
        return self.names

    def read(self, columns: Columns | None) -> pd.DataFrame:
        raise NotImplementedError("What is given is not read.")
