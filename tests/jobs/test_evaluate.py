"""`podium evaluate`: the verdict, its run, its report and its entry in the ledger."""

from __future__ import annotations

import hashlib
import json
import re

import mlflow
import numpy as np
import pytest

from projects.jobs.evaluate import command
from tests.jobs.evaluated import (
    GATE,
    GOOD,
    LINES,
    NAME,
    SHUFFLED,
    SPOILT,
    WEAK,
    Store,
    check,
    declare,
    outcomes,
    parcels,
    podium,
)

FAMILY_ALPHA = 0.05 * 6 / np.pi**2  # what the first of all uses may spend


@pytest.mark.usefixtures("no_figures")
def test_the_first_version_passes_against_the_baseline(parcel_store: Store) -> None:
    said = parcel_store.evaluate("--candidate", GOOD)
    assert (said["verdict"], said["champion"]) == ("pass", None)
    assert outcomes(said) == {
        "rows new to the candidate": "pass",
        "roc_auc against the baseline (no champion)": "pass",
        "slices": "pass",
    }
    (found,) = said["metrics"]
    assert (found["metric"], found["champion"], found["margin"]) == ("roc_auc", 0.5, 0.0)
    assert found["low"] > 0.3
    assert (said["data"]["part"], said["data"]["rows"], said["data"]["left_out"]) == (
        "holdout",
        600,
        0,
    )
    assert said["next"] == [f"podium promote {NAME} {GOOD} --to staging"]


@pytest.mark.usefixtures("no_figures")
def test_the_entry_holds_verdict_run_rows_use_and_the_digest_of_the_report(
    parcel_store: Store,
) -> None:
    parcel_store.patch.setenv("PODIUM_ACTOR", "ada")
    said = parcel_store.evaluate("--candidate", GOOD)
    policy, entry = parcel_store.entries()
    assert policy.action == "policy"
    assert policy.policy is not None
    assert policy.policy["gate"]["min_slice_rows"] == GATE["min_slice_rows"]
    assert (entry.action, entry.version, entry.replaced, entry.actor) == (
        "evaluate",
        GOOD,
        None,
        "ada",
    )
    evidence = entry.evidence
    assert (evidence.verdict, evidence.use) == ("pass", 1)
    assert evidence.run_id == said["run_id"]
    assert evidence.data_digest == said["data"]["digest"]
    assert entry.model_digest == said["candidate"]["digest"]
    report = parcel_store.artifact(said["run_id"], "report.json")
    assert evidence.report_sha256 == said["report_sha256"] == hashlib.sha256(report).hexdigest()
    assert (said["entry"], said["aliases_set"]) == (entry.seq, True)
    kept = json.loads(report)
    assert (kept["actor"], kept["verdict"], kept["run_id"]) == ("ada", "pass", said["run_id"])
    assert kept.items() <= {**said, "notes": kept["notes"]}.items()


@pytest.mark.usefixtures("few_calls")
def test_the_run_has_metrics_params_tags_figures_and_the_rows_as_input(championed: Store) -> None:
    said = championed.evaluate("--candidate", GOOD, "--run-name", "is it better")
    run = mlflow.get_run(said["run_id"])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "is it better")
    assert mlflow.get_experiment(run.info.experiment_id).name == NAME == said["experiment"]
    deciding = said["metrics"][0]
    for name, key in {"": "difference", "_low": "low", "_high": "high"}.items():
        assert run.data.metrics[f"difference/roc_auc{name}"] == deciding[key]
    assert run.data.metrics["candidate/roc_auc"] == deciding["candidate"]
    assert run.data.metrics["champion/roc_auc"] == deciding["champion"]
    assert run.data.metrics["slices/harmed"] == 0
    assert run.data.metrics["candidate/size_bytes"] > 1000
    assert run.data.params["podium.candidate"] == f"models:/{NAME}/{GOOD}"
    assert run.data.params["podium.champion"] == f"models:/{NAME}/{WEAK}"
    assert run.data.params["podium.use"] == "1"
    tags = run.data.tags
    assert (tags["podium.verdict"], tags["podium.entry"]) == ("pass", str(said["entry"]))
    assert tags["podium.report_sha256"] == said["report_sha256"]
    assert tags["mlflow.note.content"].startswith("**Pass.** Version 2 of parcels passes")
    (data,) = run.inputs.dataset_inputs
    assert [tag.value for tag in data.tags] == ["evaluation"]
    assert said["data"]["content_digest"].startswith(data.dataset.digest)
    figures = {
        each.path for each in mlflow.MlflowClient().list_artifacts(run.info.run_id, "figures")
    }
    names = ("roc", "calibration", "flips", "slices")
    assert figures == {f"figures/{name}.png" for name in names}


