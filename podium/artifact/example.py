"""Rows as a caller would send them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from podium.artifact.scoring import AnyScorer, BrokenArtifact
from podium.artifact.scoring.manifest import CheckedFiles
from podium.artifact.scoring.values import (
    MISSING_CATEGORY,
    category_values,
    datetime_values,
    numeric_values,
    text_values,
)

_EXAMPLE, _EXAMPLE_LIMIT_BYTES = "input_example.json", 1 << 26


def example_rows(files: CheckedFiles) -> list[dict[str, Any]]:
    """The rows of the artifact's own input example; what is missing in them is null.

    Raises BrokenArtifact where they cannot be read.
    """
    if _EXAMPLE not in files:
        return []
    try:
        content = files.read(_EXAMPLE, _EXAMPLE_LIMIT_BYTES)
        table = json.loads(content, parse_constant=lambda _: None)
        return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]
    except (ValueError, LookupError, TypeError) as error:
        raise BrokenArtifact(f"{_EXAMPLE} cannot be read: {error!r}") from None


def example_of(scorer: AnyScorer, raw: pd.DataFrame) -> pd.DataFrame:
    """Rows of `raw` as a caller would send them: numbers as float64, all else as text or null.

    What cannot be converted is null; datetimes are ISO 8601 in UTC.
    """
    columns = scorer.canonicaliser.columns
    return pd.DataFrame(
        {column.name: _as_sent(column.kind, raw[column.name]) for column in columns}
    )


def _as_sent(kind: str, raw: pd.Series) -> pd.Series:
    if kind == "numeric":
        return pd.Series(numeric_values(raw)[0])
    if kind == "datetime":
        instants, _ = datetime_values(raw)
        texts, missing = np.datetime_as_string(instants, timezone="UTC"), np.isnat(instants)
    else:
        texts, _ = text_values(raw) if kind == "text" else category_values(raw)
        missing = texts == MISSING_CATEGORY
    sent = texts.astype(object)
    sent[missing] = None
    return pd.Series(sent, dtype=sent.dtype)
