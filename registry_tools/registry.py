"""The registry that MLflow keeps. The only module of `registry_tools` that imports MLflow."""

from __future__ import annotations

import json
import logging
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError
from mlflow import MlflowClient, get_registry_uri, get_tracking_uri
from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from podium.errors import DataError, NotFound, PodiumError, Unreachable, did_you_mean
from podium.spec.names import LEDGER_SUFFIX
from podium.where import check_reachable, without_password
from registry_tools.chain import Record
from registry_tools.entry import Entry
from registry_tools.errors import Forbidden, LedgerBroken
from registry_tools.port import Model, Registry, Run, Version
from registry_tools.refusals import in_our_words
from registry_tools.signature import keys_of
from registry_tools.single_tries import single_tries

_T = TypeVar("_T")
_ENTRY, _PARENT, _HEAD = "podium.entry", "podium.parent", "podium.ledger.head"
_PAGE, _DESCRIPTION_LENGTH = 2_000, 5_000
_PAUSES_SECONDS = (0.3, 1.0, 2.5)


class MlflowRegistry(Registry):
    """The registry of the tracking server, or database, that MLflow is set to use.

    Raises Unreachable at once where nothing answers there.
    """

    def __init__(self) -> None:
        self._uri = str(get_registry_uri())
        _silence(logging.getLogger("mlflow.store.db.utils"))  # we say it ourselves
        for uri in {self._uri, str(get_tracking_uri())}:
            check_reachable(uri)
        self._client: MlflowClient = self._read(MlflowClient)

    @property
    def place(self) -> str:
        return without_password(self._uri)

    def model(self, name: str) -> Model:
        try:
            found = self._read(lambda: self._client.get_registered_model(name))
        except NotFound as error:
            near = did_you_mean(name, self.models())
            remedy = near or "podium train registers one."
            message = f"There is no registered model {name!r} at {self.place}."
            raise NotFound(message, remedy=remedy) from error
        aliases = {alias: int(version) for alias, version in found.aliases.items()}
        return Model(name, aliases, found.tags.get(_HEAD))

    def models(self) -> list[str]:
        names: list[str] = []
        token = None
        while True:
            page = self._read(partial(self._client.search_registered_models, page_token=token))
            names += [model.name for model in page if not model.name.endswith(LEDGER_SUFFIX)]
            token = page.token
            if not token:
                return sorted(names)

    def version(self, name: str, number: int) -> Version:
        try:
            found = self._read(lambda: self._client.get_model_version(name, str(number)))
        except PodiumError as error:
            self.model(name)  # a server with permissions does not tell a missing one from a hidden
            if not isinstance(error, NotFound):
                raise
            known = ", ".join(str(v.number) for v in self.versions(name)[-10:]) or "none"
            raise NotFound(
                f"{name} at {self.place} has no version {number}.", remedy=f"Known: {known}."
            ) from error
        return _version(found)

    def versions(self, name: str) -> list[Version]:
        return [_version(found) for found in self._search(name, 0)]

    def run(self, run_id: str) -> Run:
        found = self._read(lambda: self._client.get_run(run_id))
        tags = dict(found.data.tags)
        user = tags.get("mlflow.user") or found.info.user_id or None
        params, metrics = dict(found.data.params), dict(found.data.metrics)
        return Run(run_id, user, params, metrics, tags, found.info.status)

    def run_bytes(self, run_id: str, path: str) -> bytes | None:
        try:
            return self._artifact(self._run_folder(run_id), path)
        except NotFound:
            return None

    def run_text(self, run_id: str, path: str) -> str | None:
        content = self.run_bytes(run_id, path)
        try:
            return None if content is None else content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._unreadable(run_id, path, "is no text in UTF-8") from error

    def run_json(self, run_id: str, path: str) -> Any:
        text = self.run_text(run_id, path)
        try:
            return None if text is None else json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._unreadable(run_id, path, f"is not JSON: {error}") from error

    @contextmanager
    def files(self, name: str, number: int) -> Iterator[Path]:
        from podium.artifact.mlflow_model import download  # imports scikit-learn: slow

        uri = self._read(lambda: self._client.get_model_version_download_uri(name, str(number)))
        with tempfile.TemporaryDirectory() as scratch:
            yield self._read(lambda: download(uri, Path(scratch)))

    def mlmodel(self, name: str, number: int) -> Mapping[str, Any]:
        uri = self._read(lambda: self._client.get_model_version_download_uri(name, str(number)))
        return keys_of(self._artifact(uri, "MLmodel"))

    def records(self, name: str, after: int) -> list[Record]:
        return [
            Record(int(found.version), found.tags.get(_ENTRY), found.tags.get(_PARENT))
            for found in self._search(f"{name}{LEDGER_SUFFIX}", after)
        ]

    def create_ledger(self, name: str) -> None:
        ledger = f"{name}{LEDGER_SUFFIX}"
        described = f"Podium's ledger of {name}: podium history {name} reads it. Do not edit."
        make = partial(
            self._client.create_registered_model,
            ledger,
            tags={"podium.ledger": name},
            description=described,
        )
        try:
            self._read(make)
        except Unreachable:
            raise
        except PodiumError as refusal:
            try:
                found = self._read(lambda: self._client.get_registered_model(ledger))
            except NotFound:
                raise refusal from None
            if found.tags.get("podium.ledger") != name:
                raise LedgerBroken(
                    f"The registered model {ledger!r} at {self.place} is not Podium's ledger of "
                    f"{name}: its tag podium.ledger says so of "
                    f"{found.tags.get('podium.ledger', 'nothing')}.",
                    remedy="Rename that model; Podium keeps names that end in .ledger for itself.",
                ) from None

    def check_ledger(self, name: str) -> None:
        ledger = f"{name}{LEDGER_SUFFIX}"
        try:
            self._read(lambda: self._client.get_registered_model(ledger))
        except NotFound:
            return
        except Forbidden as error:
            raise Forbidden(
                f"You may not read the ledger of {name} at {self.place}, which has entries.",
                remedy=f"Ask for READ on the registered model {ledger}.",
            ) from error

    def append(self, entry: Entry, sentence: str) -> None:
        self._once(
            lambda: self._client.create_model_version(
                f"{entry.model}{LEDGER_SUFFIX}",
                source=_source(entry),
                tags={_ENTRY: entry.text(), _PARENT: str(entry.parent)},
                description=sentence[:_DESCRIPTION_LENGTH],
                await_creation_for=0,
            )
        )

    def note_head(self, name: str, head: str) -> None:
        self._read(lambda: self._client.set_registered_model_tag(name, _HEAD, head))

    def set_alias(self, name: str, alias: str, number: int) -> None:
        self._read(lambda: self._client.set_registered_model_alias(name, alias, str(number)))

    def delete_alias(self, name: str, alias: str) -> None:
        self._read(lambda: self._client.delete_registered_model_alias(name, alias))

    def set_tag(self, name: str, number: int, key: str, value: str) -> None:
        self._read(lambda: self._client.set_model_version_tag(name, str(number), key, value))

    def _run_folder(self, run_id: str) -> str:
        """Where the run's artifacts are. MLflow's own download from a run calls all that goes
        wrong there, such as a refusal, not found.
        """
        return str(self._read(lambda: self._client.get_run(run_id)).info.artifact_uri)

    def _artifact(self, folder: str, path: str) -> bytes:
        """The content of one file below the URI `folder`."""
        uri = f"{folder}/{path}"
        with tempfile.TemporaryDirectory() as scratch:
            return self._read(
                lambda: Path(download_artifacts(artifact_uri=uri, dst_path=scratch)).read_bytes()
            )

    def _unreadable(self, run_id: str, path: str, problem: str) -> DataError:
        return DataError(
            f"{path} among the artifacts of run {run_id} at {self.place} {problem}.",
            remedy="Log that file again, or delete it, if it is not what somebody wanted there.",
        )

    def _search(self, name: str, after: int) -> list[ModelVersion]:
        """Model versions with numbers above `after`, ascending; page by page by number, so that
        what is deleted or added meanwhile moves nothing.
        """
        found: list[ModelVersion] = []
        while True:
            search = partial(
                self._client.search_model_versions,
                f"name = '{name}' AND version_number > {after}",
                max_results=_PAGE,
                order_by=["version_number ASC"],
            )
            page = self._read(search)
            found += page
            if len(page) < _PAGE:
                return found
            after = int(page[-1].version)

    def _read(self, ask: Callable[[], _T]) -> _T:
        """What `ask` gives, tried again a few times where nothing answers. For what may be
        repeated: reads, and writes that say the same again.
        """
        for pause in _PAUSES_SECONDS:
            try:
                return self._once(ask)
            except Unreachable:
                time.sleep(pause * (0.5 + random.random()))
        return self._once(ask)

    def _once(self, ask: Callable[[], _T]) -> _T:
        """What `ask` gives, in one request; MLflow's errors in Podium's words."""
        try:
            with single_tries():
                return ask()
        except (MlflowException, SQLAlchemyError, OSError, BotoCoreError, ClientError) as error:
            raise in_our_words(error, self.place) from error


def _silence(logger: logging.Logger) -> None:
    if logger.level != logging.CRITICAL:  # setting it anew costs all loggers what they remember
        logger.setLevel(logging.CRITICAL)


def _source(entry: Entry) -> str:
    """What the entry is about, as a URI that MLflow does not look into; PostgreSQL's column takes
    500 characters.
    """
    return f"podium:/{quote(entry.model, safe='')[:480]}/{entry.version or 0}"


def _version(found: ModelVersion) -> Version:
    created = datetime.fromtimestamp(found.creation_timestamp / 1000, UTC)
    return Version(
        found.name,
        int(found.version),
        created.isoformat(timespec="milliseconds"),
        found.run_id or None,
        found.source or "",
        found.description or "",
        dict(found.tags),
    )
