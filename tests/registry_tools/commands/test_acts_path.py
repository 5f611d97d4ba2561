"""The whole path through the commands: staging, approval, production, rollback; and its end."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest

from podium.errors import PodiumError, Unreachable
from registry_tools.registry import MlflowRegistry
from tests.artifact.samples import forest
from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting, log_linear
from tests.registry_tools.models import new_name, register_artifact

_KEYS = {
    "model",
    "done",
    "refused",
    "inconclusive",
    "dry_run",
    "aliases_set",
    "error",
    "entries",
    "checks",
    "champion",
    "staging",
    "traffic",
    "mended",
    "notes",
    "next",
}


@pytest.fixture
def acts(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


def test_two_versions_become_champion_one_after_the_other_and_the_second_is_rolled_back(
    acts: Acting,
) -> None:
    first = acts.staged(1)
    assert "ada evaluated version 1: pass" in first.stdout
    assert "ada promoted version 1 to staging" in first.stdout
    assert acts.aliases() == {"staging": 1}
    acts.run("promote", "@staging", "--to", "production")
    assert acts.aliases() == {"production": 1}
    acts.staged(2)
    assert acts.aliases() == {"production": 1, "staging": 2}
    second = acts.run("promote", 2, "--to", "production")
    assert "promoted version 2 to production instead of version 1" in second.stdout
    assert acts.aliases() == {"production": 2}
    back = acts.run("rollback", "--reason", "alarms since noon")
    assert "ada rolled back from version 2 to version 1: alarms since noon" in back.stdout
    assert acts.aliases() == {"production": 1}
    assert [e.action for e in acts.ledger().entries] == [
        *["evaluate", "promote", "promote"] * 2,
        "rollback",
    ]


def test_the_document_of_an_act_is_complete(acts: Acting) -> None:
    verdict = ("--verdict", "pass", "--report", acts.report)
    found = acts.document("promote", 1, "--to", "staging", *verdict, "--reason", "first")
    assert set(found) == _KEYS
    assert (found["model"], found["done"], found["refused"]) == (acts.name, True, False)
    assert (found["aliases_set"], found["error"]) == (True, None)
    assert (found["champion"], found["staging"], found["traffic"]["mode"]) == (None, 1, "off")
    evaluated, promoted = found["entries"]
    digest = hashlib.sha256(acts.report.read_bytes()).hexdigest()
    assert evaluated["evidence"]["report_sha256"] == digest
    assert (promoted["action"], promoted["reason"], promoted["forced"]) == (
        "promote",
        "first",
        False,
    )
    assert all(
        set(check) == {"name", "passed", "found", "needed", "inconclusive"}
        for check in found["checks"]
    )
    assert found["next"] == [f"podium promote {acts.name} 1 --to production"]


def test_production_needs_the_approval_of_somebody_else_than_the_author(acts: Acting) -> None:
    _two_people(acts)
    mine = acts.version(**{"podium.author": "ada"})
    staged = acts.staged(mine)
    assert f"podium approve {acts.name} {mine}" in staged.stdout
    refused = acts.run("promote", mine, "--to", "production", code=1)
    assert "approvals: somebody else than ada has to agree" in refused.stdout
    own = acts.run("approve", mine, by="ada")
    assert "ada is the author, so this approval does not count" in own.stdout
    assert "by somebody else than ada" in own.stdout
    acts.run("promote", mine, "--to", "production", code=1)
    other = acts.document("approve", "@staging", by="bob")
    assert other["next"] == [f"podium promote {acts.name} {mine} --to production"]
    assert "bob approved version 3 already" in acts.run("approve", mine, by="bob").stdout
    acts.run("promote", mine, "--to", "production")


def _two_people(acts: Acting) -> None:
    file = acts.report.parent / "policy.yaml"
    file.write_text("promotion: {approvals: 1, exclude_author: true}\n")
    acts.run("policy", "--file", file)


def test_a_version_that_is_not_in_staging_cannot_be_approved(acts: Acting) -> None:
    refused = acts.run("approve", 1, code=1)
    assert f"podium promote {acts.name} 1 --to staging comes first" in refused.stderr


def test_after_production_the_next_steps_are_named(acts: Acting) -> None:
    acts.staged(1)
    done = acts.document("promote", 1, "--to", "production")
    steps = [
        f"podium status {acts.name}",
        f"mlflow models serve -m models:/{acts.name}@production --env-manager local --port 5001",
        f"podium serve {acts.name}",
    ]
    assert done["next"] == steps, "there is nothing to go back to yet"
    acts.staged(2)
    done = acts.document("promote", 2, "--to", "production")
    assert done["next"] == [*steps, f'podium rollback {acts.name} --reason "…"  # to go back']


def test_a_promotion_that_was_made_already_enters_nothing(acts: Acting) -> None:
    acts.staged(1)
    before = acts.sight()
    again = acts.document("promote", 1, "--to", "staging")
    assert (again["entries"], again["notes"]) == ([], ["Version 1 is in staging already."])
    assert acts.sight() == before


def test_a_verdict_on_a_version_in_staging_is_entered_although_it_stays_there(acts: Acting) -> None:
    acts.staged(1)
    again = acts.staged(1, verdict="fail")
    assert "evaluated version 1: fail" in again.stdout
    assert "promote" not in again.stdout.split("Next:")[1]
    assert f"podium reject {acts.name} 1" in again.stdout
    refused = acts.run("promote", 1, "--to", "production", code=1)
    assert "It lost: train a better one" in refused.stdout


def test_the_champion_does_not_go_back_to_staging(acts: Acting) -> None:
    acts.champion(1)
    refused = acts.run("promote", 1, "--to", "staging", code=1).stderr
    assert "in production already" in refused
    assert "podium rollback or podium retire takes it out" in refused


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        ("promote", ("2", "--to", "production")),
        ("promote", ("1", "--to", "staging", "--force", "--reason", "why not")),
        ("approve", ("2",)),
        ("reject", ("2", "--reason", "worse")),
        ("retire", ("2", "--reason", "leak")),
        ("retire", ("@production", "--reason", "leak")),
        ("traffic", ("canary", "--share", "0.1")),
    ],
)
def test_a_dry_run_changes_nothing(acts: Acting, act: str, arguments: tuple[str, ...]) -> None:
    acts.champion(1)
    acts.staged(2)
    before, third = acts.sight(), ("3" if arguments[0] == "1" else arguments[0])
    if third == "3":
        acts.version()
    found = acts.document(act, third, *arguments[1:], "--dry-run")
    assert (found["dry_run"], found["done"], found["next"]) == (True, False, [])
    assert [entry["seq"] for entry in found["entries"]] == [6]
    assert acts.sight() == before
    text = acts.run(act, third, *arguments[1:], "--dry-run").stdout
    assert "Would enter 6: ada" in text
    assert "nothing was changed" in text


def test_a_dry_run_that_would_be_refused_ends_like_the_refusal(acts: Acting) -> None:
    before = acts.sight()
    verdict = ("--verdict", "inconclusive", "--report", acts.report, "--dry-run")
    found = acts.document("promote", 1, "--to", "staging", *verdict, code=6)
    assert (found["inconclusive"], found["refused"], len(found["entries"])) == (True, True, 1)
    acts.run("promote", 1, "--to", "staging", "--dry-run", code=1)
    assert acts.sight() == before


def test_rolling_back_and_adopting_dry_change_nothing(acts: Acting) -> None:
    mlflow.MlflowClient().set_registered_model_alias(acts.name, "production", "1")
    before = acts.sight()
    assert "Would enter 1: ada adopted version 1" in acts.run("adopt", "--dry-run").stdout
    assert acts.sight() == before
    acts.run("adopt")
    acts.champion(2)
    before = acts.sight()
    assert acts.document("rollback", "--reason", "r", "--dry-run")["champion"] == 1
    assert acts.sight() == before


def test_rollback_passes_over_what_was_retired_and_ends_where_nothing_is_left(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1, 2, third)
    acts.run("retire", 2, "--reason", "leak")
    assert acts.document("rollback", "--reason", "alarms")["champion"] == 1
    refused = acts.run("rollback", "--reason", "more alarms", code=1)
    assert "There is nothing to roll back to" in refused.stderr
    assert "leaves production empty" in refused.stderr


def test_rollback_follows_the_order_of_champions_even_where_one_came_twice(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1, 2, third, 2)
    assert acts.document("rollback", "--reason", "alarms")["champion"] == third
    assert acts.document("rollback", "--reason", "more alarms")["champion"] == 1


def test_rollback_goes_to_an_earlier_champion_that_is_named(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1, 2)
    refused = acts.run("rollback", "--to", third, "--reason", "alarms", code=1)
    assert "never was in production" in refused.stderr
    assert acts.document("rollback", "--to", 1, "--reason", "alarms")["champion"] == 1
    assert acts.document("rollback", "--to", 2, "--reason", "it was fine")["champion"] == 2
    again = acts.run("rollback", "--to", "@production", "--reason", "alarms", code=1)
    assert "in production already" in again.stderr


def test_a_deleted_version_does_not_come_back_and_is_retired(acts: Acting) -> None:
    acts.champion(1, 2)
    mlflow.MlflowClient().delete_model_version(acts.name, "1")
    refused = acts.run("rollback", "--to", 1, "--reason", "alarms", code=1)
    assert f"podium retire {acts.name} 1 --reason deleted" in refused.stderr
    refused = acts.run("rollback", "--reason", "alarms", code=1)
    assert "version 1 was deleted from the registry" in refused.stderr
    acts.run("retire", 1, "--reason", "deleted")


def test_a_deleted_predecessor_is_passed_over_in_an_incident(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1, 2, third)
    mlflow.MlflowClient().delete_model_version(acts.name, "2")
    found = acts.document("rollback", "--reason", "alarms", "--dry-run")
    assert found["champion"] == 1
    found = acts.document("rollback", "--reason", "alarms")
    assert (found["champion"], acts.aliases()) == (1, {"production": 1})
    assert "Version 2 was deleted from the registry, so it was passed over" in found["notes"][0]
    assert f"podium retire {acts.name} 2 --reason deleted" in found["notes"][0]


def test_the_same_rollback_once_more_goes_further_back(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1, 2, third)
    assert acts.document("rollback", "--reason", "alarms")["champion"] == 2
    assert acts.document("rollback", "--reason", "alarms")["champion"] == 1
    acts.run("rollback", "--reason", "alarms", code=1)


def test_a_rollback_that_was_killed_before_the_aliases_were_set_is_only_completed(
    acts: Acting,
) -> None:
    third = acts.version()
    acts.champion(1, 2, third)
    acts.run("rollback", "--reason", "alarms")
    mlflow.MlflowClient().set_registered_model_alias(acts.name, "production", str(third))
    again = acts.document("rollback", "--reason", "alarms")
    assert (again["champion"], again["entries"], acts.aliases()) == (2, [], {"production": 2})
    assert "was not completed" in again["notes"][0]
    assert acts.document("rollback", "--reason", "alarms")["champion"] == 1


def test_a_wrong_tag_does_not_stop_a_rollback_and_is_told(acts: Acting) -> None:
    acts.champion(1, 2)
    MlflowRegistry().set_tag(acts.name, 1, "podium.digest", "0" * 64)
    for how in (("--dry-run",), ()):
        found = acts.document("rollback", "--reason", "alarms", *how)
        assert [note for note in found["notes"] if f"podium verify {acts.name}" in note]
        assert len(found["notes"]) == 1
    assert acts.aliases() == {"production": 1}


def test_a_model_made_anew_does_not_serve_under_an_old_number(acts: Acting) -> None:
    linear = Acting(acts.backend, new_name("linear"), acts.report, acts.patch)
    first, _ = log_linear(acts.backend, linear.name, 2.0)
    linear.champion(first)
    mlflow.MlflowClient().delete_registered_model(linear.name)
    assert log_linear(acts.backend, linear.name, 3.0)[0] == first
    file = acts.report.parent / "policy.yaml"
    file.write_text("promotion: {approvals: 1}")
    found = linear.document("policy", "--file", file, code=1)
    assert (found["aliases_set"], linear.aliases()) == (False, {})
    assert "after the ledger first heard of it" in found["error"]


def test_an_act_whose_aliases_cannot_be_set_says_so_first_and_ends_like_the_error(
    acts: Acting,
) -> None:
    acts.champion(1, 2)
    real = MlflowRegistry.set_alias

    def refused(*_: object) -> None:
        raise PodiumError("The registry refused.", remedy="Check the login.")

    def away(*_: object) -> None:
        raise Unreachable("Nothing answers.")

    acts.patch.setattr(MlflowRegistry, "set_alias", refused)
    said = acts.run("rollback", "--reason", "alarms", code=1).stdout
    assert said.startswith("Error: The entry counts, but the aliases were NOT set: what serves by")
    assert "The registry refused." in said.splitlines()[0]
    assert f"Check the login. podium verify {acts.name} --repair" in said.splitlines()[1]
    acts.patch.setattr(MlflowRegistry, "set_alias", away)
    found = acts.document("rollback", "--reason", "alarms", code=5)
    assert (found["done"], found["aliases_set"], found["champion"]) == (False, False, 1)
    assert "Nothing answers." in found["error"]
    acts.patch.setattr(MlflowRegistry, "set_alias", real)
    acts.run("verify", "--repair", "--no-files")
    assert acts.aliases() == {"production": 1}


def test_force_to_production_says_who_leaves_staging(acts: Acting) -> None:
    third = acts.version()
    acts.champion(1)
    acts.staged(2)
    force = ("--to", "production", "--force", "--reason", "an outage")
    found = acts.document("promote", third, *force)
    assert found["notes"] == [
        f"This takes version 2 out of staging; podium promote {acts.name} 2 --to staging brings "
        "it back."
    ]
    acts.staged(2)
    assert acts.document("promote", 2, "--to", "production")["notes"] == []


def test_a_deleted_champion_is_in_the_way_until_it_is_retired(acts: Acting) -> None:
    acts.champion(1)
    mlflow.MlflowClient().delete_model_version(acts.name, "1")
    refused = acts.run("promote", 2, "--to", "staging", code=1)
    assert "Version 1" in refused.stderr
    assert "was deleted" in refused.stderr
    acts.run("retire", "@production", "--reason", "deleted")
    acts.champion(2)
    assert acts.aliases() == {"production": 2}


def test_what_was_rolled_back_needs_a_new_evaluation(acts: Acting) -> None:
    acts.champion(1, 2)
    acts.run("rollback", "--reason", "alarms")
    refused = acts.run("promote", 2, "--to", "staging", code=1)
    assert "only a new evaluation brings it back" in refused.stdout
    acts.champion(2)


def test_a_rejected_version_leaves_staging_and_can_be_rejected_once_more(acts: Acting) -> None:
    acts.staged(1)
    assert acts.document("reject", "@staging", "--reason", "worse")["staging"] is None
    assert acts.aliases() == {}
    again = acts.document("reject", 1, "--reason", "worse")
    assert (again["entries"], again["notes"]) == ([], ["Version 1 is rejected already."])
    acts.staged(1, "--dry-run")
    verdict = ("--verdict", "pass", "--report", acts.report)
    acts.run("promote", 1, "--to", "staging", *verdict)
    acts.run("reject", 1, "--reason", "worse")
    acts.run("promote", 1, "--to", "staging", code=1)


def test_a_version_that_was_evaluated_again_can_be_rejected_again(acts: Acting) -> None:
    _two_people(acts)
    acts.run("reject", 1, "--reason", "worse")
    acts.run("promote", 1, "--to", "production", *_passing(acts), code=1)
    found = acts.document("reject", 1, "--reason", "still worse")
    assert [entry["action"] for entry in found["entries"]] == ["reject"]
    acts.run("promote", 1, "--to", "staging", code=1)


def _passing(acts: Acting) -> tuple[object, ...]:
    return ("--verdict", "pass", "--report", acts.report)


def test_the_champion_is_not_rejected_but_retired(acts: Acting) -> None:
    acts.champion(1)
    refused = acts.run("reject", 1, "--reason", "worse", code=1)
    assert f"podium rollback {acts.name}" in refused.stderr
    retired = acts.document("retire", 1, "--reason", "leak")
    assert (retired["champion"], retired["notes"]) == (None, ["This leaves production empty."])
    assert acts.aliases() == {}
    again = acts.document("retire", 1, "--reason", "leak")
    assert again["notes"][0] == "Version 1 is retired already."


def test_a_strangers_model_is_promoted_and_rolled_back_and_a_changed_file_is_refused(
    acts: Acting,
) -> None:
    linear = Acting(acts.backend, new_name("linear"), acts.report, acts.patch)
    first, _ = log_linear(acts.backend, linear.name, 2.0)
    second, folder = log_linear(acts.backend, linear.name, 3.0)
    linear.champion(first, second)
    assert linear.document("rollback", "--reason", "alarms")["champion"] == first
    card = folder / "conda.yaml"
    card.write_text(card.read_text() + "# changed\n")
    refused = linear.staged_refused(second)
    assert "Register the model once more" in refused.stdout


def test_a_signature_that_breaks_callers_is_refused_with_the_difference(acts: Acting) -> None:
    acts.champion(1)
    other = register_artifact(acts.backend, acts.name, scorer=forest())
    refused = acts.staged_refused(other)
    assert "output 'probability' (double) was removed" in refused.stdout
    assert "register it under a new name" in refused.stdout
