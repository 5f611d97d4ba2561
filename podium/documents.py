"""JSON for machines: strict, whatever the values are."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def to_json(document: Any, indent: int | None = None) -> str:
    """`document` as JSON that every reader takes: NaN and infinities are null, all else is text."""
    return json.dumps(_strict(document), indent=indent, allow_nan=False, default=str)


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _strict(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_strict(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
