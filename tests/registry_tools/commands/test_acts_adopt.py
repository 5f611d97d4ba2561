"""Aliases that came before Podium, and those that were moved by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting


@pytest.fixture
def acts(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


def alias(acts: Acting, **aliases: int) -> None:
    for name, number in aliases.items():
        MlflowRegistry().set_alias(acts.name, name, number)


def test_no_command_touches_aliases_that_came_before_podium(acts: Acting) -> None:
    third = acts.version()
    alias(acts, production=1, staging=2, champion=1)
    before = acts.sight()
    verdict = ("--verdict", "pass", "--report", acts.report)
    for arguments in (
        ("promote", third, "--to", "staging", *verdict),
        ("promote", third, "--to", "production", "--force", "--reason", "r"),
        ("promote", "@staging", "--to", "production"),
        ("approve", "@staging"),
        ("reject", 2, "--reason", "r"),
        ("retire", 1, "--reason", "r"),
        ("rollback", "--reason", "r"),
        ("traffic", "shadow"),
    ):
        refused = acts.run(*arguments, code=1)
        assert f"podium adopt {acts.name} takes it over" in refused.stderr
    acts.run("traffic")
    acts.run("policy")
    assert acts.sight() == before


def test_a_policy_can_be_set_before_anything_is_adopted(acts: Acting, tmp_path: Path) -> None:
    alias(acts, production=1)
    file = tmp_path / "policy.yaml"
    file.write_text("promotion: {approvals: 1}")
    acts.run("policy", "--file", file)
    assert acts.aliases() == {"production": 1}


def test_the_aliases_are_adopted_and_life_goes_on_from_there(acts: Acting) -> None:
    third = acts.version()
    alias(acts, production=1, staging=2, blessed=2)
    adopted = acts.document("adopt")
    assert (adopted["champion"], adopted["staging"]) == (1, 2)
    assert [entry["stage"] for entry in adopted["entries"]] == ["production", "staging"]
    assert not any(entry["forced"] for entry in adopted["entries"])
    assert all(entry["model_digest"] for entry in adopted["entries"])
    assert adopted["next"][0] == f"podium status {acts.name}"
    assert acts.aliases() == {"production": 1, "staging": 2, "blessed": 2}
    again = acts.document("adopt")
    assert (again["entries"], again["notes"]) == ([], ["The ledger says all of this already."])
    acts.champion(third)
    assert acts.document("rollback", "--reason", "alarms")["champion"] == 1
    assert acts.aliases()["blessed"] == 2


def test_without_the_two_aliases_it_says_which_there_are(acts: Acting) -> None:
    refused = acts.run("adopt", code=2)
    assert "it has no aliases" in refused.stderr
    alias(acts, blessed=2, champion=1)
    refused = acts.run("adopt", code=2)
    assert "it has @blessed (version 2), @champion (version 1)" in refused.stderr
    assert '--production @blessed --reason "…"' in refused.stderr
    said = acts.run("adopt", "--production", "@champion", "--staging", 2, code=1).stderr
    assert f"podium promote {acts.name} 1 --to staging asks the gates" in said
    how = ("--production", "@champion", "--staging", 2, "--reason", "our alias until now")
    adopted = acts.document("adopt", *how)
    assert (adopted["champion"], adopted["staging"]) == (1, 2)
    assert [entry["forced"] for entry in adopted["entries"]] == [True, True]
    assert acts.aliases() == {"blessed": 2, "champion": 1, "production": 1, "staging": 2}


def test_adopting_one_stage_takes_the_alias_of_the_other_over_too(acts: Acting) -> None:
    alias(acts, staging=2)
    adopted = acts.document("adopt", "--production", 1, "--reason", "it serves")
    assert adopted["staging"] == 2
    assert [entry["forced"] for entry in adopted["entries"]] == [True, False]
    assert acts.aliases() == {"production": 1, "staging": 2}


def test_a_version_with_both_aliases_is_adopted_into_production(acts: Acting) -> None:
    alias(acts, production=1, staging=1)
    adopted = acts.document("adopt")
    assert (adopted["champion"], adopted["staging"]) == (1, None)
    assert "a version holds one stage, so that alias goes" in adopted["notes"][0]
    assert acts.aliases() == {"production": 1}
    both = acts.run("adopt", "--staging", 1, "--reason", "why", code=1)
    assert "would be in production and in staging" in both.stderr


def test_an_alias_that_was_moved_by_hand_is_adopted_with_a_reason_only(acts: Acting) -> None:
    acts.champion(1)
    alias(acts, production=2)
    refused = acts.run("adopt", code=1)
    assert f"podium verify {acts.name} --repair" in refused.stderr
    adopted = acts.document("adopt", "--reason", "set during the outage")
    assert (adopted["champion"], adopted["mended"]) == (2, [])
    assert adopted["entries"][0]["forced"] is True
    assert acts.aliases() == {"production": 2}


def test_what_is_not_there_cannot_be_adopted(acts: Acting) -> None:
    assert "no version 9" in acts.run("adopt", "--production", 9, code=4).stderr
    alias(acts, champion=1)
    near = acts.run("adopt", "--production", "@champoin", code=4)
    assert "Did you mean 'champion'?" in near.stderr


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_what_is_put_into_an_empty_stage_by_hand_is_adopted_by_force_or_not_at_all(
    acts: Acting, stage: str
) -> None:
    """Staging is empty after every promotion, production after a retirement."""
    acts.champion(1)
    if stage == "production":
        acts.run("retire", 1, "--reason", "leak")
    alias(acts, **{stage: 2})
    before = acts.sight()
    for how in ((), (f"--{stage}", 2)):
        refused = acts.run("adopt", *how, code=1)
        assert f"says that nothing is in {stage}; adopting version 2 goes past" in refused.stderr
        assert f"podium verify {acts.name} --repair sets the alias back" in refused.stderr
    assert acts.sight() == before
    adopted = acts.document("adopt", "--reason", "an outage")
    assert [entry["forced"] for entry in adopted["entries"]] == [True]
    assert "FORCED" in acts.run("status").stdout
    assert acts.aliases()[stage] == 2


def test_a_version_that_was_turned_down_is_not_adopted_for_free(acts: Acting) -> None:
    acts.run("reject", 1, "--reason", "leak")
    alias(acts, production=1)
    assert f"Version 1 of {acts.name} was rejected by ada" in acts.run("adopt", code=1).stderr
    assert acts.document("adopt", "--reason", "it serves")["entries"][0]["forced"] is True


def test_adopting_runs_no_model(acts: Acting) -> None:
    from podium.artifact.scoring.scorer import Scorer

    def run(*_: object) -> None:
        raise AssertionError("a model was run")

    acts.patch.setattr(Scorer, "score_rows", run)
    alias(acts, production=1)
    assert acts.document("adopt")["champion"] == 1


def test_the_help_says_that_no_gate_is_asked(acts: Acting) -> None:
    shown = " ".join(acts.run("adopt", "--help").stdout.split())
    assert "No gate is asked" in shown
