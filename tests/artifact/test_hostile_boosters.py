"""XGBoost models whose trees lead out of themselves, and files that are none."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import skops.io
from xgboost import Booster, XGBClassifier, XGBRegressor

from podium.artifact.scoring import BrokenArtifact
from podium.artifact.scoring.boosters import check_booster
from podium.artifact.scoring.pipeline_file import load_pipeline
from podium.artifact.scoring.ubjson import read_ubjson
from tests.artifact.samples import xgboosted

_X = np.random.default_rng(0).normal(size=(300, 5))
_CLASSES = (_X[:, 0] > 0) * 1 + (_X[:, 1] > 0)
_MARKERS = {"i1": b"U", "u1": b"U", "i4": b"l", "i8": b"L", "f4": b"d", "f8": b"D"}


def _state(model: Any) -> bytes:
    return bytes(model.get_booster().__getstate__()["handle"])


def _written(value: Any) -> bytes:
    """UBJSON as XGBoost writes it."""
    if isinstance(value, dict):
        return b"{" + b"".join(_text(k) + _written(v) for k, v in value.items()) + b"}"
    if isinstance(value, np.ndarray):
        big = value.astype(value.dtype.newbyteorder(">"))
        marker = _MARKERS[value.dtype.str[1:]]
        return b"[$" + marker + b"#" + _size(len(value)) + big.tobytes()
    if isinstance(value, list):
        return b"[#" + _size(len(value)) + b"".join(_written(each) for each in value)
    if isinstance(value, bool):
        return b"T" if value else b"F"
    return b"S" + _text(value) if isinstance(value, str) else _size(value)


def _size(number: int) -> bytes:
    return b"L" + struct.pack(">q", number)


def _text(text: str) -> bytes:
    return _size(len(text.encode())) + text.encode()


@cache
def _honest() -> bytes:
    return _state(XGBClassifier(n_estimators=3, max_depth=3, n_jobs=1).fit(_X, _CLASSES))


def _edited(edit: Callable[[Any], None], content: bytes | None = None) -> bytes:
    document = read_ubjson(content or _honest())
    edit(document)
    return _written(document)


def _in_tree(**changes: Any) -> Callable[[Any], None]:
    """Replace arrays of the first tree, or its nodes where `changes` gives (node, value)."""

    def edit(document: Any) -> None:
        tree = document["Model"]["learner"]["gradient_booster"]["model"]["trees"][0]
        for name, change in changes.items():
            if isinstance(change, tuple):
                tree[name] = tree[name].copy()
                tree[name][change[0]] = change[1]
            else:
                tree[name] = change

    return edit


def _at(*path: Any, value: Any) -> Callable[[Any], None]:
    """Replace a value in the model."""

    def edit(document: Any) -> None:
        place = document["Model"]["learner"]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return edit


def test_what_xgboost_writes_is_read_whole() -> None:
    assert _edited(lambda _: None)[:5] == _honest()[:5]
    check_booster(_honest())
    check_booster(_edited(lambda _: None))
    booster = Booster()
    booster.__setstate__({"handle": bytearray(_edited(lambda _: None))})
    assert booster.num_boosted_rounds() == 3


@pytest.mark.parametrize(
    "params",
    [
        {"booster": "dart"},
        {"booster": "gblinear"},
        {"multi_strategy": "multi_output_tree"},
        {"tree_method": "exact", "gamma": 5.0},  # prunes, and uses what it pruned again
        {"tree_method": "approx"},
        {"grow_policy": "lossguide", "max_leaves": 5},
        {"num_parallel_tree": 3},
        {"enable_categorical": True, "feature_types": ["c"] + ["q"] * 4, "max_cat_to_onehot": 1},
    ],
    ids=lambda params: "-".join(map(str, params)),
)
def test_every_kind_of_booster_is_let_through(params: dict[str, Any]) -> None:
    X = _X.copy()
    X[:, 0] = np.floor(np.abs(X[:, 0] * 5))
    check_booster(_state(XGBClassifier(n_estimators=3, n_jobs=1, **params).fit(X, _CLASSES)))


@pytest.mark.parametrize(
    "objective", ["reg:squarederror", "reg:absoluteerror", "count:poisson", "reg:quantileerror"]
)
def test_every_kind_of_regression_is_let_through(objective: str) -> None:
    alpha = {"quantile_alpha": [0.1, 0.9]} if "quantile" in objective else {}
    model = XGBRegressor(n_estimators=2, objective=objective, n_jobs=1, **alpha)
    check_booster(_state(model.fit(_X, np.abs(_X[:, 0]))))


@pytest.mark.parametrize(
    "changes",
    [
        {"left_children": (0, 10**6)},
        {"left_children": (0, -2)},
        {"right_children": (0, 10**6)},
        {"right_children": (0, -1)},
        {"left_children": (0, 0)},
        {"left_children": (1, 0)},
        {"right_children": (1, 1)},
        {"right_children": (1, 2)},
        {"parents": (1, 2)},
        {"split_indices": (0, 5)},
        {"split_indices": (0, -1)},
        {"split_type": (0, 1)},
        {"split_conditions": np.zeros(1, "f4")},
        {"left_children": np.zeros(0, "i4")},
        {"default_left": np.zeros(1, "u1")},
        {"base_weights": np.zeros(1, "f4")},
        {"left_children": [1, 2]},
        {"id": 1},
        {"id": 10**9},
        {"categories_nodes": np.array([0], "i4")},
        {"tree_param": {}},
    ],
    ids=str,
)
def test_a_tree_that_leads_out_of_itself_or_in_a_circle_is_refused(changes: Any) -> None:
    with pytest.raises(BrokenArtifact, match="a booster that"):
        check_booster(_edited(_in_tree(**changes)))


_MODEL = ("gradient_booster", "model")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("learner_model_param", "num_feature"), "1"),
        (("learner_model_param", "num_feature"), "-1"),
        (("learner_model_param", "num_class"), "2"),
        (("learner_model_param", "num_class"), "9999999999"),
        (("learner_model_param", "base_score"), "[1,2]"),
        (("objective", "softmax_multiclass_param", "num_class"), "0"),
        ((*_MODEL, "tree_info", 0), 3),
        ((*_MODEL, "tree_info", 0), -1),
        ((*_MODEL, "tree_info"), []),
        ((*_MODEL, "iteration_indptr", 3), 99),
        ((*_MODEL, "iteration_indptr", 1), -5),
        ((*_MODEL, "gbtree_model_param", "num_trees"), "1000000"),
        ((*_MODEL, "gbtree_model_param", "num_parallel_tree"), "0"),
        ((*_MODEL, "trees"), []),
        (("gradient_booster", "name"), "dart"),
        (("gradient_booster", "name"), "none"),
        (("gradient_booster",), "none"),
        ((*_MODEL, "cats", "enc"), [1]),
    ],
    ids=str,
)
def test_a_model_that_contradicts_itself_is_refused(path: Any, value: Any) -> None:
    with pytest.raises(BrokenArtifact, match="a booster that"):
        check_booster(_edited(_at(*path, value=value)))


@pytest.mark.parametrize("name", ["categories_segments", "categories_sizes", "categories"])
def test_categories_that_are_not_there_are_refused(name: str) -> None:
    X = np.column_stack([np.arange(300) % 30, _X[:, 1]])
    model = XGBClassifier(
        n_estimators=1, enable_categorical=True, feature_types=["c", "q"], n_jobs=1
    ).fit(X, X[:, 0] % 2)
    check_booster(_state(model))
    with pytest.raises(BrokenArtifact, match="its categories"):
        check_booster(
            _edited(_in_tree(**{name: (0, 10**9 if name != "categories" else -1)}), _state(model))
        )


def test_every_cut_of_a_booster_is_refused() -> None:
    content = _honest()
    for size in [*range(200), *range(200, len(content), 97), len(content) - 1]:
        with pytest.raises(BrokenArtifact):
            check_booster(content[:size])
    with pytest.raises(BrokenArtifact, match="more after the end"):
        check_booster(content + b"}")


@pytest.mark.parametrize(
    "content",
    [
        b'{"Model": {}}',
        b"{" + _text("a") + b"[#" + _size(1 << 62),
        b"{" + _text("a") + b"[$d#" + _size(1 << 62),
        b"{" + _text("a") + b"[$d#" + _size(-1),
        b"{" + _text("a") + b"S" + _size(-1),
        b"{" + _size(1 << 62),
        b"{" + (_text("a") + b"T") * 2 + b"}",
        b"{" + _text("a") + b"[T]}",
        b"{" + _text("a") + b"?}",
        b"{" + _size(1) + b"\xff" + b"T}",
        b"{}",
        b"[#" + _size(0),
    ],
)
def test_what_is_no_booster_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenArtifact, match="a booster that cannot be read"):
        check_booster(content)


def _file_with(booster: bytes) -> bytes:
    source, target = zipfile.ZipFile(io.BytesIO(skops.io.dumps(xgboosted().pipeline))), io.BytesIO()
    with source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, booster if name.endswith(".bin") else source.read(name))
    return target.getvalue()


def test_a_hostile_booster_is_refused_before_xgboost_reads_it() -> None:
    load_pipeline(_file_with(_honest()))
    for content in (b"", b"junk", _edited(_in_tree(left_children=(0, 10**6)))):
        with pytest.raises(BrokenArtifact, match=r"^pipeline.skops cannot be loaded: a booster"):
            load_pipeline(_file_with(content))


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(BrokenArtifact, match="nested too deeply"):
        load_pipeline(_file_with((b"{" + _text("a")) * 100_000))
