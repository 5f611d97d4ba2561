"""Several metrics of the same scores, with or without confidence intervals."""

from __future__ import annotations

from collections.abc import Iterable

from podium.errors import UsageError
from podium.evaluation.intervals import Interval
from podium.evaluation.metrics import Metric, get_metric, with_costs
from podium.evaluation.scores import Costs, Scores, Task


def confidence_interval(
    metric: Metric,
    scores: Scores,
    *,
    level: float = 0.95,
    seed: int = 0,
    costs: Costs | None = None,
) -> Interval:
    """`metric` of `scores` with the interval that holds the true value in `level` of samples.

    `seed` settles the metrics whose interval is resampled; `costs` replaces those of `cost`.
    The bounds are NaN where the rows cannot tell; see `Interval`. Raises UsageError for a level
    that is not between 0 and 1, and for scores without the probabilities that the metric needs.
    """
    if not 0.0 < level < 1.0:
        raise UsageError(
            f"The level {level!r} is not between 0 and 1.", remedy="Give a share, such as 0.95."
        )
    return with_costs(metric, costs).interval(scores, level, seed)


def measure(
    task: Task, scores: Scores, names: Iterable[str], *, costs: Costs | None = None
) -> dict[str, float]:
    """The named metrics of `scores`, in the order asked for; NaN where one is undefined.

    Raises UsageError for a name that the task does not have.
    """
    return {name: get_metric(task, name, costs).compute(scores) for name in names}


def measure_with_intervals(
    task: Task,
    scores: Scores,
    names: Iterable[str],
    *,
    level: float = 0.95,
    seed: int = 0,
    costs: Costs | None = None,
) -> dict[str, Interval]:
    """As `measure`, each with its confidence interval; each metric draws from `seed` anew."""
    return {
        name: confidence_interval(get_metric(task, name, costs), scores, level=level, seed=seed)
        for name in names
    }