@pytest.mark.usefixtures("few_calls")
def test_the_page_needs_nothing_from_elsewhere_and_out_writes_what_the_run_has(
    championed: Store,
) -> None:
    folder = championed.folder / "a" / "report"
    said = championed.evaluate("--candidate", GOOD, "--out", folder)
    for name in ("report.html", "report.json"):
        assert (folder / name).read_bytes() == championed.artifact(said["run_id"], name)
    page = (folder / "report.html").read_text()
    assert page.count("<svg") == 4
    assert not re.search(r"<(script|link|iframe|img)\b", page)
    assert not re.search(r"""(src|href)=(?!["']#)|url\((?!["']?#)|@import""", page)
    assert said["sentence"] in page


@pytest.mark.usefixtures("no_figures")
def test_a_better_candidate_passes_and_may_be_promoted(championed: Store) -> None:
    said = championed.evaluate("--candidate", GOOD)
    assert said["metrics"][0]["low"] > 0.1
    assert said["sentence"] == "Version 2 of parcels passes against version 1."
    (entry,) = championed.verdicts()
    assert (entry.evidence.verdict, entry.replaced) == ("pass", WEAK)
    assert f"podium promote {NAME} {GOOD} --to staging" in championed.act("status").stdout
    championed.act("promote", GOOD, "--to", "staging")
    championed.act("promote", GOOD, "--to", "production")
    assert mlflow.MlflowClient().get_model_version_by_alias(NAME, "production").version == GOOD


@pytest.mark.usefixtures("no_figures")
def test_a_weaker_candidate_fails_and_is_not_promoted(parcel_store: Store) -> None:
    parcel_store.champion(GOOD)
    said = parcel_store.evaluate("--candidate", WEAK, code=1)
    assert check(said, "roc_auc")["verdict"] == "fail"
    assert said["metrics"][0]["high"] < -0.1
    assert said["next"] == [f"podium status {NAME}"]
    (entry,) = parcel_store.verdicts()
    assert (entry.evidence.verdict, entry.replaced, entry.version) == ("fail", GOOD, WEAK)
    refused = parcel_store.act("promote", WEAK, "--to", "staging", code=1)
    assert re.search(r"verdict\s+NO\s+fail\s+pass", refused.output, re.IGNORECASE), refused.output


@pytest.mark.usefixtures("no_figures")
def test_a_candidate_trained_on_shuffled_labels_fails(parcel_store: Store) -> None:
    parcel_store.champion(GOOD)
    said = parcel_store.evaluate("--candidate", SHUFFLED, code=1)
    assert check(said, "roc_auc")["verdict"] == "fail"
    assert check(said, "rows new to both")["verdict"] == "pass"


@pytest.mark.usefixtures("no_figures")
def test_few_rows_are_inconclusive_and_say_how_many_would_tell(parcel_store: Store) -> None:
    parcel_store.champion(GOOD)
    few = parcel_store.write("few.csv", parcels(60, seed=9))
    said = parcel_store.evaluate("--candidate", LINES, "--data", few, code=6)
    deciding = said["metrics"][0]
    assert deciding["verdict"] == "inconclusive"
    assert deciding["rows_needed"] > 60 == said["data"]["rows"]
    assert "rows would decide it" in check(said, "roc_auc")["found"]
    assert parcel_store.verdicts()[-1].evidence.verdict == "inconclusive"
    assert said["next"] == [
        f"podium evaluate --project parcels --candidate models:/{NAME}/{LINES} --data FILE"
    ]
    refused = parcel_store.act("promote", LINES, "--to", "staging", code=6)
    assert "inconclusive" in refused.output


