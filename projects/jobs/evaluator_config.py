"""What `evaluator_config={"podium": ...}` asks for, refused where it cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from podium.errors import UsageError, did_you_mean
from podium.evaluation import DEFAULT_METRIC, is_metric, metric_names
from podium.spec.parts import Declared, Gate, Label, Task
from podium.spec.problems import problem_sentences

WHERE = 'evaluator_config["podium"]'
_OF_GATE = tuple(name for name in Gate.model_fields if name not in ("metric", "on_inconclusive"))


class EvaluatorConfig(Declared):
    """The keys besides those of the gate, which stand beside them.

    champion: any URI of a model; None: the best constant answer. use: the how-many-th verdict on
    these rows it is. positive: which of two labels counts as 1. group: the column whose equal
    values make rows one draw. task: as model type and labels tell, where it is None.
    """

    champion: str | None = Field(default=None, min_length=1)
    metric: str | None = Field(default=None, min_length=1)
    metrics: tuple[str, ...] = Field(default=(), strict=False)
    use: int = Field(default=1, ge=1)
    positive: Label | None = None
    group: str | None = None
    task: Task | None = None
    gate: Gate = Gate()

    def metrics_for(self, task: Task) -> tuple[str, ...]:
        """The deciding metric, and the others. Raises UsageError for what is none of the task."""
        named = [("metric", self.metric)] if self.metric is not None else []
        named += [("metrics", name) for name in self.metrics]
        known = metric_names(task)
        problems = [
            f"{key}: {name!r} is not a {task} metric. {did_you_mean(name, known)}".strip()
            for key, name in named
            if not is_metric(task, str(name))
        ]
        problems += [
            f"minimums: {name!r} is not a {task} metric. {did_you_mean(name, known)}".strip()
            for name in self.gate.minimums
            if not is_metric(task, name)
        ]
        refuse(problems)
        return tuple(dict.fromkeys((self.metric or DEFAULT_METRIC[task], *self.metrics)))


KNOWN = tuple(sorted({*EvaluatorConfig.model_fields, *_OF_GATE} - {"gate"}))


def read_config(raw: Mapping[str, Any]) -> EvaluatorConfig:
    """Raises UsageError that names every key that is unknown or wrong."""
    plain = {key: _plain(value) for key, value in raw.items()}
    problems = [
        f"{key}: unknown key. {did_you_mean(key, KNOWN)}".strip()
        for key in plain
        if key not in KNOWN
    ]
    gate = {key: value for key, value in plain.items() if key in _OF_GATE}
    own = {key: value for key, value in plain.items() if key in KNOWN and key not in gate}
    problems += [*_problems(Gate, gate), *_problems(EvaluatorConfig, own)]
    refuse(problems)
    return EvaluatorConfig(**own, gate=Gate(**gate))


def refuse(problems: list[str]) -> None:
    """Raises UsageError where there are any."""
    if problems:
        raise UsageError(
            f"{WHERE}: {'; '.join(problems)}",
            remedy="The keys are those of docs/evaluation.md, “From Python”.",
        )


def _problems(part: type[Declared], raw: Mapping[str, Any]) -> Iterator[str]:
    try:
        part.model_validate(dict(raw))
    except ValidationError as error:
        yield from problem_sentences(error, raw)


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value
