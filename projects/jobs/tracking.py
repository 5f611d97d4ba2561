"""Everything that the jobs say to MLflow. No other module of `projects` imports it."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)
from sqlalchemy.exc import SQLAlchemyError

from podium.artifact.mlflow_model import download
from podium.documents import to_json
from podium.errors import NotFound, PodiumError, Unreachable
from podium.where import check_reachable, without_password
from projects.jobs.mlflow_dataset import dataset_of
from projects.jobs.run import OpenRun

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_METRIC_BATCH = 900
_PARAM_LENGTH, _TAG_LENGTH = 6000, 5000
_NOT_THERE = {ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)}
_NOT_REACHED = {"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED"}


@contextmanager
def open_run(
    project: str, job: str, run_name: str | None, *, resume: str | None = None
) -> Iterator[OpenRun]:
    """The run that `mlflow run` opened for this process, or a new one; or else the one to `resume`,
    which the one that `mlflow run` opened then names.

    A new run goes to MLFLOW_EXPERIMENT_NAME or MLFLOW_EXPERIMENT_ID where set, else to an
    experiment of the project's name. An error in the block marks the run failed, an interrupt
    killed; the reason is in the tag `podium.error`. Raises Unreachable where MLflow does not
    answer, and PodiumError where it refuses.
    """
    with in_our_words():
        check_reachable(tracking_uri())
        started = _start(project, run_name) if resume is None else _go_on(resume, run_name)
        run_id = started.info.run_id
        try:
            mlflow.set_tags({"podium.project": project, "podium.job": job})
            info = mlflow.get_run(run_id).info
            experiment = mlflow.get_experiment(info.experiment_id).name
            place = without_password(tracking_uri())
            yield OpenRun(run_id, experiment, info.run_name, place, info.experiment_id)
        except BaseException as error:
            _end_as_failed(error)
            raise
        mlflow.end_run("FINISHED")


@contextmanager
def in_our_words(done: str = "Nothing was registered.") -> Iterator[None]:
    """MLflow's errors as Podium's: what cannot be reached, and what was refused.

    `done`: what a refusal has left.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        said = str(error).strip().splitlines()[0]
        place = without_password(tracking_uri())
        if _is_refusal(error):
            raise PodiumError(
                f"MLflow at {place} refused: {said}", remedy=_remedy(said, done)
            ) from error
        raise Unreachable(
            f"MLflow at {place} failed: {said}",
            remedy="Check MLFLOW_TRACKING_URI, and the server's log where there is one.",
        ) from error


def _is_refusal(error: MlflowException | SQLAlchemyError) -> bool:
    return isinstance(error, MlflowException) and error.error_code not in _NOT_REACHED


def _remedy(said: str, done: str) -> str:
    if "deleted" in said:
        return "Restore the experiment, or set MLFLOW_EXPERIMENT_NAME to another one."
    return done


def _end_as_failed(error: BaseException) -> None:
    reason = str(error) or type(error).__name__
    with suppress(MlflowException, SQLAlchemyError):  # the store may be what failed
        mlflow.set_tags({"podium.error": reason[:_TAG_LENGTH]})
        mlflow.end_run("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")


def log_params(params: Mapping[str, Any]) -> None:
    """Log parameters as text; values beyond MLflow's limit are cut."""
    mlflow.log_params({key: str(value)[:_PARAM_LENGTH] for key, value in params.items()})


def log_tags(tags: Mapping[str, Any]) -> None:
    """Set tags on the run."""
    mlflow.set_tags({key: str(value)[:_TAG_LENGTH] for key, value in tags.items()})


@contextmanager
def refreshed(run_id: str, tags: Callable[[], Mapping[str, str]], seconds: float) -> Iterator[None]:
    """Within the block, set what `tags` gives on the run every so many seconds.

    A refusal is no harm: the next time may do.
    """
    client, over = mlflow.MlflowClient(), threading.Event()

    def refresh() -> None:
        while not over.wait(seconds):
            for key, value in tags().items():
                with suppress(MlflowException, SQLAlchemyError):
                    client.set_tag(run_id, key, value)

    thread = threading.Thread(target=refresh, name="podium-heard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def try_to_show(tags: Mapping[str, Any], note: str) -> str:
    """Set tags and description of the run; why that failed, or nothing where it did not."""
    try:
        log_tags(tags)
        log_note(note)
    except (MlflowException, SQLAlchemyError) as error:
        return str(error).strip().splitlines()[0]
    return ""


def log_metrics(metrics: Mapping[str, float]) -> None:
    """Log metrics; undefined (NaN) ones are left out."""
    mlflow.log_metrics({key: value for key, value in metrics.items() if value == value})


def log_curves(curves: Mapping[str, list[float]], steps: list[int]) -> None:
    """Log one value a step for each curve, in batches."""
    run = mlflow.active_run()
    if run is None:
        return
    points = [
        Metric(key=name, value=value, timestamp=run.info.start_time + step, step=step)
        for name, values in curves.items()
        for step, value in zip(steps, values, strict=True)
        if value == value
    ]
    client = mlflow.MlflowClient()
    for start in range(0, len(points), _METRIC_BATCH):
        client.log_batch(run.info.run_id, metrics=points[start : start + _METRIC_BATCH])


def log_json(document: Any, path: str) -> None:
    """Log a JSON document as an artifact."""
    mlflow.log_text(to_json(document, indent=1) + "\n", path)


def log_text(text: str, path: str) -> None:
    """Log a text as an artifact."""
    mlflow.log_text(text, path)


def log_bytes(content: bytes, path: str) -> None:
    """Log a file's content as an artifact."""
    folder, _, name = path.rpartition("/")
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, name)
        file.write_bytes(content)
        mlflow.log_artifact(str(file), folder or None)


