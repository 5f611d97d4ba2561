"""The run that a job logs into."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpenRun:
    """The run that a job logs into."""

    run_id: str
    experiment: str
    name: str
    tracking_uri: str
    experiment_id: str = ""
