"""The schema of a skops file, checked before skops builds anything from it.

skops audits which classes a file names, not what they hold, and trusts all of scikit-learn. Most
estimators there follow the indices that they hold in compiled code which checks no bounds. So the
schema may name only the classes that our pipelines are made of; what those hold, we can check.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .errors import BrokenArtifact

SCHEMA = "schema.json"
# A node takes about 350 bytes, a term of a vocabulary or a category one node, and a calibrated
# pipeline is written three times: this is room for 200,000 terms in such a one.
SCHEMA_LIMIT_BYTES = 256 << 20
MOST_CONTAINERS = 4_000_000
_PROTOCOL = 2  # older ones bring laxer loaders with them
_CLASSES = {
    "BytearrayNode": {"builtins.bytearray"},
    "DTypeNode": {"numpy.dtype"},
    "DictNode": {"builtins.dict", "collections.OrderedDict"},
    "JsonNode": {"builtins.str"},
    "ListNode": {"builtins.list"},
    "NdArrayNode": {"numpy."},
    "LossNode": {"sklearn._loss._loss."},
    "ObjectNode": {
        "sklearn._loss.link.",
        "sklearn._loss.loss.",
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.decomposition._truncated_svd.TruncatedSVD",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.ensemble._forest.RandomForestClassifier",
        "sklearn.ensemble._forest.RandomForestRegressor",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_extraction.text.CountVectorizer",
        "sklearn.feature_extraction.text.TfidfTransformer",
        "sklearn.feature_extraction.text.TfidfVectorizer",
        "sklearn.frozen._frozen.FrozenEstimator",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.linear_model._base.LinearRegression",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.linear_model._ridge.Ridge",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._encoders.OneHotEncoder",
        "sklearn.preprocessing._encoders.OrdinalEncoder",
        "sklearn.preprocessing._function_transformer.FunctionTransformer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.tree._classes.DecisionTreeClassifier",
        "sklearn.tree._classes.DecisionTreeRegressor",
        "xgboost.core.Booster",
        "xgboost.sklearn.XGBClassifier",
        "xgboost.sklearn.XGBRegressor",
    },
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    "SliceNode": {"builtins.slice"},
    "TreeNode": {"sklearn.tree._tree.Tree"},
    "TupleNode": {"builtins.tuple"},
    "TypeNode": {"builtins.", "numpy."},
}


def check_schema(content: bytes) -> list[str]:
    """The names of the entries that hold raw bytes, after the schema in `content` was checked.

    Raises BrokenArtifact with what is wrong, RecursionError for what is nested too deeply, and
    ValueError, LookupError or TypeError for what is no schema at all.
    """
    if content.count(b"{") + content.count(b"[") > MOST_CONTAINERS:
        raise BrokenArtifact(f"{SCHEMA} holds more than {MOST_CONTAINERS} objects")
    schema = json.loads(content)
    if schema["protocol"] != _PROTOCOL or type(schema["protocol"]) is not int:
        raise BrokenArtifact(f"{SCHEMA} has protocol {schema['protocol']!r}, not {_PROTOCOL}")
    nodes = list(_nodes(schema))
    for node in nodes:
        _check_class(node)
    _check_references(schema, nodes)
    return [node["file"] for node in nodes if node["__loader__"] == "BytearrayNode"]


def _nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every object that skops could take for a node, wherever it lies."""
    left = [schema]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if "__loader__" in part:
                yield part
            left.extend(value for value in part.values() if isinstance(value, (dict, list)))
        else:
            left.extend(value for value in part if isinstance(value, (dict, list)))


def _check_class(node: dict[str, Any]) -> None:
    loader, name = node["__loader__"], f"{node['__module__']}.{node['__class__']}"
    allowed = _CLASSES.get(loader, set())
    if name not in allowed and f"{node['__module__']}." not in allowed:
        raise BrokenArtifact(f"the type {name} ({loader}) is not among those we load")
    if name == "xgboost.core.Booster":
        handle = node["content"]["content"]["handle"]  # else a way around the check of its bytes
        if node["content"]["__loader__"] != "DictNode" or handle["__loader__"] != "BytearrayNode":
            raise BrokenArtifact("a booster holds something else than its bytes")


def _check_references(schema: Any, nodes: list[dict[str, Any]]) -> None:
    """skops takes a node for one that it met before if they have the same id.

    It writes both in full, so both must have the same form here. Then what it builds is as large
    as what is written, no walk through it runs in a circle, and what was checked is what it takes.
    An entry is read by one node only, as each one that reads it holds a copy.
    """
    _sign(schema, {}, {})
    readers: dict[str, Any] = {}
    for node in nodes:
        if "file" in node and readers.setdefault(node["file"], node["__id__"]) != node["__id__"]:
            raise BrokenArtifact(f"the entry {node['file']!r} is read by two nodes")


def _sign(part: Any, signatures: dict[Any, int], met: dict[Any, int]) -> int:
    """A number that only parts of equal form share: all but ids and the names of entries is equal.

    skops writes the arrays of an object again each time, under another name.
    """
    key: Any
    if isinstance(part, dict):
        left_out = ("__id__", "file") if "__loader__" in part else ()
        key = tuple(
            (name, _sign(value, signatures, met))
            for name, value in part.items()
            if name not in left_out
        )
    elif isinstance(part, list):
        key = (list, *(_sign(value, signatures, met) for value in part))
    else:
        key = (type(part), part)
    signature = signatures.setdefault(key, len(signatures))
    if isinstance(part, dict) and "__loader__" in part:
        identity = part.get("__id__")
        if identity and met.setdefault(identity, signature) != signature:
            raise BrokenArtifact("two different nodes have the same id")
    return signature
