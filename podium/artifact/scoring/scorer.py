"""The reference scorer: canonical values, then the scikit-learn pipeline, then the output table."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import skops.io

from .canonical import Canonicaliser
from .errors import BrokenArtifact
from .manifest import verify_manifest
from .output import Decision
from .trees import check_trees

T = TypeVar("T")
PIPELINE, FEATURES, DECISION = "pipeline.skops", "features.json", "decision.json"

# Beyond the scikit-learn, numpy and scipy types that skops itself trusts.
ALLOWED_TYPES = (
    "numpy.dtype",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


@dataclass(frozen=True)
class Scorer:
    """Scores raw tables. Also what MLflow's pyfunc flavour calls."""

    canonicaliser: Canonicaliser
    decision: Decision
    pipeline: Any

    @classmethod
    def open(cls, folder: str | Path, *, compiled: bool = False) -> Scorer:
        """Check the files of an artifact's folder against its manifest and load them.

        `compiled`: as in `verify_manifest`.
        Raises BrokenArtifact where a file is not the one that was logged, or cannot be read.
        """
        folder = Path(folder)
        verify_manifest(folder, compiled=compiled)
        return cls(
            _read(folder / FEATURES, Canonicaliser.from_json),
            _read(folder / DECISION, Decision.from_json),
            load_pipeline(folder / PIPELINE),
        )

    def save(self, folder: Path) -> None:
        """Write pipeline, features and decision into `folder`, without a manifest."""
        skops.io.dump(self.pipeline, folder / PIPELINE)
        for name, document in (
            (FEATURES, self.canonicaliser.to_json()),
            (DECISION, self.decision.to_json()),
        ):
            (folder / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    def scores(self, features: pd.DataFrame) -> np.ndarray:
        """Probability of the positive (n,), of each class (n, k), or predicted numbers (n,)."""
        if self.decision.task == "regression":
            return np.asarray(self.pipeline.predict(features), dtype=np.float64)
        probability = np.asarray(self.pipeline.predict_proba(features), dtype=np.float64)
        return probability[:, 1] if self.decision.task == "binary" else probability

    def score(self, raw: pd.DataFrame) -> pd.DataFrame:
        """The output table of a table of raw values. Raises InvalidValue for what it refuses."""
        features = self.canonicaliser.transform(raw)
        if not len(features):
            width = len(self.decision.labels)
            shape = (0, width) if self.decision.task == "multiclass" else (0,)
            return self.decision.table(np.empty(shape), raw.index)
        return self.decision.table(self.scores(features), raw.index)

    def predict(self, raw: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """MLflow's entrance: like `score`. There are no parameters; `params` must be empty."""
        if params:
            raise ValueError(f"this model takes no parameters; got {', '.join(sorted(params))}")
        table = raw if isinstance(raw, pd.DataFrame) else pd.DataFrame(raw)
        names = [column.name for column in self.canonicaliser.columns]
        if names and not set(names) & set(table.columns):  # MLflow loses such rows before us
            raise ValueError(f"none of the model's columns was sent; they are {', '.join(names)}")
        return self.score(table)

    def get_raw_model(self) -> Scorer:
        """What `PyFuncModel.get_raw_model` gives: a way past MLflow's own checks of types."""
        return self


def _read(file: Path, from_json: Callable[[Mapping[str, Any]], T]) -> T:
    try:
        return from_json(json.loads(file.read_bytes()))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BrokenArtifact(f"{file.name} cannot be read: {error!r}") from error


def load_pipeline(file: Path) -> Any:
    """Load a pipeline that holds nothing but allowed types. Raises BrokenArtifact otherwise."""
    try:
        pipeline = skops.io.load(file, trusted=list(ALLOWED_TYPES))
    except Exception as error:
        raise BrokenArtifact(f"{file.name} cannot be loaded: {error}") from error
    check_trees(pipeline)
    return pipeline
