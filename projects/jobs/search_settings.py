"""What is asked of a search, and what a resumed one must keep."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from podium.errors import DataError, NotFound, UsageError
from podium.spec import Declaration, Project, load_declaration
from projects.jobs.find import default_project, project_folder
from projects.training.estimators import declared_for, ranges_of
from projects.tuning.owner import leads_still
from projects.tuning.space import Space
from registry_tools.port import Registry, Run

SEARCH_FILE = "tuning/search.json"
BEST_TRIAL = "podium.best_trial"  # the tag of a search whose trials are over: the best one's number
_SCHEMA = 1
_DEFAULT_TRIALS = 50
_RUN_ID = re.compile(r"[A-Za-z0-9][\w-]{0,255}")  # what MLflow takes for one


@dataclass(frozen=True)
class TuneRequest:
    """What was asked for; None is not given."""

    project: str | None = None
    data: str | None = None
    estimator: tuple[str, ...] | None = None
    params: Mapping[str, Any] | None = None
    rows: int | None = None
    trials: int | None = None
    timeout: timedelta | None = None
    workers: int = 1
    folds: int | None = None
    sampler: str | None = None
    pruner: str | None = None
    stop: bool | None = None
    seed: int | None = None
    resume: str | None = None
    storage: str | None = None
    engine: Literal["local", "spark"] | None = None
    master: str | None = None
    register: bool | None = None
    run_name: str | None = None


@dataclass(frozen=True)
class Settings:
    """What makes a search the one it is: stored with it, and kept when it is resumed.

    `overrides`: keys of project.yaml that the command replaced. `base`: the folder in which it was
    given another source, if so.
    """

    trials: int = _DEFAULT_TRIALS
    folds: int | None = None
    sampler: str = "tpe"
    pruner: str = "auto"
    stop: bool = False
    seed: int = 0
    rows: int | None = None
    engine: Literal["local", "spark"] = "local"
    storage: str = ""
    register: bool = True
    base: str = ""
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A search that can begin: `base` is where a relative source starts; `resumed` is the run that
    it goes on in; `over`: its trials are, and only what comes after them is left to do.
    """

    declaration: Declaration
    base: Path
    settings: Settings
    resumed: Run | None = None
    data_digest: str = ""
    over: bool = False

    @property
    def trials(self) -> int:
        """How many trials there are to be; where they are over, no more than there are."""
        return 1 if self.over else self.settings.trials

    @property
    def project(self) -> Project:
        """The declared project, with what the command replaced."""
        return self.declaration.project


def new_plan(request: TuneRequest) -> Plan:
    """The plan of a search from the beginning."""
    folder = project_folder(request.project or default_project())
    declared = load_declaration(folder).project
    overrides = _overrides(request, declared)
    names = {each.name for each in fields(Settings)} - {"overrides", "base"}
    given = {name: getattr(request, name) for name in names}
    chosen = {name: value for name, value in given.items() if value is not None}
    base = "" if request.data is None else str(Path.cwd())
    return _plan(folder, Settings(**chosen, base=base, overrides=overrides))


def resumed_plan(request: TuneRequest, registry: Registry) -> Plan:
    """The plan of the search whose run is `request.resume`, as it was begun.

    Raises NotFound where there is no such search, UsageError where it is finished, is of another
    project, is led by a process that is still there, or was asked for differently.
    """
    run = registry.run(_checked_id(str(request.resume)))
    stored = _stored(run, registry)
    folder = project_folder(request.project or default_project(run.tags.get("podium.project")))
    plan = _plan(folder, _settings(stored))
    _check_same_project(plan.project, run, stored)
    _check_same_space(plan.project, stored)
    over = BEST_TRIAL in run.tags
    _check_not_changed(request, plan.settings, over=over)
    trials = request.trials or plan.settings.trials
    register = plan.settings.register if request.register is None else request.register
    settings = replace(plan.settings, trials=trials, register=register)
    digest = str(stored["data_digest"])
    return replace(plan, settings=settings, resumed=run, data_digest=digest, over=over)


def _checked_id(run_id: str) -> str:
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"--resume: {run_id!r} is no id of a run.",
            remedy="The MLflow UI shows it with the run that podium tune made.",
        )
    return run_id


def to_document(plan: Plan, data_digest: str, space: Mapping[str, Any]) -> dict[str, Any]:
    """What a later --resume needs to know, as JSON values."""
    return {
        "schema": _SCHEMA,
        **asdict(plan.settings),
        "project": plan.project.model_dump(mode="json"),
        "data_digest": data_digest,
        "space": dict(space),
    }


def _plan(folder: Path, settings: Settings) -> Plan:
    declaration = load_declaration(folder, settings.overrides)
    base = Path(settings.base) if settings.base else declaration.folder
    return Plan(declaration, base, settings)


