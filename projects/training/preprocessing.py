"""From canonical features to the matrix that an estimator takes: scikit-learn classes only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring import Canonicaliser
from podium.artifact.scoring.pipeline_inputs import words_of
from podium.artifact.scoring.values import MISSING_CATEGORY
from podium.errors import DataError
from projects.training.estimators import EstimatorKind

_TEXT_FEATURES = 50_000
_TEXT_COMPONENTS = 64


def build_preprocessing(
    kind: EstimatorKind, canonicaliser: Canonicaliser, train: pd.DataFrame, seed: int
) -> Any:
    """An unfitted ColumnTransformer for the feature table `train`.

    Categories are listed explicitly with the missing one first, so that missing and unseen
    categories keep different codes even where training had no missing value. Numbers that are
    missing throughout are left out. Raises DataError for a text column that holds no words.
    """
    from sklearn.compose import ColumnTransformer

    numbers = [n for c in canonicaliser.columns if _is_number(c.kind) for n in c.features]
    numbers = [n for n in numbers if train[n].notna().any()]  # not all estimators take the others
    categories = [c.name for c in canonicaliser.columns if c.kind == "categorical"]
    texts = [c.name for c in canonicaliser.columns if c.kind == "text"]
    steps: list[tuple[str, Any, Any]] = []
    if numbers:
        steps.append(("numeric", "passthrough" if kind.dense_codes else _scaled(), numbers))
    if categories:
        encoder = _encoder(kind, [_categories(train[name]) for name in categories])
        steps.append(("categorical", encoder, categories))
    for place, name in enumerate(texts):  # scikit-learn takes no `__` in the name of a step
        steps.append((f"text_{place}", _text(kind, train[name], seed), name))
    if not steps:
        raise DataError("No feature has a value in the training rows.")
    dense = kind.dense_codes or not (categories or texts)
    return ColumnTransformer(steps, sparse_threshold=0.0 if dense else 1.0)


def plain_vocabularies(fitted: Any) -> None:
    """Make the places in fitted vocabularies plain integers: skops writes a file for each of
    numpy's, which takes a minute where there are many words.
    """
    for name, step, _ in fitted.transformers_:
        if name.startswith("text_"):
            words = words_of(step)
            words.vocabulary_ = {term: int(place) for term, place in words.vocabulary_.items()}


def _is_number(kind: str) -> bool:
    return kind in ("numeric", "datetime")


def _scaled() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    impute = SimpleImputer(strategy="median", add_indicator=True)
    return Pipeline([("impute", impute), ("scale", StandardScaler())])


def _categories(column: pd.Series[str]) -> np.ndarray:
    seen = np.unique(column.to_numpy().astype(str))
    return np.concatenate([[MISSING_CATEGORY], seen[seen != MISSING_CATEGORY]]).astype(object)


def _encoder(kind: EstimatorKind, categories: list[np.ndarray]) -> Any:
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if kind.dense_codes:
        return OrdinalEncoder(
            categories=categories, handle_unknown="use_encoded_value", unknown_value=-1
        )
    return OneHotEncoder(categories=categories, handle_unknown="ignore")


def _text(kind: EstimatorKind, column: pd.Series[str], seed: int) -> Any:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import Pipeline

    words = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=_TEXT_FEATURES, dtype=np.float64
    )
    terms = _count_terms(words.build_analyzer(), column)
    if not terms:
        raise DataError(
            f"The text column {column.name!r} holds no words in the training rows.",
            remedy="Declare it as categorical, or leave it out of features.text.",
        )
    if not kind.dense_codes or terms == 1:
        return words
    reduce = TruncatedSVD(min(_TEXT_COMPONENTS, terms), random_state=seed)
    return Pipeline([("words", words), ("components", reduce)])


def _count_terms(analyse: Callable[[str], list[str]], column: pd.Series[str]) -> int:
    """How many different terms there are, counted no further than the components need."""
    terms: set[str] = set()
    for text in column:
        terms.update(analyse(text))
        if len(terms) >= _TEXT_COMPONENTS:
            break
    return len(terms)
