"""The words that name a version."""

from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.evaluating.named import Named, NamedVersion, named_by

RUN = "0123456789abcdef" * 2


def read(word: str) -> Named:
    return NamedVersion().read(word, None, None)


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("3", Named(3)),
        ("latest", Named("latest")),
        ("@staging", Named("@staging")),
        ("models:/churn/12", Named(12, "churn")),
        ("models:/churn/latest", Named("latest", "churn")),
        ("models:/churn@night", Named("@night", "churn")),
        ("models:/a b.c%d/1", Named(1, "a b.c%d")),
        ("models:/who@home/2", Named(2, "who@home")),
        ("models:/3/4", Named(4, "3")),
        (RUN, Named(run_id=RUN)),
        (f"runs:/{RUN}", Named(run_id=RUN)),
    ],
)
def test_each_way_to_name_a_version_is_understood(word: str, named: Named) -> None:
    assert read(word) == named


@pytest.mark.parametrize(
    "word",
    [
        *("0", "03", "-1", "1.0", "v3", "@", "@a b", "Latest", "runs:/12", RUN[:-1], RUN.upper()),
        *("models:/", "models:/churn", "models:/churn/0", "models:/churn/v1", "models:/m-123"),
    ],
)
def test_other_words_are_refused_with_what_may_be_written(word: str) -> None:
    with pytest.raises(click.BadParameter, match=r"names no version\. Write models:/NAME/3"):
        read(word)


def test_an_empty_word_is_none() -> None:
    assert NamedVersion().convert("", None, None) is None


@given(
    name=st.text(st.characters(codec="utf-8", exclude_characters="/@:\n"), min_size=1),
    number=st.integers(1, 10**9 - 1),
)
def test_any_model_and_number_are_read_back(name: str, number: int) -> None:
    assert named_by(f"models:/{name}/{number}") == Named(number, name)


def test_uris_of_other_models_are_none_of_ours() -> None:
    for uri in ("runs:/12/model", "models:/m-0123", "s3://bucket/models:/churn/1", "churn/1"):
        assert named_by(uri) is None
