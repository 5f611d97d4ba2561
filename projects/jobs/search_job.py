"""From what is asked of a search to the version that its best trial became."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from podium.command import Result
from podium.errors import PodiumError, Unreachable
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from podium.where import check_reachable
from projects.jobs import tracking
from projects.jobs.engines import Engine, engine_for
from projects.jobs.find import project_words
from projects.jobs.record import record
from projects.jobs.run import OpenRun
from projects.jobs.search_record import log_search, result_of
from projects.jobs.search_settings import (
    SEARCH_FILE,
    Plan,
    TuneRequest,
    check_same_data,
    new_plan,
    resumed_plan,
    to_document,
)
from projects.training.estimators import ESTIMATORS
from projects.training.trained import Case, read_case, train_case
from projects.tuning.champion import champion_of
from projects.tuning.folds import folds_of
from projects.tuning.owner import BEAT_SECONDS, heard_tag, owner_tags
from projects.tuning.planned import plans_of
from projects.tuning.prepared import Prepared, prepare
from projects.tuning.space import Space
from projects.tuning.trials import Ended
from registry_tools.port import Registry
from registry_tools.registry import MlflowRegistry


@dataclass(frozen=True)
class Job:
    """A search that has begun: what was asked for, and the run that it is logged into."""

    plan: Plan
    space: Space
    request: TuneRequest
    run: OpenRun
    registry: Registry
    progress: Progress


def search(request: TuneRequest, progress: Progress) -> Result:
    """Search, train with the best parameters, register. Raises PodiumError."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    check_reachable(tracking.tracking_uri())
    registry = MlflowRegistry()
    plan = resumed_plan(request, registry) if request.resume else new_plan(request)
    space = Space.of(plan.project)
    engine = engine_for(plan, request, space, progress)
    with terminated_like_interrupted(), engine:
        begun = _begun_before(plan, engine, progress)
        with _opened(plan, request) as run:
            begun = begun or _Begun(engine.open(run.run_id), _read(plan, progress))
            return _searched(Job(plan, space, request, run, registry, progress), engine, begun)


@dataclass(frozen=True)
class _Begun:
    """Where the trials are kept, and what they are of."""

    place: str
    case: Case


def _begun_before(plan: Plan, engine: Engine, progress: Progress) -> _Begun | None:
    """What a search that is resumed goes on with, so that a refusal leaves its run as it was."""
    if plan.resumed is None:
        return None
    case = _read(plan, progress)
    check_same_data(plan, case.table.digest)
    return _Begun(engine.open(plan.resumed.run_id), case)


@contextmanager
def _opened(plan: Plan, request: TuneRequest) -> Iterator[OpenRun]:
    """The run of the search, which says that this process leads it."""
    name, resume = plan.project.name, request.resume
    with tracking.open_run(name, "tune", request.run_name, resume=resume) as run:
        tracking.log_tags(owner_tags())
        with tracking.refreshed(run.run_id, heard_tag, BEAT_SECONDS):
            yield run


def _searched(job: Job, engine: Engine, begun: _Begun) -> Result:
    prepared = _prepared(job, begun.case)
    _announce(job, begun)
    with _kept(job):
        return _registered(job, engine, begun.case, prepared)


@contextmanager
def _kept(job: Job) -> Iterator[None]:
    """Says how to go on where the search is cut short, and not by what would come again."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, PodiumError) or isinstance(error, Unreachable):
            job.progress.say(f"What had ended is kept: {_resuming(job)}")
        raise


def _resuming(job: Job) -> str:
    """The command that goes on with the search."""
    words = project_words(job.plan.declaration.folder)
    return f"podium tune {words}--resume {job.run.run_id}"


def _registered(job: Job, engine: Engine, case: Case, prepared: Prepared) -> Result:
    first = plans_of(job.plan.project, _champion(job))
    with job.progress.stage("search", f"Searching, {job.plan.settings.trials} trials in all"):
        found = engine.search(job.run, prepared, first)
    trained = train_case(_with_best(case, found.best), job.progress)
    engine.check_lead()
    told = log_search(found, job.run, job.plan.project.name, job.progress)
    registered = record(
        trained,
        job.run.run_id,
        register=job.plan.settings.register,
        progress=job.progress,
        search=told.markdown(),
    )
    return result_of(trained, registered, job.run, told)


def _read(plan: Plan, progress: Progress) -> Case:
    settings = plan.settings
    return read_case(
        plan.declaration,
        base=plan.base,
        rows=settings.rows,
        seed=settings.seed,
        progress=progress,
    )


def _prepared(job: Job, case: Case) -> Prepared:
    project, settings = job.plan.project, job.plan.settings
    with job.progress.stage("prepare", "Preparing the rows that the trials see"):
        folds = folds_of(project, case.table, case.parts, settings.folds, settings.seed)
        return prepare(project, case.table, folds, settings.seed)


def _announce(job: Job, begun: _Begun) -> None:
    """Log what the search is, before its first trial: from then on it can be resumed."""
    plan = replace(job.plan, settings=replace(job.plan.settings, storage=begun.place))
    document = to_document(plan, begun.case.table.digest, job.space.to_json())
    tracking.log_json(document, SEARCH_FILE)
    settings = plan.settings
    facts = {"podium.source": plan.project.data.source, "podium.seed": settings.seed}
    tracking.log_params(facts)  # as `record` logs them later
    shown = ("trials", "folds", "sampler", "pruner", "engine")
    tracking.log_tags({f"podium.{name}": getattr(settings, name) or "none" for name in shown})
    job.progress.say(f"Should it be cut short: {_resuming(job)}")


def _champion(job: Job) -> tuple[str, Mapping[str, Any]] | None:
    """The champion's estimator and parameters; says so, or why there is nothing to try of it."""
    found = champion_of(job.registry, job.plan.project.name)
    if found is None:
        return None
    which = f"  note: version {found.version}, the champion,"
    if found.params is None:
        job.progress.say(f"{which} gives no parameters to try first: {found.problem}")
        return None
    if found.estimator not in job.space.parts:
        job.progress.say(f"{which} is {found.estimator}, which is not searched")
        return None
    return found.estimator, found.params


def _with_best(case: Case, best: Ended) -> Case:
    """The case of a training with the best trial's parameters, declared as such."""
    project = case.project
    known = ESTIMATORS[best.asked.estimator].params(project.task)
    found = {
        "estimator": (best.asked.estimator,),
        "params": dict(best.asked.params),
        "search": {name: r for name, r in project.search.items() if name in known},
    }
    declaration = replace(case.declaration, project=project.model_copy(update=found))
    return replace(case, declaration=declaration)
