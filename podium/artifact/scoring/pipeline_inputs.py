"""What a fitted pipeline is fed, read from the pipeline itself."""

from __future__ import annotations

from typing import Any

from .canonical import Canonicaliser
from .convert import MISSING_CATEGORY
from .encode import EncodedColumn, Encoder


def below_calibration(pipeline: Any) -> Any:
    """The pipeline itself, or the one that a CalibratedClassifierCV was put on top of."""
    if type(pipeline).__name__ != "CalibratedClassifierCV":
        return pipeline
    return pipeline.calibrated_classifiers_[0].estimator.estimator


def words_of(step: Any) -> Any:
    """The vectorizer of a text's step: the step itself, or the first one of a Pipeline."""
    return step[0] if type(step).__name__ == "Pipeline" else step


def encoder_of(canonicaliser: Canonicaliser, pipeline: Any) -> Encoder:
    """The encoder with the categories and terms that the preprocessing of `pipeline` knows.

    Raises ValueError where missing is not the first category of a column.
    """
    categories: dict[str, Any] = {}
    terms: dict[str, Any] = {}
    for name, step, columns in below_calibration(pipeline).named_steps["features"].transformers_:
        if name.startswith("text_"):
            terms[columns] = words_of(step).get_feature_names_out()
        elif hasattr(step, "categories_"):
            categories |= dict(zip(columns, step.categories_, strict=True))
    encoded: list[EncodedColumn] = []
    place = 0
    for column in canonicaliser.columns:
        known, words = categories.get(column.name), terms.get(column.name)
        if known is not None and known[0] != MISSING_CATEGORY:
            raise ValueError(f"the missing category of {column.name!r} is not its first")
        encoded.append(EncodedColumn(column, place, _texts(known), _texts(words)))
        place += encoded[-1].width
    return Encoder(tuple(encoded))


def _texts(values: Any) -> tuple[str, ...] | None:
    return None if values is None else tuple(map(str, values))
