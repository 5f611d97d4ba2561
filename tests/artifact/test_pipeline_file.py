from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from podium.artifact.scoring import BrokenArtifact, Scorer
from podium.artifact.scoring.pipeline_file import load_pipeline
from podium.artifact.scoring.trees import check_trees
from tests.artifact.samples import (
    boosted,
    calibrated,
    forest,
    linear,
    raw_table,
    regressor,
    xgboosted,
)

pytestmark = pytest.mark.filterwarnings("error")


class OursEstimator(BaseEstimator):
    """A class that only Podium has."""


def _dumped(pipeline: Any) -> bytes:
    return skops.io.dumps(pipeline)  # type: ignore[no-any-return]


def _forest_tree(pipeline: Any) -> Any:
    return pipeline.named_steps["model"].estimators_[0]


def _edited(tree: Any, **changes: tuple[int, int]) -> None:
    """Set fields of nodes of a fitted Tree, by way of its pickle state."""
    state = tree.tree_.__getstate__()
    state["nodes"] = state["nodes"].copy()
    for field, (node, value) in changes.items():
        state["nodes"][field][node] = value
    tree.tree_.__setstate__(state)


@pytest.fixture(params=[boosted, forest, regressor, xgboosted, calibrated, linear])
def scorer(request: pytest.FixtureRequest) -> Scorer:
    return request.param()  # type: ignore[no-any-return]


def test_every_kind_of_pipeline_comes_back_and_scores_the_same(scorer: Scorer) -> None:
    loaded = load_pipeline(_dumped(scorer.pipeline))
    features = scorer.canonicaliser.transform(raw_table(30, seed=2))
    again = Scorer(scorer.canonicaliser, scorer.decision, loaded)
    np.testing.assert_array_equal(again.scores(features), scorer.scores(features))


@pytest.mark.parametrize("func", [os.system, os.getcwd, eval])
def test_a_function_from_outside_the_list_is_refused(func: Any) -> None:
    pipeline = Pipeline([("run", FunctionTransformer(func))])
    with pytest.raises(BrokenArtifact, match=r"pipeline.skops cannot be loaded"):
        load_pipeline(_dumped(pipeline))


def test_a_class_of_ours_is_refused() -> None:
    with pytest.raises(BrokenArtifact, match="OursEstimator"):
        load_pipeline(_dumped(Pipeline([("ours", OursEstimator())])))


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04"])
def test_what_is_no_zip_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenArtifact, match=r"pipeline.skops cannot be loaded"):
        load_pipeline(content)


def test_real_trees_are_let_through(scorer: Scorer) -> None:
    check_trees(scorer.pipeline)


@pytest.mark.parametrize(
    "changes",
    [
        {"left_child": (0, 10**6)},
        {"right_child": (0, -5)},
        {"left_child": (0, 0)},
        {"right_child": (1, 0)},
        {"feature": (0, 10**6)},
        {"feature": (0, -2)},
    ],
)
def test_a_tree_that_points_outside_or_in_a_circle_is_refused(
    changes: dict[str, tuple[int, int]],
) -> None:
    pipeline = load_pipeline(_dumped(forest().pipeline))
    _edited(_forest_tree(pipeline), **changes)
    with pytest.raises(BrokenArtifact, match="a tree that points outside"):
        load_pipeline(_dumped(pipeline))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", 10**6),
        ("right", 10**6),
        ("left", 0),
        ("feature_idx", 99),
        ("feature_idx", -1),
        ("is_categorical", 1),
    ],
)
def test_a_boosted_tree_that_points_outside_or_in_a_circle_is_refused(
    field: str, value: int
) -> None:
    pipeline = load_pipeline(_dumped(boosted().pipeline))
    nodes = pipeline.named_steps["model"]._predictors[0][0].nodes.copy()
    nodes[field][0] = value
    pipeline.named_steps["model"]._predictors[0][0].nodes = nodes
    with pytest.raises(BrokenArtifact, match="a tree that points outside"):
        load_pipeline(_dumped(pipeline))


def test_a_tree_without_nodes_is_refused() -> None:
    pipeline = skops.io.loads(skops.io.dumps(boosted().pipeline), trusted=_types(boosted()))
    predictor = pipeline.named_steps["model"]._predictors[0][0]
    predictor.nodes = predictor.nodes[:0]
    with pytest.raises(BrokenArtifact):
        check_trees(pipeline)


