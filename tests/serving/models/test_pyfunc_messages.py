"""Callers are told which column and which type, in words of the signature."""

from __future__ import annotations

import pytest

from serving.models.refusals import Expected, explained

_EXPECTED = Expected(
    inputs=[
        {"name": "age", "type": "long", "required": True},
        {"name": "name", "type": "string", "required": False},
        {"name": "path", "type": "array", "items": {"type": "double"}},
    ],
    params=[
        {"name": "scale", "type": "double", "shape": None},
        {"name": "many", "type": "long", "shape": [-1]},
    ],
)
_TAKES = "The model takes age: long, name: string (optional), path: array of double."


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "Invalid input. Data is not compatible with model signature. Failed to convert column"
            " age to type 'int64'. Error: 'ValueError(\"s3cr3t\")'",
            "Column age cannot be read as long.",
        ),
        (
            "Incompatible input types for column path. Can not safely convert object to float64.",
            "Column path cannot be read as array of double.",
        ),
        (
            "Model is missing inputs ['age', 'path']. Note that there were extra inputs:"
            " ['s3cr3t', 'name'].",
            f"The input has no age, path. {_TAKES}",
        ),
        (
            "Shape of input (2, 3) does not match expected shape (-1, 4).",
            "The input has shape (2, 3), and the model takes (-1, 4).",
        ),
        (
            "dtype of input int64 does not match expected dtype float64",
            "The input is of int64, and the model takes float64.",
        ),
        (
            "Invalid parameters found: {('scale', 'no s3cr3t'), ('many', 'no s3cr3t')}",
            "Invalid params: scale must be double, many must be a list of long.",
        ),
        (
            "Invalid input. Dataframe split format must be a dictionary. Got type s3cr3t.",
            "The value of dataframe_split must be a dictionary.",
        ),
        ("s3cr3t", f"The input does not fit what the model takes. {_TAKES}"),
        (
            "Invalid input. Data is not compatible with model signature. Failed to convert column"
            " s3cr3t to type 'int64'.",
            f"The input does not fit what the model takes. {_TAKES}",
        ),
        (
            "dtype of input s3cr3t is none",
            f"The input does not fit what the model takes. {_TAKES}",
        ),
    ],
)
def test_refusals_are_told_in_words_of_the_signature(message: str, told: str) -> None:
    assert explained(message, _EXPECTED) == told


def test_many_columns_are_not_all_listed() -> None:
    many = Expected([{"name": f"x{place}", "type": "double"} for place in range(100)])
    assert many.text().endswith("x39: double and 60 more.")


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ({"type": "double"}, "double"),
        ({"type": "map", "values": {"type": "long"}}, "map to long"),
        (
            {"type": "object", "properties": {"a": {"type": "long"}, "b": {"type": "string"}}},
            "object of a: long, b: string",
        ),
        (
            {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}},
            "tensor of float32 with shape (-1, 3)",
        ),
    ],
)
def test_types_are_told_in_words(column: dict[str, object], words: str) -> None:
    assert Expected([column]).text() == f"The model takes {words}."
