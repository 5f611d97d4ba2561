"""May the candidate take over? Everything that is asked of it, put together into one verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from podium.errors import UsageError
from podium.evaluation import checks
from podium.evaluation.alone import Alone, alone
from podium.evaluation.baseline import baseline_scores
from podium.evaluation.comparison import Comparison, compare, conclude
from podium.evaluation.fairness import Fairness, fairness, judge_together, not_binary
from podium.evaluation.fitness import classes_of, is_constant, why_unfit
from podium.evaluation.flips import Flips, flips
from podium.evaluation.gate import CheckVerdict, Footprint, GateCheck, Rules, verdict_of
from podium.evaluation.harm import SliceComparison, slice_harms
from podium.evaluation.metrics import Metric, get_metric
from podium.evaluation.paired import unknown
from podium.evaluation.pairs import Pair
from podium.evaluation.planning import Terms
from podium.evaluation.scores import Array, Ints, Scores, Task

_NO_CHANCE = 30  # rows that do not all get the same answer by chance


@dataclass(frozen=True, eq=False)
class Question:
    """Everything that a verdict rests on; all arrays are of the same n >= 1 rows, in order.

    champion: None where there is none yet: a constant answer stands in, and the candidate must
    be better than that. group: (n,) clusters of rows. columns: name -> (n,) to cut into slices;
    sensitive: name -> (n,) whose groups must fare alike (these are cut into slices too).
    footprint: of the candidate. facts: what the caller has found out besides; they come first.
    """

    task: Task
    candidate: Scores
    champion: Scores | None
    rules: Rules
    group: Ints | None = None
    columns: Mapping[str, Array] = field(default_factory=dict)
    sensitive: Mapping[str, Array] = field(default_factory=dict)
    footprint: Footprint | None = None
    facts: tuple[GateCheck, ...] = ()
    champion_name: str = "the champion"


@dataclass(frozen=True)
class Evaluation:
    """The verdict and all that it rests on.

    comparisons: the deciding one first, at `rules.decisive_alpha` and `rules.margin` (0 against
    a baseline); the others, which decide nothing, at `rules.alpha` and no margin. flips: None for
    regression and against a baseline. constant: which of "candidate" and "champion" give one and
    the same answer to every row.
    """

    task: Task
    rows: int
    rules: Rules
    verdict: CheckVerdict
    checks: tuple[GateCheck, ...]
    comparisons: tuple[Comparison, ...]
    slices: tuple[SliceComparison, ...]
    fairness: tuple[Fairness, ...]
    flips: Flips | None
    baseline: bool
    constant: tuple[str, ...]


def evaluate(question: Question) -> Evaluation:
    """Judge the candidate by the rules.

    The verdict is `pass` only if every check passes: the caller's facts, the deciding metric,
    the minimums, the slices, fairness for each sensitive column, and latency, each where there is
    something to check. The decision may be wrong with a chance of at most
    `rules.decisive_alpha`; each of the slices together, and of the sensitive columns together,
    is blamed wrongly with at most `rules.alpha`. A model without the probabilities that the
    metric needs gets a check that says so: the candidate fails, a champion leaves it open.

    Raises UsageError for no rows, for arrays of different lengths, and for unknown metrics.
    """
    return _Judge(question).evaluation()


class _Judge:
    """One question with what all of its parts need."""

    def __init__(self, question: Question) -> None:
        if len(question.candidate) == 0:
            raise UsageError(
                "There are no rows to evaluate on.",
                remedy="Give rows with a known target, such as those of the holdout.",
            )
        self.question = question
        self.rules = question.rules
        self.baseline = question.champion is None
        self.metric = self._metric(self.rules.metric)
        self.unfit = self._unfit(self.metric)

    def evaluation(self) -> Evaluation:
        question = self.question
        comparisons = tuple(self._comparisons())
        slices = self._slices()
        fair = self._fairness()
        asked = (
            *question.facts,
            self._deciding_check(comparisons[0]),
            *self._minimum_checks(),
            *self._slices_check(slices),
            *self._fairness_checks(fair),
            *self._latency_check(),
        )
        return Evaluation(
            task=question.task,
            rows=len(question.candidate),
            rules=self.rules,
            verdict=verdict_of(asked),
            checks=asked,
            comparisons=comparisons,
            slices=slices,
            fairness=fair,
            flips=self._flips(),
            baseline=self.baseline,
            constant=tuple(self._constant()),
        )

    def _metric(self, name: str) -> Metric:
        return get_metric(self.question.task, name, self.rules.costs)

    def _pair(self, metric: Metric) -> Pair:
        """The candidate against the champion, or the constant that is best by this metric."""
        question, candidate = self.question, self.question.candidate
        champion = question.champion
        if champion is None:
            champion = baseline_scores(question.task, candidate.y, metric, classes_of(candidate))
        return Pair(candidate, champion, question.group)

    def _unfit(self, metric: Metric) -> tuple[str, str]:
        """Why the candidate, and the champion, cannot be measured by this; "" where they can."""
        champion = self.question.champion
        return (
            why_unfit(metric, self.question.candidate),
            "" if champion is None else why_unfit(metric, champion),
        )

    def _comparisons(self) -> Iterator[Comparison]:
        margin = 0.0 if self.baseline else self.rules.margin
        yield self._compare(self.metric, margin, self.rules.decisive_alpha)
        for name in dict.fromkeys(self.rules.metrics):
            if name != self.metric.name:
                yield self._compare(self._metric(name), 0.0, self.rules.alpha)

    def _compare(self, metric: Metric, margin: float, alpha: float) -> Comparison:
        rules, question = self.rules, self.question
        whys = self._unfit(metric)
        if not any(whys):
            return compare(
                metric,
                self._pair(metric),
                margin=margin,
                alpha=alpha,
                power=rules.power,
                seed=rules.seed,
            )
        terms = Terms(metric.name, metric.higher_is_better, margin, alpha, rules.power)
        estimates = [
            math.nan if why or scores is None else metric.compute(scores)
            for why, scores in zip(whys, (question.candidate, question.champion), strict=True)
        ]
        return conclude(
            terms,
            unknown(metric.paired.name, " ".join(self._who_is_unfit(whys))),
            rows=len(question.candidate),
            estimates=(estimates[0], estimates[1]),
        )

    def _who_is_unfit(self, whys: tuple[str, str]) -> list[str]:
        names = ("the candidate", self.question.champion_name)
        return [
            f"{name[0].upper()}{name[1:]} cannot be judged: {why}"
            for name, why in zip(names, whys, strict=True)
            if why
        ]

    def _deciding_check(self, found: Comparison) -> GateCheck:
        name = self.question.champion_name
        if not any(self.unfit):
            candidate = self.question.candidate
            constant = len(candidate) >= _NO_CHANCE and is_constant(candidate, self.metric)
            return checks.deciding_check(found, name, baseline=self.baseline, constant=constant)
        return GateCheck(
            checks.deciding_name(self.metric.name, name, baseline=self.baseline),
            "fail" if self.unfit[0] else "inconclusive",
            found.reason,
            checks.deciding_needed(found.margin, baseline=self.baseline),
        )

    def _minimum_checks(self) -> Iterator[GateCheck]:
        for name, limit in self.rules.minimums.items():
            metric = self._metric(name)
            yield checks.minimum_check(metric, self._alone(metric), limit)

    def _alone(self, metric: Metric) -> Alone | str:
        question, rules = self.question, self.rules
        why = why_unfit(metric, question.candidate)
        if why:
            return why
        alpha = rules.decisive_alpha
        return alone(metric, question.candidate, question.group, alpha=alpha, seed=rules.seed)

    def _slices(self) -> tuple[SliceComparison, ...]:
        if any(self.unfit):
            return ()
        return slice_harms(
            self.metric,
            self._pair(self.metric),
            self._columns(),
            margin=self.rules.slice_margin,
            alpha=self.rules.alpha,
            min_rows=self.rules.min_slice_rows,
            seed=self.rules.seed,
        )

    def _columns(self) -> dict[str, Array]:
        return {**self.question.columns, **self.question.sensitive}

    def _slices_check(self, slices: tuple[SliceComparison, ...]) -> Iterator[GateCheck]:
        if not self._columns():
            return
        if any(self.unfit):
            yield checks.no_slices_check(self.metric.name, self.rules.slice_margin)
        else:
            yield checks.slices_check(slices, self.rules.slice_margin)

    def _fairness(self) -> tuple[Fairness, ...]:
        question, rules = self.question, self.rules
        if question.task != "binary":
            return tuple(not_binary(column) for column in question.sensitive)
        if not question.sensitive:
            return ()
        pair = self._pair(self._metric("accuracy"))
        return judge_together(
            (
                fairness(
                    pair,
                    column,
                    values,
                    margin=rules.fairness_margin,
                    alpha=rules.alpha,
                    min_rows=rules.min_slice_rows,
                    seed=rules.seed,
                    has_champion=not self.baseline,
                )
                for column, values in question.sensitive.items()
            ),
            rules.alpha,
        )

    def _fairness_checks(self, found: tuple[Fairness, ...]) -> Iterator[GateCheck]:
        tested = sum(d.p_harm is not None for column in found for d in column.disparities)
        for column in found:
            yield checks.fairness_check(
                column, self.rules.fairness_margin, baseline=self.baseline, family=tested
            )

    def _latency_check(self) -> Iterator[GateCheck]:
        if self.rules.latency_p95_ms is not None:
            yield checks.latency_check(self.question.footprint, self.rules.latency_p95_ms)

    def _flips(self) -> Flips | None:
        champion = self.question.champion
        if champion is None or self.question.task == "regression":
            return None
        return flips(self._pair(self.metric), self._columns())

    def _constant(self) -> Iterator[str]:
        if is_constant(self.question.candidate):
            yield "candidate"
        if self.question.champion is not None and is_constant(self.question.champion):
            yield "champion"
