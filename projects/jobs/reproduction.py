"""From a named run to a training that was done once more, compared, and logged."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from podium.artifact.mlflow_model import downloaded
from podium.artifact.scoring import Scorer
from podium.artifact.scoring.errors import BrokenArtifact
from podium.command import Result
from podium.errors import DataError, NotFound, PodiumError, SpecError, UsageError
from podium.interrupts import terminated_like_interrupted
from podium.progress import Progress
from podium.spec import FILE_NAME, load_declaration
from podium.where import check_reachable, how_to_see
from projects.evaluating.named import named_by
from projects.jobs import tracking
from projects.jobs.find import bundled_projects, project_folder
from projects.jobs.past_models import model_of_run
from projects.jobs.record import metrics_of, params_of
from projects.jobs.snapshots import fetch
from projects.reproducing import outcome as told
from projects.reproducing.again import (
    Rows,
    compare_predictions,
    kept_rows,
    source_rows,
    train_again,
)
from projects.reproducing.comparing import (
    Difference,
    Predictions,
    compare_numbers,
    compare_words,
)
from projects.reproducing.outcome import Outcome
from projects.reproducing.past import Past, code_words, read_past
from projects.training.environment import git_state, package_versions, platform_words
from projects.training.trained import Trained
from registry_tools.port import Registry
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from registry_tools.which_version import resolve

_RUN = re.compile(r"(?:runs:/)?([0-9a-f]{32})")
_REPORT, _NOTE = "reproduction.json", "reproduction.md"
_MEASURED = ("holdout/", "validation/", "train/", "baseline/")


@dataclass(frozen=True)
class Request:
    """Which training to repeat, and where its rows and its project's folder are, if not as then."""

    run: str
    data: str | None = None
    project: str | None = None
    run_name: str | None = None


def reproduce(request: Request) -> Result:
    """Train again what `request` names, inside one MLflow run. Raises PodiumError."""
    progress = Progress(sys.stderr)
    check_reachable(tracking.tracking_uri())
    registry = MlflowRegistry()
    past = read_past(registry, _run_id(registry, request.run))
    with (
        terminated_like_interrupted(),
        tracking.open_run(past.project.name, "reproduce", request.run_name) as opened,
    ):
        tracking.log_tags({"podium.reproduces": past.run.run_id})
        found = _reproduced(past, request, progress)
        document, note = told.document(found), told.markdown(found)
        tracking.log_tags({"podium.reproduced": found.verdict})
        tracking.log_json(document, _REPORT)
        tracking.log_text(note, _NOTE)
        tracking.log_note(note)
    logged = f"Logged in run {opened.name} ({opened.run_id}) in experiment {opened.experiment!r}"
    where = {"logged_run_id": opened.run_id, "experiment": opened.experiment}
    text = f"{told.text(found)}\n\n{logged}\n\nNext:\n  {how_to_see(opened.tracking_uri)}"
    return Result(text, {**document, **where}, exit_code=int(not found.equal))


def _run_id(registry: Registry, named: str) -> str:
    """The id of the run that is meant, by id or by the version that it registered."""
    found = _RUN.fullmatch(named)
    if found is not None:
        return found[1]
    version = named_by(named)
    if version is None or version.model is None:
        raise UsageError(
            f"{named!r} names no run.",
            remedy="Write a run's id (32 digits and letters), or a version: models:/NAME/3, "
            "models:/NAME@production.",
        )
    number = resolve(Registrar(registry, version.model), version.which)
    run_id = registry.version(version.model, number).run_id
    if run_id is None:
        raise NotFound(
            f"Version {number} of {version.model} was registered without a run.",
            remedy="Name the run that trained it by its id.",
        )
    return run_id


