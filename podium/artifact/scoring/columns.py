"""Steps that decide how many columns there are, on which compiled code relies unchecked."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from .errors import BrokenArtifact
from .trees import parts_of

_WORDS = CountVectorizer().get_params()


def check_columns(pipeline: Any) -> None:
    """Raises BrokenArtifact where a loaded step would fill a column that does not exist.

    Also where a step would read files or run a function, or search with a pattern of its own.
    """
    for part in parts_of(pipeline):
        if isinstance(part, CountVectorizer):
            _check_words(part)
        elif isinstance(part, OneHotEncoder):
            _check_one_hot(part)
        elif isinstance(part, TfidfTransformer):
            _require(np.ndim(getattr(part, "idf_", np.empty(0))) == 1, "weights of words")
        elif isinstance(part, FunctionTransformer):
            _require(part.func is None and part.inverse_func is None, "a function")
        elif isinstance(part, BaseHistGradientBoosting):
            _check_boosting(part)


def _check_words(words: Any) -> None:
    for name in ("input", "token_pattern", "tokenizer", "preprocessor"):
        _require(getattr(words, name) == _WORDS[name], f"words with another {name}")
    _require(words.analyzer in ("word", "char", "char_wb"), "words with another analyzer")
    if not hasattr(words, "vocabulary_"):
        return
    terms, places = words.vocabulary_, list(words.vocabulary_.values())
    _require(type(terms) is dict and all(type(term) is str for term in terms), "a vocabulary")
    _require(all(isinstance(place, (int, np.integer)) for place in places), "a vocabulary")
    _require(sorted(places) == list(range(len(terms))), "a vocabulary with impossible places")
    weights = getattr(getattr(words, "_tfidf", None), "idf_", None)
    _require(weights is None or np.shape(weights) == (len(terms),), "another number of weights")


def _check_one_hot(encoder: Any) -> None:
    """Infrequent and dropped categories would shift columns by numbers from the file."""
    if not hasattr(encoder, "categories_"):
        return
    shifted = encoder._infrequent_enabled or encoder._drop_idx_after_grouping is not None
    _require(not shifted and encoder.drop is None, "shifted one-hot columns")
    widths = [len(categories) for categories in encoder.categories_]
    _require(list(encoder._n_features_outs) == widths, "another number of one-hot columns")


def _check_boosting(model: Any) -> None:
    """With these, it takes a table of any width, and follows features that are not there."""
    _require(getattr(model, "_preprocessor", None) is None, "boosting with steps of its own")
    _require(not hasattr(model, "_in_fit"), "boosting that is not done")


def _require(holds: Any, what: str) -> None:
    if not holds:
        raise BrokenArtifact(f"it holds {what}, which we do not load")
