"""A training that was: what it was declared as, what it ran under, and what it gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from podium.errors import DataError, UsageError
from podium.spec import Project
from registry_tools.port import Registry, Run

SPEC, PACKAGES = "project.json", "packages.json"
_TRAININGS = ("train", "tune")
_COMMIT, _DIRTY = "podium.git_commit", "podium.git_dirty"


@dataclass(frozen=True)
class Past:
    """A training's run, read. `snapshot` is the URI of the rows it used; empty where none is kept.

    packages: versions of Python and of what decides what a training gives, by name.
    """

    run: Run
    project: Project
    packages: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Of the content of the rows that it used."""
        return self.run.tags["podium.data_digest"]

    @property
    def snapshot(self) -> str:
        """Where its rows are kept."""
        return self.run.tags.get("podium.snapshot", "")

    @property
    def seed(self) -> int:
        """Seed of its split and its fit."""
        return int(self.run.params["podium.seed"])

    @property
    def rows_limit(self) -> int | None:
        """How many rows it took at most of its source, where there was a limit."""
        limit = self.run.params.get("podium.rows_limit")
        return None if limit is None else int(limit)

    @property
    def threads(self) -> dict[str, int]:
        """How many threads its libraries took, by kind: `openmp` and `blas`."""
        of = {kind: self.run.params.get(f"podium.threads_{kind}") for kind in ("openmp", "blas")}
        return {kind: int(count) for kind, count in of.items() if count is not None}

    def environment(self) -> dict[str, str]:
        """What it ran under, as words by name."""
        told = {
            "platform": self.run.tags.get("podium.platform"),
            "device": self.run.params.get("podium.device"),
            "code": code_words(self.run.tags),
        }
        return {**self.packages, **{name: word for name, word in told.items() if word}}


def read_past(registry: Registry, run_id: str) -> Past:
    """Read the training that the run `run_id` logged.

    Raises:
        NotFound: There is no such run.
        UsageError: It is no training, or it did not come to its end.
        DataError: What it logged is not there, or cannot be read.
    """
    run = registry.run(run_id)
    job = run.tags.get("podium.job")
    if job not in _TRAININGS:
        what = f"a run of podium {job}" if job else "no run of Podium's"
        raise UsageError(
            f"The run {run_id} is {what}; only a training can be reproduced.",
            remedy="Name a run that podium train or podium tune made, or a version: "
            "models:/NAME/3.",
        )
    spec = registry.run_json(run_id, SPEC)
    if spec is None or "podium.data_digest" not in run.tags or "podium.seed" not in run.params:
        status = run.status.lower() or "not finished"
        raise UsageError(
            f"The run {run_id} ended before its training was logged (it is {status}).",
            remedy="Name one that went through.",
        )
    packages = registry.run_json(run_id, PACKAGES)
    words = packages if isinstance(packages, dict) else {}
    return Past(run, _project(run_id, spec), {str(k): str(v) for k, v in words.items()})


def code_words(tags: Mapping[str, str]) -> str:
    """The commit of the project's folder as words, with what was changed since; empty where there
    is none.
    """
    commit = tags.get(_COMMIT, "")
    changed = ", with changes" if tags.get(_DIRTY) == "true" else ""
    return f"commit {commit[:12]}{changed}" if commit else ""


def _project(run_id: str, spec: Any) -> Project:
    try:
        return Project.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{SPEC} of run {run_id} is not what this version of Podium reads: {where}: "
            f"{first['msg']}.",
            remedy="Use the version of Podium that trained it; the run's packages.json names it.",
        ) from error
