"""The run that `mlflow run` opens before a job starts."""

from __future__ import annotations

import os


def fail_given_run(reason: str) -> None:
    """The job was refused before it began: say so on the run that `mlflow run` has opened."""
    if "MLFLOW_RUN_ID" in os.environ:
        from projects.jobs import tracking

        tracking.fail_given_run(reason)
