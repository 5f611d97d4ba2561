"""What a training leaves in MLflow: parameters, metrics, figures, data, model, version."""

from __future__ import annotations

import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from podium.actor import current_actor
from podium.artifact.example import example_of
from podium.artifact.mlflow_model import LoggedArtifact, log_artifact
from podium.progress import Progress
from podium.spec import Project
from projects.jobs import tracking
from projects.jobs.card import Registered, model_card
from projects.jobs.figures import drawings
from projects.jobs.keep_data import keep_data
from projects.training.environment import (
    git_state,
    package_versions,
    platform_words,
    thread_counts,
)
from projects.training.trained import Trained, resolved_spec
from projects.training.training_rows import FILE_NAME as TRAINING_ROWS
from projects.training.training_rows import TrainingRows

_EXAMPLE_ROWS = 3
_NOT_IN_MODEL_NAMES = re.compile(r"[./%:\"']")  # MLflow allows them in registered models only


def announce(project: Project, seed: int) -> None:
    """Log what is known before anything is read, so that a run that fails says what it was."""
    tracking.log_params(
        {
            "podium.estimator": project.estimator[0],
            "podium.source": project.data.source,
            "podium.seed": seed,
        }
    )


def record(
    trained: Trained, run_id: str, *, register: bool, progress: Progress, search: str = ""
) -> Registered:
    """Log everything, then the model, and register it last: a version is never half there.

    `search`: the model card's section on how the parameters were found.
    """
    with progress.stage("log", "Logging parameters and metrics"):
        _log_facts(trained)
    with progress.stage("data", "Keeping the data's card and snapshot"):
        tracking.log_tags(keep_data(trained, run_id, progress))
    with progress.stage("figures", "Drawing figures"):
        for path, draw in drawings(trained):
            tracking.log_figure(draw(), path)
    with progress.stage("model", "Logging the model and checking that it answers"):
        logged = _log_model(trained)
        card = model_card(trained, run_id, search)
        tracking.log_text(card, "model_card.md")
        tracking.log_note(card)
    if not register:
        return Registered(logged.uri, logged.digest)
    with progress.stage("register", f"Registering {trained.project.name}"):
        version = tracking.create_version(
            trained.project.name, logged.model_id, run_id, _version_tags(trained, logged), card
        )
    tracking.log_tags({"podium.model_version": version})
    return Registered(f"models:/{trained.project.name}/{version}", logged.digest, version)


def _log_facts(trained: Trained) -> None:
    project = trained.project
    tracking.log_params(params_of(trained))
    tracking.log_tags(
        {
            "podium.data_digest": trained.table.digest,
            "podium.estimator": trained.estimator,
            "podium.task": project.task,
            "podium.compiled": str(trained.parity),
            "podium.platform": platform_words(),
            **git_state(trained.declaration.folder),
        }
    )
    tracking.log_data(
        trained.source.uri if trained.source.files else project.data.source,
        trained.source.kind,
        project.name,
        trained.table.digest,
        trained.table.raw,
    )
    tracking.log_metrics(metrics_of(trained))
    tracking.log_json(resolved_spec(trained), "project.json")
    rows = TrainingRows.of(project, trained.table, trained.parts)
    tracking.log_bytes(rows.to_bytes(), TRAINING_ROWS)
    tracking.log_json(package_versions(), "packages.json")
    tracking.log_json(trained.parity.to_json(), "parity.json")
    tracking.log_json([asdict(finding) for finding in trained.findings], "leakage_checks.json")
    tracking.log_json([_slice(row) for row in trained.measured.slices], "slices.json")
    _log_learning_curve(trained)


def params_of(trained: Trained) -> dict[str, Any]:
    """The estimator's own parameters by name, everything else below `podium.`.

    `mlflow run` logs the parameters of the entry point under their plain names before the job
    starts ("" where they were not given), and MLflow lets no parameter change.
    """
    threshold = trained.fitted.threshold
    facts = {
        "estimator": trained.estimator,
        "source": trained.project.data.source,
        "seed": trained.seed,
        "rows_limit": trained.rows_limit,
        "split": trained.project.split_by,
        "device": trained.fitted.device,
        **{f"threads_{kind}": count for kind, count in thread_counts().items()},
        "calibration": trained.project.calibration,
        "class_weight": trained.project.class_weight,
        "features": len(trained.table.canonicaliser.feature_names),
        "threshold": None if threshold is None else threshold.value,
        **{f"rows_{part}": count for part, count in trained.rows().items()},
    }
    own = {name: value for name, value in trained.fitted.params.items() if value is not None}
    return {f"podium.{name}": fact for name, fact in facts.items() if fact is not None} | own


def metrics_of(trained: Trained) -> dict[str, float]:
    """Every metric of a training, by the name that it has in MLflow."""
    measured = trained.measured
    metrics: dict[str, float] = {}
    for name, interval in measured.holdout.items():  # first, and so first in the UI
        metrics[f"holdout/{name}"] = interval.estimate
        metrics[f"holdout/{name}_low"] = interval.low
        metrics[f"holdout/{name}_high"] = interval.high
    others = {"baseline": measured.baseline, **measured.values}
    for part in ("baseline", "validation", "train"):
        metrics |= {f"{part}/{name}": value for name, value in others[part].items()}
    return metrics | {f"seconds/{stage}": s for stage, s in trained.seconds.items()}


def _slice(row: Any) -> dict[str, Any]:
    return {
        "column": row.column,
        "value": row.value,
        "rows": row.rows,
        "estimate": row.interval.estimate,
        "low": row.interval.low,
        "high": row.interval.high,
        "difference_from_all": row.difference_from_all,
    }


def _log_learning_curve(trained: Trained) -> None:
    history = trained.fitted.history
    if history is None or not history.values:
        return
    length = len(next(iter(history.values.values())))
    steps = [int(x) for x in history.x] or list(range(length))
    curves = {
        f"curve/{part}_{history.metric}": list(values) for part, values in history.values.items()
    }
    tracking.log_curves(curves, steps)


def _log_model(trained: Trained) -> LoggedArtifact:
    rows = trained.parts.train[:_EXAMPLE_ROWS]
    example = example_of(trained.fitted.scorer, trained.table.raw.iloc[rows])
    tags = {"podium.project": trained.project.name, "podium.estimator": trained.estimator}
    name = _NOT_IN_MODEL_NAMES.sub("_", trained.project.name)
    return log_artifact(trained.fitted.scorer, example, name=name, tags=tags, parity=trained.parity)


def _version_tags(trained: Trained, logged: LoggedArtifact) -> dict[str, str]:
    metric = trained.project.metric
    return {
        "podium.project": trained.project.name,
        "podium.digest": logged.digest,
        "podium.data_digest": trained.table.digest,
        "podium.estimator": trained.estimator,
        "podium.author": current_actor(os.environ, Path.home()),
        "podium.compiled": str(trained.parity),
        f"podium.holdout.{metric}": f"{trained.measured.holdout[metric].estimate:.6g}",
    }
