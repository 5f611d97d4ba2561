"""What a model takes and gives, and whether another can take its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from podium.errors import DataError


@dataclass(frozen=True)
class Column:
    """One column of a signature: its MLflow type in words, and whether it must be there."""

    type: str
    required: bool = True


@dataclass(frozen=True)
class Signature:
    """Columns by name; a tensor or a column without a name goes by its place, like `[0]`.

    params: what may be given beside the input, such as a temperature.
    """

    inputs: Mapping[str, Column]
    outputs: Mapping[str, Column]
    params: Mapping[str, Column] = field(default_factory=dict)


def keys_of(mlmodel: bytes) -> Mapping[str, Any]:
    """The keys of an MLmodel file. Raises DataError where it is damaged."""
    try:
        keys = yaml.safe_load(mlmodel.decode("utf-8"))
        problem = "" if isinstance(keys, dict) else "it holds no keys"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        keys, problem = None, " ".join(str(error).split()) or type(error).__name__
    if problem:
        raise DataError(
            f"The model's MLmodel file is damaged: {problem}",
            remedy="Log the model again; MLflow writes the file.",
        )
    return dict(keys)


def signature_of(mlmodel: Mapping[str, Any]) -> Signature | None:
    """The signature in the keys of an MLmodel file; None where the model was logged without.

    Raises DataError for one that cannot be read: it is not the same as none.
    """
    written = mlmodel.get("signature") or {}
    try:
        sides = [_columns(written.get(side)) for side in ("inputs", "outputs", "params")]
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise DataError(
            f"The signature in the model's MLmodel file cannot be read: {error}",
            remedy="Log the model again; MLflow writes the file.",
        ) from error
    return Signature(*sides) if any(sides) else None


def incompatible(champion: Signature | None, candidate: Signature | None) -> tuple[str, ...]:
    """Why callers of `champion` could not go on with `candidate`, a sentence each.

    Columns and parameters that were removed or retyped, new inputs that must be there, outputs
    that are gone or may be missing now.
    Empty where nothing speaks against it, and where the champion promises nothing.
    """
    if champion is None:
        return ()
    if candidate is None:
        return ("the champion has a signature, the candidate has none",)
    inputs = _inputs(champion.inputs, candidate.inputs)
    outputs = _promised("output", champion.outputs, candidate.outputs)
    return (*inputs, *outputs, *_promised("parameter", champion.params, candidate.params))


def _inputs(old: Mapping[str, Column], new: Mapping[str, Column]) -> Iterator[str]:
    for name, column in old.items():
        if name not in new:
            yield f"input {name!r} ({column.type}) was removed"
        elif new[name].type != column.type:
            yield f"input {name!r} was {column.type} and is {new[name].type}"
        elif new[name].required and not column.required:
            yield f"input {name!r} may be missing for the champion, and must be there now"
    for name, column in new.items():
        if name not in old and column.required:
            yield f"new input {name!r} ({column.type}) has no rule for a missing value"


def _promised(what: str, old: Mapping[str, Column], new: Mapping[str, Column]) -> Iterator[str]:
    for name, column in old.items():
        if name not in new:
            yield f"{what} {name!r} ({column.type}) was removed"
        elif new[name].type != column.type:
            yield f"{what} {name!r} was {column.type} and is {new[name].type}"
        elif column.required and not new[name].required:
            yield f"{what} {name!r} was always there, and may be missing now"


def _columns(text: str | None) -> dict[str, Column]:
    columns = json.loads(text) if text else []
    return {
        str(column.get("name") or f"[{place}]"): Column(_type(column), column.get("required", True))
        for place, column in enumerate(columns)
    }


def _type(column: Mapping[str, Any]) -> str:
    """The type in words; that of a tensor, array, object or map is its whole description."""
    kind = column.get("type")
    if kind in ("tensor", "array", "object", "map") or column.get("shape") is not None:
        rest = {k: v for k, v in column.items() if k not in ("name", "required", "default")}
        return json.dumps(rest, sort_keys=True)
    return str(kind)
