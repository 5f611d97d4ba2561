"""Text and one-hot steps whose columns are not those that they announce."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

from podium.artifact.scoring import BrokenArtifact
from podium.artifact.scoring.pipeline_file import load_pipeline

_TEXTS = ["late fog", "on time", "late gate", "fog fog"]


def _words(edit: Callable[[Any], None] = lambda _: None) -> bytes:
    words = TfidfVectorizer(max_features=4).fit(_TEXTS)
    svd = TruncatedSVD(2).fit(words.transform(_TEXTS))
    edit(words)
    return skops.io.dumps(Pipeline([("words", words), ("svd", svd)]))  # type: ignore[no-any-return]


def _one_hot(edit: Callable[[Any], None] = lambda _: None, **params: Any) -> bytes:
    encoder = OneHotEncoder(**params).fit([["a"], ["b"], ["b"]])
    edit(encoder)
    return skops.io.dumps(encoder)  # type: ignore[no-any-return]


def test_honest_steps_are_loaded() -> None:
    assert load_pipeline(_words()).transform(["late fog"]).shape == (1, 2)
    assert load_pipeline(_one_hot()).transform([["b"]]).toarray().tolist() == [[0.0, 1.0]]
    load_pipeline(skops.io.dumps(OneHotEncoder()))
    load_pipeline(skops.io.dumps(TfidfVectorizer()))


@pytest.mark.parametrize("place", [10**9, 4, -1, 0.0, True, "0", None, [0], np.array([0, 1])])
def test_a_vocabulary_that_points_elsewhere_is_refused(place: Any) -> None:
    def edit(words: Any) -> None:
        words.vocabulary_[next(iter(words.vocabulary_))] = place

    with pytest.raises(BrokenArtifact, match=r"pipeline.skops cannot be loaded: .*a vocabulary"):
        load_pipeline(_words(edit))


def test_two_words_in_one_place_are_refused() -> None:
    def edit(words: Any) -> None:
        words.vocabulary_ = dict.fromkeys(words.vocabulary_, 0)

    with pytest.raises(BrokenArtifact, match="a vocabulary with impossible places"):
        load_pipeline(_words(edit))


@pytest.mark.parametrize("vocabulary", [{1: 0}, {"late": 0, 2.5: 1}, ["late"], "late", None])
def test_a_vocabulary_of_something_else_than_words_is_refused(vocabulary: Any) -> None:
    with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded"):
        load_pipeline(_words(lambda words: vars(words).update(vocabulary_=vocabulary)))


@pytest.mark.parametrize("idf", [np.ones(3), np.ones(5), np.ones((4, 1)), np.ones(0)])
def test_another_number_of_weights_is_refused(idf: np.ndarray) -> None:
    with pytest.raises(BrokenArtifact, match="weights"):
        load_pipeline(_words(lambda words: vars(words._tfidf).update(idf_=idf)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("input", "filename"),
        ("input", "file"),
        ("token_pattern", "(a+)+$"),
        ("tokenizer", str),
        ("preprocessor", str),
        ("analyzer", str),
    ],
)
def test_words_that_would_open_files_or_run_something_are_refused(name: str, value: Any) -> None:
    with pytest.raises(BrokenArtifact, match=f"words with another {name}"):
        load_pipeline(_words(lambda words: vars(words).update({name: value})))


def test_a_function_is_refused() -> None:
    with pytest.raises(BrokenArtifact, match="a function"):
        load_pipeline(skops.io.dumps(FunctionTransformer(np.float64)))


def _shrink(encoder: Any) -> None:
    encoder._n_features_outs = [1]


def _grow(encoder: Any) -> None:
    encoder._n_features_outs = [10**9]


def _map(encoder: Any) -> None:
    encoder._infrequent_enabled = True
    encoder._default_to_infrequent_mappings = [np.array([10**9, 0])]


def _drop(encoder: Any) -> None:
    encoder._drop_idx_after_grouping = np.array([-5], dtype=object)


def _forget(encoder: Any) -> None:
    del encoder._n_features_outs


@pytest.mark.parametrize("edit", [_shrink, _grow, _map, _drop, _forget])
def test_one_hot_columns_that_do_not_exist_are_refused(edit: Callable[[Any], None]) -> None:
    with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded"):
        load_pipeline(_one_hot(edit))


def test_the_index_that_is_refused_would_have_been_followed() -> None:
    """Without the check, scikit-learn hands the index on: the reason for the check."""
    words = TfidfVectorizer(max_features=4, use_idf=False).fit(_TEXTS)
    words.vocabulary_["late"] = 10**9
    assert words.transform(["late"]).indices.tolist() == [10**9]
