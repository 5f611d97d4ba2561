"""Every figure that Podium draws. Matplotlib is imported by the first one that is drawn."""

from podium.reports.binary import (
    calibration_figure,
    precision_recall_figure,
    roc_figure,
    score_distribution_figure,
)
from podium.reports.both import both_calibration_figure, both_recall_figure, both_roc_figure
from podium.reports.both_regression import both_errors_figure, both_predicted_figure
from podium.reports.confusion import confusion_figure
from podium.reports.differences import DifferenceBar, differences_figure
from podium.reports.explain import (
    SliceBar,
    importance_figure,
    shap_summary_figure,
    slices_figure,
)
from podium.reports.flips import FlipBar, flips_figure
from podium.reports.groups import GroupBar, groups_figure
from podium.reports.multiclass import class_probability_figure
from podium.reports.parallel import search_parallel_figure
from podium.reports.regression import predicted_against_actual_figure, residuals_figure
from podium.reports.search import TrialPoint, search_history_figure, search_slice_figure
from podium.reports.training import learning_curve_figure

__all__ = [
    "DifferenceBar",
    "FlipBar",
    "GroupBar",
    "SliceBar",
    "TrialPoint",
    "both_calibration_figure",
    "both_errors_figure",
    "both_predicted_figure",
    "both_recall_figure",
    "both_roc_figure",
    "calibration_figure",
    "class_probability_figure",
    "confusion_figure",
    "differences_figure",
    "flips_figure",
    "groups_figure",
    "importance_figure",
    "learning_curve_figure",
    "precision_recall_figure",
    "predicted_against_actual_figure",
    "residuals_figure",
    "roc_figure",
    "score_distribution_figure",
    "search_history_figure",
    "search_parallel_figure",
    "search_slice_figure",
    "shap_summary_figure",
    "slices_figure",
]
