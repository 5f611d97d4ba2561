"""Tree ensembles of XGBoost and scikit-learn as one ONNX operator."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from podium.artifact.compiling.graph import Graph, NotCompilable


@dataclass(frozen=True)
class Tree:
    """Arrays over nodes, the root first. `leaf`: (nodes, width), zero where not a leaf: what is
    added to the targets from `target` on. `missing_left`: whether a missing value goes to `left`.
    """

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    is_leaf: np.ndarray
    leaf: np.ndarray
    target: int = 0

    def additions(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Leaf nodes, targets, and what is added there; zeros only where a leaf has no more."""
        adds = self.leaf != 0
        adds[:, 0] |= ~adds.any(axis=1)
        nodes, columns = np.nonzero(adds & self.is_leaf[:, None])
        return nodes, columns + self.target, self.leaf[nodes, columns]


@dataclass(frozen=True)
class Ensemble:
    """Trees whose leaves are added up, on top of `base` (one a target).

    `strict`: left is taken where value < threshold, else where value <= threshold.
    `rounded`: values are rounded to float32 first. `single`: thresholds and sums are float32.
    """

    trees: Sequence[Tree]
    base: np.ndarray
    strict: bool
    rounded: bool
    single: bool

    def add_to(self, graph: Graph, matrix: str) -> str:
        """The sums, float32 (rows, targets), for a double `matrix`."""
        nodes = _joined(self.trees)
        mode = "BRANCH_LT" if self.strict else "BRANCH_LEQ"
        modes = np.where(nodes.is_leaf, "LEAF", mode).tolist()
        added = [tree.additions() for tree in self.trees]
        leaves, targets, weights = (np.concatenate(part) for part in zip(*added, strict=True))
        trees = np.repeat(np.arange(len(self.trees)), [len(t.left) for t in self.trees])
        own = np.concatenate([np.arange(len(t.left)) for t in self.trees])
        if self.rounded or self.single:
            matrix = graph.cast(matrix, "float")
        if self.rounded and not self.single:
            matrix = graph.cast(matrix, "double")
        return graph.trees(
            matrix,
            n_targets=len(self.base),
            aggregate_function="SUM",
            post_transform="NONE",
            nodes_treeids=trees.tolist(),
            nodes_nodeids=own.tolist(),
            nodes_modes=modes,
            nodes_featureids=np.where(nodes.is_leaf, 0, nodes.feature).tolist(),
            nodes_truenodeids=np.where(nodes.is_leaf, 0, nodes.left).tolist(),
            nodes_falsenodeids=np.where(nodes.is_leaf, 0, nodes.right).tolist(),
            nodes_missing_value_tracks_true=nodes.missing_left.astype(int).tolist(),
            target_treeids=np.repeat(np.arange(len(added)), [len(a[0]) for a in added]).tolist(),
            target_nodeids=leaves.tolist(),
            target_ids=targets.tolist(),
            **self._numbers(
                nodes_values=np.where(nodes.is_leaf, 0.0, nodes.threshold),
                target_weights=weights,
                base_values=self.base,
            ),
        )

    def _numbers(self, **values: np.ndarray) -> dict[str, Any]:
        if self.single:
            return {name: array.astype(np.float32).tolist() for name, array in values.items()}
        return {
            f"{name}_as_tensor": helper.make_tensor(name, TensorProto.DOUBLE, array.shape, array)
            for name, array in values.items()
        }


def _joined(trees: Sequence[Tree]) -> Tree:
    """All nodes as one tree, without what is added at its leaves."""
    return Tree(
        left=np.concatenate([tree.left for tree in trees]),
        right=np.concatenate([tree.right for tree in trees]),
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        missing_left=np.concatenate([tree.missing_left for tree in trees]),
        is_leaf=np.concatenate([tree.is_leaf for tree in trees]),
        leaf=np.empty(0),
    )


def forest(estimator: Any) -> Ensemble:
    """A random forest: the mean of its trees' class shares (binary: of the positive) or values."""
    count = len(estimator.estimators_)
    classes = getattr(estimator, "n_classes_", None)
    trees = []
    for member in estimator.estimators_:
        nodes = member.tree_.__getstate__()["nodes"]
        values = member.tree_.value[:, 0, :]  # (nodes, classes) or (nodes, 1)
        leaf = nodes["left_child"] == -1
        share = (values[:, 1:] if classes == 2 else values) / count
        trees.append(
            Tree(
                left=nodes["left_child"],
                right=nodes["right_child"],
                feature=nodes["feature"],
                threshold=nodes["threshold"],
                missing_left=nodes["missing_go_to_left"].astype(bool),
                is_leaf=leaf,
                leaf=np.where(leaf[:, None], share, 0.0),
            )
        )
    return Ensemble(
        trees, np.zeros(trees[0].leaf.shape[1]), strict=False, rounded=True, single=False
    )


