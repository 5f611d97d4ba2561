"""From features to scores: what each estimator computes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from podium.artifact.compiling.features import Features
from podium.artifact.compiling.graph import Graph, NotCompilable
from podium.artifact.compiling.trees import Ensemble, forest, histogram_boosting, xgboost_trees

_LINKS = {
    "binary:logistic": "logistic",
    "reg:logistic": "logistic",
    "multi:softprob": "softmax",
    "reg:squarederror": "identity",
    "reg:absoluteerror": "identity",
    "reg:pseudohubererror": "identity",
    "count:poisson": "exponential",
    "reg:gamma": "exponential",
    "reg:tweedie": "exponential",
}


@dataclass(frozen=True)
class Response:
    """`scores`: (rows, targets): the positive's probability, each class's, or predicted numbers.

    `decision`: what `decision_function` gives, where the estimator has one.
    `ensemble`: the trees, where it has any.
    """

    scores: str
    targets: int
    decision: str | None = None
    ensemble: Ensemble | None = None

    @property
    def decision_or_scores(self) -> str:
        """What scikit-learn calibrates."""
        return self.scores if self.decision is None else self.decision


def respond(graph: Graph, estimator: Any, features: Features, *, to_the_bit: bool) -> Response:
    """The response of a fitted estimator. Raises NotCompilable where it is of an unknown kind.

    `to_the_bit`: take XGBoost's probabilities as exact as can be, at the cost of some time.
    """
    name = type(estimator).__name__
    if name in ("XGBClassifier", "XGBRegressor"):
        return _xgboost(graph, estimator, features, to_the_bit)
    if name in ("RandomForestClassifier", "RandomForestRegressor"):
        return _summed(graph, forest(estimator), features, "identity")
    if name in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
        return _histogram(graph, estimator, features)
    if name == "LogisticRegression":
        return _logistic(graph, estimator, features)
    if name == "Ridge":
        weights = np.atleast_2d(estimator.coef_).T
        start = np.broadcast_to(np.asarray(estimator.intercept_, dtype=float), (1,))
        return Response(features.weighted(graph, weights, start), 1)
    raise NotCompilable(f"there is no rule for {name}")


def _xgboost(graph: Graph, estimator: Any, features: Features, to_the_bit: bool) -> Response:
    if not np.isnan(estimator.missing):
        raise NotCompilable(f"it takes {estimator.missing:g} for missing")
    if estimator.booster == "gblinear":  # whose rounds cannot be cut off
        raise NotCompilable("its booster is gblinear")
    stopped = (
        getattr(estimator, "best_iteration", None) if estimator.early_stopping_rounds else None
    )
    rounds = None if stopped is None else stopped + 1
    ensemble, objective = xgboost_trees(estimator.get_booster(), rounds)
    if objective not in _LINKS:
        raise NotCompilable(f"its objective is {objective}")
    link = _LINKS[objective]
    if to_the_bit and link in ("logistic", "softmax"):
        margin = _summed(graph, ensemble, features, "identity")
        return replace(margin, scores=_to_the_bit(graph, margin.scores, margin.targets))
    response = _summed(graph, ensemble, features, link)
    return replace(response, decision=None)  # XGBClassifier has no decision_function


def _histogram(graph: Graph, estimator: Any, features: Features) -> Response:
    ensemble = histogram_boosting(estimator)
    if hasattr(estimator, "classes_"):
        return _summed(
            graph, ensemble, features, "logistic" if len(ensemble.base) == 1 else "softmax"
        )
    identity = estimator.loss in ("squared_error", "absolute_error", "quantile")
    return _summed(graph, ensemble, features, "identity" if identity else "exponential")


def _logistic(graph: Graph, estimator: Any, features: Features) -> Response:
    decision = features.weighted(graph, estimator.coef_.T, estimator.intercept_)
    targets = len(estimator.intercept_)
    return Response(_linked(graph, decision, targets), targets, decision)


def _linked(graph: Graph, decision: str, targets: int) -> str:
    if targets == 1:
        return graph.node("Sigmoid", decision)
    return graph.node("Softmax", decision, axis=1)


def _summed(graph: Graph, ensemble: Ensemble, features: Features, link: str) -> Response:
    margin = ensemble.add_to(graph, features.matrix(graph))
    targets = len(ensemble.base)
    if link == "identity":
        return Response(margin, targets, ensemble=ensemble)
    if link == "exponential":
        return Response(graph.node("Exp", margin), targets, ensemble=ensemble)
    scores = _linked(graph, margin, targets)
    return Response(scores, targets, decision=margin, ensemble=ensemble)


def _to_the_bit(graph: Graph, margin: str, targets: int) -> str:
    """XGBoost's own sigmoid or softmax in float32, whose exponential rounds correctly.

    ONNX Runtime's differs in the last bits, which a steep isotonic curve makes much of.
    """
    if targets == 1:
        one = graph.constant(1.0, np.float32)
        exponential = _rounded_exponential(graph, graph.node("Neg", margin))
        return graph.node("Div", one, graph.node("Add", exponential, one))
    highest = graph.node("ReduceMax", margin, axes=[1], keepdims=1)
    exponential = _rounded_exponential(graph, graph.node("Sub", margin, highest))
    total = graph.cast(graph.total(graph.cast(exponential, "double"), 1, keep=True), "float")
    return graph.node("Div", exponential, total)


def _rounded_exponential(graph: Graph, value: str) -> str:
    return graph.cast(graph.node("Exp", graph.cast(value, "double")), "float")
