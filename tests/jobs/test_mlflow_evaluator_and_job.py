"""`mlflow.models.evaluate` says of trained versions what `podium evaluate` says."""

from __future__ import annotations

from typing import Any

import mlflow
import mlflow.models
import pytest

from projects.jobs import evaluator_run
from tests.jobs.evaluated import GOOD, LINES, NAME, Store, check, outcomes, parcels

pytestmark = pytest.mark.usefixtures("no_figures")
CONFIG = {
    "champion": f"models:/{NAME}@production",
    "slices": ["region"],
    "min_slice_rows": 80,
}


def evaluated(store: Store, frame: Any, config: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of the run, and the document."""
    store.patch.setattr(evaluator_run, "drawings", lambda *_: ())
    result = mlflow.models.evaluate(
        f"models:/{NAME}/{GOOD}",
        data=frame,
        targets="late",
        model_type="classifier",
        evaluators=["podium"],
        evaluator_config={"podium": config},
    )
    return result.run_id, dict(result.artifacts["report.json"].content)


def test_both_say_the_same_of_the_same_rows(championed: Store) -> None:
    fresh = parcels(900, seed=9)
    said = championed.evaluate("--candidate", GOOD, "--data", championed.write("new.csv", fresh))
    before = championed.entries()
    run_id, found = evaluated(championed, fresh, CONFIG)
    same = ("model", "task", "verdict", "sentence", "checks", "metrics", "slices", "flips", "rules")
    assert {key: found[key] for key in same} == {key: said[key] for key in same}
    for key in ("rows", "digest", "content_digest", "positive", "share_positive", "use"):
        assert found["data"][key] == said["data"][key]
    for side in ("candidate", "champion"):
        known = ("label", "version", "uri", "digest", "run_id", "estimator")
        assert {key: found[side][key] for key in known} == {key: said[side][key] for key in known}
        assert found[side]["footprint"] is None
    assert (said["opens_gate"], found["opens_gate"], found["project"]) == (True, False, None)
    assert championed.entries() == before
    assert mlflow.get_run(run_id).data.tags["podium.verdict"] == "pass"


def test_rows_of_its_training_are_refused_there_and_tell_nothing_here(championed: Store) -> None:
    rows = parcels()
    championed.refused("--candidate", GOOD, "--data", championed.write("old.csv", rows), code=2)
    _, found = evaluated(championed, rows, {**CONFIG, "champion": f"models:/{NAME}/{LINES}"})
    assert found["verdict"] == "inconclusive"
    assert outcomes(found)["rows new to both"] == "inconclusive"
    fact = check(found, "rows new to both")["found"]
    assert fact == "; ".join(
        f"version {number} was trained on 2,400 of the 3,000 rows" for number in (GOOD, LINES)
    )
