"""`podium evaluate`: how versions are named, and which comparisons open a gate."""

from __future__ import annotations

import mlflow
import pytest

from projects.evaluating.named import Named, NamedVersion, number_of
from registry_tools.registrar import Registrar
from registry_tools.registry import MlflowRegistry
from tests.jobs.evaluated import (
    GOOD,
    LINES,
    NAME,
    REDUCED,
    WEAK,
    Store,
    check,
    declare,
    parcels,
    podium,
)

pytestmark = pytest.mark.usefixtures("no_figures")


def run_of(version: int) -> str:
    return str(mlflow.MlflowClient().get_model_version(NAME, str(version)).run_id)


def test_a_version_is_found_by_number_alias_latest_uri_and_run(championed: Store) -> None:
    mlflow.MlflowClient().set_registered_model_alias(NAME, "night", str(LINES))
    registrar = Registrar(MlflowRegistry(), championed.name)
    words = {
        "3": LINES,
        "@night": LINES,
        "@production": WEAK,
        "latest": REDUCED,
        f"models:/{NAME}/3": LINES,
        f"models:/{NAME}@night": LINES,
        f"models:/{NAME}/latest": REDUCED,
        run_of(LINES): LINES,
        f"runs:/{run_of(LINES)}": LINES,
    }
    found = {word: number_of(NamedVersion().read(word, None, None), registrar) for word in words}
    assert found == words


def test_the_run_that_trained_it_names_the_candidate(championed: Store) -> None:
    said = championed.evaluate("--candidate", run_of(GOOD))
    assert said["candidate"]["uri"] == f"models:/{NAME}/{GOOD}"
    assert said["candidate"]["run_id"] == run_of(GOOD)


def test_the_latest_version_is_the_candidate_where_none_is_named(championed: Store) -> None:
    said = championed.evaluate(code=1)
    assert said["candidate"]["version"] == REDUCED == championed.verdicts()[-1].version


def test_a_changed_signature_fails_by_what_its_callers_would_miss(championed: Store) -> None:
    said = championed.evaluate("--candidate", REDUCED, code=1)
    found = check(said, "signature")
    assert (found["verdict"], found["needed"]) == ("fail", "callers of version 1 can go on")
    assert found["found"] == "input 'gate' (double) was removed"


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("99", 4, "has no version 99. Known: 1, 2, 3, 4, 5, 6, 7."),
        (f"models:/{NAME}/99", 4, "has no version 99"),
        ("@nigth", 4, "no alias @nigth. Did you mean 'night'?"),
        ("@staging", 4, "Nothing of parcels is in staging."),
        ("models:/parcel/1", 4, "There is no registered model 'parcel'"),
        ("0" * 32, 4, "0" * 32),
    ],
)
def test_what_is_not_there_is_said_and_no_run_is_made(
    championed: Store, word: str, code: int, said: str
) -> None:
    mlflow.MlflowClient().set_registered_model_alias(NAME, "night", str(LINES))
    assert said in championed.refused("--candidate", word, code=code)
    assert championed.runs() == []


@pytest.mark.parametrize("word", ["three", "models:/parcels", "models:/parcels/0", "@", "-1", "7a"])
def test_a_word_that_names_no_version_is_a_usage_error(championed: Store, word: str) -> None:
    assert "names no version" in championed.refused("--candidate", word, code=2)


def test_a_run_that_registered_nothing_is_named_with_the_remedy(championed: Store) -> None:
    with mlflow.start_run(experiment_id="0") as run:
        pass
    said = championed.refused("--candidate", run.info.run_id, code=4)
    assert f"The run {run.info.run_id}" in said
    assert "registered no version of parcels" in said


def test_a_verdict_against_another_version_than_the_champion_opens_no_gate(
    championed: Store,
) -> None:
    said = championed.evaluate("--candidate", LINES, "--against", REDUCED)
    assert (said["champion"]["version"], said["opens_gate"]) == (REDUCED, False)
    assert said["next"] == [f"podium status {NAME}"]
    (entry,) = championed.verdicts()
    assert (entry.version, entry.replaced, entry.evidence.verdict) == (LINES, REDUCED, "pass")
    refused = championed.act("promote", LINES, "--to", "staging", code=1)
    assert "compared with the present champion" in refused.output
    again = championed.evaluate("--candidate", LINES)
    assert again["data"]["use"] == 2  # these rows have told something about it before
    championed.act("promote", LINES, "--to", "staging")


@pytest.mark.parametrize("words", [(WEAK,), (GOOD, "--against", GOOD), (LINES, "--against", "3")])
def test_a_version_is_not_compared_with_itself(
    championed: Store, words: tuple[object, ...]
) -> None:
    said = championed.refused("--candidate", *words, code=2)
    assert f"Version {words[0]} of parcels would be compared with itself." in said


def test_versions_of_two_models_are_not_compared(championed: Store) -> None:
    said = championed.refused("--candidate", GOOD, "--against", "models:/flights/1", code=2)
    assert "--against names a version of flights, the candidate is one of parcels" in said


def test_aliases_from_before_podium_are_adopted_first(parcel_store: Store) -> None:
    mlflow.MlflowClient().set_registered_model_alias(NAME, "production", str(WEAK))
    said = parcel_store.refused("--candidate", GOOD, code=1)
    assert "@production on version 1, which the ledger knows nothing of" in said
    assert "podium adopt parcels" in said
    parcel_store.act("adopt")
    assert parcel_store.evaluate("--candidate", GOOD)["champion"]["version"] == WEAK


def test_which_project_a_strange_model_is_of_has_to_be_said(championed: Store) -> None:
    elsewhere = championed.folder / "elsewhere"
    elsewhere.mkdir()
    championed.patch.chdir(elsewhere)
    result = podium("evaluate", "--candidate", f"models:/{NAME}/2")
    assert result.exit_code == 2
    assert "It is not known which project the model 'parcels' is of." in result.stderr
    assert "--project" in result.stderr


@pytest.mark.usefixtures("championed")
def test_the_folder_here_that_is_called_like_the_model_is_its_project() -> None:
    assert podium("evaluate", "--candidate", f"models:/{NAME}/2").exit_code == 0


def test_the_project_of_the_folder_one_is_in_is_taken(championed: Store) -> None:
    championed.patch.chdir(championed.project)
    result = podium("evaluate", "--candidate", GOOD)
    assert result.exit_code == 0, result.output
    other = podium("evaluate", "--candidate", "models:/flights/1")
    assert (other.exit_code, "'flights'" in other.stderr) == (2, True)


def test_the_default_is_the_newest_version(championed: Store) -> None:
    assert Named().which == "latest"
    mlflow.MlflowClient().delete_model_version(NAME, str(REDUCED))
    registrar = Registrar(MlflowRegistry(), championed.name)
    assert number_of(Named(), registrar) == REDUCED - 1


def test_a_version_is_not_judged_by_another_project(championed: Store) -> None:
    declare(championed.project, name="other")
    said = championed.refused("--candidate", f"models:/{championed.name}/{GOOD}", code=2)
    assert "is of the project 'parcels'; it would be judged by 'other'" in said
    assert "--project" in said


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(championed: Store) -> None:
    taken = championed.write("taken.csv", parcels(3))
    said = championed.refused("--candidate", GOOD, "--out", taken, code=2)
    assert "--out: nothing can be written to" in said
    assert not championed.runs()
