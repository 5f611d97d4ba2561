"""`podium evaluate`: the rules are those of the policy in force."""

from __future__ import annotations

import pytest

from tests.jobs.evaluated import GATE, GOOD, LINES, WEAK, Store, check, declare, outcomes

pytestmark = pytest.mark.usefixtures("no_figures")


def test_the_margin_in_force_decides_whatever_the_project_declares(parcel_store: Store) -> None:
    parcel_store.champion(LINES)
    declare(parcel_store.project, gate={**GATE, "margin": 0.2})
    strict = parcel_store.evaluate("--candidate", GOOD, code=1)
    assert (strict["rules"]["margin"], strict["metrics"][0]["verdict"]) == (0, "worse")
    parcel_store.policy(margin=0.2)
    declare(parcel_store.project, gate={**GATE, "margin": 0.0})
    lenient = parcel_store.evaluate("--candidate", GOOD)
    assert (lenient["rules"]["margin"], lenient["metrics"][0]["verdict"]) == (0.2, "not_worse")
    assert check(lenient, "roc_auc")["needed"] == "not worse by more than 0.2"
    assert lenient["rules"]["min_slice_rows"] == GATE["min_slice_rows"]
    assert any("another gate than the policy in force" in note for note in lenient["notes"])


def test_the_metric_that_decides_does_not_change_with_the_folder(championed: Store) -> None:
    before = championed.evaluate("--candidate", GOOD)
    declare(championed.project, metric="accuracy")
    after = championed.evaluate("--candidate", GOOD)
    assert before["rules"]["metric"] == after["rules"]["metric"] == "roc_auc"
    assert [found["metric"] for found in after["metrics"]] == ["roc_auc", "accuracy"]
    championed.policy(metric="accuracy")
    assert championed.evaluate("--candidate", GOOD)["rules"]["metric"] == "accuracy"


def test_a_slice_that_the_policy_names_and_the_table_lacks_is_refused(championed: Store) -> None:
    championed.policy(slices=["regiom"], sensitive=["sex"])
    said = championed.refused("--candidate", GOOD, code=2)
    assert "gate.slices: there is no column 'regiom'. Did you mean 'region'?" in said
    assert "gate.sensitive: there is no column 'sex'." in said
    assert "podium policy parcels" in said


def test_minimums_and_latency_are_asked_of_the_candidate(championed: Store) -> None:
    championed.policy(minimums={"roc_auc": 0.995, "log_loss": 5.0}, latency_p95_ms=0.000_001)
    said = championed.evaluate("--candidate", GOOD, code=1)
    assert outcomes(said) == {
        "rows new to both": "pass",
        "signature": "pass",
        "roc_auc against version 1": "pass",
        "roc_auc at least 0.995": "fail",
        "log_loss at most 5": "pass",
        "slices": "pass",
        "latency": "fail",
    }
    assert said["sentence"].endswith("roc_auc at least 0.995, latency.")
    championed.policy(minimums={"roc_auc": 0.6}, latency_p95_ms=60_000)
    assert set(outcomes(championed.evaluate("--candidate", GOOD)).values()) == {"pass"}


def test_a_minimum_of_another_task_is_refused_as_the_policy_s(championed: Store) -> None:
    championed.policy(minimums={"mae": 3.0})
    said = championed.refused("--candidate", GOOD, code=2)
    assert "The gate of the policy in force: " in said
    assert "podium policy parcels" in said


def test_a_verdict_from_before_the_gate_changed_opens_nothing(championed: Store) -> None:
    championed.evaluate("--candidate", GOOD)
    championed.policy(margin=0.001)
    refused = championed.act("promote", GOOD, "--to", "staging", code=1)
    assert "judged by the gate in force" in refused.output
    championed.evaluate("--candidate", GOOD)
    championed.act("promote", GOOD, "--to", "staging")


def test_a_sensitive_column_is_judged_for_slices_and_for_fairness(championed: Store) -> None:
    championed.policy(slices=[], sensitive=["region"], slice_margin=0.5, fairness_margin=0.9)
    said = championed.evaluate("--candidate", GOOD)
    assert {"slices", "fairness on region"} < set(outcomes(said))
    (found,) = said["fairness"]
    assert {group["value"] for group in found["candidate_groups"]} == {"north", "west", "south"}
    assert {each["column"] for each in said["slices"]} == {"region"}


def test_a_first_version_is_judged_by_what_its_training_declared(parcel_store: Store) -> None:
    declare(parcel_store.project, gate={**GATE, "minimums": {"roc_auc": 0.999}})
    said = parcel_store.evaluate("--candidate", WEAK)
    assert said["rules"]["minimums"] == {}
    assert [entry.action for entry in parcel_store.entries()] == ["policy", "evaluate"]
