"""A compiled form from somewhere else, checked before ONNX Runtime builds anything from it.

Protocol buffers, as far as ONNX writes them (onnx.proto): enough to see each operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

OPERATORS = {
    *("Add", "Cast", "Concat", "CumSum", "Div", "Equal", "Exp", "Gather", "Greater", "IsNaN"),
    *("Less", "Log", "MatMul", "Max", "Min", "Mul", "Neg", "ReduceMax", "ReduceSum", "Sigmoid"),
    *("Softmax", "Sqrt", "Sub", "TreeEnsembleRegressor", "Unsqueeze", "Where"),
}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Numbers of fields.
_GRAPH, _TRAINING, _FUNCTIONS = 7, 20, 25  # of a model
_NODE, _INITIALIZER, _SPARSE = 1, 5, 15  # of a graph
_OPERATOR, _ATTRIBUTE = 4, 5  # of a node
_TENSOR, _SUBGRAPH, _TENSORS, _SUBGRAPHS, _SPARSE_TENSOR, _SPARSE_TENSORS = 5, 6, 10, 11, 22, 23
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of a tensor
# Elements of long lists in an attribute, each of them a field: integers, floats, and words.
_LISTS = re.compile(
    rb"(?:\x40[\x80-\xff]{0,9}[\x00-\x7f]|\x3d[\x00-\xff]{4}"
    rb"|\x4a\x09BRANCH_LT|\x4a\x0aBRANCH_LEQ|\x4a\x04LEAF)++"
)


def check_model(model: bytes) -> None:
    """Raises ValueError for a graph with other operators than `compiling` makes, with graphs
    inside it, or with values that lie in other files; and for what is no model.
    """
    for field, content in _fields(memoryview(model)):
        if field in (_TRAINING, _FUNCTIONS):
            raise ValueError("it holds functions, which no model of ours does")
        if field == _GRAPH:
            _check_graph(content)


def _check_graph(graph: memoryview) -> None:
    for field, content in _fields(graph):
        if field == _NODE:
            _check_node(content)
        elif field == _INITIALIZER:
            _check_tensor(content)
        elif field == _SPARSE:
            raise ValueError("it holds sparse values, which no model of ours does")


def _check_node(node: memoryview) -> None:
    for field, content in _fields(node):
        if field == _OPERATOR and bytes(content).decode("utf-8", "replace") not in OPERATORS:
            raise ValueError("it holds an operator that no model of ours does")
        if field == _ATTRIBUTE:
            for part, value in _fields(content, skip=_LISTS):
                if part in (_SUBGRAPH, _SUBGRAPHS, _SPARSE_TENSOR, _SPARSE_TENSORS):
                    raise ValueError("it holds a graph inside an operator")
                if part in (_TENSOR, _TENSORS):
                    _check_tensor(value)


def _check_tensor(tensor: memoryview) -> None:
    if any(field in (_EXTERNAL_DATA, _DATA_LOCATION) for field, _ in _fields(tensor)):
        raise ValueError("its values lie in another file")


def _fields(
    message: memoryview, skip: re.Pattern[bytes] | None = None
) -> Iterator[tuple[int, memoryview]]:
    """Number and content of each field of a message; the content of numbers is left out.

    What `skip` matches is passed over at once.
    """
    place = 0
    while place < len(message):
        if skip is not None and (run := skip.match(message, place)):
            place = run.end()
            continue
        key, place = _varint(message, place)
        kind, size = key & 7, 0
        if kind == _VARINT:
            _, place = _varint(message, place)
        elif kind == _BYTES:
            size, place = _varint(message, place)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("it is no ONNX model")
        if place + size > len(message):
            raise ValueError("it breaks off")
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ValueError("it breaks off")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError("it is no ONNX model")
