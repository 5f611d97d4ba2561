"""Metrics with confidence intervals, thresholds, slices and leakage: pure, seeded, no I/O."""

from podium.evaluation.baseline import baseline_scores
from podium.evaluation.comparison import Comparison, Verdict, compare
from podium.evaluation.delong import AucTest, auc_covariance, auc_variance, paired_auc_test
from podium.evaluation.disparity import Disparity
from podium.evaluation.evaluation import Evaluation, Question, evaluate
from podium.evaluation.fairness import Fairness, fairness
from podium.evaluation.flips import Flips, FlipsIn, flips
from podium.evaluation.gate import CheckVerdict, Footprint, GateCheck, Latency, Rules, verdict_of
from podium.evaluation.group_rates import GroupRates
from podium.evaluation.harm import SliceComparison, slice_harms
from podium.evaluation.holm import holm
from podium.evaluation.intervals import Interval
from podium.evaluation.leakage import category_strength, single_feature_strength
from podium.evaluation.measure import confidence_interval, measure, measure_with_intervals
from podium.evaluation.metrics import (
    DEFAULT_METRIC,
    METRICS,
    Metric,
    cost_metric,
    get_metric,
    is_metric,
    metric_names,
)
from podium.evaluation.pairs import Pair
from podium.evaluation.planning import rows_needed
from podium.evaluation.repeated import compare_repeated
from podium.evaluation.scores import Costs, Scores, Task
from podium.evaluation.slices import SliceRow, slice_table
from podium.evaluation.spending import alpha_of_use
from podium.evaluation.thresholds import Threshold, ThresholdRule, choose_threshold

__all__ = [
    "DEFAULT_METRIC",
    "METRICS",
    "AucTest",
    "CheckVerdict",
    "Comparison",
    "Costs",
    "Disparity",
    "Evaluation",
    "Fairness",
    "Flips",
    "FlipsIn",
    "Footprint",
    "GateCheck",
    "GroupRates",
    "Interval",
    "Latency",
    "Metric",
    "Pair",
    "Question",
    "Rules",
    "Scores",
    "SliceComparison",
    "SliceRow",
    "Task",
    "Threshold",
    "ThresholdRule",
    "Verdict",
    "alpha_of_use",
    "auc_covariance",
    "auc_variance",
    "baseline_scores",
    "category_strength",
    "choose_threshold",
    "compare",
    "compare_repeated",
    "confidence_interval",
    "cost_metric",
    "evaluate",
    "fairness",
    "flips",
    "get_metric",
    "holm",
    "is_metric",
    "measure",
    "measure_with_intervals",
    "metric_names",
    "paired_auc_test",
    "rows_needed",
    "single_feature_strength",
    "slice_harms",
    "slice_table",
    "verdict_of",
]
