"""Podium's own models with many callers: the pipeline is asked for all that wait at once."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from podium.artifact.mlflow_model import save_artifact
from podium.artifact.parity import prove
from podium.artifact.scoring import AnyScorer, Scorer
from serving.assignment import Assigned
from serving.models.model import Answer, Asked, Model, ModelSettings
from serving.models.opening import open_model
from tests.artifact.compiled_samples import around, boosted, rows_of
from tests.artifact.samples import boosted as uncompiled
from tests.artifact.samples import raw_table

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"


def opened(scorer: Scorer, folder: Path, *, compiled: bool) -> Model:
    raw = raw_table(300)
    proof = {"parity": prove(scorer, rows_of(scorer, raw))} if compiled else {}
    digest = save_artifact(scorer, raw.head(3), folder, **proof)
    return open_model(Assigned("m", "1", "champion", str(folder), digest), ModelSettings())


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return opened(uncompiled(), tmp_path_factory.mktemp("reference") / "m", compiled=False)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Model:
    scorer = around(None, boosted())
    return opened(scorer, tmp_path_factory.mktemp("compiled") / "m", compiled=True)


def requests() -> list[Asked]:
    """One row and several, as records and CSV, good and bad."""
    raw = raw_table(12, seed=4)
    records = [
        {name: None if pd.isna(value) else value for name, value in row.items()}
        for row in raw.to_dict("records")
    ]
    bodies: list[Any] = [{"dataframe_records": [row]} for row in records]
    bodies += [{"dataframe_records": records[:5]}, {"dataframe_records": records[5:]}]
    bodies += [{"dataframe_records": [records[0], {"distance": "far"}]}, {"x": 1}]
    asked = [Asked(json.dumps(body).encode(), JSON) for body in bodies]
    asked.append(Asked(raw.head(4).to_csv(index=False).encode(), CSV))
    return [*asked, Asked(b"{", JSON), Asked(b"{}", "text/plain")]


def together(model: Model, asked: Sequence[Asked]) -> list[Answer]:
    async def act() -> list[Answer]:
        return list(await asyncio.gather(*map(model.answer, asked)))

    return asyncio.run(act())


@pytest.mark.parametrize("form", ["pipeline", "compiled"])
def test_many_at_once_get_what_each_would_get_alone(
    form: str, request: pytest.FixtureRequest
) -> None:
    model: Model = request.getfixturevalue(form)
    asked = requests()
    assert together(model, asked) == [model.answer_now(each) for each in asked]


def test_those_who_wait_for_the_pipeline_share_a_call(
    pipeline: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    scored = AnyScorer.score_rows

    def counted(scorer: AnyScorer, rows: Sequence[Any]) -> dict[str, list[Any]]:
        sizes.append(len(rows))
        return scored(scorer, rows)

    monkeypatch.setattr(AnyScorer, "score_rows", counted)
    body = json.dumps({"dataframe_records": [{"distance": 1.0}]}).encode()
    answers = together(pipeline, [Asked(body, JSON)] * 30)
    assert {answer.status for answer in answers} == {200}
    assert sum(sizes) == 30
    assert len(sizes) < 10


def test_only_the_compiled_form_answers_small_tables_in_the_event_loop(
    pipeline: Model, compiled: Model
) -> None:
    assert (pipeline.form, compiled.form) == ("reference", "compiled")
    small = requests()[0]
    assert compiled.quick(small)
    assert not pipeline.quick(small)
    hidden = b'{"\\u0069nputs": {"distance": [' + b"1," * 20_000 + b"1]}}"
    for body in (
        b" " * 10_000_000,
        json.dumps({"dataframe_records": [{}] * 20_000}).encode(),
        json.dumps({"inputs": {"distance": [1] * 20_000}}).encode(),
        json.dumps({"dataframe_split": {"columns": ["gate"], "data": [[1]] * 20_000}}).encode(),
        hidden,
    ):
        assert not compiled.quick(Asked(body, JSON))
    assert not compiled.quick(Asked(b"gate\n" + b"\n" * 20_000, CSV))
    assert not compiled.quick(Asked(b"PAR1", PARQUET))


def test_a_model_that_is_closed_ends_its_threads(tmp_path: Path) -> None:
    model = opened(uncompiled(), tmp_path / "m", compiled=False)
    before = set(threading.enumerate())
    together(model, requests())
    started = set(threading.enumerate()) - before
    assert started
    model.close()
    for thread in started:
        thread.join(10)
        assert not thread.is_alive()
