"""What a skops file may say that it holds, and what somebody would rather have it hold."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from podium.artifact.scoring import BrokenArtifact
from podium.artifact.scoring.pipeline_file import load_pipeline
from podium.artifact.scoring.schema import SCHEMA
from tests.artifact.samples import calibrated, forest, linear, xgboosted


def _edited(pipeline: Any, edit: Callable[[dict[str, Any]], None]) -> bytes:
    """The file of `pipeline` after `edit` had its way with the schema."""
    source, target = zipfile.ZipFile(io.BytesIO(skops.io.dumps(pipeline))), io.BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            content = source.read(name)
            if name == SCHEMA:
                schema = json.loads(content)
                edit(schema)
                content = json.dumps(schema).encode()
            archive.writestr(name, content)
    return target.getvalue()


def test_a_file_by_hand_that_says_the_same_is_loaded() -> None:
    load_pipeline(_edited(calibrated().pipeline, lambda _: None))


@pytest.mark.parametrize(
    "schema",
    [
        b"",
        b"[]",
        b"{}",
        b'{"protocol": 2}',
        b'{"protocol": 2, "__loader__": "ListNode"}',
        b'{"protocol": 2, "__loader__": [], "__module__": 1, "__class__": 1}',
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b'{"protocol": true}',
        b"\xff",
    ],
)
def test_what_is_no_schema_is_refused(schema: bytes) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(SCHEMA, schema)
    with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded"):
        load_pipeline(buffer.getvalue())


def test_a_file_without_a_schema_is_refused() -> None:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    with pytest.raises(BrokenArtifact, match=r"schema.json"):
        load_pipeline(buffer.getvalue())


@pytest.mark.parametrize("protocol", [0, 1, 3, 2.0, "2", None])
def test_a_protocol_with_other_loaders_is_refused(protocol: Any) -> None:
    content = _edited(linear().pipeline, lambda schema: schema.update(protocol=protocol))
    with pytest.raises(BrokenArtifact, match="has protocol"):
        load_pipeline(content)


def test_a_schema_of_millions_of_objects_is_refused_before_it_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(SCHEMA, b"[" + b"[]," * 4_000_000 + b"[]]")
    with pytest.raises(BrokenArtifact, match=r"holds more than 4000000 objects"):
        load_pipeline(buffer.getvalue())


def _estimators() -> list[Any]:
    X = np.random.default_rng(0).normal(size=(30, 2))
    return [SVC().fit(X, X[:, 0] > 0), SGDClassifier().fit(X, X[:, 0] > 0)]


@pytest.mark.parametrize("model", _estimators(), ids=["SVC", "SGDClassifier"])
def test_an_estimator_that_nobody_checks_is_refused_even_deep_inside(model: Any) -> None:
    deep = FunctionTransformer(kw_args={"a": [({"b": np.array([model, 1], dtype=object)},)]})
    for pipeline in (model, Pipeline([("deep", deep)])):
        with pytest.raises(BrokenArtifact, match=rf"{type(model).__name__} \(ObjectNode\) is not"):
            load_pipeline(skops.io.dumps(pipeline))


@pytest.mark.parametrize(
    ("loader", "name"),
    [
        ("FunctionNode", "os.system"),
        ("FunctionNode", "xgboost.core.Booster"),
        ("TypeNode", "xgboost.core.Booster"),
        ("TypeNode", "subprocess.Popen"),
        ("TypeNode", "builtins.eval"),
        ("MethodNode", "sklearn.pipeline.Pipeline"),
        ("PartialNode", "functools.partial"),
        ("OperatorFuncNode", "operator.attrgetter"),
        ("ConstructorFromReduceNode", "builtins.bytearray"),
        ("CachedNode", "builtins.dict"),
        ("ObjectNode", "builtins.object"),
        ("NoSuchNode", "builtins.str"),
        ("LossNode", "sklearn._loss._loss.__builtins__"),
    ],
)
def test_a_node_that_could_call_something_is_refused(loader: str, name: str) -> None:
    module, _, cls = name.rpartition(".")

    def edit(schema: dict[str, Any]) -> None:
        node = {"__loader__": loader, "__module__": module, "__class__": cls, "__id__": 1}
        schema["content"]["content"]["verbose"] = node

    with pytest.raises(BrokenArtifact, match=r"is not among those we load|cannot be loaded"):
        load_pipeline(_edited(forest().pipeline, edit))


def _nodes(part: Any) -> list[dict[str, Any]]:
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    found = [part] if isinstance(part, dict) and "__loader__" in part else []
    return found + [node for each in inner for node in _nodes(each)]


def test_many_copies_of_one_entry_are_refused() -> None:
    def copy(schema: dict[str, Any]) -> None:
        arrays = [node for node in _nodes(schema) if "file" in node]
        arrays[1]["file"] = arrays[0]["file"]

    with pytest.raises(BrokenArtifact, match="is read by two nodes"):
        load_pipeline(_edited(linear().pipeline, copy))


def test_references_that_multiply_are_refused() -> None:
    """Each list holds the one before it ten times: 10^40 parts in a few kilobytes."""

    def edit(schema: dict[str, Any]) -> None:
        plain = {"__module__": "builtins", "__class__": "list", "__loader__": "ListNode"}
        part = plain | {"__id__": 1, "content": []}
        for level in range(2, 42):
            again = [plain | {"__id__": level - 1, "content": []}] * 9
            part = plain | {"__id__": level, "content": [part, *again]}
        schema["content"]["content"]["verbose"] = part

    with pytest.raises(BrokenArtifact, match="two different nodes have the same id"):
        load_pipeline(_edited(linear().pipeline, edit))


def test_a_node_that_holds_itself_is_refused() -> None:
    def edit(schema: dict[str, Any]) -> None:
        for node in _nodes(schema["content"]):
            node["__id__"] = schema["__id__"]

    with pytest.raises(BrokenArtifact, match="two different nodes have the same id"):
        load_pipeline(_edited(linear().pipeline, edit))


def test_a_booster_cannot_bring_its_bytes_past_the_check() -> None:
    def edit(schema: dict[str, Any]) -> None:
        for node in _nodes(schema):
            if node["__loader__"] == "BytearrayNode":
                node.update({"__loader__": "NdArrayNode", "type": "numpy"})
                node.update({"__module__": "numpy", "__class__": "ndarray"})

    with pytest.raises(BrokenArtifact, match="a booster holds something else than its bytes"):
        load_pipeline(_edited(xgboosted().pipeline, edit))


@pytest.mark.parametrize(
    "content", [b"", b"junk", b"PK\5\6".ljust(22, b"\0"), b"\x80\x04c", b"\x93NUMPY\1\0"]
)
def test_an_array_that_is_none_is_refused(content: bytes) -> None:
    source, target = zipfile.ZipFile(io.BytesIO(skops.io.dumps(linear().pipeline))), io.BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, content if name.endswith(".npy") else source.read(name))
    with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded"):
        load_pipeline(target.getvalue())


def test_an_array_that_claims_a_petabyte_is_refused() -> None:
    header = io.BytesIO()
    what = {"descr": "<f8", "fortran_order": False, "shape": (1 << 47,)}
    np.lib.format.write_array_header_1_0(header, what)
    source, target = zipfile.ZipFile(io.BytesIO(skops.io.dumps(linear().pipeline))), io.BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            lie = header.getvalue() if name.endswith(".npy") else source.read(name)
            archive.writestr(name, lie)
    with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded"):
        load_pipeline(target.getvalue())