def _overrides(request: TuneRequest, declared: Project) -> dict[str, Any]:
    """What the command says otherwise."""
    overrides: dict[str, Any] = {}
    if request.estimator is not None:
        overrides = declared_for(declared, request.estimator)
    if request.params is not None:
        overrides["params"] = {**overrides.get("params", declared.params), **request.params}
        overrides["search"] = _without(request.params, overrides.get("search"), declared)
    if request.data is not None:
        overrides["data.source"] = request.data
    return overrides


def _without(
    fixed: Mapping[str, Any], search: Mapping[str, Any] | None, declared: Project
) -> dict[str, Any]:
    """The ranges to search, but for those of what the command holds fixed."""
    ranges = ranges_of(declared) if search is None else search
    return {name: r for name, r in ranges.items() if name not in fixed}


def _stored(run: Run, registry: Registry) -> dict[str, Any]:
    if run.tags.get("podium.job") != "tune":
        raise UsageError(
            f"The run {run.run_id} is no search: its job is "
            f"{run.tags.get('podium.job', 'not Podium’s')!r}.",
            remedy="--resume takes the id of the run that podium tune made, not of a trial.",
        )
    if run.status == "FINISHED":
        raise UsageError(
            f"The search {run.run_id} is finished.",
            remedy="Begin a new one: once promoted, what this one found is tried first.",
        )
    leader = leads_still(run.tags)
    if leader:
        raise UsageError(
            f"The search {run.run_id} is still running, as {leader}.",
            remedy="Wait for it, or end that process first.",
        )
    stored = registry.run_json(run.run_id, SEARCH_FILE)
    if stored is None:
        raise NotFound(
            f"The search {run.run_id} ended before its first trial: nothing is there to resume.",
            remedy="Begin a new one, without --resume.",
        )
    return _checked(run.run_id, stored)


def _checked(run_id: str, stored: Any) -> dict[str, Any]:
    known = {"schema", "project", "data_digest", "space", *(f.name for f in fields(Settings))}
    if not isinstance(stored, dict) or stored.get("schema") != _SCHEMA or set(stored) != known:
        schema = stored.get("schema") if isinstance(stored, dict) else None
        newer = isinstance(schema, int) and schema > _SCHEMA
        why = f"is of schema {schema}, newer than {_SCHEMA}" if newer else "cannot be read"
        remedy = "Update Podium." if newer else "Begin a new search, without --resume."
        raise DataError(f"{SEARCH_FILE} of run {run_id} {why}.", remedy=remedy)
    return stored


def _settings(stored: Mapping[str, Any]) -> Settings:
    return Settings(**{each.name: stored[each.name] for each in fields(Settings)})


def _check_same_project(project: Project, run: Run, stored: Mapping[str, Any]) -> None:
    of = run.tags.get("podium.project")
    if of != project.name:
        raise UsageError(
            f"The search {run.run_id} is of the project {of!r}, not of {project.name!r}.",
            remedy="--project names the folder of its own project.",
        )
    now, then = project.model_dump(mode="json"), stored["project"]
    changed = [key for key in {**now, **then} if now.get(key) != then.get(key)]
    if changed:
        raise UsageError(
            f"project.yaml says something else than when the search began: {', '.join(changed)}.",
            remedy="Put it back, or begin a new search, without --resume.",
        )


def _check_same_space(project: Project, stored: Mapping[str, Any]) -> None:
    """Estimators' own ranges may differ between versions of Podium."""
    now, then = Space.of(project).to_json(), stored["space"]
    changed = [name for name in {**now, **then} if now.get(name) != then.get(name)]
    if changed:
        raise UsageError(
            f"What is searched is no longer what it was when the search began: of "
            f"{', '.join(changed)}, other parameters or other ranges.",
            remedy="Go on with the version of Podium that began it, or begin a new search.",
        )


def _check_not_changed(request: TuneRequest, settings: Settings, *, over: bool) -> None:
    """What a trial is judged by cannot change between the trials of one search, nor what the best
    is chosen from once it was chosen.
    """
    if over and request.trials not in (None, settings.trials):
        raise UsageError(
            f"--trials: the {settings.trials:,} trials of the search are over, and its best is "
            "chosen.",
            remedy="Leave --trials out: what is left is to train and register the best.",
        )
    kept = ("folds", "sampler", "pruner", "stop", "seed", "rows", "engine")
    other = [
        name
        for name in kept
        if getattr(request, name) is not None and getattr(request, name) != getattr(settings, name)
    ]
    other += [name for name in ("data", "estimator", "params") if getattr(request, name)]
    if other:
        flags = ", ".join(f"--{name}" for name in other)
        raise UsageError(
            f"{flags}: a search that is resumed keeps what it began with.",
            remedy="Only --trials, --timeout, --workers, --storage, --register and --run-name may "
            "change.",
        )


def check_same_data(plan: Plan, digest: str) -> None:
    """Raises DataError where the rows are not those that the resumed search began with."""
    if plan.data_digest != digest:
        raise DataError(
            f"The table has changed since the search began: its content was "
            f"{plan.data_digest[:12]} and is {digest[:12]}.",
            remedy="Begin a new search, without --resume.",
        )
