"""The policy in force: shown, set, and declared by the project of the first candidate."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from podium.errors import DataError
from podium.spec.yaml_file import read_yaml
from registry_tools.policy import Policy, read_policy
from registry_tools.registry import MlflowRegistry
from tests.registry_tools.backends import Backend
from tests.registry_tools.commands.acting import Acting, acting

_STRICT = {"gate": {"margin": 0.01}, "promotion": {"approvals": 2, "exclude_author": True}}
_PROJECT = """\
name: {name}
task: binary
data: {{source: flights.csv}}
target: {{column: late}}
gate: {{margin: 0.02, slices: [carrier]}}
"""


@pytest.fixture
def acts(one_backend: Backend, tmp_path: Path) -> Iterator[Acting]:
    with acting(one_backend, tmp_path) as made:
        yield made


def write(acts: Acting, text: str) -> Path:
    file = acts.report.parent / "policy.yaml"
    file.write_text(text)
    return file


def _trained(acts: Acting, policy: Mapping[str, Any]) -> int:
    """A version that declares `policy`, tagged as `podium train` does."""
    version = acts.declaring(policy)
    MlflowRegistry().set_tag(acts.name, version, "podium.project", acts.name)
    return version


def test_what_a_strangers_run_declares_is_no_policy(acts: Acting) -> None:
    acts.staged(acts.declaring(_STRICT))
    assert acts.state().policy_by is None


@pytest.mark.parametrize(
    "declared", [ValueError("no JSON"), DataError("It is no JSON."), ["gate"], {"gate": {"x": 1}}]
)
def test_a_declared_policy_that_cannot_be_read_is_not_passed_over(
    acts: Acting, declared: object
) -> None:
    def read(*_: object) -> object:
        if isinstance(declared, Exception):
            raise declared
        return declared

    version, verdict = _trained(acts, _STRICT), ("--verdict", "pass", "--report", acts.report)
    acts.patch.setattr(MlflowRegistry, "run_json", read)
    refused = acts.run("promote", version, "--to", "staging", *verdict, code=2)
    assert f"The policy that version {version} of {acts.name} declares" in refused.stderr
    assert f"podium policy {acts.name} --file FILE" in refused.stderr
    assert acts.ledger().entries == []


def test_the_policy_of_the_first_candidate_is_entered_and_a_laxer_one_changes_nothing(
    acts: Acting,
) -> None:
    strict, lax = _trained(acts, _STRICT), _trained(acts, {"gate": {}, "promotion": {}})
    verdict = ("--verdict", "pass", "--report", acts.report)
    first = acts.document("promote", strict, "--to", "staging", *verdict)
    assert [e["action"] for e in first["entries"]] == ["policy", "evaluate", "promote"]
    assert first["entries"][0]["reason"] == f"declared by the project of version {strict}"
    assert acts.state().policy.promotion.approvals == 2
    second = acts.document("promote", lax, "--to", "staging", *verdict)
    assert [e["action"] for e in second["entries"]] == ["evaluate", "promote"]
    refused = acts.run("promote", lax, "--to", "production", code=1)
    assert "2, not counting the author" in refused.stdout


def test_a_policy_that_was_set_is_not_replaced_by_a_candidates(acts: Acting) -> None:
    acts.run("policy", "--file", write(acts, "promotion: {approvals: 0}"))
    acts.champion(_trained(acts, _STRICT))
    assert acts.state().policy.promotion.approvals == 0


def test_what_is_shown_can_be_edited_and_given_back(acts: Acting) -> None:
    slices = ["café", "1e3", "on", "null", "a: b # c", "'"]
    file = write(acts, json.dumps({"gate": {"alpha": 1e-05, "slices": slices}}))
    acts.run("policy", "--file", file, "--reason", "two\nlines: # of it", by="bob")
    shown = acts.run("policy").stdout
    assert shown.startswith(f"# The policy of {acts.name} (entry 1, by bob at 2")
    back = write(acts, shown)
    policy = read_policy(read_yaml(back), str(back))
    assert (policy, policy.gate.slices) == (acts.state().policy, tuple(slices))
    again = acts.document("policy", "--file", back)
    assert again["notes"] == ["This policy is in force already."]


def test_without_a_policy_the_defaults_are_shown(acts: Acting) -> None:
    assert "nobody set one yet: these are the defaults" in acts.run("policy").stdout
    found = acts.document("policy")
    assert found == {"model": acts.name, "policy": Policy().to_json(), "by": None}


def test_setting_a_policy_says_what_changes(acts: Acting) -> None:
    done = acts.run("policy", "--file", write(acts, "gate: {margin: 0.5}"))
    assert "Note: gate.margin: 0.0 becomes 0.5." in done.stdout
    more = acts.document("policy", "--file", write(acts, "promotion: {approvals: 1}"))
    assert more["notes"] == ["promotion.approvals: 0 becomes 1."]


def test_what_a_file_leaves_out_stays_as_it_is(acts: Acting) -> None:
    acts.run("policy", "--file", write(acts, "promotion: {approvals: 2, exclude_author: true}"))
    acts.run("policy", "--file", write(acts, "gate: {on_inconclusive: pass}"))
    policy = acts.state().policy
    assert (policy.promotion.approvals, policy.promotion.exclude_author) == (2, True)
    assert policy.gate.on_inconclusive == "pass"


def test_a_dry_run_says_what_would_change_and_changes_nothing(acts: Acting) -> None:
    before = acts.sight()
    done = acts.run("policy", "--file", write(acts, "gate: {margin: 0.5}"), "--dry-run")
    assert "Would enter 1: ada set the policy" in done.stdout
    assert "gate.margin: 0.0 becomes 0.5." in done.stdout
    assert acts.sight() == before


def test_the_project_yaml_of_the_model_will_do_and_that_of_another_will_not(acts: Acting) -> None:
    acts.run("policy", "--file", write(acts, _PROJECT.format(name=acts.name)))
    assert acts.state().policy.gate.slices == ("carrier",)
    other = acts.run("policy", "--file", write(acts, _PROJECT.format(name="other")), code=2)
    assert f"declares the project 'other', not {acts.name!r}" in other.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gates: {}", "Did you mean 'gate'?"),
        ("name: NAME\npromotoin: {}", "Did you mean 'promotion'"),
        ("gate: {marign: 1}", "Did you mean 'margin'?"),
        ("gate: {alpha: 2}", "gate.alpha"),
        ("promotion: {approvals: many}", "promotion.approvals"),
        ("{}", "holds no keys"),
        ("gate: [", "is not valid YAML"),
        ("- gate", "holds no keys"),
    ],
)
def test_a_file_that_is_no_policy_is_refused(acts: Acting, text: str, said: str) -> None:
    before = acts.sight()
    refused = acts.run("policy", "--file", write(acts, text.replace("NAME", acts.name)), code=2)
    assert said in refused.stderr
    assert "policy.yaml" in refused.stderr
    assert acts.sight() == before


def test_a_file_that_is_not_there_is_refused(acts: Acting) -> None:
    assert "absent.yaml" in acts.run("policy", "--file", "absent.yaml", code=2).stderr


def test_an_inconclusive_verdict_passes_where_the_policy_says_so(acts: Acting) -> None:
    acts.run("policy", "--file", write(acts, "gate: {on_inconclusive: pass}"))
    acts.staged(1, verdict="inconclusive")
