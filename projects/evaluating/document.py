"""The report as one JSON document: what was compared, on what, by which rules, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from podium import __version__
from podium.spec import label_text
from projects.evaluating.case import Case
from projects.evaluating.judge import Judged
from projects.evaluating.sides import Side

SCHEMA = 1


def document(
    case: Case, judged: Judged, *, actor: str, at: str, run_id: str, opens_gate: bool
) -> dict[str, Any]:
    """Everything that the report shows and the ledger's entry rests on. at: UTC, ISO 8601.

    opens_gate: whether the ledger has it as a comparison with the champion.
    """
    contest, evaluation = case.contest, judged.evaluation
    candidate, champion = contest.candidate, contest.champion
    return {
        "schema": SCHEMA,
        "podium": __version__,
        "at": at,
        "actor": actor,
        "run_id": run_id,
        "model": candidate.version.name,
        "project": contest.project.name,
        "task": contest.project.task,
        "verdict": evaluation.verdict,
        "sentence": sentence(case, judged),
        "opens_gate": opens_gate,
        "candidate": _side(candidate, judged),
        "champion": None if champion is None else _side(champion, judged),
        "data": _data(case),
        "rules": _rules(case),
        "checks": [asdict(check) for check in evaluation.checks],
        "metrics": [asdict(comparison) for comparison in evaluation.comparisons],
        "slices": [asdict(each) for each in evaluation.slices],
        "fairness": [asdict(each) for each in evaluation.fairness],
        "flips": None if evaluation.flips is None else asdict(evaluation.flips),
        "constant": list(evaluation.constant),
        "notes": [*case.notes, *_notes(case, judged)],
    }


def sentence(case: Case, judged: Judged) -> str:
    """The verdict in one sentence."""
    contest, evaluation = case.contest, judged.evaluation
    first = contest.candidate.title
    against = "the baseline" if contest.champion is None else contest.champion.label
    failed = [check.name for check in evaluation.checks if check.verdict == "fail"]
    open_questions = [check.name for check in evaluation.checks if check.verdict == "inconclusive"]
    if failed:
        return f"{_capital(first)} fails against {against}: {', '.join(failed)}."
    if open_questions:
        return (
            f"Whether {first} may take the place of {against} cannot be told: "
            f"{', '.join(open_questions)}."
        )
    return f"{_capital(first)} passes against {against}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _side(side: Side, judged: Judged) -> dict[str, Any]:
    version = side.version
    found = judged.footprints.get(side.label)
    return {
        "label": side.label,
        "version": side.number,
        "uri": side.uri,
        "run_id": version.run_id,
        "digest": side.files.digest,
        "estimator": side.estimator,
        "registered": version.created,
        "footprint": None if found is None else asdict(found),
    }


def _data(case: Case) -> dict[str, Any]:
    target, project = case.rows.target, case.contest.project
    positive = label_text(target.labels[1]) if project.task == "binary" else None
    return {
        "source": case.source.source,
        "part": case.part,
        "rows": len(case.rows),
        "left_out": case.left_out,
        "span": case.rows.span,
        "digest": case.digest,
        "content_digest": case.content_digest,
        "use": case.rules.use,
        "target": project.target.column,
        "positive": positive,
        "share_positive": float(np.mean(target.y)) if project.task == "binary" else None,
        "group": project.data.group,
    }


def _rules(case: Case) -> dict[str, Any]:
    rules = case.rules
    kept = asdict(rules)
    kept.pop("costs")
    costs = {} if rules.costs is None else asdict(rules.costs)
    return {**kept, "decisive_alpha": rules.decisive_alpha, "costs": costs}


def _notes(case: Case, judged: Judged) -> Iterator[str]:
    for name in judged.evaluation.constant:
        yield f"The {name} gives one and the same answer for every row."
    if case.left_out:
        yield f"{case.left_out:,} rows that a model was trained on are left out."
