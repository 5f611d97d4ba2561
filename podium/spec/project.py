"""A project's whole declaration: what project.yaml says, validated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from podium.errors import did_you_mean
from podium.evaluation import DEFAULT_METRIC, is_metric, metric_names
from podium.spec.durations import format_duration
from podium.spec.names import model_name_problem
from podium.spec.parts import (
    Data,
    Decision,
    Declared,
    EstimatorName,
    Features,
    Gate,
    Label,
    Monitoring,
    Promotion,
    Range,
    Retrain,
    Split,
    Target,
    Task,
)


class Project(Declared):
    """What to predict, from which table, how to judge it, and how it lives on."""

    name: str
    description: str = ""
    task: Task
    data: Data
    target: Target
    features: Features | None = None
    forbidden: tuple[str, ...] = Field(default=(), strict=False)
    split: Split = Split()
    metric: str = ""
    metrics: tuple[str, ...] = Field(default=(), strict=False)
    estimator: Annotated[tuple[EstimatorName, ...], Field(strict=False, min_length=1)] = (
        "xgboost",
    )
    params: dict[str, Any] = Field(default_factory=dict)
    class_weight: Literal["balanced"] | None = None
    calibration: Literal["isotonic", "sigmoid"] | None = None
    search: dict[str, Range] = Field(default_factory=dict)
    decision: Decision = Decision()
    gate: Gate = Gate()
    promotion: Promotion = Promotion()
    monitoring: Monitoring = Monitoring()
    retrain: Retrain = Retrain()

    @field_validator("name")
    @classmethod
    def _name_is_allowed(cls, name: str) -> str:
        problem = model_name_problem(name)
        if problem:
            raise ValueError(f"{problem}; choose another name for the registered model")
        return name

    @field_validator("estimator", mode="before")
    @classmethod
    def _one_estimator_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _fill_metric(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("metric") is not None:
            return value
        defaults = (metric for task, metric in DEFAULT_METRIC.items() if task == value.get("task"))
        return {**value, "metric": next(defaults, "")}

    @model_validator(mode="after")
    def _parts_agree(self) -> Project:
        checks = (_unknown_metrics, _refused_features, _lacking_columns, _misfits)
        problems = [problem for check in checks for problem in check(self)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def split_by(self) -> Literal["time", "group", "random"]:
        """How rows are split: as declared, else by time, else by group, else at random."""
        if self.split.by is not None:
            return self.split.by
        if self.data.time is not None:
            return "time"
        return "group" if self.data.group is not None else "random"

    @property
    def all_metrics(self) -> tuple[str, ...]:
        """The deciding metric first, then the others, each once."""
        return tuple(dict.fromkeys((self.metric, *self.metrics)))


def _unknown_metrics(project: Project) -> Iterator[str]:
    known = metric_names(project.task)
    for name in project.all_metrics:
        if not is_metric(project.task, name):
            yield f"metric {name!r} is not a {project.task} metric. {did_you_mean(name, known)}"
    asked = [("gate.minimums", name) for name in project.gate.minimums]
    asked += [("gate.metric", project.gate.metric)] if project.gate.metric else []
    for key, name in asked:
        if not is_metric(project.task, name):
            yield f"{key}: {name!r} is not a {project.task} metric. {did_you_mean(name, known)}"


def _refused_features(project: Project) -> Iterator[str]:
    if project.features is None:
        return
    columns = project.features.columns
    if not columns:
        yield "features declares no column; leave the key out to have them inferred"
    for column in columns:
        if column in project.forbidden:
            yield f"features: {column!r} is forbidden: it is known only after the fact (a leak)"
        if column == project.target.column:
            yield f"features: {column!r} is the target"


def _lacking_columns(project: Project) -> Iterator[str]:
    by = project.split_by
    if by in ("time", "group") and getattr(project.data, by) is None:
        yield f"split.by is {by!r}, which needs data.{by} to name a column"
    if project.split.gap and by != "time":
        gap = format_duration(project.split.gap)
        yield f"split.gap: {gap!r} goes with split.by time; this project splits by {by}"


def _misfits(project: Project) -> Iterator[str]:
    binary_only = {
        "target.positive": project.target.positive is not None,
        "decision": project.decision != Decision(),
    }
    for key, given in binary_only.items():
        if given and project.task != "binary":
            yield f"{key} is for binary tasks; this task is {project.task}"
    classifier_only = {"calibration": project.calibration, "class_weight": project.class_weight}
    for key, value in classifier_only.items():
        if value is not None and project.task == "regression":
            yield f"{key}: {value!r} is for classifiers; this task is regression"


def label_text(label: Label) -> str:
    """A label as text, the way output columns and figures write it."""
    if isinstance(label, bool):
        return "true" if label else "false"
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)
