"""24 clients in 6 processes on one model: one chain, and everybody was told the truth."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from registry_tools.outcome import Wanted
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend, as_client, process_environment
from tests.registry_tools.clients import Job, Table, check_told, told_in
from tests.registry_tools.models import artifact_digest, new_name, register_artifact

SECONDS = float(os.environ.get("PODIUM_STRESS_SECONDS", "8"))


def _check_that_it_goes_on(name: str, versions: Sequence[int]) -> None:
    """A promotion with files after all that: it counts, and shows in the aliases."""
    wanted = Wanted("ada", reason="afterwards")
    champion = Registrar(MlflowRegistry(), name).state.champion
    version = next(version for version in versions if version != champion)
    Registrar(MlflowRegistry(), name).promote(version, "production", wanted, forced=True)
    registrar = Registrar(MlflowRegistry(), name)
    assert registrar.state.champion == version
    assert registrar.model.aliases == {"production": version}
    assert registrar.differences() == ()


@pytest.mark.slow
def test_many_clients_at_once_make_one_chain_and_are_told_what_is_in_it(
    backend: Backend, tmp_path: Path, record_property: pytest.RecordProperty
) -> None:
    name = new_name("contended")
    versions = [register_artifact(backend, name) for _ in range(8)]
    files = tmp_path / "files"
    with as_client(backend), MlflowRegistry().files(name, versions[0]) as folder:
        shutil.copytree(folder, files)
    table = Table(name, versions, artifact_digest(backend), real=True, files=str(files))
    job = Job(table, SECONDS, seed=7)
    (tmp_path / "job.json").write_text(json.dumps(asdict(job)))
    command = [sys.executable, "-m", "tests.registry_tools.clients", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=process_environment(backend, OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=SECONDS + 180,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    told = told_in(tmp_path)
    with as_client(backend):
        counts = check_told(MlflowRegistry(), name, told)
        _check_that_it_goes_on(name, job.table.versions)
    print(f"{backend.name}: {dict(counts)}")  # with -s
    record_property("counts", dict(counts))
    assert told.errors == []
    assert told.unprojected == []
    assert counts["accepted"] > SECONDS / 2
    assert counts["conflicts"] > 0
    assert counts["real"] > 0
    assert counts["void"] >= counts["conflicts"] - len(told.unknown)