def log_figure(figure: Figure, path: str) -> None:
    """Log a figure as an artifact."""
    mlflow.log_figure(figure, path)


def log_note(markdown: str) -> None:
    """Show `markdown` as the run's description in the UI."""
    mlflow.set_tag("mlflow.note.content", markdown[:_TAG_LENGTH])


def log_data(
    source: str,
    kind: str,
    name: str,
    digest: str,
    frame: pd.DataFrame,
    *,
    context: str = "training",
) -> None:
    """Log the table as the run's dataset input: source, schema, rows, and the content's digest."""
    mlflow.log_input(dataset_of(source, kind, name, digest, frame), context=context)


def create_version(
    name: str, model_id: str, run_id: str, tags: Mapping[str, str], description: str
) -> int:
    """Register a logged model as a new version of `name`, tags and description in one call."""
    client = mlflow.MlflowClient()
    try:
        client.create_registered_model(name, tags={"podium.project": name})
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise
    version = client.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=run_id,
        tags={key: str(value)[:_TAG_LENGTH] for key, value in tags.items()},
        description=description[:_TAG_LENGTH],
        model_id=model_id,
    )
    return int(version.version)


def version_of_run(run_name: str) -> int:
    """The version that the run of this name registered. Raises NotFound where there is none."""
    versions = [
        run.data.tags["podium.model_version"]
        for run in mlflow.search_runs(
            search_all_experiments=True,
            filter_string=f"attributes.run_name = '{run_name}'",
            output_format="list",
        )
        if "podium.model_version" in run.data.tags
    ]
    if not versions:
        raise NotFound(f"The run {run_name!r} at {tracking_uri()} registered no version.")
    return int(versions[0])


def fetch_model(uri: str, scratch: Path) -> Path:
    """Download the model at any URI that MLflow knows into `scratch`; returns its folder there.

    Raises Unreachable, and PodiumError where MLflow refuses or there is no model.
    """
    with in_our_words("Nothing was evaluated."):
        try:
            folder = download(uri, scratch)
        except OSError as error:
            raise NotFound(f"There is nothing at {without_password(uri)}: {error}.") from error
    if not (folder / "MLmodel").is_file():
        raise NotFound(f"What is at {without_password(uri)} is no MLflow model: no MLmodel in it.")
    return folder


def tracking_uri() -> str:
    """Where MLflow logs to."""
    return str(mlflow.get_tracking_uri())


def fail_given_run(reason: str) -> None:
    """Mark the run that `mlflow run` opened for this process as failed; nothing without one."""
    run_id = os.environ.get("MLFLOW_RUN_ID")
    if run_id is None:
        return
    with suppress(MlflowException, SQLAlchemyError):  # the reason itself is reported anyway
        client = mlflow.MlflowClient()
        client.set_tag(run_id, "podium.error", reason[:_TAG_LENGTH])
        client.set_terminated(run_id, "FAILED")


def _start(project: str, run_name: str | None) -> mlflow.ActiveRun:
    if "MLFLOW_RUN_ID" in os.environ:
        run = mlflow.start_run()
        if run_name:
            mlflow.set_tag("mlflow.runName", run_name)
        return run
    chosen = {"MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"} & set(os.environ)
    experiment_id = None if chosen else _experiment_id(project)
    return mlflow.start_run(experiment_id=experiment_id, run_name=run_name)


def _go_on(run_id: str, run_name: str | None) -> mlflow.ActiveRun:
    """The run `run_id` once more, without the reason for which it ended before."""
    given = os.environ.get("MLFLOW_RUN_ID")
    if given not in (None, run_id):
        mlflow.MlflowClient().set_tag(given, "podium.resumes", run_id)
    run = mlflow.start_run(run_id=run_id)
    if "podium.error" in run.data.tags:
        mlflow.delete_tag("podium.error")
    if run_name:
        mlflow.set_tag("mlflow.runName", run_name)
    return run


def _experiment_id(name: str) -> str:
    """The experiment `name`, made where it is not there. Unlike MLflow's `set_experiment`, this
    changes nothing for other runs of the process.
    """
    found = mlflow.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(mlflow.create_experiment(name))
    except MlflowException as error:
        made_meanwhile = mlflow.get_experiment_by_name(name)
        if made_meanwhile is None:
            raise error
        return str(made_meanwhile.experiment_id)
