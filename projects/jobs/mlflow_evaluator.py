"""Podium's comparison as an evaluator of MLflow: `mlflow.models.evaluate(evaluators=["podium"])`.

MLflow imports this whenever anything is evaluated: all that is heavy is imported when it is used.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.models.evaluation.base import EvaluationArtifact, EvaluationResult, ModelEvaluator

if TYPE_CHECKING:
    from projects.jobs.evaluator_run import Compared

_MODEL_TYPES = ("classifier", "regressor")


class PodiumEvaluator(ModelEvaluator):
    """Compares the model that is evaluated with a champion, on the same rows.

    The numbers are those of `podium evaluate`, by the rules in the config (docs/evaluation.md has
    its keys). They are for looking at: nothing is entered into the ledger, and no gate opens.
    Extra metrics and custom artifacts are the business of MLflow's own evaluators.
    """

    @classmethod
    def can_evaluate(
        cls, *, model_type: str | None, evaluator_config: Mapping[str, Any] | None, **_: Any
    ) -> bool:
        """Classifiers and regressors; where no evaluator is named, only with a key of Podium's."""
        if model_type not in _MODEL_TYPES:
            return False
        if not _among_all():
            return True
        from projects.jobs.evaluator_config import KNOWN

        return not set(KNOWN).isdisjoint(evaluator_config or {})

    def evaluate(
        self,
        *,
        model_type: str,
        dataset: Any,
        run_id: str,
        evaluator_config: Mapping[str, Any] | None,
        model: Any = None,
        extra_metrics: Any = None,
        custom_artifacts: Any = None,
        predictions: str | None = None,
        **_: Any,
    ) -> Any:
        """Compare, and log metrics, figures, reports and the tag `podium.verdict` into the run.

        Raises UsageError for a config that cannot be meant, before anything is scored; NotFound
        and PodiumError for a champion that cannot be had.
        """
        from projects.jobs.evaluator_config import read_config
        from projects.jobs.evaluator_run import Passed, compared

        config = read_config(evaluator_config or {})
        found = compared(config, Passed(model_type, dataset, run_id, model, predictions))
        result: Any = EvaluationResult
        return result(*_log(found), run_id)


class TextFile(EvaluationArtifact):
    """A file of text in UTF-8, such as an HTML page."""

    def __init__(self, uri: str, content: str | None = None) -> None:
        super().__init__(uri, content)  # type: ignore[no-untyped-call]

    def _save(self, output_artifact_path: str) -> None:
        Path(output_artifact_path).write_text(self.content, encoding="utf-8")

    def _load_content_from_file(self, local_artifact_path: str) -> str:
        return Path(local_artifact_path).read_text(encoding="utf-8")


def _among_all() -> bool:
    """Whether MLflow asks all evaluators that are installed, because none was named.

    It does not tell, but asks from another function then; and joining every evaluation of whoever
    installs Podium would be rude.
    """
    return sys._getframe(2).f_code.co_name == "resolve_evaluators_and_configs"


def _log(found: Compared) -> tuple[dict[str, float], dict[str, EvaluationArtifact]]:
    """Log everything into the active run; metrics and artifacts, as the result has them."""
    from mlflow.models.evaluation.artifacts import JsonEvaluationArtifact

    from projects.jobs import tracking
    from projects.jobs.record_evaluation import HTML, JSON, metrics_of

    report = found.report
    metrics = {name: float(v) for name, v in metrics_of(report.document) if v == v}
    tracking.log_metrics(metrics)
    tracking.log_tags({"podium.verdict": report.verdict, "podium.report_sha256": report.sha256})
    tracking.log_text(report.html, HTML)
    tracking.log_text(report.json, JSON)
    as_json: Any = JsonEvaluationArtifact
    artifacts = {
        HTML: TextFile(mlflow.get_artifact_uri(HTML), report.html),
        JSON: as_json(mlflow.get_artifact_uri(JSON), json.loads(report.json)),
    }
    return metrics, {**artifacts, **_log_figures(found)}


def _log_figures(found: Compared) -> dict[str, EvaluationArtifact]:
    from mlflow.models.evaluation.artifacts import ImageEvaluationArtifact

    as_image: Any = ImageEvaluationArtifact
    artifacts: dict[str, EvaluationArtifact] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, figure in found.figures.items():
            file, path = Path(scratch, f"{name}.png"), f"figures/{name}.png"
            figure.savefig(file)
            mlflow.log_artifact(str(file), "figures")
            artifacts[path] = image = as_image(mlflow.get_artifact_uri(path))
            image._load(str(file))
    return artifacts
