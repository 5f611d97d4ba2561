"""From the rows and keys that MLflow passes to a case that Podium judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from podium.artifact.scoring.values import category_values
from podium.data import content_digest
from podium.errors import DataError, SpecError, UsageError, did_you_mean
from podium.evaluation.gate import GateCheck
from podium.spec import Declaration, Project, label_text
from podium.spec.parts import Label, Task
from projects.evaluating.case import Case, Contest, known_beforehand, rules_of
from projects.evaluating.given import GivenTable
from projects.evaluating.overlap import find_seen, settle
from projects.evaluating.rows import Labelled
from projects.evaluating.sides import Side
from projects.jobs.evaluator_config import WHERE, EvaluatorConfig, refuse
from projects.training.table import groups_of
from projects.training.target import Target, known_target, read_target

_SOURCE = "the data given to mlflow.models.evaluate"
_MODEL_TYPES = {"classifier": ("binary", "multiclass"), "regressor": ("regression",)}


@dataclass(frozen=True, eq=False)
class GivenRows:
    """The rows as MLflow passes them: every column but the target (n, any), and the target (n,)."""

    model_type: str
    features: pd.DataFrame
    target: pd.Series

    @property
    def table(self) -> pd.DataFrame:
        """Both in one."""
        return self.features.assign(**{str(self.target.name): self.target})


def given_case(
    config: EvaluatorConfig, given: GivenRows, candidate: Side, champion: Side | None
) -> Case:
    """The case, all of whose rows judge. Raises UsageError and DataError for what does not fit."""
    _check_columns(config, given)
    labels = candidate.labels or (None if champion is None else champion.labels)
    project = _project(config, given, _task(config, given, labels))
    raw = given.table
    target = _target(config, project, raw[project.target.column], labels)
    contest = Contest(Declaration(project, Path.cwd()), config.gate, candidate, champion)
    text = frozenset(_texts(contest))
    rows = Labelled(project, raw, target, None, groups_of(config.group, raw), text)
    fact, notes = _seen(contest, rows)
    return Case(
        contest,
        GivenTable(_SOURCE, "function", _SOURCE, names=tuple(map(str, raw.columns))),
        "all rows",
        rows,
        0,
        rows.digest,
        _digest(raw),
        rules_of(contest, use=config.use),
        (fact, *_known(contest, raw)),
        notes,
    )


def _check_columns(config: EvaluatorConfig, given: GivenRows) -> None:
    named = [("slices", name) for name in config.gate.slices]
    named += [("sensitive", name) for name in config.gate.sensitive]
    named += [("group", config.group)] if config.group is not None else []
    present = [str(name) for name in given.features.columns]
    refuse(
        [
            f"{key}: the data has no column {name!r}. {did_you_mean(name, present)}".strip()
            for key, name in named
            if name not in present
        ]
    )


def _task(config: EvaluatorConfig, given: GivenRows, labels: Sequence[Label] | None) -> Task:
    """As declared; else by the labels that a model was trained with, or that the rows have."""
    possible = _MODEL_TYPES[given.model_type]
    if config.task is not None and config.task not in possible:
        refuse([f"task: {config.task!r} does not go with model_type={given.model_type!r}"])
    if config.task is not None:
        return config.task
    if given.model_type == "regressor":
        return "regression"
    classes = len(labels) if labels else len(set(category_values(given.target)[0]) - {""})
    return "binary" if classes <= 2 else "multiclass"


def _project(config: EvaluatorConfig, given: GivenRows, task: Task) -> Project:
    """What a project.yaml would say of this comparison."""
    if config.positive is not None and task != "binary":
        refuse([f"positive is for two classes; this task is {task}"])
    metric, *others = config.metrics_for(task)
    return Project.model_validate(
        {
            "name": "evaluation",
            "task": task,
            "data": {"source": _SOURCE, "group": config.group},
            "target": {"column": str(given.target.name), "positive": config.positive},
            "metric": metric,
            "metrics": others,
            "gate": config.gate,
        }
    )


def _target(
    config: EvaluatorConfig,
    project: Project,
    raw: pd.Series,
    labels: tuple[Label, ...] | None,
) -> Target:
    try:
        if project.task == "regression":
            return known_target(project, raw, ())
        if labels and (len(labels) == 2) == (project.task == "binary"):
            return known_target(project, raw, _ordered(config, labels))
        return read_target(project, raw)
    except SpecError as error:
        raise UsageError(
            f"{WHERE}: {error.what.removeprefix('target.')}",
            remedy='Name the label that counts as 1 under the key "positive".',
        ) from error


def _ordered(config: EvaluatorConfig, labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """Those of a model, the positive one last where the config says which it is."""
    if config.positive is None:
        return labels
    texts = [label_text(label) for label in labels]
    positive = label_text(config.positive)
    if positive not in texts:
        near = did_you_mean(positive, texts)
        refuse([f"positive: the model knows no label {positive!r}. {near}".strip()])
    return labels[::-1] if positive == texts[0] else labels


def _texts(contest: Contest) -> list[str]:
    """The columns that a model takes as text: they are cut into slices as such."""
    signatures = [side.files.signature for side in contest.sides]
    inputs = [item for found in signatures if found is not None for item in found.inputs.items()]
    return [name for name, column in inputs if column.type == "string"]


def _seen(contest: Contest, rows: Labelled) -> tuple[GateCheck, tuple[str, ...]]:
    """Whether rows were trained on: here that is not refused, but nothing can be told by them."""
    first, *others = [find_seen(side, rows, rows) for side in contest.sides]
    if not first.count:
        settled = settle(first, others, "refuse")
        return settled.fact, settled.notes
    settled = settle(first, others, "keep")
    found = settled.fact.found.removesuffix(", by --overlap keep")
    return GateCheck(settled.fact.name, "inconclusive", found, settled.fact.needed), ()


def _known(contest: Contest, raw: pd.DataFrame) -> tuple[GateCheck, ...]:
    """What the files of both say; answers, and models without files, promise nothing to compare."""
    if contest.candidate.folder is None:
        return ()
    return known_beforehand(contest, raw.columns)


def _digest(frame: pd.DataFrame) -> str:
    """Of the content; empty for a table with a column that has none, such as one of lists."""
    try:
        return content_digest(frame)
    except DataError:
        return ""


def features_of(features: pd.DataFrame | np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """MLflow's features as a table with names: an array has none of its own."""
    if isinstance(features, pd.DataFrame):
        table = features.reset_index(drop=True)
        return table.set_axis([str(name) for name in table.columns], axis=1)
    return pd.DataFrame(features, columns=list(names))
