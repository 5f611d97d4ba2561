"""Decision trees are followed by index in compiled code that checks no bounds: so we do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.tree import BaseDecisionTree

from .errors import BrokenArtifact

_HIST = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def check_trees(pipeline: Any) -> None:
    """Raises BrokenArtifact where a tree of a loaded pipeline points outside its own nodes."""
    for estimator in _estimators(pipeline):
        if isinstance(estimator, BaseDecisionTree) and hasattr(estimator, "tree_"):
            tree = estimator.tree_
            children = np.stack([tree.children_left, tree.children_right])
            _check(children, tree.feature, estimator.n_features_in_, leaf=children[0] == -1)
        elif isinstance(estimator, _HIST):
            stages = getattr(estimator, "_predictors", ())
            for predictor in (predictor for stage in stages for predictor in stage):
                nodes = predictor.nodes
                children = np.stack([nodes["left"], nodes["right"]]).astype(np.int64)
                leaf = nodes["is_leaf"].astype(bool)
                _check(children, nodes["feature_idx"], estimator.n_features_in_, leaf=leaf)


def _check(children: np.ndarray, feature: np.ndarray, features: int, *, leaf: np.ndarray) -> None:
    """children: (2, nodes). A child comes after its parent, so that no walk runs in a circle."""
    inner = ~leaf
    nodes = children.shape[1]
    inside = (children > np.arange(nodes)) & (children < nodes)
    if not inside[:, inner].all() or not ((feature >= 0) & (feature < features))[inner].all():
        raise BrokenArtifact("pipeline.skops holds a tree that points outside its own nodes")


def _estimators(step: Any) -> Iterator[Any]:
    yield step
    for name in ("estimator", "base_estimator"):
        if hasattr(step, name):
            yield from _estimators(getattr(step, name))
    for _, part in getattr(step, "steps", ()):
        yield from _estimators(part)
    for attribute in ("estimators_", "calibrated_classifiers_"):
        for part in getattr(step, attribute, ()):
            yield from _estimators(part)
