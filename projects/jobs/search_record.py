"""What a search leaves in MLflow beside its trials, and what its command says at the end."""

from __future__ import annotations

import json
import shlex
from typing import Any

from podium.command import Result
from podium.progress import Progress
from podium.spec import Project, load_declaration
from projects.jobs import tracking
from projects.jobs.card import Registered, document, summary
from projects.jobs.find import project_words
from projects.jobs.found import Found
from projects.jobs.run import OpenRun
from projects.jobs.search_figures import search_drawings
from projects.jobs.search_page import PAGE, page_of
from projects.jobs.search_settings import BEST_TRIAL
from projects.jobs.search_words import Summary, trial_document
from projects.jobs.trial_runs import TrialRuns
from projects.training.trained import Trained

TRIALS = "tuning/trials.json"


def summary_of(found: Found) -> Summary:
    """The summary of what was found."""
    metric = found.metric
    return Summary.of(
        found.trials,
        metric.name,
        higher_is_better=metric.higher_is_better,
        ended_by=found.ended_by,
    )


def log_search(found: Found, run: OpenRun, project: str, progress: Progress) -> Summary:
    """Log all trials, the top ten and the drawings into the run of the search."""
    told, metric = summary_of(found), found.metric.name
    with progress.stage("search figures", "Drawing the search"):
        tracking.log_json([trial_document(ended) for ended in found.trials], TRIALS)
        TrialRuns(run.run_id, run.experiment_id, project, metric).log_top(told.table())
        tracking.log_text(page_of(found.study, project, metric), PAGE)
        for path, draw in search_drawings(found.study, metric):
            tracking.log_figure(draw(), path)
        counts = {f"trials/{state}": float(count) for state, count in told.counts.items()}
        tracking.log_metrics(counts)
        tracking.log_tags({BEST_TRIAL: found.best.asked.number})
    return told


def result_of(trained: Trained, registered: Registered, run: OpenRun, told: Summary) -> Result:
    """What the command prints: the search, then the training with what it found."""
    blocks = [told.text(), _again(trained), summary(trained, registered, run)]
    return Result(
        "\n\n".join(blocks),
        {**document(trained, registered, run), "search": told.document()},
    )


def _again(trained: Trained) -> str:
    """The command that trains the same once more, while project.yaml says what it says now."""
    project = trained.project
    declared = load_declaration(trained.declaration.folder).project
    given = {"estimator": trained.estimator, "params": json.dumps(_params(trained, declared))}
    if project.data.source != declared.data.source:
        given["data"] = project.data.source
    if trained.rows_limit is not None:
        given["rows"] = str(trained.rows_limit)
    if trained.seed:
        given["seed"] = str(trained.seed)
    flags = " ".join(f"--{name} {shlex.quote(value)}" for name, value in given.items())
    return f"Again: podium train {project_words(trained.declaration.folder)}{flags}"


def _params(trained: Trained, declared: Project) -> dict[str, Any]:
    """The found parameters; and what stands for those that are declared, and are not among them,
    as may be where they are a champion's.
    """
    found, fitted = dict(trained.project.params), trained.fitted.params
    if trained.estimator not in declared.estimator:  # then train takes none of the declared ones
        return found
    return {name: fitted[name] for name in declared.params if name in fitted} | found
