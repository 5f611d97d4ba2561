"""Columns that look like personal data: a hint to look, by their names and by their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from podium.data.personal_values import BY_VALUE, looks_like_person, looks_like_surname
from podium.data.personal_words import (
    YES_OR_NO,
    PersonalKind,
    is_just_name,
    is_just_person,
    kind_by_name,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PersonalKind", "Suspicion", "personal_columns"]

_SAMPLED_ROWS = 2_000
_FEWEST = 3  # different values that must look so: fewer may be chance
_NAMED_SHARE = 0.2  # of a column that is called `name` and nothing more
_HASHED, _SHORTEST_ADDRESS = 16, 4  # characters
_DIGITS = {"phone": 6, "card number": 8, "account number": 5, "national id": 6, "address": 4}
_DIGITS_OF_A_DATE = 4


@dataclass(frozen=True)
class Suspicion:
    """A column that looks like personal data of this `kind`.

    why: a sentence for people. share: of the sampled values that look so, 0 to 1; None where only
    the column's name says so.
    """

    column: str
    kind: PersonalKind
    why: str
    share: float | None = None


def personal_columns(frame: pd.DataFrame) -> tuple[Suspicion, ...]:
    """The columns of `frame` that look like personal data, each once, in their order.

    At most 2,000 values of a column are looked at, spread evenly over it. Values count where
    enough of them fit a pattern or carry a right check digit; a name counts unless the values
    speak against it, as in a `phone` that is 0 or 1. Empty columns are never suspected. It is a
    hint: what it does not find may be personal all the same.
    """
    found = (_suspicion(str(name), frame.iloc[:, i]) for i, name in enumerate(frame.columns))
    return tuple(suspicion for suspicion in found if suspicion is not None)


@dataclass(frozen=True)
class _Sample:
    """Different values of a column as text, and how often each is in the sample."""

    texts: list[str]
    counts: list[int]
    kind: str  # text, number, time or truth

    @property
    def rows(self) -> int:
        return sum(self.counts)

    def share(self, fits: Callable[[str], bool]) -> tuple[float, int]:
        """The share of the sample's rows that fit, and how many different values do."""
        fitting = [count for text, count in zip(self.texts, self.counts, strict=True) if fits(text)]
        return sum(fitting) / self.rows, len(fitting)


def _suspicion(column: str, series: pd.Series[Any]) -> Suspicion | None:
    sample = _sample(series)
    if sample is None:
        return None
    kind, share = _by_value(column, sample)
    named = kind_by_name(column)
    if named is not None and not _can_be(named, sample):
        named = None
    if kind is not None:
        why = f"{share:.0%} of the values look like one"
        why += ", and so does the column's name" if named == kind else ""
        return Suspicion(column, kind, why, share)
    if named is not None:
        return Suspicion(column, named, "the column's name says so")
    return None


def _sample(series: pd.Series[Any]) -> _Sample | None:
    """None where there is nothing but missing values."""
    import numpy as np

    present = series.dropna()
    if not len(present):
        return None
    if len(present) > _SAMPLED_ROWS:
        places = np.linspace(0, len(present) - 1, _SAMPLED_ROWS).astype(np.int64)
        present = present.iloc[places]
    counts = Counter(_text(value) for value in present.tolist())
    return _Sample(list(counts), list(counts.values()), _kind(present))


def _kind(present: pd.Series[Any]) -> str:
    import pandas as pd

    types, dtype = pd.api.types, present.dtype
    if types.is_bool_dtype(dtype):
        return "truth"
    if types.is_datetime64_any_dtype(dtype):
        return "time"
    return "number" if types.is_numeric_dtype(dtype) else "text"


def _text(value: Any) -> str:
    """A value as somebody would have written it: whole numbers without a decimal point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _by_value(column: str, sample: _Sample) -> tuple[PersonalKind | None, float]:
    if sample.kind == "number":
        asked = [each for each in BY_VALUE if each[0] == "card number"]
    elif sample.kind == "text":
        asked = list(BY_VALUE)
    else:
        return None, 0.0
    for kind, fits, enough in asked:
        share, different = sample.share(fits)
        if share >= enough and different >= _FEWEST:
            return kind, share
    if sample.kind == "text":
        return _by_value_if_called_so(column, sample)
    return None, 0.0


def _by_value_if_called_so(column: str, sample: _Sample) -> tuple[PersonalKind | None, float]:
    """Names of people, in a column whose own name leaves room for them."""
    if is_just_name(column):
        share, different = sample.share(looks_like_person)
        return ("name", share) if share >= _NAMED_SHARE and different >= 2 else (None, 0.0)
    if is_just_person(column):
        share, different = sample.share(looks_like_surname)
        return ("name", share) if share >= 0.5 and different >= _FEWEST else (None, 0.0)
    return None, 0.0


def _can_be(kind: PersonalKind, sample: _Sample) -> bool:
    """Whether the values leave room for what the column's name says."""
    if sample.kind == "truth" or YES_OR_NO.issuperset(text.lower() for text in sample.texts):
        return False
    if sample.kind == "time":
        return kind == "birth date"
    if kind == "birth date":
        return sample.share(lambda text: _long_enough(text, _DIGITS_OF_A_DATE))[0] >= 0.5
    if kind in _DIGITS and (kind != "address" or sample.kind == "number"):
        digits = _DIGITS[kind]
        return sample.share(lambda text: _long_enough(text, digits))[0] >= 0.5
    if kind == "e-mail":
        return sample.share(lambda text: "@" in text or len(text) >= _HASHED)[0] >= 0.5
    if kind == "address":
        return sample.share(_as_long_as_an_address)[0] >= 0.5
    return sample.kind == "text"


def _as_long_as_an_address(text: str) -> bool:
    return len(text) >= _SHORTEST_ADDRESS and not _has_decimals(text)


def _long_enough(text: str, digits: int) -> bool:
    """So many letters and digits, at least one of them a digit; no part of a whole."""
    if _has_decimals(text):
        return False
    return any(c.isdigit() for c in text) and sum(c.isalnum() for c in text) >= digits


def _has_decimals(text: str) -> bool:
    return "." in text and text.replace(".", "", 1).lstrip("-").isdigit()
