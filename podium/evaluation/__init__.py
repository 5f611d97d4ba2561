"""Metrics with confidence intervals, thresholds, slices and leakage: pure, seeded, no I/O."""

from podium.evaluation.delong import AucTest, auc_covariance, auc_variance, paired_auc_test
from podium.evaluation.intervals import Interval
from podium.evaluation.leakage import category_strength, single_feature_strength
from podium.evaluation.measure import confidence_interval, measure, measure_with_intervals
from podium.evaluation.metrics import (
    DEFAULT_METRIC,
    METRICS,
    Metric,
    cost_metric,
    get_metric,
    metric_names,
)
from podium.evaluation.scores import Costs, Scores, Task
from podium.evaluation.slices import SliceRow, slice_table
from podium.evaluation.thresholds import Threshold, ThresholdRule, choose_threshold

__all__ = [
    "DEFAULT_METRIC",
    "METRICS",
    "AucTest",
    "Costs",
    "Interval",
    "Metric",
    "Scores",
    "SliceRow",
    "Task",
    "Threshold",
    "ThresholdRule",
    "auc_covariance",
    "auc_variance",
    "category_strength",
    "choose_threshold",
    "confidence_interval",
    "cost_metric",
    "get_metric",
    "measure",
    "measure_with_intervals",
    "metric_names",
    "paired_auc_test",
    "single_feature_strength",
    "slice_table",
]
