"""Copies of the tables that trainings used, in MLflow's artifact stores: one for each content.
And which trainings these are, by the tags of their runs.

`<the experiment's artifacts>/podium-data/<digest>/` holds `rows.parquet`, the card as
`data_card.json` and `data_card.md`, and `snapshot.json`, which is written last and says what the
others hold. What is there is never changed; what was left half written is written again.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import mlflow
from mlflow.entities import Experiment, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.utils.uri import append_to_uri_path

from podium.data.nycflights import MissingPackageError
from podium.documents import to_json
from podium.errors import DataError, NotFound, PodiumError, Unreachable
from podium.where import without_password
from projects.data_versions.listing import Use
from projects.data_versions.snapshot import (
    CARD,
    CARD_DOCUMENT,
    DESCRIBED,
    FILES,
    ROWS,
    NewerSnapshot,
    Snapshot,
    check_rows,
    write_rows,
)
from registry_tools.refusals import code_of

if TYPE_CHECKING:
    import pandas as pd

FOLDER = "podium-data"
_HIDDEN = "***"  # what `without_password` leaves of one
_PAGE_RUNS, _PAGE_EXPERIMENTS = 1_000, 500
_T = TypeVar("_T")


def place_of(run_id: str, digest: str) -> str:
    """The URI where the experiment of the run keeps the snapshot of the content `digest`."""
    experiment_id = mlflow.get_run(run_id).info.experiment_id
    return _joined(mlflow.get_experiment(experiment_id).artifact_location, digest)


def places_left(run_ids: Iterable[str], digest: str) -> list[str]:
    """Where the experiments of these runs keep the snapshot of `digest`, each place once. Deleted
    runs count as long as MLflow has them; those that it has no more are passed over.
    """
    places: dict[str, None] = {}
    for run_id in run_ids:
        try:
            places[place_of(run_id, digest)] = None
        except MlflowException as error:
            if code_of(error) != "RESOURCE_DOES_NOT_EXIST":
                raise
    return list(places)


def _joined(location: str, digest: str) -> str:
    join: Any = append_to_uri_path  # has no types
    return str(join(location, FOLDER, digest))


def keep(frame: pd.DataFrame, place: str, digest: str, card: Mapping[str, Any], page: str) -> int:
    """Write the snapshot of the canonical table `frame` at the URI `place`, unless it is there.

    card, page: the card as a document and as Markdown. Returns the size of the rows in bytes.
    Two that write at once write the same. Raises what the store and its library raise.
    """
    repository = _repository(place)
    described = _whole(repository)
    if described is not None:
        return described.bytes
    with tempfile.TemporaryDirectory(prefix="podium-snapshot-") as scratch:
        folder = Path(scratch)
        described = write_rows(frame, folder, digest)
        (folder / CARD_DOCUMENT).write_text(to_json(card, indent=1) + "\n", encoding="utf-8")
        (folder / CARD).write_text(page, encoding="utf-8")
        for name in FILES:  # in their order: the last one is the mark
            repository.log_artifact(str(folder / name))
    return described.bytes


def fetch(uri: str, digest: str, scratch: Path) -> Path:
    """Download the rows of the snapshot at `uri` into `scratch`; the Parquet file, checked.

    Raises NotFound where it is gone, DataError where it is damaged or is that of another content,
    Unreachable where the store does not answer.
    """
    repository = _asked(uri, lambda: _repository(uri))

    def download(name: str) -> Path:
        return Path(repository.download_artifacts(name, str(scratch)))

    described = Snapshot.read(_asked(uri, lambda: download(DESCRIBED)), uri)
    rows = _asked(uri, lambda: download(ROWS))
    check_rows(rows, described, digest, uri)
    return rows


def card_at(uri: str, scratch: Path) -> Mapping[str, Any]:
    """The card's document in the snapshot at `uri`; empty where it cannot be read."""
    file = _asked(
        uri, lambda: Path(_repository(uri).download_artifacts(CARD_DOCUMENT, str(scratch)))
    )
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def described_at(uri: str) -> Snapshot | None:
    """What the snapshot at `uri` says of itself; None where it is gone or not whole.

    Raises Unreachable where the store does not answer, PodiumError where it refuses, NewerSnapshot
    where a newer version of Podium wrote it.
    """
    return _asked(uri, lambda: _whole(_repository(uri)))


