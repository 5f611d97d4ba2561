"""Asks both models, and has the difference judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podium.evaluation import Scores
from podium.evaluation.evaluation import Evaluation, Question, evaluate
from podium.evaluation.gate import CheckVerdict, Footprint, GateCheck, verdict_of
from podium.progress import Progress
from projects.evaluating.case import Case
from projects.evaluating.models import DoesNotAnswer, Opened, scores_of
from projects.evaluating.sides import Side
from projects.evaluating.speed import footprints


@dataclass(frozen=True, eq=False)
class Judged:
    """The verdict, with what it was reached by: scores and footprints by a side's label."""

    evaluation: Evaluation
    scores: Mapping[str, Scores]
    footprints: Mapping[str, Footprint]


@dataclass(frozen=True, eq=False)
class _Answered:
    """What came of asking the models; silent: a check for each that did not answer."""

    models: Mapping[str, Opened]
    scores: Mapping[str, Scores]
    silent: tuple[GateCheck, ...]


def judge(case: Case, progress: Progress, *, timed: bool = True) -> Judged:
    """Score both versions on the rows of `case`, measure what they cost, and judge.

    A candidate that does not answer fails; where the champion does not, nothing can be told. Either
    is in the checks, never an error. timed: else what they cost is left out.
    """
    whom = " and ".join(side.label for side in case.contest.sides)
    with progress.stage("score", f"Scoring {len(case.rows):,} rows with {whom}"):
        answered = _ask(case)
    if answered.silent:
        return Judged(_without_answers(case, answered.silent), answered.scores, {})
    measured: Mapping[str, Footprint] = {}
    facts = case.facts
    if timed:
        with progress.stage("speed", "Measuring how fast they answer"):
            try:
                measured = footprints(answered.models, case.rows.raw, _features(case))
            except DoesNotAnswer as error:  # all rows at once were no trouble
                fact = GateCheck("single rows", "inconclusive", error.what, "are answered")
                facts = (*facts, fact)
    with progress.stage("compare", "Comparing"):
        evaluation = evaluate(_question(case, answered, measured, facts))
    return Judged(evaluation, answered.scores, measured)


def _ask(case: Case) -> _Answered:
    models: dict[str, Opened] = {}
    scores: dict[str, Scores] = {}
    silent: list[GateCheck] = []
    target, task = case.rows.target, case.contest.project.task
    for side in case.contest.sides:
        try:
            model = side.opened()
            answers = scores_of(
                model, task, target.labels, target.y, case.rows.raw, _features(case)
            )
        except DoesNotAnswer as error:
            silent.append(_silent(case, side, error.what))
        else:
            models[side.label], scores[side.label] = model, answers
    return _Answered(models, scores, tuple(silent))


def _silent(case: Case, side: Side, why: str) -> GateCheck:
    verdict: CheckVerdict = "fail" if side is case.contest.candidate else "inconclusive"
    return GateCheck(f"{side.label} answers", verdict, why, "it loads, and answers every row")


def _features(case: Case) -> Sequence[str]:
    """What a model that does not say what it takes is given."""
    project = case.contest.project
    others = {project.target.column, *project.forbidden}
    return [str(name) for name in case.rows.raw.columns if name not in others]


def _without_answers(case: Case, silent: tuple[GateCheck, ...]) -> Evaluation:
    checks = (*case.facts, *silent)
    return Evaluation(
        task=case.contest.project.task,
        rows=len(case.rows),
        rules=case.rules,
        verdict=verdict_of(checks),
        checks=checks,
        comparisons=(),
        slices=(),
        fairness=(),
        flips=None,
        baseline=case.contest.champion is None,
        constant=(),
    )


def _question(
    case: Case,
    answered: _Answered,
    measured: Mapping[str, Footprint],
    facts: tuple[GateCheck, ...],
) -> Question:
    contest, rows = case.contest, case.rows
    champion = contest.champion
    gate = contest.gate
    return Question(
        task=contest.project.task,
        candidate=answered.scores[contest.candidate.label],
        champion=None if champion is None else answered.scores[champion.label],
        rules=case.rules,
        group=rows.clusters(),
        columns=rows.columns(gate.slices),
        sensitive=rows.columns(gate.sensitive),
        footprint=measured.get(contest.candidate.label),
        facts=facts,
        champion_name="the baseline" if champion is None else champion.label,
    )
