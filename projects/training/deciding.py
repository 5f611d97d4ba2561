"""By what a project judges, and how it makes a decision out of a probability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from podium.artifact.scoring import Decision, Scorer
from podium.evaluation import (
    Costs,
    Metric,
    Threshold,
    ThresholdRule,
    choose_threshold,
    get_metric,
)
from podium.spec import Project


def costs_of(project: Project) -> Costs:
    """What a false positive and a false negative cost, as declared; 1 and 1 otherwise."""
    rule = project.decision.threshold
    return Costs(fp=rule.fp, fn=rule.fn)


def deciding_metric(project: Project) -> Metric:
    """The metric that decides, with the project's own costs where it is `cost`."""
    return get_metric(project.task, project.metric, costs_of(project))


def decided(
    project: Project, undecided: Scorer, features: pd.DataFrame, y: np.ndarray
) -> tuple[Scorer, Threshold | None]:
    """The scorer with the threshold (binary only) that the declared rule finds on these rows."""
    if project.task != "binary":
        return undecided, None
    decision, threshold = decided_by(project, undecided.decision, undecided.scores(features), y)
    return replace(undecided, decision=decision), threshold


def decided_by(
    project: Project, undecided: Decision, scores: np.ndarray, y: np.ndarray
) -> tuple[Decision, Threshold | None]:
    """The decision that the declared rule makes of a model's `scores` on these rows; see `decided`.

    scores: (n,) or (n, k) probabilities, or (n,) predicted numbers. y: (n,) their targets.
    """
    if project.task != "binary":
        return undecided, None
    threshold = choose_threshold(_threshold_rule(project), y, scores)
    return replace(undecided, threshold=threshold.value), threshold


def _threshold_rule(project: Project) -> ThresholdRule:
    """The declared rule, in the words of `podium.evaluation`."""
    rule = project.decision.threshold
    if rule.maximise is not None:
        return ThresholdRule("maximise_f1")
    if rule.minimise is not None:
        return ThresholdRule("minimise_cost", costs=costs_of(project))
    if rule.recall_at_least is not None:
        return ThresholdRule("recall_at_least", rule.recall_at_least)
    if rule.precision_at_least is not None:
        return ThresholdRule("precision_at_least", rule.precision_at_least)
    return ThresholdRule("fixed", rule.fixed)
