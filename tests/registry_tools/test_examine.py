"""A version's files before it is promoted: what is wrong with them is told, and harms nobody."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import mlflow
import mlflow.pyfunc
import pandas as pd
import pytest
import yaml
from mlflow.models import infer_signature

from podium.artifact.answering import answer_example
from podium.artifact.scoring.manifest import MANIFEST, write_manifest
from podium.errors import PodiumError
from registry_tools.entry import Draft
from registry_tools.examine import Examined, Files, author_of, examine, examine_files
from registry_tools.ledger import Ledger
from registry_tools.port import Version
from registry_tools.registry import MlflowRegistry
from registry_tools.state import State
from tests.e2e import processes
from tests.registry_tools.backends import Backend, Backends, Kind, as_client, started
from tests.registry_tools.models import new_name, register_artifact

CODE = """\
import mlflow.pyfunc
import os, signal, subprocess, sys, time
import pandas as pd
from mlflow.models import set_model


class Foreign(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: pd.DataFrame, params=None) -> pd.Series:
        {does}
        return model_input["x"] * 2


set_model(Foreign())
"""
DAMAGED = (b"\xff\xfe", b"a: [", b"- 1", b"", b"signature: {inputs: '{'}")


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A foreign model that answers."""
    folder = tmp_path_factory.mktemp("saved")
    (folder / "code.py").write_text(CODE.format(does="pass"))
    example = pd.DataFrame({"x": [1.0, 2.0]})
    mlflow.pyfunc.save_model(
        str(folder / "model"),
        python_model=str(folder / "code.py"),
        signature=infer_signature(example, example["x"] * 2),
        input_example=example,
        pip_requirements=[f"mlflow=={mlflow.__version__}"],
    )
    return folder / "model"


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return shutil.copytree(saved, tmp_path / "model")


def that(model: Path, does: str) -> Path:
    """The model, where its code does this before it answers."""
    (model / "code.py").write_text(CODE.format(does=does))
    return model


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """A registry of its own: the files of its versions are damaged here."""
    with started("sqlite", tmp_path_factory.mktemp("examined")) as backend:
        yield backend


@pytest.fixture
def registry(backend: Backend) -> Iterator[MlflowRegistry]:
    with as_client(backend):
        yield MlflowRegistry()


def registered(name: str, model: Path) -> tuple[int, Path]:
    """A version with files of its own, and where they lie."""
    client = mlflow.MlflowClient()
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(model), "model")
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name)
    source = f"{run.info.artifact_uri}/model"
    number = int(client.create_model_version(name, source, run.info.run_id).version)
    return number, Path(urlsplit(source).path)


def with_champion(registry: MlflowRegistry, name: str, number: int) -> State:
    """The state where `number` is in production."""
    registry.create_ledger(name)
    ledger = Ledger(registry, name)
    for stage in ("staging", "production"):
        ledger.append(ledger.entry(Draft("promote", version=number, stage=stage), "ada"))
    return ledger.state


def examined(
    registry: MlflowRegistry, name: str, number: int, state: State, *, answering: bool = True
) -> Examined:
    return examine(registry, registry.version(name, number), state, answering=answering)


