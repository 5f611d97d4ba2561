"""`podium evaluate` where somebody else is at work, or an end comes in the middle."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import mlflow
import pytest

from podium.artifact.scoring.manifest import MANIFEST
from projects.training.training_rows import FILE_NAME as TRAINING_ROWS
from tests.e2e.processes import ROOT, environment, run
from tests.jobs.evaluated import GOOD, LINES, NAME, WEAK, Store, check, parcels

MEANWHILE = """
import os, pathlib, signal, sys, time
import pandas as pd

def table():
    {does}
    return pd.read_csv("newer.csv")
"""
ENTERS = """
    from registry_tools.outcome import Wanted
    from registry_tools.policy import Policy
    from registry_tools.registrar import Registrar
    from registry_tools.registry import MlflowRegistry
    policy = Policy.model_validate({"gate": {"margin": 0.01}})
    Registrar(MlflowRegistry(), "parcels").set_policy(policy, Wanted("bob"))
"""
WAITS = """
    pathlib.Path("reading").touch()
    time.sleep(0 if pathlib.Path("go on").exists() else 120)
"""


def meanwhile(store: Store, module: str, does: str) -> str:
    """The source of newer rows; `does` is done whenever it is read."""
    store.write("newer.csv", parcels(400, seed=7))
    (store.folder / f"{module}.py").write_text(MEANWHILE.format(does=does.strip()))
    return f"{module}:table"


@pytest.mark.usefixtures("no_figures")
def test_nothing_is_entered_where_the_ledger_moved_meanwhile(championed: Store) -> None:
    before = championed.entries()
    source = meanwhile(championed, "moving_ledger", ENTERS)
    document = championed.evaluate("--candidate", GOOD, "--data", source, code=3)
    assert document["error"] == "LedgerConflict"
    entered = championed.entries()[len(before) :]
    assert [(entry.action, entry.actor) for entry in entered] == [("policy", "bob")]
    (logged,) = championed.runs()
    assert logged.info.status == "FAILED"
    assert logged.data.tags["podium.error"].startswith(document["what"])
    assert not {"podium.entry", "podium.verdict"} & set(logged.data.tags)
    kept = json.loads(championed.artifact(logged.info.run_id, "report.json"))
    assert kept["verdict"] == "pass"  # what was found is kept; only it does not count
    assert championed.evaluate("--candidate", GOOD, "--data", source)["rules"]["margin"] == 0.01


@pytest.mark.usefixtures("no_figures")
def test_a_candidate_whose_files_change_meanwhile_gets_no_verdict(championed: Store) -> None:
    number, folder = championed.copy_of(GOOD)
    (manifest,) = folder.rglob(MANIFEST)
    does = f"""
    path = pathlib.Path({str(manifest)!r})
    path.write_text(path.read_text().rstrip() + chr(10) * 2)
"""
    before = championed.entries()
    source = meanwhile(championed, "moving_files", does)
    document = championed.evaluate("--candidate", number, "--data", source, code=1)
    assert document["what"].startswith(f"The files of version {number} of {NAME} changed while")
    assert championed.entries() == before
    assert championed.runs()[0].info.status == "FAILED"


@pytest.mark.usefixtures("no_figures")
def test_a_damaged_record_of_training_rows_is_named(championed: Store) -> None:
    run_id = mlflow.MlflowClient().get_model_version(NAME, str(GOOD)).run_id
    with mlflow.start_run(experiment_id="0") as other:
        mlflow.log_text("no parquet", TRAINING_ROWS)
    number, _ = championed.copy_of(GOOD)
    client = mlflow.MlflowClient()
    source = client.get_model_version(NAME, str(number)).source
    damaged = client.create_model_version(NAME, source, run_id=other.info.run_id)
    assert run_id != other.info.run_id
    said = championed.refused("--candidate", damaged.version, code=2)
    assert f"{TRAINING_ROWS} is damaged" in said


@contextmanager
def started(
    command: list[str], folder: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupt_leaves_no_entry_and_the_same_again_works(
    championed: Store, number: signal.Signals
) -> None:
    before = championed.entries()
    source = meanwhile(championed, "waiting", WAITS)
    command = [sys.executable, "-m", "projects.jobs.evaluate", "--project", str(championed.project)]
    command += ["--candidate", str(GOOD), "--data", source]
    env = environment(championed.folder)
    with started(command, championed.folder, env) as process:
        deadline = time.monotonic() + 240
        while not (championed.folder / "reading").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(number)
        _, said = process.communicate(timeout=240)
    assert process.returncode == 130
    assert said.endswith("Interrupted.\n")
    assert championed.entries() == before
    (killed,) = championed.runs()
    assert killed.info.status == "KILLED"
    (championed.folder / "go on").touch()
    done = run(command, championed.folder, env)
    assert done.returncode == 0, done.stderr
    (entry,) = championed.verdicts()
    assert (entry.evidence.verdict, entry.evidence.use) == ("pass", 1)


@pytest.mark.slow
@pytest.mark.e2e
def test_mlflow_run_reaches_the_ledger_in_the_run_that_it_opened(championed: Store) -> None:
    given = {"project": championed.project, "candidate": f"models:/{NAME}/{GOOD}"}
    words = [word for key, value in given.items() for word in ("-P", f"{key}={value}")]
    command = ["mlflow", "run", str(ROOT), "-e", "evaluate", *words, "--env-manager", "local"]
    done = run(command, championed.folder, environment(championed.folder))
    assert done.returncode == 0, done.stderr
    (logged,) = championed.runs()
    (entry,) = championed.verdicts()
    assert entry.evidence.run_id == logged.info.run_id
    assert (entry.version, entry.replaced, entry.evidence.verdict) == (GOOD, WEAK, "pass")
    assert (logged.info.status, logged.info.experiment_id) == ("FINISHED", "0")
    assert logged.data.params["against"] in ("", "''")  # how MLflow logs what was not given
    assert championed.artifact(logged.info.run_id, "report.html").startswith(b"<!DOCTYPE html>")


@pytest.mark.slow
@pytest.mark.e2e
def test_mlflow_run_says_on_its_run_why_a_candidate_was_refused(championed: Store) -> None:
    words = ["-P", f"project={championed.project}", "-P", "candidate=99"]
    command = ["mlflow", "run", str(ROOT), "-e", "evaluate", *words, "--env-manager", "local"]
    done = run(command, championed.folder, environment(championed.folder))
    assert done.returncode != 0
    assert "has no version 99" in done.stderr
    client = mlflow.MlflowClient()
    (refused,) = client.search_runs(["0"], "attributes.status = 'FAILED'")
    assert "has no version 99" in refused.data.tags["podium.error"]
    assert championed.verdicts() == []


@pytest.mark.usefixtures("no_figures")
def test_naming_the_champion_is_a_comparison_with_the_champion(championed: Store) -> None:
    said = championed.evaluate("--candidate", LINES, "--against", "@production")
    assert check(said, "roc_auc against version 1")["verdict"] == "pass"
    assert said["opens_gate"] is True
    assert said["next"] == [f"podium promote {NAME} {LINES} --to staging"]
    championed.act("promote", LINES, "--to", "staging")
