"""Ended trials in Optuna's tables: in MLflow's own database, and in a file of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

import optuna
import pytest
import sqlalchemy
from optuna.trial import FrozenTrial

from podium.errors import PodiumError, Unreachable
from projects.tuning.samplers import pruner_of, sampler_of
from projects.tuning.storage import Store, place_for
from projects.tuning.stored import (
    attributes_of_asked,
    attributes_of_outcome,
    ended_of,
    number_of,
)
from projects.tuning.study import new_study
from projects.tuning.trials import Asked, Ended, Outcome
from tests.registry_tools.backends import Backend, Backends, Kind, as_client, started


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backends]:
    with closing(Backends(tmp_path_factory.mktemp("backends"))) as all_kinds:
        yield all_kinds


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest, backends: Backends) -> Backend:
    """A database that MLflow has made and logged to."""
    backend = backends.get(request.param)
    with as_client(backend) as client:
        client.search_experiments()
    return backend


def opened(url: str, name: str, **attrs: object) -> Store:
    return Store.open(url, name, direction="maximize", attrs=attrs)


def ended_trials() -> list[tuple[Ended, FrozenTrial]]:
    """One of each state; what is below is out of its range, as a champion's may be."""
    study = new_study(
        "maximize",
        sampler_of("random", 0, several=False, workers=1),
        pruner_of("median", folds=1),
    )
    study.enqueue_trial({"x": 9.0})
    pairs = []
    outcomes = (
        Outcome("complete", 0.25, {"auc": 0.25, "f1": 0.1}, (0.2, 0.3), best_round=7, seconds=1.5),
        Outcome("pruned", reason="pruned after round 8", seconds=0.5),
        Outcome("failed", reason="ValueError: no", seconds=0.125),
    )
    told = {"complete": 1, "pruned": 2, "failed": 3}
    for number, outcome in enumerate(outcomes, 4):
        trial = study.ask()
        params = {"x": _suggested(trial), "missing": float("nan"), "kind": None, "n": 3}
        asked = Asked(number, "xgboost", params, "champion" if number == 4 else "sampled")
        said = {**attributes_of_asked(asked), **attributes_of_outcome(outcome)}
        for name, value in said.items():
            trial.set_user_attr(name, value)
        trial.report(0.1, 8)
        state = optuna.trial.TrialState(told[outcome.state])
        pairs.append((Ended(asked, outcome), study.tell(trial, outcome.value, state)))
    return pairs


def _suggested(trial: optuna.Trial) -> float:
    if trial.number:
        return trial.suggest_float("x", 0, 1)
    with pytest.warns(UserWarning, match="out of range"):
        return trial.suggest_float("x", 0, 1)


def alembic_version(url: str) -> list[str]:
    engine = sqlalchemy.create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version"))
        found = [row[0] for row in rows]
    engine.dispose()
    return found


def test_ended_trials_come_back_as_they_were(backend: Backend) -> None:
    pairs = ended_trials()
    with closing(opened(backend.tracking_uri, "as they were")) as store:
        for _, frozen in pairs:
            store.add(frozen)
    with closing(opened(backend.tracking_uri, "as they were")) as store:
        found = store.trials()
    assert [repr(ended_of(trial)) for trial in found] == [repr(ended) for ended, _ in pairs]
    for trial, (_, frozen) in zip(found, pairs, strict=True):
        assert trial.params == frozen.params
        assert trial.distributions == frozen.distributions
        assert trial.intermediate_values == {8: 0.1}
        assert trial.system_attrs == frozen.system_attrs
        assert (trial.datetime_start, trial.datetime_complete) == (
            frozen.datetime_start,
            frozen.datetime_complete,
        )


def test_trials_come_by_their_number_and_each_once(backend: Backend) -> None:
    frozen = [trial for _, trial in ended_trials()]
    with closing(opened(backend.tracking_uri, "each once")) as store:
        for trial in (*reversed(frozen), frozen[0]):
            store.add(trial)
        assert [number_of(trial) for trial in store.trials()] == [4, 5, 6]


def test_trials_are_added_by_another_thread_than_opened_the_store(backend: Backend) -> None:
    ((_, frozen), *_) = ended_trials()
    with closing(opened(backend.tracking_uri, "another thread")) as store:
        thread = threading.Thread(target=store.add, args=(frozen,))
        thread.start()
        thread.join()
        assert len(store.trials()) == 1


def test_studies_know_their_own_trials_only(backend: Backend) -> None:
    ((_, frozen), *_) = ended_trials()
    with (
        closing(opened(backend.tracking_uri, "one")) as one,
        closing(opened(backend.tracking_uri, "other")) as other,
    ):
        one.add(frozen)
        assert (len(one.trials()), len(other.trials())) == (1, 0)


def test_a_study_keeps_what_it_was_made_with(backend: Backend) -> None:
    ((_, frozen), *_) = ended_trials()
    with closing(opened(backend.tracking_uri, "made with", seed=3, space={"x": [0, 1]})) as store:
        store.add(frozen)
    with closing(opened(backend.tracking_uri, "made with", seed=4, more=True)) as store:
        assert store.attrs == {"seed": 3, "space": {"x": [0, 1]}}