def histogram_boosting(estimator: Any) -> Ensemble:
    """The raw prediction of HistGradientBoosting, before its link."""
    base = np.asarray(estimator._baseline_prediction, dtype=np.float64).ravel()
    trees = []
    for iteration in estimator._predictors:
        for target, predictor in enumerate(iteration):
            trees.append(_histogram_tree(predictor.nodes, target))
    return Ensemble(trees, base, strict=False, rounded=False, single=False)


def _histogram_tree(nodes: np.ndarray, target: int) -> Tree:
    leaf = nodes["is_leaf"].astype(bool)
    if (nodes["is_categorical"].astype(bool) & ~leaf).any():
        raise NotCompilable("it splits on sets of categories")
    values = np.where(leaf, nodes["value"], 0.0)
    return Tree(
        left=nodes["left"].astype(np.int64),
        right=nodes["right"].astype(np.int64),
        feature=nodes["feature_idx"].astype(np.int64),
        threshold=nodes["num_threshold"],
        missing_left=nodes["missing_go_to_left"].astype(bool),
        is_leaf=leaf,
        leaf=values[:, None],
        target=target,
    )


def xgboost_trees(booster: Any, rounds: int | None) -> tuple[Ensemble, str]:
    """The margin of a booster, of its first `rounds` only where given, and its objective."""
    kept = booster if rounds is None else booster[:rounds]
    learner = json.loads(kept.save_raw("json"))["learner"]
    objective, base = _objective_and_base(learner)
    gradient = learner["gradient_booster"]
    weights = gradient.get("weight_drop")  # of dart
    if gradient["name"] == "dart":
        gradient = gradient["gbtree"]
    if gradient["name"] != "gbtree":
        raise NotCompilable(f"its booster is {gradient['name']}")
    model = gradient["model"]
    targets = [int(target) for target in model["tree_info"]]
    trees = [
        _xgboost_tree(tree, target, 1.0 if weights is None else weights[place])
        for place, (tree, target) in enumerate(zip(model["trees"], targets, strict=True))
    ]
    return Ensemble(
        _on_top_of(base, trees),
        np.zeros(len(base)),
        strict=True,
        rounded=True,
        single=True,
    ), objective


def _on_top_of(base: np.ndarray, trees: list[Tree]) -> list[Tree]:
    """The trees with the base in the leaves of each target's first one.

    XGBoost begins its float32 sum with the base, ONNX Runtime ends it so: the last bits differ.
    """
    waiting, joined = set(range(len(base))), []
    for tree in trees:
        if tree.target in waiting:
            waiting.remove(tree.target)
            leaf = tree.leaf.astype(np.float32)
            leaf[tree.is_leaf] += np.float32(base[tree.target])
            joined.append(replace(tree, leaf=leaf))
        else:
            joined.append(tree)
    if waiting:
        raise NotCompilable("it has no trees for some class")
    return joined


def _objective_and_base(learner: dict[str, Any]) -> tuple[str, np.ndarray]:
    """The objective's name and the margin that trees are added to, one a target."""
    objective = str(learner["objective"]["name"])
    parameters = learner["learner_model_param"]
    stored = json.loads(str(parameters["base_score"]))
    base = np.atleast_1d(np.asarray(stored, dtype=np.float64))
    base = np.resize(base, max(1, int(parameters["num_class"]), int(parameters["num_target"])))
    if objective in ("binary:logistic", "reg:logistic"):
        return objective, np.log(base / (1 - base))
    if objective in ("count:poisson", "reg:gamma", "reg:tweedie"):
        return objective, np.log(base)
    return objective, base


def _xgboost_tree(tree: dict[str, Any], target: int, weight: float) -> Tree:
    if int(tree["tree_param"]["size_leaf_vector"]) > 1:
        raise NotCompilable("its leaves hold several values")
    if any(tree.get("split_type", ())):
        raise NotCompilable("it splits on sets of categories")
    left = np.asarray(tree["left_children"], dtype=np.int64)
    values = np.asarray(tree["split_conditions"], dtype=np.float32)
    leaf = left == -1
    leaves = np.where(leaf, values * weight, 0.0)
    return Tree(
        left=left,
        right=np.asarray(tree["right_children"], dtype=np.int64),
        feature=np.asarray(tree["split_indices"], dtype=np.int64),
        threshold=values,
        missing_left=np.asarray(tree["default_left"], dtype=bool),
        is_leaf=leaf,
        leaf=leaves[:, None],
        target=target,
    )
