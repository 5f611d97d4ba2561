"""A model that MLflow loaded: read and answered by MLflow's own functions, in lanes, in batches."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from serving.assignment import Assigned
from serving.errors import NotServable
from serving.models.batching import Batching, Calls
from serving.models.lanes import Lanes
from serving.models.merging import MergeRules, Part, merged
from serving.models.model import Answer, Asked, Description, Model, ModelSettings
from serving.models.model import Batching as Mode
from serving.models.proof import proof
from serving.models.scorer import Scorer

_logger = logging.getLogger(__name__)


class PyfuncModel(Model):
    """Answers as `mlflow models serve` does, and merges what may be merged."""

    form = "pyfunc"

    def __init__(
        self, assigned: Assigned, scorer: Scorer, described: Description, settings: ModelSettings
    ) -> None:
        self.assigned = assigned
        self._scorer = scorer
        self._described = described
        self._timeout_seconds = settings.timeout_seconds
        self._warm_up()
        self._rules, self._rows_form = self._merging(settings.batching)
        self._lanes = Lanes(settings.threads, assigned.model)
        calls = Calls(scorer.answer, self._together)
        self._batching = Batching(calls, self._lanes)

    @property
    def batching(self) -> bool:
        """Whether requests may share calls."""
        return self._rules is not None

    @property
    def stuck(self) -> bool:
        """Whether every lane has been with one call for longer than a caller waits."""
        return self._lanes.busy_longer_than(self._timeout_seconds)

    def quick(self, asked: Asked) -> bool:
        """Never: how long a stranger's model takes is not known."""
        return False

    def answer_now(self, asked: Asked) -> Answer:
        """The answer, in the caller's thread, alone."""
        return self._scorer.answer(asked)

    async def answer(self, asked: Asked) -> Answer:
        """The answer, from a lane, perhaps of a call that others share."""
        part = self._rules.part(asked) if self._rules else None
        return await self._batching.answer(asked, part)

    def description(self) -> Description:
        """What its signature says."""
        return self._described

    def close(self) -> None:
        """End its threads."""
        self._lanes.close()

    def _warm_up(self) -> None:
        example = self._described.example
        if example is None:
            return
        answer = self.answer_now(Asked(json.dumps(example).encode(), "application/json"))
        if answer.status != 200:
            raise NotServable(
                f"{_called(self.assigned)} does not answer its own input example:"
                f" {json.loads(answer.body)['message']}",
                remedy="Log it anew with an input example that it takes, or without one.",
            )

    def _merging(self, mode: Mode) -> tuple[MergeRules | None, str | None]:
        """The rules to merge by, and the form that answers must have; None: whichever."""
        rules = MergeRules.of_signature(self._described.inputs)
        if mode == "off" or (mode == "on" and rules is not None):
            return (rules if mode == "on" else None), None
        proved = proof(self._scorer, rules, self._described.example)
        if proved.reason is None:
            return rules, proved.form
        _logger.info("%s is asked without batching: %s", _called(self.assigned), proved.reason)
        return None, None

    def _together(self, parts: Sequence[Part]) -> list[Answer] | None:
        rows = self._scorer.rows(merged(parts))
        sizes = [len(part.rows) for part in parts]
        if rows is None or len(rows.values) != sum(sizes):
            return None
        if self._rows_form not in (None, rows.form):
            return None
        answers, start = [], 0
        for size in sizes:
            body = self._scorer.written(rows.values[start : start + size])
            answers.append(Answer(200, body))
            start += size
        return answers


def _called(assigned: Assigned) -> str:
    return f"{assigned.model} version {assigned.version}" if assigned.version else assigned.model
