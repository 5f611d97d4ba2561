"""`podium export`: from a registered version to a folder for the edge."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import click
import mlflow
import pytest
from click.testing import CliRunner

from podium.artifact.example import example_of
from podium.artifact.mlflow_model import log_artifact
from podium.artifact.parity import NOT_TRIED, Parity, RealRows, prove
from podium.cli import main
from projects.jobs import tracking
from tests.artifact.samples import raw_table, xgboosted
from tests.e2e.processes import environment, run


def podium(*arguments: str) -> click.testing.Result:
    return CliRunner().invoke(main, ["export", *arguments])


def proved() -> Parity:
    scorer, raw = xgboosted(), raw_table()
    return prove(scorer, RealRows.of(scorer, scorer.canonicaliser.transform(raw), raw))


def register(name: str, parity: Parity, **tags: str) -> str:
    """Log and register a small model; its digest."""
    scorer = xgboosted()
    experiment = mlflow.create_experiment(name, artifact_location=Path("files").absolute().as_uri())
    with mlflow.start_run(experiment_id=experiment) as opened:
        logged = log_artifact(
            scorer, example_of(scorer, raw_table(3)), name="model", tags={}, parity=parity
        )
    tags = {"podium.digest": logged.digest, **tags}
    tracking.create_version(name, logged.model_id, opened.info.run_id, tags, "")
    return logged.digest


@pytest.fixture
def flights(store: Path) -> Path:
    register("flights", proved())
    return store


def test_a_version_is_exported_by_number_and_by_alias(flights: Path) -> None:
    by_number = podium("flights", "1", "--to", "edge")
    assert by_number.exit_code == 0, by_number.stderr
    assert "Wrote flights version 1 to edge" in by_number.stdout
    assert "python edge/score.py edge/example.json" in by_number.stdout
    mlflow.MlflowClient().set_registered_model_alias("flights", "production", "1")
    assert podium("flights", "@production", "--to", "again").exit_code == 0
    for path in (flights / "edge").iterdir():
        assert (flights / "again" / path.name).read_bytes() == path.read_bytes()
    done = run(["python", "edge/score.py", "edge/example.json"], flights, environment(flights))
    assert len(json.loads(done.stdout)) == 5


def test_json_is_one_document(store: Path) -> None:
    digest = register("two words #1 %41", proved())
    result = podium("two words #1 %41", "1", "--to", "edge", "--json")
    document = json.loads(result.stdout, parse_constant=pytest.fail)
    assert document["digest"] == digest
    assert document["version"] == 1
    assert document["folder"] == str(store / "edge")
    assert document["parity"]["compiled"] is True
    assert "model.onnx" in document["files_bytes"]


@pytest.mark.parametrize(
    ("name", "version", "said"),
    [
        ("flihgts", "1", "Did you mean 'flights'?"),
        ("flights", "7", "Known: 1."),
        ("flights", "@production", "flights has no alias"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    flights: Path, name: str, version: str, said: str
) -> None:
    result = podium(name, version, "--to", "edge")
    assert result.exit_code == 4
    assert said in result.stderr
    assert not (flights / "edge").exists()


@pytest.mark.usefixtures("flights")
def test_an_unknown_alias_gets_the_known_ones() -> None:
    mlflow.MlflowClient().set_registered_model_alias("flights", "staging", "1")
    result = podium("flights", "@production", "--to", "edge")
    assert "has no alias @production" in result.stderr
    assert "Known: staging." in result.stderr


def test_a_version_without_a_compiled_form_is_refused_with_the_reason(store: Path) -> None:
    register("flights", NOT_TRIED)
    result = podium("flights", "1", "--to", "edge")
    assert result.exit_code == 1
    assert "flights version 1 has no compiled form: it was not tried." in result.stderr
    assert not (store / "edge").exists()


@pytest.mark.usefixtures("store")
def test_files_of_another_digest_than_the_tagged_one_are_refused() -> None:
    register("flights", proved(), **{"podium.digest": "f" * 64})
    result = podium("flights", "1", "--to", "edge")
    assert result.exit_code == 1
    assert "is registered with ffffffffffff" in result.stderr


def test_a_changed_file_is_named(flights: Path) -> None:
    (model,) = flights.glob("files/**/model.onnx")
    model.write_bytes(model.read_bytes()[:-1])
    result = podium("flights", "1", "--to", "edge")
    assert result.exit_code == 1
    assert "model.onnx is not the file that was logged" in result.stderr
    assert "Traceback" not in result.stderr


def test_files_that_are_gone_are_an_error_with_a_remedy(flights: Path) -> None:
    (model,) = flights.glob("files/**/model.onnx")
    shutil.rmtree(model.parent)
    result = podium("flights", "1", "--to", "edge")
    assert result.exit_code == 4
    assert result.stderr.splitlines()[-2].startswith("Error: ")
    assert not (flights / "edge").exists()


@pytest.mark.parametrize("version", ["v1", "latest", "", "-1", "1.0", "@", "1" * 30])
def test_what_is_no_version_is_refused(version: str) -> None:
    result = podium("--to", "edge", "--", "flights", version)
    assert result.exit_code == 2
    assert "is no version" in result.stderr


def test_a_folder_that_is_not_empty_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    result = podium("flights", "1", "--to", str(tmp_path))
    assert result.exit_code == 2
    assert "is not empty" in result.stderr


@pytest.mark.usefixtures("store")
def test_a_server_that_is_away_is_exit_code_5() -> None:
    mlflow.set_tracking_uri("http://127.0.0.1:9")
    result = podium("flights", "1", "--to", "edge")
    assert result.exit_code == 5
    assert "http://127.0.0.1:9" in result.stderr


def test_help_teaches() -> None:
    text = podium("--help").stdout
    for said in ("NAME VERSION", "--to DIR", "@alias", "score.py", "podium export flight_delay 1"):
        assert said in text


def test_names_of_options_that_are_missing_are_told() -> None:
    result = podium("flights", "1")
    assert result.exit_code == 2
    assert "--to" in result.stderr
