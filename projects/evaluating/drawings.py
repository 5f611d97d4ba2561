"""Which figures a report has, by name; each is drawn when it is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from podium.evaluation import Scores
from podium.evaluation.comparison import Comparison
from podium.evaluation.fairness import Fairness
from podium.reports import figures
from podium.reports.differences import DifferenceBar
from podium.reports.flips import FlipBar
from podium.reports.groups import GroupBar
from podium.spec import label_text
from projects.evaluating.case import Case
from projects.evaluating.judge import Judged

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from podium.evaluation.group_rates import GroupRates

Drawing = tuple[str, Callable[[], "Figure"]]


def drawings(case: Case, judged: Judged) -> Iterator[Drawing]:
    """Name and drawing of every figure that says something about this comparison."""
    champion = case.contest.champion
    if not judged.evaluation.comparisons:
        return
    if champion is not None:
        yield from _of_both(case, judged, champion.label)
    yield from _by_slice(case, judged)
    for fairness in judged.evaluation.fairness:
        if fairness.candidate_groups:
            yield f"groups_{_plain(fairness.column)}", partial(_groups, case, fairness)


def _of_both(case: Case, judged: Judged, champion: str) -> Iterator[Drawing]:
    names = (case.contest.candidate.label, champion)
    ours, theirs = (judged.scores[name] for name in names)
    of_task = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}
    yield from of_task[case.contest.project.task](case, ours, theirs, names)
    flips = judged.evaluation.flips
    if flips is not None:
        bars = [
            FlipBar(f.column, f.value, f.rows, f.flipped, f.better, f.worse) for f in flips.where
        ]
        overall = FlipBar("", "all rows", flips.rows, flips.flipped, flips.better, flips.worse)
        yield "flips", partial(figures.flips_figure, bars, overall=overall, names=names)


def _binary(case: Case, ours: Scores, theirs: Scores, names: tuple[str, str]) -> Iterator[Drawing]:
    if ours.probability is None or theirs.probability is None:
        return
    answers, part = (ours.y, ours.probability, theirs.probability), case.part
    yield "roc", partial(figures.both_roc_figure, *answers, names, part=part)
    yield "calibration", partial(figures.both_calibration_figure, *answers, names, part=part)


def _multiclass(
    case: Case, ours: Scores, theirs: Scores, names: tuple[str, str]
) -> Iterator[Drawing]:
    labels = [label_text(label) for label in case.rows.target.labels]
    answers = (ours.y, ours.prediction, theirs.prediction)
    yield "recall", partial(figures.both_recall_figure, *answers, labels, names, part=case.part)


def _regression(
    case: Case, ours: Scores, theirs: Scores, names: tuple[str, str]
) -> Iterator[Drawing]:
    answers = (ours.y, ours.prediction, theirs.prediction)
    given = {"unit": case.contest.project.target.column, "part": case.part}
    yield "predicted", partial(figures.both_predicted_figure, *answers, names, **given)
    yield "errors", partial(figures.both_errors_figure, *answers, names, **given)


def _by_slice(case: Case, judged: Judged) -> Iterator[Drawing]:
    evaluation, champion = judged.evaluation, case.contest.champion
    if not evaluation.slices:
        return
    deciding = evaluation.comparisons[0]
    bars = [
        _bar(each.column, each.value, each.rows, each.comparison, harmed=each.harmed)
        for each in evaluation.slices
    ]
    # Worst first, so that what is left out of a long figure harms least.
    sign = 1 if deciding.higher_is_better else -1
    bars.sort(key=lambda bar: (not bar.harmed, np.nan_to_num(sign * bar.difference, nan=np.inf)))
    yield (
        "slices",
        partial(
            figures.differences_figure,
            bars,
            metric=deciding.metric,
            higher_is_better=deciding.higher_is_better,
            margin=case.rules.slice_margin,
            overall=_bar("", "all rows", deciding.rows, deciding, harmed=False),
            names=(
                case.contest.candidate.label,
                "the baseline" if champion is None else champion.label,
            ),
        ),
    )


def _bar(
    column: str, value: str, rows: int, found: Comparison | None, *, harmed: bool
) -> DifferenceBar:
    if found is None:
        return DifferenceBar(column, value, rows, np.nan, np.nan, np.nan)
    return DifferenceBar(column, value, rows, found.difference, found.low, found.high, harmed)


def _groups(case: Case, fairness: Fairness) -> Figure:
    champion = case.contest.champion
    return figures.groups_figure(
        fairness.column,
        [_group(group) for group in fairness.candidate_groups],
        [_group(group) for group in fairness.champion_groups],
        (case.contest.candidate.label, "the baseline" if champion is None else champion.label),
        min_rows=case.rules.min_slice_rows,
    )


def _group(rates: GroupRates) -> GroupBar:
    return GroupBar(
        rates.value,
        rates.rows,
        rates.selection_rate,
        rates.true_positive_rate,
        rates.false_positive_rate,
    )


def _plain(name: str) -> str:
    """A column's name as part of a file's."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)[:60]