def _reproduced(past: Past, request: Request, progress: Progress) -> Outcome:
    folder = _folder(past, request.project)
    with tempfile.TemporaryDirectory(prefix="podium-") as scratch:
        rows = _rows(past, request.data, folder, Path(scratch), progress)
        trained = train_again(past, rows, progress)
    model_uri = model_of_run(past.run.run_id)
    return Outcome(
        past=past,
        rows=len(trained.table),
        source="the copy kept with it" if rows.kept else rows.declaration.project.data.source,
        environment=compare_words(past.environment(), _environment(trained, folder)),
        params=_changed_params(past, trained),
        metrics=compare_numbers(_measured(past.run.metrics), _measured(metrics_of(trained))),
        predictions=_predictions(model_uri, trained, progress),
        model_uri=model_uri,
    )


def _folder(past: Past, named: str | None) -> Path | None:
    """The folder of the project: the one named, the current one, one here or a bundled one that is
    called like it.

    Raises UsageError where the one named is another project's.
    """
    if named is not None:
        folder = project_folder(named)
        if load_declaration(folder).project.name != past.project.name:
            raise UsageError(
                f"--project: {named} is not the project {past.project.name!r} of the run.",
                remedy="Name its own folder.",
            )
        return folder if folder.is_dir() else folder.parent
    name = past.project.name
    for folder in (Path.cwd(), Path.cwd() / name):
        if _is_of(folder / FILE_NAME, name):
            return folder
    return bundled_projects().get(name)


def _is_of(file: Path, name: str) -> bool:
    """Whether `file` declares the project `name`; one that cannot be read does not."""
    try:
        return file.is_file() and load_declaration(file).project.name == name
    except SpecError:
        return False


def _rows(
    past: Past, data: str | None, folder: Path | None, scratch: Path, progress: Progress
) -> Rows:
    """The rows as they were kept; else those of the source, which must have the same content."""
    if data is not None:
        return source_rows(past, folder or Path.cwd(), data)
    if past.snapshot:
        try:
            with progress.stage("fetch", "Fetching the rows that were kept with the run"):
                return kept_rows(past, fetch(past.snapshot, past.digest, scratch))
        except (PodiumError, OSError) as error:
            progress.say(f"  note: {error.what if isinstance(error, PodiumError) else error}")
    why = "The copy of its rows cannot be used" if past.snapshot else "No copy of its rows is kept"
    if folder is None:
        raise NotFound(
            f"{why}, and where the project {past.project.name!r} is, is not known.",
            remedy="Name its folder with --project, or the rows with --data.",
        )
    progress.say(f"  note: {why[0].lower()}{why[1:]}; reading {past.project.data.source} again")
    return source_rows(past, folder, None)


def _environment(trained: Trained, folder: Path | None) -> dict[str, str]:
    """What this process runs under, in the words of `Past.environment`."""
    told_now = {
        "platform": platform_words(),
        "device": trained.fitted.device,
        "code": code_words(git_state(folder)) if folder is not None else "",
    }
    return {**package_versions(), **{name: word for name, word in told_now.items() if word}}


def _changed_params(past: Past, trained: Trained) -> tuple[Difference, ...]:
    """Parameters of the estimator, and facts such as the threshold, that are not what they were."""
    now = {name: str(value) for name, value in params_of(trained).items()}
    left_out = {"podium.source", "podium.rows_limit", "podium.device", "device"}
    left_out |= {f"podium.threads_{kind}" for kind in ("openmp", "blas")}
    own = {name for name in now if name not in left_out}
    then = {name: value for name, value in past.run.params.items() if name in own}
    return compare_words(then, {name: now[name] for name in own if name in then})


def _measured(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if name.startswith(_MEASURED)}


def _predictions(uri: str | None, trained: Trained, progress: Progress) -> Predictions | None:
    if uri is None:
        return None
    with (
        progress.stage("compare", f"Comparing predictions for {len(trained.table):,} rows"),
        tracking.in_our_words("Nothing was compared."),
        downloaded(uri) as artifact,
    ):
        try:
            then = Scorer.open(artifact)
        except BrokenArtifact as error:
            raise DataError(
                f"The model that the run logged, {uri}, cannot be compared with: {error}.",
                remedy="Its files are not those that were logged: restore them.",
            ) from error
        return compare_predictions(then, trained)
