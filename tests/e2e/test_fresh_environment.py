"""The artifact where Podium is not installed: environments that MLflow makes from its own files."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlflow
import pytest

from podium.artifact.mlflow_model import load_scorer
from podium.artifact.scoring.compiled import TOLERANCE
from projects.jobs.serve_once import free_port
from tests.e2e.processes import environment, run, server

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

MODEL = "models:/flight_delay/1"
AT = "2013-11-05T14:30:00Z"
ROWS: list[dict[str, Any]] = [
    {"carrier": "UA", "origin": "EWR", "dest": "IAH", "distance": 1400, "scheduled": AT},
    {"carrier": "EV", "temp": 39.02, "wind_speed": 10.35702, "precip": 0.12, "visib": 2.5},
    {"carrier": "ZZ", "origin": "nowhere", "distance": 700.5, "scheduled": AT},  # unseen
    {"carrier": None, "origin": "", "temp": None, "scheduled": None},
    {"carrier": "nan", "origin": "JFK", "dest": 7, "scheduled": 1383661800},
    {"distance": 1e30, "humid": -5, "dest": True, "other": [1]},
]
INSIDE = f"""
import json, sys
import mlflow, onnxruntime
model = mlflow.pyfunc.load_model({MODEL!r}).get_raw_model()
answer = model.score_rows(json.load(sys.stdin))
print(json.dumps({{"form": model.form, "code": type(model).__module__, "answer": answer}}))
"""


@dataclass(frozen=True)
class Elsewhere:
    """A folder and an environment in which nothing leads to Podium's code."""

    folder: Path
    env: dict[str, str]

    @property
    def python(self) -> Path:
        """The Python of the only environment that MLflow has made below its root."""
        (python,) = Path(self.env["MLFLOW_ENV_ROOT"]).glob("mlflow-*/bin/python")
        return python


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Elsewhere]:
    folder = tmp_path_factory.mktemp("elsewhere")
    command = ["podium", "train", "--project", "flight_delay", "--rows", "3000"]
    command += ["--params", "n_estimators=20", "--json"]
    env = environment(folder)
    trained = run(command, folder, env)
    assert trained.returncode == 0, trained.stderr
    env.pop("PYTHONPATH")
    env |= {"MLFLOW_ENV_ROOT": str(folder / "envs"), "TMPDIR": str(folder)}
    env["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    yield Elsewhere(folder, env)
    shutil.rmtree(folder / "envs", ignore_errors=True)  # 1.4 GB


@pytest.fixture(scope="module")
def expected(elsewhere: Elsewhere) -> list[dict[str, Any]]:
    """What Podium's own compiled scorer answers for `ROWS`, in this process."""
    mlflow.set_tracking_uri(elsewhere.env["MLFLOW_TRACKING_URI"])
    try:
        scorer = load_scorer(MODEL)
    finally:
        mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
    assert scorer.form == "compiled"
    return by_row(scorer.score_rows(ROWS))


def by_row(answer: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(answer, row, strict=True)) for row in zip(*answer.values(), strict=True)]


def check(answers: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert [row["prediction"] for row in answers] == [row["prediction"] for row in expected]
    for answer, wanted in zip(answers, expected, strict=True):
        assert answer.keys() == wanted.keys()
        assert math.isclose(answer["probability"], wanted["probability"], abs_tol=TOLERANCE)


def post(address: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    body = json.dumps({"dataframe_records": rows}).encode()
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return list(json.load(reply)["predictions"])


def test_mlflow_predicts_in_an_environment_of_the_models_own_requirements(
    elsewhere: Elsewhere, expected: list[dict[str, Any]]
) -> None:
    """It makes one for this command alone, in TMPDIR, and removes it again."""
    (elsewhere.folder / "input.json").write_text(json.dumps({"dataframe_records": ROWS}))
    command = ["mlflow", "models", "predict", "-m", MODEL, "-i", "input.json", "-t", "json"]
    command += ["-o", "answer.json", "--env-manager", "uv"]
    done = run(command, elsewhere.folder, elsewhere.env)
    assert done.returncode == 0, done.stderr
    check(json.loads((elsewhere.folder / "answer.json").read_text())["predictions"], expected)


def test_mlflow_serves_where_podium_is_not_installed_and_the_compiled_form_answers(
    elsewhere: Elsewhere, expected: list[dict[str, Any]]
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["mlflow", "models", "serve", "-m", MODEL, "--env-manager", "uv", "-p", str(port)]
    with server(command, f"{address}/ping", elsewhere.folder, elsewhere.env):
        check(post(f"{address}/invocations", ROWS), expected)
        check(post(f"{address}/invocations", ROWS[2:3]), expected[2:3])
        with pytest.raises(urllib.error.HTTPError, match="400"):
            post(f"{address}/invocations", [{"distance": "many"}])
        assert str(elsewhere.python.parent) in programs()
    assert ends(str(elsewhere.python.parent))

    bare = [str(elsewhere.python), "-c", "import podium"]
    assert "ModuleNotFoundError" in run(bare, elsewhere.folder, elsewhere.env).stderr
    inside = subprocess.run(
        [str(elsewhere.python), "-c", INSIDE],
        cwd=elsewhere.folder,
        env=elsewhere.env,
        input=json.dumps(ROWS),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert inside.returncode == 0, inside.stderr
    said = json.loads(inside.stdout.splitlines()[-1])
    assert said["form"] == "compiled"
    assert said["code"].startswith("podium_scoring_")
    check(by_row(said["answer"]), expected)


def ends(program: str) -> bool:
    """Whether no running process is `program`, within some seconds."""
    deadline = time.monotonic() + 10
    while program in programs() and time.monotonic() < deadline:
        time.sleep(0.1)
    return program not in programs()


def programs() -> str:
    """Command lines of all running processes."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append(os.fsdecode(path.read_bytes()))
        except OSError:  # it has ended
            continue
    return "\n".join(found)
