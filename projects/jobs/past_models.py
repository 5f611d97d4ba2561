"""The models that past runs logged. Part of what the jobs say to MLflow."""

from __future__ import annotations

import mlflow
from mlflow.entities import LoggedModelStatus

from projects.jobs.tracking import in_our_words


def model_of_run(run_id: str) -> str | None:
    """The URI of the last model of Podium's that the run logged to its end; None where there is
    none (any more).
    """
    with in_our_words("Nothing was reproduced."):
        found = mlflow.search_logged_models(
            experiment_ids=[mlflow.get_run(run_id).info.experiment_id],
            filter_string=f"source_run_id = '{run_id}'",
            output_format="list",
        )
    ready = [
        model
        for model in found
        if model.status == LoggedModelStatus.READY and "podium.project" in (model.tags or {})
    ]
    last = max(ready, key=lambda model: model.creation_timestamp, default=None)
    return None if last is None else f"models:/{last.model_id}"
