"""Builds one ONNX graph, node by node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_OPSET, _TREES_OPSET, _IR_VERSION = 17, 3, 8  # what an ONNX Runtime of 2022 already reads
TREES = "ai.onnx.ml"
_TYPES = {"double": TensorProto.DOUBLE, "float": TensorProto.FLOAT, "int64": TensorProto.INT64}


class NotCompilable(Exception):
    """The pipeline has a part that no rule here turns into ONNX. The message is the reason."""


class Graph:
    """Names of tensors are strings; `node` and `constant` return the one that they made."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []

    def input(self, name: str, kind: str, columns: int | str) -> str:
        """Declare an input of shape (rows, columns); `kind` is double or int64."""
        self._inputs.append(helper.make_tensor_value_info(name, _TYPES[kind], ["rows", columns]))
        return name

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """A tensor of fixed values."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add one operator of ONNX's own domain with a single output."""
        return self._add(operator, inputs, "", attributes)

    def trees(self, inputs: str, **attributes: Any) -> str:
        """Add a TreeEnsembleRegressor; the output is float32."""
        return self._add("TreeEnsembleRegressor", (inputs,), TREES, attributes)

    def cast(self, tensor: str, kind: str) -> str:
        """The tensor with elements of another type."""
        return self.node("Cast", tensor, to=_TYPES[kind])

    def columns(self, tensor: str, places: list[int]) -> str:
        """Those columns of a matrix, in that order."""
        return self.node("Gather", tensor, self.constant(places, np.int64), axis=1)

    def total(self, tensor: str, axis: int, *, keep: bool = False) -> str:
        """The sum along one axis."""
        return self.node("ReduceSum", tensor, self.constant([axis], np.int64), keepdims=int(keep))

    def model(self, output: str, columns: int, metadata: Mapping[str, str]) -> bytes:
        """The serialized model; its only output, `scores`, is float64 of shape (rows, columns)."""
        scores = helper.make_tensor_value_info("scores", TensorProto.DOUBLE, ["rows", columns])
        self._nodes.append(helper.make_node("Cast", [output], ["scores"], to=TensorProto.DOUBLE))
        graph = helper.make_graph(
            self._nodes, "podium", self._inputs, [scores], initializer=self._constants
        )
        model = helper.make_model(
            graph,
            producer_name="podium",
            ir_version=_IR_VERSION,
            opset_imports=[
                helper.make_opsetid("", _OPSET),
                helper.make_opsetid(TREES, _TREES_OPSET),
            ],
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())

    def _add(
        self, operator: str, inputs: tuple[str, ...], domain: str, attributes: dict[str, Any]
    ) -> str:
        name = f"n{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, list(inputs), [name], domain=domain, **attributes)
        )
        return name
