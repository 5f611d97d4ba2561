"""Do groups of people fare less alike under the candidate than under the champion?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from podium.evaluation import group_rates
from podium.evaluation.disparity import Disparity, GroupedRates, compared, grouped_rates
from podium.evaluation.group_rates import GroupRates
from podium.evaluation.holm import holm
from podium.evaluation.pairs import Pair
from podium.evaluation.scores import Array, Ints
from podium.evaluation.slices import cut

NOT_BINARY = "disparities are defined for binary tasks only; its groups are judged as slices"
_MAX_GROUPS = 30


@dataclass(frozen=True)
class Fairness:
    """The groups of one column and their disparities.

    `not_judged` is empty, or says which groups are shown without being compared, which rates no
    two groups have rows for, or why there are no disparities at all.
    """

    column: str
    candidate_groups: tuple[GroupRates, ...]
    champion_groups: tuple[GroupRates, ...]
    disparities: tuple[Disparity, ...]
    not_judged: str


def fairness(
    pair: Pair,
    column: str,
    values: Array,
    *,
    margin: float,
    alpha: float,
    min_rows: int,
    seed: int = 0,
    has_champion: bool = True,
) -> Fairness:
    """The rates of the groups of `values` (n,) under both models, and whether these grew apart.

    Groups are cut as slices are; those below `min_rows` rows are shown, not compared. Point
    estimates are fairlearn's, but a rate without a row to tell it (no positive row in a group)
    is NaN and takes no part, where fairlearn counts it as 0. Intervals and p come from a seeded
    bootstrap of the counts of each group, or of the clusters of `pair.group`; they hold for any
    number of groups (see `extremes`). Holm's correction here is over the two differences of this
    column; `judge_together` extends it to several columns. Without `has_champion`, the pair's
    champion is a stand-in and is left out. Not judged: tasks that are not binary, and columns
    with fewer than two groups to compare.
    """
    if not _is_binary(pair):
        return not_binary(column)
    groups = cut(column, values, len(pair), max_values=_MAX_GROUPS)
    ours = group_rates.of_groups(pair.candidate, groups)
    theirs = group_rates.of_groups(pair.champion, groups) if has_champion else ()
    reason = _left_out(ours, min_rows)
    large = [rows for _, rows in groups if len(rows) >= min_rows]
    if len(large) < 2:
        return Fairness(column, ours, theirs, (), reason)
    judged, code = _only(pair, large)
    candidate, champion = grouped_rates(judged, code, len(large), seed)
    found = compared(candidate, champion if has_champion else None, margin=margin, alpha=alpha)
    reason = "; ".join(filter(None, (reason, *_not_told(candidate))))
    return judge_together([Fairness(column, ours, theirs, found, reason)], alpha)[0]


def _only(pair: Pair, groups: Sequence[Ints]) -> tuple[Pair, Ints]:
    """The rows of these groups, and the number of the group of each."""
    code = np.repeat(np.arange(len(groups)), [len(rows) for rows in groups])
    return pair.take(np.concatenate(groups)), code


def judge_together(columns: Iterable[Fairness], alpha: float) -> tuple[Fairness, ...]:
    """The same, with Holm's correction over all differences of all `columns`."""
    columns = tuple(columns)
    p = [d.p_harm for c in columns for d in c.disparities if d.p_harm is not None]
    adjusted = iter(holm(np.array(p)).tolist())
    return tuple(
        replace(c, disparities=tuple(_adjust(d, adjusted, alpha) for d in c.disparities))
        for c in columns
    )


def not_binary(column: str) -> Fairness:
    """What is said of a column when the task is not binary."""
    return Fairness(column, (), (), (), NOT_BINARY)


def _adjust(disparity: Disparity, adjusted: Iterator[float], alpha: float) -> Disparity:
    if disparity.p_harm is None:
        return disparity
    p = next(adjusted)
    return replace(disparity, p_adjusted=p, harmed=p <= alpha)


def _is_binary(pair: Pair) -> bool:
    answers = (pair.candidate.y, pair.candidate.prediction, pair.champion.prediction)
    wide = any(
        scores.probability is not None and scores.probability.ndim != 1
        for scores in (pair.candidate, pair.champion)
    )
    return not wide and all(np.isin(values, (0, 1)).all() for values in answers)


def _not_told(of: GroupedRates) -> Iterator[str]:
    """Which of the two rates of equalized odds fewer than two groups have rows for."""
    for rate, name, rows in ((1, "true positive", "positive"), (2, "false positive", "negative")):
        if np.count_nonzero(~np.isnan(of.rates[rate])) < 2:
            yield f"{name} rates are not told: fewer than two groups have {rows} rows"


def _left_out(groups: Sequence[GroupRates], min_rows: int) -> str:
    small = [f"{g.value} ({g.rows:,})" for g in groups if g.rows < min_rows]
    if len(groups) - len(small) < 2:
        return f"fewer than two groups have {min_rows:,} rows"
    return f"below {min_rows:,} rows and not compared: {', '.join(small)}" if small else ""
