from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from podium.errors import DataError
from registry_tools.signature import Column, Signature, incompatible, signature_of

NUMBER, TEXT = Column("double"), Column("string")


def _mlmodel(inputs: Any = None, outputs: Any = None, params: Any = None) -> dict[str, Any]:
    sides = {"inputs": inputs, "outputs": outputs, "params": params}
    return {"signature": {k: None if v is None else json.dumps(v) for k, v in sides.items()}}


def _columns(*inputs: dict[str, Any]) -> dict[str, Column]:
    signature = signature_of(_mlmodel(inputs))
    assert signature is not None
    return dict(signature.inputs)


@pytest.mark.parametrize(
    "mlmodel", [{}, {"signature": None}, {"signature": {}}, _mlmodel(), _mlmodel([], [])]
)
def test_a_model_logged_without_a_signature_has_none(mlmodel: dict[str, Any]) -> None:
    assert signature_of(mlmodel) is None


def test_columns_are_read_by_name_with_their_type() -> None:
    assert _columns(
        {"type": "double", "name": "a", "required": True},
        {"type": "string", "name": "b", "required": False},
        {"type": "long", "name": "c"},
    ) == {"a": NUMBER, "b": Column("string", False), "c": Column("long")}


def test_columns_and_tensors_without_a_name_go_by_their_place() -> None:
    tensor = {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}
    columns = _columns({"type": "double"}, {"type": "string", "name": ""}, tensor)
    assert list(columns) == ["[0]", "[1]", "[2]"]
    assert json.loads(columns["[2]"].type) == tensor


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}},
            {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 5]}},
        ),
        (
            {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}},
            {"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1]}},
        ),
        (
            {"type": "array", "items": {"type": "double"}},
            {"type": "array", "items": {"type": "string"}},
        ),
        ({"type": "array", "items": {"type": "double"}}, {"type": "double"}),
        ({"type": "map", "values": {"type": "long"}}, {"type": "map", "values": {"type": "any"}}),
        (
            {"type": "object", "properties": {"x": {"type": "long", "required": False}}},
            {"type": "object", "properties": {"x": {"type": "long", "required": True}}},
        ),
    ],
)
def test_what_is_made_of_parts_is_compared_with_all_of_them(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    old, new = (_columns({**spec, "name": "a", "required": True}) for spec in (one, other))
    assert incompatible(Signature(old, {}), Signature(old, {})) == ()
    (said,) = incompatible(Signature(old, {}), Signature(new, {}))
    assert said.startswith("input 'a' was ")


def test_the_order_of_keys_in_a_part_does_not_matter() -> None:
    one = {"type": "object", "properties": {"x": {"type": "long"}, "y": {"type": "long"}}}
    other = {"properties": {"y": {"type": "long"}, "x": {"type": "long"}}, "type": "object"}
    assert _columns(one) == _columns(other)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": NUMBER}, {"a": NUMBER}, ()),
        ({}, {"a": Column("double", False)}, ()),
        ({"a": NUMBER}, {"a": Column("double", False)}, ()),
        ({"a": NUMBER}, {}, ("input 'a' (double) was removed",)),
        ({"a": NUMBER}, {"a": TEXT}, ("input 'a' was double and is string",)),
        ({}, {"a": NUMBER}, ("new input 'a' (double) has no rule for a missing value",)),
        (
            {"a": Column("double", False)},
            {"a": NUMBER},
            ("input 'a' may be missing for the champion, and must be there now",),
        ),
        (
            {"a": NUMBER},
            {"b": NUMBER},
            (
                "input 'a' (double) was removed",
                "new input 'b' (double) has no rule for a missing value",
            ),
        ),
    ],
)
def test_inputs_that_callers_send_go_on_being_taken(
    old: dict[str, Column], new: dict[str, Column], said: tuple[str, ...]
) -> None:
    assert incompatible(Signature(old, {}), Signature(new, {})) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"a": NUMBER}, {"a": NUMBER, "b": NUMBER}, ()),
        ({"a": Column("double", False)}, {"a": NUMBER}, ()),
        ({"a": NUMBER}, {}, ("output 'a' (double) was removed",)),
        ({"a": NUMBER}, {"a": TEXT}, ("output 'a' was double and is string",)),
        (
            {"a": NUMBER},
            {"a": Column("double", False)},
            ("output 'a' was always there, and may be missing now",),
        ),
    ],
)
def test_outputs_that_callers_read_go_on_being_given(
    old: dict[str, Column], new: dict[str, Column], said: tuple[str, ...]
) -> None:
    assert incompatible(Signature({}, old), Signature({}, new)) == said


