"""Any MLflow model, whoever made it: opened, asked about many rows or a few, and understood."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import ModelInput, inputs_of, load_pyfunc
from podium.artifact.scoring.manifest import MANIFEST
from podium.evaluation import Scores
from podium.evaluation.scores import Task
from podium.spec.parts import Label
from projects.evaluating.inputs import fitted_to
from projects.evaluating.outputs import answers_to_scores
from projects.evaluating.own_code import DoesNotAnswer, OwnCode

__all__ = [
    "DoesNotAnswer",
    "Opened",
    "already_open",
    "answers_to_scores",
    "open_model",
    "scores_of",
]


@dataclass(frozen=True, eq=False)
class Opened:
    """A loaded model.

    scorer: what Podium's own artifacts answer with, by the code that they ship; else None.
    inputs: the columns that the model asks for by name: in its signature or, without one, those
    that a scikit-learn model was fitted on; else None. load_seconds: how long the loading took,
    with the imports that it needed.
    """

    folder: Path
    model: Any
    scorer: Any | None
    inputs: tuple[ModelInput, ...] | None
    load_seconds: float
    code: OwnCode = field(repr=False)

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns that the model asks for by name; None where it does not say."""
        return None if self.inputs is None else tuple(each.name for each in self.inputs)

    @property
    def positive(self) -> Label | None:
        """The label that the probability of one of Podium's binary artifacts is of."""
        if self.scorer is None or self.scorer.decision.task != "binary":
            return None
        label: Label = self.scorer.decision.labels[1]
        return label

    def answers(self, frame: pd.DataFrame, features: Sequence[str]) -> Any:
        """What the model answers about the rows of `frame`, in one call; see `answers_to_scores`.

        features: the columns given to a model that does not say which it takes. Values that
        Podium's artifacts would refuse are missing to them, as they were in training. Raises
        DoesNotAnswer for whatever goes wrong.
        """
        with self.code.running(f"answering {len(frame):,} rows"):
            if self.scorer is None:
                return self.model.predict(self._table(frame, features))
            frame = frame.reset_index(drop=True)
            canonical, _ = self.scorer.canonicaliser.transform_tolerantly(frame)
            if not len(canonical):
                return self.scorer.score(frame)
            return self.scorer.decision.table(self.scorer.scores(canonical), canonical.index)

    def requests(
        self, frame: pd.DataFrame, size: int, features: Sequence[str]
    ) -> list[Callable[[], Any]]:
        """Requests for `size` rows of `frame` each, all conversion done: Podium's artifacts get
        plain rows, as from JSON, and others a table, which MLflow checks. To be called within
        `code.running`. Raises DoesNotAnswer.
        """
        starts = range(0, len(frame) - size + 1, size)
        with self.code.running("taking rows"):
            if self.scorer is None:
                table = self._table(frame, features)
                tables = [table.iloc[start : start + size] for start in starts]
                return [partial(self.model.predict, each) for each in tables]
            wanted = frame.reindex(columns=list(self.columns or ())).reset_index(drop=True)
            rows = _plain_rows(example_of(self.scorer, wanted))
            return [partial(self.scorer.score_rows, rows[start : start + size]) for start in starts]

    def load_again(self) -> None:
        """Load the model once more, and let go of it."""
        with self.code.running("loading again"):
            load_pyfunc(self.folder)

    def _table(self, frame: pd.DataFrame, features: Sequence[str]) -> pd.DataFrame:
        if self.inputs is not None:
            return fitted_to(self.inputs, frame)
        return fitted_to([ModelInput(name, "any") for name in features], frame)


def open_model(folder: Path) -> Opened:
    """Load the MLflow model in `folder` by the code that came with it.

    That code runs in this process. Raises DoesNotAnswer where it does not load.
    """
    code = OwnCode(folder)
    with code.running("loading"):
        start = time.perf_counter()
        model = load_pyfunc(code.folder)
        seconds = time.perf_counter() - start
        return _understood(model, code, code.folder, seconds)


def already_open(model: Any, folder: Path, nowhere: Path) -> Opened:
    """A model that was loaded before: by MLflow, or whatever else has `predict(table)`.

    folder: a copy of its files where there is one, else `nowhere`, an empty folder. Raises
    DoesNotAnswer.
    """
    code = OwnCode(nowhere)  # its modules are the process's by now
    with code.running("being looked at"):
        return _understood(model, code, folder, 0.0)


def _understood(model: Any, code: OwnCode, folder: Path, seconds: float) -> Opened:
    raw = _raw_model(model)
    scorer = raw if (folder / MANIFEST).is_file() and _is_scorer(raw) else None
    named = inputs_of(model) if hasattr(model, "metadata") else None
    return Opened(folder, model, scorer, named or _fitted_on(raw), seconds, code)


def scores_of(
    opened: Opened,
    task: Task,
    labels: Sequence[Label],
    y: np.ndarray,
    frame: pd.DataFrame,
    features: Sequence[str],
) -> Scores:
    """What a model says about the rows of `frame`, whose targets are `y`.

    Raises DoesNotAnswer.
    """
    output = opened.answers(frame, features)
    return answers_to_scores(task, labels, y, output, positive=opened.positive)


def _raw_model(model: Any) -> Any:
    try:
        return model.get_raw_model()
    except (NotImplementedError, AttributeError):  # served elsewhere, or a plain function
        return None


def _is_scorer(raw: Any) -> bool:
    return all(hasattr(raw, name) for name in ("canonicaliser", "decision", "scores", "score_rows"))


def _fitted_on(raw: Any) -> tuple[ModelInput, ...] | None:
    names = getattr(raw, "feature_names_in_", None)
    return None if names is None else tuple(ModelInput(str(name), "any") for name in names)


def _plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as JSON would give them: null for missing."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
