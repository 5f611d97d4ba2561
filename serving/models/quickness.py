"""Which requests are answered so fast that they need not leave the event loop."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from serving.models.content import CSV, JSON, kind_of
from serving.models.model import Answer, Asked

_SECONDS = 0.004  # the longest that one request may hold up all others of a worker
_MOST_TEXT_BYTES = 4096  # where the words of a text are looked up one by one
_MANY_ROWS, _TIMES = 64, 20


@dataclass(frozen=True)
class Quickness:
    """How large a request may be. most_rows: as many as its brackets allow for; see `holds_for`."""

    most_bytes: int
    most_rows: int

    @classmethod
    def measured(
        cls, answer: Callable[[Asked], Answer], names: Iterable[str], *, texts: bool
    ) -> Quickness:
        """By the time that one row and many rows of nothing but nulls take. texts: whether the
        model reads words.
        """
        row = dict.fromkeys(names)
        few, many = _timed(answer, [row]), _timed(answer, [row] * _MANY_ROWS)
        left = max(0.0, _SECONDS - few[1])
        seconds = max(many[1] - few[1], 1e-9)
        most_bytes = int(left * (many[0] - few[0]) / seconds)
        most_rows = int(left * (_MANY_ROWS - 1) / seconds)
        return cls(min(most_bytes, _MOST_TEXT_BYTES) if texts else most_bytes, most_rows)

    def holds_for(self, asked: Asked) -> bool:
        """Whether it is small enough, without reading it: a row takes a bracket of its own, where
        it is not one place in each of the lists of `inputs` or `instances`.
        """
        body, kind = asked.body, kind_of(asked.content_type)
        if len(body) > self.most_bytes:
            return False
        if kind == JSON:
            if len(body) <= self.most_rows:
                return True  # a row takes a byte at least
            if b'"in' in body or b"\\u" in body:  # the latter may spell the former
                return body.count(b",") < self.most_rows
            return body.count(b"{") + body.count(b"[") < self.most_rows
        return kind == CSV and body.count(b"\n") + body.count(b"\r") < self.most_rows


NEVER_QUICK = Quickness(-1, 0)


def _timed(answer: Callable[[Asked], Answer], rows: list[dict[str, None]]) -> tuple[int, float]:
    """Bytes of a request for these rows, and the least seconds that it took."""
    asked = Asked(json.dumps({"dataframe_records": rows}).encode(), JSON)
    seconds = math.inf
    for _ in range(_TIMES):
        start = time.perf_counter()
        answer(asked)
        seconds = min(seconds, time.perf_counter() - start)
    return len(asked.body), seconds
