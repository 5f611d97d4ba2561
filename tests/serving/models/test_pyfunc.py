"""Models of other makers are loaded by MLflow, and answer before they count as loaded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest

from serving.assignment import Assigned
from serving.errors import NotServable
from serving.loader import open_pyfunc
from serving.models.model import Asked, ModelSettings
from serving.models.opening import open_model
from serving.models.pyfunc import PyfuncModel
from tests.serving.protocol.models import MODELS

pytestmark = pytest.mark.filterwarnings("ignore")

Open = Callable[..., PyfuncModel]


class Fragile(mlflow.pyfunc.PythonModel):
    """Fails for s3cr3t; of other texts it says how long they are."""

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        if "s3cr3t" in set(model_input["text"]):
            raise ValueError("s3cr3t is not known")
        return model_input["text"].str.len()


class Ending(mlflow.pyfunc.PythonModel):
    """Ends the process that loads it."""

    def load_context(self, context: Any) -> None:
        raise SystemExit(3)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        return model_input


@pytest.fixture
def opened() -> Iterator[Open]:
    models: list[PyfuncModel] = []

    def opened(folder: Path, **settings: Any) -> PyfuncModel:
        models.append(open_pyfunc(_assigned(folder), ModelSettings(**settings)))
        return models[-1]

    yield opened
    for model in models:
        model.close()


def _assigned(folder: Path) -> Assigned:
    return Assigned("texts", "3", "champion", str(folder))


def _saved(folder: Path, model: Any, **more: Any) -> Path:
    mlflow.pyfunc.save_model(folder, python_model=model, pip_requirements=[], **more)
    return folder


def _ask(model: PyfuncModel, body: bytes) -> tuple[int, bytes]:
    answer = asyncio.run(model.answer(Asked(body, "application/json")))
    return answer.status, answer.body


def test_a_model_of_another_maker_is_opened_by_mlflow(tmp_path: Path) -> None:
    MODELS["sklearn"](tmp_path / "m")
    model = open_model(_assigned(tmp_path / "m"), ModelSettings())
    assert isinstance(model, PyfuncModel)
    assert (model.form, model.assigned.version, model.quick(Asked(b"", None))) == (
        "pyfunc",
        "3",
        False,
    )
    model.close()


def test_it_is_described_by_its_signature_and_its_input_example(
    tmp_path: Path, opened: Open
) -> None:
    MODELS["sklearn"](tmp_path / "m")
    said = opened(tmp_path / "m").description()
    names = [(one["name"], one["type"]) for one in said.inputs]
    assert names == [("a", "double"), ("b", "double"), ("n", "long"), ("flag", "boolean")]
    assert said.outputs[0]["type"] == "tensor"
    assert said.params == []
    assert said.example is not None
    assert said.example["dataframe_split"]["columns"] == ["a", "b", "n", "flag"]


def test_it_is_described_by_nothing_where_it_says_nothing(tmp_path: Path, opened: Open) -> None:
    said = opened(_saved(tmp_path / "m", Fragile())).description()
    assert (said.inputs, said.outputs, said.params, said.example) == ([], [], [], None)


def test_params_are_described(tmp_path: Path, opened: Open) -> None:
    MODELS["echo with params"](tmp_path / "m")
    said = opened(tmp_path / "m").description()
    assert [one["name"] for one in said.params] == ["scale", "word", "many"]


def test_an_older_input_example_without_a_body_is_used_too(tmp_path: Path, opened: Open) -> None:
    MODELS["sklearn"](tmp_path / "m")
    (tmp_path / "m" / "serving_input_example.json").unlink()
    metadata = tmp_path / "m" / "MLmodel"
    lines = metadata.read_text().splitlines(keepends=True)
    metadata.write_text("".join(line for line in lines if "serving_input" not in line))
    model = opened(tmp_path / "m")
    assert model.description().example is not None
    assert model.batching


@pytest.mark.parametrize("broken", ["no folder", "no file", "no YAML", "no model"])
def test_what_cannot_be_loaded_is_not_servable(tmp_path: Path, broken: str) -> None:
    folder = tmp_path / "m"
    if broken != "no folder":
        MODELS["sklearn"](folder)
    if broken == "no file":
        (folder / "model.pkl").unlink()
    if broken == "no YAML":
        (folder / "MLmodel").write_text("{")
    if broken == "no model":
        (folder / "model.pkl").write_bytes(b"no pickle")
    with pytest.raises(NotServable, match="MLflow cannot load texts"):
        open_pyfunc(_assigned(folder), ModelSettings())


def test_a_model_that_ends_its_process_is_not_servable(tmp_path: Path) -> None:
    folder = _saved(tmp_path / "m", Ending())
    with pytest.raises(NotServable, match="SystemExit"):
        open_pyfunc(_assigned(folder), ModelSettings())


def test_a_model_that_does_not_answer_its_example_is_not_servable(tmp_path: Path) -> None:
    example = pd.DataFrame({"text": ["s3cr3t"]})
    folder = _saved(tmp_path / "m", Fragile(), input_example=example)
    with pytest.raises(NotServable, match="texts version 3 does not answer its own") as refused:
        open_pyfunc(_assigned(folder), ModelSettings())
    assert "s3cr3t" not in str(refused.value)


def test_the_log_names_the_place_of_a_failure_once_and_not_what_was_asked(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    model = opened(_saved(tmp_path / "m", Fragile()))
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            assert _ask(model, b'{"dataframe_records": [{"text": "s3cr3t"}]}')[0] == 400
    [record] = [one for one in caplog.records if one.name.startswith("serving")]
    assert "ValueError at" in record.getMessage()
    assert "test_pyfunc.py" in record.getMessage()
    assert "s3cr3t" not in caplog.text


def test_the_log_holds_nothing_of_columns_and_params_that_nobody_asked_for(
    tmp_path: Path, opened: Open, caplog: pytest.LogCaptureFixture
) -> None:
    MODELS["xgboost"](tmp_path / "m")
    model = opened(tmp_path / "m")
    with caplog.at_level(logging.INFO):
        body = b'{"dataframe_records": [{"a": 1, "b": 2, "s3cr3t": 1}], "params": {"s3cr3t": 1}}'
        assert _ask(model, body)[0] == 200
    assert "s3cr3t" not in caplog.text


def test_schema_details_stay_hidden_where_mlflow_is_told_so(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_SCHEMA_DETAILS", "true")
    MODELS["xgboost"](tmp_path / "m")
    status, body = _ask(opened(tmp_path / "m"), b'{"dataframe_records": [{"a": 1}]}')
    assert status == 400
    assert b"double" not in body
