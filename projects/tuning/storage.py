"""Where ended trials are kept, so that a search can go on after its process: Optuna's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import optuna
import sqlalchemy
from optuna.exceptions import DuplicatedStudyError, StorageInternalError
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial
from sqlalchemy.exc import SQLAlchemyError

from podium.errors import PodiumError, Unreachable, UsageError
from podium.where import without_password
from projects.tuning.claims import Claim
from projects.tuning.stored import number_of, quietly

Direction = Literal["maximize", "minimize"]
_DATABASES = ("sqlite", "postgresql", "mysql")  # what both MLflow and Optuna work on
_LOCKED_SECONDS = 60.0
_MADE_MEANWHILE = ("already exists", "UNIQUE constraint", "Duplicate entry")


class Store:
    """One study of Optuna's in a database, which may be MLflow's own.

    It only takes ended trials, and gives them back. MLflow and Optuna keep the number of their
    schema in tables of the same name, `alembic_version`: in MLflow's database that table is
    MLflow's and is left alone, and so Optuna's own tools refuse to open it there.
    """

    def __init__(self, storage: RDBStorage, study_id: int, url: str) -> None:
        self._storage, self._study_id, self._url = storage, study_id, url

    @classmethod
    def open(
        cls, url: str, study_name: str, *, direction: Direction, attrs: Mapping[str, Any]
    ) -> Store:
        """The study `study_name` in the database `url`, made with `attrs` where it is not there.

        Raises Unreachable where the database does not answer or refuses, PodiumError where
        another major version of Optuna made the tables.
        """
        with _in_our_words(url):
            _check_version(url)
            storage = _storage(url)
            store = cls(storage, _study_id(storage, study_name, direction), url)
            if not storage.get_n_trials(store._study_id):
                store._fill_in(attrs)
            return store

    @staticmethod
    def exists(url: str, study_name: str) -> bool:
        """Whether the study is there. Makes nothing. Raises Unreachable."""
        if _is_missing_file(url):
            return False
        query = sqlalchemy.text("SELECT 1 FROM studies WHERE study_name = :name")
        with _in_our_words(url), _connected(url) as connection:
            if not sqlalchemy.inspect(connection).has_table("studies"):
                return False
            return connection.execute(query, {"name": study_name}).first() is not None

    @property
    def attrs(self) -> dict[str, Any]:
        """What the study was made with. Raises Unreachable."""
        with _in_our_words(self._url):
            return dict(self._storage.get_study_user_attrs(self._study_id))

    def add(self, trial: FrozenTrial) -> None:
        """Keep an ended trial. Raises Unreachable."""
        with _in_our_words(self._url):
            # Not Study.add_trial: it refuses values outside their range, which a champion's may be.
            self._storage.create_new_trial(self._study_id, trial)

    def claim(self, heard: Mapping[str, str]) -> Claim:
        """Take the lead of the search for this process; `heard`: tags that say when the process
        that led it was last there. Raises Conflict where another one leads it, Unreachable.
        """
        with _in_our_words(self._url):
            return Claim(self._storage.engine, self._study_id, heard)

    def trials(self) -> list[FrozenTrial]:
        """All that were added, by their number in the search, each once. Raises Unreachable."""
        with _in_our_words(self._url):
            found = self._storage.get_all_trials(self._study_id)
        ended = [trial for trial in found if trial.state.is_finished()]
        # One that was written twice, after a reply that was lost, counts once.
        by_number = {number_of(trial): trial for trial in reversed(ended)}
        return [by_number[number] for number in sorted(by_number)]

    def close(self) -> None:
        """Give the connections back."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def _fill_in(self, attrs: Mapping[str, Any]) -> None:
        there = self._storage.get_study_user_attrs(self._study_id)
        for name in attrs.keys() - there.keys():
            self._storage.set_study_user_attr(self._study_id, name, attrs[name])