def _types(scorer: Scorer) -> list[str]:
    return skops.io.get_untrusted_types(data=skops.io.dumps(scorer.pipeline))


def _categorical() -> Any:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 9, 300), rng.normal(size=300)]).astype(float)
    y = (X[:, 0] % 2 == 0).astype(int)
    return HistGradientBoostingClassifier(categorical_features=[0], max_iter=2).fit(X, y)


def test_categorical_splits_are_checked_too() -> None:
    model = _categorical()
    check_trees(model)
    predictor = model._predictors[0][0]
    assert predictor.nodes["is_categorical"].any()
    kept, predictor.raw_left_cat_bitsets = predictor.raw_left_cat_bitsets, np.empty((0, 8), "u4")
    with pytest.raises(BrokenArtifact):
        check_trees(model)
    predictor.raw_left_cat_bitsets = kept
    model._bin_mapper.bin_thresholds_[0] = np.array([1.0, 4711.0])
    with pytest.raises(BrokenArtifact):
        check_trees(model)


def test_trees_are_found_wherever_they_hide() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2))
    model = GradientBoostingRegressor(n_estimators=2, max_depth=2).fit(X, X[:, 0])
    _edited(model.estimators_[1, 0], left_child=(0, 0))
    hidden = Pipeline([("step", FunctionTransformer(kw_args={"deep": [(model,)]}))])
    for holder in (model, hidden):
        with pytest.raises(BrokenArtifact):
            check_trees(holder)


def test_a_tree_of_no_estimator_is_refused() -> None:
    tree = _forest_tree(forest().pipeline).tree_
    with pytest.raises(BrokenArtifact):
        check_trees(Pipeline([("step", FunctionTransformer(kw_args={"tree": tree}))]))


def test_a_tree_shared_with_a_narrower_estimator_is_refused() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3))
    wide = GradientBoostingRegressor(n_estimators=1, max_depth=1).fit(X, X[:, 2])
    narrow = GradientBoostingRegressor(n_estimators=1, max_depth=1).fit(X[:, :2], X[:, 0])
    narrow.estimators_[0, 0].tree_ = wide.estimators_[0, 0].tree_
    with pytest.raises(BrokenArtifact):
        check_trees([wide, narrow])


def test_a_tree_that_claims_more_nodes_than_it_has_is_refused() -> None:
    pipeline = load_pipeline(_dumped(forest().pipeline))
    tree = _forest_tree(pipeline).tree_
    tree.__setstate__({**tree.__getstate__(), "node_count": 10**9})
    with pytest.raises(BrokenArtifact, match="a tree that points outside"):
        check_trees(pipeline)


def test_a_tree_whose_estimator_does_not_say_how_many_features_it_takes_is_refused() -> None:
    pipeline = load_pipeline(_dumped(forest().pipeline))
    del _forest_tree(pipeline).n_features_in_
    with pytest.raises(BrokenArtifact, match="a tree that points outside"):
        load_pipeline(_dumped(pipeline))


def test_boosted_trees_that_would_take_any_number_of_features_are_refused() -> None:
    pipeline = load_pipeline(_dumped(boosted().pipeline))
    pipeline.named_steps["model"]._in_fit = True
    with pytest.raises(BrokenArtifact, match="boosting that is not done"):
        load_pipeline(_dumped(pipeline))
    del pipeline.named_steps["model"]._in_fit
    pipeline.named_steps["model"]._preprocessor = FunctionTransformer()
    with pytest.raises(BrokenArtifact, match="boosting with steps of its own"):
        load_pipeline(_dumped(pipeline))


def test_known_categories_are_checked_even_where_no_tree_splits_on_them() -> None:
    pipeline = load_pipeline(_dumped(boosted().pipeline))
    mapper = pipeline.named_steps["model"]._bin_mapper
    mapper.is_categorical_ = np.ones(len(mapper.bin_thresholds_), dtype=np.uint8)
    with pytest.raises(BrokenArtifact, match="a tree that points outside"):
        load_pipeline(_dumped(pipeline))