def test_whether_a_study_is_there(backend: Backend) -> None:
    url = backend.tracking_uri
    assert not Store.exists(url, "is there")
    opened(url, "is there").close()
    assert Store.exists(url, "is there")
    assert not Store.exists(url, "is not there")


def test_asking_whether_a_study_is_there_makes_nothing(tmp_path: Path) -> None:
    assert not Store.exists(f"sqlite:///{tmp_path}/new.db", "any")
    assert list(tmp_path.iterdir()) == []


def test_mlflow_s_database_stays_mlflow_s(backend: Backend) -> None:
    url = backend.tracking_uri
    before = alembic_version(url)
    with closing(opened(url, "beside MLflow")) as store:
        for _, frozen in ended_trials():
            store.add(frozen)
    assert alembic_version(url) == before
    _upgrade(url)
    assert alembic_version(url) == before
    with as_client(backend) as client:
        (experiment, *_) = client.search_experiments()
        run = client.create_run(experiment.experiment_id)
        assert client.get_run(run.info.run_id).info.status == "RUNNING"
        client.set_terminated(run.info.run_id)
    with closing(opened(url, "beside MLflow")) as store:
        assert len(store.trials()) == 3


def _upgrade(url: str) -> None:
    command = [sys.executable, "-m", "mlflow", "db", "upgrade", url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_mlflow_opens_its_database_anew_in_another_process(backends: Backends) -> None:
    backend = backends.get("sqlite")
    opened(backend.tracking_uri, "anew").close()
    program = "import mlflow; print(len(mlflow.MlflowClient().search_experiments()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MLFLOW_TRACKING_URI": backend.tracking_uri},
        capture_output=True,
        text=True,
        check=False,
    )
    assert int(done.stdout) >= 1, done.stderr


@contextmanager
def new_database(kind: Kind | Literal["file"], folder: Path) -> Iterator[str]:
    """One that MLflow has just made, or a file that is not there yet."""
    if kind == "file":
        yield f"sqlite:///{folder}/new.db"
        return
    with started(kind, folder) as backend:
        yield backend.tracking_uri


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["file", "sqlite", "postgresql"])
def test_searches_that_begin_at_once_share_a_new_database(
    kind: Kind | Literal["file"], tmp_path: Path
) -> None:
    program = (
        "import sys; from projects.tuning.storage import Store; input()\n"
        "Store.open(sys.argv[1], sys.argv[2], direction='maximize', attrs={'a': 1}).close()"
    )
    with new_database(kind, tmp_path) as url:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", program, url, name],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in ("one", "two", "two")
        ]
        with ThreadPoolExecutor(3) as pool:
            said = list(pool.map(lambda process: process.communicate("\n")[1], processes))
        assert said == ["", "", ""]
        assert all(Store.exists(url, name) for name in ("one", "two"))


def test_tables_of_another_major_version_of_optuna_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/old.db"
    opened(url, "any").close()
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("UPDATE version_info SET library_version = '3.6.1'"))
    engine.dispose()
    with pytest.raises(PodiumError, match=r"Optuna 3\.6\.1 made the tables"):
        opened(url, "any")


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////no/such/folder/trials.db",
        "postgresql://ann:s3cret@127.0.0.1:1/none",
        "nosuchdatabase://ann:s3cret@here/none",
    ],
)
def test_what_cannot_be_reached_is_said_without_its_password(url: str) -> None:
    with pytest.raises(Unreachable, match="cannot be kept in") as caught:
        opened(url, "any")
    assert "s3cret" not in str(caught.value)


def test_a_database_that_goes_away_is_said(tmp_path: Path) -> None:
    ((_, frozen), *_) = ended_trials()
    url = f"sqlite:///{tmp_path}/trials.db"
    with closing(opened(url, "any")) as store:
        engine = sqlalchemy.create_engine(url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("DROP TABLE trial_params"))
        engine.dispose()
        with pytest.raises(Unreachable, match="trial_params"):
            store.add(frozen)


def test_a_study_says_nothing_on_standard_error(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    opened(f"sqlite:///{tmp_path}/trials.db", "any").close()
    assert capfd.readouterr().err == ""


def test_a_folder_of_any_name_holds_a_database(tmp_path: Path) -> None:
    folder = tmp_path / "a {curly} 100% näme#1"
    folder.mkdir()
    url = place_for("http://127.0.0.1:5000", "abc", folder)
    with closing(opened(url, "any")) as store:
        store.add(ended_trials()[0][1])
    assert [file.name for file in (folder / "podium_studies").iterdir()] == ["abc.db"]
    assert Store.exists(url, "any")


@pytest.mark.parametrize(
    "uri", ["sqlite:///mlflow.db", "postgresql://me@db/m", "postgresql+psycopg://me@db/m"]
)
def test_the_place_is_mlflow_s_database_where_there_is_one(uri: str, tmp_path: Path) -> None:
    assert place_for(uri, "abc", tmp_path) == uri
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "file:///tmp/mlruns", "./mlruns"])
def test_the_place_is_a_file_of_the_search_elsewhere(uri: str, tmp_path: Path) -> None:
    place = place_for(uri, "abc", tmp_path)
    assert place == f"sqlite:///{tmp_path}/podium_studies/abc.db"
    assert (tmp_path / "podium_studies").is_dir()
