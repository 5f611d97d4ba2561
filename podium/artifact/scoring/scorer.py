"""The reference scorer: canonical values, then the scikit-learn pipeline, then the output table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import skops.io

from .any_scorer import AnyScorer, Form
from .canonical import Canonicaliser
from .errors import BrokenArtifact
from .manifest import CheckedFiles
from .output import Decision
from .pipeline_file import PIPELINE, PIPELINE_LIMIT_BYTES, load_pipeline
from .strict_json import read_json

T = TypeVar("T")
FEATURES, DECISION = "features.json", "decision.json"
JSON_LIMIT_BYTES = 64 << 20


@dataclass(frozen=True)
class Scorer(AnyScorer):
    """The reference: the scikit-learn pipeline itself."""

    canonicaliser: Canonicaliser
    decision: Decision
    pipeline: Any

    @classmethod
    def read(cls, files: CheckedFiles) -> Scorer:
        """Load pipeline, features and decision. Raises BrokenArtifact where one cannot be read."""
        return cls(
            _read(files, FEATURES, Canonicaliser.from_json),
            _read(files, DECISION, Decision.from_json),
            load_pipeline(files.read(PIPELINE, PIPELINE_LIMIT_BYTES)),
        )

    @classmethod
    def open(cls, folder: str | Path) -> Scorer:
        """The reference of an artifact's folder, whether or not it has a compiled form."""
        return cls.read(CheckedFiles.open(Path(folder)))

    def save(self, folder: Path) -> None:
        """Write pipeline, features and decision into `folder`, without a manifest."""
        skops.io.dump(self.pipeline, folder / PIPELINE)
        for name, document in (
            (FEATURES, self.canonicaliser.to_json()),
            (DECISION, self.decision.to_json()),
        ):
            (folder / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @property
    def form(self) -> Form:
        return "reference"

    def scores(self, features: pd.DataFrame) -> np.ndarray:
        if self.decision.task == "regression":
            return np.asarray(self.pipeline.predict(features), dtype=np.float64)
        probability = np.asarray(self.pipeline.predict_proba(features), dtype=np.float64)
        return probability[:, 1] if self.decision.task == "binary" else probability

    def scores_of(self, values: Mapping[str, Sequence[Any]], rows: int) -> np.ndarray:
        names = {column.name for column in self.canonicaliser.columns}
        given = {name: column for name, column in values.items() if name in names}
        series = {name: pd.Series(list(column), dtype=object) for name, column in given.items()}
        raw = pd.DataFrame(series, index=pd.RangeIndex(rows))
        return self.scores(self.canonicaliser.transform(raw))


def _read(files: CheckedFiles, name: str, from_json: Callable[[Mapping[str, Any]], T]) -> T:
    document = read_json(files.read(name, JSON_LIMIT_BYTES), name)
    try:
        return from_json(document)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BrokenArtifact(f"{name} cannot be read: {error!r}") from error
