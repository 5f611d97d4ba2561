"""Fitted scorers of every kind, the rows that their compiled forms are proved on, and ONNX."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import onnx
import pandas as pd
from onnx import numpy_helper
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from xgboost import XGBClassifier

from podium.artifact.compiling import compile_pipeline
from podium.artifact.parity import RealRows
from podium.artifact.scoring import Canonicaliser, Decision, Scorer
from podium.artifact.scoring.compiled import CompiledScorer
from tests.artifact.samples import CANONICALISER, CATEGORIES, NUMBERS, raw_table, target_of
from tests.training.made import MIXED_FEATURES, fitted_of, mixed, project_of

TASKS = ("binary", "multiclass", "regression")
ROWS = 240
TINY: dict[str, dict[str, Any]] = {
    "xgboost": {"n_estimators": 10, "n_jobs": 1},
    "hist_gradient_boosting": {"max_iter": 10, "max_leaf_nodes": 8},
    "random_forest": {"n_estimators": 10, "n_jobs": 1},
    "linear": {},
}
FEATURES: dict[str, dict[str, Any]] = {
    "numeric": {"numeric": ["number", "other"]},
    "mixed": {key: names for key, names in MIXED_FEATURES.items() if key != "text"},
    "text": MIXED_FEATURES,
}
_WORDS = ["aria", "bolt", "crane", "delta", "ember", "fjord", "grove", "haven", "inlet", "kiosk"]


def table(task: str, rows: int = ROWS) -> pd.DataFrame:
    """`mixed`, with one number more, and texts of which hardly two are the same."""
    frame, draw = mixed(task, rows), np.random.default_rng(8)
    more = [" ".join(draw.choice(_WORDS, draw.integers(3, 9))) for _ in range(rows)]
    words = [f"{text} {added}" for text, added in zip(frame["words"], more, strict=True)]
    known = frame["words"].notna()
    return frame.assign(
        words=pd.Series(words, dtype=object).where(known, None), other=draw.gamma(2, 50, rows)
    )


@cache
def fitted(estimator: str, task: str, features: str) -> tuple[Scorer, RealRows]:
    """What training makes of `table`, and its holdout rows."""
    project = project_of(
        task, estimator=estimator, params=TINY[estimator], features=FEATURES[features]
    )
    made, data, parts = fitted_of(project, table(task))
    held = parts.holdout
    return made.scorer, RealRows.of(made.scorer, data.features.iloc[held], data.raw.iloc[held])


def calibrated(scorer: Scorer, rows: RealRows, method: str) -> Scorer:
    """The same below a calibration, as training makes it."""
    draw, classes = np.random.default_rng(1), len(scorer.decision.labels)
    decided = scorer.decision.decide(scorer.scores(rows.features))
    noisy = np.where(
        draw.random(len(decided)) < 0.1, draw.integers(0, classes, len(decided)), decided
    )
    y = np.concatenate([noisy[classes:], np.arange(classes)])  # each class comes
    model = CalibratedClassifierCV(FrozenEstimator(scorer.pipeline), method=method)
    return replace(scorer, pipeline=model.fit(rows.features, y))


def around(
    steps: list[tuple[str, Any, Any]] | None,
    model: Any,
    classes: int = 2,
    kind: str = "categorical",
    *,
    shift: float = 0.0,
    unseen: str | None = None,
    sparse_threshold: float = 0.0,
) -> Scorer:
    """A scorer of `raw_table` with those steps (or the usual ones) before `model`.

    `kind`: of its column `carrier`. `shift`: added to distances. `unseen`: a carrier of some rows
    in place of one that the steps know.
    """
    if steps is None:
        steps = [("numeric", "passthrough", NUMBERS), ("categorical", ordinal(), ["carrier"])]
    columns = tuple(
        replace(c, kind=kind) if c.name == "carrier" else c for c in CANONICALISER.columns
    )
    canonicaliser = Canonicaliser(columns)
    raw = raw_table().fillna({"distance": 1.0})
    y = target_of(raw, classes)
    raw["distance"] += shift
    raw["carrier"] = raw["carrier"].where(raw["carrier"] != "AA", unseen or "AA")
    prepare = ColumnTransformer(steps, sparse_threshold=sparse_threshold)
    pipeline = Pipeline([("features", prepare), ("model", model)])
    pipeline.fit(canonicaliser.transform(raw), y)
    decision = (
        Decision("multiclass", (0, 1, 2)) if classes == 3 else Decision("binary", (0, 1), 0.5)
    )
    return Scorer(canonicaliser, decision, pipeline)


def ordinal(**keys: Any) -> OrdinalEncoder:
    """Codes of carriers, unless `keys` say otherwise."""
    unknown = {"handle_unknown": "use_encoded_value", "unknown_value": -1}
    return OrdinalEncoder(**{"categories": [CATEGORIES], **unknown, **keys})


def boosted(**keys: Any) -> XGBClassifier:
    """Five rounds of XGBoost, not fitted yet."""
    return XGBClassifier(n_estimators=5, n_jobs=1, random_state=0, **keys)


def one_after_another(*steps: Any) -> Pipeline:
    """A pipeline of steps without names."""
    return Pipeline([(str(place), step) for place, step in enumerate(steps)])


def rows_of(scorer: Scorer, raw: pd.DataFrame) -> RealRows:
    """Real rows for a scorer of `tests.artifact.samples`."""
    return RealRows.of(scorer, scorer.canonicaliser.transform(raw), raw)


def compiled_of(scorer: Scorer) -> CompiledScorer:
    """The compiled scorer that the artifact of `scorer` would give."""
    return CompiledScorer.load(scorer, compile_pipeline(scorer).model)


def edited(model: bytes, change: Callable[[Any], None]) -> bytes:
    """The ONNX model after `change` was made to its protobuf."""
    proto = onnx.ModelProto.FromString(model)
    change(proto)
    return bytes(proto.SerializeToString())


def trees_of(proto: Any) -> Any:
    """The one tree ensemble of a model."""
    return next(n for n in proto.graph.node if n.op_type == "TreeEnsembleRegressor")


def attribute(node: Any, name: str) -> Any:
    """The one attribute of that name."""
    return next(each for each in node.attribute if each.name == name)


def tensor_of(proto: Any, name: str) -> np.ndarray:
    """The values of a constant."""
    found = next(each for each in proto.graph.initializer if each.name == name)
    return np.array(numpy_helper.to_array(found))


def replace_tensor(proto: Any, name: str, values: np.ndarray) -> None:
    """Give a constant other values."""
    found = next(each for each in proto.graph.initializer if each.name == name)
    found.CopyFrom(numpy_helper.from_array(values, name))
