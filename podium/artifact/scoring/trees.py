"""Decision trees are followed by index in compiled code that checks no bounds: so we do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.tree._tree import Tree

from .errors import BrokenArtifact

_BINS = 256  # categories that the bit sets of HistGradientBoosting have room for
_WORDS = _BINS // 32  # of 32 bits, in one such set


def check_trees(pipeline: Any) -> None:
    """Raises BrokenArtifact where a tree of a loaded pipeline points outside its own nodes.

    Every tree is found, in whichever attribute it hides, and checked against the number of
    features and the categories of the estimator that holds it.
    """
    for part, owner in _parts(pipeline, None, set()):
        if isinstance(part, Tree):
            _check_tree(part, owner)
        elif isinstance(part, TreePredictor):
            _check_predictor(part, owner)
        elif isinstance(part, _BinMapper):
            _check_known_categories(part)


def parts_of(pipeline: Any) -> Iterator[Any]:
    """`pipeline` and every object in it, some of them more than once."""
    return (part for part, _ in _parts(pipeline, None, set()))


def _check_tree(tree: Any, owner: Any) -> None:
    _require(0 < tree.node_count <= tree.capacity)  # else its own arrays reach too far
    children = np.stack([tree.children_left, tree.children_right])
    _check(children, tree.feature, _width(owner), leaf=children[0] == -1)


def _check_predictor(predictor: Any, owner: Any) -> None:
    nodes, width = predictor.nodes, _width(owner)
    children = np.stack([nodes["left"], nodes["right"]]).astype(np.int64)
    leaf = nodes["is_leaf"].astype(bool)
    _check(children, nodes["feature_idx"], width, leaf=leaf)
    categorical = nodes[nodes["is_categorical"].astype(bool) & ~leaf]
    if not len(categorical):
        return
    known = np.asarray(owner._bin_mapper.is_categorical_).astype(bool)
    _require(len(known) == width and known[categorical["feature_idx"]].all())
    sets = predictor.raw_left_cat_bitsets
    _require(sets.shape[1:] == (_WORDS,) and (categorical["bitset_idx"] < len(sets)).all())


def _check_known_categories(mapper: Any) -> None:
    for feature in np.flatnonzero(mapper.is_categorical_):
        values = np.asarray(mapper.bin_thresholds_[feature])
        _require(((values >= 0) & (values < _BINS)).all())


def _check(children: np.ndarray, feature: np.ndarray, width: int, *, leaf: np.ndarray) -> None:
    """children: (2, nodes). A child comes after its parent, so that no walk runs in a circle."""
    nodes = children.shape[1]
    inside = (children > np.arange(nodes)) & (children < nodes)
    split_on = (feature >= 0) & (feature < width)
    _require(nodes > 0 and inside[:, ~leaf].all() and split_on[~leaf].all())


def _width(owner: Any) -> int:
    """The number of features that `owner` itself refuses to do without; 0 where it has none."""
    width = getattr(owner, "__dict__", {}).get("n_features_in_")
    return int(width) if isinstance(width, (int, np.integer)) else 0


def _require(holds: Any) -> None:
    if not holds:
        raise BrokenArtifact("a tree that points outside its own nodes")


def _parts(part: Any, owner: Any, seen: set[tuple[int, int]]) -> Iterator[tuple[Any, Any]]:
    """`part` and everything in it, each with the nearest estimator around it."""
    place = (id(part), id(owner))
    if place in seen or isinstance(part, (str, bytes, int, float, type(None))):
        return
    seen.add(place)
    yield part, owner
    owner = part if isinstance(part, BaseEstimator) else owner
    for inner in _inside(part):
        yield from _parts(inner, owner, seen)


def _inside(part: Any) -> Iterable[Any]:
    if isinstance(part, dict):
        return [*part.keys(), *part.values()]
    if isinstance(part, (list, tuple, set, frozenset)):
        return part
    if isinstance(part, np.ndarray):
        return part.ravel().tolist() if part.dtype == object else ()
    return list(getattr(part, "__dict__", {}).values())
