"""What a model takes and gives, and whether another can take its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column of a signature: its MLflow type in words, and whether it must be there."""

    type: str
    required: bool = True


@dataclass(frozen=True)
class Signature:
    """Columns by name; a tensor or a column without a name goes by its place, like `[0]`."""

    inputs: Mapping[str, Column]
    outputs: Mapping[str, Column]


def signature_of(mlmodel: Mapping[str, Any]) -> Signature | None:
    """The signature in the keys of an MLmodel file; None where the model was logged without."""
    written = mlmodel.get("signature") or {}
    inputs, outputs = (_columns(written.get(side)) for side in ("inputs", "outputs"))
    return Signature(inputs, outputs) if inputs or outputs else None


def incompatible(champion: Signature | None, candidate: Signature | None) -> tuple[str, ...]:
    """Why callers of `champion` could not go on with `candidate`, a sentence each.

    Columns that were removed or retyped, new inputs that must be there, outputs that are gone.
    Empty where nothing speaks against it, and where the champion promises nothing.
    """
    if champion is None:
        return ()
    if candidate is None:
        return ("the champion has a signature, the candidate has none",)
    inputs = _inputs(champion.inputs, candidate.inputs)
    return (*inputs, *_outputs(champion.outputs, candidate.outputs))


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


def _outputs(old: Mapping[str, Column], new: Mapping[str, Column]) -> Iterator[str]:
    for name, column in old.items():
        if name not in new:
            yield f"output {name!r} ({column.type}) was removed"
        elif new[name].type != column.type:
            yield f"output {name!r} was {column.type} and is {new[name].type}"


def _columns(text: str | None) -> dict[str, Column]:
    columns = json.loads(text) if text else []
    return {
        str(column.get("name") or f"[{place}]"): Column(_type(column), column.get("required", True))
        for place, column in enumerate(columns)
    }


def _type(column: Mapping[str, Any]) -> str:
    """The type in words; that of a tensor, array, object or map is its whole description."""
    kind = column.get("type")
    if kind in ("tensor", "array", "object", "map"):
        rest = {k: v for k, v in column.items() if k not in ("name", "required")}
        return json.dumps(rest, sort_keys=True)
    return str(kind)
