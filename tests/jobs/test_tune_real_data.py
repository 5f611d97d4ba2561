"""A search on real flights: the parameters that it finds pass the gate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.jobs.evaluated import quickly, store_at, train
from tests.jobs.tuned import Tuned


@pytest.mark.slow
def test_tuned_xgboost_passes_the_gate_against_default_linear(
    store_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "mlflow.db").write_bytes(store_template.read_bytes())
    with store_at(tmp_path) as patch:
        flights = Tuned(tmp_path, Path("flight_delay"), patch, "flight_delay")
        rows = ("--rows", 40_000)
        champion = train(flights.project, "--estimator", "linear", *rows)
        flights.act("promote", champion, "--to", "production", "--force", "--reason", "the first")
        said = flights.tune("--estimator", "xgboost", "--trials", 40, "--workers", 2, *rows)
        told = said["search"]
        assert (told["trials"], told["failed"]) == (40, 0)
        assert told["pruned"] > 0
        assert told["best"]["value"] > told["start"]["value"]
        with quickly(figures=False):
            verdict = flights.evaluate("--candidate", "latest", *rows)
        assert verdict["candidate"]["version"] == said["model_version"]
        flights.act("promote", said["model_version"], "--to", "staging")
