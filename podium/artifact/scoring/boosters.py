"""XGBoost's own model files, which its compiled code reads and follows with few checks."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np

from .errors import BrokenArtifact
from .ubjson import read_ubjson

_NUMBER = re.compile(r"[0-9]{1,10}")
_MOST_OUTPUTS = 100_000  # classes or targets; a row takes four bytes for each
_MOST_CATEGORIES = 1 << 24  # XGBoost's own limit
_PER_NODE = {
    "default_left": "u",
    "left_children": "i",
    "loss_changes": "f",
    "parents": "i",
    "right_children": "i",
    "split_conditions": "f",
    "split_indices": "i",
    "split_type": "u",
    "sum_hessian": "f",
}
_PER_CATEGORICAL_NODE = ("categories_nodes", "categories_segments", "categories_sizes")


def check_booster(content: bytes) -> None:
    """Check the state of a booster before XGBoost reads it.

    Trees, groups, categories and weights must be as many as the model says, and point inside it.
    Raises BrokenArtifact where they do not, or where `content` is not in XGBoost's present format.
    """
    try:
        document = read_ubjson(content)
        learner, config = document["Model"]["learner"], document["Config"]["learner"]
        _check_learner(learner, config)
    except BrokenArtifact:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        raise BrokenArtifact(f"a booster that cannot be read: {error!r}") from None


def _check_learner(learner: Any, config: Any) -> None:
    sizes = learner["learner_model_param"]
    features = _number(sizes["num_feature"])
    outputs = max(1, _number(sizes["num_class"]), _number(sizes["num_target"]))
    _require(outputs <= _MOST_OUTPUTS, "too many outputs")
    base = re.fullmatch(r"\[?([-+.0-9E,]*)\]?", sizes["base_score"])
    _require(base and base[1].count(",") + 1 in (1, outputs), "its base scores")
    for part in (learner, config):
        classes = part["objective"].get("softmax_multiclass_param", {}).get("num_class")
        _require(classes is None or _number(classes) == outputs, "its number of classes")
    booster = learner["gradient_booster"]
    _require(booster["name"] == config["gradient_booster"]["name"], "its kind")
    _check_model(booster, features, outputs)


def _check_model(booster: Any, features: int, outputs: int) -> None:
    if booster["name"] == "gblinear":
        weights = booster["model"]["weights"]
        _require(len(weights) == (features + 1) * outputs, "its number of weights")
    elif booster["name"] == "dart":
        _require(booster["gbtree"]["name"] == "gbtree", "its kind")
        _check_forest(booster["gbtree"]["model"], features, outputs)
        trees = len(booster["gbtree"]["model"]["trees"])
        _require(len(booster["weight_drop"]) == trees, "its number of weights")
    else:
        _require(booster["name"] == "gbtree", "its kind")
        _check_forest(booster["model"], features, outputs)


def _check_forest(model: Any, features: int, outputs: int) -> None:
    trees, count = model["trees"], len(model["trees"])
    _require(_number(model["gbtree_model_param"]["num_trees"]) == count, "its number of trees")
    _require(_number(model["gbtree_model_param"]["num_parallel_tree"]) > 0, "its number of trees")
    rounds, groups = np.asarray(model["iteration_indptr"]), np.asarray(model["tree_info"])
    _require(rounds.ndim == groups.ndim == 1 and len(groups) == count, "its number of trees")
    _require(rounds[0] == 0 and rounds[-1] == count and (np.diff(rounds) >= 0).all(), "its rounds")
    _require(((groups >= 0) & (groups < outputs)).all(), "a group that it does not have")
    names = model.get("cats", {"enc": [], "sorted_idx": []})
    _require(not len(names["enc"]) and not len(names["sorted_idx"]), "names of categories")
    _require([tree["id"] for tree in trees] == list(range(count)), "the order of its trees")
    for tree in trees:
        _check_tree(tree, features, outputs)


def _check_tree(tree: Any, features: int, outputs: int) -> None:
    param = tree["tree_param"]
    nodes, width = _number(param["num_nodes"]), _number(param["size_leaf_vector"])
    _require(nodes > 0 and _number(param["num_feature"]) <= features, "its number of nodes")
    for name, kind in _PER_NODE.items():
        _require(_is(tree[name], kind) and len(tree[name]) == nodes, f"its {name}")
    _require(width in (0, 1, outputs), "the width of its leaves")
    weights = tree["base_weights"]
    _require(_is(weights, "f") and len(weights) == nodes * max(1, width), "its weights")
    left, right = tree["left_children"], tree["right_children"]
    leaf = left == -1
    if width > 1:
        leaves = len(tree["leaf_weights"]) // width
        _require(((right[leaf] >= 0) & (right[leaf] < leaves)).all(), "its leaves")
    _check_children(np.stack([left[~leaf], right[~leaf]]), tree["parents"], np.flatnonzero(~leaf))
    split_on = tree["split_indices"][~leaf]
    _require(((split_on >= 0) & (split_on < features)).all(), "a feature that it does not have")
    _check_categories(tree, leaf)


def _check_children(children: np.ndarray, parents: np.ndarray, inner: np.ndarray) -> None:
    """Every child knows its one parent and the root is nobody's, so no walk runs in a circle.

    children: (2, inner nodes). Not "after its parent", as XGBoost reuses nodes that it pruned.
    """
    _require(((children > 0) & (children < len(parents))).all(), "a node that it does not have")
    _require((parents[children] == inner).all(), "a walk in a circle")


def _check_categories(tree: Any, leaf: np.ndarray) -> None:
    nodes, starts, sizes = (np.asarray(tree[name]) for name in _PER_CATEGORICAL_NODE)
    categories = np.asarray(tree["categories"])
    _require(len(nodes) == len(starts) == len(sizes), "its categories")
    split = np.flatnonzero((tree["split_type"] != 0) & ~leaf)
    _require(np.array_equal(np.unique(nodes), split) and len(nodes) == len(split), "its categories")
    inside = (starts >= 0) & (sizes > 0) & (starts <= len(categories) - sizes)
    _require(inside.all(), "its categories")
    _require(((categories >= 0) & (categories < _MOST_CATEGORIES)).all(), "its categories")


def _is(array: Any, kind: str) -> bool:
    return isinstance(array, np.ndarray) and array.dtype.kind == kind


def _number(text: Any) -> int:
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text!r} is no number")
    return int(text)


def _require(holds: Any, what: str) -> None:
    if not holds:
        raise BrokenArtifact(f"a booster that contradicts itself: {what}")
