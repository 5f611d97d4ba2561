"""Which features a fitted model leans on, measured on validation rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring import Scorer
from podium.spec import Project
from projects.training.deciding import deciding_metric
from projects.training.fit import scores_of

_PERMUTATION_ROWS, _SHAP_ROWS, _FOREST_SHAP_ROWS, _REPEATS = 2_000, 2_000, 200, 3


@dataclass(frozen=True)
class Importance:
    """How much the deciding metric loses when a feature is shuffled, mean and spread."""

    names: tuple[str, ...]
    loss: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Shap:
    """Additive contributions (rows, features) beside the values (rows, features) they come from.

    Values of categories are their codes; `unit` is the scale of the contributions.
    """

    names: tuple[str, ...]
    contributions: np.ndarray
    values: np.ndarray
    unit: str


def permutation_importance(
    project: Project, scorer: Scorer, features: pd.DataFrame, y: np.ndarray, seed: int
) -> Importance:
    """Shuffle one feature at a time (at most 2,000 rows, 3 times) and measure what is lost."""
    features, y = _sample(features, y, _PERMUTATION_ROWS, seed)
    metric = deciding_metric(project)
    sign = 1.0 if metric.higher_is_better else -1.0
    whole = metric.compute(scores_of(scorer, features, y))
    generator = np.random.default_rng(seed)
    repeats = _REPEATS if features.shape[1] <= 60 else 1
    losses = np.empty((features.shape[1], repeats))
    for place, name in enumerate(features.columns):
        for repeat in range(repeats):
            order = generator.permutation(len(y))
            shuffled = features.assign(**{name: features[name].to_numpy()[order]})
            losses[place, repeat] = sign * (whole - metric.compute(scores_of(scorer, shuffled, y)))
    return Importance(tuple(features.columns), losses.mean(axis=1), losses.std(axis=1))


def shap_values(project: Project, scorer: Scorer, features: pd.DataFrame, seed: int) -> Shap | None:
    """SHAP values per feature of the table; several columns made of one feature are added up.

    XGBoost's own TreeSHAP, the exact linear formula coef·(x - mean), or the package `shap` for
    other trees where it is installed. None for calibrated models and where there is no way.
    Contributions of several classes are averaged as absolute values.
    """
    pipeline = scorer.pipeline
    if not hasattr(pipeline, "named_steps"):
        return None
    preprocessing, model = pipeline.named_steps["features"], pipeline.named_steps["model"]
    name = type(model).__name__
    slow = name.startswith(("RandomForest", "HistGradient"))
    rows = _FOREST_SHAP_ROWS if slow else _SHAP_ROWS
    sample, _ = _sample(features, np.zeros(len(features)), rows, seed)
    matrix = preprocessing.transform(sample)
    contributions = _contributions(model, matrix)
    if contributions is None:
        return None
    if contributions.ndim == 3:
        contributions = np.abs(contributions).mean(axis=1)
    owners = _owners(preprocessing, sample)
    by_feature = np.zeros((len(sample), sample.shape[1]))
    np.add.at(by_feature.T, owners, contributions.T)
    unit = "probability" if name.startswith("RandomForest") else "log-odds"
    unit = "the target's unit" if project.task == "regression" else unit
    return Shap(tuple(sample.columns), by_feature, _coded(sample), unit)


def _contributions(model: Any, matrix: Any) -> np.ndarray | None:
    """(rows, columns), or (rows, classes, columns) for several classes."""
    name = type(model).__name__
    if name.startswith("XGB"):
        import xgboost

        rounds = getattr(model, "best_iteration", None) if model.early_stopping_rounds else None
        span = (0, 0) if rounds is None else (0, rounds + 1)
        raw = model.get_booster().predict(
            xgboost.DMatrix(matrix), pred_contribs=True, iteration_range=span
        )
        return np.asarray(raw[..., :-1], dtype=np.float64)
    if hasattr(model, "coef_"):
        dense = matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)
        centred = dense - dense.mean(axis=0)
        coefficients = np.atleast_2d(model.coef_)
        if len(coefficients) == 1:
            return np.asarray(centred * coefficients[0])
        return np.asarray(centred[:, None, :] * coefficients[None, :, :])
    return _with_shap_package(model, matrix)


def _with_shap_package(model: Any, matrix: Any) -> np.ndarray | None:
    try:
        from shap import TreeExplainer
    except ImportError:
        return None
    values = np.asarray(TreeExplainer(model).shap_values(matrix, check_additivity=False))
    if values.ndim == 3:
        return values[:, :, 1] if values.shape[2] == 2 else values.transpose(0, 2, 1)
    return values


def _owners(preprocessing: Any, features: pd.DataFrame) -> np.ndarray:
    """For each column of the matrix, the place of the feature that it was made from."""
    places = {name: place for place, name in enumerate(features.columns)}
    owners = []
    for step, transformer, columns in preprocessing.transformers_:
        if step == "remainder":
            continue
        names = [columns] if isinstance(columns, str) else list(columns)
        owners += [places[name] for name in _made_of(step, transformer, names)]
    return np.array(owners, dtype=np.int64)


def _made_of(step: str, transformer: Any, names: list[str]) -> list[str]:
    if hasattr(transformer, "categories_") and hasattr(transformer, "drop_idx_"):
        pairs = zip(names, transformer.categories_, strict=True)
        return [name for name, categories in pairs for _ in categories]
    if hasattr(transformer, "named_steps") and "impute" in transformer.named_steps:
        indicator = transformer.named_steps["impute"].indicator_
        flagged = [] if indicator is None else [names[place] for place in indicator.features_]
        return [*names, *flagged]
    if step.startswith("text_"):
        return names * len(transformer.get_feature_names_out())
    return names


def _coded(features: pd.DataFrame) -> np.ndarray:
    columns = [
        pd.factorize(features[name], sort=True)[0]
        if features[name].dtype == object
        else features[name]
        for name in features.columns
    ]
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in columns])


def _sample(
    features: pd.DataFrame, y: np.ndarray, rows: int, seed: int
) -> tuple[pd.DataFrame, np.ndarray]:
    if len(features) <= rows:
        return features, y
    some = np.sort(np.random.default_rng(seed).choice(len(features), rows, replace=False))
    return features.iloc[some], y[some]
