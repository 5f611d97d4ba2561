"""Words that stand for a missing value."""

from __future__ import annotations

from typing import Any

import pandas as pd

from podium.artifact.scoring.values import numeric_values
from projects.scaffolding.holding import is_text

_IN_NUMBERS = {
    "?", "na", "n/a", "#n/a", "n.a.", "null", "none", "nan", "-", "--", ".", "missing", "unknown",
    "\\n", "nil", "*", "#value!", "not available",
}  # fmt: skip
_ANYWHERE = {"?", "#n/a", "\\n"}  # these are no category of anything
_NUMBERS_SHARE = 0.2  # of the values, so that the column is one of numbers


def missing_words(series: pd.Series[Any]) -> dict[str, int]:
    """The words of a column that stand for missing, as the table has them, and their rows.

    A word counts where all the rest are numbers; `?`, `#N/A` and `\\N` count anywhere.
    """
    if not is_text(series):
        return {}
    counts = series.dropna().value_counts()
    texts = pd.Series(counts.index.astype(str), dtype=object)
    odd = numeric_values(texts)[1]
    words = {text: int(n) for text, n, bad in zip(texts, counts, odd, strict=True) if bad}
    in_numbers = len(words) > 0 and all(map(is_missing_word, words))
    enough = counts.sum() - sum(words.values()) >= _NUMBERS_SHARE * counts.sum()
    if in_numbers and enough:
        return words
    return {word: rows for word, rows in words.items() if _plain(word) in _ANYWHERE}


def is_missing_word(text: str) -> bool:
    """Whether a text stands for missing where numbers are expected."""
    return _plain(text) in _IN_NUMBERS


def _plain(word: str) -> str:
    return word.strip().lower()
