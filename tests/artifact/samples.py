"""Real fitted scorers, small and quick, and the tables that they take."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from podium.artifact.scoring import Canonicaliser, Decision, InputColumn, Scorer

COLUMNS = (
    InputColumn("distance", "numeric"),
    InputColumn("gate", "numeric"),
    InputColumn("carrier", "categorical"),
    InputColumn("at", "datetime", ("month", "weekday", "hour")),
)
NUMBERS = ["distance", "gate", "at_month", "at_weekday", "at_hour"]
CATEGORIES = np.array(["", "7", "AA", "UA", "true"], dtype=object)
CANONICALISER = Canonicaliser(COLUMNS)


def raw_table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    """Rows as a caller would send them, some of them missing."""
    rng = np.random.default_rng(seed)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 8760, rows), unit="h")
    distance = rng.uniform(0, 5000, rows)
    return pd.DataFrame(
        {
            "distance": np.where(rng.random(rows) < 0.1, np.nan, distance),
            "gate": rng.integers(0, 40, rows).astype(float),
            "carrier": pd.Series(rng.choice(["AA", "UA", "7", ""], rows), dtype=object),
            "at": pd.Series([f"{stamp.isoformat()}Z" for stamp in at], dtype=object),
        }
    )


def target_of(raw: pd.DataFrame, classes: int = 2) -> np.ndarray:
    """Class indices that depend on distance and carrier."""
    distance = raw["distance"].fillna(2500).to_numpy()
    by_carrier = raw["carrier"].map({"AA": 1500, "UA": 0, "7": -1500, "": 0}).to_numpy(float)
    bounds = np.linspace(0, 5000, classes + 1)[1:-1]
    return np.digitize(distance + by_carrier, bounds)


def preprocessing(*, one_hot: bool = False) -> ColumnTransformer:
    """Numbers as they are, categories in the given order."""
    encoder: Any = OneHotEncoder(categories=[CATEGORIES], handle_unknown="ignore")
    if not one_hot:
        encoder = OrdinalEncoder(
            categories=[CATEGORIES], handle_unknown="use_encoded_value", unknown_value=-1
        )
    return ColumnTransformer(
        [("numeric", "passthrough", NUMBERS), ("categorical", encoder, ["carrier"])],
        sparse_threshold=0.0,
    )


def fitted_pipeline(model: Any, classes: int = 2, rows: int = 200) -> Pipeline:
    """A pipeline around `model`, fitted on `raw_table`."""
    raw = raw_table(rows)
    pipeline = Pipeline([("features", preprocessing()), ("model", model)])
    return pipeline.fit(CANONICALISER.transform(raw), target_of(raw, classes))


@cache
def boosted() -> Scorer:
    """Binary, with the labels "on time" and "late"."""
    model = HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=7, random_state=0)
    decision = Decision("binary", ("on time", "late"), 0.4)
    return Scorer(CANONICALISER, decision, fitted_pipeline(model))


@cache
def forest() -> Scorer:
    """Three classes with the labels 1, 2 and 3."""
    model = RandomForestClassifier(5, max_depth=3, random_state=0)
    decision = Decision("multiclass", (1, 2, 3))
    return Scorer(CANONICALISER, decision, fitted_pipeline(model, classes=3))


@cache
def regressor() -> Scorer:
    """Predicts a number."""
    model = HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=7, random_state=0)
    return Scorer(CANONICALISER, Decision("regression"), fitted_pipeline(model))


@cache
def xgboosted() -> Scorer:
    """Binary, with the labels False and True."""
    from xgboost import XGBClassifier

    model = XGBClassifier(n_estimators=5, max_depth=3, random_state=0, n_jobs=1)
    return Scorer(CANONICALISER, Decision("binary", (False, True), 0.5), fitted_pipeline(model))


@cache
def calibrated() -> Scorer:
    """XGBoost below CalibratedClassifierCV and FrozenEstimator."""
    raw = raw_table(seed=1)
    model = CalibratedClassifierCV(FrozenEstimator(xgboosted().pipeline), method="isotonic")
    model.fit(CANONICALISER.transform(raw), target_of(raw))
    return Scorer(CANONICALISER, Decision("binary", (0, 1), 0.5), model)


@cache
def linear() -> Scorer:
    """One number, no categories."""
    canonicaliser = Canonicaliser((InputColumn("gate", "numeric"),))
    raw = raw_table()
    model = LogisticRegression().fit(canonicaliser.transform(raw), target_of(raw))
    return Scorer(canonicaliser, Decision("binary", (0, 1), 0.5), model)