def test_a_foreign_model_answers_in_a_process_of_its_own(
    model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    does = "print('noise'); os.environ['LEFT_BEHIND'] = '1'; os.chdir('/')"
    assert answer_example(that(model, does)) == "loads and answers its example"
    assert "LEFT_BEHIND" not in os.environ
    assert "noise" not in "".join(capfd.readouterr())


@pytest.mark.parametrize(
    ("does", "problem"),
    [
        ("sys.exit(0)", "it ended by itself, with exit code 0"),
        ("os._exit(0)", "it ended by itself, with exit code 0"),
        ("os._exit(3)", "it ended by itself, with exit code 3"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "it ended by itself, killed by SIGKILL"),
        ("raise KeyboardInterrupt", "it ended by itself, .*KeyboardInterrupt"),
        (
            "open(sys.argv[2], 'w').write('{\"answered\": \"lo'); os._exit(0)",
            "it ended by itself, with exit code 0",
        ),
        ("raise ValueError('no\\nway')", "it does not answer its own example: ValueError: no way"),
        ("input()", "it does not answer its own example: EOFError"),
    ],
)
def test_a_foreign_model_that_does_not_answer_is_a_problem_in_words(
    model: Path, does: str, problem: str
) -> None:
    with pytest.raises(PodiumError, match=f"^{problem}"):
        answer_example(that(model, does))


def test_a_foreign_model_without_an_example_only_has_to_load(model: Path) -> None:
    keys = yaml.safe_load((model / "MLmodel").read_text())
    del keys["saved_input_example_info"]
    (model / "MLmodel").write_text(yaml.safe_dump(keys))
    files = examine_files(model)
    assert (files.problem, files.answered) == ("", "loads; it has no input example")


@pytest.mark.slow
def test_a_foreign_model_that_never_answers_is_stopped_with_all_that_it_started(
    model: Path, tmp_path: Path
) -> None:
    note = tmp_path / "pids"
    does = (
        "p = subprocess.Popen(['sleep', '600']); "
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{p.pid}}'); "
        "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGTERM, signal.SIGINT)]; "
        "time.sleep(600)"
    )
    that(model, does)
    with pytest.raises(PodiumError, match="took longer than 20 seconds"):
        answer_example(model, limit_seconds=20)
    gone(note)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_a_foreign_model_is_stopped_when_the_command_is(
    model: Path, tmp_path: Path, number: signal.Signals
) -> None:
    note = tmp_path / "pids"
    does = f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    that(model, does)
    asks = "import sys, pathlib; from podium.artifact.answering import answer_example; "
    asks += "answer_example(pathlib.Path(sys.argv[1]))"
    command = subprocess.Popen(
        [sys.executable, "-c", asks, str(model)],
        env=processes.environment(tmp_path),
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
            time.sleep(0.1)
        command.send_signal(number)
        assert command.wait(30) != 0
        gone(note)
    finally:
        command.kill()
        command.wait()


def gone(note: Path) -> None:
    """The processes that are noted there end; what is killed may lie unreaped for a while."""
    for pid in note.read_text().split():
        deadline = time.monotonic() + 10
        while _runs(pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not _runs(pid)


def _runs(pid: str) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_mlmodel_is_a_problem(model: Path, content: bytes) -> None:
    (model / "MLmodel").write_bytes(content)
    files = examine_files(model, answering=False)
    assert "MLmodel file" in files.problem
    assert (files.signature, files.answered) == (None, "")
    assert len(files.digest) == 64


def test_of_a_podium_artifact_the_manifest_speaks_first(
    registry: MlflowRegistry, backend: Backend
) -> None:
    name = new_name()
    with registry.files(name, register_artifact(backend, name)) as folder:
        assert examine_files(folder).problem == ""
        for content in DAMAGED:
            (folder / "MLmodel").write_bytes(content)
            assert "MLmodel" in examine_files(folder).problem
            assert "damaged" not in examine_files(folder).problem
        (folder / MANIFEST).unlink()
        write_manifest(folder)
        assert "MLmodel file cannot be read" in examine_files(folder).problem


@pytest.mark.parametrize("content", [*DAMAGED, None])
def test_a_champion_whose_signature_cannot_be_read_is_a_failed_check_and_no_crash(
    registry: MlflowRegistry, model: Path, content: bytes | None
) -> None:
    name = new_name()
    champion, files = registered(name, model)
    candidate, _ = registered(name, model)
    state = with_champion(registry, name, champion)
    if content is None:
        shutil.rmtree(files)
    else:
        (files / "MLmodel").write_bytes(content)
    with as_if_it_answers():
        found = examined(registry, name, candidate, state).candidate
    [broken] = found.incompatible
    assert broken.startswith("the champion's signature cannot be read: ")
    assert found.problem == ""


@contextmanager
def as_if_it_answers() -> Iterator[None]:
    """Where the answer itself is not what is tested, and its process costs seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("podium.artifact.answering.answer_example", lambda _folder: "answers")
        yield


def test_a_candidate_whose_files_are_gone_or_damaged_is_told(
    registry: MlflowRegistry, model: Path
) -> None:
    name = new_name()
    champion, _ = registered(name, model)
    candidate, files = registered(name, model)
    state = with_champion(registry, name, champion)
    (files / "MLmodel").write_bytes(b"\xff\xfe")
    found = examined(registry, name, candidate, state).candidate
    assert "damaged" in found.problem
    assert found.incompatible == ("its own signature cannot be read",)
    shutil.rmtree(files)
    found = examined(registry, name, candidate, state).candidate
    assert found.problem.startswith("Not found at")
    assert (found.digest, found.answered) == ("", "")


def test_without_answering_nothing_is_run_and_the_champion_not_read(
    registry: MlflowRegistry, model: Path
) -> None:
    name = new_name()
    champion, files = registered(name, model)
    candidate, _ = registered(name, that(model, "os._exit(0)"))
    state = with_champion(registry, name, champion)
    shutil.rmtree(files)
    found = examined(registry, name, candidate, state, answering=False)
    assert (found.candidate.problem, found.candidate.incompatible) == ("", ())
    assert found.candidate.digest == found.files.digest
    assert found.files.signature is not None
    assert "ended by itself" in examined(registry, name, candidate, state).candidate.problem


def test_the_author_is_certain_where_the_version_says_so(
    registry: MlflowRegistry, model: Path
) -> None:
    name = new_name()
    number, _ = registered(name, model)
    found = examined(registry, name, number, State(name), answering=False).candidate
    user = registry.run(registry.version(name, number).run_id or "").user
    assert user is not None
    assert (found.author, found.author_is_certain) == (user, False)
    registry.set_tag(name, number, "podium.author", "ada")
    found = examined(registry, name, number, State(name), answering=False).candidate
    assert (found.author, found.author_is_certain) == ("ada", True)


@pytest.mark.parametrize("kind", ["sqlite", "server_auth"])
def test_the_author_is_unknown_where_the_run_is_gone_or_may_not_be_read(
    backends: Backends, kind: Kind
) -> None:
    version = Version("m", 1, "2026-01-01T00:00:00.000+00:00", run_id="0" * 32)
    with as_client(backends.get(kind)):
        assert author_of(MlflowRegistry(), version) is None


def test_a_list_of_files_that_an_entry_has_no_room_for_is_not_kept() -> None:
    short = {f"{number}": "a" * 64 for number in range(350)}
    long = {f"{number}{'é' * 100}": "a" * 64 for number in range(280)}
    assert len(json.dumps(long)) > 30_000 > len(json.dumps(short))
    assert Files("d", short, "", "", None).evidence.files == short
    assert Files("d", long, "", "", None).evidence.files is None
    assert Files("d", None, "", "", None).evidence.files is None