def test_parameters_that_callers_give_go_on_being_taken() -> None:
    """MLflow ignores one that it does not know, and the answer changes without a word."""
    one = {"name": "t", "type": "double", "default": 0.5, "shape": None}
    sides = [
        [one],
        [],
        [{**one, "type": "long"}],
        [{**one, "shape": [-1]}],
        [{**one, "default": 1}],
    ]
    written = [signature_of(_mlmodel([{"type": "long", "name": "a"}], params=s)) for s in sides]
    said = [incompatible(written[0], each) for each in written]
    assert said[0] == said[4] == ()
    assert said[1] == ("parameter 't' (double) was removed",)
    assert said[2] == ("parameter 't' was double and is long",)
    assert said[3][0].startswith("parameter 't' was double and is {")


def test_where_the_champion_promises_nothing_nothing_is_broken() -> None:
    some = Signature({"a": NUMBER}, {})
    assert incompatible(None, some) == ()
    assert incompatible(None, None) == ()
    assert incompatible(some, None) == ("the champion has a signature, the candidate has none",)


@pytest.mark.parametrize(
    "written",
    ["{", "1", '["a"]', '{"a": 1}', "[" * 100_000, 7, [{"type": "long"}]],
)
def test_a_signature_that_cannot_be_read_is_not_taken_for_none(written: Any) -> None:
    with pytest.raises(DataError, match="MLmodel file cannot be read"):
        signature_of({"signature": {"inputs": written}})


@pytest.mark.parametrize("signature", ["text", ["list"]])
def test_a_signature_that_is_no_section_cannot_be_read(signature: Any) -> None:
    with pytest.raises(DataError, match="MLmodel file cannot be read"):
        signature_of({"signature": signature})


def test_signatures_that_mlflow_infers_are_read() -> None:
    from mlflow.models import infer_signature

    table = pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"], "c": [True, False]})
    of_table = signature_of({"signature": infer_signature(table, np.array(["x"])).to_dict()})
    assert of_table is not None
    assert {name: column.type for name, column in of_table.inputs.items()} == {
        "a": "double",
        "b": "string",
        "c": "boolean",
    }
    assert list(of_table.outputs) == ["[0]"]
    assert incompatible(of_table, of_table) == ()

    nested = [{"ids": [1, 2], "who": {"name": "n"}, "text": "t"}]
    of_nested = signature_of({"signature": infer_signature(nested, "x", {"t": 0.5}).to_dict()})
    assert of_nested is not None
    assert json.loads(of_nested.inputs["ids"].type) == {"type": "array", "items": {"type": "long"}}
    assert of_nested.params["t"].type == "double"

    tensors = [
        signature_of({"signature": infer_signature(np.zeros((2, n))).to_dict()}) for n in (3, 4)
    ]
    (said,) = incompatible(*tensors)
    assert said.startswith("input '[0]' was ")


def test_signatures_that_mlflow_writes_with_optional_columns_and_maps_are_read() -> None:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, DataType, Map, Schema

    columns = [
        ColSpec("double", "a", required=False),
        ColSpec(Map(DataType.double), "m"),
        ColSpec(AnyType(), "any"),
    ]
    signature = ModelSignature(inputs=Schema(columns), outputs=Schema([ColSpec("double", "p")]))
    read = signature_of({"signature": signature.to_dict()})
    assert read is not None
    assert not read.inputs["a"].required
    assert json.loads(read.inputs["m"].type) == {"type": "map", "values": {"type": "double"}}
    assert read.inputs["any"].type == "any"
