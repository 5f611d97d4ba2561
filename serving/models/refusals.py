"""What a caller is told of MLflow's refusals: which column and which type, never a value.

MLflow's own messages quote the request. Here they are recognized, and said again in words that hold
only what the signature says. What is not recognized is replaced by what the model takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_FORMATS = "dataframe_split, dataframe_records, inputs or instances"
_MOST_LISTED = 40

# Messages of MLflow that hold nothing of the request, up to where they would.
_CONSTANT = (
    (
        "Provided dataframe_records field is not",
        "The value of dataframe_records is no list of records.",
    ),
    ("Provided dataframe_split field is not", "The value of dataframe_split is no valid table."),
    (
        "Dataframe records format must be a list",
        "The value of dataframe_records must be a list of records.",
    ),
    (
        "Dataframe split format must be a dictionary",
        "The value of dataframe_split must be a dictionary.",
    ),
    (
        "Dataframe split format must have 'data'",
        "In dataframe_split there must be data, may be columns and index, and nothing else.",
    ),
    ("The input must be a JSON dictionary", f"Send a JSON object with exactly one of {_FORMATS}."),
    ('One of "instances" and "inputs"', "Send either inputs or instances, and not both."),
    ('"signature_name" parameter', "A signature_name is not supported."),
    ("Request payload must be a dictionary with 'inputs'", "Send a JSON object with inputs."),
    ("The length of values for each input/column name", "The columns are not of one length."),
    ("Parameters must be a dictionary", "The value of params must be a dictionary."),
    ("Input DataFrame is empty", "There is no row."),
)

_NAMED = (
    (r"Data is not compatible with model signature. Failed to convert column ", " to type '"),
    (r"Incompatible input types for column ", ". Can not safely convert"),
    (r"Failed to convert column ", " from type "),
    (r"The input pandas dataframe column '", "' contains scalar"),
    (r"The value in the Input DataFrame column '", "' could not be converted"),
)

_SHAPE = re.compile(r"Shape of input (\([\d, ]*\)) does not match expected shape (\([\d, -]*\))\.$")
_DTYPE = re.compile(r"dtype of input (\w+) does not match expected dtype (\w+)$")


@dataclass(frozen=True)
class Expected:
    """What the model takes. inputs, params: the lists of MLflow's signature."""

    inputs: Sequence[Mapping[str, Any]] = field(default_factory=tuple)
    params: Sequence[Mapping[str, Any]] = field(default_factory=tuple)

    @property
    def columns(self) -> dict[str, str]:
        """The type of each named column, in words."""
        return {str(one["name"]): in_words(one) for one in self.inputs if "name" in one}

    def text(self) -> str:
        """All that it takes, as a sentence; empty where there is no signature."""
        if not self.inputs:
            return ""
        said = [_column(one) for one in self.inputs[:_MOST_LISTED]]
        more = len(self.inputs) - len(said)
        return f"The model takes {', '.join(said)}{f' and {more} more' if more else ''}."


def in_words(column: Mapping[str, Any]) -> str:
    """The type of a column or tensor of a signature."""
    kind = column["type"]
    if kind == "tensor":
        spec = column["tensor-spec"]
        return f"tensor of {spec['dtype']} with shape {tuple(spec['shape'])}"
    if kind == "array":
        return f"array of {in_words(column['items'])}"
    if kind == "map":
        return f"map to {in_words(column['values'])}"
    if kind == "object":
        fields = (f"{name}: {in_words(one)}" for name, one in column["properties"].items())
        return f"object of {', '.join(fields)}"
    return str(kind)


def explained(message: str, expected: Expected) -> str:
    """What may be told of a refusal whose own message was `message`."""
    text = message.removeprefix("Invalid input. ")
    for told in (_constant(text), _missing(text, expected), _column_of(text, expected)):
        if told:
            return told
    if text.startswith("Invalid parameters found"):
        return _params(text, expected)
    return _measures(text) or f"The input does not fit what the model takes. {expected.text()}"


def _column(column: Mapping[str, Any]) -> str:
    optional = "" if column.get("required", True) else " (optional)"
    name = f"{column['name']}: " if "name" in column else ""
    return f"{name}{in_words(column)}{optional}"


def _constant(text: str) -> str | None:
    return next((told for start, told in _CONSTANT if text.startswith(start)), None)


def _missing(text: str, expected: Expected) -> str | None:
    found = re.match(r"Model is missing inputs (\[.*?\])\.", text, re.DOTALL)
    if not found:
        return None
    names = [name for name in expected.columns if repr(name) in found[1]]
    return f"The input has no {', '.join(names)}. {expected.text()}"


def _column_of(text: str, expected: Expected) -> str | None:
    for before, after in _NAMED:
        for name, kind in expected.columns.items():
            if text.startswith(f"{before}{name}{after}"):
                return f"Column {name} cannot be read as {kind}."
    return None


def _params(text: str, expected: Expected) -> str:
    wrong = [
        f"{one['name']} must be {_param_type(one)}"
        for one in expected.params
        if f"({one['name']!r}, " in text
    ]
    return f"Invalid params: {', '.join(wrong)}."


def _param_type(param: Mapping[str, Any]) -> str:
    kind, shape = in_words(param), param.get("shape")
    return kind if shape is None else f"a list of {kind}"


def _measures(text: str) -> str | None:
    if found := _SHAPE.match(text):
        return f"The input has shape {found[1]}, and the model takes {found[2]}."
    if found := _DTYPE.match(text):
        return f"The input is of {found[1]}, and the model takes {found[2]}."
    return None
