"""JSON, of which no two readers could have different views."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .errors import BrokenArtifact


def read_json(content: bytes, name: str) -> Any:
    """The document in `content`, the bytes of the file `name`.

    Raises BrokenArtifact, naming the file, for what is no JSON in UTF-8, for a key that comes
    twice in one object, for NaN and infinities, and for what is nested too deeply.
    """
    try:
        text = content.decode()
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except ValueError as error:
        raise BrokenArtifact(f"{name} cannot be read: {error}") from None
    except RecursionError:
        raise BrokenArtifact(f"{name} cannot be read: it is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a key comes twice in one object")
    return document


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
