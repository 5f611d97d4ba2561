"""CalibratedClassifierCV around one fitted pipeline."""

from __future__ import annotations

from typing import Any

import numpy as np

from podium.artifact.compiling.graph import Graph, NotCompilable
from podium.artifact.scoring.pipeline_inputs import below_calibration

_MOST_STEPS = 2_000  # of an isotonic curve; each row is compared with each of them


def frozen_pipeline(calibrated: Any) -> tuple[Any, Any]:
    """The pipeline below a CalibratedClassifierCV, and the one calibration on top of it."""
    members = calibrated.calibrated_classifiers_
    if len(members) != 1 or type(members[0].estimator).__name__ != "FrozenEstimator":
        raise NotCompilable("it calibrates otherwise than on top of one fitted pipeline")
    return below_calibration(calibrated), members[0]


def calibrate(graph: Graph, response: str, calibration: Any) -> str:
    """Calibrated scores (rows, targets) from the estimator's own (rows, targets)."""
    response = graph.cast(response, "double")
    curves = calibration.calibrators
    if calibration.method == "sigmoid":
        slope = graph.constant([[curve.a_ for curve in curves]])
        start = graph.constant([[curve.b_ for curve in curves]])
        straight = graph.node("Add", graph.node("Mul", response, slope), start)
        scores = graph.node("Sigmoid", graph.node("Neg", straight))
    elif calibration.method == "isotonic":
        columns = [
            _isotonic(graph, graph.columns(response, [place]), curve)
            for place, curve in enumerate(curves)
        ]
        scores = columns[0] if len(columns) == 1 else graph.node("Concat", *columns, axis=1)
    else:
        raise NotCompilable(f"its calibration is {calibration.method}")
    return scores if len(curves) == 1 else _normalised(graph, scores, len(curves))


def _isotonic(graph: Graph, value: str, curve: Any) -> str:
    """Piecewise linear between the curve's thresholds, constant beyond them."""
    x = np.asarray(curve.X_thresholds_, dtype=np.float64)
    y = np.asarray(curve.y_thresholds_, dtype=np.float64)
    if len(x) > _MOST_STEPS:
        raise NotCompilable(f"its isotonic calibration has {len(x):,} steps")
    if len(x) == 1:
        zero = graph.node("Mul", value, graph.constant(0.0))
        return graph.node("Add", zero, graph.constant(y))
    slope = np.diff(y) / np.diff(x)
    low, high = graph.constant(x[0]), graph.constant(x[-1])
    clipped = graph.node("Min", graph.node("Max", value, low), high)
    below = graph.node("Less", graph.constant(x[1:-1]), clipped)
    piece = graph.total(graph.cast(below, "int64"), 1, keep=True)
    x0, y0, steep = (
        graph.node("Gather", graph.constant(part), piece, axis=0) for part in (x, y, slope)
    )
    return graph.node("Add", graph.node("Mul", graph.node("Sub", clipped, x0), steep), y0)


def _normalised(graph: Graph, scores: str, classes: int) -> str:
    """Shares of the sum; equal shares where all are zero."""
    total = graph.total(scores, 1, keep=True)
    none = graph.node("Equal", total, graph.constant(0.0))
    shares = graph.node("Div", scores, graph.node("Where", none, graph.constant(1.0), total))
    return graph.node("Where", none, graph.constant(np.full((1, classes), 1 / classes)), shares)
