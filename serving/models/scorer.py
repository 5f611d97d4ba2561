"""What of MLflow a pyfunc model is asked by; `serving.loader` has the one that is MLflow's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from serving.models.model import Answer, Asked


@dataclass(frozen=True)
class Rows:
    """Predictions, one for each row of the input. form: their types, in words."""

    form: str
    values: Sequence[Any]


class Scorer(Protocol):
    """A loaded model, and MLflow's way to read requests and write replies."""

    def answer(self, asked: Asked) -> Answer:
        """What MLflow's server would reply; where it refuses, in words that quote nothing."""

    def rows(self, document: Mapping[str, Any]) -> Rows | None:
        """Predictions for a parsed body; None where they are no list. Raises as the model does."""

    def written(self, values: Sequence[Any]) -> bytes:
        """The body of a reply with these predictions."""
