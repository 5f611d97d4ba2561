from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from podium.errors import UsageError
from projects.evaluating.models import DoesNotAnswer, Opened, open_model
from projects.evaluating.speed import folder_bytes, footprints
from tests.artifact.samples import boosted, raw_table
from tests.evaluating import made
from tests.evaluating.made import FEATURES, numbers

ORDER = "import builtins; builtins.order.append({name!r} * len(model_input)); "
ANSWER = "return [1] * len(model_input)"


class Ticking:
    """A clock that goes on by so many seconds each time that it is looked at."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = 0.0, seconds

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    called: list[str] = []
    monkeypatch.setattr("builtins.order", called, raising=False)
    return called


@pytest.fixture
def logged(tmp_path: Path, order: list[str]) -> Callable[[str], Opened]:  # noqa: ARG001
    def make(name: str) -> Opened:
        return open_model(made.python(tmp_path / name, ORDER.format(name=name) + ANSWER))

    return make


def test_podiums_models_and_others_are_measured(tmp_path: Path) -> None:
    raw = raw_table(30)
    models = {
        "candidate": open_model(made.podium(tmp_path / "a", boosted())),
        "champion": open_model(made.sklearn(tmp_path / "b")),
    }
    found = footprints(models, raw.fillna({"distance": 0}), FEATURES, calls=7)
    assert list(found) == ["candidate", "champion"]
    for name, footprint in found.items():
        files = [path for path in models[name].folder.rglob("*") if path.is_file()]
        kept = [path for path in files if path.suffix != ".pyc"]
        assert footprint.size_bytes == sum(path.stat().st_size for path in kept)
        assert footprint.load_seconds > 0
        for latency in (footprint.one_row, footprint.hundred_rows):
            assert latency.calls == 7
            assert 0 < latency.p50_ms <= latency.p95_ms <= latency.p99_ms


def test_models_take_turns_on_one_row_and_then_on_a_hundred(
    logged: Callable[[str], Opened], order: list[str]
) -> None:
    models = {"A": logged("A"), "B": logged("B")}
    footprints(models, numbers(7), FEATURES, calls=5)
    sizes = [(text[0], len(text)) for text in order]
    half = len(sizes) // 2
    assert sizes == [("A", 1), ("B", 1)] * (half // 2) + [("A", 100), ("B", 100)] * (half // 2)
    assert half // 2 == 20 + 5  # the first ones only warm up


def test_the_clock_tells_milliseconds_and_the_load_time(logged: Callable[[str], Opened]) -> None:
    found = footprints({"A": logged("A")}, numbers(7), FEATURES, calls=4, clock=Ticking(1 / 128))
    footprint = found["A"]
    assert footprint.load_seconds == 1 / 128
    assert footprint.one_row.calls == 4
    assert footprint.one_row.p50_ms == footprint.one_row.p99_ms == 1000 / 128


def test_it_stops_when_the_time_is_up_and_says_how_many_calls(
    logged: Callable[[str], Opened], order: list[str]
) -> None:
    models = {"A": logged("A"), "B": logged("B")}
    few = footprints(models, numbers(7), FEATURES, clock=Ticking(0.125))
    assert 1 < few["A"].one_row.calls == few["B"].one_row.calls < 20
    order.clear()
    slow = footprints(models, numbers(7), FEATURES, clock=Ticking(60))
    for name in models:
        assert slow[name].one_row.calls == slow[name].hundred_rows.calls == 1
    assert [text[0] for text in order] == ["A", "B", "A", "B"]


def test_a_model_too_slow_to_load_again_keeps_the_time_of_its_opening(
    logged: Callable[[str], Opened],
) -> None:
    opened = logged("A")
    found = footprints({"A": opened}, numbers(7), FEATURES, calls=1, limit_seconds=1e-9)
    assert found["A"].load_seconds == opened.load_seconds


def test_one_that_fails_on_a_single_request_does_not_answer(tmp_path: Path) -> None:
    body = "assert len(model_input) > 1; return [1] * len(model_input)"
    opened = open_model(made.python(tmp_path / "model", body))
    with pytest.raises(DoesNotAnswer, match="failed answering a single request: AssertionError"):
        footprints({"A": opened}, numbers(7), FEATURES)


def test_no_rows_are_refused(logged: Callable[[str], Opened]) -> None:
    with pytest.raises(UsageError, match="no rows"):
        footprints({"A": logged("A")}, numbers(0), FEATURES)


def test_what_python_compiled_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(bytes(10))
    (tmp_path / "a.py").write_bytes(bytes(np.arange(5, dtype=np.uint8)))
    assert folder_bytes(tmp_path) == 5