def _repository(place: str) -> Any:
    """MLflow's access to the files below `place`, which draws no bars: they are few."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    return get_artifact_repository(_with_secret(place), tracking_uri=mlflow.get_tracking_uri())


def _with_secret(uri: str) -> str:
    """The URI that a tag shows without its password, as the experiment that it is in has it."""
    digest = re.search(rf"/{FOLDER}/([^/?#]+)", uri)
    if _HIDDEN not in uri or digest is None:
        return uri
    for page in _experiments(mlflow.MlflowClient(), ViewType.ALL):
        for experiment in page:
            place = _joined(experiment.artifact_location, digest[1])
            if without_password(place) == uri:
                return place
    return uri


def _whole(repository: Any) -> Snapshot | None:
    """The description, where all files are there and the rows have the size that it says."""
    sizes = {posixpath.basename(info.path): info.file_size for info in repository.list_artifacts()}
    if DESCRIBED not in sizes:
        return None
    with tempfile.TemporaryDirectory(prefix="podium-snapshot-") as scratch:
        file = Path(repository.download_artifacts(DESCRIBED, scratch))
        try:
            described = Snapshot.read(file, str(repository.artifact_uri))
        except NewerSnapshot:  # its files may have other names
            raise
        except DataError:
            return None
    whole = set(FILES) <= set(sizes) and sizes[ROWS] == described.bytes
    return described if whole else None


def _asked(uri: str, ask: Callable[[], _T]) -> _T:
    """What `ask` gives; what a store or its library raises, in Podium's words."""
    place = without_password(uri)
    try:
        return ask()
    except PodiumError:
        raise
    except ImportError as error:
        raise MissingPackageError(
            f"The snapshot at {place} needs a package that is not installed: {error}.",
            remedy="Install the client library of that artifact store.",
        ) from error
    except Exception as error:  # each kind of store has its own
        code, said = code_of(error), (str(error).strip() or type(error).__name__).splitlines()[0]
        if code == "RESOURCE_DOES_NOT_EXIST":
            raise NotFound(
                f"There is no whole snapshot at {place}.",
                remedy="Put the folder back, or train again on the same data: that writes it anew.",
            ) from error
        if code == "INTERNAL_ERROR":
            raise Unreachable(
                f"The snapshot at {place} cannot be fetched: {without_password(said)}",
                remedy="Check that the artifact store answers, and the login to it.",
            ) from error
        raise PodiumError(
            f"The snapshot at {place} was refused: {without_password(said)}",
            remedy="Check the login to the artifact store, and its permissions.",
        ) from error


def trainings_where(condition: str) -> list[Use]:
    """The trainings that read their data, by a condition on runs in MLflow's words.

    Runs that were deleted, and those of deleted experiments, do not count.
    """
    client = mlflow.MlflowClient()
    uses: list[Use | None] = []
    for page_of in _experiments(client):
        experiments = [experiment.experiment_id for experiment in page_of]
        token: str | None = None
        while True:
            page = client.search_runs(
                experiments, condition, max_results=_PAGE_RUNS, page_token=token
            )
            uses += [
                Use.of(r.info.run_id, r.info.run_name, r.info.start_time, r.data.tags) for r in page
            ]
            token = page.token
            if not token:
                break
    return [use for use in uses if use is not None]


def _experiments(
    client: mlflow.MlflowClient, view: int = ViewType.ACTIVE_ONLY
) -> Iterator[list[Experiment]]:
    """All experiments, some hundreds at a time."""
    token: str | None = None
    while True:
        page = client.search_experiments(view, max_results=_PAGE_EXPERIMENTS, page_token=token)
        if page:
            yield list(page)
        token = page.token
        if not token:
            return
