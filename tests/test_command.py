"""Parameter types that several commands share."""

from __future__ import annotations

from datetime import timedelta

import click
import pytest

from podium.command import Choices, Length


@pytest.mark.parametrize(
    ("text", "length"),
    [("90s", timedelta(seconds=90)), ("1.5h", timedelta(minutes=90)), ("", None)],
)
def test_a_length_of_time_is_read(text: str, length: timedelta | None) -> None:
    assert Length().convert(text, None, None) == length


@pytest.mark.parametrize("text", ["5", "soon", "-3m", "0s"])
def test_what_is_no_length_of_time_is_refused_with_what_is_one(text: str) -> None:
    with pytest.raises(click.BadParameter, match=r"30m|no time at all"):
        Length().convert(text, None, None)


def test_several_words_are_read_each_once() -> None:
    words = Choices("xgboost", "linear", "random_forest")
    assert words.convert("xgboost, linear,xgboost", None, None) == ("xgboost", "linear")
    assert words.convert("", None, None) is None


@pytest.mark.parametrize("text", ["xgbost", "linear,", "linear;xgboost"])
def test_a_word_that_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not known"):
        Choices("xgboost", "linear").convert(text, None, None)
