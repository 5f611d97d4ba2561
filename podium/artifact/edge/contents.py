"""The files of an exported model."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from podium.artifact.edge.guide import Facts, guide
from podium.artifact.edge.score import score
from podium.artifact.scoring.compiled import CompiledScorer
from podium.artifact.scoring.opening import MODEL
from podium.artifact.scoring.proof import TOLERANCE, differences
from podium.documents import to_json
from podium.errors import PodiumError

_UNSEEN = "never seen in training"
Row = dict[str, Any]


def write_contents(folder: Path, facts: Facts, example: Sequence[Row]) -> None:
    """Write the files of an export into the empty `folder`; `example`: rows as callers send them.

    Raises PodiumError where the exported code does not answer its own example like the scorer.
    """
    rows = _with_rare_ones(example, facts.scorer)
    expected = _answers(facts.scorer, rows)
    code = resources.files("podium.artifact.edge").joinpath("score.py")
    (folder / MODEL).write_bytes(facts.model)
    (folder / "score.py").write_bytes(code.read_bytes())
    (folder / "README.md").write_text(guide(facts), encoding="utf-8")
    for name, document in (
        ("inputs", _inputs(facts.scorer)),
        ("example", rows),
        ("expected", expected),
    ):
        path = folder / f"{name}.json"
        path.write_text(to_json(document, indent=1) + "\n", encoding="utf-8")
    _check(facts, score(folder / MODEL, rows), expected)


def _with_rare_ones(example: Sequence[Row], scorer: CompiledScorer) -> list[Row]:
    """The example, its first row with all categories unknown, and a row with nothing at all."""
    names = [column.name for column in scorer.encoder.columns if column.categories is not None]
    unseen = [{**row, **dict.fromkeys(names, _UNSEEN)} for row in example[:1] if names]
    return [*example, *unseen, {}]


def _inputs(scorer: CompiledScorer) -> dict[str, Any]:
    """The model's metadata as one document."""
    columns = scorer.encoder.to_json()["columns"]
    return {"schema": 1, "columns": columns, "decision": scorer.decision.to_json()}


def _answers(scorer: CompiledScorer, rows: Sequence[Row]) -> list[Row]:
    columns = scorer.score_rows(rows)
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _check(facts: Facts, found: Sequence[Row], expected: Sequence[Row]) -> None:
    apart = differences(
        facts.scorer.decision.task, _scores(found), _scores(expected), facts.parity.scale
    )
    if (apart > TOLERANCE).any() or _decided(facts.scorer, found) != _decided(
        facts.scorer, expected
    ):
        raise PodiumError(
            f"The exported example answers otherwise than {facts.title}.",
            remedy="Nothing was written. Please report this with the model's features.json.",
        )


def _decided(scorer: CompiledScorer, answers: Sequence[Row]) -> list[Any]:
    """The labels of answers that are not close to another decision; of a regression none."""
    if scorer.decision.task == "regression":
        return []
    scores = _scores(answers)
    close = scorer.undecided(scores if scorer.decision.task == "multiclass" else scores[:, 0])
    return [a["prediction"] for a, near in zip(answers, close, strict=True) if not near]


def _scores(answers: Sequence[Row]) -> np.ndarray:
    """The numbers of each answer, without the label that comes first where there are more."""
    values = [list(answer.values()) for answer in answers]
    return np.array([row[1:] or row for row in values], dtype=float)