def check_url(url: str) -> None:
    """Raises UsageError where `url` is no address of a database that trials can be kept in."""
    try:
        made = sqlalchemy.make_url(url)
        in_memory = made.database in (None, "", ":memory:") and url.startswith("sqlite")
        known = made.get_backend_name() in _DATABASES and not in_memory
    except SQLAlchemyError:
        known = False
    if not known:
        raise UsageError(
            f"{without_password(url)!r} is no database that trials can be kept in.",
            remedy="Write an address such as sqlite:///studies.db or postgresql://me@host/mine.",
        )


def absolute(url: str) -> str:
    """`url`, with the whole path of an SQLite file, so that it is found from other folders too."""
    made = sqlalchemy.make_url(url)
    if made.get_backend_name() != "sqlite" or not made.database or made.database[:5] == "file:":
        return url
    path = str(Path(made.database).absolute())
    return made.set(database=path).render_as_string(hide_password=False)


def is_database(tracking_uri: str) -> bool:
    """Whether MLflow logs to a database itself, and not to a server or a folder."""
    return tracking_uri.partition(":")[0].partition("+")[0].lower() in _DATABASES


def place_for(tracking_uri: str, run_id: str, folder: Path) -> str:
    """Where the trials of the search `run_id` are kept, as a database URL.

    That is MLflow's own database where there is one, else a file of this search below
    `podium_studies` in `folder`, which is made.
    """
    if is_database(tracking_uri):
        return tracking_uri
    place = folder.absolute() / "podium_studies"
    place.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{place / f'{run_id}.db'}"


def _storage(url: str, tries: int = 5) -> RDBStorage:
    try:
        return RDBStorage(
            url.replace("{", "{{").replace("}", "}}"),  # Optuna formats it
            engine_kwargs=_engine_options(url),
            skip_compatibility_check=True,
        )
    except SQLAlchemyError as error:  # two searches may make the tables at once
        if tries > 1 and any(words in str(error) for words in _MADE_MEANWHILE):
            return _storage(url, tries - 1)
        raise


def _study_id(storage: RDBStorage, name: str, direction: Direction) -> int:
    directions = [StudyDirection[direction.upper()]]
    with suppress(DuplicatedStudyError), quietly():
        return storage.create_new_study(directions, name)
    return storage.get_study_id_from_name(name)


def _engine_options(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": _LOCKED_SECONDS}}
    return {"pool_pre_ping": True}


@contextmanager
def _connected(url: str) -> Iterator[sqlalchemy.Connection]:
    engine = sqlalchemy.create_engine(url, **_engine_options(url))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _check_version(url: str) -> None:
    """Refuse tables of another major version: in MLflow's database Optuna cannot tell itself."""
    if _is_missing_file(url):
        return
    with _connected(url) as connection:
        if not sqlalchemy.inspect(connection).has_table("version_info"):
            return
        query = sqlalchemy.text("SELECT library_version FROM version_info")
        found = connection.execute(query).scalar()
    if found is not None and _major(found) != _major(optuna.__version__):
        raise PodiumError(
            f"Optuna {found} made the tables in {without_password(url)}, and this is Optuna "
            f"{optuna.__version__}.",
            remedy="Name another database for the search, or use that version of Optuna.",
        )


def _major(version: str) -> str:
    return version.partition(".")[0]


def _is_missing_file(url: str) -> bool:
    made = sqlalchemy.make_url(url)
    return made.get_backend_name() == "sqlite" and not Path(made.database or "").exists()


@contextmanager
def _in_our_words(url: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, StorageInternalError, ImportError) as error:
        cause = error.__cause__ if isinstance(error, StorageInternalError) else error
        said = str(cause or error).strip().splitlines()[0]
        raise Unreachable(
            f"The trials cannot be kept in {without_password(url)}: {without_password(said)}",
            remedy="Check that the database is there, may be written to, and has its driver "
            "installed; or name another one.",
        ) from error
