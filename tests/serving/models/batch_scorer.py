"""A model that is told how to behave, to see what requests share its calls."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from serving.models.model import Answer, Asked
from serving.models.scorer import Rows


def asked(*values: Any, **more: Any) -> Asked:
    """A request with these rows of one column."""
    table = {"columns": ["v"], "data": [[value] for value in values]}
    return Asked(json.dumps({"dataframe_split": table, **more}).encode(), "application/json")


def predictions(answer: Answer) -> Any:
    """What was replied."""
    return json.loads(answer.body)["predictions"]


class DoublingScorer:
    """Doubles numbers. Fails for negative ones; with 13 or "hang" hangs until `go_on` is set.

    calls: the rows of each call that came through.
    """

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []
        self.started = threading.Event()
        self.go_on = threading.Event()
        self.by_row = True

    def answer(self, asked: Asked) -> Answer:
        """A reply, also to what fails."""
        try:
            rows = self.rows(json.loads(asked.body))
        except ValueError:
            return Answer(400, b"{}")
        return Answer(200, self.written(rows.values))

    def rows(self, document: Mapping[str, Any]) -> Rows:
        """One prediction a row, unless told otherwise."""
        values = [value for [value] in document["dataframe_split"]["data"]]
        if {13, "hang"} & set(values):
            self.started.set()
            if not self.go_on.wait(60):
                raise TimeoutError("nobody let the model go on")
        self.calls.append(values)
        if any(isinstance(value, int) and value < 0 for value in values):
            raise ValueError("negative")
        given = [value * 2 for value in values]
        return Rows("list", given if self.by_row or len(values) == 1 else given[:-1])

    def written(self, values: Sequence[Any]) -> bytes:
        """As JSON."""
        return json.dumps({"predictions": values}).encode()