@pytest.mark.usefixtures("no_figures")
def test_a_candidate_that_is_spoilt_for_one_category_fails_by_its_name(championed: Store) -> None:
    said = championed.evaluate("--candidate", SPOILT, code=1)
    assert check(said, "roc_auc")["verdict"] == "pass"
    assert said["metrics"][0]["low"] > 0
    assert said["sentence"] == "Version 5 of parcels fails against version 1: slices."
    assert check(said, "slices")["found"].startswith("worse on region = south by 0.")
    harmed = [each["value"] for each in said["slices"] if each["harmed"]]
    assert harmed == ["south"]
    assert mlflow.get_run(said["run_id"]).data.metrics["slices/harmed"] == 1


@pytest.mark.usefixtures("no_figures")
def test_each_further_question_to_the_same_rows_is_stricter_and_the_same_one_is_not(
    championed: Store,
) -> None:
    asked = [championed.evaluate("--candidate", each) for each in (GOOD, LINES, GOOD)]
    assert [said["data"]["use"] for said in asked] == [1, 2, 1]
    assert len({said["data"]["digest"] for said in asked}) == 1
    alphas = [said["rules"]["decisive_alpha"] for said in asked]
    assert alphas == pytest.approx([FAMILY_ALPHA, FAMILY_ALPHA / 4, FAMILY_ALPHA])
    assert [said["metrics"][0]["alpha"] for said in asked] == alphas
    assert [entry.evidence.use for entry in championed.verdicts()] == [1, 2, 1]
    assert asked[0]["metrics"] == asked[2]["metrics"]


@pytest.mark.usefixtures("no_figures")
def test_other_features_make_no_new_rows_and_newer_rows_are_counted_by_themselves(
    championed: Store,
) -> None:
    first = championed.evaluate("--candidate", GOOD)
    wider = declare(championed.folder / "wider", gate={"slices": [], "alpha": 0.2})
    frame = parcels()
    frame.insert(0, "further", np.arange(len(frame)))
    frame.to_csv(wider / "parcels.csv", index=False)
    again = podium("evaluate", "--project", wider, "--candidate", LINES, "--json")
    said = json.loads(again.stdout)
    assert (said["data"]["digest"], said["data"]["use"]) == (first["data"]["digest"], 2)
    assert said["data"]["content_digest"] == first["data"]["content_digest"]
    newer = championed.write("newer.csv", parcels(300, seed=8))
    fresh = championed.evaluate("--candidate", LINES, "--data", newer)
    assert (fresh["data"]["part"], fresh["data"]["use"]) == ("all rows", 1)
    assert fresh["data"]["digest"] != first["data"]["digest"]


@pytest.mark.usefixtures("no_figures")
def test_what_mlflow_run_passes_for_parameters_that_were_not_given_is_not_given(
    championed: Store,
) -> None:
    unset = [
        text
        for param in command.params
        for text in (*param.opts, "")
        if param.type.name != "boolean"
    ]
    given = ["--project", str(championed.project), "--candidate", str(GOOD)]
    unset = [*unset, *given]
    with pytest.raises(SystemExit) as ended:
        command.main(unset, standalone_mode=True)
    assert ended.value.code == 0
    (entry,) = championed.verdicts()
    assert (entry.version, entry.replaced, entry.evidence.verdict) == (GOOD, WEAK, "pass")


@pytest.mark.usefixtures("no_figures")
def test_people_are_told_the_verdict_the_entry_and_what_comes_next(championed: Store) -> None:
    result = podium("evaluate", "--project", championed.project, "--candidate", GOOD)
    (entry,) = championed.verdicts()
    lines = result.stdout.splitlines()
    assert lines[0] == "✓ PASS: Version 2 of parcels passes against version 1."
    assert f"Entered as entry {entry.seq} of the ledger." in lines
    assert f"  podium promote {NAME} {GOOD} --to staging" in lines
    assert max(map(len, lines[: lines.index("Next:")])) <= 140
