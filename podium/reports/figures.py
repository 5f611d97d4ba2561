"""Every figure that Podium draws. Matplotlib is imported by the first one that is drawn."""

from podium.reports.binary import (
    calibration_figure,
    precision_recall_figure,
    roc_figure,
    score_distribution_figure,
)
from podium.reports.confusion import confusion_figure
from podium.reports.explain import (
    SliceBar,
    importance_figure,
    shap_summary_figure,
    slices_figure,
)
from podium.reports.multiclass import class_probability_figure
from podium.reports.regression import predicted_against_actual_figure, residuals_figure
from podium.reports.training import learning_curve_figure

__all__ = [
    "SliceBar",
    "calibration_figure",
    "class_probability_figure",
    "confusion_figure",
    "importance_figure",
    "learning_curve_figure",
    "precision_recall_figure",
    "predicted_against_actual_figure",
    "residuals_figure",
    "roc_figure",
    "score_distribution_figure",
    "shap_summary_figure",
    "slices_figure",
]
