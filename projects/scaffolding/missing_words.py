"""Words that stand for a missing value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
_CATEGORY_SHARE = 0.01  # of the rows: a word that is there more often is a category
_SHOWN = 30


@dataclass(frozen=True)
class Missing:
    """The `words` to declare as missing, and sentences on these and on those that are not."""

    words: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


def words_for_missing(frame: pd.DataFrame, target: str) -> Missing:
    """The words that stand for missing in the columns of `frame`, wherever they may be declared.

    A declared word is missing in every column. So none is a label of the `target`, and none but
    `?`, `#N/A` and `\\N` is in more than 1 % of the rows of a column that has other categories.
    """
    texts = {str(name): frame[name] for name in frame.columns if is_text(frame[name])}
    labels = texts.pop(target, None)
    wanted = {name: found for name in texts if (found := missing_words(texts[name]))}
    words = sorted({word for found in wanted.values() for word in found})
    why = list(_odd_labels(labels)) if labels is not None else []
    declared = []
    for word in words:
        kept = _kept_by(word, texts, wanted, labels)
        if not kept:
            declared.append(word)
            continue
        of = ", ".join(name for name, found in wanted.items() if word in found)
        why.append(f"{word!r} is not declared as missing, though it seems so in {of}: {kept}")
    if declared:
        why.insert(0, _declared_words(declared, texts))
    return Missing(tuple(declared), tuple(why))


def _kept_by(
    word: str,
    texts: dict[str, pd.Series[Any]],
    wanted: dict[str, dict[str, int]],
    labels: pd.Series[Any] | None,
) -> str:
    """Why `word` is kept as it is, as the end of a sentence; empty where it may be missing."""
    if labels is not None and (labels == word).any():
        return "it is a label of the target"
    if _plain(word) in _ANYWHERE:
        return ""
    for name, series in texts.items():
        rows = int((series == word).sum()) if word not in wanted.get(name, ()) else 0
        if rows > _CATEGORY_SHARE * len(series):
            return f"it is a category of {name!r}"
    return ""


def _declared_words(words: list[str], texts: dict[str, pd.Series[Any]]) -> str:
    """A sentence with all columns that have one of the words."""
    counts = {name: int(series.isin(words).sum()) for name, series in texts.items()}
    places = [f"{name} ({rows:,})" for name, rows in counts.items() if rows]
    more = f" and {len(places) - _SHOWN} more columns" if len(places) > _SHOWN else ""
    return (
        f"{', '.join(map(repr, words))} {'stands' if len(words) == 1 else 'stand'} for missing, "
        f"as in {', '.join(places[:_SHOWN])}{more}"
    )


def _odd_labels(labels: pd.Series[Any]) -> Iterator[str]:
    """A sentence on labels that look like missing, where others do not."""
    counts = labels.value_counts()
    odd = [(str(label), int(rows)) for label, rows in counts.items() if is_missing_word(str(label))]
    if odd and len(odd) < len(counts):
        shown = ", ".join(f"{label!r} ({rows:,})" for label, rows in odd)
        yield (
            f"labels of the target look like missing values: {shown}; if they are, leave those "
            "rows out of the source"
        )


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
