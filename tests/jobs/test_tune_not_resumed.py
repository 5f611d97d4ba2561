"""What cannot go on is refused, and left as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest

from projects.tuning.owner import OWNER
from tests.jobs.evaluated import parcels, train
from tests.jobs.tuned import QUICK, Tuned, tuned_at


@dataclass(frozen=True)
class Cut:
    """A store with a search that was interrupted after two trials, one that is finished, and a
    training.
    """

    store: Tuned
    run_id: str
    finished: str
    trained: str

    @property
    def trial(self) -> str:
        return self.store.trials(self.run_id)[0].info.run_id


@pytest.fixture(scope="module")
def cut(store_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cut]:
    with tuned_at(tmp_path_factory.mktemp("cut"), store_template) as store:
        search = {"learning_rate": {"low": 0.05, "high": 0.2}}
        store.declare(search=search)
        finished = store.tune("--trials", 1, "--register", "no")["run_id"]
        train(store.project)
        (version,) = mlflow.MlflowClient().search_model_versions("name='parcels'")
        run_id = store.interrupted(2, "--trials", 3, "--seed", 2)
        yield Cut(store, run_id, finished, str(version.run_id))


@pytest.mark.parametrize(
    ("which", "code", "said"),
    [
        ("finished", 2, "is finished. Begin a new one"),
        ("trained", 2, "is no search: its job is 'train'. --resume takes the id of the run that"),
        ("trial", 2, "is no search: its job is 'trial'. --resume takes the id"),
    ],
)
def test_only_a_search_that_was_cut_short_is_resumed(
    cut: Cut, which: str, code: int, said: str
) -> None:
    assert said in cut.store.refused_tune("--resume", getattr(cut, which), code=code)


def test_a_refusal_fails_the_run_that_mlflow_opened_and_no_other(cut: Cut) -> None:
    client = mlflow.MlflowClient()
    given = client.create_run("0").info.run_id
    cut.store.patch.setenv("MLFLOW_RUN_ID", given)
    try:
        assert cut.store.say("--resume", cut.finished).exit_code == 2
    finally:
        cut.store.patch.delenv("MLFLOW_RUN_ID")
    after = client.get_run(given)
    assert after.info.status == "FAILED"
    assert f"The search {cut.finished} is finished." in after.data.tags["podium.error"]
    assert client.get_run(cut.finished).info.status == "FINISHED"


@pytest.mark.parametrize("run_id", ["0" * 32, "nonsense"])
def test_a_run_that_is_not_there_is_not_resumed(cut: Cut, run_id: str) -> None:
    assert run_id in cut.store.refused_tune("--resume", run_id, code=4)


@pytest.mark.parametrize("run_id", ["../../etc/passwd", "models:/parcels/1", "0f3c…", " "])
def test_what_is_no_id_of_a_run_is_refused(cut: Cut, run_id: str) -> None:
    said = f"--resume: {run_id!r} is no id of a run. The MLflow UI shows it"
    assert said in cut.store.refused_tune("--resume", run_id)


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        (("--folds", "3"), "--folds"),
        (("--seed", "5", "--rows", "100"), "--seed, --rows"),
        (("--sampler", "random", "--pruner", "none", "--stop", "yes"), "--sampler, --pruner, --st"),
        (("--estimator", "linear", "--params", "C=1", "--data", "x.csv"), "--data, --estimator, -"),
        (("--engine", "spark"), "--engine"),
    ],
)
def test_what_a_search_began_with_is_kept(cut: Cut, arguments: tuple[str, ...], flags: str) -> None:
    why = cut.store.refused_tune("--resume", cut.run_id, *arguments)
    assert flags in why
    assert "a search that is resumed keeps what it began with." in why
    assert "Only --trials, --timeout, --workers, --storage, --register and --run-name" in why


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"params": {**QUICK, "max_depth": 3}}, "something else than when the search began: param"),
        ({"search": {}, "metrics": ["f1"]}, "metrics, search."),
        ({"name": "boxes"}, "is of the project 'parcels', not of 'boxes'."),
    ],
)
def test_a_project_that_is_another_one_now_is_refused(
    cut: Cut, changed: dict[str, Any], said: str
) -> None:
    before = (cut.store.project / "project.yaml").read_text()
    try:
        kept = {"search": {"learning_rate": {"low": 0.05, "high": 0.2}}}
        cut.store.declare(**{**kept, **changed})
        assert said in cut.store.refused_tune("--resume", cut.run_id)
    finally:
        (cut.store.project / "project.yaml").write_text(before)


def test_rows_that_are_others_now_are_refused(cut: Cut) -> None:
    rows = cut.store.project / "parcels.csv"
    before = rows.read_bytes()
    try:
        parcels(601).to_csv(rows, index=False)
        why = cut.store.refused_tune("--resume", cut.run_id)
        assert "The table has changed since the search began" in why
        rows.unlink()
        assert "parcels.csv" in cut.store.refused_tune("--resume", cut.run_id, code=4)
    finally:
        rows.write_bytes(before)


def test_a_database_without_the_trials_is_refused_and_none_is_made(cut: Cut) -> None:
    elsewhere = f"sqlite:///{cut.store.folder}/elsewhere.db"
    why = cut.store.refused_tune("--resume", cut.run_id, "--storage", elsewhere, code=4)
    assert f"The trials of the search {cut.run_id} are not in {elsewhere}." in why


def test_a_search_that_another_process_leads_is_refused(cut: Cut) -> None:
    client, tags = mlflow.MlflowClient(), mlflow.get_run(cut.run_id).data.tags
    host = tags[OWNER].split()[0]
    try:
        client.set_tag(cut.run_id, OWNER, f"{host} 1")  # which is there as long as the system is
        why = cut.store.refused_tune("--resume", cut.run_id)
        assert f"The search {cut.run_id} is still running, as process 1." in why
        client.set_tag(cut.run_id, OWNER, "elsewhere 1 1")
        assert "process 1 on elsewhere" in cut.store.refused_tune("--resume", cut.run_id)
    finally:
        client.set_tag(cut.run_id, OWNER, tags[OWNER])


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("schema", 2, "is of schema 2, newer than 1. Update Podium."),
        ("trials", None, "cannot be read"),
        ("space", {"xgboost": {"search": {}, "params": {}}}, "What is searched is no longer what"),
    ],
)
def test_what_another_version_stored_is_refused(cut: Cut, key: str, value: Any, said: str) -> None:
    client = mlflow.MlflowClient()
    before = cut.store.artifact(cut.run_id, "tuning/search.json").decode()
    stored = json.loads(before)
    changed = {k: v for k, v in {**stored, key: value}.items() if v is not None or k != key}
    try:
        client.log_text(cut.run_id, json.dumps(changed), "tuning/search.json")
        assert said in cut.store.refused_tune("--resume", cut.run_id)
    finally:
        client.log_text(cut.run_id, before, "tuning/search.json")


def test_a_search_without_a_beginning_is_refused(cut: Cut) -> None:
    client = mlflow.MlflowClient()
    run = client.create_run("0", tags={"podium.job": "tune", "podium.project": "parcels"})
    why = cut.store.refused_tune("--resume", run.info.run_id, code=4)
    assert "ended before its first trial: nothing is there to resume." in why


def test_after_all_refusals_it_goes_on(cut: Cut) -> None:
    said = cut.store.tune("--resume", cut.run_id, "--seed", 2, "--register", "no")
    assert said["search"]["trials"] == 3
