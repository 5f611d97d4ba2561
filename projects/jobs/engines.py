"""What can run the trials of a search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from podium.errors import UsageError
from podium.progress import Progress
from projects.jobs.found import Found
from projects.jobs.run import OpenRun
from projects.jobs.search_settings import Plan, TuneRequest
from projects.tuning.planned import Planned
from projects.tuning.prepared import Prepared
from projects.tuning.space import Space


class Engine(Protocol):
    """Runs trials within its block; started with it, while the table is still read."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...

    def open(self, run_id: str) -> str:
        """Open the study of the search `run_id`; returns where it is kept, without a password.

        Raises NotFound where a search that is to be resumed is not there, Unreachable.
        """

    def check_lead(self) -> None:
        """Raises Conflict where another process has taken the search over."""

    def search(self, run: OpenRun, prepared: Prepared, planned: Sequence[Planned]) -> Found:
        """Run trials until there are enough. Raises PodiumError where none came to a value."""


def engine_for(plan: Plan, request: TuneRequest, space: Space, progress: Progress) -> Engine:
    """The engine that was asked for. Raises UsageError for what it cannot do."""
    if plan.settings.engine == "spark":
        from projects.jobs.spark_engine import SparkEngine

        return SparkEngine(plan, request, space, progress)
    if request.master is not None:
        raise UsageError(
            f"--master {request.master} is Spark's, and the trials run on this machine.",
            remedy="Add --engine spark, or leave it out.",
        )
    from projects.jobs.local_engine import LocalEngine

    return LocalEngine(plan, request, space, progress)
